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
from layers.quality import examine
from spatial.errors import CrsError, LayerError


def same_zones(found: Layer, *, tolerance: float = 1e-8) -> None:
    assert found.kind is not None
    assert found.kind.name == "pola_ruang"
    # FlatGeobuf keeps its rows in the order of place.
    frame = found.features.sort_values("zona", ascending=False)
    assert frame["zona"].tolist() == ["R-2", "P-1"]
    assert frame["zona_nama"].tolist() == ["Perumahan", "Sawah"]
    shapes = frame.to_crs("EPSG:4326").geometry
    for parts, wanted in zip(shapes, (WEST, EAST), strict=True):
        [got] = shapely.get_parts(parts)  # a File Geodatabase knows only multipolygons
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


def test_a_file_geodatabase_as_folder_and_zipped(tmp_path: Path) -> None:
    zones("EPSG:32749").to_file(tmp_path / "rdtr.gdb", driver="OpenFileGDB")
    same_zones(layers.read(tmp_path / "rdtr.gdb"))
    inside = sorted((tmp_path / "rdtr.gdb").iterdir())
    packed = pack(tmp_path / "a.zip", *inside, names=lambda f: f"data/rdtr.gdb/{f.name}")
    found = layers.read(packed)
    same_zones(found)
    assert found.provenance.format == "file_geodatabase"


@pytest.mark.parametrize("crs", ["EPSG:32749", "EPSG:4326"])
def test_gml_in_the_order_of_axes_that_its_crs_has(tmp_path: Path, crs: str) -> None:
    zones(crs).to_file(tmp_path / "a.gml", driver="GML")
    same_zones(layers.read(tmp_path / "a.gml"))


PLAN = """<?xml version="1.0" encoding="utf-8"?>
<xplan:XPlanAuszug xmlns:xplan="http://www.xplanung.de/xplangml/5/0"
 xmlns:gml="http://www.opengis.net/gml/3.2" gml:id="a">{}</xplan:XPlanAuszug>"""
AREA = """<gml:featureMember><xplan:Teilflaeche gml:id="{0}"><xplan:KODSZN>{0}</xplan:KODSZN>
<xplan:position><gml:Polygon srsName="EPSG:32749" gml:id="g{0}"><gml:exterior><gml:LinearRing>
<gml:posList>{1}</gml:posList></gml:LinearRing></gml:exterior></gml:Polygon></xplan:position>
</xplan:Teilflaeche></gml:featureMember>"""


@pytest.mark.parametrize("gap", [0.001, 0.002, 0.005, -0.001, -0.003])
def test_a_plan_in_gml_keeps_its_millimetres(tmp_path: Path, gap: float) -> None:
    """Two areas of a plan, apart or over each other by a known width."""

    def ring(west: float, east: float) -> str:
        corners = [(west, 0), (east, 0), (east, 100), (west, 100), (west, 0)]
        return " ".join(f"{440000 + x:.4f} {9226000 + y:.4f}" for x, y in corners)

    areas = AREA.format("R-2", ring(0, 100)) + AREA.format("K-3", ring(100 + gap, 200))
    (tmp_path / "plan.gml").write_text(PLAN.format(areas))
    [defect] = examine(layers.read(tmp_path / "plan.gml")).defects
    assert defect.kind == ("slit" if gap > 0 else "overlap")
    assert defect.width_m == pytest.approx(abs(gap), rel=0.02)
    assert set(defect.features) == {"R-2", "K-3"}


def test_kmz(tmp_path: Path) -> None:
    zones().to_file(tmp_path / "doc.kml", driver="KML")
    found = layers.read(pack(tmp_path / "a.kmz", tmp_path / "doc.kml"))
    assert len(found.frame) == 2
    assert found.provenance.format == "kml"


DXF = """  0
SECTION
  2
ENTITIES
  0
LWPOLYLINE
  8
PERSIL
 90
4
 70
1
{}  0
ENDSEC
  0
EOF
"""


def test_a_drawing_has_no_crs_and_its_closed_lines_are_parcels(tmp_path: Path) -> None:
    corners = [(440000, 9226000), (440020, 9226000), (440020, 9226030), (440000, 9226030)]
    vertices = "".join(f" 10\n{x}.0\n 20\n{y}.0\n" for x, y in corners)
    (tmp_path / "a.dxf").write_text(DXF.format(vertices))
    with pytest.raises(CrsError, match="states no coordinate reference system"):
        layers.read(tmp_path / "a.dxf")
    found = layers.read(tmp_path / "a.dxf", source_crs="EPSG:32749")
    assert found.features.geometry.area.tolist() == [600.0]
    assert found.frame["layer"].tolist() == ["PERSIL"]
    assert "lines_closed" in {note.code for note in found.report}


def test_a_drawing_in_dwg_is_told_to_come_as_dxf(tmp_path: Path) -> None:
    (tmp_path / "a.dwg").write_bytes(b"AC1032" + bytes(200))
    with pytest.raises(LayerError, match="DWG") as caught:
        layers.read(tmp_path / "a.dwg")
    assert "DXF" in caught.value.hint


def test_a_geopackage_that_qgis_had_open(tmp_path: Path) -> None:
    """Its journal is a second file, which may hold the newest rows."""
    import sqlite3

    zones().to_file(tmp_path / "a.gpkg")
    with sqlite3.connect(tmp_path / "a.gpkg") as database:
        database.execute("PRAGMA journal_mode=wal")
        same_zones(layers.read(tmp_path / "a.gpkg"))
    database.close()
    same_zones(layers.read(tmp_path / "a.gpkg"))


def test_every_vector_format_gives_the_same_table(tmp_path: Path) -> None:
    """Text, whole numbers, numbers and nothing come out alike, whatever they came in."""
    frame = zones("EPSG:32749", JUMLAH=[3, 4], LUASHA=[1.5, None], CATATAN=["á", None])
    frame.to_file(tmp_path / "a.gpkg")
    whole = "ARCGIS_PRO_3_2_OR_LATER"  # older ones have no whole numbers of 64 bits
    frame.to_file(tmp_path / "a.gdb", driver="OpenFileGDB", TARGET_ARCGIS_VERSION=whole)
    frame.to_file(tmp_path / "a.fgb")
    frame.to_parquet(tmp_path / "a.parquet")
    for name in ("a.gpkg", "a.gdb", "a.fgb", "a.parquet"):
        found = layers.read(tmp_path / name).frame.sort_values("kodszn", ascending=False)
        assert found["jumlah"].tolist() == [3, 4], name
        assert found["luasha"].tolist()[0] == 1.5, name
        assert found["luasha"].isna().tolist() == [False, True], name
        assert found["catatan"].tolist()[0] == "á", name
