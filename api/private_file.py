"""SQLite files that only the user of the service may read."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

__all__ = ["connect"]


def connect(path: Path) -> sqlite3.Connection:
    """Open a file whose changes are on disk once they are acknowledged; made where it is not.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "state" / "jobs.sqlite"
    >>> connect(path).close()
    >>> path.stat().st_mode & 0o077
    0
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    base = sqlite3.connect(path, timeout=10.0, isolation_level=None)
    base.execute("PRAGMA synchronous=FULL")
    return base
