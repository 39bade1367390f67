"""Layers closed to a caller: every answer is that of a workspace which never had them.

Two workspaces differ in their closed layers alone. Whoever may not see these gets the same
status, headers and body from both at every address the application has, so neither their
content nor that they exist can be told. Who may see them gets another answer somewhere.
"""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from fastapi.testclient import TestClient

from api.access.keys import Keys
from api.access.rights import LayerRights
from api.app import ROUTERS, create_app
from api.commands.serve import service_opener
from api.engine import Engine
from api.models import PERMIT_EXAMPLE
from api.service import Service
from api.settings import ServeSettings
from layers.store import open_store
from layers.workspace import Workspace
from spatial.errors import EngineError, StoreError
from zoning import sample_plan_folder

EAST, NORTH, UTM = 460_000, 9_240_000, "EPSG:32749"
CLOSED = ("kedalaman_m", "bangunan", "batas_desa", "miskin_rahasia", "lp2b", "tabel")
ROLES = ("publik", "opd", "verifikator", "auditor", "admin_data")
#: What differs between any two services: moments, ids, counts of the machine.
VOLATILE = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)?|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r'|"disk_free_mb":\d+'
)
TILE = (14, 13226, 8497)


class Pair:
    """The same office with and without its closed layers."""

    def __init__(self, there: TestClient, bare: TestClient, keys: list[dict[str, str]]) -> None:
        self.there, self.bare, self.keys = there, bare, keys

    def ask(self, client: TestClient, role: str | None, method: str, path: str, body: Any) -> Any:
        which = self.keys[client is self.bare]
        head = {} if role is None else {"x-api-key": which[role]}
        if isinstance(body, bytes):
            head["content-type"] = "application/octet-stream"
            return client.request(method, path, content=body, headers=head)
        if isinstance(body, str):
            head["content-type"] = "application/x-ndjson"
            return client.request(method, path, content=body, headers=head)
        return client.request(method, path, json=body, headers=head)


def told(answer: Any) -> tuple[int, str, bytes | str]:
    """Return all that an answer says, without what differs between any two services."""
    kept = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    kept.pop("content-length", None)  # of a body with moments in it
    head = VOLATILE.sub("*", json.dumps(kept))
    kind = answer.headers.get("content-type", "")
    plain = "json" in kind or "text" in kind
    return answer.status_code, head, VOLATILE.sub("*", answer.text) if plain else answer.content


def make(folder: Path, *, closed: bool) -> Workspace:
    place = Workspace.create(
        folder / "ws", name="Kabupaten Uji", extent=(110.3, -7.2, 111.0, -6.5), resmi=False
    )
    shutil.copytree(sample_plan_folder("rdtr"), place.plans / "rdtr")
    store = open_store(place)
    ground = shapely.box(EAST, NORTH - 3000, EAST + 3000, NORTH)
    if closed:
        frames = {
            "miskin_rahasia": (
                {"kode_desa": ["33.1"], "penduduk_miskin": [17], "jumlah_penduduk": [90]},
                "kemiskinan",
            ),
            "lp2b": ({"luas": [1.0]}, "lp2b"),
            "batas_desa": (
                {"kode_desa": ["33.1"], "nama_desa": ["Rahasia"], "wadmkd": ["Rahasia"]},
                "batas_administrasi",
            ),
            "bangunan": ({"fungsi": ["rumah"]}, "bangunan"),
        }
        for name, (columns, kind) in frames.items():
            store.publish(
                gpd.GeoDataFrame(columns, geometry=[ground], crs=UTM), name=name, kind=kind
            )
        grid(folder / "banjir.tif")
        store.publish(folder / "banjir.tif", name="kedalaman_m", kind="raster")
    zones = gpd.GeoDataFrame({"zona": ["R-2"]}, geometry=[ground], crs=UTM)
    store.publish(zones, name="rdtr", kind="pola_ruang")
    grid(folder / "banjir.tif")
    store.publish(folder / "banjir.tif", name="kedalaman_rob_2", kind="raster")
    lines = "\n".join(f'{name} = ["auditor", "verifikator"]' for name in CLOSED)
    (place.folder / "akses.toml").write_text(f"[layers]\n{lines}\n")
    return place


def wait(client: TestClient) -> None:
    for _ in range(600):
        if client.get("/readyz").status_code == 200:
            return
        time.sleep(0.1)
    raise AssertionError(client.get("/readyz").text)


