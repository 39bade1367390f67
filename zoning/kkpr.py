"""KKPR: how long an office may take, and how long what it issues is valid.

The clock only warns (fiktif positif): it never alters a verdict and issues nothing.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, lru_cache
from importlib import resources
from typing import Any

from zoning.plan import Citation

__all__ = ["Clock", "KkprRule", "clock_of", "days_left", "kkpr_rule", "valid_until"]


@dataclass(frozen=True, slots=True)
class KkprRule:
    """What the law grants on one route: working days to answer, years of validity."""

    route: str
    working_days: int
    validity_years: int
    basis: Citation
    valid_from: date
    valid_to: date | None

    def holds(self, on: date) -> bool:
        """Say whether it is in force on a day."""
        return self.valid_from <= on and (self.valid_to is None or on < self.valid_to)


@cache
def _rules() -> tuple[KkprRule, ...]:
    text = (resources.files("zoning") / "rules" / "kkpr.csv").read_text("utf-8")
    return tuple(
        KkprRule(
            route=row["jalur"],
            working_days=int(row["hari_kerja"]),
            validity_years=int(row["masa_berlaku_tahun"]),
            basis=Citation(
                "Ketentuan KKPR", row["pasal"], row["kutipan"], row["sumber"], row["status"]
            ),
            valid_from=date.fromisoformat(row["berlaku_dari"]),
            valid_to=date.fromisoformat(row["berlaku_sampai"]) if row["berlaku_sampai"] else None,
        )
        for row in csv.DictReader(text.splitlines())
    )


def kkpr_rule(route: str, on: date) -> KkprRule | None:
    """Return the rule of a route on a day; None where the rule file has none.

    Examples
    --------
    >>> kkpr_rule("KONFIRMASI", date(2024, 7, 1)).basis.status
    'belum_diverifikasi'
    >>> kkpr_rule("REKOMENDASI", date(2024, 7, 1)) is None
    True
    """
    return next((rule for rule in _rules() if rule.route == route and rule.holds(on)), None)


@dataclass(frozen=True, slots=True)
class Clock:
    """When an application is to be answered; after that the law may deem it granted."""

    route: str
    submitted: date
    due: date
    working_days: int
    basis: Citation

    def to_dict(self) -> dict[str, Any]:
        """Return the clock as JSON-ready dictionary."""
        return {
            "jalur": self.route,
            "diajukan": self.submitted.isoformat(),
            "jatuh_tempo": self.due.isoformat(),
            "hari_kerja": self.working_days,
            "libur_nasional_dihitung": False,
            "dasar": self.basis.to_dict(),
        }


@lru_cache(maxsize=4096)
def clock_of(
    route: str | None, submitted: date | None, holidays: frozenset[date] = frozenset()
) -> Clock | None:
    """Return the clock of an application; None where route, day or rule is not known.

    Parameters
    ----------
    holidays : set of date
        Days beside Saturday and Sunday on which offices are closed.

    Examples
    --------
    >>> clock_of("PERSETUJUAN", date(2024, 7, 1)).due
    datetime.date(2024, 7, 29)
    """
    rule = kkpr_rule(route or "", submitted) if submitted is not None else None
    if rule is None or submitted is None:
        return None
    due, left = submitted, rule.working_days
    while left > 0:
        due += timedelta(days=1)
        left -= _works(due, holidays)
    return Clock(rule.route, submitted, due, rule.working_days, rule.basis)


def days_left(clock: Clock, today: date, holidays: frozenset[date] = frozenset()) -> int:
    """Return the working days until an application is due; negative when it is overdue.

    Examples
    --------
    >>> clock = clock_of("PERSETUJUAN", date(2024, 7, 1))
    >>> days_left(clock, date(2024, 7, 26)), days_left(clock, date(2024, 7, 31))
    (1, -2)
    """
    first, last = sorted((today, clock.due))
    days = (first + timedelta(days=n) for n in range(1, (last - first).days + 1))
    count = sum(_works(day, holidays) for day in days)
    return count if today <= clock.due else -count


def _works(day: date, holidays: frozenset[date]) -> bool:
    return day.weekday() < 5 and day not in holidays


def valid_until(route: str, issued: date) -> date | None:
    """Return the first day on which an issued KKPR is no longer valid; None where not known.

    Examples
    --------
    >>> valid_until("KONFIRMASI", date(2024, 2, 29))
    datetime.date(2027, 3, 1)
    """
    rule = kkpr_rule(route, issued)
    if rule is None:
        return None
    year = issued.year + rule.validity_years
    try:
        return issued.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
