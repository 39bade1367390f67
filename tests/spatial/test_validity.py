"""Every fault a polygon can have is named, with its place, and never repaired."""

from __future__ import annotations

import time

import numpy as np
import pytest
import shapely

from spatial.errors import GeometryError, LimitError
from spatial.validity import faults, require_polygon

WRONG = {
    "bowtie": ("POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))", "self_intersection", "(5, 5)"),
    "hole outside": (
        "POLYGON ((0 0, 10 0, 10 10, 0 10, 0 0), (20 20, 21 20, 21 21, 20 20))",
        "hole_outside_shell",
        "(20, 20)",
    ),
    "overlapping parts": (
        "MULTIPOLYGON (((0 0, 10 0, 10 10, 0 10, 0 0)), ((5 0, 15 0, 15 10, 5 10, 5 0)))",
        "self_intersection",
        "(5, ",
    ),
    "nested parts": (
        "MULTIPOLYGON (((0 0, 10 0, 10 10, 0 10, 0 0)), ((2 2, 3 2, 3 3, 2 3, 2 2)))",
        "parts_overlap",
        "(2, 2)",
    ),
    "spike on a line": ("POLYGON ((0 0, 5 0, 9 0, 0 0))", "zero_area", "(0, 0)"),
    "touching ring": (
        "POLYGON ((0 0, 10 0, 10 10, 5 0.0, 0 10, 0 0))",
        "ring_touches_itself",
        "(5, 0)",
    ),
    "empty": ("POLYGON EMPTY", "geometry_empty", ""),
    "line": ("LINESTRING (0 0, 1 1)", "not_polygon", "LineString"),
    "collection": ("GEOMETRYCOLLECTION (POLYGON ((0 0, 1 0, 1 1, 0 0)))", "not_polygon", "Coll"),
}


@pytest.mark.parametrize(("wkt", "code", "place"), WRONG.values(), ids=WRONG)
def test_a_fault_has_a_name_and_a_place(wkt: str, code: str, place: str) -> None:
    with pytest.raises(GeometryError) as caught:
        require_polygon(shapely.from_wkt(wkt), what="persil 7")
    assert caught.value.code == code
    assert "persil 7" in caught.value.message
    assert place in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_refused(bad: float) -> None:
    with np.errstate(invalid="ignore"):
        polygon = shapely.polygons(shapely.linearrings([[0, 0], [1, 0], [bad, 1], [0, 0]]))
    [error] = faults([polygon])
    assert (error.code, error.details["position"]) == ("coordinates_not_finite", 2)


def test_sound_polygons_pass_in_their_order() -> None:
    good = shapely.box(0, 0, 1, 1)
    found = faults([good, None, shapely.MultiPolygon([good])])
    assert [error and error.code for error in found] == [None, "geometry_missing", None]


def test_vertices_are_counted_before_any_work() -> None:
    """A self-crossing star of 300,000 vertices would keep GEOS busy for minutes."""
    angle = np.arange(300_000) * 2.4
    ring = np.column_stack((np.cos(angle), np.sin(angle)))
    star = shapely.polygons(shapely.linearrings(np.vstack((ring, ring[:1]))))
    start = time.perf_counter()
    with pytest.raises(LimitError, match="300001 vertices; at most 50000"):
        require_polygon(star, what="persil 7")
    assert time.perf_counter() - start < 1


def test_a_self_crossing_ring_is_refused_in_no_time() -> None:
    chance = np.random.default_rng(1)
    ring = chance.uniform(0, 1, (500, 2))
    star = shapely.polygons(shapely.linearrings(np.vstack((ring, ring[:1]))))
    start = time.perf_counter()
    with pytest.raises(GeometryError, match="crosses itself at"):
        require_polygon(star, what="persil 7")
    assert time.perf_counter() - start < 1
