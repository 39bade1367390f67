"""Geomorphic flood, rob and overlays by rule files, on ground whose answer is known."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hazard
from hazard import class_rule
from hazard.flood import calibrate, fuzzy_large, geomorphic_flood
from hazard.overlay import overlay
from hazard.rob import rob_depth
from hazard.rule_files import load_rule
from spatial.errors import LayerError, PlanError
from spatial.terrain import Flow, flow_of
from spatial.zonal import grid_from_array


@pytest.fixture(scope="module")
def valley() -> Flow:
    """A straight river in a V-shaped valley that falls southwards."""
    y, x = np.mgrid[0:80, 0:41]
    heights = 40 - 0.4 * y + 0.3 * np.abs(x - 20.0)
    grid = grid_from_array(heights, crs="EPSG:9489", origin=(430000, 9230000), cell=(100, -100))
    return flow_of(grid)


def test_depth_is_the_river_level_above_the_ground(valley: Flow) -> None:
    flood = geomorphic_flood(valley, river_km2=5.0)
    row = 60
    area = float(valley.area_km2()[row, 20])
    assert flood.level_m[row, 20] == pytest.approx(area**0.354429752, rel=1e-6)
    assert flood.depth_m[row, 20] == pytest.approx(area**0.354429752, rel=1e-5)
    far = flood.depth_m[row, 0]
    assert far == 0.0
    assert (flood.depth_m > 0).sum() == (flood.index > 0).sum()
    assert flood.parameters()["calibrated"] is False
    assert "belum diverifikasi" in flood.citation


def test_normalised_index_spans_minus_one_to_one(valley: Flow) -> None:
    index = geomorphic_flood(valley, river_km2=5.0).normalised()
    assert (np.nanmin(index), np.nanmax(index)) == (-1.0, 1.0)


@pytest.mark.parametrize("shift", [-0.7, 0.4])
def test_calibration_finds_the_threshold_that_drew_the_map(valley: Flow, shift: float) -> None:
    flood = geomorphic_flood(valley, river_km2=5.0)
    observed = np.where(np.isnan(flood.index), np.nan, flood.index >= shift)
    observed[:10] = np.nan
    fitted = calibrate(flood, observed)
    wet = fitted.depth_m[10:] > 0
    drawn = observed[10:] == 1
    # The limiting cell itself has depth zero.
    assert (wet & ~drawn).sum() == 0
    assert (drawn & ~wet).sum() <= (flood.index[10:] == flood.index[10:][drawn].min()).sum()
    assert fitted.calibrated
    assert np.log(fitted.a) == pytest.approx(-flood.index[10:][drawn].min())


def test_calibration_needs_wet_and_dry_cells(valley: Flow) -> None:
    flood = geomorphic_flood(valley, river_km2=5.0)
    with pytest.raises(LayerError, match="0 wet"):
        calibrate(flood, np.zeros(flood.index.shape))


def test_depth_class_and_index_class_disagree_between_1_5_and_1_669_m() -> None:
    data = load_rule("flood", "gfi_bnpb_2019").data
    depth = np.array([0.70, 0.752, 0.76, 1.49, 1.6, 1.68])
    index = fuzzy_large(depth, midpoint_m=data["index_midpoint_m"], spread=data["index_spread"])
    valid = np.ones(6, bool)
    by_depth = class_rule("banjir_kedalaman_bnpb").codes(depth, valid)
    by_index = class_rule("indeks_bnpb").codes(index, valid)
    assert by_depth.tolist() == [1, 2, 2, 2, 3, 3]
    assert by_index.tolist() == [1, 1, 2, 2, 2, 3]


def test_rob_reaches_only_what_is_joined_to_the_sea_and_sinks_with_time() -> None:
    ground = np.array([[-2.0, 0.3, 0.3, 2.0, 0.1], [-2.0, 1.0, 0.9, 2.0, np.nan]])
    sea = ground == -2
    facts = {"sea_level_m": 0.1, "tide_m": 0.4, "dem_date": date(2016, 6, 1)}
    now, behind = rob_depth(ground, sea, on=date(2016, 6, 1), sinking_m_per_year=0.08, **facts)
    assert now[0, 1] == pytest.approx(0.2)
    assert now[1, 1] == 0
    assert behind.tolist() == [[False] * 4 + [True], [False] * 5]
    assert np.isnan(now[1, 4])
    later, _ = rob_depth(ground, sea, on=date(2026, 6, 1), sinking_m_per_year=0.08, **facts)
    assert later[0, 1] == pytest.approx(1.0, abs=1e-3)
    assert later[1, 1] == pytest.approx(0.3, abs=1e-3)
    with pytest.raises(LayerError, match="2016-06-01"):
        rob_depth(ground, sea, on=date(2016, 5, 31), sinking_m_per_year=0.08, **facts)


PU22 = ["lereng", "tanah", "batuan", "curah_hujan", "tata_air_lereng", "kegempaan", "vegetasi"]


@given(st.lists(st.sampled_from([1.0, 2.0, 3.0]), min_size=7, max_size=7), st.integers(0, 6))
@settings(max_examples=50)
def test_a_missing_factor_never_changes_a_class_that_stands(scores: list[float], lost: int) -> None:
    factors = {name: np.array([score]) for name, score in zip(PU22, scores, strict=True)}
    full = overlay("longsor_pu22_2007_alami", factors)
    assert full.low == pytest.approx(full.high)
    part = overlay("longsor_pu22_2007_alami", {k: v for k, v in factors.items() if k != PU22[lost]})
    assert part.low[0] <= full.low[0] + 1e-9 <= part.high[0] + 2e-9
    assert part.codes[0] in (full.codes[0], 3)
    assert [note.details["factor"] for note in part.notes] == [PU22[lost]]


def test_natural_slope_scores_have_the_published_limits() -> None:
    same = {name: np.array([1.0, 2.0, 3.0]) for name in PU22}
    assert overlay("longsor_pu22_2007_alami", same).codes.tolist() == [0, 1, 2]


def test_forest_function_at_its_limits_and_by_override() -> None:
    factors = {
        "lereng_persen": np.array([8.0, 8.1, 20.0, 44.0, 50.0, 16.0, np.nan]),
        "kelas_tanah": np.array([5.0, 5.0, 3.0, 4.0, 1.0, 5.0, 5.0]),
        "intensitas_hujan": np.array([20.0, 34.0, 20.0, 40.0, 5.0, 5.0, 5.0]),
    }
    result = overlay("fungsi_hutan_sk837_1980", factors)
    words = [[*result.labels, "?"][code] for code in result.codes]
    # 20+75+20 = 115; 40+75+40 = 155; 60+45+20 = 125; 80+60+50 = 190; overrides; unknown slope.
    assert result.low[:4].tolist() == [115, 155, 125, 190]
    assert words == ["budidaya", "penyangga", "penyangga", "lindung", "lindung", "lindung", "?"]
    assert result.fired.tolist() == [0, 0, 0, 0, 1, 2, 0]
    assert {note.details["factor"] for note in result.notes} == {"sempadan", "ketinggian_m"}


def test_das_is_judged_by_its_weighted_sum() -> None:
    names = ["lahan", "tata_air", "sosial_ekonomi", "investasi_bangunan", "pemanfaatan_ruang"]
    das = {name: np.array([1.0, 1.25]) for name in names}
    result = overlay("das_p60_2014", das)
    assert result.low.tolist() == [100.0, 125.0]
    assert [result.labels[code] for code in result.codes] == ["dipertahankan", "dipulihkan"]


def test_overlays_refuse_what_the_rule_does_not_know(tmp_path: Path) -> None:
    one = np.array([1.0])
    with pytest.raises(LayerError, match="has no factor 'hujan'"):
        overlay("longsor_pu22_2007_alami", {"hujan": one})
    with pytest.raises(LayerError, match="shapes"):
        overlay("longsor_pu22_2007_alami", {"lereng": one, "tanah": np.zeros(2)})
    with pytest.raises(LayerError, match="has the value 4"):
        overlay("longsor_pu22_2007_alami", {"lereng": one * 4})
    rules = Path(hazard.__file__).parent / "rules" / "overlay"
    text = (rules / "das_p60_2014.toml").read_text()
    wrong = tmp_path / "salah.toml"
    wrong.write_text(text.replace("weight = 40", "weight = 30"))
    with pytest.raises(PlanError, match="sum to 90"):
        overlay(str(wrong), {"lahan": one})


def test_a_model_in_tiles_and_files_floods_the_same_cells(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    y, x = np.mgrid[0:60, 0:70]
    heights = 50 - 0.3 * y + 0.2 * np.abs(x - 35.0) + rng.normal(0, 0.4, (60, 70))
    heights[:5, :5] = np.nan
    dem = grid_from_array(heights, crs="EPSG:32749", origin=(430_000, 9_230_000), cell=(100, -100))
    observed = np.where(rng.random(heights.shape) < 0.5, (heights < 42).astype(float), np.nan)
    made = []
    for flow in (flow_of(dem), flow_of(dem, tile=16, folder=tmp_path)):
        flood = geomorphic_flood(flow, river_km2=1.0)
        made.append((flood, calibrate(flood, observed), flood.prone(-0.53)))
    for one, other in zip(made[0][:2], made[1][:2], strict=True):
        for name in ("index", "depth_m", "level_m"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert one.parameters() == other.parameters()
    np.testing.assert_array_equal(made[0][2], made[1][2])
    np.testing.assert_array_equal(made[0][2], made[0][0].normalised() >= -0.53)
    assert isinstance(made[1][0].depth_m, np.memmap)


def test_the_index_is_that_of_following_every_drop(tmp_path: Path) -> None:
    """Brute force: walk from each cell down to its river cell; H and A are read there."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:30, 0:36]
    heights = 60 - 0.8 * y + 0.5 * np.abs(x - 18.0) + rng.normal(0, 1.0, (30, 36))
    heights[20:23, 5:8] = np.nan
    dem = grid_from_array(heights, crs="EPSG:32749", origin=(430_000, 9_230_000), cell=(100, -100))
    flow = flow_of(dem, tile=16)
    rivers = flow.rivers(0.5)
    flood = geomorphic_flood(flow, river_km2=0.5)
    step = {1: (0, 1), 2: (1, 1), 4: (1, 0), 8: (1, -1), 16: (0, -1), 32: (-1, -1), 64: (-1, 0),
            128: (-1, 1)}  # fmt: skip
    met = 0
    for row in range(30):
        for col in range(36):
            at = (row, col)
            while int(flow.d8[at]) in step and not rivers[at]:
                down, right = step[int(flow.d8[at])]
                at = (at[0] + down, at[1] + right)
            if not rivers[at] or np.isnan(heights[row, col]):
                assert np.isnan(flood.index[row, col])
                continue
            met += 1
            above = float(flow.filled[row, col]) - float(flow.filled[at])
            level = (int(flow.cells_upstream[at]) * 0.01) ** 0.354429752
            assert flood.index[row, col] == pytest.approx(
                np.log(level / max(above, 1e-5)), rel=1e-5, abs=1e-5
            )
            assert flood.depth_m[row, col] == pytest.approx(max(level - above, 0), abs=1e-4)
    assert met > 700
