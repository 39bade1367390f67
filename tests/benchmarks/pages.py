"""From the JSON of a benchmark to the tables and pictures of docs/benchmarks.md.

    python -m tests.benchmarks.pages results.json docs/benchmarks.md

Each table of the page stands between `<!-- table: NAME -->` and `<!-- end -->` and is
replaced; what was not measured stays as it was. Pictures go to `img/` beside the page.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from tests.benchmarks.serving_tables import SERVING

__all__ = ["main"]

NAMES = {
    "engine": "**the engine**, 2 threads",
    "engine_one_thread": "the engine, 1 thread",
    "engine_two_workers": "the engine, 2 workers of 1 thread, which hand back their tables",
    "engine_without_saved_index": "the engine, its indexes built on the way",
    "shapely_two_processes": "shapely STRtree by hand, 2 processes",
    "shapely_tree": "shapely STRtree by hand",
    "sedonadb": "SedonaDB 0.5",
    "duckdb_spatial": "DuckDB 1.5.5 spatial",
    "geopandas_sjoin": "geopandas sjoin and intersection",
    "geopandas_overlay": "geopandas.overlay",
    "dask_geopandas": "dask-geopandas",
    "postgis": "PostGIS, GiST, ST_CoveredBy shortcut",
}
BLUE, GREY, RED = "#1f5fa8", "#8a8f98", "#b5432f"


def main(words: list[str]) -> int:
    """Rewrite a page from results; return 0."""
    results, page = (Path(word) for word in words)
    said = json.loads(results.read_text(encoding="utf-8"))
    text = page.read_text(encoding="utf-8")
    for name, table in TABLES.items():
        if rows := table(said):
            block = f"<!-- table: {name} -->\n{rows}\n<!-- end -->"
            text = re.sub(
                rf"<!-- table: {name} -->.*?<!-- end -->", lambda _, b=block: b, text, flags=re.S
            )
    page.write_text(text, encoding="utf-8")
    if "curves" in said:
        pictures(said["curves"], page.parent / "img")
    return 0


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _figure(value: float) -> str:
    """Write a number with two figures that count."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2g}"


def _machine(said: dict[str, Any]) -> str:
    one = said["machine"]
    return (
        f"{one['processor']}, {one['cpus']} processors, Python {one['python']}, {one['day']}; "
        f"{one['parcels']:,} parcels, scale {one['scale']:g}; "
        f"{one['load']:.1f} processes wanted a processor when the last run began."
    )


def _compared(section: str, unit: float = 1.0) -> Callable[[dict[str, Any]], str]:
    def table(said: dict[str, Any]) -> str:
        found = said.get(section)
        if not found:
            return ""
        base = found["engine"]["seconds"]
        rows = [
            [NAMES[name], _figure(row["seconds"] * unit), _figure(row["seconds"] / base)]
            for name, row in sorted(found.items(), key=lambda pair: pair[1]["seconds"])
        ]
        return _table(["engine", "seconds", "times the engine"], rows)

    return table


def _file(said: dict[str, Any]) -> str:
    found = said.get("file")
    if not found:
        return ""
    base = found["engine"]["seconds"]
    rows = [
        [NAMES[name], *(_figure(row[key]) for key in ("seconds", "cpu_seconds", "megabytes")),
         _figure(row["seconds"] / base)]
        for name, row in sorted(found.items(), key=lambda pair: pair[1]["seconds"])
    ]  # fmt: skip
    return _table(["engine", "seconds", "of processor", "peak MB", "times the engine"], rows)


def _single(said: dict[str, Any]) -> str:
    names = {"engine": "**the engine**, whole zones", "shapely_tree": "shapely STRtree, cut zones",
             "postgis": "PostGIS, cut zones, one prepared question"}  # fmt: skip
    rows = [
        [names[name], *(f"{row[key]:.3f}" for key in ("p50", "p99", "cpu_p50", "cpu_p99"))]
        for name, row in said.get("single", {}).items()
    ]
    head = ["engine", "p50, ms", "p99, ms", "p50 of processor", "p99 of processor"]
    return _table(head, rows) if rows else ""


def _built(said: dict[str, Any]) -> str:
    rows = [
        [name, *(f"{row[key]:,.0f}" for key in ("zones", "vertices", "largest")),
         _figure(row["seconds"]), _figure(row["cpu_seconds"]), _figure(row["megabytes"])]
        for name, row in said.get("open", {}).get("build", {}).items()
    ]  # fmt: skip
    head = ["layer", "zones", "vertices", "largest", "built in, s", "of processor", "MB"]
    return _table(head, rows) if rows else ""


def _opened(said: dict[str, Any]) -> str:
    rows = [
        [name, *(_figure(row[key]) for key in ("load_code_ms", "open_ms", "first_answer_ms"))]
        for name, row in said.get("open", {}).get("fresh process", {}).items()
    ]
    head = ["the zoning of a province", "compiled code read, ms", "opened, ms", "first answer, ms"]
    return _table(head, rows) if rows else ""


def _live(said: dict[str, Any]) -> str:
    rows = [
        [name, f"{row['cpu_p50']:.3f}", f"{row['cpu_p99']:.3f}"]
        for name, row in said.get("live", {}).items()
        if "cpu_p50" in row
    ]
    return _table(["question", "p50, ms of processor", "p99"], rows) if rows else ""


