"""Errors have the spread and the reach that was asked for; runs repeat; bounds hold the truth."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.transform import Affine

from api.cli import main
from hazard.overlay import overlay
from hazard.rule_files import load_rule
from hazard.uncertainty import correlated_noise, probability, simulate, weights_within
from spatial.errors import LayerError, LimitError, PlanError
from spatial.zonal import open_grid


def test_errors_spread_alike_in_the_middle_and_at_the_edge_and_reach_as_far_as_asked() -> None:
    rng = np.random.default_rng(7)
    draws = np.stack([correlated_noise((40, 50), sd=3.0, reach_cells=6.0, rng=rng)
                      for _ in range(600)])  # fmt: skip
    assert draws.std(axis=0).mean() == pytest.approx(3.0, rel=0.02)
    assert draws[:, 0].std() == pytest.approx(draws[:, 20].std(), rel=0.05)
    at = [float(np.corrcoef(draws[:, 20, 20], draws[:, 20, 20 + d])[0, 1]) for d in (3, 6, 12)]
    # exp(-(d/6)**2) at 3, 6 and 12 cells.
    np.testing.assert_allclose(at, np.exp([-0.25, -1.0, -4.0]), atol=0.09)
    plain = correlated_noise((60, 60), sd=1.0, reach_cells=0.0, rng=rng)
    assert abs(np.corrcoef(plain[:, :-1].ravel(), plain[:, 1:].ravel())[0, 1]) < 0.06
    with pytest.raises(LayerError, match="are none"):
        correlated_noise((3, 3), sd=-1.0, reach_cells=1.0, rng=rng)


def test_quantiles_are_those_of_the_runs_and_repeat_with_the_seed() -> None:
    def run(rng: np.random.Generator) -> pd.Series:
        return pd.Series({"a": rng.uniform(0, 100), "b": 5.0})

    one, two, other = (simulate(run, runs=500, seed=s).table for s in (3, 3, 4))
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(other)
    assert one.loc["a"].tolist() == pytest.approx([5, 50, 95, 50], abs=7)
    assert one.loc["b"].tolist() == [5.0] * 4
    for runs in (1, 10_001):
        with pytest.raises(LimitError, match="runs"):
            simulate(run, runs=runs)


def test_probability_counts_only_runs_with_an_answer() -> None:
    def flooded(rng: np.random.Generator) -> np.ndarray:
        wet = rng.random() < 0.5
        return np.array([1.0, 0.0, float(wet), np.nan, 1.0 if wet else np.nan])

    found = probability(flooded, runs=400, seed=1)
    assert found[[0, 1, 4]].tolist() == [1.0, 0.0, 1.0]
    assert found[2] == pytest.approx(0.5, abs=0.08)
    assert np.isnan(found[3])


def test_weights_stay_in_their_range_and_change_the_score() -> None:
    factors = {name: np.array([score]) for name, score in zip(
        ["lereng", "tanah", "batuan", "curah_hujan", "tata_air_lereng", "kegempaan", "vegetasi"],
        [3.0, 1.0, 2.0, 3.0, 1.0, 1.0, 2.0], strict=True)}  # fmt: skip
    rule = "longsor_pu22_2007_alami"
    plain = overlay(rule, factors).low[0]

    def run(rng: np.random.Generator) -> pd.Series:
        drawn = weights_within(rule, spread=0.2, rng=rng)
        assert 30 * 0.8 / 1.2 <= drawn["lereng"] <= 30 * 1.2 / 0.8
        return pd.Series({"skor": overlay(rule, factors, weights=drawn).low[0]})

    made = simulate(run, runs=100).table.loc["skor"]
    assert made["p05"] < plain < made["p95"]
    with pytest.raises(PlanError, match="sum to"):
        overlay(rule, factors, weights={"lereng": 80.0})


def test_the_command_maps_the_chance_and_gives_bounds_of_people(tmp_path: Path) -> None:
    y, x = np.mgrid[0:40, 0:31]
    heights = 30 - 0.1 * y + 0.3 * np.abs(x - 15.0)
    with rasterio.open(
        tmp_path / "dem.tif", "w", driver="GTiff", height=40, width=31, count=1, dtype="float32",
        crs="EPSG:32749", transform=Affine(100, 0, 430_000, 0, -100, 9_230_000), nodata=-9999,
    ) as sink:  # fmt: skip
        sink.write(heights.astype("float32"), 1)
    desa = gpd.GeoDataFrame(
        {"kode_desa": ["33.99.01.2001"]},
        geometry=[shapely.box(430_000, 9_226_000, 433_100, 9_230_000)],
        crs="EPSG:32749",
    )
    desa.to_file(tmp_path / "desa.gpkg")
    homes = [shapely.box(430_100 + 300 * i, 9_227_000, 430_120 + 300 * i, 9_227_020)
             for i in range(10)]  # fmt: skip
    gpd.GeoDataFrame(geometry=homes, crs="EPSG:32749").to_file(tmp_path / "rumah.gpkg")
    pd.DataFrame({"kode_desa": ["33.99.01.2001"], "jumlah_penduduk": [500]}).to_csv(
        tmp_path / "penduduk.csv", index=False
    )
    out = tmp_path / "keluar"
    words = ["hazard", "uncertainty", tmp_path / "dem.tif", "-o", out, "--sd", 0.4, "--reach", 300]
    words += ["--runs", 8, "--river-km2", 2, "--by", tmp_path / "desa.gpkg"]
    words += ["--homes", tmp_path / "rumah.gpkg", "--people", tmp_path / "penduduk.csv"]
    assert main([str(word) for word in words]) == 0
    chance = open_grid(out / "peluang.tif").values()
    assert np.nanmin(chance) == 0
    assert np.nanmax(chance) == 1
    assert ((chance > 0) & (chance < 1)).any()
    table = pd.read_csv(out / "kuantil.csv").set_index("hazard_class")
    assert (table["p05"] <= table["p50"]).all()
    assert (table["p50"] <= table["p95"]).all()
    assert table["mean"].sum() == pytest.approx(500)
    facts = json.loads((out / "ketidakpastian.json").read_text())
    assert facts["parameters"]["runs"] == 8
    # Of all desa together: half of the runs lie below the median of their sums.
    total = facts["total"]
    assert facts["unit"] == "jiwa"
    assert total["tidak_ada"]["p05"] <= total["tidak_ada"]["p50"] <= total["tidak_ada"]["p95"]
    assert sum(row["mean"] for row in total.values()) == pytest.approx(500)
    again = tmp_path / "lagi"
    assert main([str(again if word == out else word) for word in words]) == 0
    assert (again / "kuantil.csv").read_bytes() == (out / "kuantil.csv").read_bytes()


def test_ranges_of_weights_reach_areas(tmp_path: Path) -> None:
    """Two halves: one is high whatever the weights, the other only if slope weighs enough."""
    scores = {
        "lereng": [3, 3], "tanah": [3, 3], "batuan": [3, 1], "curah_hujan": [3, 3],
        "tata_air_lereng": [3, 1], "kegempaan": [3, 3], "vegetasi": [3, 3],
    }  # fmt: skip
    words: list[object] = ["hazard", "weights", "longsor_pu22_2007_alami"]
    for name, pair in scores.items():
        with rasterio.open(
            tmp_path / f"{name}.tif", "w", driver="GTiff", height=4, width=4, count=1,
            dtype="float32", crs="EPSG:32749", nodata=-9999,
            transform=Affine(100, 0, 430_000, 0, -100, 9_230_000),
        ) as sink:  # fmt: skip
            sink.write(np.repeat([pair], 4, axis=0).repeat(2, axis=1).astype("float32"), 1)
        words += ["--factor", f"{name}={tmp_path / name}.tif"]
    place = shapely.box(430_000, 9_229_600, 430_400, 9_230_000)
    gpd.GeoDataFrame({"kode_desa": ["A"]}, geometry=[place], crs="EPSG:32749").to_file(
        tmp_path / "desa.gpkg"
    )
    out = tmp_path / "keluar"
    words += ["-o", out, "--runs", 200, "--spread", 0.3, "--by", tmp_path / "desa.gpkg"]
    assert main([str(word) for word in words]) == 0
    chance = open_grid(out / "peluang.tif").values()
    assert (chance[:, :2] == 1).all()
    facts = json.loads((out / "ketidakpastian.json").read_text())
    # The chance by hand: the score is 3 - 2 (w_batuan + w_tata_air) / 100.
    rule = "longsor_pu22_2007_alami"
    limit = load_rule("overlay", rule).data["breaks"][-1]
    met = []
    for part in np.random.SeedSequence(0).spawn(200):
        drawn = weights_within(rule, spread=0.3, rng=np.random.default_rng(part))
        met.append(3 - 2 * (drawn["batuan"] + drawn["tata_air_lereng"]) / 100 > limit)
    share = float(np.mean(met))
    assert 0 < share < 1
    np.testing.assert_allclose(chance[:, 2:], share, atol=1e-6)
    total = facts["total"]["tinggi"]
    assert total["p95"] == pytest.approx(160_000, rel=1e-3)
    assert total["p05"] == pytest.approx(80_000, rel=1e-3)
    assert total["mean"] == pytest.approx(80_000 * (1 + share), rel=1e-3)
    assert main([str(word) for word in [*words, "--yes", "--at-least", "gawat"]]) == 2
