"""Locks between processes that the system itself releases when a process dies."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["exclusive", "try_lock"]

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes], *, wait: bool) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(file: IO[bytes], *, wait: bool) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock of a file, waiting for whoever holds it.

    Examples
    --------
    >>> import tempfile
    >>> with exclusive(Path(tempfile.mkdtemp()) / "lock"):
    ...     pass
    """
    with path.open("ab") as file:
        _lock(file, wait=True)
        yield


def try_lock(path: Path) -> IO[bytes] | None:
    """Take the lock of a file and return it open, or None where somebody alive holds it.

    Closing the file releases the lock.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "lock"
    >>> first = try_lock(path)
    >>> try_lock(path) is None
    True
    >>> first.close()
    """
    file = path.open("ab")
    try:
        _lock(file, wait=False)
    except OSError:
        file.close()
        return None
    return file