def grid(path: Path) -> None:
    with rasterio.open(
        path, "w", driver="GTiff", width=10, height=10, count=1, dtype="float32", crs=UTM,
        transform=Affine(300, 0, EAST, 0, -300, NORTH), nodata=-9999.0,
    ) as out:  # fmt: skip
        out.write(np.full((10, 10), 2.0, np.float32), 1)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with ExitStack() as open_ones:
        clients, keys = [], []
        for closed in (True, False):
            folder = tmp_path_factory.mktemp("closed" if closed else "bare")
            place = make(folder, closed=closed)
            settings = ServeSettings(access="keys", state_folder=folder / "state", queue=64)
            made = Keys(folder / "state" / "keys.json")
            keys.append({role: made.add(role, [role]) for role in ROLES})
            # Processes of their own hold every layer: they too must do without.
            opener = service_opener(str(place.folder), settings)
            app = create_app(opener, settings)
            client = open_ones.enter_context(TestClient(app, client=("192.0.2.7", 4000)))
            wait(client)
            clients.append(client)
        yield Pair(clients[0], clients[1], keys)


def parcel(kegiatan: str = "rumah tunggal", size: float = 20) -> dict[str, Any]:
    shape = shapely.box(EAST + 700, NORTH - 700, EAST + 700 + size, NORTH - 700 + size)
    moved = gpd.GeoSeries([shape], crs=UTM).to_crs("OGC:CRS84").iloc[0]
    geometry = json.loads(shapely.to_geojson(moved))
    properties = PERMIT_EXAMPLE["properties"] | {"kegiatan": kegiatan}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


