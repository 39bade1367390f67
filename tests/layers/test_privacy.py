"""Attacks on published tables: no hidden count may be worked out from anything that is shown."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import linprog

from hazard.vulnerability import clusters, find_hotspots, stability
from layers.poverty import Mask, bounds, levels_of_codes, protect
from spatial.errors import SchemaError

LEVELS = ("desa", "kecamatan", "kabkota", "total")


def province(seed: int, small: float = 0.3, size: int = 4) -> gpd.GeoDataFrame:
    """Desa of three kabupaten with kecamatan of different sizes, many of them small cells."""
    random = np.random.default_rng(seed)
    names, shapes = [], []
    for kab in range(1, 4):
        for kec in range(1, 4):
            for desa in range(int(random.integers(1, size + 2))):
                names.append(f"33.{kab:02d}.{kec:02d}.{2001 + desa}")
                x, y = 3 * kab + kec % 3, 6 * (kec // 3) + desa
                shapes.append(shapely.box(x, y, x + 1, y + 1))
    n = len(names)
    households = random.integers(25, 400, n)
    share = np.where(random.random(n) < small, 0.02, 0.25)
    share = np.where(random.random(n) < 0.1, 0.98, share)
    return gpd.GeoDataFrame(
        {"poor": random.binomial(households, share), "households": households},
        geometry=shapes,
        index=pd.Index(names, name="id"),
    )


def cells(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Sums of every level, named as the mask names them."""
    groups = levels_of_codes(frame.index)
    numbers = frame[["poor", "households"]]
    return {
        "desa": numbers,
        "kecamatan": numbers.groupby(groups["kecamatan"]).sum(),
        "kabkota": numbers.groupby(groups["kabkota"]).sum(),
        "total": numbers.groupby(pd.Series("semua", frame.index)).sum(),
    }


