"""Cells of the activity matrix: what the letters in them mean."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from spatial.errors import PlanError
from zoning.lattice import Interval, Izin, alternatives, join_all
from zoning.plan import BLANK, Cell

__all__ = ["parse_cell"]

CODE: Final = re.compile(r"I|[TB][0-9]*")
#: The three classes of an RTRW's general zoning rules (KUPZ) in the classes of a matrix.
RTRW_WORDS: Final = {"diperbolehkan": "I", "bersyarat": "B", "tidak diperbolehkan": "X"}


@cache
def parse_cell(text: str) -> Cell:
    """Read one cell.

    Parameters
    ----------
    text : str
        `I`, `X`, `T`, `B`, with sub-codes (`T1`), joined by commas (`T1,B1` holds both),
        separated by bars (`T|B`: one of them, the law does not say which), or blank.

    Returns
    -------
    Cell

    Raises
    ------
    PlanError
        If it is none of these.

    Examples
    --------
    >>> parse_cell("T1,B1").interval.to_list(), parse_cell("T|B").interval.to_list()
    (['TB', 'TB'], ['I', 'TB'])
    >>> parse_cell("").blank
    True
    """
    word = RTRW_WORDS.get(text.strip(), text.strip())
    if word == "":
        return BLANK
    if word == "X":
        return Cell(Interval.of(Izin.X))
    choices = [[code.strip() for code in choice.split(",")] for choice in word.split("|")]
    codes = [code for choice in choices for code in choice]
    if not all(CODE.fullmatch(code) for code in codes):
        raise PlanError(
            "{cell!r} is no cell of a matrix",
            code="plan_cell_unknown",
            hint="Write I, X, T, B, T1, T1,B1 (both) or T|B (one of them), or leave it blank",
            cell=text,
        )
    interval = alternatives(
        join_all(Interval.of(Izin[code[0]]) for code in choice) for choice in choices
    )
    return Cell(interval, tuple(dict.fromkeys(code for code in codes if code != "I")))
