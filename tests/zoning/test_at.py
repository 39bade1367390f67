"""What plans say of a point: its distance to the edge of its class, against dissolved shapes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest

from layers.store import open_store
from layers.workspace import Workspace
from zoning import load_plans
from zoning.at import zones_at

DAY = date(2026, 6, 1)
LEAST_RADIUS = 200.0


def test_the_edge_of_a_class_is_where_the_dissolved_shapes_have_it(sample_workspace: Path) -> None:
    workspace = Workspace.open(sample_workspace)
    store = open_store(workspace)
    plan = next(one for one in load_plans(workspace.plans, store) if one.id == "rtrw_kab")
    frame = store.get(plan.meta.layer).frame.to_crs(plan.meta.metric_crs)
    classes = frame.dissolve(by=plan.meta.zone_column).geometry
    random = np.random.default_rng(8)
    west, south, east, north = frame.total_bounds
    places = gpd.GeoSeries(
        gpd.points_from_xy(random.uniform(west, east, 80), random.uniform(south, north, 80)),
        crs=plan.meta.metric_crs,
    )
    seen = set()
    for place, degrees in zip(places, places.to_crs(4326), strict=True):
        [found] = zones_at(plan, degrees.x, degrees.y, on=DAY)
        if found["zona"] is None:
            assert not classes.covers(place).any()
            continue
        true = place.distance(classes[found["zona"]].boundary)
        radius = max(LEAST_RADIUS, 3 * found["ce90_m"])
        assert found["distance_m"] == pytest.approx(min(true, radius), abs=0.02)
        if abs(true - radius) > 0.1:
            assert found["distance_at_least"] == (true > radius)
        seen.add(found["distance_at_least"])
    assert seen == {True, False}
