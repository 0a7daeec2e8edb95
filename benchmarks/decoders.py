"""`python -m benchmarks.decoders`: distinct consent strings a second, on one core.

Invented strings of lifelike size: TCF with a thousand vendors as flags or as ranges, disclosed vendors and the
publisher's segment; GPP with the national US section; and one in ten cut at a random place. With `--baseline PYTHON`,
an interpreter that has iab-tcf installed reads the same uncut TCF strings, and the ratio is told.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path

from media_privacy_pipeline.consent.signals import decode_many, decode_tcf
from media_privacy_pipeline.landing.simulate.strings import usnat

_VENDORS = 1000
_SEED = 20260301
_MOMENT = 17_700_000_000
_READ = """
import sys, time
from iab_tcf import decode
texts = sys.stdin.read().split()
start = time.perf_counter()
for text in texts:
    decode(text)
print(time.perf_counter() - start)
"""


def tcf_text(rng: random.Random) -> str:
    """A TCF string of three segments, half the time with flags and half the time with ranges of vendors."""
    created = _MOMENT + rng.randrange(10**7)
    core = f"{2:06b}{created:036b}{created:036b}{31:012b}{1:012b}{1:06b}{4:06b}{13:06b}{300:012b}{5:06b}10"
    core += f"{0:012b}{rng.getrandbits(11) << 13:024b}{0:024b}0{3:06b}{4:06b}"
    core += _vendors(rng) + _vendors(rng) + f"{0:012b}"
    publisher = f"{3:03b}{rng.getrandbits(11) << 13:024b}{0:024b}{0:06b}"
    return ".".join(map(_base64, (core, f"{1:03b}" + _vendors(rng), publisher)))


def strings(count: int) -> tuple[list[str], list[str]]:
    """So many strings of all kinds, and the uncut TCF strings among them."""
    rng = random.Random(_SEED)
    texts, whole = [], []
    for n in range(count):
        text = tcf_text(rng) if n % 10 < 8 else _gpp(rng)
        if n % 10 == 0:
            text = text[: rng.randrange(1, len(text))]
        elif n % 10 < 8:
            whole.append(text)
        texts.append(text)
    return texts, whole


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strings", type=int, default=100_000)
    parser.add_argument("--baseline", type=Path, metavar="PYTHON", help="interpreter that has iab-tcf installed")
    chosen = parser.parse_args(arguments)
    texts, whole = strings(chosen.strings)
    start = time.perf_counter()
    table = decode_many(texts, vendor=7)
    seconds = time.perf_counter() - start
    broken = len(table) - table["malformed"].null_count
    length = sum(map(len, texts)) / len(texts)
    print(f"{len(table)} distinct strings of {length:.0f} characters, {broken} of them malformed")
    print(f"decode_many: {len(table) / seconds:,.0f} strings/s")
    start = time.perf_counter()
    for text in whole:
        decode_tcf(text)
    ours = time.perf_counter() - start
    print(f"decode_tcf: {len(whole) / ours:,.0f} strings/s")
    if chosen.baseline:
        command = [str(chosen.baseline), "-c", _READ]
        told = subprocess.run(command, input="\n".join(whole), stdout=subprocess.PIPE, text=True, check=True).stdout
        theirs = float(told)
        print(f"iab-tcf: {len(whole) / theirs:,.0f} strings/s; decode_tcf is {theirs / ours:.1f} times as fast")


def _vendors(rng: random.Random) -> str:
    if rng.random() < 0.5:
        return f"{_VENDORS:016b}0{rng.getrandbits(_VENDORS):0{_VENDORS}b}"
    bounds = sorted(rng.sample(range(1, _VENDORS + 1), 40))
    spans = zip(bounds[::2], bounds[1::2], strict=True)
    return f"{_VENDORS:016b}1{20:012b}" + "".join(f"1{first:016b}{last:016b}" for first, last in spans)


def _gpp(rng: random.Random) -> str:
    # Distinct by the pairs of sensitive data, of which none is 3.
    pairs = "".join(f"{rng.randrange(3):02b}" for _ in range(16 + 3 + 1))
    core = f"{2:06b}{'01' * 4}{'00' * 2}{'10' * 3}{pairs}{'10' * 3}"
    _, section = usnat(opted_out=rng.random() < 0.5, gpc=False).split("~")
    return f"DBABLA~{_base64(core)}.{section.rsplit('.', 1)[1]}"


def _base64(bits: str) -> str:
    bits += "0" * (-len(bits) % 8)
    return urlsafe_b64encode(int(bits, 2).to_bytes(len(bits) // 8)).decode().rstrip("=")


if __name__ == "__main__":
    main(sys.argv[1:])
