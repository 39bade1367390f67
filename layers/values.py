"""Values as agencies write them: Indonesian numbers, words for nothing; doubt is told."""

from __future__ import annotations

import re
from datetime import date
from typing import Any, Final

import pandas as pd

__all__ = [
    "NULL_WORDS",
    "blank_to_na",
    "parse_coordinate",
    "parse_count",
    "parse_date",
    "parse_number",
    "says_none",
    "to_dates",
    "to_numbers",
]

#: How agencies write that nothing is there.
NULL_WORDS: Final = frozenset({"", "-", "--", "n/a", "null", "<null>", "nan"})
#: How they write that there is none of a thing: an answer in a column of overlays, and nothing
#: where a number or a day is asked for.
NONE_WORDS: Final = frozenset({"tidak ada", "nihil", "tidak tersedia", "belum ada"})
MONTHS: Final = {
    "januari": 1, "februari": 2, "pebruari": 2, "maret": 3, "april": 4, "mei": 5, "juni": 6,
    "juli": 7, "agustus": 8, "september": 9, "oktober": 10, "november": 11, "nopember": 11,
    "desember": 12, "january": 1, "february": 2, "march": 3, "may": 5, "june": 6, "july": 7,
    "august": 8, "october": 10, "december": 12,
}  # fmt: skip

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


def parse_count(text: str) -> int | None:
    """Read a count of people or things, which has no decimals, so `"4.821"` is four thousand.

    Examples
    --------
    >>> parse_count("4.821"), parse_count("4,821"), parse_count("1 204"), parse_count("17")
    (4821, 4821, 1204, 17)
    >>> parse_count("4.5") is None, parse_count("-3") is None, parse_count("12,0")
    (True, True, 12)
    """
    value = text.strip().replace(" ", "")
    if re.fullmatch(r"\d+([.,]0{1,2})?", value):
        return int(re.split(r"[.,]", value)[0])
    if re.fullmatch(r"\d{1,3}((\.\d{3})+|(,\d{3})+)", value):
        return int(re.sub(r"[.,]", "", value))
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
    cleaned = _without_none(values)
    numbers = cleaned.map(_number).astype(float)
    return numbers, numbers.isna() & cleaned.notna()


def says_none(value: Any) -> bool:
    """Say whether a value means that there is nothing: NA, a blank, or "Tidak Ada".

    Examples
    --------
    >>> says_none("Tidak Ada"), says_none(" - "), says_none(0)
    (True, True, False)
    """
    if value is None or pd.isna(value):
        return True
    return isinstance(value, str) and value.strip().lower() in NULL_WORDS | NONE_WORDS


def _without_none(values: pd.Series[Any]) -> pd.Series[Any]:
    return values.mask(values.map(says_none).astype(bool))


def parse_date(text: str) -> date | None:
    """Read a day as it is written in Indonesia; None where it is none.

    Days come before months. Two digits of a year are not completed.

    Examples
    --------
    >>> parse_date("17 Agustus 2023"), parse_date("5/3/2021"), parse_date("2023-06-13")
    (datetime.date(2023, 8, 17), datetime.date(2021, 3, 5), datetime.date(2023, 6, 13))
    >>> parse_date("08/17/2023") is None, parse_date("13 Juni 24") is None
    (True, True)
    """
    words = re.sub(r"^[a-z']+,\s*", "", text.strip().lower())
    for pattern, order in _DAYS:
        if found := pattern.fullmatch(words):
            parts = dict(zip(order, found.groups(), strict=True))
            month = parts["m"]
            number = int(month) if month.isdigit() else _month(month)
            try:
                return date(int(parts["y"]), number, int(parts["d"]))
            except ValueError:
                return None
    return None


_DAYS: Final = (
    (re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[t ].*)?"), "ymd"),
    (re.compile(r"(\d{4})(\d{2})(\d{2})"), "ymd"),
    (re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})"), "dmy"),
    (re.compile(r"(\d{1,2})[- ]([a-z]{3,9})[- ](\d{4})"), "dmy"),
)


def _month(word: str) -> int:
    """Return the number of a month, whole or shortened; 0 where it is none."""
    found = {number for name, number in MONTHS.items() if name.startswith(word)}
    return found.pop() if len(found) == 1 else 0


def to_dates(values: pd.Series[Any]) -> tuple[pd.Series[Any], pd.Series[bool]]:
    """Read a column of days and say which values are none beyond doubt.

    Returns
    -------
    days : Series of datetime64
        NaT where there was nothing or doubt.
    doubtful : Series of bool
    """
    if pd.api.types.is_datetime64_any_dtype(values):
        return values, pd.Series(data=False, index=values.index)
    cleaned = _without_none(values)
    days = pd.to_datetime(cleaned.map(_day), errors="coerce")
    return days, days.isna() & cleaned.notna()


def _day(value: Any) -> Any:
    if isinstance(value, str):
        return parse_date(value)
    return value if isinstance(value, date) else None


def _number(value: Any) -> float:
    if isinstance(value, str):
        read = parse_number(value)
        return float("nan") if read is None else read
    return float("nan") if value is None or pd.isna(value) else float(value)
