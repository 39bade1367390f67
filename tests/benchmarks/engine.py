"""The engine itself: built once, asked by one thread, by two, or by two workers."""

from __future__ import annotations

import atexit
import mmap
import multiprocessing
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from spatial.index import Areas, ZoneIndex, index_of, measure_layers
from spatial.rings import flatten
from tests.benchmarks.tasks import Run, Task

__all__ = ["engine", "engine_one_thread", "engine_two_workers", "indexes"]

#: Whatever the machine has, so that figures of two machines can be compared.
THREADS = 2
#: Columns of an answer: layer, parcel, code, area.
Columns = list[NDArray[Any]]
KINDS = (np.int8, np.int32, np.int16, np.float64)
#: Rows of a parcel in a layer for which a worker has room; pages are taken when written to.
ROOM = 4


def indexes(task: Task, plane: Any = None) -> dict[str, ZoneIndex]:
    """Index every layer."""
    return {
        name: index_of(np.asarray(frame.geometry.array, dtype=object), frame["code"], plane)
        for name, frame in task.layers.items()
    }


def engine(task: Task, threads: int = THREADS) -> Run:
    """Areas by the index, parcels as flat arrays; the index is built beforehand."""
    built, rings = indexes(task), flatten(np.asarray(task.parcels.array, dtype=object))
    table, grids = _Table(built), [one.grid for one in built.values()]

    def run() -> pd.DataFrame:
        return table.of([table.columns(measure_layers(grids, rings, threads=threads))])

    # Compiled code is read from disk once in a process.
    run()
    return run


def engine_one_thread(task: Task) -> Run:
    """The same by a single thread."""
    return engine(task, threads=1)


_FORKED: dict[str, Any] = {}


def _half(number: int) -> int:
    """Measure a half of the parcels, write its columns where the parent reads them, and count."""
    grids, halves, table, rooms = _FORKED["task"]
    found = measure_layers(grids, halves[number], threads=1)
    columns = table.columns(found, number * len(halves[0]))
    for place, column in zip(rooms[number], columns, strict=True):
        place[: len(column)] = column
    return len(columns[0])


def engine_two_workers(task: Task) -> Run:
    """Two processes of one thread each, forked beforehand, sharing the index and what is found."""
    built = indexes(task)
    shapes = np.asarray(task.parcels.array, dtype=object)
    middle = (len(shapes) + 1) // 2
    table, grids = _Table(built), [one.grid for one in built.values()]
    rooms = [_room(ROOM * len(grids) * middle) for _ in range(2)]
    halves = [flatten(part) for part in (shapes[:middle], shapes[middle:])]
    _FORKED["task"] = grids, halves, table, rooms
    # Compiled code is there before the fork, as it is where a service forks its workers.
    measure_layers(grids, halves[0], threads=1)

    pool = multiprocessing.get_context("fork").Pool(2)
    atexit.register(pool.terminate)

    def run() -> pd.DataFrame:
        counts = pool.map(_half, [0, 1], chunksize=1)
        parts = zip(rooms, counts, strict=True)
        return table.of([[column[:count] for column in room] for room, count in parts])

    run()
    return run


def _room(rows: int) -> Columns:
    """Return columns that forked processes share."""
    return [
        np.frombuffer(mmap.mmap(-1, max(1, rows) * np.dtype(kind).itemsize), kind) for kind in KINDS
    ]


class _Table:
    """Makes one table of what was found, its codes as numbers with names beside them."""

    def __init__(self, built: dict[str, ZoneIndex]) -> None:
        self.layers = list(built)
        self.names = sorted({code for index in built.values() for code in index.codes})
        number = {name: position for position, name in enumerate(self.names)}
        self.place = [
            np.array([number[code] for code in index.codes], dtype=np.int16)
            for index in built.values()
        ]

    def columns(self, found: list[Areas], shift: int = 0) -> Columns:
        """Return the rows of all layers; the first parcel is number `shift`."""
        sizes = [len(one.code) for one in found]
        return [
            np.repeat(np.arange(len(found), dtype=np.int8), sizes),
            np.concatenate([one.parcel for one in found]) + np.int32(shift),
            np.concatenate([at[one.code] for one, at in zip(found, self.place, strict=True)]),
            np.concatenate([one.area for one in found]),
        ]

    def of(self, parts: list[Columns]) -> pd.DataFrame:
        """Return one table of the parts."""
        layer, parcel, code, area = (
            column[0] if len(column) == 1 else np.concatenate(column)
            for column in zip(*parts, strict=True)
        )
        columns = {
            "layer": pd.Categorical.from_codes(layer, self.layers),
            "parcel": parcel,
            "code": pd.Categorical.from_codes(code, self.names),
            "area_m2": area,
        }
        return pd.DataFrame(columns, copy=False)
