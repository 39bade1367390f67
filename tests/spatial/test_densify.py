"""Splitting of edges for a projection: true to a millimetre, alike for all who share them."""

from __future__ import annotations

import subprocess
import sys

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spatial import shares
from spatial.crs import operation, project
from spatial.densify import TOLERANCE_M, bends

DEGREES, PLANE = "EPSG:4326", "ESRI:54034"
#: Two zones with a border of four kilometres; one of them is many times longer than the other.
LEFT = shapely.Polygon([(110, -7), (110.02, -7), (110.021, -6.96), (110, -6.97)])
RIGHT = shapely.Polygon([(110.02, -7), (110.9, -7), (110.9, -6.5), (110.021, -6.96)])


def test_neighbours_stay_neighbours() -> None:
    left, right = project(np.array([LEFT, RIGHT]), DEGREES, PLANE)
    assert shapely.intersection(left, right).area == 0.0
    assert shapely.union(left, right).area == pytest.approx(left.area + right.area, rel=1e-15)
    shared = {tuple(xy) for xy in shapely.get_coordinates(left)} & {
        tuple(xy) for xy in shapely.get_coordinates(right)
    }
    assert len(shared) > 2


def test_a_parcel_on_the_border_has_neither_overlap_nor_gap() -> None:
    zones = gpd.GeoDataFrame({"zona": ["A", "B"]}, geometry=[LEFT, RIGHT], crs=DEGREES)
    boxes = [shapely.box(110.0195, y, 110.0215, y + 1e-4) for y in (-6.99, -6.985, -6.98)]
    parcels = gpd.GeoSeries(boxes, crs=DEGREES)
    table = shares(parcels, zones, by="zona")
    assert table["zone"].tolist() == ["A", "B"] * 3
    assert table["overlap_m2"].sum() == 0.0
    assert table.groupby("parcel_id")["share"].sum().tolist() == pytest.approx([1.0] * 3, rel=1e-9)


def test_every_kind_keeps_its_kind_and_its_course() -> None:
    hole = shapely.box(112.2, -6.8, 112.8, -6.2)
    several = shapely.MultiPolygon([LEFT, shapely.box(112, -7, 113, -6)]).difference(hole)
    line = shapely.LineString([(110, -7), (111, -6)])
    lines = shapely.MultiLineString([line, shapely.LineString([(112, -7), (113, -6)])])
    shapes = np.array([several, line, LEFT, lines, shapely.Point(110, -7), None], dtype=object)
    made = project(shapes, DEGREES, PLANE)
    kinds = ["MultiPolygon", "LineString", "Polygon", "MultiLineString", "Point"]
    assert [shape.geom_type for shape in made[:5]] == kinds
    assert made[5] is None
    back = operation(PLANE, DEGREES)
    for shape in made[:4]:
        for part in shapely.get_parts(shape):
            xy = shapely.get_coordinates(part.boundary if part.area else part)
            steps = np.hypot(*np.diff(xy, axis=0).T)
            near = steps < 50_000
            there = operation(DEGREES, PLANE)
            assert bends(back(xy), there(back(xy)), there)[near].max() < 1.1 * TOLERANCE_M
    fine = project(np.array([shapely.segmentize(several, 0.0005)]), DEGREES, PLANE)[0]
    assert made[0].area == pytest.approx(fine.area, rel=1e-9)


def test_threads_may_share_an_operation() -> None:
    """In a process of its own: shared pipelines of PROJ end it with a fault of memory."""
    script = """
import threading
import numpy as np
from spatial.crs import operation
move = operation("OGC:CRS84", "EPSG:9489")
xy = np.random.default_rng(1).uniform((110, -7.5), (111, -6.5), (20_000, 2))
expected, wrong = move(xy), []
def ask():
    for _ in range(60):
        if not np.array_equal(move(xy), expected):
            wrong.append(1)
threads = [threading.Thread(target=ask) for _ in range(4)]
for one in threads: one.start()
for one in threads: one.join()
assert not wrong
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
