"""Widths of river strips from the edge of the channel; what is not known of a river widens them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from zoning.plan import RiverWidth

__all__ = ["DEPTH", "LARGE", "LEVEE", "URBAN", "WIDTH", "channel_halves", "river_widths"]

#: Our columns of a river layer, each with the official spelling it may still carry.
URBAN: Final = ("perkotaan", "PERKOTAAN")
LEVEE: Final = ("bertanggul", "BERTANGGUL")
LARGE: Final = ("kelas", "KELAS")
DEPTH: Final = ("kedalaman_m", "KEDALAMAN_M")
WIDTH: Final = ("lebar_m", "LEBAR_M")
#: No river of the archipelago's provinces that is drawn as a line is wider.
WIDEST_CHANNEL_M: Final = 300.0
YES: Final = frozenset({"ya", "true", "1", "besar", "1.0"})
NO: Final = frozenset({"tidak", "false", "0", "kecil", "0.0"})


def river_widths(
    rivers: pd.DataFrame, rules: Sequence[RiverWidth]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the least and the largest width that each river may have.

    Parameters
    ----------
    rivers : DataFrame
        Columns `perkotaan`, `bertanggul` (ya/tidak), `kelas` (besar/kecil), `kedalaman_m`;
        a blank is unknown.
    rules : sequence of RiverWidth
        The table of the law (PP 38/2011 Pasal 10; in Lasem Pasal 54(3)).

    Returns
    -------
    lowest, highest : arrays of float, shape (n,)
        Equal where the river is known well enough; NaN where no rule fits it.

    Examples
    --------
    >>> from zoning.plan import Citation
    >>> basis = Citation("Perbup", "Pasal 54")
    >>> def rule(a, b, width):
    ...     return RiverWidth(basis=basis, line=2, urban=True, levee=False, large=None,
    ...                       depth_from_m=a, depth_to_m=b, distance_m=width)
    >>> rules = [rule(0, 3, 10), rule(3, 20, 15), rule(20, float("inf"), 30)]
    >>> rivers = pd.DataFrame({"perkotaan": "ya", "bertanggul": "tidak",
    ...                        "kedalaman_m": [2.0, 5.0, None]})
    >>> river_widths(rivers, rules)
    (array([10., 15., 10.]), array([10., 15., 30.]))
    """
    urban = _choice(rivers, URBAN)
    levee = _choice(rivers, LEVEE)
    large = _choice(rivers, LARGE)
    depth = pd.to_numeric(_column(rivers, DEPTH), errors="coerce").to_numpy(float)
    lowest = np.full(len(rivers), np.nan)
    highest = np.full(len(rivers), np.nan)
    for rule in rules:
        fits = _may_be(urban, rule.urban) & _may_be(levee, rule.levee) & _may_be(large, rule.large)
        shallow = (depth == 0) & (rule.depth_from_m == 0)
        within = (depth > rule.depth_from_m) & (depth <= rule.depth_to_m)
        # A depth of exactly nothing belongs to the first class.
        fits &= np.isnan(depth) | within | shallow
        lowest[fits] = np.fmin(lowest[fits], rule.distance_m)
        highest[fits] = np.fmax(highest[fits], rule.distance_m)
    return lowest, highest


def channel_halves(
    rivers: pd.DataFrame, geometries: NDArray[np.object_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return by how much each drawing is narrower than the channel: least and most, in metres.

    The strip begins at the edge of the channel. A polygon is the channel; a line is its
    middle, and half the channel lies on either side: that of `lebar_m` where it is told, else
    anything up to the widest river.

    Examples
    --------
    >>> import shapely
    >>> line, channel = shapely.LineString([(0, 0), (9, 0)]), shapely.box(0, 0, 9, 8)
    >>> channel_halves(pd.DataFrame({"lebar_m": [None, 8.0, None]}),
    ...                np.array([line, line, channel]))
    (array([0., 4., 0.]), array([150.,   4.,   0.]))
    """
    drawn_as_line = shapely.get_dimensions(geometries) < 2
    told = pd.to_numeric(_column(rivers, WIDTH), errors="coerce").to_numpy(float) / 2
    least = np.where(drawn_as_line & (told >= 0), told, 0.0)
    most = np.where(drawn_as_line & ~(told >= 0), WIDEST_CHANNEL_M / 2, least)
    return least, most


def _column(frame: pd.DataFrame, names: tuple[str, ...]) -> pd.Series[Any]:
    """Return the first column that is there; nothing is known where none is."""
    for name in names:
        if name in frame:
            return frame[name]
    return pd.Series([None] * len(frame), index=frame.index, dtype=object)


def _choice(frame: pd.DataFrame, names: tuple[str, ...]) -> NDArray[np.int8]:
    """Return 1 for yes, 0 for no, -1 for unknown."""
    text = _column(frame, names).astype("string").str.strip().str.casefold().fillna("")
    words = text.to_numpy(dtype=object)
    return np.array([1 if w in YES else 0 if w in NO else -1 for w in words], dtype=np.int8)


def _may_be(known: NDArray[np.int8], wanted: bool | None) -> NDArray[np.bool_]:
    if wanted is None:
        return np.ones(len(known), dtype=bool)
    fits: NDArray[np.bool_] = (known == int(wanted)) | (known == -1)
    return fits
