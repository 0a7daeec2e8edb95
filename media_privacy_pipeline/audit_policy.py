"""How hard a night tries to break its own promises: the policy of the audit room."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

AuditSize = Literal["small", "full"]


class AuditPolicy(BaseModel):
    """`size` is how much a night's audit draws, plants and repeats: full for nights, small where many nights are run
    in a row, as in continuous integration. Which checks there are does not depend on it, but for one (audit.size)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: AuditSize = "full"
