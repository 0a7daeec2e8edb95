"""The names that a title goes by: catalogues write several into one."""

from __future__ import annotations

import re

_BRACKETS = re.compile(r"\(([^()]*)\)")
_YEAR = re.compile(r"\d{4}(?:\s*[-\N{EN DASH}]\s*\d{0,4})?")
_ALSO = re.compile(r"^(?:a\.?k\.?a\.?)[\s:]+", re.IGNORECASE)
_ARTICLE = re.compile(
    r"^(.*),\s*(the|a|an|le|la|les|l'|un|une|el|los|las|il|lo|gli|i|der|die|das|den|det|o|os|as)$", re.IGNORECASE
)


def names(title: str) -> list[str]:
    """Every name in a title, the first one first: `Seven (a.k.a. Se7en) (1995)` goes by Seven and by Se7en, and
    `City of Lost Children, The (Cité des enfants perdus, La)` by both, each with its article where it is spoken.

    A title that is nothing but brackets or a year keeps its whole text as its name.
    """
    main = " ".join(_BRACKETS.sub(" ", title).split())
    others = [inside.strip() for inside in _BRACKETS.findall(title)]
    found = [main, *(_ALSO.sub("", name) for name in others if not _YEAR.fullmatch(name))]
    spoken = [_ARTICLE.sub(_before, name).strip() for name in found]
    return list(dict.fromkeys(name for name in spoken if name)) or [title]


def _before(found: re.Match[str]) -> str:
    article = found[2]
    return f"{article}{found[1]}" if article.endswith("'") else f"{article} {found[1]}"
