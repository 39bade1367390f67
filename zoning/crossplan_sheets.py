"""Instruments side by side: what each says of an activity in each of its classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from spatial.errors import EngineError
from spatial.notes import Note
from zoning.coverage import Coverage
from zoning.ground import Ground, OverlayMap, ZoneMap
from zoning.lattice import PROHIBITED, Interval, Izin, join_all
from zoning.plan import Citation, OverlayRule, normal
from zoning.ruleset import applies_to

__all__ = ["Sheet", "family_of", "pitti_class", "sheets_of"]

#: Spatial instruments that plans take over as overlays, by the beginning of their code.
FAMILIES: Final = {
    "HUTAN": "KAWASAN_HUTAN",
    "KAWASAN_HUTAN": "KAWASAN_HUTAN",
    "LSD": "LSD",
    "LP2B": "LP2B",
    "KP2B": "LP2B",
}


@dataclass(frozen=True, eq=False)
class Sheet:
    """One instrument: its classes on the ground and what they mean for activities.

    A plan has its zones as classes, an overlay just one.
    """

    name: str
    family: str
    whole: Coverage
    deep: Coverage
    ground: Ground
    rules: tuple[OverlayRule, ...] = ()
    activities: frozenset[str] = frozenset()
    labels: dict[str, str] = field(default_factory=dict)

    def says(self, code: str, activity: str) -> Interval:
        """Return what the instrument says of an activity (normal name) in a class."""
        row = self.ground.rules.matrix[activity]
        if not self.rules:
            return self.ground.rules.interval(row, code)
        effects = (_effect(rule) for rule in self.rules if _means(rule, self.ground, activity))
        return join_all(effects)

    def law(self, code: str, activity: str) -> str:
        """Return instrument and article behind what it says."""
        basis = self._basis(normal(activity))
        return f"{basis.instrument}, {basis.pasal}"

    def name_of(self, activity: str) -> str:
        """Return an activity as the matrix writes it."""
        return self.ground.rules.matrix[activity].kegiatan

    def _basis(self, activity: str) -> Citation:
        meant = [rule for rule in self.rules if _means(rule, self.ground, activity)]
        strictest = [rule for rule in meant if rule.effect == "larang"] or meant or self.rules
        return strictest[0].basis if strictest else self.ground.rules.matrix[activity].basis


def pitti_class(*families: str) -> str:
    """Name a class of mismatch by the instruments that take part, as the PITTI maps do.

    Examples
    --------
    >>> pitti_class("KAWASAN_HUTAN", "RTRW_KAB")
    'RTRW_KAB × KAWASAN_HUTAN'
    """
    order = ("RDTR", "RTR_KSK", "RTR_KSP", "RTRW_KAB", "RTRW_KOTA", "RTRW_PROV", "RTRWN")
    return " × ".join(
        sorted(families, key=lambda f: (order.index(f) if f in order else len(order), f))
    )


def family_of(rule: OverlayRule) -> str:
    """Return the spatial instrument that an overlay comes from; empty where it is the plan's own.

    A rule that cites an instrument of its own and belongs to no known family is a family
    by its code.
    """
    for start, family in FAMILIES.items():
        if rule.kode.startswith(start):
            return family
    return rule.kode if rule.foreign else ""


def sheets_of(grounds: Sequence[Ground], kegiatan: str | None) -> tuple[list[Sheet], list[Note]]:
    """Return the instruments that can be compared, and a note for each that cannot be read."""
    sheets: list[Sheet] = []
    notes: list[Note] = []
    for ground in grounds:
        activities = _activities(ground, kegiatan)
        if isinstance(ground.zones, ZoneMap):
            meta = ground.meta
            maps = ground.zones
            sheets.append(
                Sheet(meta.name, meta.kind, maps.whole, maps.deep, ground, (), activities)
            )
        else:
            notes.append(_unreadable(ground.meta.name, ground.zones))
    seen: set[tuple[object, ...]] = set()
    for ground in grounds:
        activities = _activities(ground, kegiatan)
        for key, rules in _by_ground(ground).items():
            if key in seen:
                continue
            seen.add(key)
            found = ground.overlays[key]
            if isinstance(found, OverlayMap):
                name, family = rules[0].nama, family_of(rules[0])
                certain = _labelled(found.certain, rules[0].kode)
                deep = _labelled(found.deep, rules[0].kode)
                sheets.append(Sheet(name, family, certain, deep, ground, rules, activities))
            else:
                notes.append(_unreadable(rules[0].nama, found))
    return sheets, notes


def _activities(ground: Ground, kegiatan: str | None) -> frozenset[str]:
    known = frozenset(ground.rules.matrix)
    return known if kegiatan is None else known & {normal(kegiatan)}


def _by_ground(ground: Ground) -> dict[tuple[object, ...], tuple[OverlayRule, ...]]:
    found: dict[tuple[object, ...], tuple[OverlayRule, ...]] = {}
    for rule in ground.rules.overlays:
        if family_of(rule) and rule.effect in ("larang", "syarat"):
            found[rule.ground] = (*found.get(rule.ground, ()), rule)
    return found


def _labelled(coverage: Coverage, code: str) -> Coverage:
    """Give the one class of an overlay the overlay's own code."""
    index = replace(coverage.index, codes=(code,))
    return replace(coverage, codes=(code,), index=index)


def _effect(rule: OverlayRule) -> Interval:
    return PROHIBITED if rule.effect == "larang" else Interval.of(Izin.B)


def _means(rule: OverlayRule, ground: Ground, activity: str) -> bool:
    row = ground.rules.matrix[activity]
    return applies_to(rule.kegiatan, rule.except_kegiatan, row.kegiatan, row.kelompok)


def _unreadable(name: str, fault: EngineError | Iterable[object]) -> Note:
    text = "{instrument} cannot be compared: {reason}"
    return Note(
        "instrument_unreadable", text, "warning", {"instrument": name, "reason": str(fault)}
    )
