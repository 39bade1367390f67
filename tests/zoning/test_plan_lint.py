"""What the linter finds in a plan that can be used: blanks, gaps, contradictions, dead rules."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
import shapely

from spatial.notes import Note
from zoning import load_plan, sample_plan_folder
from zoning.limits import zone_limits
from zoning.lint import lint_plan, run_examples
from zoning.plan_import import import_plan
from zoning.plot import AreaRange
from zoning.ruleset import rules_on

SHARED = Path(os.environ.get("TATARUANG_DOMAIN", Path(__file__).parents[3] / "shared" / "domain"))


def found(folder: Path, code: str, source: Any = None) -> list[Note]:
    return [note for note in lint_plan(folder, source) if note.code == code]


@pytest.mark.parametrize("name", ["rdtr", "rtrw_kab", "rtrw_prov"])
def test_the_sample_plans_have_no_error(name: str) -> None:
    notes = lint_plan(sample_plan_folder(name))
    assert [str(note) for note in notes if note.level == "error"] == []


def test_a_blank_cell_is_named_with_its_cell(plan_copy: Any) -> None:
    plan_copy.cell("itbx", 4, "K-3", "")
    [first, second] = found(plan_copy.folder, "lint_cell_blank")
    assert (first.details["row"], first.details["column"], first.details["cell"]) == (
        4,
        "K-3",
        "W4",
    )
    assert second.details["row"] == 23


def classes(plan: Any, *ends: tuple[str, str]) -> list[int]:
    """Add KDB classes to zone EM, which has none, and return their lines."""
    return [
        plan.add(
            "intensitas",
            zona="EM",
            parameter="kdb_maks",
            nilai="0.5",
            luas_dari_m2=low,
            luas_sampai_m2=high,
        )
        for low, high in ends
    ]


def test_gaps_and_ends_of_size_classes(plan_copy: Any) -> None:
    lines = classes(plan_copy, ("40", "100"), ("101", "200"))
    [gap] = found(plan_copy.folder, "lint_class_gap")
    assert (gap.details["low"], gap.details["high"], gap.details["row"]) == ("100", "101", lines[0])
    [below] = found(plan_copy.folder, "lint_class_below")
    [above] = found(plan_copy.folder, "lint_class_above")
    assert (below.details["high"], above.details["low"]) == ("40", "200")


def test_half_open_classes_that_follow_each_other_leave_no_gap(plan_copy: Any) -> None:
    classes(plan_copy, ("", "100"), ("100", "200"), ("200", ""))
    assert not [n for n in lint_plan(plan_copy.folder) if n.code.startswith("lint_class")]


def test_ends_that_belong_to_their_class_leave_no_gap_either(plan_copy: Any) -> None:
    first, second = classes(plan_copy, ("", "100"), ("100", ""))
    plan_copy.cell("intensitas", first, "sampai_termasuk", "ya")
    [overlap] = found(plan_copy.folder, "lint_class_overlap")
    assert (overlap.details["low"], overlap.details["high"]) == ("100", "100")
    plan_copy.cell("intensitas", second, "dari_termasuk", "tidak")
    assert not [n for n in lint_plan(plan_copy.folder) if n.code.startswith("lint_class")]
    rules = [r for r in load_plan(plan_copy.folder).intensities if r.line in (first, second)]
    assert [sum(r.area_from_m2 <= a < r.area_to_m2 for r in rules) for a in (99.9, 100, 100.1)] == [
        1,
        1,
        1,
    ]


def test_overlapping_classes_are_an_error_with_both_rows(plan_copy: Any) -> None:
    lines = classes(plan_copy, ("", "150"), ("100", ""))
    [note] = found(plan_copy.folder, "lint_class_overlap")
    assert (note.details["row"], note.details["other"]) == (lines[1], lines[0])
    assert (note.details["low"], note.details["high"]) == ("100", "150")


def test_kdb_and_kdh_beyond_the_plot(plan_copy: Any) -> None:
    line = plan_copy.add("intensitas", zona="EM", parameter="kdb_maks", nilai="0.7")
    plan_copy.add("intensitas", zona="EM", parameter="kdh_min", nilai="0.3")
    assert not found(plan_copy.folder, "lint_kdb_kdh")
    plan_copy.cell("intensitas", line + 1, "nilai", "0.31")
    [note] = found(plan_copy.folder, "lint_kdb_kdh")
    assert (note.level, note.details["row"], note.details["other"]) == ("error", line + 1, line)


def test_klb_below_kdb(plan_copy: Any) -> None:
    line = plan_copy.add("intensitas", zona="EM", parameter="kdb_maks", nilai="0.6")
    plan_copy.add("intensitas", zona="EM", parameter="klb_maks", nilai="0.6")
    assert not found(plan_copy.folder, "lint_klb_kdb")
    plan_copy.cell("intensitas", line + 1, "nilai", "0.5")
    assert [n.details["row"] for n in found(plan_copy.folder, "lint_klb_kdb")] == [line + 1]


def test_limits_of_different_days_do_not_contradict_each_other(plan_copy: Any) -> None:
    plan_copy.add(
        "intensitas", zona="EM", parameter="kdb_maks", nilai="0.9", berlaku_sampai="2025-01-01"
    )
    plan_copy.add(
        "intensitas", zona="EM", parameter="kdh_min", nilai="0.3", berlaku_dari="2025-01-01"
    )
    assert not found(plan_copy.folder, "lint_kdb_kdh")


def test_codes_that_nothing_explains(plan_copy: Any) -> None:
    plan_copy.cell("itbx", 2, "R-2", "T9")
    plan_copy.cell("itbx", 2, "R-77", "I")
    [subcode] = found(plan_copy.folder, "lint_subcode_unknown")
    assert (subcode.details["code"], subcode.details["cell"]) == ("T9", "Q2")
    assert [n.details["column"] for n in found(plan_copy.folder, "lint_zone_unnamed")] == ["R-77"]
    assert [n.details["column"] for n in found(plan_copy.folder, "lint_zone_code")] == ["R-77"]


def test_dead_rules(plan_copy: Any) -> None:
    late = plan_copy.add("kbli", kbli="47111", kegiatan="ruko", berlaku_sampai="2020-01-01")
    unused = plan_copy.add("pengecualian", kode="LAIN", uraian="tidak dipakai")
    twice = plan_copy.add("kbli", kbli="47112", kegiatan="toko")
    idle = plan_copy.add(
        "ketentuan_khusus", kode="TPZ", geometri="layer", layer="lp2b", kegiatan="*",
        efek="longgarkan", parameter="klb_maks", batas="0.01", pengecualian="TPZ",
    )  # fmt: skip
    wanted = {
        "lint_rule_dead": late,
        "lint_exemption_unused": unused,
        "lint_pair_twice": twice,
        "lint_limit_idle": idle,
    }
    for code, line in wanted.items():
        assert [note.details["row"] for note in found(plan_copy.folder, code)] == [line], code


def test_missing_articles_and_mixed_status(plan_copy: Any) -> None:
    plan_copy.cell("itbx", 3, "pasal", "-")
    assert [n.details["cell"] for n in found(plan_copy.folder, "lint_article_missing")] == ["AA3"]
    plan_copy.toml('status = "contoh"', 'status = "resmi"')
    assert len(found(plan_copy.folder, "lint_status_mixed")) == 6


def test_an_accuracy_that_the_scale_cannot_have(plan_copy: Any) -> None:
    plan_copy.toml("skala = 5000", "skala = 25000")
    [note] = found(plan_copy.folder, "lint_accuracy")
    assert (note.details["best"], note.details["worst"], note.details["row"]) == (5.0, 12.5, None)


def test_a_river_without_a_width_and_one_with_two(plan_copy: Any) -> None:
    plan_copy.cell("sempadan", 4, "kedalaman_dari_m", "4")
    gaps = found(plan_copy.folder, "lint_river_gap")
    assert {(note.details["low"], note.details["high"]) for note in gaps} == {("3", "4")}
    plan_copy.cell("sempadan", 4, "kedalaman_dari_m", "2")
    assert found(plan_copy.folder, "lint_river_twice")
    plan_copy.cell("sempadan", 7, "kelas", "besar")
    missing = found(plan_copy.folder, "lint_river_missing")
    assert [note.details["kind"] for note in missing] == [
        "perkotaan=tidak, bertanggul=tidak, kelas=kecil"
    ]


def test_examples_of_cells_and_limits_run_as_tests(plan_copy: Any) -> None:
    text = (plan_copy.folder / "plan.toml").read_text(encoding="utf-8")
    more = """