def _zone_size(said: dict[str, Any]) -> str:
    rows = [
        [f"{row['vertices']:,.0f}", f"{row['largest']:,.0f}", f"{100 * row['near_border']:.1f} %",
         *(_figure(row[key]) for key in ("engine_us", "shapely_cut_us", "shapely_uncut_us"))]
        for row in said.get("curves", {}).get("zone size", [])
    ]  # fmt: skip
    head = ["vertices", "largest zone", "parcels at a border", "the engine, µs a parcel",
            "shapely, cut zones", "shapely, whole zones"]  # fmt: skip
    return _table(head, rows) if rows else ""


def _parcels(said: dict[str, Any]) -> str:
    rows = [
        [f"{row['parcels']:,.0f}", _figure(row["engine_s"]),
         _figure(row["shapely_cut_s"]) if "shapely_cut_s" in row else "",
         _figure(1e6 * row["engine_s"] / row["parcels"])]
        for row in said.get("curves", {}).get("parcels", [])
    ]  # fmt: skip
    head = ["parcels", "the engine, s", "shapely, cut zones, s", "the engine, µs a parcel"]
    return _table(head, rows) if rows else ""


def _scaling(said: dict[str, Any]) -> str:
    found = said.get("split", {})
    if not {"engine", "engine_one_thread"} <= found.keys():
        return ""
    one = found["engine_one_thread"]["seconds"]
    rows = [
        [NAMES[name], _figure(found[name]["seconds"]), f"{one / found[name]['seconds']:.2f}"]
        for name in ("engine_one_thread", "engine", "engine_two_workers")
        if name in found
    ]
    return _table(["", "seconds", "times as fast as one thread"], rows)


def _tiles(said: dict[str, Any]) -> str:
    names = {"engine": "**the engine**", "mapbox_vector_tile": "shapely and mapbox-vector-tile 2.2",
             "duckdb": "DuckDB 1.5.5 ST_AsMVT", "postgis": "PostGIS ST_AsMVT"}  # fmt: skip
    zooms = [z for z in said.get("tiles", {}) if z.isdigit()]
    rows = []
    for name, words in names.items():
        row = [words]
        for z in zooms:
            there = said["tiles"][z]
            if name not in there:
                row.append("")
                continue
            ratio = there[name]["mean_ms"] / there["engine"]["mean_ms"]
            row.append(f"{_figure(there[name]['mean_ms'])} ({_figure(ratio)} x)")
        rows.append(row)
    if not zooms:
        return ""
    head = f"ms of processor a tile, {said['tiles']['zones']:,} zones"
    return _table([head, *(f"zoom {z}" for z in zooms)], rows)


TABLES: dict[str, Callable[[dict[str, Any]], str]] = {
    "machine": _machine,
    "split": _compared("split"),
    "scaling": _scaling,
    "unsplit": _compared("unsplit"),
    "file": _file,
    "single": _single,
    "built": _built,
    "opened": _opened,
    "live": _live,
    "tiles": _tiles,
    "zone size": _zone_size,
    "parcels": _parcels,
    **SERVING,
}


def pictures(curves: dict[str, Any], folder: Path) -> None:
    """Draw both curves, without a date or a random name in the files."""
    mpl.use("agg")
    mpl.rcParams |= {"svg.hashsalt": "tataruang", "font.size": 10}
    _draw(
        folder / "benchmark-zone-size.svg",
        ("vertices of the largest zone", "µs a parcel"),
        _lines(curves["zone size"], "largest", "_us"),
    )
    _draw(
        folder / "benchmark-parcels.svg",
        ("parcels against six layers", "seconds, one thread"),
        _lines(curves["parcels"], "parcels", "_s"),
    )


def _lines(rows: list[dict[str, float]], along: str, unit: str) -> list[tuple[Any, ...]]:
    """Return x, y, label and colour of every engine that was measured along a figure."""
    known = {
        "shapely_uncut": ("shapely, whole zones", RED),
        "shapely_cut": ("shapely, zones cut beforehand", GREY),
        "engine": ("the engine, whole zones", BLUE),
    }
    found = []
    for name, look in known.items():
        there = [row for row in rows if name + unit in row]
        if there:
            x, y = [row[along] for row in there], [row[name + unit] for row in there]
            found.append((x, y, *look))
    return found


def _draw(path: Path, axis: tuple[str, str], lines: list[tuple[Any, ...]]) -> None:
    figure, axes = plt.subplots(figsize=(7, 4.2), layout="constrained")
    for x, y, label, colour in lines:
        axes.loglog(x, y, marker="o", markersize=4, color=colour)
        axes.annotate(
            label, (x[-1], y[-1]), xytext=(0, 7), textcoords="offset points", color=colour,
            ha="right",
        )  # fmt: skip
    axes.set(xlabel=axis[0], ylabel=axis[1])
    axes.margins(y=0.15)
    plain = FuncFormatter(lambda value, _: f"{value:,.10g}")
    marks = (1.0, 2.0, 5.0) if max(lines[0][0]) < 100 * min(lines[0][0]) else (1.0,)
    for side, where in ((axes.xaxis, marks), (axes.yaxis, (1.0,))):
        side.set_major_locator(LogLocator(subs=where))
        side.set_major_formatter(plain)
        side.set_minor_locator(NullLocator())
    axes.grid(visible=True, which="major", color="#dddddd", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
