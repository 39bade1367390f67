"""Judge some rows of a part, in whatever process: the function that every scheduler maps."""

from __future__ import annotations

import os
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from api.bulk.job import Order, Span
from api.clock import today
from api.engine import Engine
from api.verdict_files import summary_row, verdict_bytes
from spatial.errors import ClosureError
from spatial.notes import Note
from zoning import headline, read_permits
from zoning.ground import ground_on

__all__ = ["JSON", "SCHEMA", "judge_span", "refuse_span", "warm"]

#: The column that holds the whole verdict, beside those of the summary.
JSON: Final = "verdict_json"
_NUMBERS: Final = ("luas_persil_m2", "tidak_tercakup_m2")
_COLUMNS: Final = (
    "permit_id", "verdict", "arti", "izin_paling_ringan", "izin_paling_berat", "alasan",
    "kode_alasan", "luas_persil_m2", "zona", "tidak_tercakup_m2", "syarat", "rencana",
    "per_tanggal", "mesin",
)  # fmt: skip
#: The columns of an answer: those of `summary_row`, and the verdict itself.
SCHEMA: Final = pa.schema(
    [(name, pa.float64() if name in _NUMBERS else pa.string()) for name in _COLUMNS]
    + [(JSON, pa.large_binary())]
)


def judge_span(order: Order, span: Span) -> int:
    """Judge the rows of a span and write their answers in one step; return their number.

    Raises
    ------
    ClosureError
        `batch_rows_lost`, if the answers are not those of the rows.
    EngineError
        What a single check would say of the file.
    """
    engine = _engine(order.workspace)
    return _answer(order, span, engine, _rows(engine, order, span))


def warm(order: Order) -> None:
    """Open the workspace and prepare what lies where, which is not the permits' time."""
    engine = _engine(order.workspace)
    on = date.fromisoformat(order.on) if order.on else today()
    for plan in engine.chosen(order.plan):
        if plan.meta.in_force(on):
            ground_on(plan, on)


def refuse_span(order: Order, span: Span, why: str) -> int:
    """Write for the rows of a span that they cannot be judged, and why."""
    engine = _engine(order.workspace)
    rows = _rows(engine, order, span)
    note = Note(
        "permit_not_judgeable", "the permit could not be judged: {why}", "error", {"why": why}
    )
    faults = pd.Series([note] * len(rows), index=rows.index, dtype=object)
    return _answer(order, span, engine, rows.assign(kendala=faults))


@lru_cache(maxsize=1)
def _engine(workspace: str) -> Engine:
    return Engine.open(workspace)


def _rows(engine: Engine, order: Order, span: Span) -> gpd.GeoDataFrame:
    """Read the permits of a span; a permit without a name is called by its row in the whole."""
    frame = read_permits(span.source, source_crs=order.source_crs, within=engine.extent)
    frame.index = frame.index + span.part.first
    rows: gpd.GeoDataFrame = frame.iloc[span.begin : span.end]
    if len(rows) != len(span):
        raise _lost(span, len(rows))
    return rows


def _answer(order: Order, span: Span, engine: Engine, rows: gpd.GeoDataFrame) -> int:
    on = date.fromisoformat(order.on) if order.on else None
    bodies = engine.check(rows, on=on, plan=order.plan, policy=order.policy).to_dicts()
    if len(bodies) != len(span):
        raise _lost(span, len(bodies))
    _write(bodies, Path(span.target))
    return len(bodies)


def _lost(span: Span, found: int) -> ClosureError:
    return ClosureError(
        "{found} answers for rows {begin} to {end} of {part}",
        code="batch_rows_lost",
        found=found,
        begin=span.begin,
        end=span.end,
        part=span.part.name,
    )


def _write(bodies: list[dict[str, Any]], target: Path) -> None:
    rows = [summary_row(body, _because(body)) | {JSON: verdict_bytes(body)} for body in bodies]
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    with partial.open("wb") as out:
        pq.write_table(table, out, compression="zstd")
        out.flush()
        os.fsync(out.fileno())
    partial.replace(target)


def _because(body: dict[str, Any]) -> str:
    whole = headline(body)
    return whole.partition(": ")[2] or whole
