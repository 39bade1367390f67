"""A rule file with any fault is refused, with file, row, column and what would mend it."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spatial.errors import EngineError, PlanError, PlanNotFoundError
from spatial.text import describe
from zoning import load_plan, sample_plan_folder
from zoning.lint import lint_plan


def cell(table: str, line: int, column: str, value: str) -> Any:
    return lambda plan: plan.cell(table, line, column, value)


def toml(old: str, new: str) -> Any:
    return lambda plan: plan.toml(old, new)


def add(table: str, **values: str) -> Any:
    return lambda plan: plan.add(table, **values)


KHUSUS = {"kode": "UJI", "geometri": "layer", "layer": "lp2b", "kegiatan": "*", "efek": "larang"}
#: (edit, code, file, row, column, words of the mend)
FAULTS = {
    "cell is no class": (
        cell("itbx", 2, "R-2", "Y"), "plan_matrix_cell", "itbx.csv", 2, "R-2", "kosong"),
    "cell in lower case": (
        cell("itbx", 4, "K-3", "t1"), "plan_matrix_cell", "itbx.csv", 4, "K-3", "T1"),
    "activity is blank": (
        cell("itbx", 3, "kegiatan", ""), "plan_cell_empty", "itbx.csv", 3, "kegiatan", "isilah"),
    "article is blank": (
        cell("itbx", 5, "pasal", ""), "plan_cell_empty", "itbx.csv", 5, "pasal", "isilah"),
    "activity twice": (
        cell("itbx", 3, "kegiatan", "Rumah  Tunggal"),
        "plan_row_twice", "itbx.csv", 3, "kegiatan", "baris 2"),
    "comma as decimal": (
        cell("intensitas", 2, "nilai", "0,6"),
        "plan_not_a_number", "intensitas.csv", 2, "nilai", "0.6"),
    "percent sign": (
        cell("intensitas", 2, "nilai", "60 %"),
        "plan_not_a_number", "intensitas.csv", 2, "nilai", "0.6"),
    "not a number": (
        cell("intensitas", 2, "nilai", "nan"),
        "plan_not_a_number", "intensitas.csv", 2, "nilai", "0.6"),
    "KDB in percent": (
        cell("intensitas", 2, "nilai", "60"),
        "plan_share_unit", "intensitas.csv", 2, "nilai", "0.6"),
    "negative limit": (
        cell("intensitas", 2, "nilai", "-1"),
        "plan_value_unfit", "intensitas.csv", 2, "nilai", "minimum"),
    "parameter unknown": (
        cell("intensitas", 2, "parameter", "kdb"),
        "plan_value_unknown", "intensitas.csv", 2, "parameter", "kdb_maks"),
    "zone that the matrix lacks": (
        cell("intensitas", 2, "zona", "R2"),
        "plan_name_unknown", "intensitas.csv", 2, "zona", "R-2"),
    "class ends before it begins": (
        add("intensitas", zona="R-2", parameter="kdb_maks", nilai="0.5", luas_dari_m2="200",
            luas_sampai_m2="100"),
        "plan_span_reversed", "intensitas.csv", None, "luas_sampai_m2", "200"),
    "limit for an unknown activity": (
        add("intensitas", zona="R-2", parameter="kdb_maks", nilai="0.5", kegiatan="rumah tungal"),
        "plan_name_unknown", "intensitas.csv", None, "kegiatan", "rumah tunggal"),
    "KBLI of four digits": (
        cell("kbli", 2, "kbli", "4711"), "plan_value_unfit", "kbli.csv", 2, "kbli", "lima angka"),
    "KBLI to an unknown activity": (
        cell("kbli", 2, "kegiatan", "tokoo"),
        "plan_name_unknown", "kbli.csv", 2, "kegiatan", "toko"),
    "no such date": (
        cell("kbli", 2, "berlaku_dari", "31-12-2024"),
        "plan_not_a_date", "kbli.csv", 2, "berlaku_dari", "2024-06-13"),
    "ends before it holds": (
        lambda plan: (plan.cell("kbli", 2, "berlaku_dari", "2025-01-01"),
                      plan.cell("kbli", 2, "berlaku_sampai", "2024-01-01")),
        "plan_span_reversed", "kbli.csv", 2, "berlaku_sampai", "2025-01-01"),
    "effect unknown": (
        cell("ketentuan_khusus", 2, "efek", "dilarang"),
        "plan_value_unknown", "ketentuan_khusus.csv", 2, "efek", "larang"),
    "group misspelt": (
        cell("ketentuan_khusus", 3, "kegiatan", "kelompok=hunain"),
        "plan_name_unknown", "ketentuan_khusus.csv", 3, "kegiatan", "kelompok=hunian"),
    "exemption unknown": (
        cell("ketentuan_khusus", 2, "pengecualian", "PSM"),
        "plan_name_unknown", "ketentuan_khusus.csv", 2, "pengecualian", "PSN"),
    "tightening without a limit": (
        add("ketentuan_khusus", **KHUSUS | {"efek": "perketat", "parameter": "lantai_maks"}),
        "plan_rule_lacks", "ketentuan_khusus.csv", None, "batas", "isilah"),
    "condition without words": (
        add("ketentuan_khusus", **KHUSUS | {"efek": "syarat"}),
        "plan_rule_lacks", "ketentuan_khusus.csv", None, "syarat", "isilah"),
    "relaxation that nothing grants": (
        add("ketentuan_khusus", **KHUSUS | {
            "efek": "longgarkan", "parameter": "klb_maks", "batas": "2"}),
        "plan_rule_lacks", "ketentuan_khusus.csv", None, "pengecualian", "isilah"),
    "buffer without a width": (
        add("ketentuan_khusus", **KHUSUS | {"geometri": "penyangga"}),
        "plan_rule_lacks", "ketentuan_khusus.csv", None, "jarak_m", "isilah"),
    "column without a value": (
        add("ketentuan_khusus", **KHUSUS | {"kolom": "krb"}),
        "plan_rule_lacks", "ketentuan_khusus.csv", None, "nilai", "isilah"),
    "layer not named": (
        add("ketentuan_khusus", **KHUSUS | {"layer": ""}),
        "plan_rule_lacks", "ketentuan_khusus.csv", None, "layer", "isilah"),
    "tightened share in percent": (
        add("ketentuan_khusus", **KHUSUS | {
            "efek": "perketat", "parameter": "kdb_maks", "batas": "40"}),
        "plan_share_unit", "ketentuan_khusus.csv", None, "batas", "0.4"),
    "rivers without widths": (
        lambda plan: (plan.folder / "sempadan.csv").unlink(),
        "plan_no_widths", "ketentuan_khusus.csv", 8, "geometri", "sempadan.csv"),
    "exemption twice": (
        add("pengecualian", kode="PSN", uraian="lagi"),
        "plan_row_twice", "pengecualian.csv", None, "kode", "baris 2"),
    "exemption code in lower case": (
        cell("pengecualian", 2, "kode", "psn"),
        "plan_value_unfit", "pengecualian.csv", 2, "kode", "PSN"),
    "column unknown": (
        cell("kbli", 2, "catatan", "x"), "plan_column_unknown", "kbli.csv", 1, "catatan", "kbli"),
    "table missing": (
        lambda plan: (plan.folder / "kbli.csv").unlink(),
        "plan_table_missing", "kbli.csv", None, None, "kegiatan"),
    "plan without id": (
        toml('id = "rdtr"', ""), "plan_cell_empty", "plan.toml", 1, "id", "isilah"),
    "date is text": (
        toml("diundangkan = 2024-06-13", 'diundangkan = "13 Juni 2024"'),
        "plan_not_a_date", "plan.toml", 6, "diundangkan", "2024-06-13"),
    "scale is text": (
        toml("skala = 5000", 'skala = "1:5000"'),
        "plan_value_unfit", "plan.toml", 9, "skala", "5000"),
    "key unknown": (
        toml("skala = 5000", "skala = 5000\nskalla = 1"),
        "plan_key_unknown", "plan.toml", 10, "skalla", "skala"),
    "key unknown in an example": (
        toml('kegiatan = "rumah tunggal"', 'kegiatan = "rumah tunggal"\nzone = "R-2"'),
        "plan_key_unknown", "plan.toml", 55, "contoh.0.zone", "zona"),
    "CRS unknown": (
        toml('layer = "rdtr"', 'layer = "rdtr"\narea_crs = "EPSG:999999"'),
        "plan_crs_unknown", "plan.toml", 13, "area_crs", "EPSG:999999"),
    "CRS in degrees": (
        toml('layer = "rdtr"', 'layer = "rdtr"\narea_crs = "EPSG:4326"'),
        "plan_crs_plane", "plan.toml", 13, "area_crs", "proyeksi"),
    "revoked, since when?": (
        toml('status_hukum = "berlaku"', 'status_hukum = "dicabut"'),
        "plan_revoked_when", "plan.toml", None, "berlaku_sampai", "berlaku_sampai"),
    "ends before it is promulgated": (
        toml("skala = 5000", "skala = 5000\nberlaku_sampai = 2020-01-01"),
        "plan_ends_first", "plan.toml", 10, "berlaku_sampai", "2024-06-13"),
    "layer coded by another system": (
        toml('layer = "rdtr"', 'layer = "rdtr"\nsistem_kode_layer = "ATR2018"'),
        "plan_code_system", "plan.toml", 13, "sistem_kode_layer", "ATR2021"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_refused_with_its_place_and_mend(name: str, plan_copy: Any) -> None:
    edit, code, file, row, column, words = FAULTS[name]
    edit(plan_copy)
    with pytest.raises(PlanError) as caught:
        load_plan(plan_copy.folder)
    error = caught.value
    assert error.code == code, str(error)
    assert error.details["file"] == file
    assert row is None or error.details["row"] == row, str(error)
    assert column is None or error.details["column"] == column, str(error)
    message, hint = describe(error, "id")
    assert words in f"{message} {hint}"
    assert any(note.code == code and note.level == "error" for note in lint_plan(plan_copy.folder))


def test_all_faults_are_told_not_just_the_first(plan_copy: Any) -> None:
    plan_copy.cell("itbx", 2, "R-2", "Y")
    plan_copy.cell("intensitas", 2, "nilai", "0,6")
    plan_copy.cell("kbli", 2, "kbli", "x")
    plan_copy.cell("pengecualian", 3, "kode", "PSN")
    with pytest.raises(PlanError) as caught:
        load_plan(plan_copy.folder)
    told = caught.value.details["faults"]
    assert isinstance(told, list)
    assert len(told) == 4
    assert {note.details["cell"] for note in lint_plan(plan_copy.folder)} == {
        "Q2",
        "C2",
        "A2",
        "A3",
    }


def test_every_missing_key_is_named_once(plan_copy: Any) -> None:
    plan_copy.toml('nama = "RDTR WP Kota Contoh"\n', "")
    plan_copy.toml("skala = 5000\n", "")
    with pytest.raises(PlanError) as caught:
        load_plan(plan_copy.folder)
    assert [str(text).split(",")[2] for text in caught.value.details["faults"]] == [  # type: ignore[attr-defined]  # a list of sentences
        " column nama: nothing stands there; fill it",
        " column skala: nothing stands there; fill it",
    ]


@pytest.mark.parametrize(
    ("name", "raw", "code"),
    [
        ("itbx.csv", b"", "plan_table_empty"),
        ("itbx.csv", "kegiatan,Zona é".encode("latin-1"), "plan_table_encoding"),
        ("itbx.csv", b'kegiatan,pasal\n"rumah,x\n', "plan_table_torn"),
        ("itbx.csv", b"kegiatan;R-2;pasal\n", "plan_delimiter"),
        ("itbx.csv", b"kegiatan,R-2,R-2,pasal,sumber,status\n", "plan_column_twice"),
        ("itbx.csv", b"kegiatan,R-2,pasal,sumber,status\nx,I,a\n", "plan_row_width"),
        ("plan.toml", b"id = ", "plan_toml"),
        ("plan.toml", b"a = " + b"[" * 5000, "plan_toml"),
        ("plan.toml", b"\xff\xfe", "plan_toml"),
    ],
)
def test_a_file_that_is_no_table_is_refused(
    name: str, raw: bytes, code: str, plan_copy: Any
) -> None:
    (plan_copy.folder / name).write_bytes(raw)
    with pytest.raises(PlanError) as caught:
        load_plan(plan_copy.folder)
    assert caught.value.code == code
    assert caught.value.details["file"] == name


def test_an_unknown_plan_says_which_exist() -> None:
    with pytest.raises(PlanNotFoundError, match="rtrw_kab, rtrw_prov"):
        load_plan(sample_plan_folder() / "rdtr_lain")


#: Tables whose names may lead nowhere once another table is damaged.
REFERRING = {"intensitas.csv", "ketentuan_khusus.csv", "kbli.csv"}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.sampled_from(["itbx", "intensitas", "ketentuan_khusus", "kbli", "sempadan"]),
    place=st.integers(0, 4000),
    junk=st.sampled_from(["", '"', ",", "\n", "\0", "9" * 400, "é", ";", "-1", "NaN", "=1+1", "'"]),
)
def test_any_damage_is_refused_or_read_never_a_crash(
    plan_copy: Any, table: str, place: int, junk: str
) -> None:
    path: Path = plan_copy.folder / f"{table}.csv"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole[:place] + junk + whole[place + 1 :], encoding="utf-8")
    try:
        notes = lint_plan(plan_copy.folder)
        assert all(describe(note, "id")[0] for note in notes)
        faults = [note for note in notes if not note.code.startswith("lint_")]
        with pytest.raises(EngineError) if faults else nullcontext():
            load_plan(plan_copy.folder)
        assert {note.details["file"] for note in faults} <= {path.name, *REFERRING}
    finally:
        path.write_text(whole, encoding="utf-8")
