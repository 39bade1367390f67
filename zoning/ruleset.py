"""The rules of a plan that hold on one day, arranged for looking up."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any, Final, Literal, TypeVar

from zoning.lattice import UNKNOWN, Interval, alternatives
from zoning.plan import (
    BLANK,
    Cell,
    Dated,
    Exemption,
    HazardRule,
    IntensityRule,
    MatrixRow,
    OverlayRule,
    Plan,
    PlanMeta,
    RiverWidth,
    normal,
)

__all__ = ["RuleSet", "Selection", "applies_to", "is_compound", "is_meant", "rules_on"]

GROUP: Final = "kelompok="
EFFECT_ORDER: Final = {"larang": 0, "perketat": 1, "syarat": 2, "longgarkan": 3}
#: Answers that a rule set keeps at once, some hundred bytes each.
MOST_KEPT: Final = 50_000
T = TypeVar("T", bound=Dated)
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Selection:
    """The activity a permit asks for as the matrix knows it, or why it does not know it.

    `kbli` says how the classification stands to a named activity: `other` when it means
    other activities, so that one of all is meant; `unlisted` when the plan does not know it.
    """

    name: str
    rows: tuple[MatrixRow, ...]
    suggestions: tuple[str, ...] = ()
    kbli: Literal["", "other", "unlisted"] = ""
    #: Names it among the selections of one rule set.
    key: tuple[Any, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", (self.name, *(row.line for row in self.rows)))

    @property
    def kelompok(self) -> str:
        """Group of the activity; empty where the rows disagree or there is none."""
        groups = {row.kelompok for row in self.rows}
        return groups.pop() if len(groups) == 1 else ""


@dataclass(frozen=True, eq=False)
class RuleSet:
    """What holds on one day: matrix by activity, limits by zone, overlays, crosswalk.

    What was looked up once is kept: many permits ask for the same activity. A stranger may
    name any activity, so that only so much is kept.
    """

    meta: PlanMeta
    matrix: Mapping[str, MatrixRow]
    intensities: Mapping[str, tuple[IntensityRule, ...]]
    overlays: tuple[OverlayRule, ...]
    kbli: Mapping[str, tuple[str, ...]]
    exemptions: Mapping[str, Exemption]
    rivers: tuple[RiverWidth, ...]
    zones: frozenset[str]
    hazards: tuple[HazardRule, ...]
    limits: Mapping[tuple[str, str], tuple[IntensityRule, ...]]
    looked_up: dict[Any, Any] = field(default_factory=dict, repr=False)

    def select(self, kegiatan: str, kbli: str = "") -> Selection:
        """Find the activity by its name or, without one, by its classification.

        Names are found when they are equal apart from case and blanks; a similar one is
        suggested, never taken. A classification may lead to several activities. Where name
        and classification contradict each other, any of their activities may be meant.
        """
        key = ("select", kegiatan, kbli)
        return self.kept(key) or self.keep(key, self._select(kegiatan, kbli))

    def kept(self, key: tuple[Any, ...]) -> Any:
        """Return what was looked up before; None where nothing was."""
        return self.looked_up.get(key)

    def keep(self, key: tuple[Any, ...], found: K) -> K:
        """Keep what was looked up."""
        if len(self.looked_up) >= MOST_KEPT:
            self.looked_up.clear()
        self.looked_up[key] = found
        return found

    def meant(self, selection: Selection) -> tuple[OverlayRule, ...]:
        """Return the overlay rules that may speak about an activity, in order of effect.

        About an activity that is not known all of them may.
        """
        key = ("meant", selection.key)
        found: tuple[OverlayRule, ...] | None = self.kept(key)
        if found is None:
            ordered = sorted(self.overlays, key=lambda rule: EFFECT_ORDER[rule.effect])
            found = self.keep(key, tuple(rule for rule in ordered if is_meant(rule, selection)))
        return found

    def zone_interval(self, selection: Selection, zona: str) -> Interval:
        """Return what the matrix allows in a zone; of several activities one is meant."""
        key = ("interval", selection.key, zona)
        found: Interval | None = self.kept(key)
        if found is None:
            found = self.keep(key, alternatives(self.interval(row, zona) for row in selection.rows))
        return found

    def _select(self, kegiatan: str, kbli: str) -> Selection:
        if kegiatan:
            row = self.matrix.get(normal(kegiatan))
            if row is None:
                return Selection(kegiatan, (), self._similar(kegiatan))
            return self._beside_kbli(row, kbli)
        return self._of_kbli(kbli)

    def _beside_kbli(self, row: MatrixRow, kbli: str) -> Selection:
        """Return the named activity, or all that may be meant where the KBLI contradicts it."""
        if not kbli:
            return Selection(row.kegiatan, (row,))
        if kbli not in self.kbli:
            return Selection(row.kegiatan, (row,), kbli="unlisted")
        if normal(row.kegiatan) in map(normal, self.kbli[kbli]):
            return Selection(row.kegiatan, (row,))
        others = self._of_kbli(kbli)
        name = f"{row.kegiatan} / {others.name}"
        return Selection(name, (row, *others.rows) if others.rows else (), kbli="other")

    def _of_kbli(self, kbli: str) -> Selection:
        names = self.kbli.get(kbli, ())
        rows = tuple(self.matrix[normal(name)] for name in names if normal(name) in self.matrix)
        if len(rows) < len(names):
            # One of the activities that may be meant has no rule on this day.
            return Selection(f"KBLI {kbli}", ())
        return Selection(" / ".join(row.kegiatan for row in rows) or f"KBLI {kbli}", rows)

    def _similar(self, kegiatan: str) -> tuple[str, ...]:
        close = difflib.get_close_matches(normal(kegiatan), list(self.matrix), n=3, cutoff=0.6)
        return tuple(self.matrix[key].kegiatan for key in close)

    def cell(self, row: MatrixRow, zona: str) -> Cell:
        """Return the cell of a row in a zone; a zone without a column is as blank as a cell."""
        return row.cells.get(zona, BLANK)

    def interval(self, row: MatrixRow, zona: str) -> Interval:
        """Return what the matrix allows; nothing is known of a class that is two classes."""
        return UNKNOWN if is_compound(zona) else self.cell(row, zona).interval


def rules_on(plan: Plan, on: date) -> RuleSet:
    """Arrange the rules of a plan that hold on a day."""
    matrix = {normal(row.kegiatan): row for row in _holding(plan.matrix, on)}
    # Rules are arranged by what they say, so that the order of rows never matters.
    intensities: dict[str, list[IntensityRule]] = {}
    limits: dict[tuple[str, str], list[IntensityRule]] = {}
    for rule in sorted(_holding(plan.intensities, on), key=_content):
        intensities.setdefault(rule.zona, []).append(rule)
        limits.setdefault((rule.zona, rule.parameter), []).append(rule)
    kbli: dict[str, list[str]] = {}
    for pair in _holding(plan.kbli, on):
        kbli.setdefault(pair.kbli, []).append(pair.kegiatan)
    return RuleSet(
        meta=plan.meta,
        matrix=matrix,
        intensities={zone: tuple(rules) for zone, rules in intensities.items()},
        overlays=tuple(sorted(_holding(plan.overlays, on), key=_content)),
        kbli={code: tuple(sorted(set(names))) for code, names in kbli.items()},
        exemptions={rule.kode: rule for rule in _holding(plan.exemptions, on)},
        rivers=tuple(_holding(plan.rivers, on)),
        zones=frozenset(zone for row in matrix.values() for zone in row.cells),
        hazards=tuple(sorted(_holding(plan.hazards, on), key=_content)),
        limits={key: tuple(rules) for key, rules in limits.items()},
    )


def _holding(rules: Iterable[T], on: date) -> Iterable[T]:
    return (rule for rule in rules if rule.holds(on))


def _content(rule: Dated) -> tuple[str, ...]:
    """Return what a rule says, without the row in which it stands."""
    names = (one.name for one in fields(rule) if one.name not in ("line", "basis"))
    own = tuple(str(getattr(rule, name)) for name in names)
    return (*own, rule.basis.instrument, rule.basis.pasal, rule.basis.kutipan)


def is_compound(zona: str) -> bool:
    """Say whether a class is two classes in one name: a dispute shown on the map.

    Examples
    --------
    >>> is_compound("Kawasan Hutan Lindung / Kawasan Permukiman Perdesaan"), is_compound("R-2")
    (True, False)
    """
    return "/" in zona


def applies_to(
    selectors: tuple[str, ...], excepted: tuple[str, ...], kegiatan: str, kelompok: str
) -> bool:
    """Say whether a list of activities means this one.

    Parameters
    ----------
    selectors, excepted : tuples of str
        Names, `kelompok=name`, or `*` for all.

    Examples
    --------
    >>> applies_to(("*",), ("sawah", "kelompok=pertanian"), "tambak", "perikanan")
    True
    """
    return _meant(selectors, kegiatan, kelompok) and not _meant(excepted, kegiatan, kelompok)


def is_meant(rule: OverlayRule | HazardRule, selection: Selection) -> bool:
    """Say whether a rule may speak about an activity; about one that is not known it may."""
    return not selection.rows or any(
        applies_to(rule.kegiatan, rule.except_kegiatan, row.kegiatan, row.kelompok)
        for row in selection.rows
    )


def _meant(selectors: tuple[str, ...], kegiatan: str, kelompok: str) -> bool:
    for selector in selectors:
        if selector == "*" or normal(selector) == normal(kegiatan):
            return True
        if selector.startswith(GROUP) and normal(selector[len(GROUP) :]) == normal(kelompok):
            return True
    return False
