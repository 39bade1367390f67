"""The answers of a batch as one file: only when every row of the input has one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from api.bulk.job import Job
from api.bulk.judge import JSON, SCHEMA
from spatial.errors import ClosureError, LayerError

__all__ = ["BATCH_SUFFIXES", "check_batch_suffix", "collect"]

BATCH_SUFFIXES: Final = (".jsonl", ".csv", ".parquet")


def check_batch_suffix(target: Path) -> None:
    """Refuse a format that cannot be written row by row.

    Raises
    ------
    LayerError
        `batch_suffix`.
    """
    if target.suffix.lower() not in BATCH_SUFFIXES:
        raise LayerError(
            "{name}: a batch cannot be written as {suffix}",
            code="batch_suffix",
            hint="Use one of {known}",
            name=target.name,
            suffix=target.suffix or "-",
            known=", ".join(BATCH_SUFFIXES),
        )


def collect(job: Job, target: Path) -> Counter[str]:
    """Write the answers in the order of the permits; return how many verdicts of each kind.

    Raises
    ------
    ClosureError
        `batch_incomplete`, if a row has no answer: nothing is written then.
    """
    missing = sum(len(span) for span in job.missing())
    if missing:
        raise ClosureError(
            "{missing} of {rows} permits have no answer yet",
            code="batch_incomplete",
            hint="Run the same command again: what is there is kept",
            missing=missing,
            rows=job.rows,
        )
    counts: Counter[str] = Counter()
    write = {".jsonl": _jsonl, ".csv": _csv, ".parquet": _parquet}[target.suffix.lower()]
    write(_tables(job, counts), target)
    return counts


def _tables(job: Job, counts: Counter[str]) -> Iterator[pa.Table]:
    for _, spans in job.finished():
        for span in spans:
            table = pq.read_table(span.target)
            counts.update(table.column("verdict").to_pylist())
            yield table


def _jsonl(tables: Iterator[pa.Table], target: Path) -> None:
    with target.open("wb") as out:
        for table in tables:
            for line in table.column(JSON).to_pylist():
                out.write(line + b"\n")


def _csv(tables: Iterator[pa.Table], target: Path) -> None:
    schema: Any = SCHEMA.remove(SCHEMA.get_field_index(JSON))
    with pacsv.CSVWriter(target, schema) as out:
        for table in tables:
            out.write_table(table.drop_columns([JSON]))


def _parquet(tables: Iterator[pa.Table], target: Path) -> None:
    with pq.ParquetWriter(target, SCHEMA, compression="zstd") as out:
        for table in tables:
            out.write_table(table)
