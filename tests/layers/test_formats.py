"""The same two zones, written in every format, read back as the same layer."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from layer_making import EAST, WEST, collection, pack, square, zones

import layers
from layers.layer import Layer
from spatial.errors import CrsError, LayerError


def same_zones(found: Layer, *, tolerance: float = 1e-8) -> None:
    assert found.kind is not None
    assert found.kind.name == "pola_ruang"
    # FlatGeobuf keeps its rows in the order of place.
    frame = found.features.sort_values("zona", ascending=False)
    assert frame["zona"].tolist() == ["R-2", "P-1"]
    assert frame["zona_nama"].tolist() == ["Perumahan", "Sawah"]
    shapes = frame.to_crs("EPSG:4326").geometry
    for got, wanted in zip(shapes, (WEST, EAST), strict=True):
        assert shapely.normalize(got).equals_exact(shapely.normalize(wanted), tolerance)


@pytest.mark.parametrize(
    ("name", "driver", "crs"),
    [
        ("a.geojson", "GeoJSON", "EPSG:4326"),
        ("a.gpkg", "GPKG", "EPSG:9489"),
        ("a.fgb", "FlatGeobuf", "EPSG:32749"),
        ("a.shp", "ESRI Shapefile", "EPSG:23835"),
        ("a.geojsonl", "GeoJSONSeq", "EPSG:4326"),
    ],
)
def test_vector_formats(tmp_path: Path, name: str, driver: str, crs: str) -> None:
    zones(crs).to_file(tmp_path / name, driver=driver)
    found = layers.read(tmp_path / name)
    same_zones(found)
    assert found.provenance.crs_stated is (driver != "GeoJSONSeq")
    assert found.provenance.rows == 2
    assert found.provenance.columns["kodszn"] == "KODSZN"


def test_geoparquet(tmp_path: Path) -> None:
    zones("ESRI:54034").to_parquet(tmp_path / "a.parquet")
    same_zones(layers.read(tmp_path / "a.parquet"))


def test_geoparquet_without_crs_is_refused_though_its_specification_means_degrees(
    tmp_path: Path,
) -> None:
    frame = zones().set_crs(None, allow_override=True)
    frame.to_parquet(tmp_path / "a.parquet")
    with pytest.raises(
        CrsError, match=r"a\.parquet states no coordinate reference system"
    ) as caught:
        layers.read(tmp_path / "a.parquet")
    assert caught.value.code == "crs_missing"


def test_the_name_of_a_file_says_nothing(tmp_path: Path) -> None:
    zones().to_file(tmp_path / "a.gpkg", driver="GPKG")
    (tmp_path / "a.gpkg").rename(tmp_path / "a.shp.txt")
    same_zones(layers.read(tmp_path / "a.shp.txt"))


def test_a_zipped_shapefile_in_a_folder_of_its_archive(tmp_path: Path, shapefile: Path) -> None:
    parts = sorted(shapefile.parent.iterdir())
    packed = pack(tmp_path / "a.zip", *parts, names=lambda f: f"Data/2024/{f.name.upper()}")
    found = layers.read(packed)
    same_zones(found)
    assert found.provenance.file == "a.zip"


def test_a_folder_with_one_shapefile(shapefile: Path) -> None:
    same_zones(layers.read(shapefile.parent))


def test_a_folder_with_two_shapefiles_asks_which(shapefile: Path) -> None:
    zones().to_file(shapefile.with_name("lain.shp"))
    with pytest.raises(LayerError, match=r"lain\.shp, pola_ruang\.shp") as caught:
        layers.read(shapefile.parent)
    assert caught.value.code == "folder_ambiguous"


def test_the_kml_of_a_handheld(tmp_path: Path) -> None:
    ring = "110.4,-7,0 110.41,-7,0 110.41,-6.99,0 110.4,-7,0"
    (tmp_path / "a.kml").write_text(
        '<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2">'
        "<Document><Placemark><name>Persil 7</name><Polygon><outerBoundaryIs><LinearRing>"
        f"<coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        "</Document></kml>",
        encoding="utf-8",
    )
    found = layers.read(tmp_path / "a.kml")
    [shape] = found.features.geometry
    assert shape.equals(shapely.Polygon([(110.4, -7), (110.41, -7), (110.41, -6.99)]))
    assert "Persil 7" in found.frame.iloc[0].tolist()
    assert "z_dropped" in {note.code for note in found.report}


@pytest.mark.parametrize(
    ("urn", "epsg"),
    [
        ("urn:ogc:def:crs:EPSG::32749", 32749),
        ("EPSG:23836", 23836),
        ("urn:ogc:def:crs:OGC:1.3:CRS84", None),
    ],
)
def test_the_legacy_crs_member_of_geojson_is_obeyed(
    tmp_path: Path, urn: str, epsg: int | None
) -> None:
    frame = zones() if epsg is None else zones(f"EPSG:{epsg}")
    features = [
        ({"KODSZN": code, "NAMOBJ": name}, shapely.geometry.mapping(shape))
        for code, name, shape in zip(frame.KODSZN, frame.NAMOBJ, frame.geometry, strict=True)
    ]
    crs = {"type": "name", "properties": {"name": urn}}
    (tmp_path / "a.geojson").write_text(collection(*features, crs=crs))
    found = layers.read(tmp_path / "a.geojson")
    same_zones(found)
    assert found.features.crs.to_epsg() == epsg or epsg is None


def test_csv_with_wkt_semicolons_and_a_bom(tmp_path: Path) -> None:
    rows = pd.DataFrame({"KODSZN": ["R-2", "P-1"], "NAMOBJ": ["Perumahan", "Sawah"]})
    rows["WKT"] = [WEST.wkt, EAST.wkt]
    rows.to_csv(tmp_path / "a.csv", sep=";", index=False, encoding="utf-8-sig")
    same_zones(layers.read(tmp_path / "a.csv", source_crs="EPSG:4326"))
    with pytest.raises(CrsError, match="states no coordinate reference system"):
        layers.read(tmp_path / "a.csv")


def test_xlsx_with_coordinates(tmp_path: Path) -> None:
    pd.DataFrame({"nama": ["a", "b"], "Bujur": [110.4, 110.5], "Lintang": [-7.0, -6.9]}).to_excel(
        tmp_path / "a.xlsx", index=False
    )
    found = layers.read(tmp_path / "a.xlsx", source_crs="EPSG:4326")
    assert [(p.x, p.y) for p in found.features.geometry] == [(110.4, -7.0), (110.5, -6.9)]


def test_several_layers_in_one_file_ask_which(tmp_path: Path) -> None:
    path = tmp_path / "a.gpkg"
    zones().to_file(path, driver="GPKG", layer="rdtr")
    zones(KODSZN=["X", "Y"]).to_file(path, driver="GPKG", layer="rtrw")
    with pytest.raises(LayerError, match="--layer: rdtr, rtrw") as caught:
        layers.read(path)
    assert caught.value.code == "layer_choice"
    assert layers.read(path, layer="rtrw").frame["zona"].tolist() == ["X", "Y"]


def test_layers_stay_in_the_crs_of_their_file(tmp_path: Path) -> None:
    zones("EPSG:23836").to_file(tmp_path / "a.gpkg", driver="GPKG")
    assert layers.read(tmp_path / "a.gpkg").features.crs.to_epsg() == 23836


def test_a_table_without_geometry_stays_a_table(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("KDEPUM,penduduk_miskin\n33.74.01.1001,12\n")
    found = layers.read(tmp_path / "a.csv")
    assert not isinstance(found.frame, gpd.GeoDataFrame)
    assert found.kind is not None
    assert found.kind.name == "kemiskinan"
    assert found.frame["kode_desa"].tolist() == ["33.74.01.1001"]


def test_the_digest_is_that_of_the_file_that_was_sent(tmp_path: Path, shapefile: Path) -> None:
    import hashlib

    packed = pack(tmp_path / "a.zip", *sorted(shapefile.parent.iterdir()))
    assert layers.read(packed).provenance.sha256 == hashlib.sha256(packed.read_bytes()).hexdigest()


def test_provenance_is_json(tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text(collection(({"KODSZN": "R-2"}, square())))
    told = json.loads(json.dumps(layers.read(tmp_path / "a.geojson").provenance.to_dict()))
    assert told["format"] == "geojson"
    assert told["crs_stated"] is False
