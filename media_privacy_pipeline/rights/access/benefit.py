"""What a purpose gives the viewer, as far as it was measured: nothing is claimed that has no figure behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...engines import Session

_LENGTH = 20
"""Length of the lists that are compared."""


@dataclass(frozen=True)
class Benefit:
    """Of the titles that viewers went on to watch, the share that was in a list of `length` titles (Recall@length):
    lists of their own, against the list of what is popular; `low` and `high` are the 95 % interval of the difference.
    """

    length: int
    personal: float
    popular: float
    low: float
    high: float
    viewers: int

    @property
    def sure(self) -> bool:
        """Whether lists of one's own are better beyond chance."""
        return self.low > 0


def benefits(session: Session) -> dict[str, Benefit]:
    """Measured benefit by purpose: that of recommendations, for those who get them and for those whom they are learned
    from. Empty where nothing was measured."""
    found = measured(_metrics(session))
    contracts = session.project.contracts
    purposes = {str(contracts[name].meta.purpose) for name in ("recommendations", "model_metrics")}
    return {} if found is None else dict.fromkeys(purposes, found)


def measured(metrics: list[dict[str, Any]]) -> Benefit | None:
    """The benefit from rows of `model_metrics`; None where one of its figures is missing."""
    recall = {row["model"]: row for row in metrics if (row["metric"], row["k"]) == ("recall", _LENGTH)}
    lead = recall.get("ials-minus-popularity", {})
    if not {"ials", "popularity"} <= recall.keys() or lead.get("low") is None or lead.get("high") is None:
        return None
    personal, popular = recall["ials"], recall["popularity"]
    return Benefit(_LENGTH, personal["value"], popular["value"], lead["low"], lead["high"], personal["viewers"])


def _metrics(session: Session) -> list[dict[str, Any]]:
    sql = "select m.model, m.metric, m.k, m.value, m.low, m.high, m.viewers from model_metrics as m"
    rows: list[dict[str, Any]] = session.engine.fetch(
        sql, {"model_metrics": session.folder("model_metrics")}
    ).to_pylist()
    return rows
