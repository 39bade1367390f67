"""KKPR issued before the plan, and the clock of those that are asked for now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from zoning.lattice import VerdictName
from zoning.permit import Permit
from zoning.plan import Citation, PlanMeta

__all__ = ["Clock", "Transition", "clock_of", "transition_of"]

BUILT: Final = frozenset({"terbangun", "sudah", "sudah dibangun", "built"})
NOT_BUILT: Final = frozenset({"belum", "belum terbangun", "belum dibangun", "not built"})


@dataclass(frozen=True, slots=True)
class Transition:
    """What becomes of a KKPR issued before the plan."""

    status: str
    issued: date
    basis: Citation

    def to_dict(self) -> dict[str, Any]:
        """Return the transition as JSON-ready dictionary."""
        return {
            "status": self.status,
            "kkpr_tanggal": self.issued.isoformat(),
            "kkpr_berlaku": True,
            "dasar": self.basis.to_dict(),
        }


def transition_of(permit: Permit, meta: PlanMeta, verdict: VerdictName) -> Transition | None:
    """Return what the transitional rule says; None where no older KKPR is named.

    A KKPR issued before the plan stays valid. Where its use does not conform now, it is
    adjusted when nothing was built, and in a time of transition when it was.
    """
    issued = permit.kkpr_tanggal
    if issued is None or issued >= meta.valid_from:
        return None
    state = permit.status_pembangunan.casefold()
    if verdict in ("SESUAI", "SESUAI_TERBATAS", "SESUAI_BERSYARAT"):
        status = "tetap berlaku"
    elif state in BUILT:
        status = "masa transisi"
    elif state in NOT_BUILT:
        status = "disesuaikan"
    else:
        status = "perlu status pembangunan"
    article = meta.transition_article or "Ketentuan peralihan"
    basis = Citation(meta.legal_ref, article, "", meta.source, meta.status)
    return Transition(status, issued, basis)


@dataclass(frozen=True, slots=True)
class Clock:
    """How long an office may take before the law deems an application granted.

    The clock only warns: it never alters a verdict and issues nothing (fiktif positif).
    """

    due: date
    days_left: int
    warning: bool


def clock_of(
    submitted: date, today: date, working_days: int, holidays: frozenset[date] = frozenset()
) -> Clock:
    """Return the clock of an application.

    Parameters
    ----------
    working_days : int
        What the rule in force grants; it is a setting of the office, not of the engine.
    holidays : set of date
        Days beside Saturday and Sunday on which offices are closed.

    Examples
    --------
    >>> clock_of(date(2024, 7, 1), date(2024, 7, 12), 10)
    Clock(due=datetime.date(2024, 7, 15), days_left=1, warning=True)
    """
    due = submitted
    left = working_days
    while left > 0:
        due += timedelta(days=1)
        left -= due.weekday() < 5 and due not in holidays
    days = (today + timedelta(days=n) for n in range(1, (due - today).days + 1))
    days_left = sum(1 for day in days if day.weekday() < 5 and day not in holidays)
    return Clock(due, days_left, days_left * 5 <= working_days)
