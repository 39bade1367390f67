"""Shares of parcels in zones: exact, whole, and honest about what has no answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from spatial import shares
from spatial.errors import CrsError, GeometryError, SchemaError

PLANE = "ESRI:54034"


def _frame(shapes: dict[str, BaseGeometry], crs: str = PLANE) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"zona": list(shapes)}, geometry=list(shapes.values()), crs=crs)


def _parcels(*shapes: BaseGeometry | None, crs: str = PLANE) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), index=[f"P{i}" for i in range(len(shapes))], crs=crs)


def _closes(table: pd.DataFrame, parcels: gpd.GeoSeries) -> None:
    """Parts minus overlap plus rest equal the parcel to 1e-9 of it."""
    sums = table.groupby("parcel_id")[["area_m2", "overlap_m2"]].sum()
    whole = parcels.area
    np.testing.assert_allclose(
        (sums["area_m2"] - sums["overlap_m2"])[whole.index], whole, rtol=1e-9
    )


def test_a_parcel_over_two_zones_and_the_open() -> None:
    zones = _frame({"R-2": shapely.box(0, 0, 10, 10), "K-3": shapely.box(10, 0, 20, 10)})
    parcels = _parcels(shapely.box(6, 2, 16, 12))
    table = shares(parcels, zones, by="zona")
    assert table["zone"].tolist()[:2] == ["K-3", "R-2"]
    assert pd.isna(table["zone"].iloc[2])
    assert table["area_m2"].tolist() == [48, 32, 20]
    _closes(table, parcels)


def test_touching_is_not_inside() -> None:
    zones = _frame({"R-2": shapely.box(0, 0, 10, 10), "K-3": shapely.box(10, 0, 20, 10)})
    assert shares(_parcels(shapely.box(2, 2, 10, 8)), zones, by="zona")["zone"].tolist() == ["R-2"]


def test_holes_count_in_parcel_and_zone() -> None:
    parcel = shapely.box(0, 0, 50, 50).difference(shapely.box(10, 10, 40, 40))
    zone = shapely.box(0, 0, 50, 50).difference(shapely.box(0, 0, 10, 10))
    table = shares(_parcels(parcel), _frame({"R-2": zone}), by="zona")
    assert table["area_m2"].tolist() == [1500, 100]


def test_overlapping_zones_are_named_and_counted_once() -> None:
    zones = _frame({"B": shapely.box(0, 0, 10, 10), "A": shapely.box(5, 0, 15, 10)})
    parcels = _parcels(shapely.box(0, 0, 20, 10))
    table = shares(parcels, zones, by="zona").set_index("zone")
    assert (table.loc["B", "overlap_m2"], table.loc["B", "overlap_with"]) == (50, "A")
    assert table.loc["A", "overlap_m2"] == 0
    _closes(table.reset_index(), parcels)


def test_three_zones_over_one_place_close_too() -> None:
    box = shapely.box(0, 0, 10, 10)
    parcels = _parcels(box)
    table = shares(parcels, _frame({"A": box, "B": box, "C": box}), by="zona")
    assert table["overlap_m2"].tolist() == [0, 100, 100]
    assert table["overlap_with"].tolist() == ["", "A", "A; B"]
    _closes(table, parcels)


def test_pieces_of_one_code_are_a_union() -> None:
    """Twenty pieces of 0.9 m2 are 18 m2 of one zone, and doubled pieces count once."""
    pieces = [shapely.box(2 * i, 0, 2 * i + 0.9, 1) for i in range(20)]
    zones = gpd.GeoDataFrame({"zona": ["X"] * 40}, geometry=pieces * 2, crs=PLANE)
    table = shares(_parcels(shapely.box(0, 0, 100, 1)), zones, by="zona")
    assert table["area_m2"].iloc[0] == pytest.approx(18, rel=1e-12)
    assert table["overlap_m2"].iloc[0] == 0


def test_a_faulty_parcel_keeps_its_row_and_says_why() -> None:
    bowtie = shapely.from_wkt("POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))")
    good = shapely.box(0, 0, 10, 10)
    table = shares(_parcels(good, bowtie, None, good), _frame({"R-2": good}), by="zona")
    assert table["parcel_id"].tolist() == ["P0", "P1", "P2", "P3"]
    assert table["status"].tolist() == ["", "self_intersection", "geometry_missing", ""]
    assert table.loc[1, ["area_m2", "share", "overlap_m2"]].isna().all()


def test_a_faulty_zone_is_refused_by_name() -> None:
    bowtie = shapely.from_wkt("POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))")
    box = shapely.box(0, 0, 1, 1)
    with pytest.raises(GeometryError, match=r"zone 'K-3' \(row 1\).*crosses itself at \(5, 5\)"):
        shares(_parcels(box), _frame({"R-2": box, "K-3": bowtie}), by="zona")


def test_a_missing_column_or_crs_is_refused() -> None:
    box = shapely.box(0, 0, 1, 1)
    with pytest.raises(SchemaError, match=r"no column 'KODZON'.*It has: zona"):
        shares(_parcels(box), _frame({"R": box}), by="KODZON")
    with pytest.raises(CrsError, match="zone layer states no coordinate reference system"):
        shares(_parcels(box), _frame({"R": box}).set_crs(None, allow_override=True), by="zona")


def test_nothing_at_all_gives_an_empty_table_with_its_columns() -> None:
    table = shares(_parcels(), _frame({"R": shapely.box(0, 0, 1, 1)}), by="zona")
    assert table.empty
    assert "overlap_m2" in table


def test_frames_of_different_crs_meet_on_the_plane() -> None:
    degrees = gpd.GeoSeries(
        [shapely.box(110.4, -7.0, 110.41, -6.99)], index=["P0"], crs="EPSG:4326"
    )
    around = degrees.to_crs("EPSG:9489").buffer(500)
    zone = gpd.GeoDataFrame({"zona": ["R"]}, geometry=around.values, crs="EPSG:9489")
    table = shares(degrees, zone, by="zona")
    geodesic_m2 = 1_221_980
    assert table["share"].tolist() == pytest.approx([1.0], rel=1e-12)
    assert table["area_m2"].iloc[0] == pytest.approx(geodesic_m2, rel=2e-4)


def test_a_long_edge_keeps_its_course() -> None:
    """One parcel corner to corner over a degree: undensified it would be off by hectares."""
    parcel = gpd.GeoSeries.from_wkt(["POLYGON ((110 -7, 111 -6, 110 -6, 110 -7))"], crs="EPSG:4326")
    dense = parcel.segmentize(0.001)
    zone = _frame({"R": shapely.box(109, -8, 112, -5)}, crs="EPSG:4326")
    coarse, fine = (shares(p, zone, by="zona")["area_m2"].iloc[0] for p in (parcel, dense))
    # A millimetre along 150 km of edge is at most 100 m2 of six billion.
    assert coarse == pytest.approx(fine, abs=100)
    assert abs(parcel.to_crs("ESRI:54034").area.iloc[0] - fine) > 10_000


@st.composite
def partitions(draw: st.DrawFn) -> tuple[gpd.GeoDataFrame, gpd.GeoSeries]:
    """Boxes as zones, which may overlap, and rotated quadrilaterals as parcels."""
    number = st.integers(0, 30)
    zones = {}
    for i in range(draw(st.integers(1, 5))):
        x, y = draw(number), draw(number)
        zones[f"Z{i}"] = shapely.box(
            x, y, x + draw(st.integers(1, 20)), y + draw(st.integers(1, 20))
        )
    corners = st.lists(st.tuples(st.floats(0, 50), st.floats(0, 50)), min_size=3, max_size=6)
    hulls = [
        shapely.MultiPoint(c).convex_hull for c in draw(st.lists(corners, min_size=1, max_size=4))
    ]
    kept = [hull for hull in hulls if hull.geom_type == "Polygon" and hull.area > 1e-3]
    return _frame(zones), _parcels(*kept)


@given(partitions())
def test_parts_minus_overlap_plus_rest_is_the_parcel(
    case: tuple[gpd.GeoDataFrame, gpd.GeoSeries],
) -> None:
    zones, parcels = case
    table = shares(parcels, zones, by="zona")
    assert set(table["parcel_id"]) == set(parcels.index)
    if len(parcels):
        _closes(table, parcels)


@given(partitions(), st.randoms(use_true_random=False))
def test_order_of_zones_and_parcels_never_matters(
    case: tuple[gpd.GeoDataFrame, gpd.GeoSeries], chance: object
) -> None:
    zones, parcels = case
    one = shares(parcels, zones, by="zona")
    other = shares(parcels[::-1], zones[::-1], by="zona")
    keys = ["parcel_id", "zone"]
    pd.testing.assert_frame_equal(
        one.sort_values(keys, ignore_index=True), other.sort_values(keys, ignore_index=True)
    )


def test_one_by_one_equals_all_at_once() -> None:
    chance = np.random.default_rng(7)
    zones = _frame({f"Z{i}": shapely.box(i * 10, 0, i * 10 + 11, 40) for i in range(4)})
    parcels = _parcels(
        *(shapely.Point(x, y).buffer(r, 3) for x, y, r in chance.uniform(5, 35, (20, 3)))
    )
    together = shares(parcels, zones, by="zona")
    alone = pd.concat([shares(parcels.iloc[[i]], zones, by="zona") for i in range(20)])
    pd.testing.assert_frame_equal(together, alone.reset_index(drop=True))


def test_threads_may_share_zones_and_parcels() -> None:
    zones = _frame({f"Z{i}": shapely.Point(i * 7, 0).buffer(9, 200) for i in range(8)})
    parcels = _parcels(*(shapely.box(i, -3, i + 2, 3) for i in range(50)))
    expected = shares(parcels, zones, by="zona")
    with ThreadPoolExecutor(8) as pool:
        for got in pool.map(lambda _: shares(parcels, zones, by="zona"), range(24)):
            pd.testing.assert_frame_equal(got, expected)
