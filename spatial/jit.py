"""Compiled functions, kept on disk as long as no source that they are made of changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import numba
from numba.core import config

__all__ = ["kernel"]

_settings: Any = config


def kernel(function: Callable[..., Any]) -> Any:
    """Compile a function when it is first called, without the interpreter's lock, and keep it.

    numba compares only the file of a function with what it kept, not the files of the
    functions that it calls, nor can it see that two releases of a file differ that carry
    the same date. So the kept code lies in a folder named by the contents of all modules
    beside it.

    Examples
    --------
    >>> @kernel
    ... def double(x):
    ...     return 2 * x
    >>> double(21)
    42
    """
    source = Path(function.__code__.co_filename)
    if not source.is_file():
        return numba.njit(nogil=True)(function)
    before = _settings.CACHE_DIR
    try:
        _settings.CACHE_DIR = str(_folder(source.parent))
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        # No folder can be written: compiled in each process.
        return numba.njit(nogil=True)(function)
    finally:
        _settings.CACHE_DIR = before


@lru_cache(maxsize=64)
def _folder(package: Path) -> Path:
    """Return the folder of the compiled code of a package; numba falls back on the user's."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(package.glob("*.py")):
        digest.update(path.read_bytes())
    return package / "__pycache__" / f"kernels-{digest.hexdigest()[:16]}"
