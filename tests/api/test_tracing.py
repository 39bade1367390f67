"""Spans of requests, as the SDK's own exporter sees them; and none where nobody asked."""

from __future__ import annotations

import builtins
import time
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import tracing
from api.app import create_app
from api.leaving import LEAVING, Leaving
from api.service import Service
from api.settings import ServeSettings
from spatial.errors import StoreError

sdk = pytest.importorskip(
    "opentelemetry.sdk.trace", reason="the extra tataruang[otel] is not installed"
)


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    kept = InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    monkeypatch.setattr(tracing, "_exporting", lambda: provider)
    yield kept
    tracing.stop()


def serve(fake: Any, **settings: Any) -> TestClient:
    chosen = ServeSettings(**settings)
    return TestClient(
        create_app(lambda: Service(fake(), chosen), chosen), raise_server_exceptions=False
    )


def wait(client: TestClient) -> None:
    while client.get("/readyz").status_code != 200:
        time.sleep(0.02)


def test_a_request_is_one_span_with_what_it_did_inside(
    spans: Any, fake: Any, permit: dict[str, Any]
) -> None:
    trace, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    with serve(fake, otel=True) as client:
        wait(client)
        spans.clear()
        head = {"traceparent": f"00-{trace}-{parent}-01"}
        answer = client.post("/v1/conformity?dry_run=true", json=permit, headers=head)
        assert answer.status_code == 200
        inside, request = spans.get_finished_spans()
    assert (inside.name, request.name) == ("verdict", "POST /v1/conformity")
    assert inside.parent.span_id == request.context.span_id
    assert f"{request.context.trace_id:032x}" == trace
    assert f"{request.parent.span_id:016x}" == parent
    assert dict(request.attributes) == {
        "http.request.method": "POST", "url.path": "/v1/conformity",
        "http.route": "/v1/conformity", "http.response.status_code": 200,
    }  # fmt: skip


def test_a_tile_is_a_span_and_nothing_private_is_in_any(spans: Any, fake: Any) -> None:
    with serve(fake, otel=True) as client:
        wait(client)
        spans.clear()
        head = {"x-api-key": "tr_rahasia", "x-request-id": "satu"}
        client.get("/tiles/rdtr/10/826/531.mvt?filter=zona%3D'R-2'", headers=head)
        client.get("/tiada?q=rahasia", headers=head)
        found = spans.get_finished_spans()
    assert [one.name for one in found][:2] == ["tile", "GET /tiles/{layer}/{z}/{x}/{y}.mvt"]
    assert found[-1].name == "GET"  # no route: a name of few
    text = " ".join(one.to_json() for one in found)
    assert "rahasia" not in text
    assert "R-2" not in text


def test_a_fault_is_an_error_in_its_span(spans: Any, fake: Any, permit: dict[str, Any]) -> None:
    permit["properties"]["kegiatan"] = "rusak"
    with serve(fake, otel=True) as client:
        wait(client)
        spans.clear()
        assert client.post("/v1/conformity?dry_run=true", json=permit).status_code == 500
        request = spans.get_finished_spans()[-1]
    assert request.status.status_code.name == "ERROR"


def test_without_the_setting_there_is_no_span(
    spans: Any, fake: Any, permit: dict[str, Any]
) -> None:
    with serve(fake) as client:
        wait(client)
        client.post("/v1/conformity?dry_run=true", json=permit)
    assert spans.get_finished_spans() == ()


def test_the_exporter_is_made_from_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = tracing._exporting()
    assert provider.resource.attributes["service.name"] == "tataruang"
    provider.shutdown()
    real = builtins.__import__

    def without(name: str, *args: Any, **named: Any) -> Any:
        if name.startswith("opentelemetry.exporter"):
            raise ImportError(name)
        return real(name, *args, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(StoreError, match="not installed"):
        tracing.start()


def test_what_will_go_says_so_in_every_answer(
    client: TestClient, fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "sunset" not in client.get("/v1/zones/at?lon=110.6&lat=-6.9").headers
    going = Leaving(date(2026, 11, 24), date(2027, 11, 24), "/v2/zones/at")
    monkeypatch.setitem(LEAVING, "/v1/zones/at", going)
    for query in ("lon=110.6&lat=-6.9", "lon=x"):
        head = client.get(f"/v1/zones/at?{query}").headers
        assert head["deprecation"] == "@1795478400"
        assert head["sunset"] == "Wed, 24 Nov 2027 00:00:00 GMT"
        assert head["link"] == '</v2/zones/at>; rel="successor-version"'
    assert "sunset" not in client.get("/v1/layers").headers
    with serve(fake) as fresh:
        paths = fresh.get("/openapi.json").json()["paths"]
    assert paths["/v1/zones/at"]["get"]["deprecated"] is True
    assert "deprecated" not in paths["/v1/layers"]["get"]
