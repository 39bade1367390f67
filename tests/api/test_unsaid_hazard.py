"""A hazard map whose numbers nobody named: told everywhere, drawn and measured nowhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from affine import Affine
from fastapi.testclient import TestClient

from api.app import create_app
from api.engine import Engine
from api.service import Service
from api.settings import ServeSettings
from layers.ingest import ingest_file
from layers.store import open_store
from layers.workspace import Workspace

#: An index from 0 to 1, under names that say it, that do not, and that mean no hazard.
INDEX = np.array([[0.1, 0.5], [0.7, 0.95]], np.float32)
NAMES = ("indeks_banjir", "banjir_inarisk", "indeks_vegetasi", "kelas_lereng")
HIGH = "lon=110.63782&lat=-6.87666"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("bahaya")
    place = Workspace.create(folder / "ws", name="Uji", extent=(110.3, -7.2, 111.0, -6.5))
    store = open_store(place)
    for name in NAMES:
        path = _raster(folder / f"{name}.tif")
        ingest_file(store, path, name=name, kind="raster")
    settings = ServeSettings()
    app = create_app(lambda: Service(Engine(place, store, ()), settings), settings)
    with TestClient(app) as opened:
        while opened.get("/readyz").status_code != 200:
            time.sleep(0.05)
        yield opened


def _raster(path: Path) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", width=2, height=2, count=1, dtype="float32",
        crs="EPSG:32749", transform=Affine(100, 0, 459_900, 0, -100, 9_240_000), nodata=-9999.0,
    ) as out:  # fmt: skip
        out.write(INDEX, 1)
    return path


def test_the_map_stands_and_says_which_layer_it_cannot_draw(client: TestClient) -> None:
    answer = client.get("/v1/map")
    assert answer.status_code == 200
    told = {one["name"]: one for one in answer.json()["layers"]}
    # An index of vegetation and classes of slope are no hazard.
    assert set(told) == {"indeks_banjir", "banjir_inarisk"}
    assert "fault" not in told["indeks_banjir"]
    assert told["indeks_banjir"]["title"] == "Indeks bahaya (indeks_banjir)"
    fault = told["banjir_inarisk"]["fault"]
    assert fault["code"] == "raster_rule_unsaid"
    assert "indeks atau kelas" in fault["detail"]
    assert "an index or classes" in fault["detail_en"]


def test_a_place_is_told_by_the_map_that_is_known_and_not_by_the_other(client: TestClient) -> None:
    found: dict[str, Any] = {}
    for one in client.get(f"/v1/hazard/at?{HIGH}").json()["hazards"]:
        found[one["layer"]] = (one["class"], one.get("fault"))
    assert found == {
        "indeks_banjir": ("tinggi", None),
        "banjir_inarisk": (None, "raster_rule_unsaid"),
    }


@pytest.mark.parametrize(
    ("name", "status"), [("indeks_banjir", 200), ("banjir_inarisk", 422), ("indeks_vegetasi", 404)]
)
def test_tiles_are_drawn_of_what_is_known_alone(client: TestClient, name: str, status: int) -> None:
    assert client.get(f"/tiles/{name}/tilejson.json").status_code == status
