"""Studies as processes: the library's answer on the workspace's layers, at once and as a job."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import pytest
import shapely
from fastapi.testclient import TestClient

from api.app import create_app
from api.engine import Engine
from api.ogc.process_list import PROCESSES
from api.service import Service
from api.settings import ServeSettings
from layers.store import open_store
from layers.workspace import Workspace
from spatial.crs import to_crs
from zoning.studies import rank_sites, read_siting_rule

EAST, NORTH, UTM = 460_000, 9_240_000, "EPSG:32749"


def box(x: float, y: float, size: float) -> shapely.Polygon:
    return shapely.box(EAST + x, NORTH + y, EAST + x + size, NORTH + y + size)


def frame(shapes: list[Any], **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=UTM)


LAYERS = {
    "bahaya": frame([box(0, 0, 100)], kelas=["tinggi"]),
    "permukiman": frame([box(1_500, 0, 100)], nama=["Lor"]),
    "jalan": frame([shapely.LineString([(EAST + 900, NORTH), (EAST + 900, NORTH + 900)])]),
    "zona": frame(
        [box(0, 0, 1_000), box(1_000, 0, 1_000)], zona=["R-2", "K-3"], tahun=[2020, 2024]
    ),
    "batas_desa": frame(
        [box(500, 0, 1_000), box(1_500, 0, 1_000)], kode_desa=["33.74.01.1001", "33.74.01.1002"]
    ),
}
SITES = frame([box(0, 0, 100), box(2_000, 0, 100), box(1_000, 300, 100)])


def degrees(shapes: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    return [json.loads(shapely.to_geojson(one)) for one in to_crs(shapes, "OGC:CRS84").geometry]


def collection(shapes: gpd.GeoDataFrame, names: list[str]) -> dict[str, Any]:
    features = [
        {"type": "Feature", "id": name, "properties": {"harga": 3}, "geometry": shape}
        for name, shape in zip(names, degrees(shapes), strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    place = Workspace.create(
        tmp_path_factory.mktemp("kajian") / "ws", name="Uji", extent=(110.3, -7.2, 111.0, -6.5)
    )
    store = open_store(place)
    for name, content in LAYERS.items():
        kind = {"batas_desa": "batas_administrasi", "zona": ""}.get(name, name)
        store.publish(content, name=name, kind=kind)
    settings = ServeSettings()
    app = create_app(lambda: Service(Engine(place, store, ()), settings), settings)
    with TestClient(app) as client:
        while client.get("/readyz").status_code != 200:
            time.sleep(0.05)
        yield client


def run(client: TestClient, name: str, inputs: Any, **headers: str) -> Any:
    path = f"/ogc/processes/{name}/execution"
    return client.post(path, json={"inputs": inputs}, headers=headers)


INPUTS: dict[str, dict[str, Any]] = {
    "site-suitability": {"rule": "evakuasi", "sites": collection(SITES, ["A", "B", "C"])},
    "overlay-summary": {"layer": "zona", "areas": collection(SITES, ["A", "B", "C"])},
}


def test_sites_are_ranked_as_the_library_ranks_them(office: TestClient) -> None:
    told = run(office, "site-suitability", INPUTS["site-suitability"]).json()["ranking"]
    rule = read_siting_rule("evakuasi")
    mine = SITES.set_axis(["A", "B", "C"])
    found = rank_sites(mine, rule, {name: LAYERS[name] for name in rule.layers}).table
    assert [one["id"] for one in told["sites"]] == found.index.to_list()
    closed = {one["id"]: one["closed"] for one in told["sites"]}
    assert closed == {"A": "Kawasan rawan bencana", "B": "", "C": ""}
    for one in told["sites"]:
        if one["rank"] is not None:
            assert one["rank"] == found.loc[one["id"], "rank"]
            assert one["score"] == pytest.approx(found.loc[one["id"], "score"], abs=1e-6)
    assert told["rule"]["status"] == "contoh"
    assert [row["criterion"] for row in told["weights"]] == [one.name for one in rule.criteria]


def test_a_layer_of_the_rule_may_be_another_of_the_workspace(office: TestClient) -> None:
    """With the zones as hazard every site that touches one is closed."""
    inputs = INPUTS["site-suitability"] | {"layers": {"bahaya": "zona"}}
    told = run(office, "site-suitability", inputs).json()["ranking"]["sites"]
    assert all(one["closed"] for one in told)


def test_areas_are_measured_in_each_class_and_close(office: TestClient) -> None:
    half = frame([box(900, 0, 200)])
    told = run(office, "overlay-summary", {"layer": "zona", "areas": degrees(half)[0]})
    found = told.json()["summary"]
    assert found["by"] == "zona"
    amounts = {row["class"]: row["area_m2"] for row in found["classes"]}
    # Half of 200 x 200 m in each; a UTM plane is not equal-area, by less than a thousandth.
    assert amounts["R-2"] == pytest.approx(20_000, rel=2e-3)
    assert amounts["K-3"] == pytest.approx(20_000, rel=2e-3)
    assert amounts[None] < 1  # edges straight in degrees are not quite those of the plane
    assert sum(amounts.values()) == pytest.approx(found["whole_m2"], rel=1e-9)
    years = run(
        office, "overlay-summary", {"layer": "zona", "areas": degrees(half)[0], "by": "tahun"}
    )
    assert {row["class"] for row in years.json()["summary"]["classes"]} == {"2020", "2024", None}


def test_units_of_a_layer_are_measured_with_what_lies_outside(office: TestClient) -> None:
    told = run(office, "overlay-summary", {"layer": "zona", "units": "batas_desa"})
    found = told.json()["summary"]
    rows = {(row["unit"], row["class"]): row["share"] for row in found["table"]}
    expected = {
        ("33.74.01.1001", "R-2"): 0.5, ("33.74.01.1001", "K-3"): 0.5,
        ("33.74.01.1002", "K-3"): 0.5, ("33.74.01.1002", None): 0.5,
    }  # fmt: skip
    assert rows == pytest.approx(expected, abs=1e-3)
    assert sum(row["area_m2"] for row in found["classes"]) == pytest.approx(found["whole_m2"])
    assert found["without_answer"] == 0


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_as_a_job_it_gives_the_same_and_can_be_dismissed(office: TestClient, name: str) -> None:
    at_once = run(office, name, INPUTS[name]).json()
    accepted = run(office, name, INPUTS[name], prefer="respond-async")
    assert accepted.status_code == 201
    where = accepted.headers["location"]
    for _ in range(200):
        job = office.get(where).json()
        if job["status"] not in ("accepted", "running"):
            break
        time.sleep(0.05)
    assert job["status"] == "successful", job
    assert office.get(f"{where}/results").json() == at_once
    assert office.delete(where).json()["status"] == "dismissed"
    assert office.get(f"{where}/results").status_code == 404


def test_the_processes_of_the_service_are_these() -> None:
    assert set(PROCESSES) == {
        "zoning-conformity", "flood-exposure", "landslide-exposure", "poverty-hotspots",
        "site-suitability", "overlay-summary",
    }  # fmt: skip


SQUARE = degrees(SITES)[0]
TWICE = collection(SITES, ["A", "A", "B"])


@pytest.mark.parametrize(
    ("name", "inputs", "status", "code"),
    [
        ("site-suitability", {"rule": "/etc/passwd.toml", "sites": SQUARE}, 404, "rule_not_served"),
        ("site-suitability", {"rule": None, "sites": SQUARE}, 400, "process_inputs"),
        ("site-suitability", {"rule": ["evakuasi"], "sites": SQUARE}, 400, "process_inputs"),
        ("site-suitability", {"rule": "evakuasi", "sites": TWICE}, 400, "process_inputs"),
        ("site-suitability", {"rule": "evakuasi", "sites": "x"}, 400, "process_inputs"),
        ("site-suitability", {"rule": "tpa", "sites": SQUARE}, 404, "kind_missing"),
        ("site-suitability",
         {"rule": "evakuasi", "sites": SQUARE, "layers": {"bahaya": "tiada"}}, 404,
         "layer_unknown"),
        ("site-suitability", {"rule": "evakuasi", "sites": SQUARE, "layers": [1]}, 400,
         "process_inputs"),
        ("overlay-summary", {"layer": "zona"}, 400, "process_inputs"),
        ("overlay-summary", {"layer": "zona", "units": "zona", "areas": SQUARE}, 400,
         "process_inputs"),
        ("overlay-summary", {"layer": "tiada", "areas": SQUARE}, 404, "layer_unknown"),
        ("overlay-summary", {"layer": "zona", "areas": SQUARE, "by": "x"}, 422, "column_missing"),
        ("overlay-summary", {"layer": "zona", "areas": SQUARE, "by": "geometry"}, 422,
         "column_missing"),
        ("overlay-summary", {"layer": "zona", "areas": {"type": "Point", "coordinates": [1, 2]}},
         422, "geometry_kind"),
        ("overlay-summary", {"layer": "zona", "areas": {"type": "FeatureCollection"}}, 400,
         "process_inputs"),
        ("overlay-summary", {"layer": "zona", "areas": {"type": "FeatureCollection",
                                                        "features": [7]}}, 400, "process_inputs"),
        ("overlay-summary", {"layer": "jalan", "areas": SQUARE}, 422, ""),
        ("poverty-hotspots", {"weights": "knn:900"}, 404, "hotspots_layer"),
        ("zoning-conformity", {"applications": {}, "plan": ["rdtr"]}, 400, "process_inputs"),
    ],
)  # fmt: skip
def test_inputs_that_cannot_be_used(
    office: TestClient, name: str, inputs: Any, status: int, code: str
) -> None:
    answer = run(office, name, inputs)
    assert answer.status_code == status, answer.text
    assert code in ("", answer.json()["code"]), answer.text
