"""The shares kernel beside GEOS: equal areas on random and hostile shapes, the same bits always."""

from __future__ import annotations

import time

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from spatial.index.areas import Areas, measure_areas, measure_layers
from spatial.index.grid import build_grid
from spatial.rings import flatten
from tests.spatial.agreeing import FAR, agrees, array_of, carried, comb, dense, mosaic, star
from tests.spatial.exact_shares import exact_areas


@pytest.mark.parametrize("seed", range(6))
def test_a_mosaic_cut_by_stars_is_as_geos_says(seed: int) -> None:
    chance = np.random.default_rng(seed)
    zones = mosaic(chance, 40, 1000.0)
    codes = chance.integers(0, 9, len(zones)).tolist()
    parcels = [
        star(
            chance,
            *chance.uniform(-80, 1080, 2),
            chance.uniform(2, 300),
            int(chance.integers(3, 40)),
        )
        for _ in range(60)
    ]
    found = agrees(carried(parcels), carried(zones), codes)
    assert not (found.how == 3).any(), "a seamless mosaic has no overlap to look for"
    assert not found.pairs.size


@pytest.mark.parametrize("seed", range(4))
def test_overlapping_zones_are_as_geos_says(seed: int) -> None:
    chance = np.random.default_rng(seed)
    zones = [star(chance, *chance.uniform(0, 400, 2), 150, 24) for _ in range(12)]
    codes = chance.integers(0, 5, len(zones)).tolist()
    parcels = [
        star(chance, *chance.uniform(0, 400, 2), chance.uniform(5, 150), 12).difference(
            shapely.Point(chance.uniform(0, 400, 2)).buffer(20)
        )
        for _ in range(40)
    ]
    found = agrees(carried([p for p in parcels if p.area > 1]), carried(zones), codes)
    assert (found.how == 3).sum() > 20


def test_holes_nested_shells_and_parts() -> None:
    ring = shapely.box(0, 0, 100, 100).difference(shapely.box(10, 10, 90, 90))
    island = shapely.box(20, 20, 80, 80).difference(shapely.box(30, 30, 70, 70))
    core = shapely.box(40, 40, 60, 60)
    nested = shapely.MultiPolygon([ring, island, core])
    parcel = shapely.MultiPolygon(
        [
            shapely.box(5, 5, 50, 95).difference(shapely.box(12, 12, 45, 60)),
            shapely.box(60, 0, 70, 99),
        ]
    )
    agrees(carried([parcel, ring, nested]), carried([nested, shapely.box(10, 10, 90, 90)]))


def test_a_parcel_larger_than_the_map_and_one_off_it() -> None:
    zones = [shapely.box(i, j, i + 1, j + 1) for i in range(12) for j in range(12)]
    around, off = shapely.box(-500, -3, 700, 900), shapely.box(5000, 0, 5001, 1)
    found = agrees(carried([around, off]), carried(zones))
    assert len(found.parcel) == 144
    assert found.how.tolist() == [2, 0]


@pytest.mark.parametrize("overlaid", [False, True])
def test_outlines_over_many_cells_are_as_geos_says(overlaid: bool) -> None:
    """A district among zones: hundreds of edges over hundreds of cells, with a lake in it."""
    chance = np.random.default_rng(21)
    zones = mosaic(chance, 60, 1000.0)
    if overlaid:
        zones += [star(chance, *chance.uniform(0, 1000, 2), 150, 40) for _ in range(4)]
    lake = shapely.Point(500, 480).buffer(60, 8)
    parcels = [
        star(chance, *chance.uniform(200, 800, 2), 600, corners).difference(lake)
        for corners in (60, 300, 900)
    ]
    parcels.append(shapely.box(-40, 10, 800, 1100).segmentize(7.0))
    agrees(carried(parcels), carried(zones))


def test_an_outline_of_a_hundred_thousand_corners_takes_no_longer_than_reading_it() -> None:
    zones = [shapely.box(i, j, i + 5, j + 5) for i in range(0, 500, 5) for j in range(0, 500, 5)]
    grid = build_grid(flatten(array_of(zones)), np.zeros(len(zones), np.int32), 1)
    circle = shapely.Point(250, 250).buffer(240, 25_000)
    begin = time.process_time()
    found = measure_areas(grid, flatten(array_of([circle])))
    assert time.process_time() - begin < 3.0
    assert found.area[0] == pytest.approx(circle.area, rel=1e-9)
    assert not found.unmeasured.any()


