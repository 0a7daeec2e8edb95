"""Imports go downward only, as DESIGN says; Dagster stays in its room; and the light rooms stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import media_privacy_pipeline

ROOT = Path(media_privacy_pipeline.__file__).parent

LEVELS = (
    ("cli",),
    ("definitions", "doctor"),
    ("orchestration",),
    ("reports", "audit", "rights"),
    ("models", "discovery", "published", "quality", "exact"),
    ("privacy", "consent", "landing"),
    ("engines",),
    ("sql", "lake", "keeping", "stores"),
    (
        "policy",
        "keys",
        "settings",
        "errors",
        "runlock",
        "durable",
        "consent_policy",
        "release_budget",
        "release_policy",
        "release_shapes",
        "audit_policy",
        "exact_policy",
        "import_policy",
        "calendar_policy",
        "screening_policy",
        "rights_policy",
        "filtering",
    ),
)
"""From the top down. Rooms on one level do not import each other, but for the pairs below."""

SIDEWAYS = {
    # The gate trusts no earlier check: it runs the contracts' checks itself.
    ("published", "quality"),
    # A person's page is filled in as every page is.
    ("rights", "reports"),
    # A lake in an object store is a lake.
    ("stores", "lake"),
    # What a consent string is, the door asks the decoders: pure functions, and nothing else of that room.
    ("landing", "consent"),
    ("policy", "errors"), ("policy", "consent_policy"), ("policy", "release_policy"), ("policy", "import_policy"),
    ("policy", "calendar_policy"), ("policy", "screening_policy"), ("policy", "rights_policy"),
    ("release_policy", "release_shapes"),
    ("release_policy", "release_budget"), ("release_budget", "release_shapes"),
    ("policy", "audit_policy"), ("policy", "exact_policy"), ("settings", "audit_policy"),
    ("keys", "errors"), ("runlock", "errors"),
}  # fmt: skip

HEAVY = {"pyspark", "great_expectations", "implicit", "dp_accounting"}
LIGHT = (
    "stores",
    "sql",
    "engines",
    "lake",
    "policy",
    "keys",
    "settings",
    "consent",
    "landing",
    "privacy",
    "published",
    "definitions",
)


def level(room: str) -> int:
    return next(n for n, rooms in enumerate(LEVELS) if room in rooms)


def rooms() -> list[str]:
    names = {path.stem if path.is_file() else path.name for path in ROOT.iterdir() if is_code(path)}
    return sorted(names - {"__init__", "__pycache__"})


def is_code(path: Path) -> bool:
    return path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))


def files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py")) if (ROOT / room).is_dir() else [ROOT / f"{room}.py"]


def imports(file: Path) -> Iterator[tuple[str, bool]]:
    """Every module that a file imports, absolute, and whether it does so when it is itself imported."""
    package = [ROOT.name, *file.relative_to(ROOT).parent.parts]
    tree = ast.parse(file.read_text())
    lazy = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.FunctionDef | ast.AsyncFunctionDef) or is_for_types(block)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) not in lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module, id(node) not in lazy
            yield from ((f"{module}.{alias.name}", id(node) not in lazy) for alias in node.names)


def is_for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def ours(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == ROOT.name and len(parts) > 1 and parts[1] in rooms() else None


def test_every_room_has_its_place() -> None:
    placed = {room for rooms in LEVELS for room in rooms}
    assert set(rooms()) <= placed


@pytest.mark.parametrize("room", rooms())
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    wrong = {
        f"{file.relative_to(ROOT)} imports {other}"
        for file in files(room)
        for module, _ in imports(file)
        if (other := ours(module)) is not None and other != room
        if level(other) <= level(room) and (room, other) not in SIDEWAYS
    }
    assert not wrong


@pytest.mark.parametrize("room", [room for room in rooms() if room not in ("orchestration", "definitions")])
def test_dagster_stays_in_its_room(room: str) -> None:
    wrong = [str(f.relative_to(ROOT)) for f in files(room) for m, _ in imports(f) if m.split(".")[0] == "dagster"]
    assert not wrong


@pytest.mark.parametrize("room", rooms())
def test_no_file_imports_a_heavy_library_when_it_is_imported(room: str) -> None:
    wrong = [
        str(f.relative_to(ROOT))
        for f in files(room)
        for m, at_once in imports(f)
        if at_once and m.split(".")[0] in HEAVY
    ]
    assert not wrong


def test_loading_the_light_rooms_pulls_nothing_heavy() -> None:
    wanted = [f"media_privacy_pipeline.{room}" for room in LIGHT if room in rooms()]
    code = f"import sys, {', '.join(wanted)}; print(sorted(set(sys.modules) & {HEAVY!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_command_line_starts_without_what_its_commands_need() -> None:
    slow = HEAVY | {"numpy", "pandas", "scipy", "sklearn", "pyarrow", "duckdb", "dagster", "sqlglot", "sqlalchemy"}
    code = f"import sys, media_privacy_pipeline.cli; print(sorted(set(sys.modules) & {slow!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
