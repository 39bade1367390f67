"""Overlaps, holes and slits are found from a tenth of a millimetre up, whatever lies beside."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import label

from spatial.coverage import coverage_defects, equivalent_width

X, Y = 440_000.0, 9_226_000.0


def squares(*corners: tuple[float, float, float, float]) -> np.ndarray:
    return np.array([shapely.box(X + a, Y + b, X + c, Y + d) for a, b, c, d in corners])


@pytest.mark.parametrize("width", [0.001, 0.002, 0.005, 0.25])
def test_a_plan_with_known_millimetres(width: float) -> None:
    """Three zones in a row: the first pair overlaps, the second leaves a slit."""
    zones = squares((0, 0, 100 + width, 80), (100, 0, 200, 80), (200 + width, 0, 300, 80))
    found = coverage_defects(zones, slit_width=1.0)
    assert [(str(k), r) for k, r in zip(found.kind, found.rows, strict=True)] == [
        ("overlap", (0, 1)),
        ("slit", (1, 2)),
    ]
    assert equivalent_width(found.geometry) == pytest.approx([width, width], rel=1e-4)
    assert shapely.area(found.geometry) == pytest.approx([80 * width] * 2, rel=1e-4)


def test_a_narrow_hole_is_found_beside_a_wide_one() -> None:
    """JTS issue 1122: asked for gaps of a metre, GEOS finds the coverage valid."""
    ring = shapely.box(X, Y, X + 100, Y + 100)
    narrow = shapely.box(X + 20, Y + 20, X + 40, Y + 20.00002)
    wide = shapely.box(X + 50, Y + 50, X + 70, Y + 70)
    zones = np.array([shapely.difference(ring, shapely.union(narrow, wide))])
    found = coverage_defects(zones, slit_width=1.0)
    assert Counter(map(str, found.kind)) == {"gap": 2}
    assert sorted(shapely.area(found.geometry)) == pytest.approx([20 * 0.00002, 400], rel=1e-3)


def test_an_exact_partition_has_no_defect() -> None:
    zones = squares(
        *((i * 10, j * 10, i * 10 + 10, j * 10 + 10) for i in range(8) for j in range(8))
    )
    assert len(coverage_defects(zones, slit_width=5.0).kind) == 0


def test_a_bay_of_one_zone_is_its_shape_and_no_slit() -> None:
    bay = shapely.difference(
        shapely.box(X, Y, X + 100, Y + 100), shapely.box(X + 50, Y + 20, X + 50.3, Y + 100)
    )
    other = shapely.box(X - 100, Y, X, Y + 100)
    assert len(coverage_defects(np.array([bay, other]), slit_width=1.0).kind) == 0


def test_a_dent_in_the_outline_is_no_slit() -> None:
    """Two zones whose outer edge is bent by 4 mm: one wall, no space between them."""
    west = shapely.Polygon([(X, Y), (X + 50, Y + 0.004), (X + 50, Y + 50), (X, Y + 50)])
    east = shapely.Polygon([(X + 50, Y + 0.004), (X + 100, Y), (X + 100, Y + 50), (X + 50, Y + 50)])
    assert len(coverage_defects(np.array([west, east]), slit_width=1.0).kind) == 0


def test_an_island_in_a_hole_is_not_part_of_the_gap() -> None:
    lake = shapely.difference(
        shapely.box(X, Y, X + 100, Y + 100), shapely.box(X + 30, Y + 30, X + 70, Y + 70)
    )
    island = shapely.box(X + 45, Y + 45, X + 55, Y + 55)
    found = coverage_defects(np.array([lake, island]), slit_width=0.1)
    assert list(map(str, found.kind)) == ["gap"]
    assert shapely.area(found.geometry)[0] == pytest.approx(1600 - 100)


def test_places_without_geometry_are_passed_over() -> None:
    zones = np.array([shapely.box(0, 0, 1, 1), None, shapely.Polygon(), shapely.box(0.5, 0, 2, 1)])
    found = coverage_defects(zones, slit_width=0.1)
    assert found.rows == [(0, 3)]
    assert len(coverage_defects(np.array([None, None]), slit_width=0.1).kind) == 0


def test_two_zones_that_share_a_parallel_with_other_vertices_have_no_phantom() -> None:
    """Case 33: in the source CRS the overlap is nothing; naive UTM makes 104 m2 of it."""
    south = shapely.Polygon([(110, -7.05), (110.05, -7.05), (110.05, -7), (110, -7)])
    north = shapely.Polygon(
        [(110, -7), (110.0125, -7), (110.025, -7), (110.05, -7), (110.05, -6.95), (110, -6.95)]
    )
    assert len(coverage_defects(np.array([south, north]), slit_width=1e-5).kind) == 0


@given(
    st.lists(
        st.tuples(*[st.integers(0, 12)] * 2, st.integers(1, 6), st.integers(1, 6)),
        min_size=1,
        max_size=7,
    )
)
def test_overlaps_and_holes_are_those_of_counting_cells(
    corners: list[tuple[int, int, int, int]],
) -> None:
    """Boxes of whole cells: how often each cell is covered says all."""
    zones = np.array([shapely.box(x, y, x + w, y + h) for x, y, w, h in corners])
    cover = np.zeros((20, 20), dtype=int)
    pairs = 0
    for x, y, w, h in corners:
        cover[x : x + w, y : y + h] += 1
    for i, one in enumerate(corners):
        for other in corners[:i]:
            across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
            up = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
            pairs += max(across, 0) * max(up, 0)
    found = coverage_defects(zones, slit_width=0.0)
    area = shapely.area(found.geometry)
    assert area[found.kind == "overlap"].sum() == pytest.approx(pairs)
    labels, _ = label(np.pad(cover, 1) == 0)
    enclosed = int(((labels > 0) & (labels != labels[0, 0])).sum())
    assert area[found.kind == "gap"].sum() == pytest.approx(enclosed)