[[contoh]]
zona = "K-2"
parameter = "kdb_maks"
luas_m2 = 199.99
batas = 0.8

[[contoh]]
zona = "K-2"
parameter = "kdb_maks"
luas_m2 = 200
batas = 0.8

[[contoh]]
kbli = "47111"
zona = "R-2"
izin = ["T", "TB"]
"""
    (plan_copy.folder / "plan.toml").write_text(text + more, encoding="utf-8")
    results = run_examples(load_plan(plan_copy.folder))
    assert [one.passed for one in results] == [True] * 6 + [False, False]
    assert [one.found for one in results[6:]] == ["0.7", "TB"]
    assert len(found(plan_copy.folder, "lint_example_fails")) == 2


class Source(dict[str, gpd.GeoDataFrame]):
    """Layers in memory."""

    def get(self, name: str, on: Any = None, known_at: Any = None) -> Any:  # type: ignore[override]  # a source of layers
        return type("Layer", (), {"frame": self[name], "version": "uji"})


def test_a_plan_is_compared_with_its_layers() -> None:
    boxes = [shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10), shapely.box(20, 0, 30, 10)]
    zones = gpd.GeoDataFrame({"zona": ["R-2", "R2", "HL / PD"]}, geometry=boxes, crs="EPSG:9489")
    hazards = gpd.GeoDataFrame({"krb_03": ["Tidak Ada", "Longsor Tingi", "Banjir Tinggi"]},
                               geometry=boxes, crs="EPSG:9489")  # fmt: skip
    notes = lint_plan(sample_plan_folder("rdtr"), Source(rdtr=zones, krb=hazards))
    codes = {note.code for note in notes}
    assert {"lint_zone_unruled", "lint_zone_compound", "lint_zone_undrawn"} <= codes
    assert "R2" in {note.details.get("zone") for note in notes if note.code == "lint_zone_unruled"}
    absent = {note.details["value"] for note in notes if note.code == "lint_value_absent"}
    assert "Longsor Tinggi" in absent
    assert "Banjir Tinggi" not in absent
    unreadable = {n.details["layer"] for n in notes if n.code == "lint_layer_unreadable"}
    assert {"lp2b", "sungai", "garis_pantai"} <= unreadable


MATRIX = """kelompok,kegiatan,R-1,SPU-2
Jasa,Pencucian Kendaraan Bermotor,I,
Hunian,"Rumah Tunggal, Deret",I,B
"""
LIMITS = """kelas,luas_min_m2,luas_max_m2,param,zona,nilai
1,40,100,KDB,R-1,80
2,101,200,KDB,R-1,80
1,40,100,KLB,R-1,3.2
2,101,200,KLB,R-1,4
1,40,100,Tinggi,R-1,16
2,101,200,Tinggi,R-1,20
"""


def test_a_published_matrix_with_its_limits_imports(tmp_path: Path) -> None:
    (tmp_path / "itbx.csv").write_text(MATRIX, encoding="utf-8")
    (tmp_path / "batas.csv").write_text(LIMITS, encoding="utf-8")
    folder = import_plan(
        tmp_path / "kota", tmp_path / "itbx.csv", tmp_path / "batas.csv",
        pasal="Lampiran III", sumber="uji",
    )  # fmt: skip
    plan = load_plan(folder)
    assert [row.kegiatan for row in plan.matrix][1] == "Rumah Tunggal, Deret"
    assert plan.matrix[0].cells.keys() == {"R-1"}
    kdb = plan.intensities[0]
    assert (kdb.parameter, kdb.limit) == ("kdb_maks", 0.8)
    assert kdb.area_from_m2 <= 40 <= 100 < kdb.area_to_m2 < 100.001
    assert [n.details["cell"] for n in found(folder, "lint_cell_blank")] == ["D2"]
    [gap] = found(folder, "lint_class_gap")
    assert (gap.details["low"], gap.details["high"], gap.details["count"]) == ("100", "101", 3)


@pytest.mark.realdata
def test_the_matrix_of_a_real_city_shows_its_blanks_and_gaps(tmp_path: Path) -> None:
    matrix, limits = SHARED / "itbx_yogyakarta.csv", SHARED / "intensitas_yogyakarta.csv"
    if not matrix.exists():
        pytest.skip("the published matrix is not on this machine: set TATARUANG_DOMAIN")
    folder = import_plan(tmp_path / "kota", matrix, limits, pasal="Lampiran", sumber="tabel kota")
    assert len(load_plan(folder).matrix) == 147
    assert len(load_plan(folder).intensities) == 300
    blanks = found(folder, "lint_cell_blank")
    assert {n.details["kegiatan"] for n in blanks} == {"Pencucian Kendaraan Bermotor"}
    assert len(blanks) == 5
    gaps = [(n.details["low"], n.details["high"]) for n in found(folder, "lint_class_gap")]
    assert gaps == [("100", "101"), ("200", "201"), ("400", "401"), ("1000", "1001")]
    rules = rules_on(load_plan(folder), date(2024, 7, 1))
    wash = rules.select("pencucian kendaraan bermotor")
    said = {zone: rules.zone_interval(wash, zone).to_list() for zone in ("SPU-2", "R-1", "SC")}
    assert said == {"SPU-2": ["I", "X"], "R-1": ["I", "I"], "SC": ["B", "B"]}
    assert rules.zone_interval(wash, "SPU-1").to_list() == ["X", "X"]
    klb = {
        area: zone_limits(rules, "R-1", wash, "klb_maks", "", AreaRange(area, area))
        for area in (39.9, 40.0, 100.0, 100.5, 101.0, 1000.5, 1001.0)
    }
    assert {area: one.gap for area, one in klb.items() if one is not None} == {
        39.9: True, 40.0: False, 100.0: False, 100.5: True, 101.0: False, 1000.5: True,
        1001.0: False,
    }  # fmt: skip
    assert [one.strict for a in (40.0, 1001.0) if (one := klb[a]) is not None] == [3.2, 4.0]
