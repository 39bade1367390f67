"""The traps in agencies' data, each met once: told, and never guessed."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
import shapely
from layer_making import collection, square, zones

import layers
from layers.layer import Layer
from layers.values import parse_date, parse_number, says_none
from spatial.crs import operation
from spatial.notes import Note


def notes(layer: Layer, code: str) -> list[Note]:
    return [note for note in layer.report if note.code == code]


def read_zones(folder: Path, **columns: Any) -> Layer:
    zones(**columns).to_file(folder / "a.gpkg")
    return layers.read(folder / "a.gpkg")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("79.310,66", 79310.66), ("3604,178", 3604.178), ("1.234.567", 1234567.0), ("-5", -5.0),
        ("12.5", 12.5), ("0,25", 0.25), ("1,234,567.8", 1234567.8), ("1 234,5", 1234.5),
        ("147.041", None), ("1,234", None), ("0.041", 0.041), ("12 ha", None), ("1.23.4", None),
    ],
)  # fmt: skip
def test_indonesian_numbers(text: str, value: float | None) -> None:
    assert parse_number(text) == value


def test_an_ambiguous_number_is_reported_with_its_row_and_left_empty(tmp_path: Path) -> None:
    found = read_zones(tmp_path, LUASHA=["79.310,66", "147.041"])
    assert found.frame["luasha"].tolist()[0] == 79310.66
    assert pd.isna(found.frame["luasha"].tolist()[1])
    [note] = notes(found, "number_doubtful")
    assert (note.details["example"], note.details["rows"]) == ("147.041", [1])


def test_numbers_of_a_workbook_are_not_ambiguous(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["KDEPUM", "penduduk_miskin"], ["33.74.01.1001", 147.041], ["33.74.01.1002", "-"],
                ["33.74.01.1003", "147.041"], ["33.74.01.1004", "Tidak Ada"]):  # fmt: skip
        sheet.append(row)
    book.save(tmp_path / "a.xlsx")
    found = layers.read(tmp_path / "a.xlsx")
    values = found.frame["penduduk_miskin"].tolist()
    assert values[0] == 147.041
    assert all(pd.isna(value) for value in values[1:])
    [note] = notes(found, "number_doubtful")
    assert note.details["rows"] == [2]


@pytest.mark.parametrize("word", [" ", "-", "--", "", "N/A", "<Null>", "null"])
def test_words_for_nothing_become_na(tmp_path: Path, word: str) -> None:
    found = read_zones(tmp_path, KRB_03=[word, "Banjir Tinggi"])
    assert found.frame["krb_03"].isna().tolist() == [True, False]


def test_tidak_ada_says_none_and_never_names_a_zone(tmp_path: Path) -> None:
    """In a column of overlays it is an answer and stays; as the name of a zone it is none."""
    found = read_zones(tmp_path, KODSZN=["Tidak Ada", "P-1"], KKOP_1=["Tidak Ada", None])
    assert found.frame["zona"].tolist() == ["Perumahan", "P-1"]
    assert found.frame["kkop_1"].tolist()[0] == "Tidak Ada"
    assert says_none("TIDAK ADA")


def test_a_misspelt_class_is_suggested_and_never_taken(tmp_path: Path) -> None:
    found = read_zones(tmp_path, KODSZN=["R2", "P-1"])
    assert found.frame["zona"].tolist() == ["R2", "P-1"]
    [note] = notes(found, "code_unknown")
    assert (note.details["code"], note.details["nearest"]) == ("R2", "R-2")
    assert note.details["rows"] == [0]


def test_a_compound_class_is_unresolved_and_stays_whole(tmp_path: Path) -> None:
    both = "Kawasan Hutan Lindung / Kawasan Permukiman Perdesaan"
    found = read_zones(tmp_path, KODSZN=[both, "P-1"])
    assert found.frame["zona"].tolist() == [both, "P-1"]
    assert not notes(found, "code_unknown")
    [note] = notes(found, "class_unresolved")
    assert note.details["rows"] == [0]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("17 Agustus 2023", dt.date(2023, 8, 17)), ("13 Juni 2024", dt.date(2024, 6, 13)),
        ("Kamis, 13 Juni 2024", dt.date(2024, 6, 13)), ("5 Nopember 2010", dt.date(2010, 11, 5)),
        ("17-May-2023", dt.date(2023, 5, 17)),
        ("13/06/2024", dt.date(2024, 6, 13)), ("13-06-2024", dt.date(2024, 6, 13)),
        ("2024-06-13", dt.date(2024, 6, 13)), ("20240613", dt.date(2024, 6, 13)),
        ("2024-06-13T00:00:00", dt.date(2024, 6, 13)), ("06/13/2024", None), ("31 Juni 2024", None),
        ("13 Ju 2024", None), ("13 Juni 24", None), ("tahun 2024", None),
    ],
)  # fmt: skip
def test_indonesian_dates(text: str, day: dt.date | None) -> None:
    assert parse_date(text) == day


def test_a_doubtful_date_is_reported_with_its_row(tmp_path: Path) -> None:
    frame = zones(FUNGSIKWS=[1001.0, 1003.0], TGLSKPNJK=["3 Mei 1998", "05/17/1998"])
    frame.to_file(tmp_path / "a.gpkg")
    found = layers.read(tmp_path / "a.gpkg", kind="kawasan_hutan")
    assert found.frame["fungsikws"].tolist() == ["1001", "1003"]
    assert found.frame["tglskpnjk"].tolist()[0] == pd.Timestamp("1998-05-03")
    assert pd.isna(found.frame["tglskpnjk"].tolist()[1])
    assert notes(found, "date_doubtful")[0].details["rows"] == [1]


def test_a_bom_does_not_hide_the_first_column(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(
        b"\xef\xbb\xbfKDEPUM,penduduk_miskin\n33.74.01.1001,5\n33.74.01.1002,6\n"
    )
    assert layers.read(tmp_path / "a.csv").frame["kode_desa"].tolist()[1] == "33.74.01.1002"


def test_one_dissolved_multipolygon_for_each_class(tmp_path: Path) -> None:
    parts = [square(110.4 + n * 0.02, size=0.01)["coordinates"] for n in range(30)]
    shape = {"type": "MultiPolygon", "coordinates": parts}
    (tmp_path / "a.geojson").write_text(collection(({"NAMOBJ": "Sawah", "KODKWS": "P-1"}, shape)))
    found = layers.read(tmp_path / "a.geojson")
    assert len(found.frame) == 1
    assert shapely.get_num_geometries(found.features.geometry[0]) == 30


def test_a_three_dimensional_crs_is_read_as_its_plane(tmp_path: Path) -> None:
    """EPSG:4979 is WGS 84 with heights; some exports tag every layer with it."""
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4979"}}
    shape = square(110.4, -7.0, 0.01, 5.0)
    (tmp_path / "a.geojson").write_text(collection(({"KODSZN": "R-2"}, shape), crs=crs))
    found = layers.read(tmp_path / "a.geojson")
    assert len(found.features.crs.axis_info) == 2
    assert found.features.total_bounds[0] == pytest.approx(110.4)


@pytest.mark.parametrize(
    ("code", "accuracy"),
    [
        ("EPSG:23879", (0.0, 1.5)),  # DGN95 / UTM 49S
        ("EPSG:23835", (0.0, 1.5)),  # DGN95 / TM-3 49.1
        ("EPSG:23836", (0.0, 1.5)),  # DGN95 / TM-3 49.2
        ("EPSG:9489", (0.0, 1.5)),  # SRGI2013 / UTM 49S
        ("EPSG:23839", (0.0, 1.5)),  # DGN95 / TM-3 51.1: another part of the country
        ("EPSG:4211", (3.0, 10.0)),  # Batavia
        ("EPSG:4238", (2.0, 50.0)),  # ID74
    ],
)
def test_indonesian_datums_move_by_a_stated_operation(
    code: str, accuracy: tuple[float, float]
) -> None:
    move = operation(code, "EPSG:4326")
    assert "ballpark" not in move.description.lower()
    assert accuracy[0] <= move.accuracy_m <= accuracy[1]


@pytest.mark.parametrize("code", ["EPSG:23835", "EPSG:23836", "EPSG:9489", "EPSG:23879"])
def test_layers_in_indonesian_crs_lie_where_they_were_drawn(tmp_path: Path, code: str) -> None:
    zones(code).to_file(tmp_path / "a.gpkg")
    found = layers.read(tmp_path / "a.gpkg", within=(110.3, -7.1, 110.5, -6.9))
    back = found.features.to_crs("EPSG:4326").total_bounds
    assert back == pytest.approx([110.40, -7.00, 110.42, -6.99], abs=2e-5)


def test_columns_that_differ_only_in_case_are_both_kept(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("KDEPUM,Kdepum,penduduk_miskin\n33.74.01.1001,x,5\n")
    found = layers.read(tmp_path / "a.csv")
    assert found.frame["kode_desa"].tolist() == ["33.74.01.1001"]
    assert "x" in found.frame.iloc[0].tolist()


@pytest.mark.realdata
def test_real_files_as_they_are(geodata: Path) -> None:
    purwakarta = layers.read(geodata / "rtrwp-jabar" / "rtrwp_kab_purwakarta.geojson.zip")
    assert len(purwakarta.frame) == 9
    assert notes(purwakarta, "z_dropped")[0].details["count"] == 9
    assert len(notes(purwakarta, "geometry_repaired")) == 3
    permits = layers.read(
        geodata / "rtrwp-jabar" / "kkpr_permits_anonymised.geojson", kind="izin_terbit"
    )
    assert len(permits.frame) == 235
    # 128 Indonesian numbers, 5 blanks; the other 102 look like "147.041" and may be either.
    assert permits.frame["luas_kkpr_m2"].notna().sum() == 128
    assert notes(permits, "number_doubtful")[0].details["count"] == 102
    das = layers.read(geodata / "das-jratunseluna" / "batas_69_ws.shp", source_crs="EPSG:4326")
    assert das.kind is not None
    assert (das.kind.name, len(das.frame)) == ("das", 69)
    rivers = layers.read(geodata / "rembang" / "sungai.geojson")
    assert notes(rivers, "z_dropped")[0].details["count"] == 123
