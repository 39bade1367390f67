"""How the service is run: streams, repeated requests, limits, counts, logs, changed workspaces."""

from __future__ import annotations

import json
import logging
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.idempotency import Answers, fingerprint
from api.observe import JsonLines
from api.opening import Opening
from api.service import Service
from api.settings import ServeSettings
from spatial.errors import EngineError, StoreError

Permit = dict[str, Any]
STREAM = "/v1/conformity/batch"
NDJSON = {"content-type": "application/x-ndjson"}


def lines_of(answer: Any) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.text.splitlines()]


def named(permit: Permit, name: str, **properties: Any) -> Permit:
    return permit | {"properties": permit["properties"] | {"permit_id": name} | properties}


def test_every_line_of_a_stream_leaves_with_a_verdict_or_a_reason(
    client: TestClient, permit: Permit
) -> None:
    bad = permit | {"geometry": None}
    sent = [json.dumps(named(permit, "A")), "{no json", json.dumps(bad), json.dumps(permit)]
    answer = client.post(STREAM, content="\n".join(sent), headers=NDJSON)
    assert answer.headers["content-type"] == "application/x-ndjson"
    first, second, third, fourth, last = lines_of(answer)
    assert (first["line"], first["verdict"]["permit_id"]) == (1, "A")
    assert (second["line"], second["problem"]["code"]) == (2, "json_syntax")
    assert third["problem"]["pointer"] == "/geometry"
    assert fourth["verdict"]["permit_id"] == permit["properties"]["permit_id"]
    assert last == {"done": {"lines": 4, "judged": 2, "refused": 2}}


def test_a_verdict_of_a_stream_is_the_one_of_a_single_request(
    client: TestClient, permit: Permit
) -> None:
    alone = client.post("/v1/conformity", json=permit).content
    [line, _] = client.post(STREAM, json=permit, headers=NDJSON).content.splitlines()
    assert line == b'{"line":1,"verdict":' + alone + b"}"


def test_one_application_that_breaks_the_engine_costs_the_others_nothing(
    client: TestClient, permit: Permit
) -> None:
    sent = [named(permit, str(i), kegiatan="rusak" if i == 40 else "toko") for i in range(70)]
    text = "\n".join(map(json.dumps, sent))
    *answers, last = lines_of(client.post(STREAM, content=text, headers=NDJSON))
    assert [one["line"] for one in answers] == list(range(1, 71))
    assert [one["line"] for one in answers if "problem" in one] == [41]
    assert answers[40]["problem"]["code"] == "fault"
    assert last["done"]["judged"] == 69


def test_a_stream_may_mix_reference_systems_and_record_separators(
    client: TestClient, permit: Permit
) -> None:
    metres = named(permit, "utm") | {
        "crs": {"type": "name", "properties": {"name": "EPSG:32749"}},
        "geometry": {
            "type": "Polygon",
            "coordinates": [
                [[460000, 9239500], [460020, 9239500], [460020, 9239520], [460000, 9239500]]
            ],
        },
    }
    text = f"\x1e{json.dumps(metres)}\n\x1e{json.dumps(permit)}\n\n"
    first, second, last = lines_of(client.post(STREAM, content=text, headers=NDJSON))
    assert first["verdict"]["parcel"] == {"area_m2": 200.0, "crs": "EPSG:32749"}
    assert second["verdict"]["parcel"]["crs"] == "OGC:CRS84"
    assert last["done"]["lines"] == 2


def test_a_line_without_end_is_refused_while_it_is_sent(client: TestClient) -> None:
    def endless() -> Any:
        for _ in range(100):
            yield b"x" * 10_000

    answer = client.post(STREAM, content=endless(), headers=NDJSON)
    [only] = lines_of(answer)
    assert only["problem"]["code"] == "line_too_large"


def test_a_stream_of_another_type_is_refused(client: TestClient) -> None:
    answer = client.post(STREAM, content="{}", headers={"content-type": "text/csv"})
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type")


