"""The tables of docs/benchmarks.md about serving, from the results of its benchmark."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["SERVING"]

NAMES: Final = {
    "engine": "**the engine**, on record",
    "engine, dry run": "the engine, dry run",
    "postgis": "FastAPI over PostGIS, the same verdict, on record",
    "postgis, dry run": "FastAPI over PostGIS, the same verdict, dry run",
    "postgis, shares alone": "FastAPI over PostGIS, shares alone, nothing on record",
}


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _machine(said: dict[str, Any]) -> str:
    found = said.get("serving", {})
    return f"{found['machine']}." if found else ""


def _rates(said: dict[str, Any]) -> str:
    found = said.get("serving", {})
    rows = [
        [
            text, f"{row['rate']:,.0f}", f"{row['rate'] / found['engine']['rate']:.2f}",
            f"{row['processor_ms']:.2f}", f"{row['half']['p50_ms']:.1f}",
            f"{row['half']['p99_ms']:.1f}",
        ]
        for name, text in NAMES.items()
        if (row := found.get(name))
    ]  # fmt: skip
    head = ["service", "answers a second", "of the engine", "ms of processor each",
            "p50 at half of that, ms", "p99"]  # fmt: skip
    return _table(head, rows) if rows else ""


def _click(said: dict[str, Any]) -> str:
    row = said.get("serving", {}).get("click")
    if not row:
        return ""
    cells = [f"{row[name]:.2f}" for name in ("p50_ms", "p95_ms", "p99_ms")]
    return _table(["one click after the other", "p50, ms", "p95", "p99"],
                  [["`/v1/zones/at`", *cells]])  # fmt: skip


def _parts(said: dict[str, Any]) -> str:
    found = said.get("serving", {})
    stages: dict[str, float] = dict(found.get("stages", {}))
    if not stages:
        return ""
    engine = found["engine"]
    of = {role: value * 1000 for role, value in engine["processor_ms_of"].items()}
    packing = stages.pop("hash, compress", 0.0)
    parts = stages | {"HTTP, framework, handing over": of["workers"] - sum(stages.values())}
    if "writers" in of:
        parts["hash and compress the record, in the process beside"] = packing
        parts["chain, SQLite, sync to disk, in the process beside"] = of["writers"] - packing
    whole = sum(parts.values())
    rows = [[name, f"{us:,.0f}", f"{100 * us / whole:.0f} %"] for name, us in parts.items()]
    rows += [["**together**", f"{whole:,.0f}", "100 %"]]
    rows += [["the load itself, beside", f"{1000 * engine['own_ms']:,.0f}", ""]]
    return _table(["part of a verdict on record", "µs of processor", "share"], rows)


SERVING: Final = {
    "serving machine": _machine,
    "serving": _rates,
    "click": _click,
    "serving parts": _parts,
}
