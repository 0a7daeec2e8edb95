"""A browser makes the same lists from a bundle as numpy does, from the very module that is shipped."""

from __future__ import annotations

import base64
import json
import re
import runpy
import shutil
import subprocess
from pathlib import Path

import pytest
from edge_world import taken

from media_privacy_pipeline.models.edge.bundle import written
from media_privacy_pipeline.models.private.recommender import PrivateAls

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine to run the module in"),
]

# The files of the bundle are in the page: what is opened from a folder may fetch nothing.
PAGE = """<!DOCTYPE html><html lang="en"><head><title>bundle</title></head><body><p id="answer"></p>
<script type="module">
const files = {files};
const bytes = name => Uint8Array.from(atob(files[name]), character => character.charCodeAt(0));
const module = URL.createObjectURL(new Blob([bytes("recommend.mjs")], {{ type: "text/javascript" }}));
const {{ load }} = await import(module);
const model = await load(async name => bytes(name).buffer);
const told = JSON.stringify([model.recommend({history}, 8), model.recommend(new Set(["nowhere"]), 8)]);
document.getElementById("answer").textContent = btoa(told);
</script></body></html>"""


def test_a_browser_makes_the_lists_that_numpy_makes(tmp_path: Path, model: PrivateAls) -> None:
    bundle, history = tmp_path / "bundle", [str(title) for title in model.titles[:3]]
    written(bundle, taken(tmp_path / "models", model))
    files = {file.name: base64.b64encode(file.read_bytes()).decode() for file in bundle.iterdir()}
    page = tmp_path / "page.html"
    page.write_text(PAGE.format(files=json.dumps(files), history=json.dumps(history)))
    for budget in (20_000, 60_000, 180_000):
        done = subprocess.run(
            [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             f"--user-data-dir={tmp_path / 'profile'}", f"--virtual-time-budget={budget}", "--dump-dom", page.as_uri()],
            capture_output=True, text=True, timeout=180, check=True,
        )  # fmt: skip
        if found := re.search(r'<p id="answer">([^<]+)</p>', done.stdout):
            break
    assert found is not None, done.stderr
    listed, nothing = json.loads(base64.b64decode(found[1]))
    wanted = runpy.run_path(str(bundle / "recommend.py"))["Model"].load(bundle).recommend(history, 8)
    assert [title for title, _ in listed] == [title for title, _ in wanted]
    assert [score for _, score in listed] == pytest.approx([score for _, score in wanted], abs=1e-9)
    assert nothing == []
