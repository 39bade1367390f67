"""The office's day and time: legal dates are days where the plans hold, not of Greenwich."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

__all__ = ["OFFICE_TIME", "now", "today"]

#: Waktu Indonesia Barat.
OFFICE_TIME: Final = ZoneInfo("Asia/Jakarta")


def today() -> date:
    """Return the day it is where the office stands."""
    return datetime.now(OFFICE_TIME).date()


def now() -> str:
    """Return the time with its zone, as written in answers.

    Examples
    --------
    >>> now().endswith("+07:00")
    True
    """
    return datetime.now(OFFICE_TIME).isoformat(timespec="seconds")
