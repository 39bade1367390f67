"""Ways along roads, against ways counted by hand and against every way of small networks."""

from __future__ import annotations

import heapq
import itertools

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.errors import GeometryError
from spatial.network import ways_along

Place = tuple[float, float]


def lines(*roads: list[Place]) -> gpd.GeoSeries:
    return gpd.GeoSeries([shapely.LineString(road) for road in roads])


def at(*places: Place) -> gpd.GeoSeries:
    return gpd.GeoSeries([shapely.Point(place) for place in places])


def test_a_river_with_one_bridge_makes_the_way_long() -> None:
    roads = lines([(0, 0), (1_000, 0)], [(0, 100), (1_000, 100)], [(1_000, 0), (1_000, 100)])
    assert ways_along(roads, at((0, 100)), at((0, 0))) == pytest.approx([2_100])


def test_crossing_is_no_meeting_and_an_end_on_a_road_is() -> None:
    over = lines([(-50, 0), (50, 0)], [(0, -50), (0, 50)])
    assert np.isinf(ways_along(over, at((-50, 0)), at((0, 50)))).all()
    tee = lines([(-50, 0), (50, 0)], [(0, 0.4), (0, 50)])
    assert ways_along(tee, at((-50, 0)), at((0, 50))) == pytest.approx([100.0], abs=1)
    apart = lines([(-50, 0), (50, 0)], [(0, 1.5), (0, 50)])
    assert np.isinf(ways_along(apart, at((-50, 0)), at((0, 50)))).all()
    assert ways_along(apart, at((-50, 0)), at((0, 50)), join_m=2) == pytest.approx([100], abs=2)


def test_home_and_school_on_one_piece_walk_straight_between_them() -> None:
    road = lines([(0, 0), (1_000, 0)])
    assert ways_along(road, at((400, 3)), at((410, -4))) == pytest.approx([17])
    building = gpd.GeoSeries([shapely.Polygon([(500, 10), (520, 30), (480, 30)])])
    assert ways_along(road, at((400, 0)), building) == pytest.approx([110])


def test_what_is_not_there_has_no_way_and_surfaces_are_refused() -> None:
    road = lines([(0, 0), (9, 0)])
    nowhere = gpd.GeoSeries([shapely.Point(), None])
    assert np.isinf(ways_along(road, nowhere, at((0, 0)))).all()
    assert np.isinf(ways_along(road, at((0, 0)), nowhere)).all()
    for none in (gpd.GeoSeries([shapely.box(0, 0, 9, 9)]), gpd.GeoSeries([], dtype="geometry")):
        with pytest.raises(GeometryError) as refused:
            ways_along(none, at((0, 0)), at((1, 1)))
        assert refused.value.code == "network_needs_lines"


def test_roads_in_degrees_are_measured_in_metres() -> None:
    road = gpd.GeoSeries([shapely.LineString([(110.0, -7.0), (110.01, -7.0)])], crs=4326)
    ends = gpd.GeoSeries(gpd.points_from_xy([110.0, 110.01], [-7.0, -7.0]), crs=4326)
    assert ways_along(road, ends[:1], ends[1:]) == pytest.approx([1_104.7], rel=2e-3)


def by_trying(edges: dict[Place, dict[Place, float]], homes: Place, goals: set[Place]) -> float:
    """Dijkstra as in the book."""
    heap, seen = [(0.0, homes)], set()
    while heap:
        way, here = heapq.heappop(heap)
        if here in goals:
            return way
        if here not in seen:
            seen.add(here)
            for there, length in edges.get(here, {}).items():
                heapq.heappush(heap, (way + length, there))
    return float("inf")


@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 4))
def test_ways_on_a_torn_grid_are_those_of_trying_all(seed: int, side: int, schools: int) -> None:
    random = np.random.default_rng(seed)
    corners = list(itertools.product(range(side), repeat=2))
    spots = {
        corner: (100.0 * corner[0] + float(random.integers(0, 40)),
                 100.0 * corner[1] + float(random.integers(0, 40)))
        for corner in corners
    }  # fmt: skip
    edges: dict[Place, dict[Place, float]] = {}
    roads = []
    for x, y in corners:
        for other in ((x + 1, y), (x, y + 1)):
            if other in spots and random.random() < 0.7:
                one, two = spots[x, y], spots[other]
                roads.append([one, two])
                length = float(np.hypot(one[0] - two[0], one[1] - two[1]))
                edges.setdefault(one, {})[two] = edges.setdefault(two, {})[one] = length
    if not roads:
        return
    on_roads = sorted(edges)
    goals = {on_roads[k] for k in random.integers(0, len(on_roads), schools)}
    found = ways_along(lines(*roads), at(*on_roads), at(*sorted(goals)))
    assert found == pytest.approx([by_trying(edges, home, goals) for home in on_roads], abs=1e-6)
