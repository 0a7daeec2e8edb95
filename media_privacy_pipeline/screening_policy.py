"""What is looked for in the values that land, and what is done where it is found, as the policy declares it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(gt=0, le=1)]


class Kind(StrEnum):
    """What a text can be searched for, in the order in which it is: what one finds, the next does not see."""

    email = "email"
    card = "card"
    ip = "ip"
    phone = "phone"


class Action(StrEnum):
    """What is done about a value that has no place in its column."""

    scrub = "scrub"
    quarantine = "quarantine"


class Classification(BaseModel):
    """How columns are searched at the door.

    `columns` says by input and column which kinds every row is searched for, and what is done. The shares are of the
    values in a sample of `sample_rows` rows a day and input: from which on a column is reported as personal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sample_rows: Annotated[int, Field(ge=1, le=100_000)]
    least_share: Share
    name_share: Share
    near_unique: Share
    columns: dict[str, dict[str, dict[Kind, Action]]] = {}

    def of(self, source: str) -> dict[str, dict[Kind, Action]]:
        """What is looked for in an input, by column; kinds in their order."""
        return {
            column: {kind: kinds[kind] for kind in Kind if kind in kinds}
            for column, kinds in self.columns.get(source, {}).items()
        }
