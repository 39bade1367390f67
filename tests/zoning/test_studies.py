"""Siting and vertical development against sums done by hand, and what they may not assume."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from spatial.crs import AREA_CRS
from spatial.errors import EngineError, PlanError, SchemaError
from zoning.studies import rank_sites, read_siting_rule, room_above, siting_rules, summarise_room

BASE = (430_000.0, 9_200_000.0)


def box(x: float, y: float, w: float = 100.0, h: float = 100.0) -> Any:
    return shapely.box(BASE[0] + x, BASE[1] + y, BASE[0] + x + w, BASE[1] + y + h)


def frame(*shapes: Any, **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs="EPSG:9489")


EMPTY = gpd.GeoDataFrame(geometry=[], crs="EPSG:9489")
RULE = """
title = "Uji"
source = "uji"
status = "contoh"
version = "1"
[[constraint]]
name = "Sungai"
layer = "sungai"
keep = "away"
distance_m = 100
[[constraint]]
name = "Di luar kawasan"
layer = "kawasan"
keep = "inside"
[[criterion]]
name = "Jalan"
layer = "jalan"
measure = "distance"
best = 0
worst = 1000
weight = 3
[[criterion]]
name = "Lereng"
column = "lereng"
measure = "value"
best = 0
worst = 40
weight = 1
"""


@pytest.fixture
def rule(tmp_path: Path) -> Any:
    path = tmp_path / "uji.toml"
    path.write_text(RULE)
    return read_siting_rule(str(path))


def line(x: float, length: float) -> Any:
    return shapely.LineString([(BASE[0] + x, BASE[1]), (BASE[0] + x, BASE[1] + length)])


def layers(**changed: gpd.GeoDataFrame) -> dict[str, gpd.GeoDataFrame]:
    return {
        "sungai": frame(line(-50, 9_000)),
        "kawasan": frame(box(-5_000, -5_000, 10_000, 10_000)),
        "jalan": frame(line(3_000, 100)),
        **changed,
    }


def sites() -> gpd.GeoDataFrame:
    made = frame(
        box(0, 0), box(2_500, 0), box(2_200, 0), box(4_950, 0), lereng=[0.0, 20.0, 0.0, 0.0]
    )
    return made.set_axis(["tepi sungai", "dekat", "datar", "keluar"])


def test_sites_are_closed_first_and_scored_as_by_hand(rule: Any) -> None:
    table = rank_sites(sites(), rule, layers()).table
    assert table["closed"].to_dict() == {
        "dekat": "", "datar": "", "tepi sungai": "Sungai", "keluar": "Di luar kawasan",
    }  # fmt: skip
    # 400 m and 700 m to the road; 20 and 0 degrees of slope; weights 3 and 1.
    assert table.loc["dekat", "score"] == pytest.approx((3 * 0.6 + 0.5) / 4)
    assert table.loc["datar", "score"] == pytest.approx((3 * 0.3 + 1.0) / 4)
    assert table.loc["dekat", "rank"] == 1
    assert table.loc["tepi sungai", "rank"] != table.loc["tepi sungai", "rank"]
    assert table.loc["dekat", "Jalan (ukuran)"] == pytest.approx(400)


def test_sensitivity_says_how_far_the_order_holds(rule: Any) -> None:
    found = rank_sites(sites(), rule, layers(), tried=4_000)
    first = found.table["first_share"].dropna()
    assert first.sum() == pytest.approx(1, abs=1e-9)
    # "dekat" leads while 0.3 of the road outweighs 0.5 of the slope: 3 a > 1.667 b.
    random = np.random.default_rng(20_240_101)
    factors = 2.0 ** random.uniform(-1, 1, (4_000, 2))
    expected = (3 * factors[:, 0] * 0.3 > factors[:, 1] * 0.5).mean()
    assert first["dekat"] == pytest.approx(expected)
    assert found.weights.set_index("criterion").loc["Jalan", "without"] == "datar"
    assert rank_sites(sites(), rule, layers(), tried=4_000).table.equals(found.table)
    mixed = rank_sites(sites().iloc[::-1], rule, layers(), tried=4_000).table
    pd.testing.assert_frame_equal(mixed, found.table)


def test_a_layer_that_was_not_given_is_not_harmless_and_an_empty_one_is_empty(rule: Any) -> None:
    known = layers()
    del known["sungai"]
    with pytest.raises(SchemaError) as refused:
        rank_sites(sites(), rule, known)
    assert refused.value.code == "siting_layer_missing"
    table = rank_sites(sites(), rule, layers(sungai=EMPTY)).table
    assert table.loc["tepi sungai", "closed"] == ""
    with pytest.raises(SchemaError) as gap:
        rank_sites(sites().assign(lereng=np.nan), rule, layers())
    assert gap.value.code == "siting_value_missing"


def test_when_everything_is_closed_nothing_is_ranked(rule: Any) -> None:
    table = rank_sites(sites(), rule, layers(kawasan=frame(box(8_000, 0)))).table
    assert table["rank"].isna().all()
    assert (table["closed"] != "").all()


@pytest.mark.parametrize("name", siting_rules())
def test_the_rules_that_come_along_say_that_they_are_examples(name: str) -> None:
    assert read_siting_rule(name).rule.status == "contoh"


@pytest.mark.parametrize(
    "spoilt",
    [
        ('keep = "away"', 'keep = "near"'),
        ("weight = 3", "weight = 0"),
        ("worst = 1000", "worst = 0"),
        ('measure = "distance"', 'measure = "smell"'),
        ('name = "Lereng"', 'name = "Jalan"'),
        ('layer = "sungai"', ""),
    ],
)
def test_a_siting_rule_with_a_fault_is_refused(tmp_path: Path, spoilt: tuple[str, str]) -> None:
    path = tmp_path / "salah.toml"
    path.write_text(RULE.replace(*spoilt))
    with pytest.raises(PlanError) as refused:
        read_siting_rule(str(path))
    assert refused.value.code == "siting_rule_wrong"


def block(**columns: Any) -> gpd.GeoDataFrame:
    return frame(box(0, 0), box(200, 0), **{"klb_maks": [2.0, 1.0], **columns})


def plane_area(shapes: Any) -> Any:
    return gpd.GeoSeries(shapes, crs="EPSG:9489").to_crs(AREA_CRS).area.to_numpy()


def test_unused_room_is_klb_times_area_less_what_stands() -> None:
    built = frame(box(0, 0, 50, 100), box(210, 0, 50, 50), box(290, 0, 20, 100), lantai=[2, 3, 4])
    safe = frame(box(9_000, 0))
    room = room_above(block(), built, hazard=safe, services=frame(box(100, 300, 1, 1)))
    area = plane_area(block().geometry)
    halves = plane_area([box(0, 0, 50, 100), box(210, 0, 50, 50), box(290, 0, 10, 100)])
    assert room["floor_m2"].to_numpy() == pytest.approx(
        [2 * halves[0], 3 * halves[1] + 4 * halves[2]], rel=1e-6
    )
    assert room["klb_used"].iloc[0] == pytest.approx(1.0, rel=1e-3)
    assert room["unused_m2"].to_numpy() == pytest.approx(
        np.maximum(np.array([2.0, 1.0]) * area - room["floor_m2"], 0), rel=1e-9
    )
    assert room["over"].to_list() == [False, True]
    assert room["candidate"].to_list() == ["candidate", "no_room"]
    assert room["spared_m2"].iloc[0] == pytest.approx(room["unused_m2"].iloc[0] / 2)
    assert room["service_m"].iloc[0] == pytest.approx(200)


def test_hazard_distance_and_gaps_decide_who_is_a_candidate() -> None:
    built = frame(box(0, 0, 20, 20), box(200, 0, 20, 20), lantai=[2, 2])
    far = frame(box(5_000, 0))
    near = frame(box(150, 0, 1, 1))
    plans = block(klb_maks=[2.0, 2.0])

    def words(**given: Any) -> list[str]:
        return room_above(plans, built, **given)["candidate"].to_list()

    assert words(hazard=far, services=near) == ["candidate"] * 2
    assert words(hazard=far, services=far) == ["too_far"] * 2
    assert words(hazard=frame(box(0, 0, 50, 100)), services=near) == ["in_hazard", "candidate"]
    assert words(services=near) == ["undecided"] * 2  # hazard not known is not absent
    blank = room_above(block(klb_maks=[None, 2.0]), built, hazard=far, services=near)
    assert blank["candidate"].to_list() == ["undecided", "candidate"]
    low = room_above(block(klb_maks=[0.6, 2.0]), built, hazard=far, services=near)
    assert low["candidate"].to_list() == ["low_limit", "candidate"]
    dark = room_above(plans, built.assign(lantai=[None, 2]), hazard=far, services=near)
    assert dark["candidate"].to_list() == ["undecided", "candidate"]
    assert dark["unknown_share"].to_list() == [1.0, 0.0]


@given(st.lists(st.sampled_from(["R-2", "K-1", None]), min_size=2, max_size=2))
def test_sums_by_zone_leave_nothing_out(zones: list[str | None]) -> None:
    built = frame(box(0, 0, 20, 20), lantai=[2])
    room = room_above(block(), built, hazard=frame(box(9_000, 0)))
    summary = summarise_room(room, pd.Series(zones))
    for column in ("area_m2", "unused_m2"):
        assert summary[column].sum() == pytest.approx(room[column].sum())
    assert summary["blocks"].sum() == 2


def test_missing_columns_are_named() -> None:
    with pytest.raises(EngineError) as refused:
        room_above(block(), frame(box(0, 0)))
    assert refused.value.code == "vertical_column"
