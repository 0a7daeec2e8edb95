"""`media-privacy evaluate`: how good models are on data of one's own, by a protocol of the field."""

from __future__ import annotations

import json as jsons
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from ..models.evaluation.splitting import SplitConfig
from . import evaluating as shared
from .options import AsJson
from .output import as_json, as_table

if TYPE_CHECKING:
    from ..models.evaluation.report import Entry

_DEFAULT = SplitConfig()


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("evaluate")(evaluate)


def evaluate(
    data: shared.Data = None,
    train: Annotated[Path | None, typer.Option(help="What is learned from.", show_default=False)] = None,
    test: Annotated[Path | None, typer.Option(help="What is asked for.", show_default=False)] = None,
    fold_in: Annotated[
        Path | None, typer.Option(help="What is known of tested users beside --train.", show_default=False)
    ] = None,
    protocol: shared.ProtocolName = _DEFAULT.protocol,
    model: Annotated[str, typer.Option(help="Models, separated by commas.")] = "ials,popularity",
    config: Annotated[
        list[Path] | None,
        typer.Option(help="What `tune` chose, for a model of --model or one more.", show_default=False),
    ] = None,
    epsilon: Annotated[
        float | None, typer.Option(help="What private models may cost each user; they need it.", show_default=False)
    ] = None,
    delta: Annotated[float | None, typer.Option(help="And the delta of it.", show_default="1e-06")] = None,
    k: Annotated[str, typer.Option("--k", help="Lengths of the lists.")] = "10,20,50,100",
    threshold: shared.Threshold = None,
    min_user_ratings: shared.MinUser = 1,
    min_title_ratings: shared.MinTitle = 1,
    test_share: shared.TestShare = _DEFAULT.test_share,
    validation_share: shared.ValidationShare = _DEFAULT.validation_share,
    fold_in_share: shared.FoldInShare = _DEFAULT.fold_in_share,
    refit: Annotated[
        bool, typer.Option("--refit/--no-refit", help="Learn from the validation rows too (not in liang).")
    ] = True,
    groups: Annotated[
        Path | None, typer.Option(help="A file of user and group.", show_default="thirds by activity and taste")
    ] = None,
    genres: Annotated[
        Path | None, typer.Option(help="A file of title and genres: adds miscalibration.", show_default=False)
    ] = None,
    viewers: Annotated[
        int | None, typer.Option(min=1, help="Most tested users, drawn at random.", show_default="all")
    ] = None,
    resamples: Annotated[int, typer.Option(min=1, help="Bootstrap resamples.")] = 1_000,
    columns: shared.Columns = None,
    header: shared.Header = None,
    repeats: shared.Repeats = "refuse",
    seed: shared.Seed = 7,
    out: Annotated[Path | None, typer.Option(help="Write every figure there as JSON too.", show_default=False)] = None,
    json: AsJson = False,
) -> None:
    """Measure models on your own ratings, plays or clicks: one file, or files that were split before.

    Reads ratings.dat, u.data, ratings.csv, RecBole's .inter, and tsv, csv or Parquet of user, title, rating, time.
    Every figure comes with a 95 % interval; models are compared on the same users.

      media-privacy evaluate --data ml-100k/u.data --protocol holdout --k 10
      media-privacy evaluate --train train.csv --test test.csv --fold-in known.csv --protocol liang
      media-privacy evaluate --train train.csv --test test.csv --model private_als,ials --epsilon 1
    """
    # These bring the models' libraries: the other commands start in half the time without them.
    from ..models.config import EvaluationConfig
    from ..models.evaluation import groups as grouping
    from ..models.evaluation.plain import genres_of
    from ..models.evaluation.promised import DELTA, notes, promises, with_floor
    from ..models.evaluation.report import limited, measured

    settings = shared.split_config(
        protocol=protocol,
        threshold=threshold,
        min_user_ratings=min_user_ratings,
        min_title_ratings=min_title_ratings,
        test_share=test_share,
        validation_share=validation_share,
        fold_in_share=fold_in_share,
        refit=refit,
        seed=seed,
    )
    form = shared.form_of(columns, header, repeats)
    entries = with_floor(_entries(model, config or [], epsilon, delta))
    ks = _lengths(k)
    if data is not None and train is None and test is None and fold_in is None:
        prepared = shared.one_file(data, form, settings, "test")
    elif data is None and train is not None and test is not None:
        prepared = shared.given_files(train, test, fold_in, form, settings)
    else:
        raise UsageError("give --data, which the protocol parts, or --train and --test (and --fold-in)")
    asked = EvaluationConfig(ks=ks, viewers=viewers or len(prepared.split.test), resamples=resamples, seed=seed)
    part = limited(prepared.split, asked)
    named = grouping.thirds(part) if groups is None else grouping.of_file(groups, part)
    kinds = None if genres is None else genres_of(genres)
    shared.progress(f"{len(part.test):,} users are tested; training {', '.join(entry.name for entry in entries)}")
    document = prepared.told(settings) | measured(entries, part, asked, named, kinds)
    document["counts"] |= {"tested_users": len(part.test), "tested_pairs": part.test.pairs}
    document |= promises(entries, DELTA if delta is None else delta, document["counts"]["train_users"])
    document["notes"] = [*_notes(document, ks), *notes(document)]
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(jsons.dumps(document, indent=2) + "\n", encoding="utf-8")
    if json:
        as_json(document)
    else:
        _tables(document)


