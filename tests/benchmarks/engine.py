"""The engine itself: built once, asked by one thread, by two, or by two workers."""

from __future__ import annotations

import atexit
import multiprocessing
from typing import Any

import numpy as np
import pandas as pd

from spatial.index import Areas, ZoneIndex, index_of, measure_areas
from spatial.rings import Rings, flatten
from tests.benchmarks.tasks import Run, Task

__all__ = ["engine", "engine_one_thread", "engine_two_workers", "indexes"]

#: Whatever the machine has, so that figures of two machines can be compared.
THREADS = 2


def indexes(task: Task, plane: Any = None) -> dict[str, ZoneIndex]:
    """Index every layer."""
    return {
        name: index_of(np.asarray(frame.geometry.array, dtype=object), frame["code"], plane)
        for name, frame in task.layers.items()
    }


def engine(task: Task, threads: int = THREADS) -> Run:
    """Areas by the index, parcels as flat arrays; the index is built beforehand."""
    built, rings = indexes(task), flatten(np.asarray(task.parcels.array, dtype=object))
    table = _Tables(built)
    # Compiled code is read from disk once in a process.
    measure_areas(next(iter(built.values())).grid, rings, threads=1)

    def run() -> pd.DataFrame:
        found = {
            name: measure_areas(one.grid, rings, threads=threads) for name, one in built.items()
        }
        return table.of([found])

    return run


def engine_one_thread(task: Task) -> Run:
    """The same by a single thread."""
    return engine(task, threads=1)


_FORKED: dict[str, Any] = {}


def _half(number: int) -> dict[str, Areas]:
    built, halves = _FORKED["task"]
    return {name: measure_areas(one.grid, halves[number], threads=1) for name, one in built.items()}


def engine_two_workers(task: Task) -> Run:
    """Two processes of one thread each, forked beforehand, sharing the index; arrays come back."""
    built = indexes(task)
    shapes = np.asarray(task.parcels.array, dtype=object)
    middle = len(shapes) // 2
    halves: list[Rings] = [flatten(part) for part in (shapes[:middle], shapes[middle:], shapes[:1])]
    _FORKED["task"] = built, halves
    table = _Tables(built)
    # Compiled code is there before the fork, as it is where a service forks its workers.
    measure_areas(next(iter(built.values())).grid, flatten(shapes[:1]), threads=1)

    pool = multiprocessing.get_context("fork").Pool(2)
    atexit.register(pool.terminate)
    pool.map(_half, [2, 2], chunksize=1)
    return lambda: table.of(pool.map(_half, [0, 1], chunksize=1), middle)


class _Tables:
    """Makes one table of what was found, its codes as numbers with names beside them."""

    def __init__(self, built: dict[str, ZoneIndex]) -> None:
        self.layers = list(built)
        self.names = sorted({code for index in built.values() for code in index.codes})
        number = {name: position for position, name in enumerate(self.names)}
        self.place = {
            name: np.array([number[code] for code in index.codes], dtype=np.int16)
            for name, index in built.items()
        }

    def of(self, parts: list[dict[str, Areas]], shift: int = 0) -> pd.DataFrame:
        """Return rows of all parts, the second of which begins at parcel `shift`."""
        found = [
            (layer, part[name], self.place[name], step * shift)
            for step, part in enumerate(parts)
            for layer, name in enumerate(self.layers)
        ]
        sizes = [len(one.code) for _, one, _, _ in found]
        layer = np.repeat(np.array([at for at, _, _, _ in found], dtype=np.int8), sizes)
        code = np.concatenate([place[one.code] for _, one, place, _ in found])
        return pd.DataFrame(
            {
                "layer": pd.Categorical.from_codes(layer, self.layers),
                "parcel": np.concatenate([one.parcel + begin for _, one, _, begin in found]),
                "code": pd.Categorical.from_codes(code, self.names),
                "area_m2": np.concatenate([one.area for _, one, _, _ in found]),
            }
        )
