"""Pages for one person: whole in themselves, without a script, and forbidden to load anything from anywhere."""

from __future__ import annotations

import base64
from hashlib import sha256

from markupsafe import Markup

from .render import render


def person_page(template: str, **values: object) -> str:
    """A page from a template that takes `css` and `style_hash`: its policy lets that style in, and nothing else."""
    css = render("person.css.j2")
    digest = base64.b64encode(sha256(css.encode()).digest()).decode()
    # The style sheet is ours, without a value of anybody's in it.
    return render(template, css=Markup(css), style_hash=f"sha256-{digest}", **values)  # noqa: S704
