"""Values as agencies write them: Indonesian numbers, words for nothing; doubt is told."""

from __future__ import annotations

import re
from typing import Any, Final

import pandas as pd

__all__ = ["NULL_WORDS", "blank_to_na", "parse_number", "to_numbers"]

#: How agencies write that nothing is there.
NULL_WORDS: Final = frozenset({"", "-", "--", "n/a", "null", "<null>", "nan"})

_PLAIN: Final = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?")
_INDONESIAN: Final = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?")
_ENGLISH: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
#: One group of three after a point or comma: thousands to one reader, decimals to the other.
_AMBIGUOUS: Final = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")


def parse_number(text: str) -> float | None:
    """Read a number as it is written in Indonesia or in data files; None where it is doubtful.

    `"79.310,66"` is Indonesian beyond doubt; `"147.041"` may be either and is not guessed.

    Examples
    --------
    >>> parse_number("79.310,66"), parse_number("3604,178"), parse_number("12.5")
    (79310.66, 3604.178, 12.5)
    >>> parse_number("147.041") is None, parse_number("1.234.567")
    (True, 1234567.0)
    """
    value = text.strip().replace(" ", "")
    if _AMBIGUOUS.fullmatch(value):
        return None
    if _PLAIN.fullmatch(value):
        return float(value)
    if _INDONESIAN.fullmatch(value):
        return float(value.replace(".", "").replace(",", "."))
    if _ENGLISH.fullmatch(value):
        return float(value.replace(",", ""))
    return None


def parse_coordinate(value: Any) -> float:
    """Read a coordinate of a table: a number, or text with decimal point or comma; else NaN.

    A coordinate with one group of three after its point ("433.728") is doubtful and not read.

    Examples
    --------
    >>> parse_coordinate("110,4203"), parse_coordinate("-6.99"), parse_coordinate(433728.4)
    (110.4203, -6.99, 433728.4)
    """
    if isinstance(value, str):
        text = value.strip()
        grouped = re.fullmatch(r"[+-]?(\d{1,3})[.,]\d{3}", text)
        if grouped and int(grouped[1]) > 180:
            return float("nan")
        if re.fullmatch(r"[+-]?\d+[.,]\d+", text):
            return float(text.replace(",", "."))
    return _number(value)


def blank_to_na(values: pd.Series[Any]) -> pd.Series[Any]:
    """Turn words for nothing into NA, whatever their case; other values are kept as they are.

    Examples
    --------
    >>> blank_to_na(pd.Series(["R-2", " ", "-"])).isna().tolist()
    [False, True, True]
    """
    texts = values.map(lambda value: isinstance(value, str) and value.strip().lower() in NULL_WORDS)
    return values.mask(texts.astype(bool))


def to_numbers(values: pd.Series[Any]) -> tuple[pd.Series[float], pd.Series[bool]]:
    """Read a column of numbers and say which values could not be read without doubt.

    Returns
    -------
    numbers : Series of float
        NaN where there was nothing or doubt.
    doubtful : Series of bool
        True where there was something that is no number beyond doubt.
    """
    if pd.api.types.is_numeric_dtype(values):
        return values.astype(float), pd.Series(data=False, index=values.index)
    cleaned = blank_to_na(values)
    numbers = cleaned.map(_number).astype(float)
    return numbers, numbers.isna() & cleaned.notna()


def _number(value: Any) -> float:
    if isinstance(value, str):
        read = parse_number(value)
        return float("nan") if read is None else read
    return float("nan") if value is None or pd.isna(value) else float(value)
