"""What `evaluate` and `tune` share: their options, files and splits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from ..errors import UsageError
from ..models.evaluation.splitting import Part, SplitConfig

if TYPE_CHECKING:
    from ..models.evaluation.ratings import Ratings
    from ..models.evaluation.reading import Form, Source
    from ..models.evaluation.split import Split

Data = Annotated[
    Path | None,
    typer.Option(help="One file of user, title, rating, time, which the protocol parts.", show_default=False),
]
ProtocolName = Annotated[str, typer.Option(help="liang, holdout, leave-last-out or temporal.")]
Threshold = Annotated[
    float | None, typer.Option(help="Only ratings so high or higher count.", show_default="every row counts")
]
MinUser = Annotated[int, typer.Option("--min-user-ratings", help="Leave out users with fewer rows.")]
MinTitle = Annotated[int, typer.Option("--min-title-ratings", help="Leave out titles with fewer rows.")]
TestShare = Annotated[float, typer.Option(help="Held out: of users (liang), of a user's rows (holdout), of all rows.")]
ValidationShare = Annotated[float, typer.Option(help="The same for validation.")]
FoldInShare = Annotated[float, typer.Option(help="Part of a held-out user's rows that is shown (liang).")]
Columns = Annotated[
    str | None,
    typer.Option(help="What the columns are, such as user,item,-,timestamp.", show_default="told from the file"),
]
Header = Annotated[
    bool | None, typer.Option("--header/--no-header", help="Whether there is one.", show_default="told from the file")
]
Repeats = Annotated[str, typer.Option(help="A pair that comes again: refuse, or let the last hold.")]
Seed = Annotated[int, typer.Option(help="Start of every random generator but the models' own.")]


@dataclass(frozen=True)
class Prepared:
    """A split, and what is told of it."""

    split: Split
    counts: Mapping[str, int]
    sources: tuple[Source, ...]

    def told(self, config: SplitConfig) -> dict[str, Any]:
        """For the record: names and digests of files, counts, parameters; no path and no value of a row."""
        files = [asdict(source) for source in self.sources]
        return {"files": files, "counts": dict(self.counts), "split": config.model_dump(mode="json")}


def form_of(order: str | None, header: bool | None, repeats: str) -> Form:
    """Raises UsageError for what cannot be."""
    from ..models.evaluation import columns
    from ..models.evaluation.reading import Form

    if repeats not in ("refuse", "last"):
        raise UsageError(f"--repeats {repeats}: there are refuse and last")
    return Form(columns.given(order), header, "last" if repeats == "last" else "refuse")


def split_config(**values: Any) -> SplitConfig:
    """Raises UsageError for a parameter that cannot be."""
    try:
        return SplitConfig(**values)
    except ValidationError as error:
        problems = "; ".join(f"--{'-'.join(map(str, e['loc'])).replace('_', '-')}: {e['msg']}" for e in error.errors())
        raise UsageError(problems) from None


def one_file(path: Path, form: Form, config: SplitConfig, part: Part) -> Prepared:
    """The split of a file that the protocol parts."""
    from ..models.evaluation import protocols
    from ..models.evaluation.reading import read

    data, source = read(path, form)
    made, counts = protocols.split(data, config, part)
    return Prepared(made, counts, (source,))


def given_files(train: Path, test: Path, fold_in: Path | None, form: Form, config: SplitConfig) -> Prepared:
    """The split of files that were parted before."""
    from ..models.evaluation import given
    from ..models.evaluation.reading import read

    found: list[tuple[Ratings, Source]] = [read(path, form) for path in (train, test, fold_in) if path is not None]
    rows = [ratings for ratings, _ in found]
    made, counts = given.given(rows[0], rows[1], rows[2] if fold_in is not None else None, config)
    return Prepared(made, counts, tuple(source for _, source in found))


def progress(text: str) -> None:
    """A line on standard error for a person who waits; none where the output is piped."""
    if typer.get_text_stream("stderr").isatty():
        typer.echo(text, err=True)
