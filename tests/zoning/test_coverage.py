"""Coverages asked of places and of boxes, against the same answers from whole geometries."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from spatial.index import measure_areas
from spatial.rings import flatten
from zoning.coverage import Coverage, build_coverage, reach_of


def _cells(seed: int, count: int = 60) -> tuple[NDArray[np.object_], list[str]]:
    """Voronoi cells of three classes: several cells of one class meet."""
    chance = np.random.default_rng(seed)
    points = shapely.multipoints(chance.uniform(0, 1000, (count, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(points))
    cut = shapely.intersection(cells, shapely.box(0, 0, 1000, 1000))
    return np.asarray(cut, dtype=object), chance.choice(["A", "B", "C"], len(cut)).tolist()


@pytest.mark.parametrize("seed", range(5))
def test_pieces_of_border_give_the_distance_to_the_whole_border(seed: int) -> None:
    shapes, codes = _cells(seed)
    coverage = build_coverage(shapes, codes)
    labels = np.array(codes)
    rims = {code: shapely.union_all(shapes[labels == code]).boundary for code in set(codes)}
    for x, y in np.random.default_rng(seed + 100).uniform(50, 950, (60, 2)):
        place = shapely.Point(x, y)
        for code, rim in rims.items():
            away = shapely.distance(place, rim)
            edges = coverage.edges(code, x, y, away + 1.0)
            found = shapely.distance(place, shapely.linestrings(edges.reshape(-1, 2, 2))).min()
            assert found == pytest.approx(away, abs=1e-6)
    assert len(coverage.edges("A", 1e6, 1e6, 10.0)) == 0


@pytest.mark.parametrize("seed", range(5))
def test_what_a_box_rules_out_has_no_area(seed: int) -> None:
    """Overlays that are not asked about must be those that would have answered nothing."""
    shapes, codes = _cells(seed)
    labels = np.array(codes)
    overlays: list[Coverage] = [
        build_coverage(shapely.buffer(shapes[labels == code][:4], -10.0), ["*"] * 4)
        for code in ("A", "B", "C")
    ]
    chance = np.random.default_rng(seed + 200)
    corner = chance.uniform(0, 990, (200, 2))
    parcels = shapely.box(*corner.T, *(corner + chance.uniform(1, 40, (200, 2))).T)
    regions = np.asarray(parcels, dtype=object)
    met = dict(reach_of([(one,) for one in overlays]).met(regions))
    outlines = flatten(regions)
    for position, overlay in enumerate(overlays):
        area = set(measure_areas(overlay.index.grid, outlines).parcel.tolist())
        asked = met.get(position, [])
        assert area <= set(asked)
        assert len(asked) < len(regions)
        assert asked == sorted(asked)
