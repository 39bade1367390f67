"""The province in one breath: from polygons to classes, within the seconds and memory promised."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely

from tests.benchmarks.hotspots import DESA, end_to_end, mesh


def test_both_sides_of_a_dense_edge_agree_exactly() -> None:
    areas = mesh(60, per_edge=4)
    assert shapely.coverage_is_valid(np.asarray(areas.geometry.array))
    assert areas.count_coordinates().sum() > 4 * mesh(60).count_coordinates().sum()


def test_a_province_takes_seconds_and_little_memory(tmp_path: Path) -> None:
    """CPU, because a busy machine stretches the wall: 3 s on two cores are 6 s of it."""
    said = end_to_end(mesh(DESA, per_edge=8), tmp_path)
    assert said["areas"] == DESA
    assert said["CPU s"] < 6
    assert said["peak MB"] < 300
