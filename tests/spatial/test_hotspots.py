"""Statistics against every permutation there is, noise, planted hotspots and hopeless input."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import shapely

from spatial.errors import LimitError, SchemaError
from spatial.hotspots import (
    adjust,
    assuncao_reis,
    bivariate_moran,
    circular_scan,
    eb_global,
    eb_local,
    geary,
    getis_ord,
    gi,
    lag_p,
    local_geary,
    local_moran,
    moran,
    rate_status,
)
from spatial.weights import Weights, from_neighbours, from_pairs, knn


def lattice(rows: int, columns: int) -> Weights:
    """Queen neighbours on a board."""
    number = np.arange(rows * columns).reshape(rows, columns)
    pairs = [
        (number[:, :-1], number[:, 1:]),
        (number[:-1], number[1:]),
        (number[:-1, :-1], number[1:, 1:]),
        (number[:-1, 1:], number[1:, :-1]),
    ]
    left = np.concatenate([one.ravel() for one, _ in pairs])
    right = np.concatenate([two.ravel() for _, two in pairs])
    names = pd.Index([f"D{i:05d}" for i in number.ravel()])
    return from_pairs(left, right, names, kind="queen")


def uneven(n: int, seed: int) -> Weights:
    """Weights of any size in any direction, no row empty."""
    random = np.random.default_rng(seed)
    matrix = random.random((n, n)) * (random.random((n, n)) < 0.5)
    matrix[np.arange(n), (np.arange(n) + 1) % n] = 0.7
    np.fill_diagonal(matrix, 0)
    return Weights(sp.csr_array(matrix), pd.RangeIndex(n))


VALUES = np.array([3.0, 8.5, 1.2, 4.4, 9.1, 2.0])
EVERY = np.array(list(permutations(VALUES)))


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("statistic", [moran, geary, getis_ord])
def test_global_moments_are_those_of_all_720_maps(statistic: Callable[..., Any], seed: int) -> None:
    weights = uneven(6, seed)
    found = statistic(pd.Series(VALUES), weights)
    every = [statistic(pd.Series(one), weights).statistic for one in EVERY]
    assert found.expected == pytest.approx(np.mean(every), abs=1e-12)
    assert found.variance == pytest.approx(np.var(every), rel=1e-9)


@pytest.mark.parametrize("seed", [1, 2])
def test_gi_star_moments_are_those_of_all_720_maps(seed: int) -> None:
    weights = uneven(6, seed)
    w = weights.matrix.toarray() + np.diag(weights.with_self())
    every = EVERY @ w.T
    z = (w @ VALUES - every.mean(axis=0)) / every.std(axis=0)
    np.testing.assert_allclose(gi(pd.Series(VALUES), weights)["z"], z, rtol=1e-9)


@pytest.mark.parametrize("site", range(6))
def test_conditional_moments_are_those_of_all_120_maps_of_the_others(site: int) -> None:
    weights = uneven(6, 3)
    others = np.delete(np.arange(6), site)
    every = np.tile(VALUES, (120, 1))
    every[:, others] = list(permutations(VALUES[others]))
    lags = every @ weights.matrix.toarray()[site]
    z = (weights.matrix.toarray()[site] @ VALUES - lags.mean()) / lags.std()
    values = pd.Series(VALUES)
    assert gi(values, weights, star=False)["z"][site] == pytest.approx(z, rel=1e-9)
    moran_z = np.sign(VALUES[site] - VALUES.mean()) * z
    assert local_moran(values, weights)["z"][site] == pytest.approx(moran_z, rel=1e-9)
    total = [local_moran(pd.Series(one), weights)["local_moran"][site] for one in EVERY[::7]]
    assert np.isfinite(total).all()


@pytest.mark.parametrize("site", range(6))
def test_total_moments_of_local_moran_are_those_of_all_720_maps(site: int) -> None:
    weights = uneven(6, 4).row_standardised()
    found = local_moran(pd.Series(VALUES), weights, moments="total").iloc[site]
    z = EVERY - VALUES.mean()
    every = z[:, site] * (z @ weights.matrix.toarray()[site]) / VALUES.var()
    assert found["expected"] == pytest.approx(every.mean(), abs=1e-12)
    assert found["variance"] == pytest.approx(every.var(), rel=1e-9)


def test_bivariate_with_itself_is_local_moran_and_differs_otherwise() -> None:
    random = np.random.default_rng(5)
    weights = lattice(8, 9)
    one = pd.Series(random.random(72), weights.ids)
    two = pd.Series(random.random(72), weights.ids)
    alone, itself = local_moran(one, weights), bivariate_moran(one, one, weights)
    for column in ("local_moran", "z", "p"):
        np.testing.assert_allclose(itself[column], alone[column], rtol=1e-9)
    assert itself["quadrant"].equals(alone["quadrant"])
    assert not np.allclose(bivariate_moran(one, two, weights)["z"], alone["z"])


@pytest.mark.parametrize("star", [True, False])
def test_row_standardisation_changes_no_gi(star: bool) -> None:
    weights = lattice(20, 30)
    values = pd.Series(np.random.default_rng(0).lognormal(size=600), weights.ids)
    binary, rows = gi(values, weights, star=star), gi(values, weights.row_standardised(), star=star)
    np.testing.assert_allclose(binary["z"], rows["z"], rtol=0, atol=1e-12)


def test_gi_does_not_depend_on_unit_or_offset_or_order() -> None:
    weights = lattice(12, 12)
    values = pd.Series(np.random.default_rng(1).random(144), weights.ids)
    z = gi(values, weights)["z"]
    np.testing.assert_allclose(gi(1e6 + 1_000 * values, weights)["z"], z, atol=1e-7)
    np.testing.assert_allclose(gi(-values, weights)["z"], -z, atol=1e-9)
    mixed = values.sample(frac=1, random_state=2)
    np.testing.assert_allclose(gi(mixed, weights)["z"].reindex(z.index), z, atol=1e-12)


@pytest.fixture(scope="module")
def board() -> Weights:
    """As many areas as the province has desa."""
    return lattice(86, 100)


def test_noise_flags_five_percent_raw_and_hardly_a_map_after_correction(board: Weights) -> None:
    raw, any_found = [], {"gi": 0, "moran": 0}
    for seed in range(20):
        values = pd.Series(np.random.default_rng(seed).normal(size=board.n), board.ids)
        for name, found in (("gi", gi(values, board)), ("moran", local_moran(values, board))):
            raw.append((found["p"] <= 0.05).mean())
            any_found[name] += bool((adjust(found["p"]) <= 0.05).any())
    assert 0.04 <= np.mean(raw[::2]) <= 0.06
    assert 0.04 <= np.mean(raw[1::2]) <= 0.06
    assert max(any_found.values()) <= 4, any_found


def test_a_planted_hotspot_of_60_areas_is_found_after_correction(board: Weights) -> None:
    inside = np.zeros((86, 100), dtype=bool)
    inside[40:48, 50:58] = True
    inside[[40, 40, 47, 47], [50, 57, 50, 57]] = False
    for seed in range(10):
        values = pd.Series(np.random.default_rng(seed).normal(size=board.n), board.ids)
        found = gi(values + 2.0 * inside.ravel(), board)
        hot = (adjust(found["p"]) <= 0.05) & (found["z"] > 0)
        assert hot[inside.ravel()].sum() >= 40
        assert hot[~inside.ravel()].sum() <= 5


def test_permutation_is_bit_identical_for_any_workers_and_row_order() -> None:
    weights = lattice(9, 10)
    values = pd.Series(np.random.default_rng(3).lognormal(size=90), weights.ids)
    alone = lag_p(values, weights, draws=1_999, workers=1)
    assert alone.equals(lag_p(values, weights, draws=1_999, workers=4))
    mixed = lag_p(values.sample(frac=1, random_state=9), weights, draws=1_999)
    assert mixed.reindex(alone.index).equals(alone)
    few = alone.index.isin(alone.index[::7])
    tried = lag_p(values, weights, draws=1_999, only=pd.Series(few, alone.index))
    assert tried[few].equals(alone[few])
    assert tried[~few].isna().all()
    assert not alone.equals(lag_p(values, weights, draws=1_999, seed=1))


@pytest.mark.parametrize("make", ["binary", "distance", "nearly everyone"])
def test_permutation_p_lies_within_chance_of_the_exact_one(make: str) -> None:
    """All 5,040 arrangements of the others, against 19,999 draws."""
    n = 8
    weights = {
        "binary": from_neighbours([[1, 2], [0, 3], [3], [2, 4], [5, 6], [4], [7], [6]]),
        "distance": uneven(n, 8),
        "nearly everyone": from_neighbours(
            [[j for j in range(n) if abs(j - i) != 7 and j != i] for i in range(n)]
        ),
    }[make]
    x = np.random.default_rng(6).lognormal(size=n)
    found = lag_p(pd.Series(x), weights, draws=19_999)
    for site in range(0, n, 3):
        others = np.delete(np.arange(n), site)
        w = weights.matrix.toarray()[site]
        sums = np.array(list(permutations(x[others]))) @ w[others]
        seen = w @ x
        tails = min((sums >= seen - 1e-9).mean(), (sums <= seen + 1e-9).mean())
        band = 4 * 2 * np.sqrt(tails * (1 - tails) / 19_999) + 2e-4
        assert found[site] == pytest.approx(min(1.0, 2 * tails), abs=band)


def test_permutation_p_is_two_sided_and_ties_are_never_extreme() -> None:
    weights = lattice(10, 10)
    flat = pd.Series(np.r_[1.0, np.zeros(99)], weights.ids)
    p = lag_p(flat, weights, draws=999)
    assert p.iloc[50] == 1.0
    noise = pd.Series(np.random.default_rng(2).normal(size=100), weights.ids)
    flagged = (lag_p(noise, weights, draws=999) <= 0.05).mean()
    assert flagged <= 0.12


@pytest.mark.parametrize("draws", [0, -1, 100_000])
def test_draws_are_bounded(draws: int) -> None:
    weights = lattice(3, 3)
    with pytest.raises(LimitError):
        lag_p(pd.Series(range(9), weights.ids, dtype=float), weights, draws=draws)


def hopeless() -> dict[str, tuple[pd.Series, Weights, dict[int, str]]]:
    line = from_neighbours([[1], [0, 2], [1, 3], [2, 4], [3], []])
    names = line.ids
    everyone = from_neighbours([[j for j in range(5) if j != i] for i in range(5)])
    return {
        "missing": (
            pd.Series([1.0, np.nan, 3.0, 4.0, 9.0, 2.0], names),
            line,
            {0: "isolate", 1: "missing", 5: "isolate"},
        ),
        "infinite": (
            pd.Series([1.0, np.inf, 3.0, 4.0, 9.0, 2.0], names),
            line,
            {0: "isolate", 1: "not_finite", 5: "isolate"},
        ),
        "constant": (
            pd.Series(7.3, names),
            line,
            dict.fromkeys(range(5), "constant") | {5: "isolate"},
        ),
        "too few": (
            pd.Series([1.0, 2.0, 3.0, np.nan, np.nan, np.nan], names),
            line,
            {0: "too_few", 1: "too_few", 2: "too_few", 3: "missing", 4: "missing", 5: "missing"},
        ),
        "everyone": (
            pd.Series([1.0, 2.0, 4.0, 8.0, 9.0]), everyone, dict.fromkeys(range(5), "degenerate")
        ),
    }  # fmt: skip


@pytest.mark.parametrize("case", sorted(hopeless()))
@pytest.mark.parametrize("statistic", [gi, local_moran])
def test_what_has_no_answer_gets_a_status_and_never_a_p(
    statistic: Callable[..., pd.DataFrame], case: str
) -> None:
    values, weights, expected = hopeless()[case]
    if case == "everyone" and statistic is local_moran:
        expected = dict.fromkeys(range(5), "degenerate")
    found = statistic(values, weights)
    status = {i: word for i, word in enumerate(found["status"]) if word != "ok"}
    assert status == expected
    without = (found["status"] != "ok").to_numpy()
    numbers = found.drop(columns=["status", "quadrant"], errors="ignore")
    assert numbers[without].isna().all(axis=None)
    assert numbers[~without].notna().all(axis=None)
    p = lag_p(values, weights, draws=99)
    assert p[without & (found["status"] != "degenerate").to_numpy()].isna().all()
    assert adjust(found["p"])[without].isna().all()


@pytest.mark.parametrize("statistic", [moran, geary, getis_ord])
@pytest.mark.parametrize(("case", "status"), [("constant", "constant"), ("too few", "too_few")])
def test_a_whole_map_without_answer_has_a_status(
    statistic: Callable[..., Any], case: str, status: str
) -> None:
    values, weights, _ = hopeless()[case]
    found = statistic(values, weights)
    assert found.status == status
    assert np.isnan([found.statistic, found.z, found.p]).all()


def test_missing_values_leave_with_their_links_and_bias_nobody() -> None:
    weights = lattice(10, 10)
    values = pd.Series(np.random.default_rng(4).random(100), weights.ids)
    gone = values.where(np.arange(100) % 9 > 0)
    keep = gone.notna().to_numpy()
    whole, alone = gi(gone, weights), gi(values[keep], weights.subset(keep))
    pd.testing.assert_frame_equal(whole[keep], alone)
    answers = bivariate_moran(gone, values, weights)
    assert (answers.loc[~keep, "status"] == "missing").all()
    assert answers.loc[~keep, ["z", "p"]].isna().all(axis=None)


@pytest.mark.parametrize("values", [["a", "b", "c", "d"], [True, False, True, True]])
def test_text_and_truth_are_no_values(values: list[object]) -> None:
    with pytest.raises(SchemaError) as refused:
        gi(pd.Series(values, name="kelas"), from_neighbours([[1], [0], [3], [2]]))
    assert refused.value.code == "values_not_numeric"


def counts(n: int, seed: int) -> tuple[pd.Series, pd.Series]:
    random = np.random.default_rng(seed)
    people = random.integers(20, 3_000, n)
    share = random.beta(2, 12, n)
    return pd.Series(random.binomial(people, share)), pd.Series(people)


def test_shrunken_rates_are_those_of_the_paper_term_by_term() -> None:
    cases, people = counts(64, 1)
    overall = cases.sum() / people.sum()
    spread = (
        sum(n * (x / n - overall) ** 2 for x, n in zip(cases, people, strict=True)) / people.sum()
    )
    between = spread - overall / people.mean()
    for i, found in enumerate(eb_global(cases, people)):
        raw = cases[i] / people[i]
        weight = between / (between + overall / people[i])
        assert found == pytest.approx(overall + weight * (raw - overall), abs=1e-14)
    for i, found in enumerate(assuncao_reis(cases, people)):
        scale = between + overall / people[i]
        scale = scale if scale > 0 else overall / people[i]
        assert found == pytest.approx((cases[i] / people[i] - overall) / np.sqrt(scale), abs=1e-10)


def test_local_shrinking_uses_the_neighbourhood_alone() -> None:
    weights = lattice(8, 8)
    cases, people = (series.set_axis(weights.ids) for series in counts(64, 2))
    found = eb_local(cases, people, weights)
    for i in (0, 9, 27, 63):
        near = [i, *weights.matrix.indices[weights.matrix.indptr[i] : weights.matrix.indptr[i + 1]]]
        x, n = cases.iloc[near].to_numpy(), people.iloc[near].to_numpy()
        overall = x.sum() / n.sum()
        between = max((n * (x / n - overall) ** 2).sum() / n.sum() - overall / n.mean(), 0)
        keep = between / (between + overall / people.iloc[i])
        raw = cases.iloc[i] / people.iloc[i]
        assert found.iloc[i] == pytest.approx(overall + keep * (raw - overall), abs=1e-12)


def test_rates_without_more_spread_than_chance_are_all_the_overall_one() -> None:
    cases, people = pd.Series([10, 20, 30]), pd.Series([100, 200, 300])
    assert eb_global(cases, people).to_list() == pytest.approx([0.1] * 3)


def test_hopeless_counts_have_a_status_and_no_rate() -> None:
    cases = pd.Series([5, 0, 3, 9, -1, np.nan, np.inf, 4])
    people = pd.Series([10, 0, 0, 5, 9, 9, 9, np.nan])
    expected = [
        "ok", "zero_population", "zero_population", "rate_above_one", "negative", "missing",
        "not_finite", "missing",
    ]  # fmt: skip
    assert rate_status(cases, people).to_list() == expected
    for shrunk in (eb_global(cases, people), assuncao_reis(cases, people)):
        assert shrunk.iloc[1:].isna().all()


def test_adjusted_p_are_monotone_and_ignore_what_has_no_answer() -> None:
    random = np.random.default_rng(7)
    p = pd.Series(random.random(500) ** 2)
    holes = p.where(random.random(500) > 0.2)
    for method in ("bh", "by", "bonferroni"):
        q = adjust(holes, method)
        pd.testing.assert_series_equal(q.dropna(), adjust(holes.dropna(), method))
        assert q.isna().equals(holes.isna())
        order = np.argsort(holes.dropna())
        assert (np.diff(q.dropna().to_numpy()[order]) >= 0).all()
        assert (q.dropna() >= holes.dropna()).all()
    with pytest.raises(SchemaError):
        adjust(pd.Series([0.5, 1.2]))


def test_the_scan_finds_the_planted_circle_and_little_in_noise() -> None:
    random = np.random.default_rng(11)
    xy = random.random((200, 2)) * 100
    people = random.integers(200, 2_000, 200)
    inside = np.hypot(*(xy - xy[17]).T) < 14
    areas = gpd.GeoDataFrame(
        {
            "poor": random.binomial(people, np.where(inside, 0.2, 0.1)),
            "noise": random.binomial(people, 0.1),
            "people": people,
        },
        geometry=shapely.points(xy),
    )
    best = circular_scan(areas, "poor", "people", draws=199).iloc[0]
    planted = set(np.flatnonzero(inside))
    assert len(planted & set(best["members"])) >= 0.9 * len(planted)
    assert best["p"] == 1 / 200
    assert best["ratio"] == pytest.approx(2, rel=0.2)
    seen = areas.loc[list(best["members"]), ["poor", "people"]].sum()
    assert best["cases"] == seen["poor"]
    assert best["expected"] == pytest.approx(
        seen["people"] * areas["poor"].sum() / areas["people"].sum()
    )
    assert circular_scan(areas, "noise", "people", draws=199)["p"].min() > 0.05


def test_the_scan_is_the_same_for_any_order_of_rows() -> None:
    random = np.random.default_rng(12)
    areas = gpd.GeoDataFrame(
        {"poor": random.integers(0, 90, 60), "people": random.integers(100, 300, 60)},
        geometry=shapely.points(random.random((60, 2))),
        index=[f"D{i:02d}" for i in range(60)],
    )
    one = circular_scan(areas, "poor", "people", draws=99)
    two = circular_scan(areas.sample(frac=1, random_state=3), "poor", "people", draws=99)
    assert [set(m) for m in one["members"]] == [set(m) for m in two["members"]]
    assert one["p"].to_list() == two["p"].to_list()


def test_areas_without_rate_take_no_part_in_the_scan() -> None:
    areas = gpd.GeoDataFrame(
        {"poor": [30, 30, 2, 2, 2, 2, 9], "people": [50] * 6 + [0]},
        geometry=[*(shapely.Point(x, 0) for x in range(6)), shapely.Point(0.5, 0)],
    )
    found = circular_scan(areas, "poor", "people", draws=99)
    assert 6 not in {name for members in found["members"] for name in members}


def test_local_geary_of_an_isolate_is_no_number() -> None:
    values = pd.Series([1.0, 2.0, 3.0, 4.0, 9.0, 2.0])
    line = from_neighbours([[1], [0, 2], [1, 3], [2, 4], [3], []])
    found = local_geary(values, line)
    assert found.isna().to_list() == [False] * 5 + [True]


def test_nearest_neighbours_serve_every_statistic() -> None:
    random = np.random.default_rng(13)
    areas = gpd.GeoDataFrame(geometry=shapely.points(random.random((80, 2))))
    values = pd.Series(random.random(80))
    weights = knn(areas, 6)
    assert (gi(values, weights)["status"] == "ok").all()
    assert moran(values, weights.row_standardised()).status == "ok"
