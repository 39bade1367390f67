"""The backend that needs an extra: imported only where somebody asks for a database."""

from __future__ import annotations

import importlib
from types import ModuleType

from spatial.errors import StoreError

__all__ = ["backend"]


def backend() -> ModuleType:
    """Return the module of the PostGIS backend.

    Raises
    ------
    StoreError
        `postgis_missing`, where the extra is not installed.

    Examples
    --------
    >>> backend().shown("postgresql://server/tataruang")
    'tataruang di server'
    """
    try:
        return importlib.import_module("layers.store.postgis")
    except ImportError as error:
        raise StoreError(
            "layers in a database need the extra postgis",
            code="postgis_missing",
            hint="Install it: pip install 'tataruang[postgis]'",
        ) from error
