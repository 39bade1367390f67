"""The conformity endpoint under load, beside FastAPI over PostGIS: rates, latencies, and where
the time goes.

    python -m tests.benchmarks.serving --scale 1 --output serving.json

Server, database and load share the processors of one machine; so the processor time of a
request is told beside the rates, of the server with all that works for it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from tests.benchmarks.databases import fill
from tests.benchmarks.load import Load, load
from tests.benchmarks.province import Province, build_province, split
from tests.benchmarks.served import applications, build_workspace
from tests.postgres import Missing, start_server

__all__ = ["agreement", "engine_served", "main", "measured", "postgis_served", "stages"]

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

    def processor_seconds(self) -> float:
        """Return the processor time that its processes have taken."""
        ticks = os.sysconf("SC_CLK_TCK")
        own = {self.session, *self.beside()}
        found = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                words = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # It ended in between.
            if int(words[3]) in own:
                found += int(words[11]) + int(words[12])
        return found / ticks


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
def postgis_served(province: Province, workers: int, body: bytes) -> Iterator[Served]:
    """Serve the peer: the layers cut into pieces in a PostgreSQL of its own.

    Raises
    ------
    Missing
        If there is no server to start.
    """
    database = start_server()
    try:
        address = database.fresh()
        fill(address, {name: split(frame) for name, frame in province.layers.items()})
        words = ["uvicorn", "tests.benchmarks.postgis_app:app", "--port", "PORT"]
        words += ["--workers", str(workers), "--no-access-log"]
        with _running(words, body, "/v1/conformity", BENCH_DATABASE=address) as served:
            head = int((database.data / "postmaster.pid").read_text().split()[0])
            yield Served(served.port, served.session, lambda: _sessions_of(head))
    finally:
        database.remove()


def _sessions_of(head: int) -> list[int]:
    """Return the sessions of a PostgreSQL server's processes: each has its own."""
    found = [os.getsid(head)]
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(words[1]) == head:
            found.append(int(words[3]))
    return found


def measured(
    served: Served, path: str, bodies: Sequence[bytes], seconds: float
) -> dict[str, float]:
    """Load a server fully, then at half of that; return rates, latencies, processor time."""
    load(served.port, path, bodies, seconds=min(seconds, 2.0))
    before = served.processor_seconds()
    most = load(served.port, path, bodies, seconds=seconds)
    spent = served.processor_seconds() - before
    half = load(served.port, path, bodies, seconds=seconds, rate=most.rate / 2)
    return {
        **asdict(most),
        "processor_ms": spent * 1000 / (most.rate * seconds),
        "half": _rounded(half),
    }  # type: ignore[dict-item]  # a table within the table


def _rounded(found: Load) -> dict[str, float]:
    return {name: round(value, 3) for name, value in asdict(found).items()}


def agreement(engine: Served, peer: Served, bodies: Sequence[bytes]) -> float:
    """Return the largest difference of an area in a zone, as share of its parcel."""
    worst = 0.0
    for body in bodies:
        verdict = engine.ask("/v1/conformity?dry_run=true", body)
        ours = {part["zone"]: part["area_m2"] for part in verdict["parts"]}
        rows = peer.ask("/v1/conformity", body)
        theirs = {code: area for layer, code, area in rows if layer == "zoning"}
        for code in ours.keys() | theirs.keys():
            away = abs(ours.get(code, 0.0) - theirs.get(code, 0.0))
            worst = max(worst, away / verdict["parcel"]["area_m2"])
    return worst


def stages(folder: Path, bodies: Sequence[bytes]) -> dict[str, float]:
    """Return the mean processor time of each stage of a recorded verdict, in microseconds."""
    # Only here: its libraries are not needed to load a server.
    from api.engine import Engine
    from api.service import Service
    from api.settings import ServeSettings
    from api.verdict_files import verdict_bytes
    from zoning.register.chain import Packed

    service = Service(Engine.open(folder), ServeSettings())
    work: dict[str, Callable[[Any], Any]] = {
        "read and check the application": service.read,
        "judge": lambda sent: (sent, service.engine.check(sent.permits)[0]),
        "write the answer": lambda pair: (pair[0], verdict_bytes(pair[1].to_dict())),
        "prepare the record": lambda pair: [
            Packed(draft)
            for draft in service.engine.drafts(pair[0].permits, [pair[1]])  # type: ignore[attr-defined]  # an engine
        ],
    }
    taken = dict.fromkeys(work, 0.0)
    for round_ in range(2):
        for body in bodies:
            value: Any = body
            for name, step in work.items():
                begin = time.process_time_ns()
                value = step(value)
                # The first round prepares what a service has prepared.
                taken[name] += (time.process_time_ns() - begin) / 1000 * round_
    return {name: total / len(bodies) for name, total in taken.items()}


def main(words: list[str] | None = None) -> int:
    """Measure the engine and its peer; return 0 when their areas are equal."""
    wanted = _arguments().parse_args(words)
    province = build_province(wanted.scale, wanted.seed)
    bodies = applications(province, 2_000)
    said: dict[str, Any] = {
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, "
        f"Python {platform.python_version()}, scale {wanted.scale}, {wanted.workers} workers"
    }
    print(said["machine"])
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tataruang-")))
        folder = build_workspace(scratch / "ruang", province)
        engine = stack.enter_context(engine_served(folder, wanted.workers, bodies[0]))
        said["engine"] = measured(engine, "/v1/conformity", bodies, wanted.seconds)
        _tell("verdicts, on record", said["engine"])
        dry = measured(engine, "/v1/conformity?dry_run=true", bodies, wanted.seconds)
        said["dry run"] = dry
        _tell("verdicts, dry run", dry)
        try:
            peer = stack.enter_context(postgis_served(province, wanted.workers, bodies[0]))
        except Missing as why:
            print(f"  FastAPI over PostGIS skipped: {why}")
        else:
            said["postgis"] = measured(peer, "/v1/conformity", bodies, wanted.seconds)
            _tell("FastAPI over PostGIS", said["postgis"])
            said["difference"] = agreement(engine, peer, bodies[:200])
            print(f"  largest difference of an area: {said['difference']:.1e} of the parcel")
        said["stages, us"] = stages(folder, bodies[:300])
    for name, taken in said["stages, us"].items():
        print(f"  {name:<32}{taken:>8.0f} us")
    if wanted.output:
        wanted.output.write_text(json.dumps(said, indent=1) + "\n")
    return 0 if said.get("difference", 0.0) <= 1e-6 else 1


def _tell(name: str, row: Mapping[str, Any]) -> None:
    half = row["half"]
    print(
        f"  {name:<24}{row['rate']:>7.0f} a second, {row['processor_ms']:.2f} ms of processor; "
        f"at half of it p50 {half['p50_ms']:.1f} ms, p99 {half['p99_ms']:.1f} ms"
        + (f", {row['refused']} refused" if row["refused"] else ""),
        flush=True,
    )


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.serving", description=__doc__)
    parser.add_argument("--scale", type=float, default=0.1, help="1 is a province")
    parser.add_argument("--seed", type=int, default=33)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--output", type=Path, help="JSON with all figures")
    return parser


if __name__ == "__main__":
    sys.exit(main())