def _entries(models: str, configs: Sequence[Path], epsilon: float | None, delta: float | None) -> list[Entry]:
    """The models to measure: each name once; a configuration is for the first model of its kind that has none yet."""
    from ..models.evaluation.contenders import chosen, configured
    from ..models.evaluation.promised import DELTA, check_asked, promised
    from ..models.evaluation.report import Entry
    from ..models.recommenders.kinds import PRIVATE

    kinds = list(dict.fromkeys(name.strip() for name in models.split(",") if name.strip()))
    given: set[str] = set()
    read = [chosen(path) for path in configs]
    check_asked(kinds, [kind for kind, _ in read], epsilon, delta)
    fixed = {kind for kind, _ in read if kind in PRIVATE}
    found: dict[str, Entry] = {}
    for kind in kinds:
        if kind not in fixed:
            values = (
                promised(kind, epsilon, DELTA if delta is None else delta)
                if kind in PRIVATE and epsilon is not None
                else {}
            )
            found[kind] = Entry(kind, kind, configured(kind, values, f"--model {kind}"))
    for kind, made in read:
        name = kind if kind not in given else f"{kind}-{sum(n.split('-')[0] == kind for n in given) + 1}"
        given.add(name)
        found[name] = Entry(name, kind, made)
    if not found:
        raise UsageError("--model: name at least one model")
    return list(found.values())


def _lengths(text: str) -> tuple[int, ...]:
    try:
        ks = tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError:
        ks = ()
    if not ks or ks[0] < 1:
        raise UsageError(f"--k {text}: expected whole numbers from 1 on, such as 10,20")
    return ks


def _notes(document: Mapping[str, Any], ks: Sequence[int]) -> list[str]:
    titles = document["counts"]["train_titles"]
    notes = []
    if ks[-1] > titles:
        notes.append(f"the catalogue has {titles} titles: lists longer than that hold all of them that were not seen")
    if not any(each["metric"] == "miscalibration" for each in document["metrics"]):
        notes.append("miscalibration is told where --genres says what titles are")
    return notes


def _tables(document: Mapping[str, Any]) -> None:
    metrics = document["metrics"]
    ks = sorted({each["k"] for each in metrics})
    order = list(dict.fromkeys(each["metric"] for each in metrics))
    names = [each["name"] for each in document["models"]]
    at = {(each["model"], each["metric"], each["k"]): each for each in metrics}
    counts = document["counts"]
    title = (
        f"{document['protocol']}: {counts['tested_users']:,} users, {counts['tested_pairs']:,} pairs asked for; "
        f"learned from {counts['train_pairs']:,} pairs of {counts['train_users']:,} users and "
        f"{counts['train_titles']:,} titles"
    )
    rows = [[name, m, *(_cell(at[name, m, k]) for k in ks)] for m in order for name in names]
    as_table(["model", "metric", *(f"@{k}" for k in ks)], rows, title=title)
    if document["differences"]:
        shown = [d for d in document["differences"] if d["metric"] in ("recall", "ndcg", "map")]
        by = {(d["model"], d["other"], d["metric"], d["k"]): d for d in shown}
        pairs = list(dict.fromkeys((d["model"], d["other"], d["metric"]) for d in shown))
        lines = [[f"{a} - {b}", m, *(_cell(by[a, b, m, k], mark=True) for k in ks)] for a, b, m in pairs]
        as_table(["difference", "metric", *(f"@{k}" for k in ks)], lines, title="paired; * where 0 is outside")
    lines = [
        [g["model"], g["grouping"], f"{g['highest']} - {g['lowest']}", _cell(g)]
        for g in document["gaps"]
        if (g["metric"], g["k"]) == ("ndcg", ks[0])
    ]
    if lines:
        as_table(["model", "groups", "widest gap", f"ndcg@{ks[0]}"], lines)
    for note in document["notes"]:
        typer.echo(f"note: {note}")


def _cell(each: Mapping[str, Any], *, mark: bool = False) -> str:
    if each["value"] is None:
        return "-"
    value = f"{each['value']:.4f}"
    if each["low"] is not None and each["high"] is not None:
        value += f" [{each['low']:.4f}, {each['high']:.4f}]"
    return value + (" *" if mark and each["apart"] else "")
