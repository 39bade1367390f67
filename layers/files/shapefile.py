"""A shapefile is several files: all there, none cut off, as many rows as shapes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from spatial.errors import LayerError

__all__ = ["check_shapefile", "states_encoding"]

_HEADER: Final = 100
_INDEX_ENTRY: Final = 8


def check_shapefile(file: Path) -> dict[str, Path]:
    """Refuse a shapefile with a part missing or cut off; return its parts by suffix.

    Raises
    ------
    LayerError
        `shapefile_incomplete` or `shapefile_truncated`.
    """
    parts = {p.suffix.lower(): p for p in file.parent.iterdir() if p.stem == file.stem}
    missing = [part for part in (".shx", ".dbf") if part not in parts]
    if missing:
        raise LayerError(
            "shapefile {name} lacks {missing}",
            code="shapefile_incomplete",
            hint="Send .shp, .shx, .dbf and .prj together, best as one zip",
            name=file.name,
            missing=", ".join(missing),
        )
    for part in (".shp", ".shx"):
        with parts[part].open("rb") as source:
            declared = int.from_bytes(source.read(28)[24:28], "big") * 2
        _require(parts[part], declared, exactly=True)
    shapes = (parts[".shx"].stat().st_size - _HEADER) // _INDEX_ENTRY
    _check_table(parts[".dbf"], shapes)
    return parts


def _check_table(table: Path, shapes: int) -> None:
    with table.open("rb") as source:
        head = source.read(12)
    rows = int.from_bytes(head[4:8], "little")
    start, each = int.from_bytes(head[8:10], "little"), int.from_bytes(head[10:12], "little")
    _require(table, start + max(rows, shapes) * each, exactly=False)


def _require(file: Path, declared: int, *, exactly: bool) -> None:
    actual = file.stat().st_size
    if actual < declared or (exactly and actual != declared):
        raise LayerError(
            "{name} was cut off: it declares {declared} bytes and has {actual}",
            code="shapefile_truncated",
            hint="Copy or export it again",
            name=file.name,
            declared=declared,
            actual=actual,
        )


def states_encoding(parts: dict[str, Path]) -> bool:
    """Say whether a .cpg or the table itself states the code page of its text."""
    if ".cpg" in parts:
        return True
    with parts[".dbf"].open("rb") as source:
        return source.read(30)[29] != 0
