"""Where a value stands in a TOML text, so that a fault in it can be shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

__all__ = ["line_of"]

HEADER: Final = re.compile(r"\s*\[(\[)?\s*([^\[\]]+?)\s*\]")
KEY: Final = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*=""")


def line_of(text: str, path: Sequence[str | int]) -> int:
    """Return the line of the value at a path; that of its table where it stands nowhere.

    Parameters
    ----------
    text : str
        TOML whose tables are written one below the other, as plans are.
    path : sequence of str and int
        Keys, and positions in arrays of tables.

    Examples
    --------
    >>> text = 'id = "a"' + chr(10) + '[zona]' + chr(10) + 'R-2 = 5'
    >>> line_of(text, ["zona", "R-2"]), line_of(text, ["id"]), line_of(text, ["skala"])
    (3, 1, 1)
    """
    table, best = "", 1
    position: dict[str, int] = {}
    wanted = [str(step) for step in path]
    for number, line in enumerate(text.splitlines(), start=1):
        if header := HEADER.match(line):
            table = header.group(2)
            if header.group(1):
                position[table] = position.get(table, -1) + 1
                table = f"{table}.{position[table]}"
            here = table.split(".")
            best = number if here == wanted[: len(here)] else best
        elif found := KEY.match(line):
            key = next(name for name in found.groups() if name is not None)
            here = [*filter(None, table.split(".")), key]
            if here == wanted[: len(here)]:
                return number
    return best
