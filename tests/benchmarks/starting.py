"""What it takes to be ready: a service from its start to its first verdict, the memory of one
more worker, and tiles that were cut before.

    python -m tests.benchmarks.starting --scale 1 --output starting.json

Cold is a workspace as it was published; warm, one that was served before or prepared by
`tataruang warmup --workspace`. Processor time is told beside the seconds of the clock.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np

from api.engine import Engine
from api.tiles.matrix import limits
from api.tiles.pyramid import build_pyramid, pyramid_path
from api.tiles.source import TileSource
from tests.benchmarks.province import build_province
from tests.benchmarks.served import applications, build_workspace
from tests.benchmarks.servers import ROOT, Served

__all__ = ["main", "pyramid_of", "started", "tiles", "workers"]

VERDICT: Final = "/v1/conformity?dry_run=true"
MOST_SECONDS: Final = 900.0
#: Zooms that are cut when a layer is ingested.
ZOOMS: Final = (6, 7, 8, 9)


@contextmanager
def started(folder: Path, body: bytes, count: int = 1) -> Iterator[tuple[Served, dict[str, float]]]:
    """Serve a workspace; give what it took until it was ready, and the first verdict."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["-w", str(folder), "--port", str(port), "--workers", str(count)]
    begin = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "serve", *words], cwd=ROOT, start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    served = Served(port, process.pid)
    try:
        while not _is_ready(port):
            if process.poll() is not None or time.perf_counter() - begin > MOST_SECONDS:
                raise RuntimeError("the service does not become ready")
            time.sleep(0.01)
        took = {
            "ready_s": time.perf_counter() - begin,
            "processor_s": _spent(served),
        }
        first = time.perf_counter()
        served.ask(VERDICT, body)
        took["first_verdict_ms"] = 1000 * (time.perf_counter() - first)
        yield served, took
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _spent(served: Served) -> float:
    return sum(served.processor_seconds().values())


def _is_ready(port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        line.request("GET", "/readyz")
        answer = line.getresponse()
        answer.read()
    except OSError:
        return False
    else:
        return answer.status == 200
    finally:
        line.close()


def workers(served: Served, bodies: Sequence[bytes]) -> list[float]:
    """Return the private memory of each worker of a service that was asked, in megabytes.

    Workers are the children of a child of the first process; only where `/proc` tells.
    """
    for body in bodies:
        served.ask(VERDICT, body)
    [leader] = [one for one in _children(served.session) if _children(one)]
    found = [_private(one) for one in _children(leader)]
    # The trackers of the library for processes take no part in the work.
    return sorted((one for one in found if one > 5.0), reverse=True)


def _children(process: int) -> list[int]:
    text = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(word) for word in text.split()]


def _private(process: int) -> float:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024


def pyramid_of(folder: Path, name: str) -> list[tuple[int, int, int]]:
    """Cut the low zooms of a layer as ingesting does; return the places of its tiles."""
    ready = TileSource(Engine.open(folder)).prepared(name)
    path = pyramid_path(folder / "service" / "ubin", name, ready.version)
    path.parent.mkdir(parents=True, exist_ok=True)
    build_pyramid(ready, path)
    found = []
    for z in ZOOMS:
        west, north, east, south = limits(ready.bounds, z)
        found += [(z, x, y) for x in range(west, east + 1) for y in range(north, south + 1)]
    return found


def tiles(
    served: Served, folder: Path, name: str, places: Sequence[tuple[int, int, int]], count: int
) -> dict[str, float]:
    """Return what a tile that was cut before costs: in this process, over HTTP, and unchanged."""
    source = TileSource(Engine.open(folder), folder=folder / "service" / "ubin")
    for place in places:
        source.tile(name, *place)
    begin = time.process_time()
    for turn in range(count):
        source.tile(name, *places[turn % len(places)])
    took = {"in_process_us": 1e6 * (time.process_time() - begin) / count}
    addresses = [f"/tiles/{name}/{z}/{x}/{y}.mvt" for z, x, y in places]
    marks = [_get(served.port, [address])[1][0] for address in addresses]
    for label, sent in (("tile", [""] * len(marks)), ("unchanged", marks)):
        before = _spent(served)
        turns = [turn % len(places) for turn in range(count)]
        times, _ = _get(served.port, [addresses[t] for t in turns], [sent[t] for t in turns])
        spent = _spent(served) - before
        took |= {
            f"{label}_p50_ms": float(np.percentile(times, 50)),
            f"{label}_p99_ms": float(np.percentile(times, 99)),
            f"{label}_processor_ms": 1000 * spent / count,
        }
    return took


def _get(
    port: int, addresses: Sequence[str], marks: Sequence[str] = ()
) -> tuple[list[float], list[str]]:
    """Ask for addresses over one connection; return milliseconds and the marks of the answers."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times, found = [], []
    for number, address in enumerate(addresses):
        mark = marks[number] if marks else ""
        begin = time.perf_counter()
        line.request("GET", address, headers={"if-none-match": mark} if mark else {})
        answer = line.getresponse()
        answer.read()
        times.append(1000 * (time.perf_counter() - begin))
        if answer.status not in ((304,) if mark else (200, 204)):
            raise RuntimeError(f"{address} was answered with {answer.status}")
        found.append(answer.headers["etag"])
    line.close()
    return times, found


def main(words: list[str] | None = None) -> int:
    """Measure and tell."""
    wanted = _arguments().parse_args(words)
    province = build_province(wanted.scale)
    bodies = applications(province, 200)
    said: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, "
        f"Python {platform.python_version()}, scale {wanted.scale}"
    }
    print(said["machine"])
    with tempfile.TemporaryDirectory(prefix="tataruang-") as scratch:
        folder = build_workspace(Path(scratch) / "ruang", province)
        for state in ("cold", "warm", "warm again"):
            with started(folder, bodies[0]) as (_, took):
                said[state] = took
            _tell(f"{state} start", took)
        with started(folder, bodies[0], 2) as (served, took):
            said["two workers"] = took
            said["private_mb"] = workers(served, bodies)
        _tell("start of two workers", took)
        memory = ", ".join(f"{one:.0f} MB" for one in said["private_mb"])
        print(f"  memory of its own of each worker: {memory}")
        places = pyramid_of(folder, "zoning")
        with started(folder, bodies[0]) as (served, _):
            said["tiles"] = tiles(served, folder, "zoning", places, 2_000)
        _tell("tiles cut before", said["tiles"])
    if wanted.output:
        wanted.output.write_text(json.dumps(said, indent=1) + "\n")
    return 0


def _tell(name: str, row: dict[str, float]) -> None:
    figures = ", ".join(f"{key} {value:.3g}" for key, value in row.items())
    print(f"  {name:<22}{figures}", flush=True)


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.starting", description=__doc__
    )
    parser.add_argument("--scale", type=float, default=0.1, help="1 is a province")
    parser.add_argument("--output", type=Path, help="JSON with all figures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
