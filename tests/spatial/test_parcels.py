"""Parcels from bytes: never a ring called valid that GEOS refuses, never a byte read too far."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.errors import CrsError, SchemaError
from spatial.parcels import block_of, open_source
from spatial.parcels.simple import surely_valid
from spatial.parcels.source import column_named


def _sure(xy: list[tuple[float, float]]) -> bool:
    ring = np.array(xy, dtype=np.float64)
    return bool(surely_valid(ring, np.array([0, len(ring)]))[0])


def _geos(xy: list[tuple[float, float]]) -> bool:
    ring = shapely.polygons(np.array(xy, dtype=np.float64))
    with np.errstate(invalid="ignore"):
        return bool(shapely.is_valid(ring) and shapely.area(ring) > 0)


#: Few places, so that edges touch, overlap and repeat all the time.
NEAR = st.tuples(st.integers(0, 4), st.integers(0, 4))
#: The same far from the origin and turned, so that rounding decides.
FAR = st.sampled_from([(0.0, 1.0), (12_080_000.0, 0.1), (-900_000.0, 1e-3), (0.0, 1 / 3)])
FREE = st.tuples(
    st.floats(-1e7, 1e7, allow_subnormal=False), st.floats(-1e7, 1e7, allow_subnormal=False)
)


@settings(max_examples=3000)
@given(st.lists(NEAR, min_size=3, max_size=8), FAR)
def test_what_is_called_valid_is_valid_to_geos(
    corners: list[tuple[int, int]], far: tuple[float, float]
) -> None:
    away, step = far
    xy = [(away + x * step, away - y * step) for x, y in [*corners, corners[0]]]
    assert not (_sure(xy) and not _geos(xy))


@settings(max_examples=1500)
@given(st.lists(FREE, min_size=3, max_size=7))
def test_rings_of_any_numbers_too(corners: list[tuple[float, float]]) -> None:
    xy = [*corners, corners[0]]
    assert not (_sure(xy) and not _geos(xy))


def test_ordinary_parcels_are_cleared() -> None:
    """Otherwise it would be right and of no use."""
    rng = np.random.default_rng(7)
    for corners in (3, 4, 6, 11, 40):
        for _ in range(200):
            angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
            if np.diff(np.append(angle, angle[0] + 2 * np.pi)).max() > 3:
                continue
            away = rng.uniform(8, 12, corners)
            ring = np.column_stack((away * np.cos(angle), away * np.sin(angle))) + 12_080_000
            xy = [tuple(at) for at in np.vstack((ring, ring[:1]))]
            assert _sure(xy) == _geos(xy)


@pytest.mark.parametrize(
    ("name", "xy"),
    [
        ("bowtie", [(0, 0), (10, 10), (10, 0), (0, 10), (0, 0)]),
        ("spike", [(0, 0), (10, 0), (10, 5), (10, 0), (10, 10), (0, 0)]),
        ("flat", [(0, 0), (10, 0), (20, 0), (0, 0)]),
        ("touches itself", [(0, 0), (10, 0), (5, 5), (10, 10), (0, 10), (5, 5), (0, 0)]),
        ("vertex on an edge", [(0, 0), (10, 0), (10, 10), (5, 0), (0, 10), (0, 0)]),
        ("not closed", [(0, 0), (10, 0), (10, 10), (0, 1)]),
        ("not a number", [(0, 0), (10, 0), (float("nan"), 10), (0, 0)]),
        ("infinite", [(0, 0), (10, 0), (float("inf"), 10), (0, 0)]),
        ("too large", [(0, 0), (1e300, 0), (1e300, 1e300), (0, 0)]),
    ],
)
def test_what_is_wrong_is_not_cleared(name: str, xy: list[tuple[float, float]]) -> None:
    assert not _sure(xy), name


HOLED = shapely.box(0, 0, 9, 9).difference(shapely.box(3, 3, 4, 4))
BOWTIE = shapely.from_wkt("POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))")
MANY = shapely.Point(0, 0).buffer(5, quad_segs=40)


def test_every_record_is_in_one_group() -> None:
    shapes = [
        shapely.box(0, 0, 1, 1), HOLED, None, shapely.MultiPolygon([shapely.box(5, 5, 6, 6)]),
        BOWTIE, MANY, shapely.Point(1, 1), shapely.Polygon(), shapely.from_wkt("POLYGON Z ((0 0 1,"
        " 3 0 1, 3 3 1, 0 0 1))"), shapely.box(2, 2, 5, 5),
    ]  # fmt: skip
    records = [None if one is None else shapely.to_wkb(one) for one in shapes]
    records += [shapely.to_wkb(shapes[0], byte_order=0), b"", b"\x01\x03", b"\x01" * 40]
    for kind in (pa.binary(), pa.large_binary()):
        block = block_of(pa.array(records, kind))
        assert block.plain.tolist() == [0, 9]
        assert block.other.tolist() == [1, 3, 5, 8, 10]
        assert block.refused.tolist() == [2, 4, 6, 7, 11, 12, 13]
        assert [one.code for one in block.reasons] == [
            "geometry_missing", "self_intersection", "not_polygon", "geometry_empty",
            "wkb_unreadable", "wkb_unreadable", "wkb_unreadable",
        ]  # fmt: skip
        assert not shapely.has_z(block.shapes).any()
        np.testing.assert_array_equal(block.rings.xy[5:], shapely.get_coordinates(shapes[9]))
        # A slice begins somewhere in the middle of the bytes.
        assert block_of(pa.array(records, kind).slice(9, 2)).plain.tolist() == [0]


@settings(max_examples=400)
@given(st.data())
def test_changed_bytes_are_read_as_shapely_reads_them_or_refused(data: st.DataObject) -> None:
    record = bytearray(shapely.to_wkb(shapely.box(0, 0, 7, 3)))
    for _ in range(data.draw(st.integers(1, 4))):
        record[data.draw(st.integers(0, 20))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(record)))
    block = block_of(pa.array([bytes(record), bytes(record[:cut]), shapely.to_wkb(HOLED)]))
    assert len(block) == 3
    assert 2 in block.other
    for place, row in enumerate(block.plain.tolist()):
        read = shapely.from_wkb(bytes(record if row == 0 else record[:cut]))
        mine = block.rings.xy[block.rings.start[place] : block.rings.start[place + 1]]
        np.testing.assert_array_equal(mine, shapely.get_coordinates(read))


def test_a_curve_is_refused_for_itself_alone() -> None:
    box = shapely.to_wkb(shapely.box(0, 0, 7, 3))
    curve = b"\x01\x08" + box[2:]
    block = block_of(pa.array([shapely.to_wkb(HOLED), curve, shapely.to_wkb(HOLED), curve, box]))
    assert block.plain.tolist() == [4]
    assert block.other.tolist() == [0, 2]
    assert block.refused.tolist() == [1, 3]
    assert [reason.code for reason in block.reasons] == ["wkb_unreadable"] * 2


def test_files_that_are_something_else_are_left_to_the_reader(tmp_path: Path) -> None:
    path = tmp_path / "persil.parquet"
    path.write_bytes(b"PAR1 not really")
    assert open_source(path) is None
    frame = gpd.GeoDataFrame({"NOP": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:9489")
    frame.drop(columns="geometry").to_parquet(path)
    assert open_source(path) is None
    frame.to_parquet(path, geometry_encoding="geoarrow")
    assert open_source(path) is None
    frame.set_crs(None, allow_override=True).to_parquet(path)
    with pytest.raises(CrsError, match="states no CRS"):
        open_source(path)
    source = open_source(path, crs="EPSG:9489")
    assert source is not None
    assert source.crs.to_epsg() == 9489
    assert column_named(source, "nop") == "NOP"
    with pytest.raises(SchemaError, match="no column 'nib'"):
        column_named(source, "nib")


def test_positions_that_are_no_places_are_told_without_a_warning() -> None:
    """Not-a-number, infinity and what overflows: a reason or bounds that give it away."""
    no_places = [
        [(0, 0), (10, 0), (float("nan"), 10), (0, 0)],
        [(0, 0), (10, 0), (float("inf"), 10), (0, 0)],
        [(1e300, 1e300), (1e300, 0), (0, 0), (1e300, 1e300)],
    ]
    with np.errstate(invalid="ignore"):
        records = shapely.to_wkb([shapely.polygons(np.array(ring)) for ring in no_places])
    block = block_of(pa.array(records))
    assert [error.code for error in block.reasons] == ["coordinates_not_finite"] * 2
    assert block.other.tolist() == [2]


def test_a_curve_is_refused_alone() -> None:
    """shapely reads none of several records where one is a curve."""
    curve = bytearray(shapely.to_wkb(shapely.LineString([(0, 0), (1, 1), (2, 0)])))
    curve[1] = 8
    block = block_of(pa.array([shapely.to_wkb(HOLED), bytes(curve), shapely.to_wkb(HOLED)]))
    assert block.other.tolist() == [0, 2]
    assert block.refused.tolist() == [1]
    assert block.reasons[0].code == "wkb_unreadable"
