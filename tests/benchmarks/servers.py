"""Servers that a benchmark loads: the engine, and FastAPI over PostGIS, each with its processes."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from tests.benchmarks.databases import fill
from tests.benchmarks.postgis_verdict import fill_pieces
from tests.benchmarks.province import Province, split
from tests.postgres import start_server

__all__ = ["ROOT", "Served", "engine_served", "postgis_served"]

ROOT: Final = Path(__file__).resolve().parent.parent.parent
START_SECONDS: Final = 600.0
QUICK_SECONDS: Final = 0.5


@dataclass(frozen=True)
class Served:
    """A server at work: its port, its session, and processes that work for it besides."""

    port: int
    session: int
    beside: Callable[[], list[int]] = list

    def ask(self, path: str, body: bytes) -> Any:
        """Return the JSON that answers a body."""
        kind = {"content-type": "application/json"}
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, kind)
        with urllib.request.urlopen(asked, timeout=START_SECONDS) as answer:  # noqa: S310  this machine
            return orjson.loads(answer.read())

    def processor_seconds(self) -> dict[str, float]:
        """Return the processor time that its processes have taken, by what they do."""
        ticks = os.sysconf("SC_CLK_TCK")
        beside = set(self.beside())
        found = {"workers": 0.0, "writers": 0.0, "database": 0.0}
        table = dict(_processes())
        for process in table.values():
            if process.session == self.session:
                # master, generation, worker: what a worker started writes for it.
                role = "writers" if _depth(process, table, self.session) >= 3 else "workers"
                found[role] += process.ticks / ticks
            elif process.session in beside:
                found["database"] += process.ticks / ticks
        return found


@dataclass(frozen=True)
class _Process:
    parent: int
    session: int
    ticks: int


def _processes() -> Iterator[tuple[int, _Process]]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # It ended in between.
        spent = int(words[11]) + int(words[12])
        yield int(path.parent.name), _Process(int(words[1]), int(words[3]), spent)


def _depth(process: _Process, table: Mapping[int, _Process], session: int) -> int:
    depth, parent = 0, table.get(process.parent)
    while parent is not None and parent.session == session:
        depth, parent = depth + 1, table.get(parent.parent)
    return depth


@contextmanager
def _running(command: Sequence[str], ready: bytes, path: str, **more: str) -> Iterator[Served]:
    """Start a server and wait until it answers as fast as it will."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [word.replace("PORT", str(port)) for word in command]
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | more
    process = subprocess.Popen(
        [sys.executable, "-m", *words], cwd=ROOT, env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    served = Served(port, process.pid)
    try:
        last = time.monotonic() + START_SECONDS
        while not _quick(served, path, ready):
            if time.monotonic() > last or process.poll() is not None:
                raise RuntimeError(f"{words[0]} does not answer")
            time.sleep(0.2)
        yield served
    finally:
        process.terminate()
        process.wait()


def _quick(served: Served, path: str, body: bytes) -> bool:
    begin = time.monotonic()
    try:
        served.ask(path, body)
    except OSError:
        return False
    return time.monotonic() - begin < QUICK_SECONDS


@contextmanager
def engine_served(folder: Path, workers: int, body: bytes) -> Iterator[Served]:
    """Serve a workspace as `tataruang serve` does."""
    words = ["api.cli", "serve", "-w", str(folder), "--port", "PORT", "--workers", str(workers)]
    with _running(words, body, "/v1/conformity?dry_run=true") as served:
        yield served


@contextmanager
def postgis_served(province: Province, folder: Path, workers: int, body: bytes) -> Iterator[Served]:
    """Serve the peers: the layers cut into pieces in a PostgreSQL of its own, which syncs.

    Raises
    ------
    Missing
        If there is no server to start.
    """
    database = start_server(durable=True)
    try:
        address = database.fresh()
        fill(address, {name: split(frame) for name, frame in province.layers.items()})
        fill_pieces(address, folder)
        words = ["uvicorn", "tests.benchmarks.postgis_app:app", "--port", "PORT"]
        words += ["--workers", str(workers), "--no-access-log"]
        more = {"BENCH_DATABASE": address, "BENCH_WORKSPACE": str(folder)}
        with _running(words, body, "/v1/conformity?dry_run=true", **more) as served:
            head = int((database.data / "postmaster.pid").read_text().split()[0])
            yield Served(served.port, served.session, lambda: _sessions_of(head))
    finally:
        database.remove()


def _sessions_of(head: int) -> list[int]:
    """Return the sessions of a PostgreSQL server's processes: each has its own."""
    return [os.getsid(head), *(one.session for _, one in _processes() if one.parent == head)]
