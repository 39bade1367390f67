"""Compiled functions, kept on disk as long as no source that they are made of changes.

numba is imported when the first of them is called: reading it takes a fifth of a second and
50 MB, which a process that needs no kernel should not pay.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from threading import RLock
from types import FunctionType
from typing import Any

__all__ = ["inner", "kernel"]

_compiling = RLock()


def kernel(function: Any) -> Kernel:
    """Compile a function when it is first called, without the interpreter's lock, and keep it.

    numba compares only the file of a function with what it kept, not the files of the
    functions that it calls, nor can it see that two releases of a file differ that carry
    the same date. So the kept code lies in a folder named by the contents of all modules
    beside it that compile something. Compiled functions therefore take functions and
    constants from such modules alone.

    Examples
    --------
    >>> @kernel
    ... def double(x):
    ...     return 2 * x
    >>> double(21)
    42
    """
    return Kernel(function)


def inner(function: Any) -> Kernel:
    """Compile a function into every kernel that calls it; it neither makes nor returns arrays.

    Arrays that a function is given are counted as held once more, and every count is an
    atomic step that costs as much as some divisions. What makes no arrays needs no counts:
    so is written what is done for each parcel, cell and edge.

    Examples
    --------
    >>> @inner
    ... def half(x):
    ...     return x / 2
    >>> half(42)
    21.0
    """
    return Kernel(function, inlined=True)


class Kernel:
    """A function that is compiled when it is first called."""

    def __init__(self, function: FunctionType, *, inlined: bool = False) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._inlined = inlined
        self._compiled: Callable[..., Any] | None = None

    def __call__(self, *arguments: Any) -> Any:
        """Call the compiled function."""
        compiled = self._compiled
        return (self.compiled() if compiled is None else compiled)(*arguments)

    def compiled(self) -> Callable[..., Any]:
        """Give numba's function; those it calls are named to numba first."""
        with _compiling:
            if self._compiled is None:
                names = self._function.__globals__
                for name in self._function.__code__.co_names:
                    called = names.get(name)
                    if isinstance(called, Kernel):
                        names[name] = called.compiled()
                self._compiled = _compile(self._function, self._inlined)
            return self._compiled


def _compile(function: FunctionType, inlined: bool) -> Any:
    numba = _numba()
    settings: Any = numba.core.config
    # Division by zero is what IEEE 754 says: no kernel divides where it could raise.
    how: Any = {"nogil": True, "error_model": "numpy"}
    if inlined:
        how |= {"forceinline": True, "_nrt": False}
    source = Path(function.__code__.co_filename)
    if not source.is_file():
        return numba.njit(**how)(function)
    before = settings.CACHE_DIR
    try:
        settings.CACHE_DIR = str(_folder(source.parent, numba.__version__))
        return numba.njit(cache=True, **how)(function)
    except RuntimeError:
        # No folder can be written: compiled in each process.
        return numba.njit(**how)(function)
    finally:
        settings.CACHE_DIR = before


@lru_cache(maxsize=1)
def _numba() -> Any:
    """Import numba, but not the linear algebra of scipy.

    numba imports that, half of its start, only to learn that it is there; it looks again
    where a function needs it. It is: the engine depends on scipy.
    """
    import numba
    from numba.np import linalg

    asked, namespace = linalg.ensure_blas, vars(linalg)
    namespace["ensure_blas"] = lambda: None
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        namespace["ensure_blas"] = asked
    return numba


@lru_cache(maxsize=64)
def _folder(package: Path, version: str) -> Path:
    """Return the folder of the compiled code of a package; numba falls back on the user's."""
    digest = hashlib.sha256(version.encode() + Path(__file__).read_bytes())
    for path in sorted(package.glob("*.py")):
        content = path.read_bytes()
        if b"from spatial.jit import " in content:
            digest.update(content)
    return package / "__pycache__" / f"kernels-{digest.hexdigest()[:16]}"
