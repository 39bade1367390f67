"""What the numbers of a hazard map may mean where nobody said it: never guessed to be mild.

A depth of 0.9 m is moderate, an index of 0.9 is high, and class 3 is high where 3 m would be
too. A rule for depths over an index would call most of a dangerous place mild, so a map whose
numbers may be something else is refused until its rule is named.
"""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hazard.classes import ClassRule, class_rule
from spatial.errors import RasterError
from spatial.zonal import Grid

__all__ = ["DEPTHS", "INDEX", "WORDS", "column_rule", "grid_rule", "meaning"]

#: Rules of `hazard/rules/classes`: what a raster is taken for where its numbers are depths,
#: and what an index and a map of ready classes would be read by.
DEPTHS: Final = "banjir_kedalaman_bnpb"
INDEX: Final = "indeks_bnpb"
WORDS: Final = "tiga_kelas"
#: Windows over a raster along each side, and their size in cells.
WINDOWS: Final = 8
SIDE: Final = 128
#: Whole numbers up to this may be codes of classes.
MOST_CLASSES: Final = 9
CODES: Final = "codes of classes"
METRES: Final = frozenset({"m", "metre", "meter", "metres", "meters"})
#: Names of columns whose numbers are depths, whole or not.
DEEP: Final = re.compile(r"dalam|depth|genangan|tinggi_?(muka_?)?air", re.IGNORECASE)


def meaning(grid: Grid) -> str:
    """Say what the numbers of a raster may be, from windows spread over it.

    Returns
    -------
    str
        `kelas`: whole numbers up to nine; `indeks`: none above one; `kedalaman`: anything else,
        or a raster that states its unit as metres; empty where no window holds more than zero.

    Examples
    --------
    >>> from spatial.zonal import grid_from_array
    >>> def of(*cells):
    ...     return meaning(grid_from_array([list(cells)], crs="EPSG:32749", origin=(0, 10),
    ...                                    cell=(10, -10)))
    >>> of(0.0, 0.4, 0.93), of(0.0, 1.0, 3.0), of(0.0, 0.4, 2.15), of(0.0, 0.0)
    ('indeks', 'kelas', 'kedalaman', '')
    """
    if grid.unit.strip().lower() in METRES:
        return "kedalaman"
    most, whole, bands = 0.0, True, tuple(range(1, grid.count + 1))
    for rows in _spans(grid.height):
        for cols in _spans(grid.width):
            raw = grid.read(rows, cols, bands)
            values = raw[grid.valid(raw)]
            values = values[values > 0]
            if values.size:
                most = max(most, float(values.max()))
                whole = whole and bool((values == np.round(values)).all())
    if most == 0.0:
        return ""
    if whole and most <= MOST_CLASSES:
        return "kelas"
    return "indeks" if most <= 1.0 else "kedalaman"


def grid_rule(grid: Grid, classes: str | None) -> ClassRule:
    """Return the rule named for a raster, or that of depths where they can be nothing else.

    Raises
    ------
    RasterError
        `class_rule_unsaid`, where no rule was named and the numbers may be an index or classes.
    """
    if classes is not None:
        return class_rule(classes)
    found = meaning(grid)
    if found in ("indeks", "kelas"):
        raise _unsaid(grid.name, "an index from 0 to 1" if found == "indeks" else CODES)
    return class_rule(DEPTHS)


def column_rule(column: pd.Series[Any], classes: str | None) -> ClassRule:
    """Return the rule for the classes of polygons: the one named, or that of words and codes.

    Raises
    ------
    RasterError
        `class_rule_unsaid`, where codes go further than those of the known rule.

    Numbers are depths where the column is called so, or where they are neither codes 0 to 3
    nor an index.

    Examples
    --------
    >>> column_rule(pd.Series(["Rendah", "Tinggi"]), None).words(pd.Series(["Tinggi"])).tolist()
    [3]
    >>> depth = pd.Series([1, 2], name="kedalaman_m")
    >>> column_rule(depth, None).words(depth).tolist()
    [2, 3]
    """
    if classes is not None:
        return class_rule(classes)
    numbers: NDArray[Any] = pd.to_numeric(column, errors="coerce").dropna().to_numpy(float)
    if not numbers.size:
        return class_rule(WORDS)
    if DEEP.search(str(column.name)):
        return class_rule(DEPTHS)
    whole, most = bool((numbers == np.round(numbers)).all()), numbers.max()
    if whole and 3 < most <= MOST_CLASSES:
        raise _unsaid(str(column.name), CODES)
    return class_rule(WORDS if (whole and most <= 3) or most <= 1 else DEPTHS)


def _unsaid(name: str, found: str) -> RasterError:
    return RasterError(
        "{name}: its numbers may be depths in metres, but also {found}; nothing says which",
        code="class_rule_unsaid",
        hint="Say --classes {depths} (depths), {index} (index 0..1) or {words} (classes 1..3)",
        name=name,
        found=found,
        depths=DEPTHS,
        index=INDEX,
        words=WORDS,
    )


def _spans(cells: int) -> list[tuple[int, int]]:
    """Return windows along a side, from its first cell to its last."""
    if cells <= WINDOWS * SIDE:
        return [(0, cells)]
    begins = np.linspace(0, cells - SIDE, WINDOWS).astype(int)
    return [(int(begin), int(begin) + SIDE) for begin in begins]
