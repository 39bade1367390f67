"""Files of the web map, read once, compressed once, named by their content."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from api.fonts import web_font

__all__ = ["StaticFile", "maplibre_text", "static_file"]

KINDS: Final = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "woff": "font/woff",
}
#: Served from the installed package `maplibre`, which is found but never imported.
MAPLIBRE: Final = ("maplibre-gl.js", "maplibre-gl.css")
FONTS: Final = {"Regular.woff": "Regular", "Semibold.woff": "Semibold"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file ready to send: gzipped where that helps."""

    body: bytes
    kind: str
    tag: str
    zipped: bool


@cache
def static_file(name: str) -> StaticFile | None:
    """Return a file of the web map by its name; None if there is none.

    Examples
    --------
    >>> static_file("maplibre-gl.css").kind
    'text/css; charset=utf-8'
    >>> static_file("../app.py") is None
    True
    """
    suffix = name.rpartition(".")[2]
    raw = _read(name) if suffix in KINDS else None
    if raw is None:
        return None
    tag = f'"{hashlib.sha256(raw).hexdigest()[:16]}"'
    zipped = suffix != "woff"
    return StaticFile(gzip.compress(raw, 9, mtime=0) if zipped else raw, KINDS[suffix], tag, zipped)


def maplibre_text(name: str) -> str:
    """Return a file of the map library as text, to be put inside a page."""
    return (_maplibre_folder() / name).read_text(encoding="utf-8")


def _read(name: str) -> bytes | None:
    if name in MAPLIBRE:
        return (_maplibre_folder() / name).read_bytes()
    if name in FONTS:
        return web_font(FONTS[name])
    known = {entry.name: entry for entry in (resources.files("api.web") / "static").iterdir()}
    return known[name].read_bytes() if name in known else None


@cache
def _maplibre_folder() -> Path:
    spec = importlib.util.find_spec("maplibre")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package maplibre is not installed")
    return Path(spec.origin).parent / "srcjs"
