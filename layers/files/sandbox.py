"""Files of strangers are read in another process, which can be limited, confined and killed.

A process is started once and forks for every file (`layers.files.worker`), so that a reading
costs milliseconds; several readings at a time have several such processes.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from layers.files import limits
from layers.files.exchange import error_from, raw_from
from layers.files.opener import local_path
from layers.files.raw import Raw
from spatial.errors import LayerError, LimitError, TimeLimitError

__all__ = [
    "format_of", "held", "looked_at", "raster_file", "read_confined", "stream_to_parquet",
    "streamed",
]  # fmt: skip

_START: Final = (
    "import sys; sys.path[:0] = {path!r}; from layers.files.worker import serve; serve()"
)
#: Beyond the time that the worker itself keeps, for its start and its answer.
_GRACE_SECONDS: Final = 60.0
#: A large file may take longer, in proportion to its size; a sixth of the speed measured.
STREAM_BYTES_PER_SECOND: Final = 1_000_000


def read_confined(path: Path | str, layer: str | None = None, encoding: str | None = None) -> Raw:
    """Read a vector file or table.

    Raises
    ------
    EngineError
        What is wrong with the file; `reading_too_slow`, `reading_too_large`, `reading_crashed`.
    """
    file = local_path(path)
    with _asked("read", file, layer=layer, encoding=encoding) as (answer, folder):
        return raw_from(answer, folder)


def format_of(path: Path | str) -> str:
    """Say in which format a file is, archives opened."""
    return looked_at(path)[0]


def looked_at(path: Path | str) -> tuple[str, int]:
    """Say in which format a file is, and how many bytes it has unpacked."""
    with _asked("sniff", local_path(path)) as (answer, _):
        return str(answer["format"]), int(answer["bytes"])


def held(path: Path | str) -> tuple[str, ...]:
    """Say which confinements hold on this machine while a file is read."""
    with _asked("sniff", local_path(path)) as (answer, _):
        return tuple(answer["held"])


def stream_to_parquet(
    path: Path | str,
    target: Path,
    *,
    layer: str | None = None,
    source_crs: str | None = None,
    encoding: str | None = None,
) -> dict[str, Any]:
    """Write a vector file of any size as GeoParquet, record by record, in bounded memory.

    Parameters
    ----------
    path : path
        GeoJSON, GeoJSONSeq, GPKG, FlatGeobuf or Shapefile, also zipped.
    target : Path
        Written whole or not at all; an existing file is replaced.
    layer, source_crs, encoding
        As `layers.read` takes them.

    Returns
    -------
    dict
        As `write_stream`: `rows`, `without_geometry`, `with_heights`, `crs` and more.

    Raises
    ------
    EngineError
        What is wrong with the file; nothing is then written.
    """
    with streamed(path, layer=layer, source_crs=source_crs, encoding=encoding) as (made, told):
        partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
        try:
            shutil.copyfile(made, partial)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return told


@contextmanager
def streamed(
    path: Path | str,
    *,
    layer: str | None = None,
    source_crs: str | None = None,
    encoding: str | None = None,
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Give the GeoParquet that a vector file became record by record, and what is told of it."""
    made = "stream.parquet"
    request = {"made": made, "layer": layer, "crs": source_crs, "encoding": encoding}
    file = local_path(path)
    longer = file.stat().st_size / STREAM_BYTES_PER_SECOND
    with _asked("stream", file, longer, **request) as (answer, folder):
        del answer["held"]
        yield folder / made, answer


@contextmanager
def raster_file(
    path: Path | str, *, crs: Any = None, nodata: float | None = None
) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Give a GeoTIFF of a raster that was checked, and what it says of itself."""
    file = local_path(path)
    code = None if crs is None else str(crs)
    with _asked("raster", file, crs=code, nodata=nodata) as (answer, folder):
        made = answer.pop("made")
        del answer["held"]
        yield (folder / made if made else file), answer


@contextmanager
def _asked(
    task: str, path: Path, seconds_more: float = 0.0, **more: Any
) -> Iterator[tuple[dict[str, Any], Path]]:
    with TemporaryDirectory(prefix="tataruang-") as text:
        folder = Path(text).resolve()
        request = {"task": task, "path": str(path), "folder": str(folder)} | more
        worker = _Worker.take()
        patience = limits.seconds() + seconds_more
        how = worker.ask(request | {"seconds": patience, "settings": limits.settings()})
        result = folder / "result.json"
        if how == "done" and result.is_file():
            answer = json.loads(result.read_text(encoding="utf-8"))
        else:
            raise _failed(path.name, how)
        if "fault" in answer:
            raise _failed(path.name, answer["fault"])
        if "memory" in answer:
            raise LimitError(
                "{name} needs more memory than the {limit} MB that reading one file may take",
                code="reading_too_large",
                hint="Split it, or raise TATARUANG_READ_MEMORY_MB",
                name=path.name,
                limit=limits.memory_bytes() >> 20,
            )
        if "error" in answer:
            raise error_from(answer["error"])
        yield answer, folder


def _failed(name: str, how: str) -> LayerError | TimeLimitError:
    if how == "too_slow":
        return TimeLimitError(
            "reading {name} was ended after {seconds} seconds",
            code="reading_too_slow",
            hint="Split it, or raise TATARUANG_READ_SECONDS",
            name=name,
            seconds=limits.seconds(),
        )
    return LayerError(
        "reading {name} broke down ({reason}): the file is damaged, or made to do harm",
        code="reading_crashed",
        hint="Fetch it again, or export it from QGIS as GPKG",
        name=name,
        reason=how,
    )


class _Worker:
    """A waiting process; idle ones are kept for the next file."""

    _idle: Final[list[_Worker]] = []
    _lock: Final = threading.Lock()

    def __init__(self) -> None:
        root = str(Path(__file__).resolve().parents[2])
        paths = [root, *(path for path in sys.path if path and path != root)]
        self._pid = os.getpid()
        self._process = subprocess.Popen(  # noqa: S603  our own code in our own interpreter
            [sys.executable, "-c", _START.format(path=paths)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
        )

    @classmethod
    def take(cls) -> _Worker:
        """Return an idle worker of this very process, or a new one."""
        with cls._lock:
            while cls._idle:
                worker = cls._idle.pop()
                if worker._pid == os.getpid() and worker._process.poll() is None:
                    return worker
        return cls()

    def _put_back(self) -> None:
        """Keep it for the next file; where it cannot fork it has served its one."""
        if not hasattr(os, "fork"):
            self.kill()
            return
        with self._lock:
            self._idle.append(self)

    def ask(self, request: dict[str, Any]) -> str:
        """Return how the task ended: "done", "too_slow" or "crashed"."""
        assert self._process.stdin is not None  # noqa: S101  both are pipes
        assert self._process.stdout is not None  # noqa: S101  both are pipes
        watch = threading.Timer(request["seconds"] + _GRACE_SECONDS, self._process.kill)
        watch.start()
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            watch.cancel()
        if not line:
            self.kill()
            return "crashed"
        self._put_back()
        return str(json.loads(line)["how"])

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


@atexit.register
def _end_idle() -> None:
    while _Worker._idle:
        worker = _Worker._idle.pop()
        if worker._pid == os.getpid():
            worker.kill()
