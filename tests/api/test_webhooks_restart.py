"""A service that is killed between the end of a job and its webhook tells of it after all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.jobs import Jobs
from api.webhooks.outbox import FILE, Outbox
from api.webhooks.signature import Master, verify
from tests.clients.browser import free_port

HERE = Path(__file__).resolve().parent
SERVE = """
import sys
import uvicorn
from api.app import create_app
from api.service import Service
from api.settings import ServeSettings
from fake_engine import FakeEngine
settings = ServeSettings()
app = create_app(lambda: Service(FakeEngine(), settings), settings)
uvicorn.run(app, port=int(sys.argv[1]), log_level="error")
"""
RECEIVE = """
import http.server, json, sys
class Desk(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with open(sys.argv[2], "a") as out:
            out.write(json.dumps([dict(self.headers), body.decode()]) + "\\n")
        self.send_response(int(sys.argv[3]))
        self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Desk).serve_forever()
"""


def until(done: Callable[[], Any], seconds: float = 40.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if found := done():
                return found
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError("it never came to be")


@contextmanager
def running(program: str, *args: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    path = os.pathsep.join((str(HERE), str(HERE.parents[1])))
    process = subprocess.Popen(
        [sys.executable, "-c", program, *args], env=os.environ | {"PYTHONPATH": path} | more
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_webhook_survives_kill_9_between_finish_and_delivery(
    tmp_path: Path, permit: dict[str, Any]
) -> None:
    port, there = str(free_port()), str(free_port())
    got = tmp_path / "got.jsonl"
    state = tmp_path / "state"
    settings = {
        "TATARUANG_STATE_FOLDER": str(state),
        "TATARUANG_WEBHOOK_HOSTS": json.dumps([f"127.0.0.1:{there}"]),
        "TATARUANG_WEBHOOK_PRIVATE": "true",
    }
    url = f"http://127.0.0.1:{port}"
    outbox = Outbox(state / FILE)

    def ready() -> bool:
        return httpx.get(f"{url}/readyz").status_code == 200

    with running(SERVE, port, **settings) as first:
        until(ready)
        answer = httpx.post(
            f"{url}/ogc/processes/zoning-conformity/execution",
            headers={"prefer": "respond-async"},
            json={
                "inputs": {"applications": permit},
                "subscriber": {"successUri": f"http://127.0.0.1:{there}/"},
            },
        )
        assert answer.status_code == 201, answer.text
        # Nobody listens there yet: the job has ended, its message was tried and waits.
        until(lambda: any(one.said == "ConnectionRefusedError" for one in outbox.all()))
        first.send_signal(signal.SIGKILL)
        first.wait()
    [waiting] = outbox.all()
    assert waiting.state == "waiting"
    with running(RECEIVE, there, str(got), "204"), running(SERVE, port, **settings):
        until(lambda: outbox.all()[0].state == "delivered")
        results = httpx.get(answer.headers["location"] + "/results").json()
    [line] = got.read_text().splitlines()
    head, body = json.loads(line)
    told = {name.lower(): value for name, value in head.items()}
    assert told["webhook-id"] == waiting.id
    assert json.loads(body) == results
    secret = Master(state).secret_of("127.0.0.1")
    stamp = int(told["webhook-timestamp"])
    signature = told["webhook-signature"]
    assert verify(secret, waiting.id, stamp, body.encode(), signature, time.time())


KILLED = """
import os, signal, sys
from pathlib import Path
from api.jobs import Jobs
jobs = Jobs(Path(sys.argv[1]))
told = {name: "http://127.0.0.1:9/" for name in ("running", "successful", "failed")}
job = jobs.accept("oss", "p", told=told)
jobs.start(job.id)
if sys.argv[2] == "finish":
    jobs.finish(job.id, "successful", "", b"{}")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize(("last", "event"), [("finish", "job.successful"), ("run", "job.failed")])
def test_whatever_a_job_came_to_is_told_though_its_worker_died(
    tmp_path: Path, last: str, event: str
) -> None:
    """The end of a job and its message are one change; a worker that is gone means failure."""
    path = tmp_path / FILE
    with running(KILLED, str(path), last) as process:
        assert process.wait(60) == -signal.SIGKILL
    Jobs(path).mind()  # as the next worker does when it starts
    told = Outbox(path).all()
    assert {one.event for one in told} == {"job.running", event}
    [ended] = [one for one in told if one.event == event]
    Jobs(path).mind()
    assert len(Outbox(path).all()) == 2
    [job] = Jobs(path).all("oss")
    assert f"job.{job.status}" == event
    if event == "job.failed":
        assert json.loads(ended.body or b"")["message"] == job.message


def test_a_worker_that_is_heard_of_no_more_is_gone_though_its_number_lives(tmp_path: Path) -> None:
    """Numbers of processes come again, in a container always the same."""
    jobs = Jobs(tmp_path / FILE)
    job = jobs.accept("oss", "p")
    assert jobs.get(job.id, "oss").status == "accepted"
    with jobs._open() as base:
        base.execute("UPDATE jobs SET beat = beat - 3600")
    Jobs(tmp_path / FILE).mind()  # another worker's word says nothing of this one
    assert jobs.get(job.id, "oss").status == "failed"
    mine = jobs.accept("oss", "p")
    with jobs._open() as base:
        base.execute("UPDATE jobs SET beat = beat - 3600")
    jobs.mind()
    assert jobs.get(mine.id, "oss").status == "accepted"
