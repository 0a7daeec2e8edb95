"""The benchmark of the year runs and tells, at a size that is over in a moment; its nights are alike all year."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.year import TITLES, World, main


def test_the_year_is_measured(capsys: pytest.CaptureFixture[str]) -> None:
    sized = ["--accounts", "300", "--nights", "20", "--simulated", "9", "--epsilons", "4", "--draws", "1"]
    main([*sized, "--squared-norm", "1", "--most-cells", "9"])
    told = capsys.readouterr().out
    assert "300 accounts, 20 nights paid for, the last 9 simulated." in told
    figures = [float(line.split()[2].rstrip(",")) for line in told.splitlines() if line.startswith("| ε")]
    assert len(figures) == 4
    assert all(3.9 < figure <= 4 for figure in figures)
    assert "up to 14 nights carried over" in told


def test_nights_without_titles_have_as_many_cells_as_nights_with_them() -> None:
    nights = list(World(4000, 14.3, seed=2).nights(21))
    counted = [night.cells.mean() for night in nights]
    assert np.mean(counted[7:14]) == pytest.approx(np.mean(counted[14:]), rel=0.05)
    whole = nights[-1]
    assert whole.whose is not None
    assert whole.titles is not None
    assert (np.bincount(whose := whole.whose, minlength=4000) == whole.cells).all()
    assert np.unique(whose * TITLES + whole.titles).size == whose.size
