"""Repair keeps its time, keeps sound geometries as they are, and says what it did."""

from __future__ import annotations

import time

import numpy as np
import shapely

from spatial.repair import repair


def _star(corners: int) -> shapely.Polygon:
    ring = np.random.default_rng(3).uniform(0, 1, (corners, 2))
    return shapely.Polygon(np.vstack((ring, ring[:1])))


def test_each_geometry_gets_its_outcome_in_its_place() -> None:
    bowtie = shapely.from_wkt("POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))")
    outside = shapely.from_wkt(
        "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (20 20, 21 20, 21 21, 20 20))"
    )
    line = shapely.from_wkt("POLYGON ((0 0, 5 0, 9 0, 0 0))")
    good = shapely.box(0, 0, 1, 1)
    repaired, outcome = repair(np.array([good, bowtie, None, outside, line, good], dtype=object))
    assert outcome.tolist() == ["", "repaired", "", "repaired", "no_area", ""]
    assert repaired[0] is good
    assert repaired[1].area == 50
    assert repaired[2] is None
    assert repaired[3].is_valid
    assert repaired[3].contains(shapely.box(0, 0, 10, 10))
    assert repaired[4] is None


def test_a_slow_one_is_ended_and_the_others_are_still_mended() -> None:
    bowtie = shapely.from_wkt("POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))")
    start = time.perf_counter()
    repaired, outcome = repair(
        np.array([bowtie, _star(4000), bowtie], dtype=object), seconds_each=0.5
    )
    assert outcome.tolist() == ["repaired", "too_slow", "repaired"]
    assert repaired[1] is None
    assert time.perf_counter() - start < 60
