"""Real layers of Jawa Tengah through the whole way: they close, and agree with what is stated."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from hazard import (
    ClassRule,
    class_rule,
    exposure,
    footprint_classes,
    hazard_from_grid,
    hazard_from_polygons,
)
from layers import read
from spatial.crs import METRIC_CRS
from spatial.zonal import open_grid

pytestmark = pytest.mark.realdata


@pytest.fixture(scope="module")
def kelurahan(geodata: Path) -> gpd.GeoDataFrame:
    return read(geodata / "semarang-barat" / "kelurahan_boundary.geojson").features


def test_flood_of_semarang_barat_has_its_stated_areas_and_closes(
    geodata: Path, kelurahan: gpd.GeoDataFrame
) -> None:
    drawn = read(geodata / "semarang-barat" / "bahaya_banjir.geojson").features
    column = next(name for name in drawn if drawn[name].astype(str).eq("Sedang").any())
    flood = hazard_from_polygons(drawn, class_rule("tiga_kelas"), column=column, name="banjir")
    whole = gpd.GeoDataFrame(
        {"id": ["semua"]}, geometry=[drawn.union_all().envelope], crs=drawn.crs
    )
    areas = exposure(flood, whole, unit_id="id").wide().iloc[0] / 1e4
    # Stated in UTM, whose scale is 0.9996 here: true areas are 0.08 % larger.
    stated = np.array([108.7, 112.2, 53.4])
    np.testing.assert_allclose(areas[["rendah", "sedang", "tinggi"]], stated, rtol=2e-3)
    result = exposure(flood, kelurahan, unit_id="id", within=kelurahan)
    account = result.accounts.iloc[0]
    assert abs(account["residual"]) <= 1e-8 * account["whole"]
    # One boundary of this layer lies over others, which is said and counted.
    assert [note.details["unit"] for note in result.notes] == ["manyaran"]
    assert account["overlap"] == pytest.approx(13_247, abs=100)


def test_landslide_zones_as_cells_equal_them_as_polygons(
    geodata: Path, kelurahan: gpd.GeoDataFrame, tmp_path: Path
) -> None:
    """The polygons are a vectorised raster of 30 m: burnt in again, nothing may change."""
    import rasterio
    from rasterio.features import rasterize
    from rasterio.transform import Affine

    drawn = read(geodata / "semarang-barat" / "kerawanan_longsor_utm49s.geojson").features
    rule = class_rule("tiga_kelas")
    polygons = hazard_from_polygons(drawn, rule, column="dn", name="longsor")
    x0, y0, x1, y1 = drawn.total_bounds
    cell = 10.0
    shape = (int(np.ceil((y1 - y0) / cell)) + 1, int(np.ceil((x1 - x0) / cell)) + 1)
    transform = Affine(cell, 0, x0, 0, -cell, y1)
    codes = rasterize(
        list(zip(drawn.geometry, drawn["dn"].astype(int), strict=True)),
        out_shape=shape, transform=transform, fill=9, dtype="uint8",
    )  # fmt: skip
    path = tmp_path / "longsor.tif"
    with rasterio.open(
        path, "w", driver="GTiff", height=shape[0], width=shape[1], count=1, dtype="uint8",
        crs="EPSG:32749", transform=transform, nodata=9,
    ) as sink:  # fmt: skip
        sink.write(codes, 1)
    cells = hazard_from_grid(open_grid(path), rule, name="longsor")
    one, two = (exposure(h, kelurahan, unit_id="id").wide() for h in (polygons, cells))
    for label in ("rendah", "sedang", "tinggi"):
        assert one[label].sum() == pytest.approx(two[label].sum(), rel=0.01)


def test_ash_of_merapi_takes_the_same_road_as_a_flood(geodata: Path) -> None:
    """A raster in degrees, thickness in cm, laid on desa of the city of Semarang and the rest."""
    ash = open_grid(geodata / "dem-merapi-pf3d" / "merapi_ash_hazard_20170221_4326.tif", nodata=-1)
    rule = ClassRule(("tipis", "sedang", "tebal"), breaks=(0.1, 1.0), citation="contoh")
    hazard = hazard_from_grid(ash, rule, name="abu")
    circle = gpd.GeoSeries.from_xy([110.446], [-7.540], crs="EPSG:4326").to_crs(METRIC_CRS)
    rings = [circle.buffer(20_000).iloc[0], circle.buffer(40_000).iloc[0]]
    near = gpd.GeoDataFrame(
        {"zona": ["0-20 km", "20-40 km"]}, geometry=[rings[0], rings[1].difference(rings[0])],
        crs=METRIC_CRS,
    )  # fmt: skip
    result = exposure(hazard, near, unit_id="zona")
    wide = result.wide().droplevel([0, 1])
    assert abs(result.accounts["residual"][0]) <= 1e-8 * result.accounts["whole"][0]
    share = wide["tebal"] / wide.sum(axis=1)
    assert share["0-20 km"] > share["20-40 km"]


def test_houses_of_pekalongan_are_counted_once_each(geodata: Path) -> None:
    homes = read(geodata / "osm-pekalongan" / "bangunan_osm_kota_pekalongan.parquet").features
    x0, y0, x1, y1 = homes.total_bounds
    # Three strips from the sea inland stand for three depths of rob.
    cuts = np.linspace(y1, y0, 4)
    strips = gpd.GeoDataFrame(
        {"kelas": ["tinggi", "sedang", "rendah"]},
        geometry=[shapely.box(x0, cuts[i + 1], x1, cuts[i]) for i in range(3)],
        crs=homes.crs,
    )
    rob = hazard_from_polygons(strips, class_rule("tiga_kelas"), column="kelas", name="rob")
    half = (x0 + x1) / 2
    units = gpd.GeoDataFrame(
        {"id": ["barat", "timur"]},
        geometry=[shapely.box(x0, y0, half, y1), shapely.box(half, y0, x1, y1)],
        crs=homes.crs,
    )
    counted = exposure(rob, units, unit_id="id", of=homes, count=True)
    assert counted.table["amount"].sum() == len(homes) == 9019
    footprints = footprint_classes(homes, rob)
    worst = footprints["worst"].value_counts()
    sums = counted.table.groupby("hazard_class")["amount"].sum()
    for label in ("rendah", "sedang", "tinggi"):
        assert sums[label] == worst[label]
    by_area = exposure(rob, units, unit_id="id", of=homes)
    assert by_area.accounts["whole"][0] == pytest.approx(101e4, rel=0.01)
