"""Access to services and clusters of unfit houses, against distances and counts done by hand."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from hazard.vulnerability.access import access
from hazard.vulnerability.housing import housing_clusters
from spatial.errors import SchemaError

BASE = (430_000.0, 9_200_000.0)


def at(*points: tuple[float, float], **columns: Any) -> gpd.GeoDataFrame:
    shapes = [shapely.Point(BASE[0] + x, BASE[1] + y) for x, y in points]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:9489")


def desa() -> gpd.GeoDataFrame:
    shapes = [
        shapely.box(BASE[0] + x, BASE[1], BASE[0] + x + 1_000, BASE[1] + 1_000)
        for x in (0, 1_000, 6_000)
    ]
    return gpd.GeoDataFrame(
        {"jiwa": [100, 200, 300], "miskin": [10, 40, None]},
        geometry=shapes,
        index=["A", "B", "C"],
        crs="EPSG:9489",
    )


def test_people_are_where_their_homes_are_and_the_unserved_are_named() -> None:
    homes = at((100, 500), (900, 500), (1_100, 500), (1_900, 500), (6_500, 500))
    found = access(desa(), at((0, 500)), people="jiwa", poor="miskin", homes=homes, reach_m=1_000)
    assert found["way_m"].to_dict() == pytest.approx({"A": 500, "B": 1_500, "C": 6_500})
    assert found["within"].to_dict() == {"A": 1.0, "B": 0.0, "C": 0.0}
    assert found["people_beyond"].to_dict() == {"A": 0.0, "B": 200.0, "C": 300.0}
    assert found["poor_beyond"].to_list()[:2] == [0.0, 40.0]
    assert np.isnan(found["poor_beyond"].iloc[2])
    assert found["served"].to_dict() == {"A": "yes", "B": "no", "C": "no"}
    assert (found["method"] == "homes").all()
    longer = access(desa(), at((0, 500)), people="jiwa", homes=homes, reach_m=1_000, detour=2)
    assert longer["within"]["A"] == 0.5
    assert longer["way_m"].to_numpy() == pytest.approx(2 * found["way_m"].to_numpy())


def test_homes_weigh_by_their_area_and_a_desa_without_homes_is_one_point() -> None:
    big = shapely.box(BASE[0] + 100, BASE[1] + 490, BASE[0] + 130, BASE[1] + 510)  # 600 m2
    small = shapely.box(BASE[0] + 890, BASE[1] + 490, BASE[0] + 900, BASE[1] + 510)  # 200 m2
    homes = gpd.GeoDataFrame(geometry=[big, small], crs="EPSG:9489")
    found = access(desa(), at((0, 500)), people="jiwa", homes=homes, reach_m=500)
    assert found["within"]["A"] == pytest.approx(0.75)
    assert found["method"].to_dict() == {"A": "homes", "B": "point", "C": "point"}


def test_no_service_at_all_serves_nobody_and_gaps_have_a_status() -> None:
    none = gpd.GeoDataFrame(geometry=[], crs="EPSG:9489")
    broken = desa().assign(jiwa=[100, None, 0])
    broken.loc["A", "geometry"] = None
    found = access(broken, none, people="jiwa")
    assert found["status"].to_dict() == {"A": "no_geometry", "B": "no_people", "C": "no_people"}
    assert found["served"].isna().all()
    whole = access(desa(), none, people="jiwa")
    assert (whole["served"] == "no").all()
    assert np.isinf(whole["way_m"]).all()


def test_along_roads_a_river_counts_and_who_has_no_road_is_told() -> None:
    """B's eastern home lies beyond a river without a bridge, though near as the crow flies."""
    homes = at((500, 500), (1_200, 500), (1_800, 500), (6_500, 500))
    roads = gpd.GeoDataFrame(
        geometry=[
            shapely.LineString([(BASE[0] + x, BASE[1] + 500) for x in piece])
            for piece in ((0, 1_500), (1_700, 1_900))
        ],
        crs="EPSG:9489",
    )
    ways = {"people": "jiwa", "homes": homes, "reach_m": 2_000}
    straight = access(desa(), at((0, 500)), **ways)
    assert straight["within"].to_dict() == {"A": 1.0, "B": 1.0, "C": 0.0}
    assert (straight["no_way"] == 0).all()
    found = access(desa(), at((0, 500)), roads=roads, **ways)
    assert found["within"].to_dict() == {"A": 1.0, "B": 0.5, "C": 0.0}
    assert found["no_way"].to_dict() == {"A": 0.0, "B": 0.5, "C": 1.0}
    assert found["way_m"].to_dict() == pytest.approx({"A": 500, "B": 1_200, "C": np.inf})
    assert found["people_beyond"].sum() == 400
    with pytest.raises(SchemaError) as refused:
        access(desa(), at((0, 500)), roads=roads, detour=1.3, **ways)
    assert refused.value.code == "access_detour"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"people": "orang"}, "access_column"),
        ({"reach_m": 0}, "access_setting"),
        ({"detour": 0.5}, "access_setting"),
    ],
)
def test_impossible_settings_are_refused(changed: dict[str, Any], code: str) -> None:
    with pytest.raises(SchemaError) as refused:
        access(desa(), at((0, 0)), **{"people": "jiwa", **changed})
    assert refused.value.code == code


