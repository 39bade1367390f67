"""OGC API Processes: what runs at once and as a job gives the same, and belongs to its owner."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.jobs import MOST_AT_ONCE, Jobs
from spatial.errors import EngineError

EXECUTE = "/ogc/processes/zoning-conformity/execution"


def run(client: TestClient, permit: Any, **headers: str) -> Any:
    return client.post(EXECUTE, json={"inputs": {"applications": permit}}, headers=headers)


def finished(client: TestClient, where: str) -> dict[str, Any]:
    for _ in range(200):
        job = client.get(where).json()
        if job["status"] not in ("accepted", "running"):
            return dict(job)
        time.sleep(0.05)
    raise AssertionError(job)


def test_every_process_describes_itself(client: TestClient) -> None:
    for one in client.get("/ogc/processes").json()["processes"]:
        [self_link] = [x["href"] for x in one["links"] if x["rel"] == "self"]
        whole = client.get(self_link).json()
        assert whole["inputs"]
        assert whole["outputs"]
        assert any(x["rel"].endswith("/execute") for x in whole["links"])
        assert {"sync-execute", "async-execute", "dismiss"} == set(whole["jobControlOptions"])


def test_at_once_and_as_a_job_it_gives_the_same(client: TestClient, permit: Any) -> None:
    alone = client.post("/v1/conformity?dry_run=true", json=permit).json()
    at_once = run(client, permit)
    assert at_once.json() == {"verdicts": [alone]}
    accepted = run(client, permit, prefer="respond-async")
    assert accepted.status_code == 201
    assert accepted.headers["preference-applied"] == "respond-async"
    where = accepted.headers["location"]
    job = finished(client, where)
    assert job["status"] == "successful"
    [results] = [x["href"] for x in job["links"] if x["rel"].endswith("/results")]
    assert client.get(results).json() == at_once.json()
    assert job["jobID"] in [one["jobID"] for one in client.get("/ogc/jobs").json()["jobs"]]
    assert client.delete(where).json()["status"] == "dismissed"
    assert client.get(results).status_code == 404


def test_a_job_that_fails_says_why(client: TestClient, permit: Any) -> None:
    permit["geometry"] = None
    where = run(client, permit, prefer="respond-async").headers["location"]
    job = finished(client, where)
    assert job["status"] == "failed"
    assert job["message"]
    result = client.get(f"{where}/results")
    assert (result.status_code, result.json()["code"]) == (422, "feature_no_geometry")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "process_inputs"),
        ({"inputs": []}, "process_inputs"),
        ({"inputs": {}}, "process_inputs"),
        ({"inputs": {"applications": {}, "sql": 1}}, "process_inputs"),
        ({"inputs": {"applications": {}, "on": "kemarin"}}, "process_inputs"),
        ({"inputs": {"applications": "file:///etc/passwd"}}, "path_not_accepted"),
    ],
)
def test_inputs_that_cannot_be_used(client: TestClient, body: Any, code: str) -> None:
    answer = client.post(EXECUTE, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_what_is_not_there(client: TestClient) -> None:
    assert client.get("/ogc/processes/melting").status_code == 404
    assert client.get("/ogc/jobs/x").json()["code"] == "job_unknown"
    body = {"inputs": {"hazard": "dem", "of": "lahan"}}
    answer = client.post("/ogc/processes/flood-exposure/execution", json=body)
    assert answer.json()["code"] == "hazard_unknown"


def test_jobs_belong_to_their_owner_and_are_not_without_end(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path / "jobs.sqlite")
    mine = jobs.accept("a", "p")
    with pytest.raises(EngineError, match="no job"):
        jobs.get(mine.id, "b")
    assert jobs.all("b") == []
    for _ in range(MOST_AT_ONCE - 1):
        jobs.accept("a", "p")
    with pytest.raises(EngineError, match="too many"):
        jobs.accept("a", "p")
    assert jobs.accept("b", "p").status == "accepted"


def test_a_dismissed_job_neither_starts_nor_is_kept(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path / "jobs.sqlite")
    waiting, running = jobs.accept("a", "p"), jobs.accept("a", "p")
    assert jobs.start(running.id)
    for job in (waiting, running):
        assert jobs.dismiss(job.id, "a").status == "dismissed"
    assert not jobs.start(waiting.id)
    jobs.finish(running.id, "successful", "", b"{}")
    assert jobs.result(running.id, "a") == b""


def test_a_job_of_a_worker_that_is_gone_has_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    monkeypatch.setattr(os, "getpid", lambda: ended.pid)
    jobs = Jobs(tmp_path / "jobs.sqlite")
    job = jobs.accept("a", "p")
    assert jobs.get(job.id, "a").status == "failed"
