"""A changed workspace is prepared in another process, before the service takes it up."""

from __future__ import annotations

import gc
import shutil
import weakref
from datetime import date
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from api.clock import today
from api.commands.serve import service_opener
from api.opening import Opening
from api.prepare import prepare_beside
from api.settings import ServeSettings
from layers.store import open_store
from layers.workspace import Workspace
from zoning import ground_files, sample_plan_folder
from zoning.ground import ground_on

DAY = date(2026, 6, 1)


def _zones(code: str) -> gpd.GeoDataFrame:
    shape = shapely.box(110.6, -6.9, 110.7, -6.8)
    return gpd.GeoDataFrame({"zona": [code]}, geometry=[shape], crs="EPSG:4326")


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "ws", name="Uji", extent=(110.3, -7.2, 111.0, -6.5))
    shutil.copytree(sample_plan_folder("rdtr"), made.plans / "rdtr")
    open_store(made).publish(_zones("R-2"), name="rdtr", kind="pola_ruang")
    return made


def _maps(place: Workspace, version: str) -> list[Path]:
    return list((place.folder / "store" / "versions" / version).rglob("*.map"))


def test_another_process_makes_the_maps(place: Workspace) -> None:
    version = open_store(place).find("rdtr").id
    assert not _maps(place, version)
    assert prepare_beside(str(place.folder))
    assert _maps(place, version)


def test_a_workspace_that_cannot_be_opened_is_left_to_who_opens_it(tmp_path: Path) -> None:
    assert not prepare_beside(str(tmp_path / "nowhere"))
    assert not prepare_beside(str(tmp_path), seconds=0.01)


def test_a_service_takes_up_a_new_version_without_making_its_maps(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    opening = Opening(service_opener(str(place.folder), ServeSettings()))
    opening.start().join()
    former = opening.current()
    second = open_store(place).publish(_zones("K-3"), name="rdtr", kind="pola_ruang")

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a map was made in the process that answers")

    monkeypatch.setattr(ground_files, "save_arrays", refuse)
    assert opening.renew()
    fresh = opening.current()
    assert fresh is not former
    [found] = fresh.zones_at(110.65, -6.85, DAY)
    assert (found["zona"], found["layers"][0]["version"]) == ("K-3", second.id)
    former.close()
    fresh.close()


def test_a_former_service_goes_without_the_collector(place: Workspace) -> None:
    """Looking through a province's objects would stop every request for a tenth of a second."""
    service = service_opener(str(place.folder), ServeSettings())()
    service.warm()
    [plan] = service.whole.plans
    left = [weakref.ref(service), weakref.ref(plan), weakref.ref(ground_on(plan, today()))]
    del plan
    gc.disable()
    try:
        del service
        assert [one() for one in left] == [None, None, None]
    finally:
        gc.enable()
