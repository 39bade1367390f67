"""Which engine answers, as answers and kept files say it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final

__all__ = ["ENGINE"]


def _engine() -> str:
    """Return the name and version of the engine that judges."""
    try:
        return f"tataruang {version('tataruang')}"
    except PackageNotFoundError:
        return "tataruang (uninstalled)"


ENGINE: Final = _engine()