def test_corners_on_the_lines_of_the_grid() -> None:
    """Powers of two fall on the lines of the grid, where a corner belongs to four cells."""
    zones = [shapely.box(i * 8, j * 8, i * 8 + 8, j * 8 + 8) for i in range(8) for j in range(8)]
    parcels = [shapely.box(i * 8, j * 4, i * 8 + 16, j * 4 + 8) for i in range(6) for j in range(9)]
    parcels += [
        shapely.Polygon([(0, 0), (64, 64), (0, 64)]),
        shapely.Polygon([(8, 0), (16, 8), (8, 16), (0, 8)]),
    ]
    found = agrees(parcels, zones, [(i * 3 + j) % 5 for i in range(8) for j in range(8)])
    assert found.rest.max() == 0.0


@pytest.mark.parametrize("gap", [1e-3, -1e-3, 1e-6, -1e-6])
def test_a_gap_or_overlap_of_a_millimetre_is_measured(gap: float) -> None:
    left, right = shapely.box(0, 0, 50, 80), shapely.box(50 + gap, 0, 120, 80)
    parcel = shapely.box(40, 10, 60, 30)
    found = agrees(carried([parcel]), carried([left, right]))
    moved = abs(FAR[0] + 50 + gap - (FAR[0] + 50))
    seam = found.rest[0] if gap > 0 else found.overlap[1]
    assert seam == pytest.approx(20 * moved, rel=1e-6)


def test_a_border_drawn_with_different_vertices() -> None:
    """Neighbours whose common border has its vertices elsewhere leave slivers, nothing more."""
    chance = np.random.default_rng(3)
    y = np.sort(chance.uniform(0, 100, 30))
    left = shapely.Polygon([(0, 0), (50, 0), (53.1, 100), (0, 100)])
    right = shapely.Polygon(
        [(90, 0), (90, 100), (53.1, 100), *((50 + 0.031 * v, v) for v in y[::-1]), (50, 0)]
    )
    parcels = [shapely.box(48, v, 56, v + 3) for v in chance.uniform(0, 97, 40)]
    found = agrees(carried(parcels), carried([left, right]))
    assert found.rest.max() < 1e-6


def test_one_code_in_doubled_pieces_is_a_union() -> None:
    pieces = [shapely.box(i, 0, i + 6, 10) for i in range(0, 50, 3)] * 2
    found = agrees([shapely.box(0.5, 2, 48.5, 7)], pieces, [0] * len(pieces))
    assert found.overlap.tolist() == [0.0]


def test_combs_and_stars_stay_cheap() -> None:
    """Intersecting these two combs takes GEOS over ten seconds; nothing is built here."""
    one = comb(300, 100.0, 100.0)
    other = affinity.rotate(one, 90, origin=(50, 50))
    grid = build_grid(flatten(array_of([one])), np.zeros(1, np.int32), 1)
    measure_areas(grid, flatten(array_of([other])))
    begin = time.process_time()
    found = measure_areas(grid, flatten(array_of([other])))
    assert time.process_time() - begin < 1.0
    # Each comb is a bar of one metre with teeth over half of the remaining width.
    bar, teeth = 100.0, 99.0
    both = (bar - teeth / 2) / 100.0
    assert found.area[0] / found.whole[0] == pytest.approx(both, rel=0.02)


def test_what_would_take_too_long_is_left_without_an_answer() -> None:
    one = comb(200, 100.0, 100.0)
    zones = [one, affinity.translate(one, 0.1, 0.1)]
    grid = build_grid(flatten(array_of(zones)), np.arange(2, dtype=np.int32), 2)
    plots = flatten(
        array_of([affinity.rotate(one, 90, origin=(50, 50)), shapely.box(5, 0.1, 6, 0.9)])
    )
    found = measure_areas(grid, plots, budget=100_000)
    assert found.unmeasured.tolist() == [True, False]
    assert set(found.parcel.tolist()) == {1}
    assert found.rest[0] == 0.0


def _bits(found: Areas) -> list[bytes]:
    return [
        np.ascontiguousarray(getattr(found, name)).tobytes()
        for name in ("whole", "parcel", "code", "area", "overlap")
    ]


