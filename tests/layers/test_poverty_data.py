"""Registers, poverty measures, indices, names of kabupaten, and codes between editions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from api.cli import main
from layers.admin.links import NOWHERE, carry, compare_codes, ground_links
from layers.poverty.fgt import fgt
from layers.poverty.indicators import kabkota_codes
from layers.poverty.register import read_register
from layers.poverty.village_index import village_index
from layers.rule_files import find_rule, rules_of
from spatial.errors import AccessError, SchemaError

CASES = Path(__file__).parent.parent / "cases" / "hotspots"
CODES = [f"33.74.01.{1001 + i}" for i in range(5)]


def register(source: str = "DTSEN", quarter: str = "2025-Q3", deciles: int = 10) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Kode_Desa": np.repeat(CODES, deciles),
            "Desil": np.tile(range(1, deciles + 1), 5),
            "Jumlah_KK": np.arange(5 * deciles) + 20,
            "Sumber": source,
            "Triwulan": quarter,
        }
    )


def test_a_register_is_read_with_its_source_and_quarter_in_both_forms() -> None:
    long = register()
    read = read_register(long)
    assert (read.source, read.quarter, read.notes) == ("DTSEN", "2025-Q3", ())
    assert read.table.shape == (5, 10)
    poor = read.poor((1, 2))
    assert poor.loc[CODES[1]].to_list() == [30 + 31, sum(range(30, 40))]
    wide = long.pivot_table("Jumlah_KK", "Kode_Desa", "Desil").add_prefix("desil_").reset_index()
    again = read_register(wide.assign(sumber="dtsen", periode="Triwulan III 2025"))
    pd.testing.assert_frame_equal(
        again.table, read.table, check_names=False, check_index_type=False, check_column_type=False
    )
    assert again.quarter == "2025-Q3"


@pytest.mark.parametrize("source", ["DTKS", "P3KE"])
def test_a_legacy_register_says_so_and_knows_not_everyone(source: str) -> None:
    read = read_register(register(source, "TW4-2023", 4))
    assert [note.code for note in read.notes] == ["register_legacy"]
    poor = read.poor((1,))
    assert poor["poor"].notna().all()
    assert poor["households"].isna().all()
    with pytest.raises(SchemaError) as refused:
        read.poor((5,))
    assert refused.value.code == "decile_not_held"


def test_a_cell_that_is_not_stated_is_not_zero() -> None:
    long = register()
    long.loc[3, "Jumlah_KK"] = np.nan
    read = read_register(long.drop(index=12))
    poor = read.poor((1,))
    assert poor["households"].isna().to_list() == [True, True, False, False, False]
    assert read.poor((4,))["poor"].isna().iloc[0]
    assert poor["poor"].notna().all()


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        (lambda t: t.drop(columns="Sumber"), "register_column"),
        (lambda t: t.drop(columns="Triwulan"), "register_column"),
        (lambda t: t.assign(Sumber="Regsosek"), "register_source"),
        (lambda t: t.assign(Sumber=["DTSEN", "DTKS"] * 25), "register_source"),
        (lambda t: t.assign(Triwulan="2025"), "register_quarter"),
        (lambda t: t.assign(Triwulan=["2025-Q1", "2025-Q2"] * 25), "register_quarter"),
        (lambda t: t.assign(Desil=t["Desil"] + 1), "register_decile"),
        (lambda t: t.assign(Desil=1.5), "register_decile"),
        (lambda t: pd.concat((t, t.iloc[:1])), "register_repeats"),
        (lambda t: t.assign(Jumlah_KK=-1), "register_count"),
        (lambda t: t.assign(Jumlah_KK=1.5), "register_count"),
    ],
)
def test_a_register_in_doubt_is_refused(spoilt: Any, code: str) -> None:
    with pytest.raises(SchemaError) as refused:
        read_register(spoilt(register()))
    assert refused.value.code == code


def test_a_register_of_persons_is_refused() -> None:
    with pytest.raises(AccessError):
        read_register(register().assign(NIK="3374010101800001"))


def test_rules_of_registers_state_their_source() -> None:
    for name in rules_of("layers.poverty", "register"):
        rule = find_rule("layers.poverty", "register", name)
        assert rule.status != "resmi"
        assert rule.citation()


def test_the_worked_example_by_hand() -> None:
    case = json.loads((CASES / "H_fgt_hand.json").read_text())
    found = fgt(pd.Series(case["y"]), case["z"]).iloc[0]
    for power in range(3):
        assert found[f"p{power}"] == pytest.approx(case[f"P{power}"], abs=1e-9)


@given(
    st.lists(st.tuples(st.floats(0, 2_000), st.floats(0.1, 50)), min_size=1, max_size=30),
    st.floats(1, 1_500),
)
def test_measures_are_the_sums_of_the_paper(records: list[tuple[float, float]], z: float) -> None:
    y, w = (pd.Series([one[i] for one in records]) for i in (0, 1))
    found = fgt(y, z, weight=w).iloc[0]
    for power in range(3):
        expected = sum(b * ((z - a) / z) ** power for a, b in records if a < z) / w.sum()
        assert found[f"p{power}"] == pytest.approx(expected, rel=1e-9, abs=1e-12)
    assert 0 <= found["p2"] <= found["p1"] <= found["p0"] <= 1 + 1e-12


def test_groups_add_up_unused_records_are_counted_and_small_groups_are_withheld() -> None:
    random = np.random.default_rng(2)
    y = pd.Series(random.gamma(3, 200, 400))
    y.iloc[::40] = np.nan
    by = pd.Series(np.where(np.arange(400) < 385, "33.01", "33.02"))
    by.iloc[7] = None
    line = pd.Series(np.where(by == "33.01", 500.0, 450.0))
    found = fgt(y, line, by=by, least=10)
    assert found["unused"].sum() == 10
    assert found["records"].sum() + found["unused"].sum() == 399
    assert found.loc["33.02", "status"] == "suppressed"
    assert found.loc["33.02", ["p0", "p1", "p2"]].isna().all()
    mine = (by == "33.01") & y.notna()
    assert found.loc["33.01", "p0"] == pytest.approx((y[mine] < 500).mean())
    empty = fgt(pd.Series([np.nan, 1.0]), 5.0, by=pd.Series(["a", "b"]))
    assert empty["status"].to_list() == ["no_records", "ok"]


@pytest.mark.parametrize(("y", "z", "w"), [(-1.0, 5.0, 1.0), (1.0, 0.0, 1.0), (1.0, 5.0, -1.0)])
def test_impossible_records_are_refused(y: float, z: float, w: float) -> None:
    with pytest.raises(SchemaError) as refused:
        fgt(pd.Series([y]), z, weight=pd.Series([w]))
    assert refused.value.code == "fgt_value"


def test_the_index_is_the_mean_of_its_dimensions_with_classes_from_the_rule() -> None:
    table = pd.DataFrame(
        {
            "IKS": [0.9, 0.4907, 0.491, 0.6, 1.2, None],
            "ike": [0.9, 0.4907, 0.491, 0.6, 0.5, 0.5],
            "IKL": [0.9, 0.4907, 0.491, 0.597, 0.5, 0.5],
        }
    )
    found = village_index(table, "idm_2016")
    assert found["class"].fillna("-").to_list() == [
        "mandiri", "sangat_tertinggal", "tertinggal", "berkembang", "-", "-",
    ]  # fmt: skip
    assert found["status"].to_list() == ["ok"] * 4 + ["outside", "missing"]
    assert found["index"].iloc[0] == pytest.approx(0.9)
    assert found["index"].iloc[4:].isna().all()
    assert "belum diverifikasi" in found.attrs["citation"]


def test_an_index_without_verified_limits_gives_no_class() -> None:
    rule = find_rule("layers.poverty", "index", "indeks_desa_2025")
    table = pd.DataFrame({name: [0.5] for name in rule.data["weights"]})
    found = village_index(table, rule)
    assert found["index"].to_list() == pytest.approx([0.5])
    assert found["class"].isna().all()
    with pytest.raises(SchemaError) as refused:
        village_index(table.drop(columns="sosial"), rule)
    assert refused.value.code == "index_column"


def test_names_of_kabupaten_are_matched_only_beyond_doubt() -> None:
    official = pd.Series(
        {"33.08": "KAB. MAGELANG", "33.71": "KOTA MAGELANG", "33.01": "Kabupaten Cilacap"}
    )
    names = pd.Series(["Cilacap", "kab.  magelang", "Kota Magelang"])
    assert kabkota_codes(names, official).to_list() == ["33.01", "33.08", "33.71"]
    for name, code in (("Magelang", "kabkota_ambiguous"), ("Sleman", "kabkota_unknown")):
        with pytest.raises(SchemaError) as refused:
            kabkota_codes(pd.Series([name]), official)
        assert refused.value.code == code


def test_lists_of_codes_tell_what_was_added_removed_and_renamed() -> None:
    old = pd.Series({"33.01.01.2001": "A", "33.01.01.2002": "B", "33.01.01.2003": "C Lama"})
    new = pd.Series({"33.01.01.2001": " a ", "33.01.01.2003": "C Baru", "33.01.02.2001": "B"})
    found = compare_codes(old, new)
    assert found["kind"].to_dict() == {
        "33.01.01.2001": "same",
        "33.01.01.2002": "removed",
        "33.01.01.2003": "renamed",
        "33.01.02.2001": "added",
    }
    assert found.loc["33.01.01.2002", "candidates"] == ("33.01.02.2001",)


def squares(*boxes: tuple[float, float, float, float], names: str) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        index=list(names), geometry=[shapely.box(*b) for b in boxes], crs="ESRI:54034"
    )


def test_areas_that_were_split_merged_or_lost_have_shares_that_sum_to_one() -> None:
    old = squares(
        (0, 0, 4, 4), (4, 0, 8, 4), (8, 0, 12, 4), (20, 0, 24, 4), (30, 0, 34, 4), names="abcde"
    )
    new = squares((0, 0, 4.01, 1), (0, 1, 4, 4), (4.01, 0, 12, 4), (20, 0, 24, 4), names="axyd")
    found = ground_links(old, new)
    assert found.groupby("old")["share"].sum().to_numpy() == pytest.approx(1)
    kinds = found.groupby("old")["kind"].first().to_dict()
    assert kinds == {"a": "split", "b": "merged", "c": "merged", "d": "same", "e": "lost"}
    first = found[found["old"] == "a"].set_index("new")["share"]
    assert first.to_dict() == pytest.approx({"a": 0.25, "x": 0.75})
    # The strips of one centimetre beside b are the drawing, not a change: they are told.
    assert found.loc[found["old"] == "b", "slivers"].iloc[0] == pytest.approx(0.0025)


@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(1, 5))
def test_counts_are_carried_without_losing_or_inventing_anyone(
    seed: int, olds: int, news: int
) -> None:
    random = np.random.default_rng(seed)
    shares = random.dirichlet(np.ones(news) * 0.5, olds)
    links = pd.DataFrame(
        [
            (f"o{i}", f"n{j}" if j else NOWHERE, shares[i, j])
            for i in range(olds) for j in range(news)
        ],
        columns=["old", "new", "share"],
    )  # fmt: skip
    counts = pd.Series(random.integers(0, 500, olds), [f"o{i}" for i in range(olds)])
    after = carry(counts, links)
    assert after.sum() == counts.sum()
    assert (after % 1 == 0).all()
    assert (after >= 0).all()
    exact = (links.assign(n=links["old"].map(counts) * links["share"])).groupby("new")["n"].sum()
    assert (after - exact).abs().max() <= olds
    mixed = carry(counts.sample(frac=1, random_state=1), links.sample(frac=1, random_state=1))
    pd.testing.assert_series_equal(mixed.sort_index(), after.sort_index())


def test_an_unknown_count_makes_what_it_feeds_unknown_and_a_code_without_link_is_refused() -> None:
    links = pd.DataFrame({"old": ["a", "a", "b"], "new": ["x", "y", "y"], "share": [0.5, 0.5, 1.0]})
    found = carry(pd.Series({"a": np.nan, "b": 7}), links)
    assert found.isna().to_dict() == {"x": True, "y": True}
    for counts, code in (({"c": 1}, "carry_code"), ({"a": -1}, "carry_count")):
        with pytest.raises(SchemaError) as refused:
            carry(pd.Series(counts), links)
        assert refused.value.code == code
    with pytest.raises(SchemaError) as off:
        carry(pd.Series({"b": 1}), links.assign(share=0.4))
    assert off.value.code == "carry_share"


@pytest.mark.realdata
def test_real_editions_of_codes_2018_to_2025(geodata: Path) -> None:
    folder = geodata / "admin-jateng"
    old, new = (
        pd.read_csv(folder / name, dtype=str).set_index("kode")["nama"]
        for name in ("kode_wilayah_33_2018.csv", "kode_wilayah_33_kepmendagri_2025.csv")
    )
    found = compare_codes(old, new)
    kinds = found["kind"].value_counts()
    # The counts that the data's own description gives.
    assert (kinds["added"], kinds["removed"], kinds["renamed"]) == (40, 33, 86)
    assert found.loc["33.09.02.2013", "candidates"] == ("33.09.20.2003",)


@pytest.mark.realdata
def test_real_tables_of_bps_find_their_codes(geodata: Path) -> None:
    table = pd.read_csv(
        geodata / "bps-bnpb-tables" / "penduduk_miskin_jateng.csv", encoding="utf-8-sig"
    )
    register = pd.read_csv(
        geodata / "admin-jateng" / "luas_penduduk_kab_33.csv", dtype={"kode": str}
    ).set_index("kode")["nama"]
    official = register[register.index.str.len() == 5]
    found = kabkota_codes(table["Wilayah"], official)
    assert found.nunique() == 35
    assert found.value_counts().eq(5).all()


def test_the_commands_write_what_the_functions_give(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    register().to_csv(tmp_path / "dtsen.csv", index=False)
    out = tmp_path / "miskin.csv"
    words = ["poverty", "desil", str(tmp_path / "dtsen.csv"), "--output", str(out)]
    assert main([*words, "--poor", "1,2"]) == 0
    table = pd.read_csv(out)
    assert table["miskin"].iloc[0] == 41
    assert set(table["quarter"]) == {"2025-Q3"}
    pd.DataFrame({"no": range(5), "y": [100.0, 200, 300, 400, 500]}).to_csv(
        tmp_path / "unit.csv", index=False
    )
    fgt_words = [
        "poverty", "fgt", str(tmp_path / "unit.csv"), "--spending", "y", "--line", "350",
        "--least", "0", "--output", str(tmp_path / "fgt.csv"), "--workspace",
    ]  # fmt: skip
    main(["init", str(tmp_path / "umum"), "--name", "Umum"])
    main(["init", str(tmp_path / "tertutup"), "--name", "Tertutup", "--private"])
    capfd.readouterr()
    assert main([*fgt_words, str(tmp_path / "umum")]) == 2
    assert "workspace_not_private" in capfd.readouterr().err
    assert main([*fgt_words, str(tmp_path / "tertutup")]) == 0
    assert pd.read_csv(tmp_path / "fgt.csv")["p0"].iloc[0] == 0.6
    pd.DataFrame({"kode": CODES, "IKS": 0.9, "IKE": 0.9, "IKL": 0.9}).to_csv(
        tmp_path / "idm.csv", index=False
    )
    assert main(["poverty", "index", str(tmp_path / "idm.csv"), "-o", str(out)]) == 0
    assert "belum diverifikasi" in capfd.readouterr().out
    assert set(pd.read_csv(out)["class"]) == {"mandiri"}
    for name, codes in (("lama", CODES[:4]), ("baru", CODES[1:])):
        pd.DataFrame({"kode": codes, "nama": codes}).to_csv(tmp_path / f"{name}.csv", index=False)
    both = [str(tmp_path / "lama.csv"), str(tmp_path / "baru.csv")]
    assert main(["poverty", "crosswalk", *both, "-o", str(out)]) == 0
    assert pd.read_csv(out)["kind"].value_counts().to_dict() == {
        "same": 3, "added": 1, "removed": 1,
    }  # fmt: skip


def test_counts_follow_changed_boundaries_by_command(tmp_path: Path) -> None:
    place = {"crs": "EPSG:9489"}
    base = 430_000, 9_230_000

    def at(x0: float, x1: float) -> Any:
        return shapely.box(base[0] + x0, base[1], base[0] + x1, base[1] + 1_000)

    gpd.GeoDataFrame({"kode": CODES[:2]}, geometry=[at(0, 1000), at(1000, 2000)], **place).to_file(
        tmp_path / "lama.gpkg"
    )
    gpd.GeoDataFrame(
        {"kode": [CODES[0], CODES[2], CODES[1]]},
        geometry=[at(0, 600), at(600, 1000), at(1000, 2000)], **place,
    ).to_file(tmp_path / "baru.gpkg")  # fmt: skip
    pd.DataFrame({"kode": CODES[:2], "kk": [101, 50]}).to_csv(tmp_path / "kk.csv", index=False)
    out = tmp_path / "hasil.csv"
    code = main(
        ["poverty", "crosswalk", str(tmp_path / "lama.gpkg"), str(tmp_path / "baru.gpkg"),
         "--counts", str(tmp_path / "kk.csv"), "--column", "kk", "-o", str(out)]
    )  # fmt: skip
    assert code == 0
    got = pd.read_csv(out, dtype={"kode": str}).set_index("kode")["kk"].to_dict()
    assert got == {CODES[0]: 61, CODES[1]: 50, CODES[2]: 40}


@pytest.mark.realdata
def test_the_south_west_stands_out_among_real_kabupaten_but_not_beyond_doubt(
    geodata: Path,
) -> None:
    """P0 of 2024: names to codes, desa to kabupaten, and 35 areas that carry no certain hotspot."""
    from spatial.hotspots import adjust, gi
    from spatial.weights import queen

    table = pd.read_csv(
        geodata / "bps-bnpb-tables" / "penduduk_miskin_jateng.csv", encoding="utf-8-sig"
    )
    names = pd.read_csv(
        geodata / "admin-jateng" / "luas_penduduk_kab_33.csv", dtype={"kode": str}
    ).set_index("kode")["nama"]
    now = table[table["Tahun"] == 2024]
    codes = kabkota_codes(now["Wilayah"], names[names.index.str.len() == 5])
    p0 = now["Persentase Penduduk Miskin Maret"].set_axis(codes).astype(float)
    desa = gpd.read_parquet(geodata / "admin-jateng" / "desa_33_raw.parquet")
    desa["geometry"] = desa.geometry.make_valid()
    kab = desa.dissolve("kode_kab")[["geometry"]]
    found = gi(p0.reindex(kab.index), queen(kab))
    assert (found["status"] == "ok").all()
    # Banyumas, Purbalingga, Banjarnegara, Kebumen: all among the ten poorest.
    assert set(found["z"].nlargest(4).index) == {"33.02", "33.03", "33.04", "33.05"}
    assert (adjust(found["p"]) > 0.05).all()
