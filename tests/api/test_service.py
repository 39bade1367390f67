"""The service answers as documented: verdict bytes, health at once, heavy work killed in time."""

from __future__ import annotations

import gzip
import json
import re
import threading
import time
from typing import Any

import mapbox_vector_tile
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.errors import STATUS_OF_CODE, TITLES
from api.models import PERMIT_EXAMPLE, PermitProperties, VerdictModel
from api.settings import ServeSettings
from spatial.errors import LayerNotFoundError
from zoning.permit import COLUMNS

URL = "/v1/conformity"


def post(client: TestClient, body: Any, query: str = "", **headers: str) -> Any:
    return client.post(URL + query, json=body, headers=headers)


def test_one_feature_gives_one_verdict(client: TestClient, permit: dict[str, Any]) -> None:
    answer = post(client, permit, "?on=2024-06-13")
    assert answer.status_code == 200, answer.text
    assert answer.json()["permit_id"] == "IZIN-2026-0001"
    assert answer.json()["evidence"]["on"] == "2024-06-13"
    assert answer.headers["cache-control"] == "no-store"


def test_a_collection_gives_the_verdicts_in_its_order(
    client: TestClient, permit: dict[str, Any]
) -> None:
    features = [permit | {"properties": {"kegiatan": name}} for name in ("toko", "hotel")]
    answer = post(client, {"type": "FeatureCollection", "features": features})
    assert [one["evidence"]["kegiatan"] for one in answer.json()] == ["toko", "hotel"]
    assert [one["permit_id"] for one in answer.json()] == ["1", "2"]


def test_the_fields_are_those_that_permits_have() -> None:
    assert set(PermitProperties.model_fields) == set(COLUMNS)


def test_errors_speak_the_language_asked_for(client: TestClient, permit: dict[str, Any]) -> None:
    permit["geometry"] = None
    english = post(client, permit, **{"accept-language": "en-GB,en;q=0.8"}).json()
    assert english["detail"] == "there is no geometry at /geometry"
    indonesian = post(client, permit, **{"accept-language": "fr, in;q=0.5"}).json()
    assert indonesian["detail"] == "tidak ada geometri pada /geometry"


def test_every_status_of_the_table_has_a_title() -> None:
    assert set(STATUS_OF_CODE.values()) <= set(TITLES)


def test_a_plan_that_is_not_there_is_not_found(client: TestClient, permit: dict[str, Any]) -> None:
    assert post(client, permit, "?plan=tiada").status_code == 404


def test_a_request_carries_its_id(client: TestClient) -> None:
    assert client.get("/healthz", headers={"x-request-id": "A-1"}).headers["x-request-id"] == "A-1"
    strange = client.get("/healthz", headers={"x-request-id": "a b\t<script>"})
    assert len(strange.headers["x-request-id"]) == 36


def test_zones_at_a_place(client: TestClient) -> None:
    inside = client.get("/v1/zones/at?lon=110.6&lat=-6.9&on=2024-06-13").json()
    assert inside["zones"][0]["zona"] == "R-2"
    assert client.get("/v1/zones/at?lon=110.8&lat=-6.9").json()["zones"] == []


def heavy(permit: dict[str, Any], kegiatan: str) -> dict[str, Any]:
    """Wider than a parcel is: judged where it can be killed."""
    west, south, east, north = 110.6, -6.95, 110.7, -6.85
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    permit["geometry"]["coordinates"] = [ring]
    permit["properties"] = {"kegiatan": kegiatan}
    return permit


def test_row_26_a_heavy_judgement_is_killed_in_time_and_the_next_one_is_judged(
    client: TestClient, permit: dict[str, Any]
) -> None:
    assert post(client, heavy(permit, "toko")).status_code == 200  # the process has started
    start = time.monotonic()
    answer = post(client, heavy(permit, "lama"))
    assert time.monotonic() - start < 10
    assert (answer.status_code, answer.json()["code"]) == (503, "judge_time_limit")
    assert int(answer.headers["retry-after"]) > 0
    assert post(client, heavy(permit, "toko")).status_code == 200


def test_health_answers_while_a_heavy_judgement_runs(
    client: TestClient, permit: dict[str, Any]
) -> None:
    thread = threading.Thread(target=post, args=(client, heavy(permit, "lama")))
    thread.start()
    slowest = 0.0
    while thread.is_alive():
        start = time.monotonic()
        assert client.get("/healthz").json() == {"status": "ok"}
        slowest = max(slowest, time.monotonic() - start)
        time.sleep(0.02)
    assert slowest < 0.5


