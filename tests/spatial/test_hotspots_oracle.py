"""Numbers of spdep and of printed papers, to nine digits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from spatial.hotspots import adjust, geary, getis_ord, gi, local_geary, local_moran, moran
from spatial.weights import Weights, distance_band, from_neighbours

CASES = Path(__file__).parent.parent / "cases" / "hotspots"
CLOSE = {"rtol": 0, "atol": 1e-9}


def _case(name: str) -> Any:
    return json.loads((CASES / name).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def columbus() -> tuple[dict[str, Any], pd.Series, Weights]:
    case = _case("A_columbus_spdep.json")
    values = pd.Series(case["x"], index=pd.Index(case["polyid"]))
    return case, values, from_neighbours(case["nb_queen"], values.index)


@pytest.mark.parametrize("star", [True, False])
@pytest.mark.parametrize("standardised", [True, False])
def test_gi_of_columbus_is_that_of_spdep(columbus: Any, star: bool, standardised: bool) -> None:
    case, values, weights = columbus
    used = weights.row_standardised() if standardised else weights
    name = f"localG_{'Gistar' if star else 'Gi'}_{'W' if standardised else 'B'}"
    found = gi(values, used, star=star)
    np.testing.assert_allclose(found["z"], case[name], **CLOSE)
    assert (found["status"] == "ok").all()


def test_gi_p_and_its_adjustments_are_those_of_spdep(columbus: Any) -> None:
    case, values, weights = columbus
    found = gi(values, weights)
    np.testing.assert_allclose(found["p"], case["Gistar_p_two"], **CLOSE)
    for method, name in (("bh", "BH"), ("by", "BY"), ("bonferroni", "bonf")):
        np.testing.assert_allclose(
            adjust(found["p"], method),
            case[f"Gistar_p_{name}"],
            **CLOSE,  # type: ignore[arg-type]  # literals in a tuple
        )


@pytest.mark.parametrize(("moments", "name"), [("conditional", "cond"), ("total", "total")])
def test_local_moran_is_that_of_spdep(columbus: Any, moments: Any, name: str) -> None:
    case, values, weights = columbus
    expected = case[f"localmoran_{name}_W"]
    found = local_moran(values, weights, moments=moments)
    for ours, theirs in (
        ("local_moran", "Ii"),
        ("expected", "E.Ii"),
        ("variance", "Var.Ii"),
        ("z", "Z.Ii"),
        ("p", "p_two"),
    ):
        np.testing.assert_allclose(found[ours], expected[theirs], **CLOSE)
    words = {"High-High": "HH", "Low-Low": "LL", "High-Low": "HL", "Low-High": "LH"}
    assert found["quadrant"].to_list() == [words[word] for word in expected["quadr_mean"]]


def test_global_statistics_are_those_of_spdep(columbus: Any) -> None:
    case, values, weights = columbus
    rows = weights.row_standardised()
    for found, expected in (
        (moran(values, rows), case["moran_rand_W"]),
        (moran(values, rows, null="normality"), case["moran_norm_W"]),
        (getis_ord(values, weights), case["globalG_B"]),
    ):
        assert found.statistic == pytest.approx(expected.get("I", expected.get("G")), abs=1e-9)
        assert found.variance == pytest.approx(expected["V"], abs=1e-9)
        assert found.z == pytest.approx(np.ravel(expected["z"])[0], abs=1e-9)
    assert moran(values, rows).p == pytest.approx(case["moran_rand_W"]["p"], rel=1e-9)
    assert geary(values, rows).statistic == pytest.approx(case["geary"]["C"], abs=1e-9)
    np.testing.assert_allclose(local_geary(values, weights), case["localC"], **CLOSE)


@pytest.mark.parametrize("reach", ["30", "60", "90", "120", "150"])
def test_the_grid_of_getis_and_ord(reach: str) -> None:
    case = _case("B_getisord_grid.json")
    points = gpd.GeoSeries(shapely.points(case["x"], case["y"]))
    weights = distance_band(points, float(reach))
    values = pd.Series(case["val"], dtype=float)
    for star, name in ((True, "Gistar"), (False, "Gi")):
        found = gi(values, weights, star=star)["z"]
        np.testing.assert_allclose(found, case[name][reach], **CLOSE)
        step = list(case[name]).index(reach)
        at = found.iloc[case["index1"] - 1]
        assert at == pytest.approx(case[f"{name}_at_index"][step], abs=1e-9)


def test_the_worked_example_of_benjamini_and_hochberg() -> None:
    case = _case("I_bh1995.json")
    p = pd.Series(case["p"])
    assert (adjust(p) <= 0.05).sum() == case["n_reject_bh_0.05"]
    assert (adjust(p, "bonferroni") <= 0.05).sum() == case["n_reject_bonf_0.05"]
