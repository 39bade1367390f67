"""A service under hostile traffic and under restart, beside a permit system that keeps calling."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import geopandas as gpd
import httpx
import numpy as np
import pytest
import shapely

from api.listening import address_of, new_socket
from api.models import PERMIT_EXAMPLE
from api.prefork import can_fork
from layers.store import open_store
from layers.workspace import Workspace
from tests.clients.browser import free_port
from zoning import sample_plan_folder

# Slow: whole services are started and stopped under load.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not can_fork(), reason="this system cannot fork"),
]
ROOT = Path(__file__).resolve().parents[2]
JSON = {"content-type": "application/json"}
HANDED = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
os.execv(sys.argv[2], sys.argv[2:])
"""
#: Wide: a busy machine shares its processors with both sides.
P99_SECONDS = 2.0


def _zones(code: str) -> gpd.GeoDataFrame:
    shape = shapely.box(110.6, -6.9, 110.7, -6.8)
    return gpd.GeoDataFrame({"zona": [code]}, geometry=[shape], crs="EPSG:4326")


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    made = Workspace.create(tmp_path / "ws", name="Uji", extent=(110.3, -7.2, 111.0, -6.5))
    shutil.copytree(sample_plan_folder("rdtr"), made.plans / "rdtr")
    open_store(made).publish(_zones("R-2"), name="rdtr", kind="pola_ruang")
    return made


def _start(
    place: Workspace, port: int, kept: socket.socket | None = None
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "api.cli", "serve", "-w", str(place.folder)]
    command += ["--port", str(port), "--workers", "2"]
    handed = []
    if kept is not None:
        # As systemd hands a socket over: the third file, in the name of the process itself.
        handed = [kept.fileno()]
        command = [sys.executable, "-c", HANDED, str(handed[0]), *command]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, pass_fds=handed)


def _until_ready(port: int, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(httpx.TransportError):
            if httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=30).status_code == 200:
                return
        time.sleep(0.1)
    raise AssertionError("the service never became ready")


@contextmanager
def _running(*works: Callable[[threading.Event], None]) -> Iterator[None]:
    """Run works in threads until the block ends; a work that fails fails the test."""
    stop, failed = threading.Event(), []

    def run(work: Callable[[threading.Event], None]) -> None:
        try:
            while not stop.is_set():
                work(stop)
        except Exception as error:  # noqa: BLE001  told where the test can see it
            failed.append(error)

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
    assert not failed, failed