def test_an_error_of_the_other_process_arrives_whole(
    client: TestClient, permit: dict[str, Any]
) -> None:
    answer = post(client, heavy(permit, "toko"), "?plan=tiada")
    assert (answer.status_code, answer.json()["details"]) == (404, {"name": "tiada"})


def test_a_tile_decodes_to_the_layer(client: TestClient) -> None:
    answer = client.get("/tiles/rdtr/10/826/531.mvt", headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    layer = mapbox_vector_tile.decode(answer.content)["rdtr"]
    assert layer["features"][0]["properties"]["zona"] in {"R-2", "K-3"}


def test_an_unchanged_tile_is_not_sent_again(client: TestClient) -> None:
    first = client.get("/tiles/rdtr/10/826/531.mvt?v=0123456789ab")
    assert "immutable" in first.headers["cache-control"]
    again = client.get(
        "/tiles/rdtr/10/826/531.mvt", headers={"if-none-match": first.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert "immutable" not in again.headers["cache-control"]


def test_a_tile_of_nothing_is_empty(client: TestClient) -> None:
    assert client.get("/tiles/rdtr/10/0/0.mvt").status_code == 204


def test_tilejson_names_the_version(client: TestClient) -> None:
    document = client.get("/tiles/rdtr/tilejson.json").json()
    assert document["tiles"][0].endswith(".mvt?v=0123456789ab")
    assert document["bounds"][0] == pytest.approx(110.4)


def test_the_service_says_that_it_is_starting_or_has_failed(settings: ServeSettings) -> None:
    gate = threading.Event()

    def never() -> Any:
        gate.wait(20)
        raise LayerNotFoundError("no workspace", code="workspace_of_a_test")

    with TestClient(create_app(never, settings), raise_server_exceptions=False) as client:
        assert client.get("/healthz").status_code == 200
        starting = client.get("/readyz")
        assert (starting.status_code, starting.json()["code"]) == (503, "starting")
        assert "retry-after" in starting.headers
        gate.set()
        for _ in range(200):
            if client.get("/readyz").json()["code"] != "starting":
                break
            time.sleep(0.01)
        assert client.get("/readyz").json()["code"] == "workspace_of_a_test"


def test_openapi_documents_every_status_and_its_example_is_judged(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    operation = document["paths"][URL]["post"]
    assert {"200", "400", "408", "413", "415", "422", "503"} <= operation["responses"].keys()
    [example] = operation["requestBody"]["content"]["application/geo+json"]["examples"].values()
    verdict = post(client, example["value"])
    assert verdict.status_code == 200
    VerdictModel.model_validate(verdict.json())
    assert "HTTPValidationError" not in json.dumps(document)


def test_references_of_the_openapi_document_lead_somewhere(client: TestClient) -> None:
    text = client.get("/openapi.json").text
    schemas = json.loads(text)["components"]["schemas"]

    for name in set(re.findall(r'"#/components/schemas/(\w+)"', text)):
        assert name in schemas
    assert "#/$defs/" not in text


def test_gzip_is_passed_through(client: TestClient) -> None:
    with client.stream("GET", "/tiles/rdtr/10/826/531.mvt") as answer:
        raw = b"".join(answer.iter_raw())
    assert gzip.decompress(raw)[:1] == b"\x1a"


def test_the_document_tells_a_permit_system_all_it_needs(client: TestClient) -> None:
    """Keys, refusals, headers and webhooks are in the document, not only in a guide."""
    document = client.get("/openapi.json").json()
    parts = document["components"]
    assert parts["securitySchemes"]["ApiKey"]["name"] == "X-API-Key"
    assert {name for one in document["security"] for name in one} == set(parts["securitySchemes"])
    assert {} in document["security"], "what is public needs no key"
    judging = document["paths"][URL]["post"]["responses"]
    assert {"401", "403", "409", "429"} <= judging.keys()
    told = judging["200"]["headers"].keys()
    assert {"Tataruang-Register", "Location", "Idempotent-Replayed"} <= told
    assert "Retry-After" in judging["429"]["headers"]
    named = set(re.findall(r'"#/components/headers/([\w-]+)"', json.dumps(document)))
    assert named == set(parts["headers"])
    running = document["paths"]["/ogc/processes/{name}/execution"]["post"]
    assert "Prefer" in {one["name"] for one in running["parameters"]}
    assert len(running["callbacks"]) == 3
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, answer in operation["responses"].items():
                assert answer["description"], (path, status)


def test_headers_that_the_document_names_are_sent(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    answer = post(client, PERMIT_EXAMPLE)
    told = {name.lower() for name in document["paths"][URL]["post"]["responses"]["200"]["headers"]}
    sent = {name for name in answer.headers if name.startswith(("tataruang-", "x-request"))}
    assert sent <= told
    assert "x-request-id" in sent
