"""Every bad file of the catalogue has its one answer: refused with what, where and a way out."""

from __future__ import annotations

import io
import json
import struct
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from layer_making import collection, pack, square, zones

import layers
from layers.layer import Layer
from spatial.errors import CrsError, EngineError, GeometryError, LayerError, LimitError
from spatial.notes import Note


def written(folder: Path, *shapes: Any, crs: str | None = None) -> Path:
    """A GeoJSON of zones R-0, R-1 ... with the geometries."""
    features = [({"KODSZN": f"R-{n}"}, shape) for n, shape in enumerate(shapes)]
    more = {"crs": {"type": "name", "properties": {"name": crs}}} if crs else {}
    path = folder / "zona.geojson"
    path.write_text(collection(*features, **more))
    return path


def notes(layer: Layer, code: str) -> list[Note]:
    return [note for note in layer.report if note.code == code]


def refused(path: Path, code: str, **options: Any) -> EngineError:
    with pytest.raises(EngineError) as caught:
        layers.read(path, **options)
    assert caught.value.code == code, str(caught.value)
    assert caught.value.hint
    return caught.value


# 8: null geometry


def test_a_row_without_geometry_stays_and_is_named(tmp_path: Path) -> None:
    found = layers.read(written(tmp_path, square(), None, square(110.5)))
    [note] = notes(found, "geometry_null")
    assert note.details["rows"] == [1]
    assert found.frame["zona"].tolist() == ["R-0", "R-1", "R-2"]
    assert found.features.geometry.isna().tolist() == [False, True, False]


# 9: heights and measures


@pytest.mark.parametrize("more", [[12.5], [0, None], [0, 3.5]])
def test_heights_and_measures_are_dropped_and_counted(tmp_path: Path, more: list[Any]) -> None:
    found = layers.read(written(tmp_path, square(110.4, -7.0, 0.01, *more)))
    [shape] = found.features.geometry
    assert not shape.has_z
    assert not shape.has_m
    assert shapely.normalize(shape).equals_exact(
        shapely.normalize(shapely.box(110.4, -7.0, 110.41, -6.99)), 1e-9
    )
    assert notes(found, "z_dropped")[0].details["count"] == 1


# 12-14: polygons without an area of their own

FLAT = {"type": "Polygon", "coordinates": [[[110.4, -7], [110.41, -7], [110.42, -7], [110.4, -7]]]}
HOLE_OUTSIDE = {
    "type": "Polygon",
    "coordinates": [*square()["coordinates"], *square(110.5, -7.0, 0.001)["coordinates"]],
}
OVERLAPPING = {
    "type": "MultiPolygon",
    "coordinates": [square()["coordinates"], square(110.405)["coordinates"]],
}
BOWTIE = {
    "type": "Polygon",
    "coordinates": [[[110.4, -7], [110.41, -6.99], [110.41, -7], [110.4, -6.99], [110.4, -7]]],
}


@pytest.mark.parametrize(
    ("shape", "fault", "place"),
    [
        (HOLE_OUTSIDE, "hole_outside_shell", "(110.5, -7"),
        (OVERLAPPING, "self_intersection", "(110.4"),
        (BOWTIE, "self_intersection", "(110.405, -6.995)"),
    ],
)
def test_invalid_polygons_are_repaired_with_a_record(
    tmp_path: Path, shape: dict[str, Any], fault: str, place: str
) -> None:
    found = layers.read(written(tmp_path, square(110.45), shape))
    [note] = notes(found, "geometry_repaired")
    assert (note.details["row"], note.details["fault"]) == (1, fault)
    assert place in str(note)
    assert found.features.geometry.is_valid.all()
    assert found.features.geometry[0].area == pytest.approx(1e-4)


def test_with_strict_the_first_invalid_polygon_is_refused_with_its_place(tmp_path: Path) -> None:
    path = written(tmp_path, square(110.45), BOWTIE)
    with pytest.raises(GeometryError, match=r"row 1 crosses itself at \(110\.405, -6\.995\)"):
        layers.read(path, strict=True)


def test_a_polygon_without_area_keeps_its_row_and_says_so(tmp_path: Path) -> None:
    found = layers.read(written(tmp_path, FLAT, square()))
    [note] = notes(found, "geometry_lost")
    assert note.details["row"] == 0
    assert note.level == "error"
    assert found.features.geometry.isna().tolist() == [True, False]


def test_parcels_are_kept_as_they_are_and_only_listed(tmp_path: Path) -> None:
    found = layers.read(written(tmp_path, BOWTIE), repair=False)
    assert not found.features.geometry.is_valid.any()
    assert notes(found, "self_intersection")


# 15-16: CRS missing or contradicting


def test_a_stated_crs_cannot_be_overruled(shapefile: Path) -> None:
    error = refused(shapefile, "crs_stated", source_crs="EPSG:4326")
    assert "WGS 84 / UTM zone 49S" in str(error)
    assert layers.read(shapefile, source_crs="EPSG:32749").provenance.crs_stated


