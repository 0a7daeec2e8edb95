"""The IAB's Global Privacy Platform string: a header, and sections for Europe and the US.

Source: IAB Tech Lab, "Global Privacy Platform String", version 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from .gpp_header import section_ids
from .gpp_sections import LAYOUTS
from .malformed import Malformed, Reason, check_length
from .tcf import Tcf, decode_tcf
from .us_section import UsSection, us_section
from .usp import Usp, decode_usp

TCF_EU, USP = 2, 6
_WEB_SAFE = re.compile(r"[A-Za-z0-9._-]+").fullmatch


@dataclass(frozen=True, slots=True)
class Gpp:
    """A whole GPP string. `unknown` has the ids of sections that nobody here can read: they grant nothing."""

    tcf: Tcf | None
    usp: Usp | None
    us: tuple[UsSection, ...]
    unknown: tuple[int, ...]


def decode_gpp(text: str) -> Gpp:
    """Read a GPP string, the whole of it or nothing. Raises Malformed.

    A section of an unknown id does not make the string malformed: opt-outs in the sections beside it must be heard.
    """
    check_length(text)
    header, *sections = text.split("~")
    tcf: Tcf | None = None
    usp: Usp | None = None
    us: list[UsSection] = []
    unknown: list[int] = []
    for section, part in zip(section_ids(header, len(sections)), sections, strict=True):
        if section in LAYOUTS:
            us.append(us_section(section, part))
        elif section == TCF_EU:
            tcf = decode_tcf(part)
        elif section == USP:
            usp = decode_usp(part)
        elif not part:
            raise Malformed(Reason.EMPTY)
        elif not _WEB_SAFE(part):
            raise Malformed(Reason.BAD_CHARACTER)
        else:
            unknown.append(section)
    return Gpp(tcf, usp, tuple(us), tuple(unknown))
