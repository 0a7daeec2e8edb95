"""Both readers of a bundle, numpy's and JavaScript's, make the lists that the server makes."""

from __future__ import annotations

import json
import runpy
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from edge_world import histories, taken

from media_privacy_pipeline.models.edge.bundle import written
from media_privacy_pipeline.models.private.recommender import PrivateAls

K = 10
NODE = shutil.which("node")
Lists = list[list[tuple[str, float]]]
Reader = Callable[[Path, list[list[str]], int], Lists]

SCRIPT = """
import { readFile } from "node:fs/promises";
const { load } = await import(process.argv[2] + "/recommend.mjs");
const read = async name => {
  const file = await readFile(process.argv[2] + "/" + name);
  return file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength);
};
const model = await load(read);
const { histories, k } = JSON.parse(await readFile(process.argv[3], "utf8"));
console.log(JSON.stringify(histories.map(history => model.recommend(history, k))));
"""


def numpy_lists(bundle: Path, asked: list[list[str]], k: int) -> Lists:
    # The copy in the bundle, as a device would run it.
    reader = runpy.run_path(str(bundle / "recommend.py"))["Model"].load(bundle)
    return [reader.recommend(history, k) for history in asked]


def javascript_lists(bundle: Path, asked: list[list[str]], k: int) -> Lists:
    question, script = bundle.parent / "asked.json", bundle.parent / "ask.mjs"
    question.write_text(json.dumps({"histories": asked, "k": k}))
    script.write_text(SCRIPT)
    done = subprocess.run([str(NODE), script, bundle, question], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [[(title, score) for title, score in row] for row in json.loads(done.stdout)]


needs_node = pytest.mark.skipif(NODE is None, reason="needs node")
READERS = [pytest.param(numpy_lists, id="numpy"), pytest.param(javascript_lists, id="javascript", marks=needs_node)]


@pytest.fixture
def bundle(tmp_path: Path, model: PrivateAls) -> Path:
    written(tmp_path / "bundle", taken(tmp_path / "models", model))
    return tmp_path / "bundle"


def titles_of(viewer: int) -> list[str]:
    watched = histories()
    return [str(title) for title in watched.titles[watched.block(viewer, viewer + 1).columns]]


@pytest.mark.parametrize("reader", READERS)
def test_a_devices_lists_are_the_servers(bundle: Path, model: PrivateAls, reader: Reader) -> None:
    some = histories().block(0, 60)
    served = model.recommend(some, K)
    lists = reader(bundle, [titles_of(n) for n in range(60)], K)
    for row, places, scores in zip(lists, served.titles, served.scores, strict=True):
        assert [title for title, _ in row] == [str(model.titles[n]) for n in places if n >= 0]
        assert [score for _, score in row] == pytest.approx(scores[places >= 0].tolist(), abs=1e-9)
    assert {len(row) for row in lists} == {K}


@pytest.mark.parametrize("reader", READERS)
def test_odd_histories_are_answered_as_the_server_does(bundle: Path, model: PrivateAls, reader: Reader) -> None:
    known = [str(title) for title in model.titles]
    plain, repeated, with_unknown = known[:2], known[:2] * 2, [*known[:2], "nowhere"]
    nothing, strangers, everything, all_but_one = [], ["nowhere"], known, known[1:]
    asked = [plain, repeated, with_unknown, nothing, strangers, everything, all_but_one]
    lists = [[title for title, _ in row] for row in reader(bundle, asked, 500)]
    assert lists[0] == lists[1] == lists[2]
    assert sorted(lists[0]) == sorted(known[2:])
    assert lists[3:] == [[], [], [], known[:1]]


def test_equal_scores_come_in_the_order_of_titles(tmp_path: Path, bundle: Path) -> None:
    titles = [f"t{n}" for n in range(9)]
    reader = runpy.run_path(str(bundle / "recommend.py"))["Model"](titles, np.ones((9, 2)), 1.0, 0.5)
    assert [title for title, _ in reader.recommend(["t4"], 20)] == [t for t in titles if t != "t4"]
    if NODE is not None:
        script = tmp_path / "ties.mjs"
        script.write_text(
            f'const {{ Model }} = await import("{bundle}/recommend.mjs");'
            f"const model = new Model({json.dumps(titles)}, new Float64Array(18).fill(1), 2, 1.0, 0.5);"
            'console.log(JSON.stringify(model.recommend(["t4"], 20).map(([title]) => title)));'
        )
        done = subprocess.run([NODE, script], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout) == [t for t in titles if t != "t4"]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("cut", [lambda content: content[:-4], lambda content: b"MPF2" + content[4:]])
def test_damaged_factors_are_not_read(bundle: Path, reader: Reader, cut: Callable[[bytes], bytes]) -> None:
    file = bundle / "factors.bin"
    file.write_bytes(cut(file.read_bytes()))
    with pytest.raises((ValueError, AssertionError), match="not what the manifest describes"):
        reader(bundle, [["t01"]], 3)


def test_the_reference_in_numpy_is_short_and_stands_alone() -> None:
    import media_privacy_pipeline.models.edge as edge

    lines = (Path(edge.__file__).parent / "recommend.py").read_text().splitlines()
    assert len(lines) <= 60
    imported = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert imported == {"collections", "json", "numpy", "pathlib"}
    javascript = (Path(edge.__file__).parent / "recommend.mjs").read_text()
    code = "\n".join(line for line in javascript.splitlines() if not line.startswith("//"))
    assert "import" not in code
    assert "require" not in code