SIZES = {"a parcel": parcel(), "a large one, judged beside": parcel(size=2500)}
RUN = "/ogc/processes/{}/execution"
QUESTIONS: dict[str, list[tuple[str, Any]]] = {
    "POST /v1/conformity": [("/v1/conformity?dry_run=true&explain=id", s) for s in SIZES.values()],
    "POST /v1/conformity/batch": [
        ("/v1/conformity/batch?dry_run=true", json.dumps(parcel()) + "\n")
    ],
    "GET /v1/schemas/{name}.json": [("/v1/schemas/verdict.json", None)],
    "POST /v1/parcels": [
        ("/v1/parcels", json.dumps({"type": "FeatureCollection", "features": [parcel()]}).encode())
    ],
    "GET /v1/hazards": [("/v1/hazards", None)],
    "GET /v1/hazard/at": [("/v1/hazard/at?lon=110.65&lat=-6.9", None)],
    "POST /v1/hazard/exposure": [
        ("/v1/hazard/exposure", {"hazard": hazard, "of": of})
        for hazard in ("kedalaman_rob_2", "kedalaman_m", "lp2b", "tiada")
        for of in ("lahan", "bangunan")
    ],
    "GET /v1/hotspots": [
        (f"/v1/hotspots{more}", None)
        for more in ("", "?layer=miskin_rahasia", "?layer=tiada&f=csv")
    ],
    "GET /v1/where": [("/v1/where?kegiatan=gudang", None)],
    "GET /v1/conformity/{number}.pdf": [("/v1/conformity/2026-000001.pdf", None)],
    "GET /v1/conformity/{number}": [("/v1/conformity/2026-000001", None)],
    "GET /verify/{code}": [("/verify/AAAAA-AAAAA", None)],
    "GET /v1/zones/at": [("/v1/zones/at?lon=110.645&lat=-6.88", None)],
    "GET /v1/rules/{zone}": [("/v1/rules/R-2", None)],
    "GET /v1/layers": [("/v1/layers", None)],
    "GET /v1/layers/{layer}/versions": [
        (f"/v1/layers/{name}/versions", None) for name in ("lp2b", "rdtr", "tiada")
    ],
    "GET /v1/layers/{layer}/changes": [
        (f"/v1/layers/{name}/changes?before=01234567&after=01234567", None)
        for name in ("lp2b", "rdtr", "tiada")
    ],
    "GET /v1/themes/{theme}": [("/v1/themes/industri", None)],
    "GET /v1/control-room": [("/v1/control-room", None)],
    "GET /v1/control-room/plans": [("/v1/control-room/plans", None)],
    "GET /tema/{theme}": [("/tema/industri", None)],
    "GET /ruang-operasi": [("/ruang-operasi", None)],
    "GET /masuk": [("/masuk", None)],
    "POST /masuk": [("/masuk", {})],
    "POST /keluar": [("/keluar", {})],
    "GET /v1/session": [("/v1/session", None)],
    "GET /tiles/{layer}/{z}/{x}/{y}.mvt": [
        (f"/tiles/{name}/{TILE[0]}/{TILE[1]}/{TILE[2]}.mvt{more}", None)
        for name in ("lp2b", "tiada", "rdtr")
        for more in ("", "?filter=luas=1", "?v=0123456789ab")
    ],
    "GET /tiles/{layer}/{z}/{x}/{y}.png": [
        (f"/tiles/{name}/{TILE[0]}/{TILE[1]}/{TILE[2]}.png", None)
        for name in ("kedalaman_m", "kedalaman_rob_2", "lp2b")
    ],
    "GET /tiles/{layer}/tilejson.json": [
        (f"/tiles/{name}/tilejson.json", None) for name in ("lp2b", "kedalaman_m", "rdtr")
    ],
    "GET /ogc/": [("/ogc/", None)],
    "GET /ogc": [("/ogc", None), ("/ogc?f=html", None)],
    "GET /ogc/conformance": [("/ogc/conformance", None)],
    "GET /ogc/api": [("/ogc/api", None), ("/ogc/api?f=html", None)],
    "GET /ogc/collections": [("/ogc/collections", None), ("/ogc/collections?f=html", None)],
    "GET /ogc/collections/{name}": [
        (f"/ogc/collections/{name}", None) for name in ("lp2b", "tabel", "kedalaman_m")
    ],
    "GET /ogc/collections/{name}/queryables": [("/ogc/collections/lp2b/queryables", None)],
    "GET /ogc/collections/{name}/items": [
        (f"/ogc/collections/lp2b/items{more}", None)
        for more in ("", "?f=html", "?f=csv", "?f=flatgeobuf", "?luas=1", "?filter=luas=1")
    ],
    "GET /ogc/collections/{name}/items/{feature}": [
        ("/ogc/collections/batas_desa/items/33.1", None), ("/ogc/collections/lp2b/items/1", None),
    ],
    "GET /ogc/collections/katalog-layer": [("/ogc/collections/katalog-layer", None)],
    "GET /ogc/collections/katalog-layer/queryables": [
        ("/ogc/collections/katalog-layer/queryables", None)
    ],
    "GET /ogc/collections/katalog-layer/items": [
        (f"/ogc/collections/katalog-layer/items?{query}", None)
        for query in ("limit=100", "ids=lp2b", "q=rahasia", "f=html")
    ],
    "GET /ogc/collections/katalog-layer/items/{name}": [
        ("/ogc/collections/katalog-layer/items/lp2b", None)
    ],
    "GET /ogc/tileMatrixSets": [("/ogc/tileMatrixSets", None)],
    "GET /ogc/tileMatrixSets/{matrix_set}": [("/ogc/tileMatrixSets/WebMercatorQuad", None)],
    "GET /ogc/collections/{layer}/tiles": [("/ogc/collections/lp2b/tiles", None)],
    "GET /ogc/collections/{layer}/tiles/{matrix_set}": [
        ("/ogc/collections/lp2b/tiles/WebMercatorQuad", None)
    ],
    "GET /ogc/collections/{layer}/tiles/{matrix_set}/{z}/{row}/{column}": [
        (f"/ogc/collections/{name}/tiles/WebMercatorQuad/14/8497/13226?f={form}", None)
        for name, form in (("lp2b", "mvt"), ("kedalaman_m", "png"))
    ],
    "GET /ogc/tiles": [("/ogc/tiles", None)],
    "GET /ogc/tiles/{matrix_set}": [("/ogc/tiles/WebMercatorQuad", None)],
    "GET /ogc/tiles/{matrix_set}/{z}/{row}/{column}": [
        ("/ogc/tiles/WebMercatorQuad/14/8497/13226", None),
        ("/ogc/tiles/WebMercatorQuad/14/8497/13226?collections=lp2b", None),
    ],
    "POST /v1/warnings/readings": [("/v1/warnings/readings", "{}\n")],
    "GET /v1/warnings": [("/v1/warnings", None)],
    "GET /ogc/processes": [("/ogc/processes", None)],
    "GET /ogc/processes/{name}": [("/ogc/processes/flood-exposure", None)],
    "POST /ogc/processes/{name}/execution": [
        (RUN.format("flood-exposure"), {"inputs": {"hazard": "kedalaman_m", "of": "lahan"}}),
        (RUN.format("flood-exposure"), {"inputs": {"hazard": "kedalaman_rob_2", "of": "bangunan"}}),
        (RUN.format("landslide-exposure"), {"inputs": {"hazard": "longsor", "of": "lahan"}}),
        (RUN.format("zoning-conformity"), {"inputs": {"applications": parcel()}}),
        (RUN.format("poverty-hotspots"), {"inputs": {}}),
        (RUN.format("overlay-summary"), {"inputs": {"layer": "rdtr", "units": "batas_desa"}}),
        (RUN.format("overlay-summary"), {"inputs": {"layer": "lp2b", "units": "rdtr"}}),
        (RUN.format("overlay-summary"),
         {"inputs": {"layer": "lp2b", "areas": parcel()["geometry"]}}),
        (RUN.format("site-suitability"),
         {"inputs": {"rule": "evakuasi", "sites": parcel()["geometry"],
                     "layers": dict.fromkeys(("bahaya", "permukiman", "jalan"), "lp2b")}}),
        (RUN.format("poverty-hotspots"), {"inputs": {"layer": "miskin_rahasia"}}),
    ],
    "GET /ogc/jobs": [("/ogc/jobs", None)],
    "GET /ogc/jobs/{job}": [("/ogc/jobs/x", None)],
    "GET /ogc/jobs/{job}/results": [("/ogc/jobs/x/results", None)],
    "DELETE /ogc/jobs/{job}": [("/ogc/jobs/x", None)],
    "GET /": [("/", None)],
    "GET /web/{name}": [("/web/index.html", None)],
    "GET /glyphs/{stack}/{start}-{end}.pbf": [("/glyphs/Regular/0-255.pbf", None)],
    "GET /v1/map": [("/v1/map", None)],
    "GET /v1/search": [("/v1/search?q=Rahasia", None)],
    "GET /healthz": [("/healthz", None)],
    "GET /readyz": [("/readyz", None)],
    "GET /metrics": [("/metrics", None)],
}  # fmt: skip
#: Where somebody who may see the closed layers is told more than the workspace without them has.
TELLING = {
    "POST /v1/conformity", "POST /v1/conformity/batch", "GET /v1/hazards",
    "GET /v1/hazard/at",
    "GET /v1/layers/{layer}/versions", "GET /v1/control-room",
    "GET /ogc/collections/katalog-layer", "GET /ogc/collections/katalog-layer/items",
    "GET /ogc/collections/katalog-layer/items/{name}",
    "POST /v1/hazard/exposure", "GET /v1/zones/at", "GET /v1/layers", "GET /v1/map",
    "GET /tiles/{layer}/{z}/{x}/{y}.mvt", "GET /tiles/{layer}/{z}/{x}/{y}.png",
    "GET /tiles/{layer}/tilejson.json", "GET /ogc/api", "GET /ogc/collections",
    "GET /ogc/collections/{name}", "GET /ogc/collections/{name}/queryables",
    "GET /ogc/collections/{name}/items", "GET /ogc/collections/{name}/items/{feature}",
    "GET /ogc/collections/{layer}/tiles", "GET /ogc/collections/{layer}/tiles/{matrix_set}",
    "GET /ogc/collections/{layer}/tiles/{matrix_set}/{z}/{row}/{column}",
    "GET /ogc/tiles/{matrix_set}/{z}/{row}/{column}", "POST /ogc/processes/{name}/execution",
    "GET /v1/search", "GET /v1/hotspots",
}  # fmt: skip
#: Operation of the service and files of the program: nothing of the workspace is in them.
APART = {"GET /metrics"}


