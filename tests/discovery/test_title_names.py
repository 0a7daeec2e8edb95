"""The names that catalogues write into one title."""

from __future__ import annotations

import pytest

from media_privacy_pipeline.discovery.names import names


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Troy", ["Troy"]),
        ("Troy (2004)", ["Troy"]),
        ("Seven (a.k.a. Se7en) (1995)", ["Seven", "Se7en"]),
        (
            "City of Lost Children, The (Cité des enfants perdus, La) (1995)",
            ["The City of Lost Children", "La Cité des enfants perdus"],
        ),
        ("Avventura, L' (Adventure, The) (1960)", ["L'Avventura", "The Adventure"]),
        ("Office, The (2005-2013)", ["The Office"]),
        ("(500) Days of Summer (2009)", ["Days of Summer", "500"]),
        ("(1984)", ["(1984)"]),
        ("", [""]),
        ("unclosed (bracket", ["unclosed (bracket"]),
    ],
)
def test_names(title: str, found: list[str]) -> None:
    assert names(title) == found