class Hostile:
    """What strangers send; every answer is written down."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.met: list[tuple[str, int]] = []
        self._chance = random.Random(7)  # noqa: S311  no secret is made of it

    def works(self) -> list[Callable[[threading.Event], None]]:
        return [self.slow, self.bodies, self.combs, self.addresses, self.tiles]

    def slow(self, stop: threading.Event) -> None:
        """Keep connections open, and bodies from ending."""
        head = b"POST /v1/conformity HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        lines = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(40)]
        for number, line in enumerate(lines):
            line.sendall(head if number % 2 else head + b"Content-Length: 1000\r\n\r\n{")
        stop.wait(3)
        for line in lines:
            line.close()

    def bodies(self, _: threading.Event) -> None:
        """Send what is too large, too deep, or in no encoding."""
        self._post("deep", b"[" * 200_000)
        self._post("deep objects", b'{"a":' * 50_000)
        self._post("latin", '{"type":"Feature","nama":"désa"}'.encode("latin-1"))
        self._post("utf-16", json.dumps(PERMIT_EXAMPLE).encode("utf-16"))
        bomb = gzip.compress(b"0" * 50_000_000)
        self._post("bomb", bomb, {"content-encoding": "gzip"})
        self._post("large", b"", {"content-length": "500000000"})

    def combs(self, _: threading.Event) -> None:
        """Send a valid parcel that keeps geometry busy."""
        x = np.repeat(np.linspace(110.62, 110.68, 5_000), 2)
        y = np.tile([-6.81, -6.89, -6.89, -6.81], len(x) // 4)
        ring = [*np.column_stack((x, y)).tolist(), [110.681, -6.9], [110.619, -6.9]]
        shape = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
        self._post("comb", json.dumps(PERMIT_EXAMPLE | {"geometry": shape}).encode())

    def addresses(self, _: threading.Event) -> None:
        name = f"{self._chance.random()}"
        for path in (f"/{name}", f"/v1/conformity/{name}", f"/tiles/{name}/1/1/1.mvt", "/%00"):
            self._get("address", path)

    def tiles(self, _: threading.Event) -> None:
        x, y = (self._chance.randrange(1 << 22) for _ in range(2))
        deep = "S_INTERSECTS(geometry,POINT(110%206))" + "%20OR%20TRUE" * 200
        for path in (
            "99999999999/1/1.mvt", "22/99999999999999/1.mvt", f"22/{x}/{y}.mvt", "1e9/1/1.mvt",
            f"14/13217/8498.mvt?filter={deep}",
        ):  # fmt: skip
            self._get("tile", f"/tiles/rdtr/{path}")

    def _post(self, name: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        self._ask(name, "POST", "/v1/conformity?dry_run=true", body, JSON | (headers or {}))

    def _get(self, name: str, path: str) -> None:
        self._ask(name, "GET", path, None, {})

    def _ask(
        self, name: str, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        # A refusal may come, and the line be closed, before all was sent.
        with suppress(OSError, http.client.HTTPException):
            line.request(method, path, body, headers)
            answer = line.getresponse()
            answer.read()
            self.met.append((name, answer.status))
        line.close()


def test_honest_calls_are_answered_in_time_beside_hostile_ones(place: Workspace) -> None:
    port = free_port()
    process = _start(place, port)
    took: list[float] = []
    statuses: list[int] = []

    def honest(stop: threading.Event) -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            while not stop.is_set():
                begin = time.monotonic()
                answer = client.post("/v1/conformity?dry_run=true", json=PERMIT_EXAMPLE)
                took.append(time.monotonic() - begin)
                statuses.append(answer.status_code)
                stop.wait(0.02)

    try:
        _until_ready(port)
        hostile = Hostile(port)
        with _running(honest, *hostile.works()):
            time.sleep(12)
        _until_ready(port, 30)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    assert set(statuses) == {200}
    assert len(took) > 30
    assert np.percentile(took, 99) < P99_SECONDS
    answered = {name for name, _ in hostile.met}
    assert {"deep", "deep objects", "latin", "utf-16", "comb", "address", "tile"} <= answered
    # Never a fault: what is not answered is refused, or told to come again.
    assert {status for _, status in hostile.met} <= {200, 204, 400, 404, 408, 413, 415, 422, 503}


def test_no_acknowledged_decision_is_lost_while_the_service_is_restarted(place: Workspace) -> None:
    """As a supervisor restarts it: ended politely once, killed once, with a new layer between."""
    listening = new_socket("127.0.0.1", 0)
    port = address_of(listening)[1]
    processes = [_start(place, port, listening)]
    refused: list[str] = []
    kept: dict[str, bytes] = {}
    addresses: dict[str, str] = {}
    down: list[float] = []

    def permits(stop: threading.Event) -> None:
        """Send each application until it is acknowledged, as the guide for permit systems says."""
        key = f"K-{len(kept):05d}"
        sent: Any = PERMIT_EXAMPLE | {
            "properties": PERMIT_EXAMPLE["properties"] | {"permit_id": key}
        }
        begin = time.monotonic()
        while not stop.is_set():
            try:
                answer = httpx.post(
                    f"http://127.0.0.1:{port}/v1/conformity", json=sent,
                    headers={"idempotency-key": f'"{key}"'}, timeout=60,
                )  # fmt: skip
            except httpx.ConnectError as error:
                refused.append(str(error))
            except httpx.TransportError:
                pass  # It was at work there when the service was killed: sent again.
            else:
                if answer.status_code == 200:
                    kept[key], addresses[key] = answer.content, answer.headers["location"]
                    down.append(time.monotonic() - begin)
                    return
                assert answer.status_code in (409, 503), answer.text
            time.sleep(0.05)

    def count_up(by: int) -> None:
        goal, end = len(kept) + by, time.monotonic() + 90
        while len(kept) < goal:
            assert time.monotonic() < end, "nothing is acknowledged any more"
            time.sleep(0.05)

    try:
        _until_ready(port)
        with _running(permits):
            count_up(10)
            for ending in (signal.SIGTERM, signal.SIGKILL):
                _end(processes[-1], ending)
                processes.append(_start(place, port, listening))
                count_up(10)
                open_store(place).publish(
                    _zones(f"K-{ending.value}"), name="rdtr", kind="pola_ruang"
                )
                count_up(10)
        for key, answer in kept.items():
            again = httpx.get(f"http://127.0.0.1:{port}{addresses[key]}", timeout=60)
            assert again.content == answer
    finally:
        _end(processes[-1], signal.SIGTERM)
        listening.close()
    assert not refused, "whoever calls meanwhile waits in the socket that the supervisor keeps"
    # Nothing was recorded twice, and nothing that is not acknowledged: numbers have no gap.
    numbers = sorted(int(address.rpartition("-")[2]) for address in addresses.values())
    assert numbers == list(range(1, len(kept) + 1))
    assert len(kept) >= 50
    # Away no longer than a start takes, on a busy machine.
    assert max(down) < 60


def _end(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """End a service with all its workers, as a supervisor does."""
    family = _family(process.pid)
    for one in family if how == signal.SIGKILL else [process.pid]:
        with suppress(ProcessLookupError):
            os.kill(one, how)
    process.wait(60)


def _family(process: int) -> list[int]:
    found = [process]
    with suppress(OSError):
        words = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        for child in words:
            found += _family(int(child))
    return found
