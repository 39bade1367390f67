"""Verdicts put on record over HTTP: once, durably, readable by number, verified by code."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import pytest
import shapely
from fastapi.testclient import TestClient
from pypdf import PdfReader

from api.app import create_app
from api.engine import Engine
from api.service import Service
from api.settings import ServeSettings
from layers.store import open_store
from layers.workspace import Workspace
from zoning import sample_plan_folder

URL = "/v1/conformity"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A workspace of one plan with two zones."""
    import shutil

    place = Workspace.create(
        tmp_path_factory.mktemp("office") / "ws", name="Kabupaten Uji",
        extent=(110.3, -7.2, 111.0, -6.5), resmi=False,
    )  # fmt: skip
    shutil.copytree(sample_plan_folder("rdtr"), place.plans / "rdtr")
    zones = gpd.GeoDataFrame(
        {"zona": ["R-2", "K-3"], "zona_nama": ["Perumahan", "Perdagangan"]},
        geometry=[shapely.box(110.6, -6.9, 110.65, -6.8), shapely.box(110.65, -6.9, 110.7, -6.8)],
        crs="EPSG:4326",
    )
    open_store(place).publish(zones, name="rdtr", kind="pola_ruang")
    settings = ServeSettings()
    app = create_app(lambda: Service(Engine.open(place.folder), settings), settings)
    with TestClient(app) as client:
        for _ in range(500):
            if client.get("/readyz").status_code == 200:
                break
        yield client


def test_a_verdict_is_on_record_before_it_is_answered(
    office: TestClient, permit: dict[str, Any]
) -> None:
    answer = office.post(URL, json=permit)
    assert answer.status_code == 200
    number = answer.headers["tataruang-register"]
    assert answer.headers["location"] == f"{URL}/{number}"
    kept = office.get(answer.headers["location"])
    assert kept.content == answer.content
    again = office.get(f"{URL}/{number}", headers={"if-none-match": kept.headers["etag"]})
    assert again.status_code == 304


def test_the_code_on_the_paper_leads_to_the_decision(
    office: TestClient, permit: dict[str, Any]
) -> None:
    answer = office.post(URL, json=permit)
    code = answer.headers["tataruang-check-code"]
    for typed in (code, code.lower().replace("-", ""), code.replace("0", "o")):
        about = office.get(f"/verify/{typed}").json()
        assert about["number"] == answer.headers["tataruang-register"]
        assert about["verdict"] == answer.json()["verdict"]
    assert "geometry" not in json.dumps(about)
    page = office.get(f"/verify/{code}", headers={"accept": "text/html"})
    assert "Surat ini asli" in page.text


@pytest.mark.parametrize("code", ["00000-00000", "x", "' OR 1=1", "<script>", "0" * 40])
def test_a_code_that_is_none(office: TestClient, code: str) -> None:
    answer = office.get(f"/verify/{code}")
    assert (answer.status_code, answer.json()["code"]) == (404, "check_code_unknown")
    page = office.get(f"/verify/{code}?f=html")
    assert page.status_code == 404
    assert "<script>" not in page.text


def test_the_paper_has_number_and_code(office: TestClient, permit: dict[str, Any]) -> None:
    answer = office.post(URL, json=permit)
    number = answer.headers["tataruang-register"]
    pdf = office.get(f"{URL}/{number}.pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    text = "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages)
    assert number in text
    assert answer.headers["tataruang-check-code"] in text


def test_a_dry_run_leaves_no_trace(office: TestClient, permit: dict[str, Any]) -> None:
    before = office.post(URL, json=permit).headers["tataruang-register"]
    dry = office.post(f"{URL}?dry_run=true", json=permit)
    assert "tataruang-register" not in dry.headers
    after = office.post(URL, json=permit).headers["tataruang-register"]
    assert int(after[5:]) == int(before[5:]) + 1


