"""The main job from end to end: the demonstration, the check command, and the one JSON of all."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.cli import main
from api.demo import RAW, sample_workspace
from api.engine import Engine
from api.service import Service
from api.settings import ServeSettings
from api.verdict_files import verdict_bytes
from zoning import check_permits, load_plans, read_permits


@pytest.fixture(scope="session")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "out"
    assert main(["demo", "--output", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def intents(out: Path) -> list[dict[str, Any]]:
    manifest = json.loads((out / "contoh" / RAW / "manifest.json").read_text())
    assert manifest["permits_without_site"] == []
    permits: list[dict[str, Any]] = manifest["permits"]
    return permits


def _answers(path: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_every_sample_permit_gets_the_verdict_it_was_made_for(
    out: Path, intents: list[dict[str, Any]]
) -> None:
    said = {one["permit_id"]: one for one in _answers(out / "hasil.json")}
    unlike = [
        (intent["permit_id"], intent["kegiatan"], intent["verdict"], answer["verdict"])
        for intent in intents
        if (answer := said[intent["permit_id"]])["verdict"] != intent["verdict"]
        or not set(intent["reasons"]) <= set(answer["reasons"])
    ]
    assert unlike == []
    assert len(said) == 60


def test_every_verdict_stands_on_the_record(out: Path) -> None:
    register = Engine.open(out / "contoh").register
    assert register.head().seq == 60
    assert register.faults() == []
    said = {one["permit_id"]: one for one in _answers(out / "hasil.json")}
    assert {one.entry["permit_id"]: json.loads(one.answer) for one in register.decisions()} == said


def test_every_permit_has_a_map_a_page_and_a_line(out: Path) -> None:
    ids = [one["permit_id"] for one in _answers(out / "hasil.json")]
    assert sorted(path.stem for path in (out / "peta").iterdir()) == sorted(ids)
    assert sorted(path.stem for path in (out / "laporan").iterdir()) == sorted(ids)
    index = (out / "index.html").read_text(encoding="utf-8")
    assert all(f'href="laporan/{name}.html"' in index for name in ids)
    page = (out / "laporan" / "PMH-024.html").read_text(encoding="utf-8")
    assert '../peta/PMH-024.png"' in page
    assert "bukan data resmi" in page


def test_workbook_and_geojson_say_what_the_json_says(out: Path) -> None:
    answers = _answers(out / "hasil.json")
    sheet = openpyxl.load_workbook(out / "hasil.xlsx")["Ringkasan"]
    rows = list(sheet.iter_rows(values_only=True, max_col=2))[1:]
    assert rows == [(one["permit_id"], one["verdict"]) for one in answers]
    features = json.loads((out / "hasil.geojson").read_text())["features"]
    assert [feature["properties"]["verdict_json"] for feature in features] == answers


def test_library_command_and_http_give_the_same_bytes(out: Path, tmp_path: Path) -> None:
    workspace = out / "contoh"
    raw = workspace / RAW / "permohonan.geojson"
    target = tmp_path / "hasil.json"
    assert main(["check", str(raw), "--workspace", str(workspace), "--output", str(target)]) == 0
    command = target.read_bytes()
    assert command == (out / "hasil.json").read_bytes()

    engine = Engine.open(workspace)
    frame = read_permits(raw, within=engine.extent)
    library = check_permits(frame, load_plans(workspace / "plans", engine.store)).to_dicts()
    assert [verdict_bytes(one) for one in library] == _lines(command)

    settings = ServeSettings()
    client = TestClient(create_app(lambda: Service(Engine.open(workspace), settings), settings))
    with client:
        _wait(client)
        collection = json.loads(raw.read_text(encoding="utf-8"))
        for feature in collection["features"]:
            feature["properties"] = _known(feature["properties"])
        collection.pop("crs", None)
        reply = client.post("/v1/conformity", json=collection)
        assert reply.status_code == 200, reply.text
        assert reply.content == command
        for place in (0, 23, 35, 58):
            one = client.post("/v1/conformity", json=collection["features"][place])
            assert one.content == _lines(command)[place]


def _wait(client: TestClient) -> None:
    for _ in range(300):
        if client.get("/readyz").status_code == 200:
            return
        time.sleep(0.1)
    pytest.fail("the service did not become ready")


def _lines(array: bytes) -> list[bytes]:
    return array.removeprefix(b"[").removesuffix(b"]\n").split(b",\n")


def _known(properties: dict[str, Any]) -> dict[str, Any]:
    """What the service accepts: fields of the application, its footprint as GeoJSON."""
    import shapely

    kept = {k: v for k, v in properties.items() if v not in (None, "") and k != "REMARK"}
    if "footprint" in kept:
        kept["footprint"] = json.loads(shapely.to_geojson(shapely.from_wkt(kept["footprint"])))
    return kept


def test_one_row_alone_is_judged_as_in_the_batch(out: Path) -> None:
    engine = Engine.open(out / "contoh")
    frame = read_permits(out / "contoh" / RAW / "permohonan.geojson", within=engine.extent)
    batch = engine.check(frame)
    shuffled = engine.check(frame.iloc[::-1])
    assert [v.to_dict() for v in shuffled][::-1] == batch.to_dicts()
    for place in range(0, 60, 7):
        alone = engine.check(frame.iloc[[place]])
        assert alone[0].to_dict() == batch[place].to_dict()


def test_the_surveyors_workbook_is_judged_like_the_geojson(out: Path, tmp_path: Path) -> None:
    workspace, raw = out / "contoh", out / "contoh" / RAW
    target = tmp_path / "hasil.json"
    done = main(
        [
            "check", str(raw / "permohonan.xlsx"), "--source-crs", "EPSG:9489",
            "--workspace", str(workspace), "--output", str(target),
        ]
    )  # fmt: skip
    assert done == 0
    surveyed, drawn = _answers(target), _answers(out / "hasil.json")
    assert [(v["permit_id"], v["verdict"]) for v in surveyed] == [
        (v["permit_id"], v["verdict"]) for v in drawn
    ]
    areas = [one["parcel"]["area_m2"] for one in surveyed]
    # Degrees in the GeoJSON are rounded to millimetres.
    assert areas == pytest.approx([one["parcel"]["area_m2"] for one in drawn], abs=0.2, rel=1e-4)


def test_a_folder_that_the_demonstration_did_not_make_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "skripsi.docx").write_text("mine")
    assert main(["demo", "--output", str(tmp_path)]) == 2
    assert "demo_folder_taken" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["skripsi.docx"]


def test_the_cached_sample_is_whole_and_is_built_once(
    out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    told: list[str] = []

    def copy(folder: Path, *, tell: Any) -> Any:
        tell("building")
        shutil.copytree(out / "contoh", folder)
        return Engine.open(folder).workspace

    monkeypatch.setattr("api.demo.build_workspace", copy)
    first = sample_workspace(tell=told.append)
    again = sample_workspace(tell=told.append)
    assert first == again
    assert told == ["building"]
    assert Engine.open(first).plans
    assert [path.name for path in first.parent.iterdir()] == [first.name]
