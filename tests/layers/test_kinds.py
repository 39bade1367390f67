"""Kinds are declarations: every one of the issue's is there, and adding one is adding a table."""

from __future__ import annotations

from pathlib import Path

import pytest
from layer_making import zones

import layers
from layers.code_lists import code_lists
from layers.kinds import declared, kind_named, kinds, recognise
from spatial.errors import SchemaError

WANTED = (
    "pola_ruang", "ketentuan_khusus", "kawasan_hutan", "das", "sungai", "garis_pantai",
    "bahaya_banjir", "bahaya_longsor", "krb", "tutupan_lahan", "lsd", "lp2b",
    "batas_administrasi", "jalan", "bangunan", "sekolah", "kesehatan", "evakuasi", "tpa",
    "transit", "industri", "wisata", "persil", "penduduk", "kemiskinan", "program_desa",
    "permohonan", "izin_terbit", "pasang_surut", "sensor", "dem", "bahaya_gempa",
    "bahaya_tsunami", "bahaya_gunung_api", "bahaya_kekeringan", "bahaya_kebakaran",
    "bahaya_abrasi",
)  # fmt: skip
POLYGON, LINE, POINT = ["MultiPolygon"], ["LineString"], ["Point"]


@pytest.mark.parametrize("name", WANTED)
def test_every_kind_is_declared(name: str) -> None:
    kind = kind_named(name)
    assert kind.title
    assert set(kind.code_lists) <= set(code_lists())
    # Only rasters have no columns to be told by.
    assert bool(kind.needs) or kind.geometry == ("Raster",)


@pytest.mark.parametrize(
    ("columns", "types", "kind"),
    [
        # RDTR of ATR/BPN; the older names of the same columns; RTRW with a plan code
        ("NAMOBJ KODZON NAMZON KODSZN NAMSZN JNSRPR KODEWP LP2B_2 KRB_03 REMARK LUASHA", POLYGON,
         "pola_ruang"),
        ("namobj kodzon_1 namszn_1 kodwp shape_leng", POLYGON, "pola_ruang"),
        ("NAMOBJ ORDE01 KODKWS JNSRPR WADMPR WADMKK KKOP_1 KP2B_2 LUASHA", POLYGON, "pola_ruang"),
        ("NAMOBJ KKOP_1 REMARK", POLYGON, "ketentuan_khusus"),
        ("OBJECTID FUNGSIKWS NOSKPNJK TGLSKPNJK LSKPNJK", POLYGON, "kawasan_hutan"),
        ("WS COUNT NOMOR DAS KABKOT LUAS", POLYGON, "das"),
        ("KDEPUM WADMKD WADMKC WADMKK WADMPR", POLYGON, "batas_administrasi"),
        ("NIB TIPEHAK LUASTERTUL", POLYGON, "persil"),
        ("KO_KBLI Jns_KKPR Ket_Koord Tagl_Terbi Luas_KKPR", POLYGON, "izin_terbit"),
        ("KLSGTN", POLYGON, "bahaya_longsor"),
        ("DN", POLYGON, "bahaya"),
        ("NPSN NAMA_SEKOLAH JENJANG", POINT, "sekolah"),
        ("ID_SENSOR SIAGA_1 SIAGA_2", POINT, "sensor"),
        ("KDEPUM PROGRAM PAGU", [], "program_desa"),
        ("HHWL MSL STASIUN", POINT, "pasang_surut"),
    ],
)  # fmt: skip
def test_official_schemas_are_recognised(columns: str, types: list[str], kind: str) -> None:
    found = recognise(columns.split(), types)
    assert found is not None
    assert found.name == kind


def test_names_of_columns_are_recognised_in_any_case() -> None:
    for case in (str.upper, str.lower, str.title):
        assert recognise([case("kodszn"), case("namobj")], POLYGON) == kind_named("pola_ruang")


def test_a_partition_declares_what_its_areas_must_agree_with() -> None:
    kind = kind_named("pola_ruang")
    assert kind.partition
    assert kind.area == {"luasha": "ha"}
    assert {"instrument", "number", "date", "scale", "ce90_m", "valid_from"} <= set(kind.legal)


EMBUNG = """
[embung]
title = "Embung"
geometry = ["Polygon", "MultiPolygon"]
rank = 99
needs = [["nama_embung"]]
numbers = ["volume_m3"]
[embung.columns]
nama_embung = ["NAMA_EMB", "NAMAEMBUNG"]
volume_m3 = ["VOL"]
"""


def test_adding_a_kind_is_adding_one_declaration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jenis.toml").write_text(EMBUNG)
    monkeypatch.setenv("TATARUANG_KINDS", str(tmp_path / "jenis.toml"))
    frame = zones(NAMA_EMB=["Embung A", "Embung B"], VOL=["1.234.567", "12,5"])
    frame.to_file(tmp_path / "a.gpkg")
    found = layers.read(tmp_path / "a.gpkg")
    assert found.kind is not None
    assert found.kind.name == "embung"
    assert found.frame["nama_embung"].tolist() == ["Embung A", "Embung B"]
    assert found.frame["volume_m3"].tolist() == [1234567.0, 12.5]
    monkeypatch.delenv("TATARUANG_KINDS")
    assert "embung" not in kinds()


def test_a_declaration_with_a_fault_names_it() -> None:
    with pytest.raises(SchemaError, match="kind embung has a fault at: partisi"):
        declared(EMBUNG.replace("[embung.columns]", "partisi = true\n[embung.columns]"))


def test_an_unknown_kind_is_told_with_the_nearest() -> None:
    with pytest.raises(SchemaError, match="Nearest: pola_ruang"):
        kind_named("polaruang")


def test_a_code_means_something_only_with_its_system() -> None:
    lists = code_lists()
    assert lists["rdtr_pu_2011"].values["K-1"] != lists["rdtr_atr_2021"].values["K-1"]
    assert lists["rtrw_atr_2021"].values["PB"] == "Panas Bumi"
    assert lists["rdtr_pu_2011"].values["PB"] == "Perlindungan Bawahan"
    assert all(one.status == "belum_diverifikasi" and one.source for one in lists.values())
