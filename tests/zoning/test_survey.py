"""Regions on the maps of a plan: the areas of the shapes themselves, one by one and together."""

from __future__ import annotations

import functools
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely

from layers.store import open_store
from layers.workspace import Workspace
from spatial.errors import LimitError
from spatial.index import Stack
from zoning import load_plans
from zoning.ground import Ground, OverlayMap, ZoneMap, ground_on
from zoning.survey import Scene, survey

DAY = date(2026, 6, 1)


@pytest.fixture(scope="module")
def ground(sample_workspace: Path) -> Ground:
    workspace = Workspace.open(sample_workspace)
    plans = load_plans(workspace.plans, open_store(workspace))
    return max((ground_on(plan, DAY) for plan in plans), key=lambda one: len(one.overlays))


@pytest.fixture(scope="module")
def regions(ground: Ground) -> list[shapely.Polygon]:
    """Boxes about corners of overlays and anywhere, some beyond the map."""
    assert isinstance(ground.zones, ZoneMap)
    chance = np.random.default_rng(3)
    west, south, east, north = shapely.total_bounds(ground.zones.whole.pieces)
    places = [chance.uniform((west, south), (east, north)) for _ in range(60)]
    for one in ground.overlays.values():
        assert isinstance(one, OverlayMap)
        corners = shapely.get_coordinates(one.certain.pieces)
        places += [*corners[chance.integers(0, len(corners), 6)]] if len(corners) else []
    sides = chance.uniform(10, 400, len(places))
    return [shapely.box(*(at - side), *(at + side)) for at, side in zip(places, sides, strict=True)]


def _told(scene: Scene) -> tuple[object, ...]:
    return (scene.zones, scene.near, list(scene.overlays.items()), scene.uncovered_m2,
            scene.overlap_m2)  # fmt: skip


def test_a_region_alone_is_measured_as_among_others(
    ground: Ground, regions: list[shapely.Polygon]
) -> None:
    together = survey(ground, regions)
    assert [_told(one) for one in together] == [
        _told(survey(ground, [region])[0]) for region in regions
    ]
    assert sum(len(scene.overlays) for scene in together) > 30


def test_areas_are_those_of_the_shapes(ground: Ground, regions: list[shapely.Polygon]) -> None:
    assert isinstance(ground.zones, ZoneMap)
    for region, scene in zip(regions, survey(ground, regions), strict=True):
        near = pytest.approx
        for hit in scene.zones:
            part = ground.zones.whole.part(region, hit.zone)
            assert hit.area_m2 == near(part.area, rel=1e-7, abs=1e-4)
        assert scene.uncovered_m2 == near(scene.uncovered_part().area, rel=1e-7, abs=1e-3)
        for key, overlay in ground.overlays.items():
            assert isinstance(overlay, OverlayMap)
            certain, possible = overlay.certain.part(region), overlay.possible.part(region)
            hit_overlay = scene.overlays.get(key)
            if hit_overlay is None:
                assert max(certain.area, possible.area) < 1e-3
                continue
            assert hit_overlay.certain_m2 == near(certain.area, rel=1e-7, abs=1e-3)
            largest = max(certain.area, possible.area)
            assert hit_overlay.possible_m2 == near(largest, rel=1e-7, abs=1e-3)


def test_a_region_that_has_no_bound_is_refused_by_its_row(
    ground: Ground, regions: list[shapely.Polygon], monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = functools.partialmethod(Stack.measure, budget=1)
    monkeypatch.setattr(Stack, "measure", narrow)
    with pytest.raises(LimitError, match="region 1 crosses") as error:
        survey(ground, [shapely.box(0, 0, 1, 1), max(regions, key=shapely.area)])
    assert error.value.code == "region_too_complex"
