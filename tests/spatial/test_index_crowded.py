"""Borders that crowd into few cells, and shapes that wind and interlock, beside GEOS."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from shapely import affinity

from spatial.index import ZoneIndex, index_of, measure_areas
from spatial.rings import flatten
from tests.spatial.agreeing import agrees, array_of, carried, comb, mosaic, spiral, star

#: Lies so far from the town that the town lies in one or two cells of the grid.
FAR_AWAY = shapely.box(3e6, 3e6, 3e6 + 10, 3e6 + 10)


def _town(chance: np.random.Generator, cells: int) -> list[Any]:
    return [*mosaic(chance, cells, 1000.0), FAR_AWAY]


def _plots(chance: np.random.Generator, count: int) -> list[Any]:
    plots = [star(chance, *chance.uniform(0, 1000, 2), 30.0, 7) for _ in range(count)]
    return [*plots, shapely.box(-50, -50, 1050, 1050), shapely.box(200, 100, 201, 900)]


def _most_in_a_cell(index: ZoneIndex) -> int:
    return int(np.diff(index.grid.start).max())


@pytest.mark.parametrize("seed", range(3))
def test_a_town_in_one_cell_is_as_geos_says(seed: int) -> None:
    chance = np.random.default_rng(seed)
    town = _town(chance, 40)
    assert _most_in_a_cell(index_of(array_of(town), list(map(str, range(len(town)))))) > 500
    agrees(_plots(chance, 60), town)


@pytest.mark.parametrize("seed", range(3))
def test_towns_over_each_other_in_one_cell_too(seed: int) -> None:
    chance = np.random.default_rng(10 + seed)
    stars = [star(chance, *chance.uniform(0, 1000, 2), 120.0, 30) for _ in range(25)]
    # Vertical and horizontal borders, which cross the upper side of a plot and lie along it.
    boxes = [shapely.box(x, 100, x + 90, 100 + x) for x in range(50, 900, 70)]
    zones = [*_town(chance, 12), *stars, *boxes]
    agrees([*_plots(chance, 40), shapely.box(120, 100, 190, 330), *boxes[3:5]], zones)


def test_places_in_a_crowded_cell() -> None:
    chance = np.random.default_rng(4)
    town = array_of(_town(chance, 40))
    index = index_of(town, [f"{number:02d}" for number in range(len(town))])
    points = chance.uniform(0, 1000, (300, 2))
    row, code = index.at(points)
    tree = shapely.STRtree(town)
    wanted = tree.query(shapely.points(points), predicate="intersects")
    assert sorted(zip(row.tolist(), code.tolist(), strict=True)) == sorted(
        zip(*wanted.tolist(), strict=True)
    )
    for x, y in points[:40]:
        box = shapely.box(x, y, x + 20, y + 20)
        met = {f"{number:02d}" for number in tree.query(box, predicate="intersects")}
        assert set(index.in_box(box.bounds)) == met
    rows, codes, away = index.borders(shapely.points(points[:40]), 60.0)
    for at, number, distance in zip(rows, codes, away, strict=True):
        rim = shapely.boundary(town[number])
        assert distance == pytest.approx(shapely.Point(points[at]).distance(rim), abs=1e-9)


def test_the_cost_of_a_plot_does_not_follow_the_crowd_in_its_cell() -> None:
    """Fifteen times the zones in a cell cost a plot at a border a few times as much, no more."""
    chance = np.random.default_rng(5)
    took = []
    for cells in (60, 900):
        town = array_of(_town(chance, cells))
        index = index_of(town, map(str, range(len(town))))
        low = chance.uniform(0, 990, (12_000, 2))
        boxes = shapely.box(*low.T, *(low + 5).T)
        at_a_border = measure_areas(index.grid, flatten(boxes)).how == 2
        plots = flatten(boxes[at_a_border][:800])
        times = []
        for _ in range(5):
            begin = time.process_time()
            measure_areas(index.grid, plots, threads=1)
            times.append(time.process_time() - begin)
        took.append((_most_in_a_cell(index), min(times)))
    (few, quick), (many, slow) = took
    assert many > 5 * few
    assert slow < 4.5 * quick


SHAPES = st.sampled_from(["comb", "spiral", "star", "frame", "box"])


def _shape(kind: str, chance: np.random.Generator) -> Any:
    """One shape between 0 and 100 m, turned and moved by little."""
    made = {
        "comb": lambda: comb(int(chance.integers(2, 40)), 90.0, 80.0),
        "spiral": lambda: spiral(int(chance.integers(1, 6)), float(chance.uniform(0.5, 4.0))),
        "star": lambda: star(chance, 50, 50, 60.0, int(chance.integers(3, 60))),
        "frame": lambda: shapely.box(0, 0, 90, 90).difference(
            shapely.box(0.001, 0.001, 89.999, 89.999)
        ),
        "box": lambda: shapely.box(10, 10, 60, float(chance.uniform(11, 90))),
    }[kind]()
    turned = affinity.rotate(made, float(chance.choice([0, 90, 180, chance.uniform(0, 360)])))
    return affinity.translate(turned, *chance.choice([0.0, 5.0, 0.001], 2))


@settings(max_examples=120)
@given(
    st.lists(SHAPES, min_size=1, max_size=3),
    st.lists(SHAPES, min_size=1, max_size=4),
    st.integers(0, 2**32),
    st.booleans(),
)
def test_combs_spirals_and_slivers_interlocked(
    plots: list[str], zones: list[str], seed: int, far: bool
) -> None:
    chance = np.random.default_rng(seed)
    parcels, ground = ([_shape(kind, chance) for kind in kinds] for kinds in (plots, zones))
    if far:
        parcels, ground = carried(parcels), carried(ground)
    assert all(shape.is_valid for shape in (*parcels, *ground))
    try:
        agrees(parcels, ground)
    except shapely.GEOSException:
        # It gives up on some of these, and then there is nothing to compare with.
        reject()