def test_65_a_shapefile_without_prj_needs_its_crs_said(shapefile: Path) -> None:
    shapefile.with_suffix(".prj").unlink()
    refused(shapefile, "crs_missing")
    found = layers.read(shapefile, source_crs="EPSG:32749")
    assert found.provenance.crs_stated is False
    assert found.provenance.crs == "EPSG:32749"


# 17-21: coordinates in the wrong place

SWAPPED = square(-7.0, 110.4)
METRES = square(433_000.0, 9_226_000.0, 100.0)


@pytest.mark.parametrize(
    ("shape", "crs", "code"),
    [
        (SWAPPED, None, "axes_swapped"),
        (square(), "EPSG:32749", "degrees_tagged_metres"),
        (METRES, "EPSG:4326", "metres_tagged_degrees"),
        (square(433_000.0, 9_226_000.0, 100.0), "EPSG:32649", "outside_extent"),
        (square(179.98), None, "outside_extent"),
    ],
    ids=["17 swapped", "18 degrees", "19 metres", "21 hemisphere", "23 antimeridian"],
)
def test_coordinates_in_the_wrong_place(
    tmp_path: Path, shape: dict[str, Any], crs: str | None, code: str
) -> None:
    error = refused(written(tmp_path, shape, crs=crs), code)
    assert isinstance(error, CrsError)
    assert "zona.geojson" in error.message


def test_20_a_wrong_utm_zone_is_caught_by_the_extent_of_the_workspace(tmp_path: Path) -> None:
    path = written(tmp_path, METRES, crs="EPSG:32748")
    layers.read(path)  # still in Indonesia: cannot be caught without knowing where
    refused(path, "outside_extent", within=(108.5, -8.3, 111.7, -5.7))


def test_27_coordinates_beyond_any_plane(tmp_path: Path) -> None:
    assert isinstance(refused(written(tmp_path, square(1e300)), "metres_tagged_degrees"), CrsError)


# 24: very large polygons


def test_a_class_of_a_province_in_one_feature_is_read_in_bounded_time(tmp_path: Path) -> None:
    angle = np.linspace(0, 2 * np.pi, 500_000, endpoint=False)
    radius = 0.2 + 0.01 * np.sin(angle * 5000)
    ring = np.column_stack((110.4 + radius * np.cos(angle), -7.0 + radius * np.sin(angle)))
    frame = zones().iloc[:1].set_geometry([shapely.Polygon(ring)], crs="EPSG:4326")
    frame.to_parquet(tmp_path / "a.parquet")
    start = time.perf_counter()
    found = layers.read(tmp_path / "a.parquet")
    assert time.perf_counter() - start < 30
    assert shapely.get_num_coordinates(found.features.geometry[0]) == 500_001


# 61: XML that reaches out

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>&b;</name></Document></kml>'
)


@pytest.mark.parametrize("entity", [BOMB, BOMB.replace('"aaaa"', 'SYSTEM "file:///etc/passwd"')])
def test_61_entities_are_refused(tmp_path: Path, entity: str) -> None:
    (tmp_path / "a.kml").write_text(entity)
    refused(tmp_path / "a.kml", "xml_entities")


def test_61_entities_behind_a_long_comment_are_refused_too(tmp_path: Path) -> None:
    (tmp_path / "a.kml").write_text(BOMB.replace("<!DOCTYPE", f"<!--{'x' * 9000}--><!DOCTYPE"))
    refused(tmp_path / "a.kml", "xml_entities")


def test_61_entities_in_another_encoding_are_refused_too(tmp_path: Path) -> None:
    (tmp_path / "a.kml").write_text(BOMB, encoding="utf-16")
    assert isinstance(refused(tmp_path / "a.kml", "xml_entities"), LayerError)


# 63-64: archives


def test_63_a_path_out_of_the_archive(tmp_path: Path, shapefile: Path) -> None:
    packed = pack(
        tmp_path / "a.zip", *shapefile.parent.iterdir(), names=lambda f: f"../../{f.name}"
    )
    refused(packed, "archive_path")
    packed = pack(tmp_path / "b.zip", *shapefile.parent.iterdir(), names=lambda f: f"/etc/{f.name}")
    refused(packed, "archive_path")
    packed = pack(tmp_path / "c.zip", *shapefile.parent.iterdir(), names=lambda f: f"C:\\{f.name}")
    refused(packed, "archive_path")


def test_64_an_archive_that_declares_too_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TATARUANG_MAX_BYTES", "1000000")
    packed = tmp_path / "a.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.geojson", b" " * 2_000_000)
    assert isinstance(refused(packed, "archive_too_large"), LimitError)


