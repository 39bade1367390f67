"""Vulnerability, capacity and risk by rule; damage by depth; what people need."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

import hazard
from hazard import (
    class_rule,
    damage,
    damage_fraction,
    hazard_from_grid,
    hazard_from_polygons,
    indices,
    load_rule,
    minimum_needs,
    risk,
    risk_table,
    rule_names,
    unit_hazard,
)
from hazard.risk import FORMULAS
from spatial.crs import AREA_CRS
from spatial.errors import LayerError, PlanError
from spatial.zonal import grid_from_array

X0, Y0, CELL = 12_300_000.0, -770_000.0, 100.0
SOCIAL = [
    "kepadatan_jiwa_km2",
    "rasio_jenis_kelamin_persen",
    "miskin_persen",
    "difabel_persen",
    "umur_rentan_persen",
]


def flood_indicators() -> list[str]:
    rule = load_rule("vulnerability", "banjir_bnpb_2012")
    return [part["name"] for item in rule.data["components"] for part in item["factors"]]


def everything(value: float) -> dict[str, float]:
    return dict.fromkeys(flood_indicators(), value)


def test_every_weight_of_every_rule_sums_to_its_total() -> None:
    for kind in ("vulnerability", "capacity"):
        for name in rule_names(kind):
            data = load_rule(kind, name).data
            levels = [data["components"], *(item["factors"] for item in data["components"])]
            assert [sum(part["weight"] for part in level) for level in levels] == [
                data["weight_total"]
            ] * len(levels)


def test_social_vulnerability_weighs_density_by_sixty_percent() -> None:
    """Density in the top class, all groups in the lowest: 0.6 * 1 + 0.4 * 1/3."""
    table = pd.DataFrame([everything(0.0) | {"kepadatan_jiwa_km2": 1001.0}], ["a"])
    made = indices("vulnerability", "banjir_bnpb_2012", table).table.loc["a"]
    assert made["sosial_low"] == pytest.approx(0.6 + 0.4 / 3)
    assert made["indeks_low"] == pytest.approx(0.4 * (0.6 + 0.4 / 3) + 0.6 / 3)
    assert made["kelas"] == "sedang"


@given(st.sampled_from(flood_indicators()), st.floats(0, 2000))
def test_an_unknown_indicator_never_changes_a_class_that_stands(lost: str, value: float) -> None:
    full = pd.DataFrame([everything(30.0) | {lost: value}], ["a"])
    known = indices("vulnerability", "banjir_bnpb_2012", full).table.loc["a"]
    for blank in (full.assign(**{lost: np.nan}), full.drop(columns=lost)):
        made = indices("vulnerability", "banjir_bnpb_2012", blank)
        row = made.table.loc["a"]
        assert row["indeks_low"] <= known["indeks_low"] + 1e-12
        assert row["indeks_high"] >= known["indeks_high"] - 1e-12
        assert row["kelas"] in (known["kelas"], None)
        assert [note.details["indicator"] for note in made.notes] == [lost]


def test_poverty_is_a_part_of_vulnerability() -> None:
    poor = pd.DataFrame([everything(0.0), everything(0.0) | {"miskin_persen": 45.0}])
    low, high = indices("vulnerability", "banjir_bnpb_2012", poor).table["sosial_low"]
    assert high - low == pytest.approx(0.1 * 2 / 3)


def test_formulas_are_named_and_differ() -> None:
    assert set(FORMULAS) == {load_rule("risk", name).data["formula"] for name in rule_names("risk")}
    cube = risk(0.8, 0.5, 0.4)
    assert cube.index == pytest.approx((0.8 * 0.5 * 0.6) ** (1 / 3))
    assert cube.classes.item() == "sedang"
    plain = risk(0.8, 0.5, 0.4, rule="perka_2_2012")
    assert plain.index == pytest.approx(1.0)
    assert plain.classes.item() is None
    assert "H x V / C" in plain.citation


@given(*[st.floats(0, 1)] * 3, st.floats(0, 1))
def test_risk_grows_with_hazard_and_vulnerability_and_falls_with_capacity(
    h: float, v: float, c: float, more: float
) -> None:
    base = float(risk(h, v, c).index)
    assert 0 <= base <= 1
    assert float(risk(max(h, more), v, c).index) >= base
    assert float(risk(h, max(v, more), c).index) >= base
    assert float(risk(h, v, max(c, more)).index) <= base


def test_what_is_not_known_stays_so_and_percent_are_refused() -> None:
    made = risk([np.nan, 1.0], [1.0, 1.0], [0.0, np.nan])
    assert np.isnan(made.index).all()
    assert made.classes.tolist() == [None, None]
    with pytest.raises(LayerError, match="vulnerability holds 45"):
        risk(1.0, 45.0, 0.5)
    with pytest.raises(LayerError, match=r"capacity holds 0\.0"):
        risk(1.0, 0.5, 0.0, rule="perka_2_2012")


def test_units_get_bounds_where_indicators_are_missing() -> None:
    rows = pd.DataFrame(
        [everything(1e4) | {"ikd": 0.1, "ikm": 0.1}, everything(1e4) | {"ikd": 0.1}],
        ["a", "b"],
    )
    weak = indices("vulnerability", "banjir_bnpb_2012", rows)
    able = indices("capacity", "ikd_ikm_2019", rows)
    table = risk_table(pd.Series({"a": 1.0, "b": 1.0}), weak, able)
    assert table.loc["a", "risiko_low"] == table.loc["a", "risiko_high"]
    assert table.loc["a", "kelas_risiko"] == "tinggi"
    assert table.loc["b", "risiko_low"] == pytest.approx((1 - 0.04 - 0.6) ** (1 / 3))
    assert table.loc["b", "risiko_high"] == pytest.approx((1 - 0.04) ** (1 / 3))
    with pytest.raises(LayerError, match="unit c has no row"):
        risk_table(pd.Series({"c": 1.0}), weak, able)


def test_units_that_nothing_maps_have_no_index() -> None:
    wide = pd.DataFrame(
        {"tidak_ada": [0.0], "tinggi": [0.0], "tanpa_data": [5.0], "luar_cakupan": [2.0]}
    )
    for method in ("terburuk", "terluas", "rata_rata"):
        assert np.isnan(unit_hazard(wide, method=method).iloc[0])  # type: ignore[arg-type]  # one of the three


def test_damage_follows_the_curve_and_counts_what_it_cannot_say() -> None:
    bands = grid_from_array(
        np.array([[[0.0, 1.0, np.nan]], [[0.5, 2.0, 2.0]]]),
        crs=AREA_CRS,
        origin=(X0, Y0),
        cell=(CELL, -CELL),
    )
    flood = hazard_from_grid(
        bands, class_rule("banjir_kedalaman_bnpb"), name="banjir", scenarios=["10", "100"]
    )
    homes = gpd.GeoDataFrame(
        {"rp": [200.0, 100.0]},
        geometry=[
            shapely.box(X0 + 90, Y0 - 20, X0 + 110, Y0 - 10),
            shapely.box(X0 + 210, Y0 - 20, X0 + 220, Y0 - 10),
        ],
        crs=AREA_CRS,
    )
    made = damage(homes, flood, value="rp", return_periods=[10, 100], curve="linear")
    # Half dry and half under 1 m is 0.5 m in the mean: a third of 200; then 1.25 m.
    assert made.table.loc[0].tolist() == pytest.approx(
        [66.0, 200 * 0.555, (66 + 111) / 2 * 0.09 + 111 * 0.01]
    )
    assert np.isnan(made.table.loc[1, "10"])
    assert made.unknown == 1
    deepest = damage(homes, flood, value="rp", depth="maksimum").table
    assert deepest.loc[0].tolist() == pytest.approx([98.0, 144.0])
    with pytest.raises(LayerError, match="row 1 is worth"):
        damage(homes.assign(rp=[1.0, -1.0]), flood, value="rp")
    drawn = hazard_from_polygons(
        homes.assign(kelas="tinggi"), class_rule("tiga_kelas"), column="kelas", name="x"
    )
    with pytest.raises(LayerError, match="not depths"):
        damage(homes, drawn, value="rp")


def test_a_curve_that_turns_back_is_refused(tmp_path: Path) -> None:
    text = (
        Path(hazard.__file__).parent / "rules" / "damage" / "rumah_asia_jrc_2017.toml"
    ).read_text()
    wrong = tmp_path / "kurva.toml"
    wrong.write_text(text.replace("[0.0, 0.5, 1.0", "[0.0, 1.5, 1.0"))
    with pytest.raises(PlanError, match="do not fit"):
        damage_fraction([1.0], str(wrong))


def test_needs_of_two_weeks_and_what_is_handed_out_once() -> None:
    people = pd.Series({"a": 20, "b": 21, "c": 0})
    one, two = minimum_needs(people), minimum_needs(people, weeks=2)
    assert one["beras_kg"].tolist() == pytest.approx([56.0, 58.8, 0.0])
    assert two["air_minum_l"].tolist() == pytest.approx([700.0, 735.0, 0.0])
    assert one["jamban_buah"].tolist() == two["jamban_buah"].tolist() == [1, 2, 0]
    assert one["perlengkapan_keluarga_paket"].tolist() == [4, 5, 0]
