"""How much a file may ask of the machine: bytes, seconds, memory. Settings of the operator."""

from __future__ import annotations

import os
from typing import Final

__all__ = ["MAX_MEMBERS", "max_bytes", "memory_bytes", "seconds", "settings", "stream_bytes"]

#: Files in one archive.
MAX_MEMBERS: Final = 20_000


def max_bytes() -> int:
    """Return the size of the largest file that is read (TATARUANG_MAX_BYTES)."""
    return _setting("TATARUANG_MAX_BYTES", 8 << 30)


def stream_bytes() -> int:
    """Return the size from which a file is ingested part by part (TATARUANG_STREAM_MB)."""
    return _setting("TATARUANG_STREAM_MB", 512) << 20


def memory_bytes() -> int:
    """Return the address space of a reading process (TATARUANG_READ_MEMORY_MB)."""
    return _setting("TATARUANG_READ_MEMORY_MB", 8192) << 20


def seconds() -> int:
    """Return the time that reading one file may take (TATARUANG_READ_SECONDS).

    Examples
    --------
    >>> seconds() > 0
    True
    """
    return _setting("TATARUANG_READ_SECONDS", 900)


def settings() -> dict[str, str]:
    """Return what is set, for a process that was started before it was."""
    return {name: text for name, text in os.environ.items() if name.startswith("TATARUANG_")}


def _setting(name: str, default: int) -> int:
    text = os.environ.get(name, "")
    return int(text) if text.isdigit() and int(text) > 0 else default
