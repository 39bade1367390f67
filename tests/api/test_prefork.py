"""Several workers on one socket: a worker may die and the workspace may change under load."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import httpx
import pytest
import shapely

from api.models import PERMIT_EXAMPLE
from api.prefork import can_fork
from layers.store import open_store
from layers.workspace import Workspace
from tests.clients.browser import free_port
from zoning import sample_plan_folder

# Slow: three generations of a whole service are opened.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not can_fork(), reason="this system cannot fork"),
]
ROOT = Path(__file__).resolve().parents[2]


def zones(code: str) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"zona": [code]}, geometry=[shapely.box(110.6, -6.9, 110.7, -6.8)], crs="EPSG:4326"
    )


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    folder = tmp_path_factory.mktemp("prefork")
    made = Workspace.create(folder / "ws", name="Uji", extent=(110.3, -7.2, 111.0, -6.5))
    shutil.copytree(sample_plan_folder("rdtr"), made.plans / "rdtr")
    open_store(made).publish(zones("R-2"), name="rdtr", kind="pola_ruang")
    return made


@pytest.fixture(scope="module")
def server(place: Workspace) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    port = free_port()
    command = [sys.executable, "-m", "api.cli", "serve", "-w", str(place.folder)]
    process = subprocess.Popen([*command, "--port", str(port), "--workers", "2"], cwd=ROOT)
    url = f"http://127.0.0.1:{port}"
    try:
        _until(lambda: httpx.get(f"{url}/readyz", timeout=60).status_code == 200, 120)
        yield process, url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _until(done: Any, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if done():
                return
        except httpx.TransportError:
            pass
        time.sleep(0.2)
    raise AssertionError("it never came to be")


def _children(process: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            if parent == process:
                found.append(int(entry.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc to find workers")
def test_no_request_is_dropped_while_workers_die_and_versions_change(
    server: tuple[subprocess.Popen[bytes], str], place: Workspace
) -> None:
    process, url = server
    stop = threading.Event()
    met: list[tuple[int, str]] = []
    killed: list[str] = []

    def ask() -> None:
        while not stop.is_set():
            # A new connection each time, so that the socket is what is tested.
            try:
                answer = httpx.post(
                    f"{url}/v1/conformity?dry_run=true", json=PERMIT_EXAMPLE, timeout=60
                )
            except httpx.TransportError as error:
                killed.append(str(error))
                continue
            versions = {one["version"] for one in answer.json()["evidence"]["layers"]}
            met.append((answer.status_code, versions.pop()))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        [leader] = _children(process.pid)
        _until(lambda: len(met) > 3, 60)
        assert len(_children(leader)) == 2
        before = met[-1][1]
        second = open_store(place).publish(zones("K-3"), name="rdtr", kind="pola_ruang")
        _until(lambda: met[-1][1] == second.id, 120)
        # Up to here nobody was killed, so nothing may have failed.
        assert not killed
        _until(lambda: len(_children(process.pid)) == 1, 60)
        [leader] = _children(process.pid)
        victim = _children(leader)[0]
        os.kill(victim, signal.SIGKILL)
        _until(lambda: len(_children(leader)) == 2 and victim not in _children(leader), 30)
        after = len(met)
        _until(lambda: len(met) > after + 3, 60)
    finally:
        stop.set()
        thread.join()
    assert {status for status, _ in met} == {200}
    assert {version for _, version in met} == {before, second.id}
    assert len(killed) <= 1, "only the request in the worker that was killed may be lost"
    _no_decision_waits_for_a_lost_writer(url, _children(process.pid)[0])
    _connections_are_spread(url, _children(process.pid)[0])
    counts = httpx.get(f"{url}/metrics").text
    assert 'operation="/v1/conformity",status="200"' in counts.replace('method="POST",', "")


def test_an_answer_is_not_held_back(server: tuple[subprocess.Popen[bytes], str]) -> None:
    """On a connection that stays open, Nagle's delay would cost 40 ms each time."""
    _, url = server
    with httpx.Client(base_url=url) as client:
        client.get("/healthz")
        times = []
        for _ in range(30):
            start = time.perf_counter()
            client.get("/healthz")
            times.append(time.perf_counter() - start)
    assert sorted(times)[5] < 0.02


def test_workers_serve_what_one_process_serves(
    server: tuple[subprocess.Popen[bytes], str],
) -> None:
    _, url = server
    answer = httpx.post(f"{url}/v1/conformity", json=PERMIT_EXAMPLE, timeout=60)
    assert answer.status_code == 200
    kept = httpx.get(url + answer.headers["location"])
    assert kept.content == answer.content
    assert json.loads(kept.content)["permit_id"] == "IZIN-2026-0001"


def _no_decision_waits_for_a_lost_writer(url: str, leader: int) -> None:
    """Each worker has a process that writes the register; without it, it writes itself."""
    first = httpx.post(f"{url}/v1/conformity", json=PERMIT_EXAMPLE, timeout=60)
    writers = [one for worker in _children(leader) for one in _children(worker)]
    assert len(writers) == 2
    for writer in writers:
        os.kill(writer, signal.SIGKILL)
    second = httpx.post(f"{url}/v1/conformity", json=PERMIT_EXAMPLE, timeout=60)
    assert (first.status_code, second.status_code) == (200, 200)
    numbers = [answer.headers["tataruang-register"][-6:] for answer in (first, second)]
    assert numbers == ["000001", "000002"]


def _connections_are_spread(url: str, leader: int) -> None:
    """Clients that keep their connections do not all end up with the worker that woke first."""
    workers = _children(leader)
    before = [_sockets(one) for one in workers]
    clients = [httpx.Client() for _ in range(12)]
    try:
        for client in clients:
            assert client.get(f"{url}/healthz").status_code == 200
        taken = [_sockets(one) - was for one, was in zip(workers, before, strict=True)]
    finally:
        for client in clients:
            client.close()
    assert sum(taken) == 12
    assert min(taken) >= 4


def _sockets(process: int) -> int:
    links = (link for link in Path(f"/proc/{process}/fd").iterdir() if link.is_symlink())
    return sum(str(link.readlink()).startswith("socket:") for link in links)
