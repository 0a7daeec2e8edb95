"""`media-privacy tune`: a model's configuration, searched on validation users and rows alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ..errors import UsageError
from ..models.evaluation.splitting import SplitConfig
from . import evaluating as shared
from .options import AsJson
from .output import as_facts, as_json

_DEFAULT = SplitConfig()
_SEARCHES: Mapping[str, Literal["random", "halving"]] = {"random": "random", "halving": "halving"}


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("tune")(tune)


def tune(
    data: Annotated[
        Path, typer.Option(help="One file, which the protocol parts as `evaluate` does.", show_default=False)
    ],
    record: Annotated[Path, typer.Option(help="JSON lines of what was tried. Goes on where it ends.")],
    model: Annotated[str, typer.Option(help="The model.")] = "ials",
    protocol: shared.ProtocolName = _DEFAULT.protocol,
    trials: Annotated[int, typer.Option(min=1, help="Candidates; the first is the model's defaults.")] = 20,
    search: Annotated[str, typer.Option(help="random, or halving: many on few users, the best on all.")] = "random",
    metric: Annotated[str, typer.Option(help="recall, ndcg or map.")] = "ndcg",
    k: Annotated[int, typer.Option("--k", min=1, help="Length of the lists.")] = 10,
    threshold: shared.Threshold = None,
    min_user_ratings: shared.MinUser = 1,
    min_title_ratings: shared.MinTitle = 1,
    test_share: shared.TestShare = _DEFAULT.test_share,
    validation_share: shared.ValidationShare = _DEFAULT.validation_share,
    fold_in_share: shared.FoldInShare = _DEFAULT.fold_in_share,
    columns: shared.Columns = None,
    header: shared.Header = None,
    repeats: shared.Repeats = "refuse",
    seed: shared.Seed = 7,
    json: AsJson = False,
) -> None:
    """Try configurations of a model on the validation part; the test part that `evaluate` asks for is put away first.

    Give the protocol, shares and seed that `evaluate` will be given. The last line of the record is the choice, and
    `evaluate --config` reads it. Interrupted, it goes on when it is run again.

      media-privacy tune --data ml-100k/u.data --model ials --record ials.jsonl
      media-privacy evaluate --data ml-100k/u.data --config ials.jsonl
    """
    from ..models.evaluation.contenders import check_kind
    from ..models.evaluation.judging import PER_VIEWER
    from ..models.evaluation.record import Record
    from ..models.evaluation.tuning import SearchConfig
    from ..models.evaluation.tuning import tune as searched
    from ..models.recommenders.kinds import PRIVATE

    settings = shared.split_config(
        protocol=protocol,
        threshold=threshold,
        min_user_ratings=min_user_ratings,
        min_title_ratings=min_title_ratings,
        test_share=test_share,
        validation_share=validation_share,
        fold_in_share=fold_in_share,
        seed=seed,
    )
    check_kind(model)
    if model in PRIVATE:
        raise UsageError(f"--model {model}: every trial would cost people its promise again; its settings are fixed")
    if search not in _SEARCHES:
        raise UsageError(f"--search {search}: there are {' and '.join(_SEARCHES)}")
    if metric not in PER_VIEWER:
        raise UsageError(f"--metric {metric}: there are {', '.join(PER_VIEWER)}")
    prepared = shared.one_file(data, shared.form_of(columns, header, repeats), settings, "validation")
    config = SearchConfig(model, _SEARCHES[search], trials, metric, k, seed)
    told = prepared.told(settings) | asdict(config)
    chosen = searched(prepared.split, config, Record(record, told), _tell)["chosen"]
    if json:
        as_json(chosen)
    else:
        interval = f"[{chosen['low']:.4f}, {chosen['high']:.4f}]"
        facts: dict[str, Any] = {"model": model, "trial": chosen["trial"], "record": str(record)}
        facts |= {f"validation {metric}@{k}": f"{chosen['figure']:.4f} {interval}"}
        as_facts(facts | {f"config {name}": value for name, value in chosen["config"].items()})


def _tell(line: Mapping[str, Any]) -> None:
    figure = "diverged" if line["figure"] is None else f"{line['figure']:.4f}"
    shared.progress(f"trial {line['trial']} on {line['share']:.0%}: {figure} in {line['seconds']:.1f} s")
