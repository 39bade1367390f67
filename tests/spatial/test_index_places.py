"""Points, boxes, distances and files of the index, each beside brute force."""

from __future__ import annotations

import pickle
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from spatial import shares
from spatial.errors import CorruptError, StoreError
from spatial.index import ZoneIndex, build_index, index_of, open_index, save_index
from spatial.shares import shares_in, shares_in_all
from tests.spatial.agreeing import FAR, array_of, carried, mosaic, star

PLANE = "ESRI:54034"


@pytest.fixture(scope="module")
def zones() -> list[shapely.Polygon]:
    chance = np.random.default_rng(5)
    holed = star(chance, 300, 300, 120, 30).difference(shapely.Point(300, 300).buffer(15))
    return [*mosaic(chance, 25, 500.0), holed, star(chance, 900, 200, 60, 12)]


@pytest.fixture(scope="module")
def index(zones: list[shapely.Polygon]) -> ZoneIndex:
    return index_of(array_of(carried(zones)), [f"Z{i:02d}" for i in range(len(zones))], PLANE)


def test_points_lie_where_geos_says(index: ZoneIndex, zones: list[shapely.Polygon]) -> None:
    points = np.random.default_rng(1).uniform(-120, 1000, (800, 2)) + FAR
    row, code = index.at(points)
    got = {(int(r), index.codes[c]) for r, c in zip(row, code, strict=True)}
    tree = shapely.STRtree(array_of(carried(zones)))
    where, zone = tree.query(shapely.points(points), predicate="within")
    assert got == {(int(r), f"Z{z:02d}") for r, z in zip(where, zone, strict=True)}
    assert len(got) > 200


def test_boxes_meet_what_geos_says(index: ZoneIndex, zones: list[shapely.Polygon]) -> None:
    chance = np.random.default_rng(2)
    moved = carried(zones)
    for x, y, w, h in chance.uniform([-150, -150, 1, 1], [1000, 600, 200, 200], (150, 4)):
        box = shapely.box(FAR[0] + x, FAR[1] + y, FAR[0] + x + w, FAR[1] + y + h)
        met = {f"Z{i:02d}" for i, zone in enumerate(moved) if shapely.intersects(box, zone)}
        assert set(index.in_box(box.bounds)) == met


@pytest.mark.parametrize("within", [3.0, 60.0])
def test_borders_are_as_far_as_geos_says(
    index: ZoneIndex, zones: list[shapely.Polygon], within: float
) -> None:
    chance = np.random.default_rng(3)
    shapes = [star(chance, *chance.uniform(0, 600, 2), 8, 7) for _ in range(40)]
    shapes += [shapely.Point(chance.uniform(0, 600, 2)) for _ in range(40)]
    asked = array_of(carried(shapes))
    row, code, away = index.borders(asked, within)
    rims = shapely.boundary(array_of(carried(zones)))
    expected = {
        (r, c): d
        for r in range(len(asked))
        for c, d in enumerate(shapely.distance(asked[r], rims))
        if d <= within
    }
    got = {(int(r), int(c)): d for r, c, d in zip(row, code, away, strict=True)}
    assert got.keys() == expected.keys()
    for key, distance in got.items():
        assert distance == pytest.approx(expected[key], abs=1e-7)


def test_the_nearest_zone_from_far_away(index: ZoneIndex, zones: list[shapely.Polygon]) -> None:
    place = shapely.Point(FAR[0] + 9000, FAR[1] + 500)
    away = shapely.distance(place, array_of(carried(zones)))
    found = index.nearest(place)
    assert found is not None
    assert found[0] == f"Z{int(np.argmin(away)):02d}"
    assert found[1] == pytest.approx(away.min(), abs=1e-7)


def test_an_empty_index_answers() -> None:
    empty = index_of(np.empty(0, dtype=object), [], PLANE)
    plot = np.array([shapely.box(0, 0, 1, 1)])
    assert empty.areas(plot).rest.tolist() == [1.0]
    assert empty.at(np.zeros((1, 2)))[0].size == 0
    assert empty.in_box((0, 0, 1, 1)) == ()
    assert empty.nearest(plot[0]) is None


def test_a_saved_index_gives_the_same_bytes(
    index: ZoneIndex, zones: list[shapely.Polygon], tmp_path: Path
) -> None:
    path = tmp_path / "zona.idx"
    save_index(index, path, source="abc")
    again = open_index(path, source="abc", verify=True)
    assert (again.codes, again.crs) == (index.codes, index.crs)
    plots = array_of(carried([star(np.random.default_rng(4), 250, 250, 200, 60), *zones[:5]]))
    assert pickle.dumps(again.areas(plots)) == pickle.dumps(index.areas(plots))
    assert [p.name for p in tmp_path.iterdir()] == ["zona.idx"]


def test_a_changed_index_is_not_used(index: ZoneIndex, tmp_path: Path) -> None:
    path = tmp_path / "zona.idx"
    save_index(index, path, source="abc")
    whole = path.read_bytes()
    with pytest.raises(CorruptError, match="made from another version"):
        open_index(path, source="abd")
    for change, reason in [
        (whole[:-1], "its length is not what it was"),
        (whole[:40] + b"#" + whole[41:], "its header was changed"),
        (b"PK" + whole[2:], "no index of this version"),
        (whole[:5], "no index of this version"),
    ]:
        path.write_bytes(change)
        with pytest.raises(CorruptError, match=reason):
            open_index(path, source="abc")
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    path.write_bytes(flipped)
    with pytest.raises(CorruptError, match="its bytes were changed"):
        open_index(path, source="abc", verify=True)


def test_an_index_that_cannot_be_written_says_so(index: ZoneIndex, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"index zona\.idx cannot be written"):
        save_index(index, tmp_path / "no" / "zona.idx")


def test_shares_by_index_are_the_shares() -> None:
    zones = gpd.GeoDataFrame(
        {"zona": ["A", None, "B"]},
        geometry=[shapely.box(0, 0, 5, 9), shapely.box(5, 0, 7, 9), shapely.box(6, 0, 9, 9)],
        crs=PLANE,
    )
    parcels = gpd.GeoSeries([shapely.box(1, 1, 8, 2), shapely.box(50, 0, 51, 1)], crs=PLANE)
    table = shares_in(parcels, build_index(zones, by="zona"))
    assert table.equals(shares(parcels, zones, by="zona"))
    assert table["area_m2"].tolist() == [4.0, 2.0, 1.0, 1.0]
    assert table.attrs["answered"] == {
        "outside": 1, "pure": 0, "clipped": 1, "overlapping": 0, "unbounded": 0
    }  # fmt: skip


def test_several_layers_in_one_call_are_each_by_itself() -> None:
    zones = gpd.GeoDataFrame(
        {"zona": ["A", "B"]}, geometry=[shapely.box(0, 0, 5, 9), shapely.box(5, 0, 9, 9)], crs=PLANE
    )
    bowtie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    parcels = gpd.GeoSeries([shapely.box(1, 1, 8, 2), bowtie, None], index=list("xyz"), crs=PLANE)
    metric = zones.to_crs("EPSG:9489")
    indexes = {
        "satu": build_index(zones, by="zona"),
        "dua": build_index(zones[:1], by="zona"),
        "tiga": build_index(metric, by="zona", crs="EPSG:9489"),
    }
    table = shares_in_all(parcels, indexes)
    assert table["layer"].unique().tolist() == list(indexes)
    for name, index in indexes.items():
        mine = table[table["layer"] == name].drop(columns="layer").reset_index(drop=True)
        assert mine.equals(shares_in(parcels, index))
    assert shares_in_all(parcels, {}).empty