def test_a_key_puts_a_request_on_record_once(office: TestClient, permit: dict[str, Any]) -> None:
    key = {"idempotency-key": "k-1"}
    first = office.post(URL, json=permit, headers=key)
    again = office.post(URL, json=permit, headers=key)
    assert again.headers["tataruang-register"] == first.headers["tataruang-register"]
    # Should the answer be lost, the register itself still knows the key.
    office.app.state.answers.finish = lambda *_: None  # type: ignore[attr-defined]
    lost = {"idempotency-key": "k-2"}
    first = office.post(URL, json=permit, headers=lost)
    del office.app.state.answers.finish  # type: ignore[attr-defined]
    office.app.state.answers.abandon("testclient", "k-2")  # type: ignore[attr-defined]
    again = office.post(URL, json=permit, headers=lost)
    assert again.headers["tataruang-register"] == first.headers["tataruang-register"]


def test_a_collection_is_on_record_as_a_whole(office: TestClient, permit: dict[str, Any]) -> None:
    features = [permit | {"properties": {"permit_id": name}} for name in ("a", "b", "c")]
    answer = office.post(URL, json={"type": "FeatureCollection", "features": features})
    first, last = answer.headers["tataruang-register"].split("..")
    assert int(last[5:]) == int(first[5:]) + 2
    assert office.get(f"{URL}/{last}").json()["permit_id"] == "c"


@pytest.mark.parametrize("number", ["2026-999999", "1", "..%2f..", "2026-000001'--"])
def test_a_number_that_is_none(office: TestClient, number: str) -> None:
    assert office.get(f"{URL}/{number}").status_code == 404
    assert office.get(f"{URL}/{number}.pdf").status_code == 404


def _stream(office: TestClient, permits: list[dict[str, Any]], **more: str) -> list[Any]:
    headers = {"content-type": "application/x-ndjson"} | more
    answer = office.post(
        f"{URL}/batch", content="\n".join(map(json.dumps, permits)), headers=headers
    )
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def _of_stream(permit: dict[str, Any], name: str) -> dict[str, Any]:
    return permit | {"properties": permit["properties"] | {"permit_id": name}}


def test_lines_of_a_stream_are_recorded_once_for_a_key(
    office: TestClient, permit: dict[str, Any]
) -> None:
    sent = [_of_stream(permit, f"A-{number}") for number in range(3)]
    key = {"idempotency-key": "aliran-1"}
    *first, last = _stream(office, [*sent, {"type": "nothing"}], **key)
    assert last["done"] == {"lines": 4, "judged": 3, "refused": 1}
    assert "record" not in first[3]
    assert len({line["record"]["id"] for line in first[:3]}) == 3
    for line in first[:3]:
        kept = office.get(f"{URL}/{line['record']['id']}")
        assert kept.json() == line["verdict"]
        assert not line["record"]["repeated"]
    # The stream was cut, so it is sent again with two lines more; one is not what it was.
    changed = [sent[0], _of_stream(permit, "other"), sent[2], sent[1], _of_stream(permit, "A-4")]
    *again, _ = _stream(office, changed, **key)
    for place in (0, 2):
        assert again[place]["record"] == first[place]["record"] | {"repeated": True}
        assert again[place]["verdict"] == first[place]["verdict"]
    assert again[1]["problem"]["code"] == "register_key_reused"
    assert not again[3]["record"]["repeated"]
    assert not again[4]["record"]["repeated"]


def test_a_dry_run_of_a_stream_records_nothing(office: TestClient, permit: dict[str, Any]) -> None:
    def newest() -> str:
        return office.post(URL, json=permit).headers["tataruang-register"]

    before = int(newest().rpartition("-")[2])
    answer = office.post(
        f"{URL}/batch?dry_run=true", content=json.dumps(permit),
        headers={"content-type": "application/x-ndjson"},
    )  # fmt: skip
    assert "record" not in json.loads(answer.text.splitlines()[0])
    assert int(newest().rpartition("-")[2]) == before + 1
