"""The engine itself: built once, asked by one thread or by all."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spatial.index import ZoneIndex, index_of, measure_areas
from spatial.rings import flatten
from tests.benchmarks.tasks import Run, Task

__all__ = ["engine", "engine_one_thread", "indexes"]


def indexes(task: Task) -> dict[str, ZoneIndex]:
    """Index every layer."""
    return {
        name: index_of(np.asarray(frame.geometry.array, dtype=object), frame["code"])
        for name, frame in task.layers.items()
    }


def engine(task: Task, threads: int | None = None) -> Run:
    """Areas by the index, parcels as flat arrays; the index is built beforehand."""
    built = indexes(task)
    rings = flatten(np.asarray(task.parcels.array, dtype=object))

    names = sorted({code for index in built.values() for code in index.codes})
    place = {
        name: np.array([names.index(code) for code in index.codes]) for name, index in built.items()
    }

    def run() -> pd.DataFrame:
        parts = []
        for name, index in built.items():
            found = measure_areas(index.grid, rings, threads=threads)
            code = pd.Categorical.from_codes(place[name][found.code], names)
            row = {"layer": name, "parcel": found.parcel, "code": code, "area_m2": found.area}
            parts.append(pd.DataFrame(row))
        return pd.concat(parts, ignore_index=True)

    return run


def engine_one_thread(task: Task) -> Run:
    """The same by a single thread."""
    return engine(task, threads=1)