def crowd(seed: int, n: int = 200) -> gpd.GeoDataFrame:
    random = np.random.default_rng(seed)
    dense = random.normal((2_000, 2_000), 80, (n // 2, 2))
    loose = random.uniform(0, 20_000, (n // 2, 2))
    return at(*map(tuple, np.vstack((dense, loose))))


def brute(xy: np.ndarray, reach: float, least: int) -> list[set[int]]:
    """Density clusters by growing each core, one house at a time."""
    near = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1)) <= reach
    core = near.sum(axis=1) >= least
    seen: set[int] = set()
    groups = []
    for start in np.flatnonzero(core):
        if start in seen:
            continue
        group, todo = {int(start)}, [int(start)]
        while todo:
            for other in np.flatnonzero(near[todo.pop()] & core):
                if int(other) not in group:
                    group.add(int(other))
                    todo.append(int(other))
        seen |= group
        groups.append(group)
    return groups


@pytest.mark.parametrize("seed", range(5))
def test_dense_houses_are_clustered_as_by_growing_them_one_by_one(seed: int) -> None:
    houses = crowd(seed)
    found, rest = housing_clusters(houses, cell_m=100_000, least=8)
    xy = shapely.get_coordinates(houses.geometry)
    groups = brute(xy, 100, 8)
    # With one cell over everything the cells hide nothing but the edges between clusters.
    assert len(found) == len(groups)
    assert found["houses"].sum() + rest == len(houses)
    core = sum(len(group) for group in groups)
    assert core <= found["houses"].sum()


@given(st.integers(0, 1_000), st.integers(3, 20))
def test_every_cell_that_is_shown_holds_enough_houses_and_no_house_can_be_told(
    seed: int, least: int
) -> None:
    houses = crowd(seed, 120)
    found, rest = housing_clusters(houses, least=least)
    assert found["houses"].sum() + rest == len(houses)
    for shape, many in zip(found.geometry, found["houses"], strict=True):
        cells = shape.area / 250**2
        assert cells == pytest.approx(round(cells))
        assert many >= least * round(cells)
        corners = shapely.get_coordinates(shape) / 250
        assert corners == pytest.approx(np.round(corners))
        assert houses.within(shape).sum() >= many


def test_row_order_and_empty_input_change_nothing() -> None:
    houses = crowd(3)
    one, _ = housing_clusters(houses)
    two, _ = housing_clusters(houses.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(pd.DataFrame(one), pd.DataFrame(two))
    none, rest = housing_clusters(houses.iloc[:0])
    assert (len(none), rest) == (0, 0)
    with pytest.raises(SchemaError):
        housing_clusters(houses, reach_m=0)
