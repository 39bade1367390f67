"""The order of conformity: five classes in a diamond, intervals of them, and what they add up to.

A class is a set of restrictions written as bits: I = none, T = limits, B = conditions,
TB = both, X = both and the prohibition above them. So I < T < TB < X and I < B < TB < X is
the order of sets, and the join of two classes is their union.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import reduce
from typing import Final, Literal, TypeAlias

__all__ = [
    "FREE",
    "PROHIBITED",
    "REASONS",
    "UNKNOWN",
    "Interval",
    "Izin",
    "VerdictName",
    "alternatives",
    "join_all",
    "name_of",
]

VerdictName: TypeAlias = Literal[
    "SESUAI",
    "SESUAI_TERBATAS",
    "SESUAI_BERSYARAT",
    "DISETUJUI_SEBAGIAN",
    "TIDAK_SESUAI",
    "PERLU_KAJIAN",
]

#: Why an answer is an interval, in the order in which they are listed.
REASONS: Final = (
    "TANPA_CAKUPAN",
    "SEL_KOSONG",
    "KEGIATAN_TIDAK_TERCANTUM",
    "BATAS_TIDAK_PASTI",
    "KONFLIK_RENCANA",
    "STATUS_HUTAN_BELUM_SELESAI",
    "DATA_KEDALUWARSA",
    "BAHAYA_TIDAK_DIKETAHUI",
    "KAJIAN_BAHAYA",
    "INPUT_KURANG",
)


class Izin(IntEnum):
    """One class of permission; its value is the set of its restrictions.

    Examples
    --------
    >>> Izin.T.join(Izin.B), Izin.I <= Izin.T, Izin.T.below(Izin.B)
    (<Izin.TB: 3>, True, False)
    """

    I = 0  # noqa: E741  the name of the class in law
    T = 1
    B = 2
    TB = 3
    X = 7

    def join(self, other: Izin) -> Izin:
        """Return the least class that is at least as strict as both."""
        return _CLASSES[self | other]

    def meet(self, other: Izin) -> Izin:
        """Return the strictest class that is no stricter than either."""
        return _CLASSES[self & other]

    def below(self, other: Izin) -> bool:
        """Say whether `other` is at least as strict: the order of the diamond, not of numbers."""
        return self | other == other


#: By value; quicker than asking the enumeration.
_CLASSES: Final = {int(one): one for one in Izin}


@dataclass(frozen=True, slots=True)
class Interval:
    """What a finding may be: no better than `lo`, no worse than `hi`.

    Examples
    --------
    >>> Interval(Izin.I, Izin.X).join(Interval.of(Izin.T)).to_list()
    ['T', 'X']
    """

    lo: Izin
    hi: Izin

    def __post_init__(self) -> None:
        if not self.lo.below(self.hi):
            raise ValueError(f"{self.lo.name} is not below {self.hi.name}")

    @classmethod
    def of(cls, izin: Izin) -> Interval:
        """Return the interval of a class that is certain."""
        return cls(izin, izin)

    @classmethod
    def up_to(cls, izin: Izin) -> Interval:
        """Return the interval of a class that may or may not apply."""
        return cls(Izin.I, izin)

    @property
    def certain(self) -> bool:
        """Whether there is just one class in it."""
        return self.lo == self.hi

    def join(self, other: Interval) -> Interval:
        """Add another finding: element by element."""
        return _INTERVALS[self.lo | other.lo, self.hi | other.hi]

    def possible(self) -> Interval:
        """Return the same finding where it is not proven that it applies: it widens `hi` alone."""
        return Interval(Izin.I, self.hi)

    def contains(self, other: Interval) -> bool:
        """Say whether `other` lies within."""
        return self.lo.below(other.lo) and other.hi.below(self.hi)

    def to_list(self) -> list[str]:
        """Return the names of both ends."""
        return [self.lo.name, self.hi.name]


#: By the values of both ends: there are few, so joining makes no new ones.
_INTERVALS: Final = {
    (int(lo), int(hi)): Interval(lo, hi) for lo in Izin for hi in Izin if lo.below(hi)
}
FREE: Final = Interval.of(Izin.I)
PROHIBITED: Final = Interval.of(Izin.X)
UNKNOWN: Final = Interval(Izin.I, Izin.X)


def join_all(intervals: Iterable[Interval]) -> Interval:
    """Join any number of findings; none at all leaves everything permitted.

    Examples
    --------
    >>> join_all([Interval.of(Izin.T), Interval.of(Izin.B)]).to_list()
    ['TB', 'TB']
    """
    return reduce(Interval.join, intervals, FREE)


def alternatives(intervals: Iterable[Interval]) -> Interval:
    """Return what holds when exactly one of several findings is the true one.

    A cell that reads "T or B" is `[I, TB]`: the least certain thing is what both share.

    Examples
    --------
    >>> alternatives([Interval.of(Izin.T), Interval.of(Izin.B)]).to_list()
    ['I', 'TB']
    >>> alternatives([Interval.of(Izin.T), Interval.of(Izin.T)]).to_list()
    ['T', 'T']
    """
    found = list(intervals)
    if not found:
        return UNKNOWN
    return Interval(
        reduce(Izin.meet, (one.lo for one in found)), reduce(Izin.join, (one.hi for one in found))
    )


def name_of(total: Interval) -> VerdictName:
    """Name the verdict of a total that holds for the whole parcel.

    `lo = X` decides against (a proven prohibition beats any unknown); `lo = hi` decides;
    anything else needs review.

    Examples
    --------
    >>> name_of(Interval.of(Izin.TB)), name_of(UNKNOWN), name_of(PROHIBITED)
    ('SESUAI_BERSYARAT', 'PERLU_KAJIAN', 'TIDAK_SESUAI')
    """
    if total.lo is Izin.X:
        return "TIDAK_SESUAI"
    if not total.certain:
        return "PERLU_KAJIAN"
    if total.lo is Izin.I:
        return "SESUAI"
    return "SESUAI_TERBATAS" if total.lo is Izin.T else "SESUAI_BERSYARAT"
