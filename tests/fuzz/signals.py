"""Coverage-guided fuzzing of the consent decoders, for as long as one likes; pytest does not run it.

In an environment with the project and atheris: `python tests/fuzz/signals.py -max_total_time=60 -max_len=4000 CORPUS`,
where CORPUS is a folder that it fills with the golden vectors and with what it finds. It stops at the first text for
which a decoder raises anything but Malformed, or which is malformed and grants all the same.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["media_privacy_pipeline.consent.signals"]):
    from media_privacy_pipeline.consent.signals import Malformed, decode_gpp, decode_many, decode_tcf, decode_usp

_GOLDEN = Path(__file__).parent.parent / "consent" / "golden"


def one_input(data: bytes) -> None:
    """Read the bytes as text with every decoder."""
    text = data.decode("latin-1")
    for decode in (decode_tcf, decode_gpp, decode_usp):
        with suppress(Malformed):
            decode(text)
    (row,) = decode_many([text], vendor=5).to_pylist()
    if row["malformed"] is not None:
        granted = [row[name] for name in ("own_consent", "own_interest", "vendor_consent", "vendor_interest")]
        if any(granted) or row["sale"] != "malformed":
            raise AssertionError("a malformed string grants")


def main() -> None:
    """Fill the corpus and start."""
    corpus = Path(sys.argv[-1])
    corpus.mkdir(parents=True, exist_ok=True)
    for name in ("tcf", "gpp"):
        for n, vector in enumerate(json.loads((_GOLDEN / f"{name}.json").read_text("utf-8"))):
            (corpus / f"{name}-{n}").write_text(vector["text"], "ascii")
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
