"""Rows of the catalogue of bad inputs, and formats, that no other test of layers speaks of."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from layer_making import zones
from rasterio.shutil import copy as copy_raster
from rasterio.transform import Affine

import layers
from layers.export import write_layer
from layers.ingest import ingest_file
from layers.kinds import Kind, kinds
from layers.quality import examine
from layers.store import FileStore
from layers.store.content import hash_file
from spatial import shares
from spatial.errors import CrsError, EngineError, LayerError, SchemaError

# 15, 16: layers in different CRS, and in none


def test_15_layers_in_different_crs_meet_on_one_plane() -> None:
    plan = zones()
    parcel = gpd.GeoDataFrame(
        {"permit_id": ["P-1"]}, geometry=[shapely.box(110.405, -6.999, 110.415, -6.995)], crs=4326
    )
    here = shares(parcel, plan, by="KODSZN")
    there = shares(parcel.to_crs("EPSG:32749"), plan.to_crs("EPSG:9489"), by="KODSZN")
    # A side of 1.1 km that was straight in degrees bends by a millimetre on the way.
    assert there["share"].tolist() == pytest.approx(here["share"].tolist(), abs=1e-6)
    assert here["share"].sum() == pytest.approx(1)
    assert here["zone"].tolist()[:2] == ["P-1", "R-2"]


@pytest.mark.parametrize("side", [0, 1])
def test_16_a_layer_without_crs_joins_nothing(side: int) -> None:
    both = [zones().assign(permit_id=["A", "B"]), zones()]
    both[side] = both[side].set_crs(None, allow_override=True)
    with pytest.raises(CrsError) as refused:
        shares(both[0], both[1], by="KODSZN")
    assert refused.value.code == "crs_missing"


# 22: areas on the Mercator plane of web maps


def test_22_areas_are_never_taken_on_the_web_mercator_plane(tmp_path: Path) -> None:
    plan = zones("EPSG:3857")
    plan.to_file(tmp_path / "a.gpkg")
    found = examine(layers.read(tmp_path / "a.gpkg"))
    true = float(zones().to_crs("ESRI:54034").area.sum()) / 1e4
    assert found.summary["area_ha"] == pytest.approx(true, rel=1e-6)
    assert float(plan.area.sum()) / 1e4 > true * 1.01


# 30, 31: what overlaps and gaps do to shares


def test_30_31_overlaps_and_gaps_are_told_by_name_and_by_share() -> None:
    plan = gpd.GeoDataFrame(
        {"zona": ["R-2", "P-1"]},
        geometry=[shapely.box(0, 0, 60, 100), shapely.box(50, 0, 80, 100)],
        crs="ESRI:54034",
    )
    parcel = gpd.GeoDataFrame(
        {"permit_id": ["A"]}, geometry=[shapely.box(0, 0, 100, 100)], crs="ESRI:54034"
    )
    found = shares(parcel, plan, by="zona").set_index("zone")
    assert found["area_m2"].sum() - found["overlap_m2"].sum() == pytest.approx(10_000)
    assert found["overlap_m2"].sum() == pytest.approx(1000)
    rest = found[found.index.isna()]
    assert rest["share"].tolist() == pytest.approx([0.2])


# 70: names that a shapefile would cut


def test_70_a_shapefile_is_refused_where_names_would_be_cut(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "store")
    store.publish(zones().assign(luas_sertipikat_m2=1.0), name="persil")
    with pytest.raises(EngineError) as refused:
        write_layer(store.get("persil"), tmp_path / "persil.shp")
    assert "luas_sertipikat_m2" in str(refused.value)
    assert not list(tmp_path.glob("persil.*"))


# Truncated files that are read as text


@pytest.mark.parametrize("name", ["a.gml", "a.kml", "a.dxf", "a.geojsonl", "a.csv"])
@pytest.mark.parametrize("keep", [0.4, 0.8])
def test_a_cut_text_is_refused_or_said_to_be_cut(tmp_path: Path, name: str, keep: float) -> None:
    path = tmp_path / name
    many = pd.concat([zones()] * 200, ignore_index=True)
    if name == "a.csv":
        table = pd.DataFrame({"KODSZN": many["KODSZN"], "wkt": many.geometry.to_wkt()})
        table.to_csv(path, index=False)
    elif name == "a.dxf":
        many[["geometry"]].to_file(path, driver="DXF")
    else:
        driver = {"gml": "GML", "kml": "KML", "geojsonl": "GeoJSONSeq"}[name.partition(".")[2]]
        many.to_file(path, driver=driver)
        path.with_suffix(".xsd").unlink(missing_ok=True)
    whole = path.read_bytes()
    cut = int(len(whole) * keep)
    # In the middle of a record, not between two.
    path.write_bytes(whole[: whole.rindex(b"4", 0, cut) + 1])
    crs = "EPSG:4326" if name in ("a.csv", "a.dxf") else None
    try:
        found = layers.read(path, source_crs=crs)
    except EngineError as refused:
        assert isinstance(refused, LayerError)  # noqa: PT017  either is right, both are checked
        return
    assert any(note.level != "info" for note in found.report), "read as if it were whole"


# Millimetres between areas of a plan


def test_every_gap_and_overlap_of_millimetres_is_found_in_its_place(tmp_path: Path) -> None:
    """Ten rows of two areas each; the second begins a known distance from the end of the first."""
    widths = [0.001, -0.001, 0.002, -0.002, 0.003, -0.003, 0.004, -0.004, 0.005, -0.005]
    cells, names = [], []
    for row, width in enumerate(widths):
        south, border = 9_226_000 + row * 50, 440_100 + row * 7
        cells += [
            shapely.box(440_000, south, border, south + 50),
            shapely.box(border + width, south, 440_300, south + 50),
        ]
        names += [f"R-{row}", f"K-{row}"]
    plan = gpd.GeoDataFrame({"KODSZN": names}, geometry=cells, crs="EPSG:32749")
    plan.to_file(tmp_path / "plan.gml", driver="GML")
    found = examine(layers.read(tmp_path / "plan.gml", kind="pola_ruang"))
    assert len(found.defects) == len(widths)
    for row, width in enumerate(widths):
        one = next(d for d in found.defects if {f"R-{row}", f"K-{row}"} <= set(d.features))
        assert (one.kind == "overlap") == (width < 0)
        assert one.width_m == pytest.approx(abs(width), rel=0.02)
        assert one.area_m2 == pytest.approx(abs(width) * 50, rel=0.02)
        place = gpd.GeoSeries.from_xy([one.lon], [one.lat], crs=4326).to_crs("EPSG:32749")[0]
        assert place.x == pytest.approx(440_100 + row * 7, abs=0.02)
        assert 9_226_000 + row * 50 < place.y < 9_226_050 + row * 50


# Cloud-optimised rasters and grids of text


def test_a_cog_is_kept_byte_for_byte_with_its_tiles_and_overviews(tmp_path: Path) -> None:
    values = np.arange(1024 * 1536, dtype="float32").reshape(1024, 1536)
    values[:10] = -9999
    place = Affine(8.1, 0, 433_700.5, 0, -8.1, 9_226_321.25)
    plain, cog = tmp_path / "plain.tif", tmp_path / "dem.tif"
    with rasterio.open(
        plain, "w", driver="GTiff", width=1536, height=1024, count=1, dtype="float32",
        crs="EPSG:32749", nodata=-9999.0, transform=place,
    ) as sink:  # fmt: skip
        sink.write(values, 1)
    copy_raster(plain, cog, driver="COG", blocksize=256, compress="DEFLATE")
    store = FileStore(tmp_path / "store")
    version, _ = ingest_file(store, cog, name="dem", kind="dem")
    kept = store.get("dem").path
    assert kept is not None
    assert hash_file(kept) == hash_file(cog) == version.id
    with rasterio.open(kept, driver="GTiff") as source:
        assert source.block_shapes == [(256, 256)]
        assert source.overviews(1) == [2, 4, 8]
        assert source.transform == place
        assert source.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        window = ((300, 310), (700, 712))
        assert (source.read(1, window=window) == values[300:310, 700:712]).all()
        # Rows without data are masked, in the cells and in the overviews.
        assert source.read(1, masked=True).mask[:10].all()


def test_a_grid_of_text_lies_where_its_corner_or_its_centre_says(tmp_path: Path) -> None:
    rows = "1,5 2\n3 -9999\n".replace(",", ".")
    placed = {}
    for word, at in (("corner", 0.0), ("center", 15.0)):
        path = tmp_path / f"{word}.asc"
        path.write_text(
            f"ncols 2\nnrows 2\nxll{word} {440_000 + at}\nyll{word} {9_226_000 + at}\n"
            f"cellsize 30\nNODATA_value -9999\n{rows}"
        )
        store = FileStore(tmp_path / f"store-{word}")
        ingest_file(store, path, name="dem", kind="dem", source_crs="EPSG:32749")
        with rasterio.open(store.get("dem").path, driver="GTiff") as source:
            placed[word] = tuple(source.bounds)
            assert source.profile["tiled"]
            assert source.read(1, masked=True).tolist() == [[1.5, 2.0], [3.0, None]]
    assert placed["corner"] == placed["center"] == (440_000, 9_226_000, 440_060, 9_226_060)


# Tables as layers of every kind

SHAPES = {
    "Point": shapely.Point(110.4, -7),
    "LineString": shapely.LineString([(110.4, -7), (110.5, -7)]),
    "Polygon": shapely.box(110.4, -7, 110.41, -6.99),
}


def _row(kind: Kind) -> dict[str, Any]:
    """One row with official names for what a kind needs."""
    official = {ours: names[0] for ours, names in kind.columns.items() if names}
    row = {}
    for ours in kind.needs[0] if kind.needs else ():
        row[official.get(ours, ours.upper())] = "2" if ours in kind.numbers else "3301012001"
    return row


@pytest.mark.parametrize(
    "name", [one.name for one in kinds().values() if set(one.geometry) & SHAPES.keys()]
)
def test_a_workbook_with_wkt_is_a_layer_of_every_kind(name: str, tmp_path: Path) -> None:
    kind = kinds()[name]
    shape = SHAPES[next(one for one in kind.geometry if one in SHAPES)]
    pd.DataFrame([_row(kind) | {"WKT": shape.wkt}]).to_excel(tmp_path / "a.xlsx", index=False)
    found = layers.read(tmp_path / "a.xlsx", kind=name, source_crs="EPSG:4326")
    assert found.kind is kind
    assert found.features.geometry[0].equals(shape)
    assert set(kind.needs[0]) <= set(found.frame.columns)


@pytest.mark.parametrize("name", [one.name for one in kinds().values() if "Point" in one.geometry])
@pytest.mark.parametrize(
    ("x", "y", "west", "south", "crs"),
    [
        ("Bujur", "Lintang", "110,4", "-7,0", "EPSG:4326"),
        ("easting", "northing", "433728.4", "9226210.2", "EPSG:32749"),
    ],
)
def test_a_csv_with_coordinates_is_a_layer_of_every_kind_of_points(
    name: str, x: str, y: str, west: str, south: str, crs: str, tmp_path: Path
) -> None:
    table = pd.DataFrame([_row(kinds()[name]) | {x: west, y: south}])
    table.to_csv(tmp_path / "a.csv", index=False, sep=";", encoding="utf-8-sig")
    found = layers.read(tmp_path / "a.csv", kind=name, source_crs=crs)
    assert found.kind is kinds()[name]
    place = found.features.to_crs(4326).geometry[0]
    assert (place.x, place.y) == pytest.approx((110.4, -7.0), abs=1e-4)
    with pytest.raises(CrsError):
        layers.read(tmp_path / "a.csv", kind=name)


def test_a_table_of_a_kind_that_needs_geometry_says_that_it_has_none(
    tmp_path: Path,
) -> None:
    pd.DataFrame({"KODSZN": ["R-2"]}).to_csv(tmp_path / "a.csv", index=False)
    (tmp_path / "a.csv").write_text("KODSZN,NAMOBJ\nR-2,Rumah\n")
    with pytest.raises(SchemaError) as refused:
        _ = layers.read(tmp_path / "a.csv", kind="pola_ruang").features
    assert refused.value.code == "no_geometry"


def test_lists_and_objects_in_a_cell_are_kept_as_json(tmp_path: Path) -> None:
    feature = {
        "type": "Feature",
        "properties": {"KODSZN": "R-2", "foto": ["a.jpg", "b.jpg"], "sumber": {"skala": 5000}},
        "geometry": shapely.geometry.mapping(SHAPES["Polygon"]),
    }
    text = json.dumps({"type": "FeatureCollection", "features": [feature]})
    (tmp_path / "a.geojson").write_text(text)
    store = FileStore(tmp_path / "store")
    ingest_file(store, tmp_path / "a.geojson", name="rdtr")
    frame = store.get("rdtr").frame
    assert json.loads(frame["foto"][0]) == ["a.jpg", "b.jpg"]
    assert json.loads(frame["sumber"][0]) == {"skala": 5000}
