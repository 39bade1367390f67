"""Exposure closes, whatever the units, and polygon and raster forms of a hazard agree."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hazard import (
    NO_DATA,
    UNMAPPED,
    Hazard,
    class_rule,
    exposure,
    footprint_classes,
    hazard_from_grid,
    hazard_from_polygons,
    spread,
)
from spatial.crs import AREA_CRS, METRIC_CRS
from spatial.errors import ClosureError, LayerError, RasterError, SchemaError
from spatial.zonal import Grid, grid_from_array

X0, Y0, CELL = 12_300_000.0, -770_000.0, 100.0


def plane_grid(values: object, nodata: float = np.nan) -> Grid:
    return grid_from_array(
        values, crs=AREA_CRS, origin=(X0, Y0), cell=(CELL, -CELL), nodata=nodata, name="kelas.tif"
    )


def at(x: float, y: float) -> tuple[float, float]:
    """Place in cells, from the upper left corner of the grid."""
    return X0 + x * CELL, Y0 - y * CELL


def box(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    return shapely.box(*at(x0, y1), *at(x1, y0))


def frame(*shapes: shapely.Geometry, **columns: object) -> gpd.GeoDataFrame:
    kode = [f"33.99.01.{2001 + i}" for i in range(len(shapes))]
    return gpd.GeoDataFrame({"kode": kode, **columns}, geometry=list(shapes), crs=AREA_CRS)


@pytest.fixture(scope="module")
def codes() -> np.ndarray:
    """Classes 0..3 in clumps, 9 for no data."""
    rng = np.random.default_rng(11)
    clumps = np.kron(rng.integers(0, 4, (6, 8)), np.ones((4, 4), int))
    clumps[10:14, 5:9] = 9
    return clumps


@pytest.fixture(scope="module")
def raster(codes: np.ndarray) -> Hazard:
    return hazard_from_grid(plane_grid(codes, 9), class_rule("tiga_kelas"), name="banjir")


@pytest.fixture(scope="module")
def polygons(codes: np.ndarray) -> Hazard:
    """The same map, drawn cell by cell, no data as a blank word."""
    rows, cols = np.indices(codes.shape)
    cells = shapely.box(
        X0 + cols * CELL, Y0 - (rows + 1) * CELL, X0 + (cols + 1) * CELL, Y0 - rows * CELL
    ).ravel()
    words = np.array(["Tidak Ada", "Rendah", "Sedang", "TINGGI"], object)
    word = [words[code] if code < 4 else None for code in codes.ravel()]
    drawn = gpd.GeoDataFrame({"kelas": word}, geometry=cells, crs=AREA_CRS)
    return hazard_from_polygons(drawn, class_rule("tiga_kelas"), column="kelas", name="banjir")


def desa(seed: int, count: int = 12, reach: float = 4.0) -> gpd.GeoDataFrame:
    """A coverage without gaps that reaches beyond the map."""
    rng = np.random.default_rng(seed)
    points = [at(*xy) for xy in rng.random((count, 2)) * [32 + 2 * reach, 24 + 2 * reach] - reach]
    extent = box(-reach, -reach, 32 + reach, 24 + reach)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points)))
    return frame(*shapely.intersection(cells, extent))


def exposed(kind: str, seed: int = 3) -> gpd.GeoDataFrame | None:
    rng = np.random.default_rng(seed)
    places = rng.random((40, 2)) * [40, 32] - 4
    if kind == "titik":
        return frame(*[shapely.Point(at(*xy)) for xy in places])
    if kind == "jalan":
        return frame(
            *[shapely.LineString([at(*xy), at(*(xy + 3)), at(*xy[::-1])]) for xy in places]
        )
    if kind == "bangunan":
        return frame(*[box(*xy, *(xy + rng.random(2) * 2 + 0.01)) for xy in places])
    return None


@pytest.mark.parametrize("kind", ["lahan", "bangunan", "jalan", "titik"])
def test_polygon_and_raster_forms_of_a_hazard_give_the_same_table(
    raster: Hazard, polygons: Hazard, kind: str
) -> None:
    units, of = desa(1), exposed(kind)
    one = exposure(raster, units, unit_id="kode", of=of)
    two = exposure(polygons, units, unit_id="kode", of=of)
    scale = one.table["amount"].sum()
    np.testing.assert_allclose(one.table["amount"], two.table["amount"], atol=1e-9 * scale)
    assert one.unit == two.unit


def test_counted_buildings_agree_in_both_forms(raster: Hazard, polygons: Hazard) -> None:
    of = exposed("bangunan")
    tables = [
        exposure(h, desa(1), unit_id="kode", of=of, count=True).table for h in (raster, polygons)
    ]
    pd.testing.assert_frame_equal(*tables)
    assert tables[0]["amount"].sum() == 40


@given(st.integers(0, 10_000), st.sampled_from(["lahan", "bangunan", "jalan", "titik"]))
@settings(max_examples=12)
def test_any_units_with_gaps_and_overlaps_close(seed: int, kind: str) -> None:
    values = np.random.default_rng(seed).integers(0, 5, (24, 32))
    hazard = hazard_from_grid(plane_grid(values, 4), class_rule("tiga_kelas"), name="banjir")
    units = desa(seed, 6)
    shifted = units.set_geometry(units.geometry.scale(1.1, 0.9))
    result = exposure(hazard, shifted, unit_id="kode", of=exposed(kind, seed))
    account = result.accounts.iloc[0]
    assert account["units"] == pytest.approx(result.table["amount"].sum(), rel=1e-12)
    whole = account["units"] + account["gap"] - account["overlap"]
    assert whole == pytest.approx(account["whole"], rel=1e-8)


def test_missing_and_unmapped_are_not_safe(raster: Hazard, codes: np.ndarray) -> None:
    units = frame(box(-10, 0, 32, 24))
    wide = exposure(raster, units, unit_id="kode").wide().iloc[0]
    assert wide[NO_DATA] == pytest.approx(16 * CELL**2)
    assert wide[UNMAPPED] == pytest.approx(240 * CELL**2)
    assert wide["tidak_ada"] == pytest.approx((codes == 0).sum() * CELL**2)


def test_ground_under_no_polygon_is_unmapped_unless_it_was_studied() -> None:
    drawn = frame(box(0, 0, 4, 4), kelas=["tinggi"])
    unit, rule = frame(box(0, 0, 8, 4)), class_rule("tiga_kelas")
    open_map = hazard_from_polygons(drawn, rule, column="kelas", name="longsor")
    assert exposure(open_map, unit, unit_id="kode").wide().iloc[0][UNMAPPED] == 16 * CELL**2
    studied = hazard_from_polygons(
        drawn, rule, column="kelas", name="longsor", mapped=frame(box(0, 0, 6, 4))
    )
    wide = exposure(studied, unit, unit_id="kode").wide().iloc[0]
    assert (wide["tidak_ada"], wide[UNMAPPED]) == (8 * CELL**2, 8 * CELL**2)


def test_the_worst_class_counts_where_polygons_overlap_and_it_is_noted() -> None:
    drawn = frame(box(0, 0, 4, 4), box(2, 0, 6, 4), kelas=["3", "1"])
    hazard = hazard_from_polygons(drawn, class_rule("tiga_kelas"), column="kelas", name="banjir")
    wide = exposure(hazard, frame(box(0, 0, 6, 4)), unit_id="kode").wide().iloc[0]
    assert (wide["rendah"], wide["tinggi"]) == (8 * CELL**2, 16 * CELL**2)
    assert [note.code for note in hazard.notes] == ["hazard_classes_overlap"]


def test_scenarios_and_hazards_are_measured_in_one_table() -> None:
    bands = np.stack([np.full((4, 4), 0.0), np.full((4, 4), 0.5), np.full((4, 4), 2.0)])
    rule = class_rule("banjir_kedalaman_bnpb")
    flood = hazard_from_grid(
        plane_grid(bands), rule, name="banjir", scenarios=["005", "025", "100"]
    )
    slide = hazard_from_grid(
        plane_grid(np.ones((4, 4), int), 9), class_rule("tiga_kelas"), name="longsor"
    )
    wide = exposure([flood, slide], frame(box(1, 1, 3, 3)), unit_id="kode").wide()
    assert len(wide) == 4
    assert wide.loc[("banjir", "025"), "rendah"].iloc[0] == 4 * CELL**2
    assert wide.loc[("banjir", "100"), "tinggi"].iloc[0] == 4 * CELL**2


@pytest.mark.parametrize("crs", [METRIC_CRS, "EPSG:4326"])
def test_rasters_off_the_plane_still_add_up_to_plane_areas(crs: str) -> None:
    degrees = crs == "EPSG:4326"
    origin, step = ((110.5, -6.9), 0.001) if degrees else ((445000, 9237000), 110.0)
    values = np.random.default_rng(2).integers(0, 4, (60, 60))
    grid = grid_from_array(values, crs=crs, origin=origin, cell=(step, -step), nodata=9)
    hazard = hazard_from_grid(grid, class_rule("tiga_kelas"), name="banjir")
    circle = shapely.Point(origin[0] + 30 * step, origin[1] - 25 * step).buffer(35 * step)
    unit = gpd.GeoDataFrame({"kode": ["a"]}, geometry=[circle], crs=crs)
    result = exposure(hazard, unit, unit_id="kode")
    [true] = unit.to_crs(AREA_CRS).area
    assert result.table["amount"].sum() == pytest.approx(true, rel=1e-7)
    assert result.wide().iloc[0][UNMAPPED] > 0


def test_people_of_a_raster_close_on_the_same_and_on_other_cells(raster: Hazard) -> None:
    rng = np.random.default_rng(4)
    people = rng.random((24, 32)) * 50
    coarse = grid_from_array(
        rng.random((8, 9)) * 400, crs=AREA_CRS, origin=at(-3.3, -2.1), cell=(430, -410)
    )
    for grid, whole in ((plane_grid(people), people.sum()), (coarse, coarse.values().sum())):
        units = desa(5)[1:]
        result = exposure(raster, units, unit_id="kode", of=grid)
        account = result.accounts.iloc[0]
        assert account["whole"] == pytest.approx(whole)
        assert account["gap"] > 0
        assert result.wide()[NO_DATA].sum() > 0


def test_people_against_polygons_equal_people_against_cells(
    raster: Hazard, polygons: Hazard
) -> None:
    people = plane_grid(np.random.default_rng(4).random((24, 32)) * 50)
    one = exposure(raster, desa(5), unit_id="kode", of=people).table
    two = exposure(polygons, desa(5), unit_id="kode", of=people).table
    np.testing.assert_allclose(one["amount"], two["amount"], atol=1e-6)


def test_spreading_keeps_the_sum_and_refuses_another_crs() -> None:
    people = plane_grid([[3.0, 5.0], [7.0, np.nan]])
    fine = grid_from_array(np.zeros((7, 7)), crs=AREA_CRS, origin=at(-0.3, -0.3), cell=(41, -41))
    assert np.nansum(spread(people, fine).values()) == pytest.approx(15.0)
    metric = grid_from_array([[1.0]], crs=METRIC_CRS, origin=(0, 0), cell=(1, -1))
    with pytest.raises(RasterError, match="UTM"):
        spread(people, metric)


def test_footprints_have_worst_and_most_and_do_not_hide_what_is_unknown(raster: Hazard) -> None:
    grid = plane_grid([[0.0, 1.0], [np.nan, 2.0]])
    flood = hazard_from_grid(grid, class_rule("banjir_kedalaman_bnpb"), name="banjir")
    houses = frame(box(0.2, 0.2, 1.1, 0.4), box(0.1, 0.8, 0.4, 1.8), box(0.4, 1.4, 1.5, 1.6))
    table = footprint_classes(houses, flood)
    assert table["worst"].tolist() == ["sedang", NO_DATA, "tinggi"]
    assert table["most"].tolist() == ["tidak_ada", NO_DATA, NO_DATA]
    shares = table.filter(like="share_").sum(axis=1)
    np.testing.assert_allclose(shares, 1.0)
    assert table["mean_value"].tolist() == pytest.approx([1 / 9, 0.0, 2.0])


def test_overlapping_units_are_listed_by_name(raster: Hazard) -> None:
    units = frame(box(0, 0, 8, 8), box(6, 0, 12, 8))
    result = exposure(raster, units, unit_id="kode")
    assert [note.details["unit"] for note in result.notes] == ["33.99.01.2002"]
    assert result.accounts.loc[0, "overlap"] == pytest.approx(16 * CELL**2)


def test_land_within_a_border_is_the_whole(raster: Hazard) -> None:
    units = frame(box(0, 0, 8, 8), box(8, 0, 16, 8))
    border = frame(box(0, 0, 12, 10))
    account = exposure(raster, units, unit_id="kode", within=border).accounts.iloc[0]
    assert account["whole"] == pytest.approx(120 * CELL**2)
    assert account["gap"] == pytest.approx(24 * CELL**2)


@pytest.mark.parametrize("kind", ["lahan", "bangunan", "jalan", "titik"])
def test_without_units_all_is_one_unit(raster: Hazard, polygons: Hazard, kind: str) -> None:
    of = exposed(kind)
    for hazard in (raster, polygons):
        result = exposure(hazard, None, of=of)
        assert result.wide().index.get_level_values("unit_id").tolist() == ["semua"]
        account = result.accounts.iloc[0]
        assert account["units"] == pytest.approx(account["whole"])
        assert account["gap"] == 0
    people = plane_grid(np.full((24, 32), 2.0))
    assert exposure(raster, None, of=people).table["amount"].sum() == pytest.approx(2 * 24 * 32)


def test_what_cannot_be_accounted_for_is_refused(raster: Hazard) -> None:
    with pytest.raises(SchemaError, match=r"33\.99\.01\.2001 stands in the layer 2 times"):
        exposure(
            raster,
            frame(box(0, 0, 1, 1), box(1, 0, 2, 1)).assign(kode="33.99.01.2001"),
            unit_id="kode",
        )
    with pytest.raises(SchemaError, match="no column"):
        exposure(raster, desa(1), unit_id="KODE")
    with pytest.raises(SchemaError, match="1 units have no kode, first at row 1"):
        exposure(
            raster, frame(box(0, 0, 1, 1), box(1, 0, 2, 1)).assign(kode=["a", None]), unit_id="kode"
        )
    mixed = frame(box(0, 0, 1, 1), shapely.Point(at(1, 1)))
    with pytest.raises(LayerError, match="mixes"):
        exposure(raster, desa(1), unit_id="kode", of=mixed)
    with pytest.raises(LayerError, match="negative"):
        exposure(raster, desa(1), unit_id="kode", of=plane_grid(np.full((24, 32), -9999.0)))
    with pytest.raises(SchemaError, match="bands"):
        hazard_from_grid(plane_grid(np.zeros((2, 2, 2))), raster.rule, name="x")


def test_a_table_that_does_not_close_names_the_unit(
    raster: Hazard, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hazard import exposure as public
    from hazard.measure import areas_by_class

    def lossy(shapes: np.ndarray, hazard: Hazard) -> np.ndarray:
        amounts = areas_by_class(shapes, hazard)
        amounts[2] *= 0.99
        return amounts

    monkeypatch.setitem(public.__globals__, "areas_by_class", lossy)
    with pytest.raises(ClosureError, match=r"33\.99\.01\.2003") as refused:
        exposure(raster, desa(1), unit_id="kode")
    assert refused.value.code == "unit_open"
