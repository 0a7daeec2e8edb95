"""The dashboard says what it should, in an order that can be listened to, and loads nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from rights_world import AS_OF, PAIRS, Export

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.rights.access.dashboard import dashboard

VOID = {"meta", "rect", "line", "br"}


@dataclass
class Page(HTMLParser):
    """What a page is made of, in its order."""

    text: str
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.text)
        assert self.open == [], "an element is never closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]


@pytest.fixture(scope="module")
def folder(house: Session, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dashboard") / "out"
    dashboard(house, "a1", "p1", "request of a1 p1", out, AS_OF)
    return out


@pytest.fixture(params=["dashboard", "export"])
def page(request: pytest.FixtureRequest, folder: Path, exported: Export) -> str:
    if request.param == "dashboard":
        return (folder / "index.html").read_text()
    return exported("a1", "p1").files["index.html"].decode()


def test_nothing_is_loaded_and_no_script_runs(page: str) -> None:
    found = Page(page)
    assert not re.search(r"https?:|//|@import|url\(|javascript:", page.replace("<!DOCTYPE", ""))
    assert {tag for tag, _ in found.tags} <= {
        "html", "head", "meta", "title", "style", "body", "a", "header", "h1", "h2", "h3", "p", "nav", "ul", "ol", "li",
        "main", "section", "div", "dl", "dt", "dd", "svg", "rect", "details", "summary", "span", "strong", "table",
        "caption", "thead", "tbody", "tr", "th", "td", "time", "code", "footer",
    }  # fmt: skip
    attributes = {name for _, given in found.tags for name in given}
    assert not {name for name in attributes if name.startswith("on") or name in ("style", "src")}


def test_its_policy_lets_its_own_style_in_and_nothing_else(page: str) -> None:
    [policy] = [meta["content"] for meta in Page(page).all("meta") if "http-equiv" in meta]
    css = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_it_can_be_listened_to_and_steered_with_keys(page: str) -> None:
    found = Page(page)
    assert found.all("html")[0]["lang"] == "en"
    assert [tag for tag, _ in found.tags if tag in ("header", "main", "footer")] == ["header", "main", "footer"]
    levels = [int(tag[1]) for tag, _ in found.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(found.all("table")) == len(found.all("caption"))
    assert all(cell.get("scope") for cell in found.all("th"))
    assert all(box.get("tabindex") == "0" and box["aria-label"] for box in found.all("div") if box["class"] == "scroll")
    ids = [given["id"] for _, given in found.tags if "id" in given]
    assert len(ids) == len(set(ids))
    inside = {link["href"][1:] for link in found.all("a") if (link["href"] or "").startswith("#")}
    assert inside <= set(ids)
    assert found.all("a")[0]["href"] == "#main"


def test_each_link_leads_to_a_file_beside_it(folder: Path, exported: Export) -> None:
    links = {link["href"] for link in Page((folder / "index.html").read_text()).all("a")}
    files = {str(path.relative_to(folder)) for path in (folder / "preferences").iterdir()}
    assert {link for link in links if not link.startswith("#")} == files
    export = exported("a1", "p1")
    linked = {link["href"] for link in Page(export.files["index.html"].decode()).all("a")}
    assert {link for link in linked if not link.startswith("#")} == export.files.keys() - {"index.html"}


def test_it_says_what_is_held_why_until_when_and_what_it_gives(folder: Path) -> None:
    text = " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", (folder / "index.html").read_text(), flags=re.S).split())
    for said in (
        "3 entries, from 1 March 2026 to 3 March 2026",
        "Recommendations for the viewer who watches",
        "destroyed in turn, the newest by 3 March 2028",
        "40&nbsp;% were in the 20 picked for them, and 29&nbsp;% in the 20 that are popular",
        "better by 9.0 to 13.0 percentage points",
        "you are in the group Drama",
        "Title t2 : mostly because you watched Title t1 (25&nbsp;% of what speaks for it)",
        "We have no answer from you".lower(),
        "A no holds from 4 March 2026",
        "A yes holds from 11 March 2026",
    ):
        assert said in text, said


def test_no_word_of_another_profile(folder: Path) -> None:
    pages = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for account, profile in PAIRS:
        if (account, profile) != ("a1", "p1"):
            assert f"{account} {profile}".encode() not in pages
            assert f"{account}.{profile}@".encode() not in pages
    assert b'"account_id": "a1"' in pages
