"""The model card of a stored model, in the form of the Hugging Face hub: YAML in front, sections in Markdown after it.

Everything in it comes from the manifest, and nothing else does: a test computes its figures again from the stored model
and the data. The front matter follows the hub's `model-index` (task, dataset, metrics).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

_TASK = {"type": "recommendation", "name": "Recommendation of titles from implicit feedback"}
_ABOUT = {
    "ials": "Implicit-feedback alternating least squares: one vector a title; a viewer's own is solved from their "
    "history when they are served.",
    "private_als": "Differentially private item factors: what everybody sees, learned through paid noisy sums alone. A "
    "viewer's own vector is solved from them and the viewer's own history, without noise, when they are served, and is "
    "seen by that viewer alone.",
    "popularity": "Titles by how many viewers watched them: everyone gets the same. The floor that other models have "
    "to beat.",
}
_PRIVATE = (
    "Differentially private for each account: epsilon {epsilon:g}. What it holds may be shown to several people, and "
    "stays fit for use when people withdraw."
)
_SPENT = (
    "Its training cost each account mu {mu:g} (epsilon {epsilon:.4g} at delta {delta:g}), once, by the ledger, "
    "comparison with popularity included. Serving it costs nothing more."
)
_PRIVATE_LIMITS = (
    "Titles outside the head of the catalogue by noisy counts, titles that came after the period began and sensitive "
    "titles have no vector and are not listed; who watched none of those that have one gets what is popular in the "
    "open counts. No figure of quality on people is told but the paid comparison: exact ones would tell of people "
    "unpaid. It is trained once a period, and not where people withdraw: nobody's being there shows in it."
)
_NOT_PRIVATE = (
    "Not private: whether somebody was learned from can be told from it. It never leaves the home, serves consenting "
    "people their own recommendations, is trained anew every night on what is permitted, and is destroyed when "
    "somebody in it is erased, or `retention.models_days` after it left service."
)


def card(manifest: Mapping[str, Any]) -> str:
    """The card of a model with this manifest."""
    front = yaml.safe_dump(front_matter(manifest), sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{front}---\n\n{_body(manifest)}"


def front_matter(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """What machines read of a card."""
    kind, dataset = str(manifest["kind"]), _dataset(manifest)
    found: dict[str, Any] = {
        "license": "other",
        "license_name": "internal",
        "license_link": "LICENSE",
        "library_name": "media-privacy-pipeline",
        "tags": ["recommender-system", "implicit-feedback", kind, "private" if _epsilon(manifest) else "not-private"],
    }
    metrics = [
        {
            "type": f"{figure['metric']}@{figure['k']}",
            "name": f"{figure['metric'].upper()}@{figure['k']}",
            "value": figure["value"],
            **({} if figure["low"] is None else {"args": {"low": figure["low"], "high": figure["high"]}}),
        }
        for figure in _own(manifest)
    ]
    if metrics:
        found["model-index"] = [
            {
                "name": f"{kind} {dataset['revision'][:12]}",
                "results": [{"task": _TASK, "dataset": dataset, "metrics": metrics}],
            }
        ]
    return found


def _dataset(manifest: Mapping[str, Any]) -> dict[str, Any]:
    if "period" in manifest:
        name = f"Viewing that training permits, for the period from {manifest['period']}"
        return {"type": "training_interactions", "name": name, "split": "none", "revision": str(manifest["inputs"])}
    return {
        "type": "training_interactions",
        "name": f"Viewing that training permits, {manifest['first_day']} to {manifest['last_day']}",
        "split": f"temporal, from {manifest['split_day']}" if manifest["split_day"] else "none",
        "revision": str(manifest["inputs"]),
    }


def _body(manifest: Mapping[str, Any]) -> str:
    kind = str(manifest["kind"])
    sections = {
        "Intended use": [
            "Recommendations to viewers who agreed to personalisation, from their own history. For nothing else: not "
            "for advertising, not for decisions about people, not for anybody outside the house."
        ],
        "Data": _data(manifest),
        "Privacy": _privacy(manifest),
        "Evaluation": _evaluation(manifest),
        "How it came into service": _gate(manifest["gate"]),
        "Limits": [
            _PRIVATE_LIMITS
            if "period" in manifest
            else "The figures are of recipes trained on the early side of a temporal split and asked for what the same "
            "viewers watched after it; the stored model is the same recipe trained on both sides. Viewers without a "
            "history get what is popular in the open counts. Titles that the model has not seen cannot be listed. "
            "Groups are those of activity alone, since training sees neither age nor gender.",
        ],
    }
    text = [f"# {kind}", "", _ABOUT.get(kind, f"A recommender of the kind {kind}."), ""]
    for title, lines in sections.items():
        text += [f"## {title}", "", *lines, ""]
    return "\n".join(text)


def _privacy(manifest: Mapping[str, Any]) -> list[str]:
    if not _epsilon(manifest):
        return [_NOT_PRIVATE]
    told = [_PRIVATE.format(epsilon=manifest["epsilon"])]
    if "period" in manifest:
        told += ["", _SPENT.format(**manifest), "", *(f"* {_audit(each)}" for each in manifest["audits"])]
    return told


def _audit(audit: Mapping[str, Any]) -> str:
    return f"{'Holds' if audit['passed'] else 'Does not hold'}: {audit['check']}."


def _data(manifest: Mapping[str, Any]) -> list[str]:
    config = ", ".join(f"{name} {value}" for name, value in sorted(manifest["config"].items())) or "none"
    if "period" in manifest:
        return [
            f"* Noisy sums over the accounts that agreed to the training of models, for the period from "
            f"{manifest['period']}. How many they are is not told.",
            f"* {manifest['titles']:,} of the {manifest['catalogue']:,} titles of the public catalogue without its "
            f"sensitive ones, in {manifest['directions']} directions.",
            f"* Configuration: `{config}`.",
        ]
    watermark = manifest["consent_watermark"]
    return [
        f"* {manifest['viewers']:,} viewers, {manifest['titles']:,} titles, {manifest['pairs']:,} pairs of the two, of "
        "people who agreed to the training of models.",
        f"* Arrival days {manifest['first_day']} to {manifest['last_day']}: {len(manifest['partitions'])}, each with "
        "its rows and digest in `manifest.json`.",
        f"* Decided by the consent ledger up to row {watermark['seq']:,} (`{str(watermark['hash'])[:12]}`).",
        f"* Configuration: `{config}`; version {manifest['version']}.",
    ]


def _evaluation(manifest: Mapping[str, Any]) -> list[str]:
    figures = _own(manifest)
    if "period" in manifest:
        return [f"On held-out accounts, by a sum that was paid for: {manifest['gate']['tried'][0]['reason']}."]
    if not figures:
        return ["Not measured: no viewer has titles on both sides of the split."]
    lead = [f for f in manifest["metrics"] if f["model"] == f"{manifest['kind']}-minus-popularity"]
    lines = [
        f"On {figures[0]['viewers']:,} held-out viewers, with 95 % bootstrap intervals over them:",
        "",
        *_table(["metric", "value", "interval"], [_row(f) for f in figures]),
    ]
    if lead:
        lines += ["", "Lead over popularity, paired:", ""]
        lines += _table(["metric", "lead", "interval"], [_row(f) for f in lead])
    if manifest["groups"]:
        lines += ["", "By how much viewers have watched:", ""]
        rows = [[g["group"], f"{g['viewers']:,}", *_row(g)] for g in manifest["groups"]]
        lines += _table(["group", "viewers", "metric", "value", "interval"], rows)
    return lines


def _gate(gate: Mapping[str, Any]) -> list[str]:
    if not gate["tried"]:
        return ["Nothing was tried against it."]
    lines = []
    for each in gate["tried"]:
        figures = [f"NDCG {each['mean']:.4f}"] if each["mean"] is not None else []
        if each["lead"] is not None:
            figures.append("lead over popularity {:.4f} ({:.4f} to {:.4f})".format(*each["lead"]))
        if each["margin"] is not None:
            figures.append("over the champion less the margin {:.4f} ({:.4f} to {:.4f})".format(*each["margin"]))
        told = f": {'; '.join(figures)}" if figures else ""
        lines.append(f"* `{each['kind']}` ({each['recipe'][:8]}) {each['outcome']}, {each['reason']}{told}.")
    return lines


def _own(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [figure for figure in manifest["metrics"] if figure["model"] == manifest["kind"]]


def _epsilon(manifest: Mapping[str, Any]) -> bool:
    return manifest["epsilon"] is not None


def _row(figure: Mapping[str, Any]) -> list[str]:
    between = "" if figure["low"] is None else f"{figure['low']:.4f} to {figure['high']:.4f}"
    return [f"{figure['metric']}@{figure['k']}", f"{figure['value']:.4f}", between]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    line = "| " + " | ".join(["---"] * len(head)) + " |"
    return ["| " + " | ".join(head) + " |", line, *("| " + " | ".join(row) + " |" for row in rows)]
