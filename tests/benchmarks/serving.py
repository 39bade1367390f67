"""The conformity endpoint under load, beside FastAPI over PostGIS: rates, latencies, and where
the time goes.

    python -m tests.benchmarks.serving --scale 1 --output docs/benchmarks.json

Server, database and load share the processors of one machine; so the processor time of a
request is told beside the rates, of the server with all that works for it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from spatial.crs import LONLAT, operation
from tests.benchmarks.agreement import agreement
from tests.benchmarks.load import Load, gets, load, posts
from tests.benchmarks.province import CRS, Province, build_province
from tests.benchmarks.served import applications, build_workspace
from tests.benchmarks.servers import Served, engine_served, postgis_served
from tests.postgres import Missing

__all__ = ["main", "measured", "stages"]

#: What is asked of whom: the name in the results, the service, the address.
ASKED: Final = (
    ("engine", "engine", "/v1/conformity"),
    ("engine, dry run", "engine", "/v1/conformity?dry_run=true"),
    ("postgis", "postgis", "/v1/conformity"),
    ("postgis, dry run", "postgis", "/v1/conformity?dry_run=true"),
    ("postgis, shares alone", "postgis", "/v1/shares"),
)
#: Answers may differ by this share: the last decimal that is shown.
EQUAL: Final = 1e-6


def measured(served: Served, requests: Sequence[bytes], seconds: float) -> dict[str, Any]:
    """Load a server fully, then at half of that; return rates, latencies, processor time."""
    load(served.port, requests, seconds=min(seconds, 2.0))
    before = served.processor_seconds()
    most = load(served.port, requests, seconds=seconds)
    after = served.processor_seconds()
    answered = most.rate * seconds
    half = load(served.port, requests, seconds=seconds, rate=most.rate / 2)
    spent = {role: (after[role] - before[role]) * 1000 / answered for role in after}
    return {
        **_rounded(most),
        "processor_ms": round(sum(spent.values()), 4),
        "processor_ms_of": {role: round(value, 4) for role, value in spent.items() if value},
        "half": _rounded(half),
    }


def _rounded(found: Load) -> dict[str, float]:
    return {name: round(value, 4) for name, value in asdict(found).items()}


def clicks(served: Served, province: Province, seconds: float) -> dict[str, float]:
    """Ask what lies at places of the province, one click after the other."""
    west, south, east, north = province.layers["zoning"].total_bounds
    chance = np.random.default_rng(7).random((500, 2))
    places = np.array([west, south]) + chance * np.array([east - west, north - south])
    lonlat = operation(CRS, LONLAT)(places).tolist()
    requests = gets(f"/v1/zones/at?lon={lon:.6f}&lat={lat:.6f}" for lon, lat in lonlat)
    load(served.port, requests, seconds=1.0, connections=1)
    return _rounded(load(served.port, requests, seconds=seconds, connections=1))


def stages(folder: Path, bodies: Sequence[bytes]) -> dict[str, float]:
    """Return the mean processor time of each stage of a recorded verdict, in microseconds."""
    # Only here: its libraries are not needed to load a server.
    from api.engine import Engine
    from api.service import Service
    from api.settings import ServeSettings
    from api.verdict_files import verdict_bytes
    from zoning.check import cases_of, ordered
    from zoning.judge import judge
    from zoning.register.chain import Packed

    service = Service(Engine.open(folder), ServeSettings())
    plans = ordered(service.engine.plans)  # type: ignore[attr-defined]  # an engine
    work: dict[str, Callable[[Any], Any]] = {
        "read and check the application": service.read,
        "measure the parcel in six layers": lambda sent: (
            sent,
            [case for _, case in cases_of(sent.permits, plans)[1]],
        ),
        "judge": lambda pair: (pair[0], [judge(case) for case in pair[1]]),
        "write the answer": lambda pair: (
            pair[0],
            [verdict_bytes(verdict.to_dict()) for verdict in pair[1]],
        ),
        "write the application for the record": lambda pair: service.engine.drafts(*_permits(pair)),  # type: ignore[attr-defined]  # an engine
        "hash, compress": lambda drafts: [Packed(draft) for draft in drafts],
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
    return {name: round(total / len(bodies), 1) for name, total in taken.items()}


def _permits(pair: Any) -> tuple[Any, Any]:
    sent, answers = pair
    return sent.permits, answers


def main(words: list[str] | None = None) -> int:
    """Measure the engine and its peers; return 0 when they answer the same."""
    wanted = _arguments().parse_args(words)
    province = build_province(wanted.scale, wanted.seed)
    bodies = applications(province, 2_000)
    said: dict[str, Any] = {
        "machine": f"{_processor()}, {os.cpu_count()} processors, Python "
        f"{platform.python_version()}, {time.strftime('%Y-%m-%d')}; scale {wanted.scale:g}, "
        f"{wanted.workers} workers, 16 connections; {os.getloadavg()[0]:.1f} processes wanted a "
        "processor when it began"
    }
    print(said["machine"], flush=True)
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tataruang-")))
        folder = build_workspace(scratch / "ruang", province)
        engine = stack.enter_context(engine_served(folder, wanted.workers, bodies[0]))
        _measure(said, {"engine": engine}, bodies, wanted.seconds)
        said["click"] = clicks(engine, province, wanted.seconds)
        print(
            f"  a click: p50 {said['click']['p50_ms']:.2f} ms, p95 {said['click']['p95_ms']:.2f} ms"
        )
        try:
            peer = stack.enter_context(postgis_served(province, folder, wanted.workers, bodies[0]))
        except Missing as why:
            print(f"  FastAPI over PostGIS skipped: {why}")
        else:
            _measure(said, {"postgis": peer}, bodies, wanted.seconds)
            said["difference"] = agreement(engine, peer, bodies[:200])
            print(f"  largest difference of two answers: {said['difference']:.1e}")
        said["stages"] = stages(folder, bodies[:500])
    for name, taken in said["stages"].items():
        print(f"  {name:<40}{taken:>8.0f} us")
    if wanted.output:
        _save(wanted.output, said)
    return 0 if said.get("difference", 0.0) <= EQUAL else 1


def _measure(
    said: dict[str, Any], servers: Mapping[str, Served], bodies: Sequence[bytes], seconds: float
) -> None:
    for name, service, path in ASKED:
        if service in servers:
            said[name] = measured(servers[service], posts(path, bodies), seconds)
            _tell(name, said[name])


def _save(output: Path, said: dict[str, Any]) -> None:
    """Put the results beside those of other benchmarks."""
    others = json.loads(output.read_text()) if output.exists() else {}
    output.write_text(json.dumps(others | {"serving": said}, indent=1) + "\n")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line for line in lines if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


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
    parser.add_argument("--output", type=Path, help="JSON, to which the section is added")
    return parser


if __name__ == "__main__":
    sys.exit(main())