def shown_equations(
    frame: pd.DataFrame, mask: Mask
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Everything linear that a reader knows about the counts of the desa: A x = b."""
    groups = levels_of_codes(frame.index)
    member = {
        "desa": pd.Series(frame.index, frame.index),
        "kecamatan": groups["kecamatan"],
        "kabkota": groups["kabkota"],
        "total": pd.Series("semua", frame.index),
    }
    rows, sums = [], []
    for level, table in cells(frame).items():
        for name in table.index[~mask.covers(table.index, level).to_numpy()]:
            rows.append((member[level] == name).to_numpy(dtype=float))
            sums.append(float(table.loc[name, "poor"]))
    return np.array(rows), np.array(sums)


def attack(frame: pd.DataFrame, mask: Mask, row: int) -> tuple[float, float]:
    """Least and largest count of one desa that fits everything shown, by linear programming."""
    equations, sums = shown_equations(frame, mask)
    limits = [(0.0, float(most)) for most in frame["households"]]
    aim = np.zeros(len(frame))
    aim[row] = 1.0
    ends = [
        linprog(sign * aim, A_eq=equations, b_eq=sums, bounds=limits, method="highs")
        for sign in (1, -1)
    ]
    assert all(end.status == 0 for end in ends), "what is shown contradicts itself"
    return float(ends[0].fun), -float(ends[1].fun)


def masked(frame: pd.DataFrame, least: int = 10, earlier: Mask | None = None) -> Mask:
    groups = levels_of_codes(frame.index)
    return protect(frame["poor"], frame["households"], groups, least=least, earlier=earlier)


@pytest.mark.parametrize("seed", range(12))
def test_linear_programming_solves_for_no_hidden_cell(seed: int) -> None:
    frame = province(seed)
    mask = masked(frame)
    hidden = np.flatnonzero(mask.covers(frame.index))
    assert len(hidden)
    for row in hidden:
        low, high = attack(frame, mask, int(row))
        assert high - low >= min(10, frame["households"].iloc[row]) - 1e-6


@pytest.mark.parametrize("seed", [3, 4])
def test_the_attack_succeeds_where_only_small_cells_are_hidden(seed: int) -> None:
    """The attacker is able: without complementary suppression it finds the counts."""
    frame = province(seed)
    mask = masked(frame)
    tables = cells(frame)
    small = {
        level: frozenset(
            table.index[(table["poor"] < 10) | (table["households"] - table["poor"] < 10)]
        )
        for level, table in tables.items()
    }
    naive = Mask(small, mask.primary, 10)
    widths = [
        np.diff(attack(frame, naive, row))[0] for row in np.flatnonzero(naive.covers(frame.index))
    ]
    assert min(widths) < 1


@pytest.mark.parametrize("seed", range(4))
def test_the_bounds_that_guide_the_mask_are_those_of_linear_programming(seed: int) -> None:
    frame = province(seed, size=3)
    mask = masked(frame)
    found = bounds(mask, frame["poor"], frame["households"], levels_of_codes(frame.index))
    for row in range(len(frame)):
        low, high = attack(frame, mask, row)
        assert found["low"].iloc[row] == pytest.approx(low, abs=1e-6)
        assert found["high"].iloc[row] == pytest.approx(high, abs=1e-6)


@settings(max_examples=40)
@given(st.integers(0, 100_000), st.integers(1, 25), st.floats(0, 0.9))
def test_every_shown_cell_of_every_level_is_large_enough(
    seed: int, least: int, small: float
) -> None:
    frame = province(seed, small)
    mask = masked(frame, least)
    for level, table in cells(frame).items():
        shown = table[~mask.covers(table.index, level).to_numpy()]
        assert (shown["poor"] >= least).all()
        assert (shown["households"] - shown["poor"] >= least).all()


@pytest.mark.parametrize("seed", range(6))
def test_what_was_hidden_in_one_version_stays_hidden_in_the_next(seed: int) -> None:
    """The same totals twice, a little later: the difference shows no hidden count either."""
    frame = province(seed)
    first = masked(frame)
    random = np.random.default_rng(seed)
    later = frame.assign(
        poor=np.minimum(frame["poor"] + random.integers(0, 30, len(frame)), frame["households"])
    )
    second = masked(later, earlier=Mask.from_json(first.to_json()))
    for level in LEVELS:
        assert first.hidden[level] <= second.hidden[level]
    for row in np.flatnonzero(second.covers(frame.index)):
        low, high = attack(later, second, int(row))
        assert high - low >= min(10, later["households"].iloc[row]) - 1e-6


def test_the_mask_is_the_same_for_any_order_of_rows_and_tells_no_small_cell() -> None:
    frame = province(7)
    one, two = masked(frame), masked(frame.sample(frac=1, random_state=2))
    assert one.hidden == two.hidden
    text = json.loads(one.to_json())
    assert set(text) == {"least", "hidden"}
    assert Mask.from_json(one.to_json()).hidden == one.hidden
    assert one.primary < one.hidden["desa"]
    with pytest.raises(SchemaError):
        Mask.from_json("{}")


def test_one_mask_serves_every_level_of_zoom() -> None:
    frame = province(5)
    mask = masked(frame)
    for level, table in cells(frame).items():
        shown = mask.apply(table, ["poor"], level)
        hidden = mask.covers(table.index, level).to_numpy()
        assert shown.loc[hidden, "poor"].isna().all()
        assert (shown.loc[~hidden, "poor"] == table.loc[~hidden, "poor"]).all()


def another_world(frame: gpd.GeoDataFrame, mask: Mask, seed: int) -> gpd.GeoDataFrame:
    """Other counts in the hidden cells that fit every total that is shown, far from the true."""
    equations, sums = shown_equations(frame, mask)
    limits = [(0.0, float(most)) for most in frame["households"]]
    aim = np.random.default_rng(seed).normal(size=len(frame))
    found = linprog(
        aim, A_eq=equations, b_eq=sums, bounds=limits, method="highs",
        integrality=np.ones(len(frame)),
    )  # fmt: skip
    assert found.status == 0
    return frame.assign(poor=np.round(found.x).astype(int))


@pytest.mark.parametrize("seed", range(3))
def test_everything_published_is_the_same_in_a_world_with_other_hidden_counts(seed: int) -> None:
    """z, EB, neighbours' means, local Moran, clusters, votes and totals carry nothing hidden.

    If two worlds with different hidden counts give the same publication to the last bit, no
    method whatever can tell them apart.
    """
    frame = province(seed, size=6)
    mask = masked(frame)
    hidden = mask.covers(frame.index)
    other = another_world(frame, mask, seed)
    moved = (other["poor"] - frame["poor"]).abs()[hidden.to_numpy()]
    assert moved.max() >= 10
    assert (moved > 0).mean() > 0.5
    for smooth in ("none", "eb", "eb-local", "standardised"):
        told = []
        for world in (frame, other):
            found = find_hotspots(
                world, "poor", population="households", weights="queen", fdr=0.3,
                smooth=smooth, draws=99, withheld=hidden,
            )  # fmt: skip
            made = clusters(found, world)
            votes = stability(
                world, "poor", population="households", withheld=hidden, weights=["knn:3"],
                groups=levels_of_codes(world.index)["kecamatan"].rename("kecamatan"),
            )  # fmt: skip
            sums = [
                mask.apply(table, ["poor"], level).to_json()
                for level, table in cells(world).items()
            ]
            told.append(
                [found.table.to_json(), made.objects.drop(columns="geometry").to_json(),
                 votes.to_json(), repr(found.overall), *sums]
            )  # fmt: skip
        assert told[0] == told[1]


def test_a_count_that_cannot_be_true_is_refused() -> None:
    frame = province(1).assign(poor=500)
    with pytest.raises(SchemaError) as refused:
        masked(frame)
    assert refused.value.code == "counts_impossible"


def test_unknown_counts_are_hidden_and_protect_nobody() -> None:
    frame = province(2)
    counts = frame["poor"].astype(float)
    counts.iloc[4] = np.nan
    mask = protect(counts, frame["households"], levels_of_codes(frame.index))
    assert frame.index[4] in mask.hidden["desa"]


def test_thousands_of_desa_are_masked_within_seconds() -> None:
    random = np.random.default_rng(0)
    names = [
        f"33.{kab:02d}.{kec:02d}.{2001 + i}"
        for kab in range(1, 36) for kec in range(1, 18) for i in range(14)
    ]  # fmt: skip
    households = pd.Series(random.integers(100, 1_500, len(names)), names)
    poor = pd.Series(random.binomial(households, random.choice([0.01, 0.12], len(names))), names)
    mask = protect(poor, households, levels_of_codes(poor.index))
    found = bounds(mask, poor, households, levels_of_codes(poor.index))
    hidden = mask.covers(poor.index).to_numpy()
    assert 0.3 < hidden.mean() < 0.7
    width = (found["high"] - found["low"])[hidden]
    assert (width >= np.minimum(10, households[hidden])).all()
