"""KKPR issued before the plan: what becomes of it (Pasal 61 of the plan that decides)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from zoning.kkpr import valid_until
from zoning.lattice import VerdictName
from zoning.permit import Permit
from zoning.plan import Citation, PlanMeta

__all__ = ["Transition", "transition_of"]

BUILT: Final = frozenset({"terbangun", "sudah", "sudah dibangun", "built"})
NOT_BUILT: Final = frozenset({"belum", "belum terbangun", "belum dibangun", "not built"})


@dataclass(frozen=True, slots=True)
class Transition:
    """What becomes of a KKPR issued before the plan.

    `valid_until` is None where no rule says how long it is valid.
    """

    status: str
    issued: date
    valid: bool
    valid_until: date | None
    basis: Citation

    def to_dict(self) -> dict[str, Any]:
        """Return the transition as JSON-ready dictionary."""
        return {
            "status": self.status,
            "kkpr_tanggal": self.issued.isoformat(),
            "kkpr_berlaku": self.valid,
            "kkpr_sampai": self.valid_until.isoformat() if self.valid_until else None,
            "dasar": self.basis.to_dict(),
        }


def transition_of(
    permit: Permit, meta: PlanMeta, verdict: VerdictName, on: date
) -> Transition | None:
    """Return what the transitional rule says; None where no older KKPR is named.

    A KKPR issued before the plan stays valid until its own end. Where its use does not
    conform now, it is adjusted when nothing was built, and in a time of transition when it
    was; where neither is possible it may be cancelled against compensation.

    Parameters
    ----------
    meta : PlanMeta
        Of the plan that decides.
    """
    issued = permit.kkpr_tanggal
    if issued is None or issued >= meta.valid_from:
        return None
    # Which route it was issued on is not told; every route has the same length in the rules.
    until = valid_until("PERSETUJUAN", issued)
    valid = until is None or on < until
    article = meta.transition_article or "Ketentuan peralihan"
    basis = Citation(meta.legal_ref, article, "", meta.source, meta.status)
    return Transition(_status(permit, verdict, valid=valid), issued, valid, until, basis)


def _status(permit: Permit, verdict: VerdictName, *, valid: bool) -> str:
    state = permit.status_pembangunan.casefold()
    if verdict in ("SESUAI", "SESUAI_TERBATAS", "SESUAI_BERSYARAT"):
        return "tetap berlaku" if valid else "masa berlaku habis"
    if state in BUILT:
        return "masa transisi"
    if not valid:
        return "masa berlaku habis"
    if verdict == "PERLU_KAJIAN":
        return "perlu kajian"
    return "disesuaikan" if state in NOT_BUILT else "perlu status pembangunan"