def test_64_an_archive_that_lies_about_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The size that an archive declares is no more than a claim: bytes are counted."""
    monkeypatch.setenv("TATARUANG_MAX_BYTES", "1000000")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.geojson", b" " * 3_000_000)
    lying = buffer.getvalue().replace(struct.pack("<I", 3_000_000), struct.pack("<I", 1_000))
    (tmp_path / "a.zip").write_bytes(lying)
    with pytest.raises(EngineError) as caught:
        layers.read(tmp_path / "a.zip")
    assert caught.value.code in ("archive_too_large", "archive_broken")


def test_a_cut_archive(tmp_path: Path, shapefile: Path) -> None:
    packed = pack(tmp_path / "a.zip", *shapefile.parent.iterdir())
    packed.write_bytes(packed.read_bytes()[:-200])
    refused(packed, "archive_broken")


def test_an_archive_with_two_layers_names_them(tmp_path: Path) -> None:
    for name in ("a.geojson", "b.geojson"):
        (tmp_path / name).write_text(collection(({}, square())))
    error = refused(
        pack(tmp_path / "a.zip", tmp_path / "a.geojson", tmp_path / "b.geojson"),
        "archive_ambiguous",
    )
    assert "a.geojson, b.geojson" in error.hint


# 66-69: shapefiles


@pytest.mark.parametrize("part", [".shx", ".dbf"])
def test_66_67_a_shapefile_without_a_part(shapefile: Path, part: str) -> None:
    shapefile.with_suffix(part).unlink()
    assert part in refused(shapefile, "shapefile_incomplete").message


@pytest.mark.parametrize("part", [".shp", ".shx"])
def test_68_a_cut_shapefile(shapefile: Path, part: str) -> None:
    file = shapefile.with_suffix(part)
    file.write_bytes(file.read_bytes()[:-8])
    error = refused(shapefile, "shapefile_truncated")
    assert str(file.stat().st_size) in error.message


def test_68_a_table_with_fewer_rows_than_shapes(shapefile: Path) -> None:
    table = shapefile.with_suffix(".dbf")
    table.write_bytes(table.read_bytes()[:-60])
    refused(shapefile, "shapefile_truncated")


def _encoded(shapefile: Path, code_page: str | None) -> Path:
    """Make the shapefile's text latin-1, and let its .cpg say what it will."""
    frame = zones("EPSG:32749", CATATAN=["Café tepi", "Señor"])
    for part in shapefile.parent.iterdir():
        part.unlink()
    frame.to_file(shapefile, encoding="ISO-8859-1")
    declared = shapefile.with_suffix(".cpg")
    declared.unlink(missing_ok=True)
    table = shapefile.with_suffix(".dbf")
    data = bytearray(table.read_bytes())
    data[29] = 0  # the language byte of the table states nothing
    table.write_bytes(data)
    if code_page:
        declared.write_text(code_page)
    return shapefile


def test_69_latin_1_without_a_code_page_is_read_and_said(shapefile: Path) -> None:
    found = layers.read(_encoded(shapefile, None))
    assert found.frame["catatan"].tolist() == ["Café tepi", "Señor"]
    assert notes(found, "encoding_guessed")


def test_69_a_wrong_code_page_asks_for_the_encoding(shapefile: Path) -> None:
    path = _encoded(shapefile, "UTF-8")
    error = refused(path, "encoding_wrong")
    assert "--encoding" in error.hint
    found = layers.read(path, encoding="cp1252")
    assert found.frame["catatan"].tolist() == ["Café tepi", "Señor"]


# Files that are cut, empty or poisoned


@pytest.mark.parametrize("name", ["a.gpkg", "a.fgb", "a.geojson", "a.parquet", "a.xlsx"])
@pytest.mark.parametrize("keep", [0.5, 0.9])
def test_a_cut_file_is_refused(tmp_path: Path, name: str, keep: float) -> None:
    path = tmp_path / name
    frame = pd.concat([zones(CATATAN=["x" * 3000] * 2)] * 40, ignore_index=True)
    if name == "a.parquet":
        frame.to_parquet(path)
    elif name == "a.xlsx":
        frame.assign(wkt=frame.geometry.to_wkt()).drop(columns="geometry").to_excel(path)
    else:
        frame.to_file(path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(LayerError) as caught:
        layers.read(path)
    assert caught.value.hint


@pytest.mark.parametrize("content", [b"", b"\x00" * 500, b"hello", b"\x7fELF" + b"\x01" * 100])
def test_a_file_of_no_format(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.shp").write_bytes(content)
    refused(tmp_path / "a.shp", "format_unknown")


def test_json_that_is_no_geojson(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"nama": "bukan layer"}))
    refused(tmp_path / "a.json", "layer_unreadable")


def test_deep_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"type":"Polygon","coordinates":' + "[" * 100_000)
    refused(tmp_path / "a.json", "layer_unreadable")


def test_a_layer_without_rows_is_said_to_be_empty(tmp_path: Path) -> None:
    (tmp_path / "a.geojson").write_text(collection())
    assert notes(layers.read(tmp_path / "a.geojson"), "layer_no_rows")


def test_a_missing_file(tmp_path: Path) -> None:
    refused(tmp_path / "a.gpkg", "layer_file_missing")


# 30-32: zones that overlap or leave gaps, areas that cannot be


def test_32_an_area_below_zero_is_left_empty_and_named(tmp_path: Path) -> None:
    zones(LUASHA=[-5.0, 120.0]).to_file(tmp_path / "a.gpkg")
    found = layers.read(tmp_path / "a.gpkg")
    assert found.frame["luasha"].tolist() == [-5.0, 120.0]
    [note] = notes(found, "number_negative")
    assert note.details["rows"] == [0]
