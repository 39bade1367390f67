"""The process that reads files of strangers: it waits, forks for each file, and is confined.

It is started by `layers.files.sandbox` and speaks JSON lines on its standard streams. Where a
system cannot fork, it serves one request and ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

from layers.files.confine import confine
from layers.files.exchange import error_to, raw_to
from layers.files.limits import max_bytes, memory_bytes
from layers.files.opener import Opened, open_file
from layers.files.rasters import check_raster
from layers.files.reader import read_path
from layers.files.stream import write_stream
from spatial.errors import EngineError

__all__ = ["serve"]

RESULT: Final = "result.json"
_POLL_SECONDS: Final = 0.002


def serve() -> None:
    """Answer requests until the stream ends."""
    _warm_up()
    for line in sys.stdin:
        request = json.loads(line)
        if hasattr(os, "fork"):
            how = _in_a_fork(request)
        else:  # pragma: no cover  (Windows: the process itself is thrown away)
            _task(request)
            how = "done"
        print(json.dumps({"how": how}), flush=True)


def _warm_up() -> None:
    """Load once what every reading needs, before anything of a stranger is here."""
    import geopandas  # noqa: F401  loaded for the forks
    import openpyxl  # noqa: F401  loaded for the forks
    import pyogrio  # noqa: F401  loaded for the forks


def _in_a_fork(request: dict[str, Any]) -> str:
    child = os.fork()
    if child == 0:
        code = 1
        with contextlib.suppress(BaseException):
            _silence()
            _task(request)
            code = 0
        os._exit(code)
    end = time.monotonic() + request["seconds"]
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return _how(status)
        time.sleep(_POLL_SECONDS)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return "too_slow"


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return "too_slow" if os.WTERMSIG(status) == signal.SIGXCPU else "crashed"
    return "done" if os.WEXITSTATUS(status) == 0 else "crashed"


def _silence() -> None:
    """Give the child streams of its own: its drivers may write, ours carry answers."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def _task(request: dict[str, Any]) -> None:
    """Do what is asked and leave the answer in the folder."""
    os.environ.update(request["settings"])
    folder = Path(request["folder"])
    work = folder / "work"
    work.mkdir()
    held = confine(
        _needed(Path(request["path"])),
        folder,
        memory=memory_bytes(),
        cpu_seconds=int(request["seconds"]) + 1,
        file_bytes=max_bytes(),
    )
    try:
        answer = _TASKS[request["task"]](request, folder, work)
    except EngineError as error:
        answer = {"error": error_to(error)}
    except MemoryError:
        answer = {"memory": True}
    except Exception as fault:  # noqa: BLE001  whatever it was, it is told and not raised here
        answer = {"fault": f"{type(fault).__name__}: {fault}"[:300]}
    (folder / RESULT).write_text(json.dumps(answer | {"held": held}), encoding="utf-8")


def _needed(path: Path) -> list[Path]:
    """Return what must be readable: the file and its parts of the same name."""
    if path.is_dir():
        return [path]
    stem = path.name.rpartition(".")[0] or path.name
    return [p for p in path.parent.iterdir() if p.is_file() and p.name.startswith(stem)]


def _read(request: dict[str, Any], folder: Path, work: Path) -> dict[str, Any]:
    raw = read_path(Path(request["path"]), work, request["layer"], request["encoding"])
    return raw_to(raw, folder)


def _sniff(request: dict[str, Any], folder: Path, work: Path) -> dict[str, Any]:
    found = open_file(Path(request["path"]), work)
    size = sum(part.stat().st_size for part in _parts(found))
    return {"format": found.format, "name": found.name, "bytes": size}


def _parts(found: Opened) -> list[Path]:
    """Return the files that hold what was found: a shapefile is several."""
    if found.path.is_dir():
        return list(found.path.iterdir())
    return _needed(found.path) if found.format == "shapefile" else [found.path]


def _raster(request: dict[str, Any], folder: Path, work: Path) -> dict[str, Any]:
    return check_raster(
        open_file(Path(request["path"]), work), folder, request["crs"], request["nodata"]
    )


def _stream(request: dict[str, Any], folder: Path, work: Path) -> dict[str, Any]:
    return write_stream(
        open_file(Path(request["path"]), work),
        folder / request["made"],
        layer=request["layer"],
        source_crs=request["crs"],
        encoding=request["encoding"],
    )


_TASKS: Final = {"read": _read, "sniff": _sniff, "raster": _raster, "stream": _stream}