def test_the_same_bits_for_any_threads_order_and_batch() -> None:
    chance = np.random.default_rng(11)
    zones = mosaic(chance, 60, 500.0) + [star(chance, 250, 250, 90, 30) for _ in range(3)]
    codes = np.arange(len(zones), dtype=np.int32)
    parcels = [
        star(chance, *chance.uniform(0, 500, 2), chance.uniform(1, 60), 9) for _ in range(300)
    ]
    plots, shapes = array_of(carried(parcels)), array_of(carried(zones))
    grid = build_grid(flatten(shapes), codes, len(zones), threads=1)
    first = measure_areas(grid, flatten(plots), threads=1)
    for threads in (2, 5):
        again = build_grid(flatten(shapes), codes, len(zones), threads=threads)
        assert _bits(measure_areas(again, flatten(plots), threads=threads)) == _bits(first)
    shuffled = chance.permutation(len(zones))
    other = build_grid(flatten(shapes[shuffled]), codes[shuffled], len(zones))
    assert _bits(measure_areas(other, flatten(plots))) == _bits(first)
    alone = [measure_areas(grid, flatten(plots[i : i + 1])) for i in range(len(plots))]
    assert np.concatenate([one.area for one in alone]).tobytes() == first.area.tobytes()
    assert np.concatenate([one.overlap for one in alone]).tobytes() == first.overlap.tobytes()


def test_many_parcels_and_layers_have_the_bits_of_one_parcel_and_layer() -> None:
    """More than are asked at once, some of them nowhere, against zones that touch and overlap."""
    chance = np.random.default_rng(12)
    tiles, stars = mosaic(chance, 60, 500.0), [star(chance, 250, 250, 120, 30) for _ in range(4)]
    grids = [
        build_grid(flatten(array_of(carried(shapes))), np.arange(len(shapes), dtype=np.int32), 99)
        for shapes in (tiles, stars, [*tiles, *stars])
    ]
    low = chance.uniform(-20, 500, (20_000, 2)) + FAR
    plots = np.asarray(shapely.box(*low.T, *(low + chance.uniform(0.5, 9, low.shape)).T), object)
    plots[::1000] = None
    plots[7] = shapely.box(*(FAR + 100), *(FAR + 400)).segmentize(2.0)
    first = measure_layers(grids, flatten(plots), threads=1)
    assert all((found.how == 3).any() for found in first[1:])
    assert not (first[0].how == 3).any()
    assert not first[0].whole[::1000].any()
    for threads in (2, 5):
        again = measure_layers(grids, flatten(plots), threads=threads)
        assert [_bits(one) for one in again] == [_bits(one) for one in first]
    for grid, found in zip(grids, first, strict=True):
        assert _bits(measure_areas(grid, flatten(plots))) == _bits(found)
        assert found.pairs[:, 0].tolist() == sorted(found.pairs[:, 0])
        for row in (*range(40), 17_000, 19_999):
            alone = measure_areas(grid, flatten(plots[row : row + 1]))
            mine = found.parcel == row
            for name in ("code", "area", "overlap"):
                assert getattr(alone, name).tobytes() == getattr(found, name)[mine].tobytes()
            assert (alone.pairs[:, 1:] == found.pairs[found.pairs[:, 0] == row, 1:]).all()


number = st.integers(-6, 30).map(float) | st.floats(-6, 30, width=32)


@st.composite
def polygons(draw: st.DrawFn) -> BaseGeometry:
    """Hulls, boxes, and what remains of one when another is taken away."""
    points = st.lists(st.tuples(number, number), min_size=3, max_size=7)
    shape = shapely.MultiPoint(draw(points)).convex_hull
    for other in draw(st.lists(points, max_size=2)):
        shape = shapely.difference(shape, shapely.MultiPoint(other).convex_hull)
    return shape


def _measurable(shapes: list[BaseGeometry]) -> list[BaseGeometry]:
    kinds = ("Polygon", "MultiPolygon")
    return [s for s in shapes if s.geom_type in kinds and s.area > 1e-2 and s.is_valid]


@settings(max_examples=200)
@given(
    st.lists(polygons(), min_size=1, max_size=5),
    polygons(),
    st.lists(st.integers(0, 3), min_size=5, max_size=5),
    st.booleans(),
)
def test_any_polygons_are_as_rational_arithmetic_says(
    zones: list[BaseGeometry], parcel: BaseGeometry, codes: list[int], far: bool
) -> None:
    shapes = _measurable(carried([parcel, *zones]) if far else [parcel, *zones])
    if len(shapes) < 2:
        return
    plot, zones = shapes[0], shapes[1:]
    numbers = np.array(codes[: len(zones)], dtype=np.int32)
    grid = build_grid(flatten(array_of(zones)), numbers, 4)
    found = measure_areas(grid, flatten(array_of([plot])))
    wanted_area, wanted_overlap = exact_areas(plot, zones, codes)
    area, overlap = dense(found, 1, 4)
    for code in range(4):
        room = 2e-9 * found.whole[0]
        assert area[0, code] == pytest.approx(wanted_area.get(code, 0.0), rel=0, abs=room)
        assert overlap[0, code] == pytest.approx(wanted_overlap.get(code, 0.0), rel=0, abs=room)
