"""Repair of invalid polygons: only at ingest, in a process that can be killed, with a record.

GEOS cannot be interrupted from Python, and a ring of 500 crossing edges can hold it for
minutes; so the repair runs beside and is ended when its time is over. What counts is the
time of the processor, so that a busy machine repairs what an idle one does. The method is
"structure": rings are taken as shells and holes before they are joined (shapely.make_valid).
"""

from __future__ import annotations

import math
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import IO, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

__all__ = ["repair"]

#: Of the processor, for one geometry; what takes longer is no slip of a hand but a broken file.
SECONDS_EACH: Final = 10.0
#: A sound polygon with few faults takes longer the more corners it has.
CORNERS_PER_SECOND: Final = 10_000
#: A process may wait for the processor by this much before the clock on the wall ends it.
PATIENCE: Final = 12.0
_LENGTH: Final = struct.Struct("<Q")
#: Length of the geometry, and the seconds it may take.
_HEAD: Final = struct.Struct("<Qd")
#: The child needs an import before its first answer.
_START_SECONDS: Final = 60.0


def repair(
    geometries: NDArray[np.object_], *, seconds_each: float = SECONDS_EACH
) -> tuple[NDArray[np.object_], NDArray[np.str_]]:
    """Make polygons valid, each within a time limit.

    Parameters
    ----------
    geometries : array of shapely geometries, shape (n,)
        Polygons and multipolygons, valid or not; None stays None.
    seconds_each : float
        Of the processor; one more for each 10,000 corners of the geometry.

    Returns
    -------
    repaired : array of geometries, shape (n,)
        Valid polygons or multipolygons; None where that failed. Valid ones are the same objects.
    outcome : array of str, shape (n,)
        "" (was valid), "repaired", "too_slow", "no_area" (nothing polygonal was left) or
        "failed".

    Examples
    --------
    >>> bowtie = shapely.from_wkt("POLYGON ((0 0, 10 10, 10 0, 0 10, 0 0))")
    >>> [mended], [outcome] = repair(np.array([bowtie]))
    >>> outcome, mended.area
    (np.str_('repaired'), 50.0)
    """
    result = geometries.copy()
    outcome = np.full(len(geometries), "", dtype="U8")
    given = shapely.is_geometry(geometries)
    with np.errstate(invalid="ignore"):
        todo = np.flatnonzero(given & ~shapely.is_valid(geometries))
    for index, answer in zip(
        todo, _answers([geometries[i] for i in todo], seconds_each), strict=True
    ):
        result[index], outcome[index] = answer
    return result, outcome


def _answers(
    geometries: list[BaseGeometry], seconds_each: float
) -> Iterator[tuple[BaseGeometry | None, str]]:
    """Feed a child one geometry at a time; a child that is too slow is killed and replaced."""
    child: _Child | None = None
    try:
        for geometry in geometries:
            child = child or _Child()
            corners = int(shapely.get_num_coordinates(geometry))
            seconds = seconds_each + corners / CORNERS_PER_SECOND
            answer = child.ask(shapely.to_wkb(geometry), seconds)
            if answer is None:
                child.kill()
                child = None
                yield None, "too_slow"
            else:
                yield _read(answer)
    finally:
        if child is not None:
            child.kill()


def _read(answer: bytes) -> tuple[BaseGeometry | None, str]:
    if not answer:
        return None, "failed"
    mended = shapely.from_wkb(answer)
    return (None, "no_area") if mended.is_empty else (mended, "repaired")


class _Child:
    """A process that repairs what it is sent: length, limit and WKB in, length and WKB out."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", "from spatial.repair import _serve; _serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._start_seconds = _START_SECONDS

    def ask(self, wkb: bytes, seconds: float) -> bytes | None:
        """Return the answer, or None when the time is over or the child has died."""
        assert self._process.stdin is not None  # noqa: S101  both are pipes
        assert self._process.stdout is not None  # noqa: S101  both are pipes
        # Killing ends the blocking read below on every operating system.
        wall = seconds * PATIENCE + self._start_seconds
        watch = threading.Timer(wall, self._process.kill)
        watch.start()
        try:
            self._process.stdin.write(_HEAD.pack(len(wkb), seconds) + wkb)
            self._process.stdin.flush()
            answer = _read_exactly(self._process.stdout)
        except BrokenPipeError:
            return None  # it was killed or crashed before it read
        finally:
            watch.cancel()
        self._start_seconds = 0.0
        return answer

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


def _read_exactly(pipe: IO[bytes]) -> bytes | None:
    """Read a length and as many bytes; None where the pipe ends before."""
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    answer = pipe.read(length)
    return answer if len(answer) == length else None


def _serve() -> None:
    """Answer until stdin ends: what the child does."""
    source, target = sys.stdin.buffer, sys.stdout.buffer
    while head := source.read(_HEAD.size):
        length, seconds = _HEAD.unpack(head)
        wkb = source.read(length)
        _limit_processor_time(seconds)
        answer = _mend(wkb)
        target.write(_LENGTH.pack(len(answer)) + answer)
        target.flush()


def _limit_processor_time(seconds: float) -> None:
    """End this process when it has used so many seconds more; the system does it by itself."""
    try:
        import resource
    except ImportError:
        # Windows has no such limit: there the clock on the wall alone decides.
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = math.ceil(used.ru_utime + used.ru_stime + seconds)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _mend(wkb: bytes) -> bytes:
    try:
        geometry = shapely.from_wkb(wkb)
        mended = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
        return bytes(shapely.to_wkb(_polygonal(mended)))
    except shapely.errors.ShapelyError:
        return b""


def _polygonal(geometry: BaseGeometry) -> BaseGeometry:
    """Keep the polygons of whatever the repair returned."""
    parts = shapely.get_parts(geometry)
    polygons = parts[shapely.get_type_id(parts) == 3]
    mended: BaseGeometry = polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)
    return mended
