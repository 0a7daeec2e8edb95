"""Chromium shows the pages as they are meant, on a phone and on a desk, and axe-core finds nothing to mend."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from rights_world import AS_OF, Export

from media_privacy_pipeline.engines import Session
from media_privacy_pipeline.rights.access.dashboard import dashboard

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = find_spec("axe_core_python")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine to look at pages with"),
]

# The frame has the width of a screen; what is in it is of the same origin, so that the frame's owner may ask it.
_FRAME = """<!DOCTYPE html><html lang="en"><head><title>frame</title></head><body><main>
<iframe id="frame" title="page" style="width:{width}px;height:3000px;border:0" srcdoc="{page}"></iframe></main>
<p id="answer"></p><script>
const answer = (value) => {{
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  document.getElementById("answer").textContent = btoa(String.fromCharCode(...bytes));
}};
document.getElementById("frame").addEventListener("load", async (event) => {{
  const page = event.target.contentWindow;
  try {{ answer(await ({question})(page)); }} catch (error) {{ answer({{ error: String(error) }}); }}
}});
</script></body></html>"""

_LOOK = """async (page) => ({
  wide: page.document.documentElement.scrollWidth,
  background: page.getComputedStyle(page.document.querySelector(".card")).borderRadius,
  targets: [...page.document.querySelectorAll("nav a, .picks a, summary")].map((a) => a.getBoundingClientRect().height),
})"""

_CHECK = """async (page) => {
  page.eval(%s);
  page.document.querySelectorAll("details").forEach((each) => { each.open = true; });
  const found = await page.axe.run(page.document, { resultTypes: ["violations", "incomplete"] });
  const told = (rule) => `${rule.id}: ${rule.nodes[0].html} (${rule.nodes.length})`;
  const [violations, incomplete] = [found.violations.map(told), found.incomplete.map(told)];
  return { violations, incomplete, passes: found.passes.length };
}"""


def ask(folder: Path, page: str, width: int, question: str) -> Any:
    """The answer of a page, shown in a frame of a width (CSS pixels), to a function of its window."""
    quoted = page.replace("&", "&amp;").replace('"', "&quot;")
    (folder / "frame.html").write_text(_FRAME.format(width=width, page=quoted, question=question))
    # On a busy machine the browser's own clock runs out before the page has answered: no answer is asked for again.
    for budget in (20_000, 60_000, 180_000):
        done = subprocess.run(
            [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             f"--user-data-dir={folder / 'profile'}", "--window-size=1400,3200", f"--virtual-time-budget={budget}",
             "--dump-dom", (folder / "frame.html").as_uri()],
            capture_output=True, text=True, timeout=180, check=True,
        )  # fmt: skip
        found = re.search(r'<p id="answer">([^<]+)</p>', done.stdout)
        if found is not None:
            break
    assert found is not None, done.stderr
    answer = json.loads(base64.b64decode(found[1]))
    assert "error" not in answer, answer
    return answer


@pytest.fixture(scope="module", params=["dashboard", "export"])
def page(
    request: pytest.FixtureRequest, house: Session, exported: Export, tmp_path_factory: pytest.TempPathFactory
) -> str:
    if request.param == "export":
        return exported("a1", "p1").files["index.html"].decode()
    out = tmp_path_factory.mktemp("page") / "out"
    dashboard(house, "a1", "p1", "request of a1 p1", out, AS_OF)
    return (out / "index.html").read_text()


@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_the_screen_and_is_styled(page: str, width: int, tmp_path: Path) -> None:
    seen = ask(tmp_path, page, width, _LOOK)
    assert seen["wide"] <= width
    # The style sheet is let in by its digest: a page whose policy is wrong has no round corner.
    assert seen["background"] == "10px"
    assert min(seen["targets"]) >= 24


@pytest.mark.skipif(AXE is None, reason="axe-core-python is not installed: pip install '.[test]'")
@pytest.mark.parametrize("width", [360, 1280])
def test_axe_finds_nothing_to_mend(page: str, width: int, tmp_path: Path) -> None:
    script = (Path(str(AXE.origin)).parent / "axe.min.js").read_text()
    # The checker is a script, which the page's own policy keeps out.
    without = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    quoted = json.dumps(script).replace("</", "<\\/")
    found = ask(tmp_path, without, width, _CHECK % quoted)
    assert found["violations"] == []
    assert found["incomplete"] == []
    assert found["passes"] > 15


@pytest.mark.skipif(AXE is None, reason="axe-core-python is not installed: pip install '.[test]'")
def test_axe_sees_what_is_wrong(page: str, tmp_path: Path) -> None:
    script = (Path(str(AXE.origin)).parent / "axe.min.js").read_text()
    spoilt = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", page)
    spoilt = spoilt.replace(' lang="en"', "", 1).replace("--soft: #4d545b", "--soft: #b9bec4")
    quoted = json.dumps(script).replace("</", "<\\/")
    found = ask(tmp_path, spoilt, 360, _CHECK % quoted)
    assert {rule.partition(":")[0] for rule in found["violations"]} >= {"html-has-lang", "color-contrast"}
