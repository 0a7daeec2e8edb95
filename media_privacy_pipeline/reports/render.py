"""Jinja2 with undefined names an error: autoescape on, but for Markdown, whose cells are made plain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape


def render(template: str, **values: object) -> str:
    """A template of reports/templates, filled in."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(disabled_extensions=("md.j2",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"count": count, "short": short, "words": words, "epsilon": epsilon}
    environment.filters |= {"cell": cell, "basis": basis, "searched": searched, "why": why, "ends": ends}
    return environment


def count(number: float) -> str:
    """A whole number with thousands apart."""
    return f"{number:,.0f}"


def short(number: float) -> str:
    """A figure for an axis: 1,200 or 0.25."""
    return f"{number:,.0f}" if number == int(number) else f"{number:,.3g}"


def words(name: str) -> str:
    """A name of the code as words."""
    return name.replace("_", " ")


def epsilon(value: float | None) -> str:
    """A privacy cost, rounded up: a promise is never told smaller than it is."""
    if value is None:
        return "n/a"
    return f"{-(-value * 100 // 1) / 100:.2f}"


_BASES = {
    "consent": "your consent",
    "legitimate_interest": "our legitimate interest, unless you object",
    "contract": "our contract with you",
    "legal": "the law asks for it",
}


def basis(name: str) -> str:
    """A legal basis (GDPR 6(1)) in plain words."""
    return _BASES[name]


def cell(text: str) -> str:
    """A text as a cell of a Markdown table: on one line, its bars, brackets and stars being themselves."""
    plain = " ".join(text.split())
    return "".join(f"\\{letter}" if letter in "|<>*`[]_" else letter for letter in plain)


def searched(kinds: Mapping[str, str]) -> str:
    """What a column is searched for and what becomes of it."""
    told = {"scrub": "removed", "quarantine": "the row is refused"}
    return "Searched for: " + ", ".join(f"{kind} ({told[action]})" for kind, action in kinds.items()) + "."


def why(column: Mapping[str, Any]) -> str:
    """What a column is held for: its purposes with their fineness, and its reason beside them."""
    uses = [f"{words(use['purpose'])} ({cell(use['fineness'])})" for use in column["uses"]]
    if column["kept"] is not None:
        uses.append(cell(column["kept"]["title"]))
    return "; ".join(uses) or "about no person"


def ends(tables: Sequence[str], recipients: Sequence[Mapping[str, Any]]) -> str:
    """The tables that others may read among those that a column reaches."""
    found: dict[str, list[str]] = {}
    for each in recipients:
        if each["table"] in tables:
            found.setdefault(each["in_words"], []).append(each["table"])
    return cell("; ".join(f"{how}: {', '.join(found[how])}" for how in found)) or "nowhere outside the pipeline"
