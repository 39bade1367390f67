"""Texts in cells of a spreadsheet: never taken for a formula."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["plain_text"]

#: Characters by which a spreadsheet takes a text for a formula.
FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def plain_text(value: Any) -> Any:
    """Keep a text a text: a spreadsheet would run `=HYPERLINK(...)` from a permit's name.

    Examples
    --------
    >>> plain_text("=1+1"), plain_text("P-1"), plain_text(-1)
    ("'=1+1", 'P-1', -1)
    """
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value
