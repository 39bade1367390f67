"""Monitoring: areas and counts known by construction; what turned is what a fresh check says."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

sys.path.insert(0, str(Path(__file__).parent))
import d1_workspace
from case_runner import CRS, frame_of, plans_of

from api import cli
from api.engine import Engine
from api.recording import record_answers
from api.verdict_files import verdict_bytes
from layers.store import open_store
from layers.workspace import Workspace
from spatial.errors import PlanError
from zoning import Plan, check_permits
from zoning.monitoring import (
    LimitRow,
    building_indications,
    conversion,
    green_shares,
    ledger,
    read_limits,
    rejudge,
    rejudge_decisions,
)
from zoning.register import Decision, Register, drafts_of

DAY = date(2024, 7, 1)


def box(west: float, south: float, east: float, north: float) -> Any:
    """A box in metres from the south-west corner of R-2."""
    return shapely.box(549_800 + west, 9_260_500 + south, 549_800 + east, 9_260_500 + north)


def frame(shapes: list[Any], **columns: list[Any]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


@pytest.fixture(scope="module")
def plans(tmp_path_factory: pytest.TempPathFactory) -> list[Plan]:
    case: dict[str, Any] = {
        "rencana": ["D1"],
        "layer": [{"nama": "lp2b", "geometri": box(0, 0, 20, 100).wkt}],
        "tambah_itbx": [
            {
                "kegiatan": "minimarket",
                "kelompok": "perdagangan",
                "R-2": "T3",
                "K-3": "I",
                "P-1": "X",
            }
        ],
    }
    return plans_of(case, tmp_path_factory.mktemp("plans"))


def test_what_turned_is_what_a_fresh_check_says(tmp_path: Path) -> None:
    folder = d1_workspace.make(tmp_path / "uji")
    engine = Engine.open(folder)
    permits = d1_workspace.permits(60)
    before = engine.check(permits, on=DAY)
    record_answers(engine, permits, [verdict_bytes(v.to_dict()) for v in before], on=DAY)
    store = open_store(Workspace.open(folder))
    store.publish(frame_of([{"geometri": box(0, 0, 100, 200).wkt}], []), name="lp2b")
    changed = Engine.open(folder)
    found = rejudge_decisions(changed.register.decisions(), changed.plans, on=DAY)
    after = changed.check(permits, on=DAY)
    expected = {
        one.permit_id: (one.verdict, other.verdict)
        for one, other in zip(before, after, strict=True)
        if one.verdict not in ("TIDAK_SESUAI", other.verdict)
    }
    assert {f.permit_id: (f.then, f.now) for f in found.flips} == expected
    assert len(expected) > 3
    assert found.total == sum(one.verdict != "TIDAK_SESUAI" for one in before)
    for flip in found.flips:
        assert any("pertanian pangan" in reason.lower() for reason in flip.reasons), flip
        assert [cause.split(":")[0] for cause in flip.causes] == ["layer lp2b"]
        assert flip.direction in ("lebih_berat", "belum_pasti")


def test_a_plan_that_came_into_force_is_named_as_the_cause(tmp_path: Path) -> None:
    layer = {"nama": "zona_d1k", "zona": "P-1", "geometri": box(-200, -100, 400, 300).wkt}
    both = plans_of({"rencana": ["D1", "D1K"], "layer": [layer]}, tmp_path)
    house = frame([box(40, 40, 60, 60)], permit_id=["A"], kegiatan=["rumah tunggal"])
    found = rejudge(house, both, before=date(2024, 6, 12), after=date(2024, 6, 13))
    [flip] = found.flips
    assert flip.then == "TIDAK_SESUAI"
    assert any(cause.startswith("rencana D1: –") for cause in flip.causes)
    assert "hukum per 2024-06-12 → 2024-06-13" in flip.causes
    assert rejudge(house, both, before=DAY, after=DAY).unchanged == 1


def test_buildings_are_indications_with_evidence(plans: list[Plan]) -> None:
    buildings = frame(
        [
            box(30, 10, 38, 18),  # R-2, in the parcel of a permit
            box(50, 10, 58, 18),  # R-2, none
            box(38, 30, 48, 40),  # 40 % of it in the parcel
            box(50, 120, 58, 128),  # P-1, with a permit
            box(5, 50, 13, 58),  # R-2 under LP2B
            box(60, 60, 68, 68),  # a use that nobody can name
            box(98.5, 50, 99.5, 51),  # within the accuracy of the map
        ],
        nomor=list("abcdefg"),
        guna=["Rumah"] * 5 + ["Entah", "Kandang"],
    )
    permits = frame([box(28, 5, 42, 45), box(45, 115, 60, 130)], permit_id=["izin-1", "izin-2"])
    found = building_indications(
        buildings, permits, plans, on=DAY, id_column="nomor", use_column="guna",
        activities={"Rumah": "rumah tunggal", "Kandang": "kandang ternak"},
    ).set_index("id")  # fmt: skip
    assert found["indikasi"].to_dict() == {
        "a": "", "b": "tanpa_izin", "c": "tanpa_izin", "d": "zona_terlarang",
        "e": "tanpa_izin; zona_terlarang", "f": "tanpa_izin", "g": "tanpa_izin",
    }  # fmt: skip
    assert found["permit_id"].to_dict()["a"] == "izin-1"
    assert found.loc["c", "bagian_berizin"] == pytest.approx(0.4, abs=1e-6)
    assert "40% tapak" in found.loc["c", "bukti"]
    assert "tidak diperbolehkan" in found.loc["d", "bukti"]
    assert "Pasal 45(2)" in found.loc["d", "dasar"]
    assert "Pasal 50(2)" in found.loc["e", "dasar"]
    assert found.loc["f", "di_zona"] == "belum_pasti"
    assert found.loc["a", "di_zona"] == "boleh"


def test_greens_name_what_was_counted_and_what_lacks(plans: list[Plan]) -> None:
    meta = replace(plans[0].meta, rth_public=("RTH-2",), rth_private=("PS",))
    found = green_shares(replace(plans[0], meta=meta), on=DAY)
    # D1 is 80,000 m2; RTH-2 is 60 x 100, PS 40 x 200.
    assert found.area_ha == pytest.approx(8.0)
    rows = found.table().set_index("jenis")
    assert rows["luas_ha"].to_dict() == pytest.approx(
        {"seluruh": 1.4, "publik": 0.6, "privat": 0.8}
    )
    assert rows["bagian"].to_dict() == pytest.approx(
        {"seluruh": 0.175, "publik": 0.075, "privat": 0.1}
    )
    assert rows["kurang_ha"].to_dict() == pytest.approx(
        {"seluruh": 1.0, "publik": 1.0, "privat": 0.0}
    )
    assert "zona PS, RTH-2" in found.counted
    part = green_shares(replace(plans[0], meta=meta), on=DAY, area=box(200, 0, 230, 100))
    assert part.of("publik") == pytest.approx(part.area_ha)
    assert part.of("privat") == 0


def test_paddy_that_was_lost_is_placed_in_zone_and_protection(plans: list[Plan]) -> None:
    before = frame([box(0, 0, 100, 100), box(300, 0, 310, 10)])
    after = frame([box(0, 50, 100, 120), box(290, 0, 290.5, 1)])
    found = conversion(before, after, plans, on=DAY, smallest_m2=1.0)
    table = found.table().set_index(["perubahan", "zona", "dilindungi"])["luas_ha"] * 10_000
    lp2b = "Lahan pertanian pangan berkelanjutan"
    # Cutting along a shared edge leaves rows of no width; the balance keeps them.
    assert table[table < 1e-3].sum() < 1e-3
    assert table[table >= 1e-3].to_dict() == pytest.approx(
        {
            ("hilang", "R-2", ""): 4_000,
            ("hilang", "R-2", lp2b): 1_000,
            ("hilang", "(di luar rencana)", ""): 100,
            ("bertambah", "P-1", ""): 2_000,
            ("bertambah", "(di bawah satuan terkecil)", ""): 0.5,
        },
        abs=1e-3,
    )


corner = st.integers(-60, 200)
boxes = st.lists(
    st.tuples(corner, corner, st.integers(1, 90), st.integers(1, 90)), min_size=1, max_size=4
)


@given(boxes, boxes, st.sampled_from([0.0, 500.0]))
def test_the_balance_of_paddy_closes(
    plans: list[Plan], old: list[Any], new: list[Any], smallest: float
) -> None:
    before, after = (frame([box(x, y, x + w, y + h) for x, y, w, h in it]) for it in (old, new))
    found = conversion(before, after, plans, on=DAY, smallest_m2=smallest)
    assert found.before_ha == pytest.approx(found.stayed_ha + found.of("hilang"), rel=1e-9)
    assert found.after_ha == pytest.approx(found.stayed_ha + found.of("bertambah"), rel=1e-9)


@pytest.fixture(scope="module")
def decided(plans: list[Plan], tmp_path_factory: pytest.TempPathFactory) -> list[Decision]:
    """Minimarkets: three approved in R-2, of which one twice; one in K-3; one refused in P-1."""
    spots = {"A": 30, "B": 50, "C": 70, "A2": 30, "K": 130}
    shapes = [box(x, 10, x + 10, 20) for x in spots.values()] + [box(50, 120, 60, 130)]
    permits = frame(
        shapes,
        permit_id=["A", "B", "C", "A", "K", "X"],
        kegiatan=["minimarket"] * 6,
        luas_tapak_m2=[50.0, 40.0, None, 55.0, 30.0, 10.0],
    )
    register = Register(tmp_path_factory.mktemp("register"))
    answers = [verdict_bytes(one.to_dict()) for one in check_permits(permits, plans, on=DAY)]
    register.append(drafts_of(permits, answers, on=DAY))
    return register.decisions()


def lines(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    columns = ["zona", "blok", "ukuran", "terpakai", "sisa", "keadaan"]
    rows = table[columns].astype(object)
    return [tuple(row) for row in rows.where(rows.notna(), None).itertuples(index=False)]


def test_a_count_without_a_limit_is_not_free(plans: list[Plan], decided: list[Decision]) -> None:
    assert [one.entry["verdict"] for one in decided] == [
        *["SESUAI_TERBATAS"] * 4, "SESUAI", "TIDAK_SESUAI",
    ]  # fmt: skip
    found = ledger(decided, plans, on=DAY)
    assert lines(found) == [("R-2", "", "jumlah", 3, None, "batas_tidak_diketahui")]
    numbers = found["keputusan"].iloc[0].split("; ")
    # Of the two decisions on A the later counts.
    assert numbers == [decided[i].id for i in (1, 2, 3)]


def test_limits_by_number_area_and_block(plans: list[Plan], decided: list[Decision]) -> None:
    def limit(measure: str, most: float, zone: str = "R-2", block: str = "") -> LimitRow:
        return LimitRow("D1", zone, block, "Minimarket", measure, most, "Pasal 1", "", "contoh")

    blocks = frame([box(0, 0, 60, 100), box(60, 0, 200, 100)], kodblk=["I.A.1", "I.A.2"])
    found = ledger(
        decided,
        plans,
        on=DAY,
        limits=[
            limit("jumlah", 2),
            limit("jumlah", 3),
            limit("jumlah", 2, block="I.A.1"),
            limit("jumlah", 4, zone="", block="I.A.2"),
            limit("luas_tapak_m2", 200),
            limit("luas_tapak_m2", 90),
            limit("luas_tapak_m2", 100, block="I.A.1"),
        ],
        blocks=blocks,
    )
    assert lines(found) == [
        ("R-2", "", "jumlah", 3, -1, "terlampaui"),
        ("R-2", "", "jumlah", 3, 0, "habis"),
        ("R-2", "I.A.1", "jumlah", 2, 0, "habis"),
        ("", "I.A.2", "jumlah", 2, 2, "tersedia"),
        # C never said how large it is: what is left is not known, what is too much is.
        ("R-2", "", "luas_tapak_m2", 95, 105, "angka_tidak_lengkap"),
        ("R-2", "", "luas_tapak_m2", 95, -5, "terlampaui"),
        ("R-2", "I.A.1", "luas_tapak_m2", 95, 5, "tersedia"),
    ]


HEAD = "rencana,zona,blok,kegiatan,ukuran,batas,pasal,sumber,status"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rencana,zona", "row 1"),
        (f"{HEAD}\nD1,R-2,,toko,banyaknya,3,,,contoh", "row 2, column ukuran: 'banyaknya'"),
        (f"{HEAD}\nD1,R-2,,toko,jumlah,tiga,,,contoh", "row 2, column batas: 'tiga'"),
        (f"{HEAD}\nD1,R-2,,toko,jumlah,-1,,,contoh", "zero or more"),
        (f"{HEAD}\nD1,R-2,,toko,jumlah,3,,,sah", "column status"),
    ],
)
def test_a_table_of_limits_with_a_fault_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "batas.csv"
    path.write_text(text + "\n", encoding="utf-8")
    with pytest.raises(PlanError, match=said):
        read_limits(path)


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli._app_for(list(words)), list(words))
    return result.exit_code, result.output


def test_the_commands(tmp_path: Path) -> None:
    folder = d1_workspace.make(tmp_path / "uji")
    toml = folder / "plans" / "D1" / "plan.toml"
    text = toml.read_text(encoding="utf-8")
    toml.write_text(text.replace("[subkode]", 'zona_rth = ["RTH-2"]\n\n[subkode]', 1), "utf-8")
    store = open_store(Workspace.open(folder))
    store.publish(frame([box(0, 0, 100, 100)]), name="sawah_2020")
    store.publish(frame([box(0, 0, 50, 100)]), name="sawah_2024")
    store.publish(
        frame([box(5, 5, 15, 15)], id_bangunan=["b1"], fungsi=["Rumah tinggal"]), name="bangunan"
    )
    engine = Engine.open(folder)
    permits = frame(
        [box(30, 30, 40, 40), box(30, 130, 40, 140)],
        permit_id=["R", "P"],
        kegiatan=["rumah tunggal"] * 2,
    )
    answers = [verdict_bytes(one.to_dict()) for one in engine.check(permits, on=DAY)]
    record_answers(engine, permits, answers, on=DAY)
    limits = tmp_path / "batas.csv"
    limits.write_text(f"{HEAD}\nD1,,,,jumlah,10,Pasal 1,uji,contoh\n", encoding="utf-8")
    issued = tmp_path / "izin.csv"
    pd.DataFrame({"permit_id": ["i"], "geometry": [box(0, 0, 20, 20).wkt]}).to_csv(issued)
    common = ("-w", str(folder), "--on", "2024-07-01", "-o")
    out = tmp_path / "hasil.geojson"
    code, said = run("monitor", "flips", *common, str(out), "--json")
    assert (code, json.loads(said)["flips"]) == (0, []), said
    code, said = run("monitor", "rth", *common, str(tmp_path / "rth.xlsx"))
    assert code == 0, said
    assert "zona RTH-2" in said
    words = ("--from", "sawah_2020", "--to", "sawah_2024", "--json")
    code, said = run("monitor", "sawah", *common, str(out), *words)
    assert json.loads(said)["hilang_ha"] == pytest.approx(0.5), said
    [feature] = json.loads(out.read_text(encoding="utf-8"))["features"]
    assert feature["properties"]["zona"] == "R-2"
    code, said = run(
        "monitor", "ledger", *common, str(tmp_path / "b.csv"), "--limits", str(limits), "--json"
    )
    # The house in R-2 counts; the one in P-1 was refused.
    assert json.loads(said)[0]["terpakai"] == 1, said
    code, said = run(
        "monitor", "buildings", *common, str(out), "--permits", str(issued),
        "--source-crs", CRS, "--json",
    )  # fmt: skip
    assert json.loads(said) == {"buildings": 1, "counts": {"tanpa_indikasi": 1}}, said
    code, said = run("monitor", "ledger", *common, str(tmp_path / "b.docx"))
    assert code != 0
