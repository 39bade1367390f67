"""People keep their official numbers; scenarios deepen; yearly expectations integrate."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.integrate import quad

from hazard import class_rule, exposure, hazard_from_grid
from hazard.people import people_exposure, roll_up
from hazard.scenarios import check_monotone, compare_scenarios, expected_annual
from spatial.crs import AREA_CRS
from spatial.errors import LayerError
from spatial.zonal import Grid, grid_from_array

X0, Y0, CELL = 12_300_000.0, -770_000.0, 100.0


def grid(values: object) -> Grid:
    return grid_from_array(values, crs=AREA_CRS, origin=(X0, Y0), cell=(CELL, -CELL))


def box(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    return shapely.box(X0 + x0 * CELL, Y0 - y1 * CELL, X0 + x1 * CELL, Y0 - y0 * CELL)


@pytest.fixture(scope="module")
def depths() -> Grid:
    base = np.linspace(-1, 2, 64).reshape(8, 8)
    return grid(np.stack([base, base + 0.4, base + 1.1]))


@pytest.fixture(scope="module")
def desa() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"kode": list("abcd"), "jiwa": [1001, 7, 0, 333]},
        geometry=[box(0, 0, 4, 4), box(4, 0, 8, 4), box(0, 4, 4, 8), box(4, 4, 8, 8)],
        crs=AREA_CRS,
    )


@pytest.fixture(scope="module")
def homes() -> gpd.GeoDataFrame:
    rng = np.random.default_rng(0)
    xy = rng.random((60, 2)) * [7, 3.5]
    return gpd.GeoDataFrame(geometry=[box(x, y, x + 0.3, y + 0.3) for x, y in xy], crs=AREA_CRS)


def flood(depths: Grid) -> object:
    rule = class_rule("banjir_kedalaman_bnpb")
    return hazard_from_grid(depths, rule, name="banjir", scenarios=["002", "025", "100"])


def test_every_desa_keeps_its_official_number_in_every_scenario(
    depths: Grid, desa: gpd.GeoDataFrame, homes: gpd.GeoDataFrame
) -> None:
    result = people_exposure(flood(depths), desa, unit_id="kode", people="jiwa", settlement=homes)
    sums = result.table.groupby(["scenario", "unit_id"])["amount"].sum()
    assert sums.tolist() == [1001, 7, 0, 333] * 3
    assert result.table["amount"].dtype.kind == "i"
    assert result.accounts["residual"].tolist() == [0, 0, 0]
    kecamatan = roll_up(result.table, pd.Series({"a": "K", "b": "K", "c": "L", "d": "L"}))
    assert kecamatan.groupby(["scenario", "unit_id"])["amount"].sum().tolist() == [1008, 333] * 3


def test_people_without_settlement_or_number_are_told_apart(
    depths: Grid, desa: gpd.GeoDataFrame, homes: gpd.GeoDataFrame
) -> None:
    unknown = desa.assign(jiwa=[1001, None, 0, 333])
    result = people_exposure(
        flood(depths), unknown, unit_id="kode", people="jiwa", settlement=homes
    )
    assert {note.code: note.details["unit"] for note in result.notes} == {
        "people_unknown": "b",
        "settlement_missing": "d",
    }
    wide = result.wide().xs("d", level="unit_id")
    assert wide["tanpa_data"].tolist() == [333] * 3


@pytest.mark.parametrize("bad", [-1, 2.5, "banyak"])
def test_numbers_that_are_none_are_refused(
    depths: Grid, desa: gpd.GeoDataFrame, homes: gpd.GeoDataFrame, bad: object
) -> None:
    wrong = desa.assign(jiwa=pd.Series([1, 2, bad, 3], dtype=object))
    with pytest.raises(LayerError, match="unit c"):
        people_exposure(flood(depths), wrong, unit_id="kode", people="jiwa", settlement=homes)


def test_a_unit_without_a_parent_is_refused() -> None:
    table = pd.DataFrame(
        {"hazard": "h", "scenario": "s", "unit_id": ["a"], "hazard_class": "x", "amount": [1]}
    )
    with pytest.raises(LayerError, match="unit a belongs"):
        roll_up(table, pd.Series({"b": "K"}))


def test_log_curve_is_the_integral_over_frequency() -> None:
    periods, damages = [2.0, 10.0, 50.0, 200.0], [0.0, 3.0, 20.0, 28.0]
    logs, values = np.log(1 / np.array(periods))[::-1], np.array(damages)[::-1]
    area, _ = quad(lambda f: np.interp(np.log(f), logs, values), 1 / 200, 0.5, limit=200)
    assert expected_annual(damages, periods) == pytest.approx(area + 28 / 200, rel=1e-6)
    shuffled = expected_annual([20.0, 0.0, 28.0, 3.0], [50, 2, 200, 10])
    assert shuffled == pytest.approx(expected_annual(damages, periods))


@pytest.mark.parametrize(
    ("periods", "amounts"), [([5, 5], [1, 2]), ([0, 5], [1, 2]), ([5], [1, 2])]
)
def test_return_periods_that_do_not_fit_are_refused(
    periods: list[float], amounts: list[float]
) -> None:
    with pytest.raises(LayerError, match="return periods"):
        expected_annual(amounts, periods)


def test_deeper_with_rarer_is_checked_with_the_place(depths: Grid) -> None:
    assert check_monotone(depths, [2, 25, 100]) == []
    values = depths.read(bands=(1, 2, 3))
    values[2, 3, 5] = values[1, 3, 5] - 0.25
    [note] = check_monotone(grid(values), [2, 25, 100])
    assert note.details["cells"] == 1
    assert note.details["drop_m"] == pytest.approx(0.25)
    assert note.details["place"] == [X0 + 550, Y0 - 350]


def test_what_leaves_one_class_enters_another(depths: Grid, desa: gpd.GeoDataFrame) -> None:
    table = exposure(flood(depths), desa, unit_id="kode").table
    change = compare_scenarios(table, "002", "100")
    assert change.groupby("unit_id")["change"].sum().abs().max() < 1e-6
    assert (change.loc[change["hazard_class"] == "tinggi", "change"] >= 0).all()
    with pytest.raises(LayerError, match="no scenario '500'"):
        compare_scenarios(table, "002", "500")
