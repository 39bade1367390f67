"""Rows in the order of a key, however many: sorted runs on disk, then one range after another.

At no time is more in memory than one part that is given, or one range that is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = ["in_order"]

#: Bytes of one range; a range of one row may be larger.
RANGE_BYTES: Final = 64 << 20
#: Keys of a run that are looked at to choose the ranges.
_SAMPLE: Final = 256
_KEY: Final = "_key"


def in_order(
    parts: Iterable[tuple[pa.Table, NDArray[np.uint64]]],
    folder: Path,
    *,
    range_bytes: int = RANGE_BYTES,
) -> Iterator[pa.Table]:
    """Yield the rows of all parts in the order of their keys.

    Parameters
    ----------
    parts : iterable of (table, key of each of its rows)
        No two rows have the same key.
    folder : Path
        Empty; runs are kept there meanwhile.
    range_bytes : int
        About what one yielded table holds.

    Examples
    --------
    >>> import tempfile
    >>> parts = [(pa.table({"n": [3, 1]}), np.array([3, 1], dtype=np.uint64)),
    ...          (pa.table({"n": [2]}), np.array([2], dtype=np.uint64))]
    >>> [table["n"].to_pylist() for table in in_order(parts, Path(tempfile.mkdtemp()))]
    [[1, 2, 3]]
    """
    filled = (part for part in parts if len(part[1]))
    first, second = next(filled, None), next(filled, None)
    if first is not None and second is not None:
        yield from _merged(chain((first, second), filled), folder, range_bytes)
    elif first is not None:
        yield first[0].take(np.argsort(first[1]))


def _merged(
    parts: Iterable[tuple[pa.Table, NDArray[np.uint64]]], folder: Path, range_bytes: int
) -> Iterator[pa.Table]:
    runs: list[Path] = []
    samples: list[NDArray[np.uint64]] = []
    weights: list[NDArray[np.float64]] = []
    for table, keys in parts:
        order = np.argsort(keys)
        run = folder / f"run-{len(runs):06}.arrow"
        sorted_keys = keys[order]
        _write(table.take(order).append_column(_KEY, pa.array(sorted_keys)), run)
        runs.append(run)
        some = sorted_keys[:: max(1, len(keys) // _SAMPLE)]
        samples.append(some)
        weights.append(np.full(len(some), table.nbytes / max(1, len(some))))
    ends = _ends(np.concatenate(samples), np.concatenate(weights), range_bytes)
    places = np.array([_places(run, ends) for run in runs])
    for start, end in pairwise(places.T):
        if (end > start).any():
            yield _range(runs, start, end)


def _write(table: pa.Table, path: Path) -> None:
    whole = table.combine_chunks()
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, whole.schema) as writer:
        writer.write_table(whole)


def _ends(
    samples: NDArray[np.uint64], weights: NDArray[np.float64], range_bytes: int
) -> NDArray[np.uint64]:
    """Return the first key of every range but the first."""
    order = np.argsort(samples)
    filled = np.cumsum(weights[order])
    ranges = int(filled[-1] // range_bytes)
    wanted = np.arange(1, ranges + 1) * (filled[-1] / (ranges + 1))
    return np.unique(samples[order][np.searchsorted(filled, wanted).clip(max=len(order) - 1)])


def _places(run: Path, ends: NDArray[np.uint64]) -> NDArray[np.intp]:
    """Return where in a run each range begins, and its end."""
    with pa.memory_map(str(run)) as file:
        table = pa.ipc.open_file(file).read_all()
        keys = table[_KEY].combine_chunks().to_numpy(zero_copy_only=False)
        found = np.searchsorted(keys, ends)
        return np.concatenate(([0], found, [len(keys)])).astype(np.intp)


def _range(runs: list[Path], first: Any, last: Any) -> pa.Table:
    """Return one range of all runs, sorted. Runs are opened anew, so that pages are let go."""
    pieces = []
    for run, start, end in zip(runs, first, last, strict=True):
        if end > start:
            with pa.memory_map(str(run)) as file:
                piece = pa.ipc.open_file(file).read_all().slice(start, end - start)
                pieces.append(_copied(piece))
    table = pa.concat_tables(pieces)
    order = np.argsort(table[_KEY].to_numpy())
    return table.take(order).drop_columns([_KEY])


def _copied(table: pa.Table) -> pa.Table:
    """Return a table that holds nothing but its own rows: a slice holds its whole file."""
    return table.take(np.arange(len(table)))