def routes() -> list[str]:
    return [f"{method} {one.path}" for router in ROUTERS for one in router.routes  # type: ignore[attr-defined]  # every route of ours has both
            for method in sorted(one.methods)]  # type: ignore[attr-defined]  # as above  # fmt: skip


def test_every_address_of_the_application_is_asked() -> None:
    assert sorted(QUESTIONS) == sorted(routes())


@pytest.mark.parametrize("role", [None, "publik", "opd", "admin_data"])
@pytest.mark.parametrize("route", sorted(set(QUESTIONS) - APART))
def test_who_may_not_see_a_layer_gets_the_answers_of_a_place_without_it(
    pair: Pair, route: str, role: str | None
) -> None:
    method = route.split()[0]
    for path, body in QUESTIONS[route]:
        here = pair.ask(pair.there, role, method, path, body)
        bare = pair.ask(pair.bare, role, method, path, body)
        assert here.status_code < 500, (path, here.text)
        assert told(here) == told(bare), path
        for hidden in ("kedalaman_m", "Rahasia", "miskin_rahasia"):
            asked = path + json.dumps(body, default=str)
            assert hidden in asked or hidden not in here.text, (path, hidden)
        keeps = here.headers.get("cache-control", "")
        assert role is None or not keeps.startswith("public"), path
        assert role is None or "private" in keeps or "no-store" in keeps, path