def test_the_same_key_gets_the_same_answer(client: TestClient, permit: Permit) -> None:
    key = {"idempotency-key": '"8e03978e-1"'}
    first = client.post("/v1/conformity", json=permit, headers=key)
    again = client.post("/v1/conformity", json=permit, headers=key)
    assert first.content == again.content
    assert "idempotent-replayed" not in first.headers
    assert again.headers["idempotent-replayed"] == "true"
    other = client.post("/v1/conformity", json=named(permit, "B"), headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    other_day = client.post("/v1/conformity?on=2024-01-01", json=permit, headers=key)
    assert other_day.status_code == 422


def test_a_refused_request_frees_its_key(client: TestClient, permit: Permit) -> None:
    key = {"idempotency-key": "mended"}
    assert client.post("/v1/conformity", content="{", headers=key).status_code == 400
    assert client.post("/v1/conformity", json=permit, headers=key).status_code == 200


@pytest.mark.parametrize("key", ["", '""', "x" * 300])
def test_a_key_that_is_none_is_refused(client: TestClient, permit: Permit, key: str) -> None:
    answer = client.post("/v1/conformity", json=permit, headers={"idempotency-key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key")


def test_keys_belong_to_callers_and_a_cut_off_request_may_be_sent_again(tmp_path: Path) -> None:
    answers = Answers(tmp_path / "answers.sqlite")
    one, two = fingerprint("one"), fingerprint("two")
    assert answers.begin("a", "k", one) is None
    assert answers.begin("b", "k", two) is None
    with pytest.raises(EngineError, match="being answered"):
        answers.begin("a", "k", one)
    answers.abandon("a", "k")
    assert answers.begin("a", "k", two) is None


def test_of_many_at_once_with_one_key_one_is_answered(tmp_path: Path) -> None:
    """As with several workers: each has a connection of its own."""
    met: list[str] = []

    def ask() -> None:
        try:
            given = Answers(tmp_path / "answers.sqlite").begin("a", "k", b"x")
            met.append("mine" if given is None else "given")
        except EngineError as error:
            met.append(error.code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(met) == ["idempotency_in_flight"] * 7 + ["mine"]


def test_answers_that_cannot_be_kept_are_not_promised(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be kept"):
        Answers(tmp_path / "file" / "answers.sqlite").begin("a", "k", b"x")


def test_a_caller_above_the_limit_is_told_when_to_come_back(fake: Any, permit: Permit) -> None:
    settings = ServeSettings(rate_per_second=0.5, rate_burst=2)
    with served(fake, settings) as client:
        told = [client.post("/v1/conformity", json=permit) for _ in range(3)]
        assert [one.status_code for one in told] == [200, 200, 429]
        assert told[0].headers["ratelimit"].startswith('"caller";r=1')
        assert told[0].headers["ratelimit-policy"] == '"caller";q=2;w=4'
        assert told[2].json()["code"] == "rate_limit"
        assert int(told[2].headers["retry-after"]) >= 1
        assert client.get("/healthz").status_code == 200


def test_requests_are_counted_by_operation(client: TestClient, permit: Permit) -> None:
    client.post("/v1/conformity", json=permit)
    client.get("/tiles/rdtr/10/826/531.mvt")
    text = client.get("/metrics").text
    assert 'operation="/v1/conformity",status="200"' in text
    assert 'operation="/tiles/{layer}/{z}/{x}/{y}.mvt"' in text
    assert 'tataruang_verdicts_total{verdict="PERLU_KAJIAN"}' in text
    assert "/826/" not in text


def test_metrics_are_not_for_strangers(fake: Any) -> None:
    app = create_app(lambda: Service(fake(), ServeSettings()), ServeSettings())
    with TestClient(app, client=("192.0.2.7", 4000)) as stranger:
        assert stranger.get("/metrics").status_code == 404


def test_a_log_line_is_json_with_the_request_and_the_zone_of_its_time(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "tataruang.access"):
        client.get("/healthz", headers={"x-request-id": "R-77"})
    [record] = [one for one in caplog.records if one.name == "tataruang.access"]
    line = json.loads(JsonLines().format(record))
    assert (line["request_id"], line["operation"], line["status"]) == ("R-77", "/healthz", 200)
    assert line["time"].endswith("+07:00")


class Changing:
    """An engine whose workspace changes when told."""

    def __init__(self, fake: Any, version: int) -> None:
        self._fake, self.version, self.now = fake(), version, version

    def __getattr__(self, name: str) -> Any:
        return getattr(self._fake, name)

    def stamp(self) -> int:
        return self.now


def test_a_changed_workspace_is_opened_again_and_a_broken_one_leaves_the_former(fake: Any) -> None:
    opened: list[Changing] = []

    def open_service() -> Service:
        if len(opened) == 2:
            raise StoreError("half written", code="broken_of_a_test")
        opened.append(Changing(fake, len(opened)))
        return Service(opened[-1], ServeSettings())

    opening = Opening(open_service)
    opening.start().join()
    first = opening.current()
    tile = first.tiles.tile("rdtr", 10, 826, 531)
    assert not opening.renew()
    opened[0].now = 1
    assert opening.renew()
    second = opening.current()
    assert second is not first
    assert second.tiles.prepared("rdtr") is first.tiles.prepared("rdtr")
    assert second.tiles.tile("rdtr", 10, 826, 531) == tile
    opened[1].now = 2
    assert not opening.renew()
    assert opening.current() is second


def served(fake: Any, settings: ServeSettings) -> Any:
    app = create_app(lambda: Service(fake(), settings), settings)
    client = TestClient(app, raise_server_exceptions=False)
    client.__enter__()
    for _ in range(200):
        if client.get("/readyz").status_code == 200:
            break
        time.sleep(0.01)
    return _Closing(client)


class _Closing:
    def __init__(self, client: TestClient) -> None:
        self.client = client

    def __enter__(self) -> TestClient:
        return self.client

    def __exit__(self, *fault: object) -> None:
        self.client.__exit__(None, None, None)
