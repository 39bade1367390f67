"""The same function on many machines: thin adapters for Dask and Spark.

Both only map spans, no row is ever exchanged between workers. Parts, workspace and answers
lie on storage that all machines see. What a scheduler leaves behind, after any loss of
workers, is found by its missing files and judged by the pool of the driver.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pandas as pd

from api.bulk.job import Job
from api.bulk.judge import judge_span
from spatial.errors import LimitError

__all__ = ["run_dask", "spark_judge", "spark_spans"]


def run_dask(
    job: Job, scheduler: str, workers: int, *, tell: Callable[[int], None] = lambda rows: None
) -> None:
    """Map the missing spans over a Dask cluster; faults are left for the local pool.

    Parameters
    ----------
    scheduler : str
        Address such as `tcp://10.0.0.5:8786`, or "local" for `workers` processes here.

    Raises
    ------
    LimitError
        `batch_no_dask`, if Dask is not installed or the scheduler does not answer.
    """
    try:
        distributed: Any = importlib.import_module("distributed")
    except ImportError as error:
        raise _no_dask("pip install tataruang[cluster]") from error
    with ExitStack() as stack:
        try:
            if scheduler == "local":
                cluster = stack.enter_context(
                    distributed.LocalCluster(
                        n_workers=workers, threads_per_worker=1, dashboard_address=None
                    )
                )
                client = stack.enter_context(distributed.Client(cluster))
            else:
                client = stack.enter_context(distributed.Client(scheduler, timeout=30))
        except OSError as error:
            raise _no_dask(str(error)) from error
        spans = list(job.missing())
        # A span that a worker dies of is tried elsewhere; then it is the local pool's.
        futures = client.map(judge_span, [job.order] * len(spans), spans, retries=1, pure=False)
        for future in distributed.as_completed(futures):
            if future.status == "finished":
                tell(future.result())


def _no_dask(why: str) -> LimitError:
    return LimitError(
        "no Dask cluster can be used: {why}",
        code="batch_no_dask",
        hint="Start a scheduler and name it, or leave --scheduler out",
        why=why,
    )


def spark_spans(job: Job) -> pd.DataFrame:
    """Return the missing spans as rows for `spark.createDataFrame`.

    Examples
    --------
    For a SparkSession `spark`::

        spans = spark.createDataFrame(spark_spans(job)).repartition(200)
        spans.mapInPandas(spark_judge(job), "part string, rows long").count()
        run_local(job, workers=2)  # whatever Spark has left behind
        collect(job, target)
    """
    rows = [(span.part.name, span.begin, span.end) for span in job.missing()]
    return pd.DataFrame(rows, columns=["part", "begin", "end"])


def spark_judge(job: Job) -> Callable[[Iterator[pd.DataFrame]], Iterator[pd.DataFrame]]:
    """Return the function for Spark's `mapInPandas` over the rows of `spark_spans`."""
    parts = {part.name: part for part in job.parts}

    def judge(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            done: list[dict[str, Any]] = []
            for name, begin, end in frame.itertuples(index=False):
                span = job.span(parts[name], int(begin), int(end))
                done.append({"part": name, "rows": judge_span(job.order, span)})
            yield pd.DataFrame(done, columns=["part", "rows"])

    return judge