@pytest.mark.parametrize("route", sorted(TELLING))
def test_who_may_see_a_layer_is_told_of_it(pair: Pair, route: str) -> None:
    """Otherwise the test above would hold of a service that says nothing."""
    method = route.split()[0]
    found = [
        (
            pair.ask(pair.there, "auditor", method, *one),
            pair.ask(pair.bare, "auditor", method, *one),
        )
        for one in QUESTIONS[route]
    ]
    assert any(told(here) != told(bare) for here, bare in found)
    assert any(here.status_code < 300 for here, _ in found)
    for here, _ in found:
        keeps = here.headers.get("cache-control", "")
        assert "private" in keeps or "no-store" in keeps, here.request.url


def test_a_verdict_without_a_closed_layer_is_wider_never_better(pair: Pair) -> None:
    """Lahan pertanian pangan prohibits; who may not see it hears that it was not examined."""
    path = "/v1/conformity?dry_run=true"
    whole = pair.ask(pair.there, "auditor", "POST", path, parcel()).json()
    seen = pair.ask(pair.there, "publik", "POST", path, parcel()).json()
    assert whole["verdict"] == "TIDAK_SESUAI"
    assert seen["verdict"] == "PERLU_KAJIAN"
    assert seen["interval"] == ["I", "X"]


def test_a_decision_is_read_by_who_may_see_what_it_rests_on(
    tmp_path: Path, permit: dict[str, Any]
) -> None:
    place = make(tmp_path, closed=True)
    (place.folder / "akses.toml").write_text('[layers]\nlp2b = ["verifikator"]\n')
    settings = ServeSettings(access="keys", state_folder=tmp_path / "state")
    made = Keys(tmp_path / "state" / "keys.json")
    heads = {role: {"x-api-key": made.add(role, [role])} for role in ROLES}
    app = create_app(lambda: Service(Engine.open(place.folder), settings), settings)
    with TestClient(app) as client:
        wait(client)
        recorded = client.post("/v1/conformity", json=parcel(), headers=heads["verifikator"])
        number = recorded.headers["tataruang-register"]
        for path in (f"/v1/conformity/{number}", f"/v1/conformity/{number}.pdf"):
            assert client.get(path, headers=heads["verifikator"]).status_code == 200
            refused = client.get(path, headers=heads["auditor"])
            nowhere = client.get(path.replace(number, "2026-999999"), headers=heads["auditor"])
            assert told(refused)[2] == str(told(nowhere)[2]).replace("2026-999999", number)
        body = {"inputs": {"applications": parcel()}}
        job = client.post(
            RUN.format("zoning-conformity"), json=body,
            headers=heads["verifikator"] | {"prefer": "respond-async"},
        ).headers["location"]  # fmt: skip
        for _ in range(200):
            if client.get(job, headers=heads["verifikator"]).json()["status"] == "successful":
                break
            time.sleep(0.05)
        results = f"{job}/results"
        assert client.get(results, headers=heads["verifikator"]).status_code == 200
        for role in ("auditor", "publik"):
            assert client.get(results, headers=heads[role]).json()["code"] == "job_unknown"


def test_whoever_records_must_see_what_decisions_rest_on(tmp_path: Path) -> None:
    place = make(tmp_path, closed=True)
    (place.folder / "akses.toml").write_text('[layers]\nlp2b = ["auditor"]\n')
    with pytest.raises(StoreError, match=r"closes the layer lp2b.* to verifikator"):
        Service(Engine.open(place.folder), ServeSettings())
    LayerRights({"lp2b": frozenset({"auditor"})}).check_recorders(["rdtr"])


def test_results_of_a_job_are_gone_once_a_layer_is_closed_to_its_owner(tmp_path: Path) -> None:
    from api.jobs import Jobs

    jobs = Jobs(tmp_path / "jobs.sqlite")
    job = jobs.accept("oss", "zoning-conformity", {"kemiskinan"})
    jobs.start(job.id)
    jobs.finish(job.id, "successful", "", b"{}")
    assert jobs.result(job.id, "oss", {"kemiskinan"}) == b"{}"
    assert jobs.result(job.id, "oss") == b"{}"
    assert jobs.result(job.id, "oss", {"kemiskinan", "lp2b"}) == b""
    with pytest.raises(EngineError, match="no job"):
        jobs.result(job.id, "another")
