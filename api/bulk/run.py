"""A batch from file to file, with progress for whoever looks."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from api.bulk.collect import check_batch_suffix, collect
from api.bulk.job import PART_ROWS, Job, Order, prepare
from api.bulk.pool import JUDGE, run_local
from api.options import atomic_path, on_terminal

__all__ = ["Result", "run_batch"]


@dataclass(frozen=True, slots=True)
class Result:
    """How many permits, how many of them were answered before, verdicts, and what failed."""

    permits: int
    resumed: int
    verdicts: Counter[str]
    refused: tuple[str, ...]


def run_batch(
    permits: Path,
    order: Order,
    output: Path,
    *,
    workers: int,
    scheduler: str | None = None,
    part_rows: int = PART_ROWS,
    seconds_per_permit: float = 30.0,
    judge: str = JUDGE,
) -> Result:
    """Judge a GeoParquet file of permits and write the answers in its order.

    Work in progress lies beside `output` in a folder that is removed at the end; the same
    call goes on where a former one was stopped, however it ended.

    Parameters
    ----------
    output : Path
        .jsonl (verdicts, the bytes of a single check), .csv (one row each) or .parquet (both).
    workers : int
        Processes on this machine.
    scheduler : str, optional
        Address of a Dask scheduler, or "local".
    """
    check_batch_suffix(output)
    folder = output.with_name(f".{output.name}.batch")
    job = prepare(permits, order, folder, part_rows=part_rows)
    resumed = job.rows - sum(len(span) for span in job.missing())
    with _progress(job, resumed) as tell:
        if scheduler:
            from api.bulk.cluster import run_dask

            run_dask(job, scheduler, workers, tell=tell)
        refused = run_local(
            job, workers, seconds_per_permit=seconds_per_permit, judge=judge, tell=tell
        )
    with atomic_path(output) as partial:
        verdicts = collect(job, partial)
    shutil.rmtree(folder)
    return Result(job.rows, resumed, verdicts, tuple(refused))


@contextmanager
def _progress(job: Job, done: int) -> Iterator[Callable[[int], None]]:
    """Show rate and time left on a terminal; elsewhere say nothing."""
    if not on_terminal():
        yield lambda rows: None
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("izin / permits"), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), transient=True) as bar:
        task = bar.add_task("", total=job.rows, completed=done)
        yield lambda rows: bar.advance(task, rows)
