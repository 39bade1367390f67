"""Findings of hazard maps: what the classes on a parcel mean, and what nobody mapped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from spatial.notes import Note
from zoning.finding import Finding, because
from zoning.hazards import BLANK_CLASSES, Exposed, Exposures
from zoning.judge_overlays import always, asserted_of
from zoning.lattice import FREE, PROHIBITED, UNKNOWN, Interval, Izin
from zoning.permit import Permit
from zoning.plan import HazardRule
from zoning.ruleset import Selection, is_meant
from zoning.survey import Scene

__all__ = ["hazard_findings"]

#: Parts that differ by less are the whole parcel.
WHOLE: Final = 1e-9
#: What a class may mean where nobody knows which class it is.
OPEN: Final = Interval(Izin.B, Izin.X)


def hazard_findings(
    scene: Scene, permit: Permit, selection: Selection, exposures: Exposures, area_m2: float
) -> Iterator[Finding]:
    """Yield what the plan's rules say of the hazard classes that a parcel meets.

    Ground without a class is no answer: where a rule asks for the map, it needs review.

    Parameters
    ----------
    exposures : mapping
        What each map says of the whole parcel.
    area_m2 : float
        Of the parcel.
    """
    ordered = sorted(scene.ground.rules.hazards, key=lambda rule: rule.kode)
    for _, group in groupby(ordered, key=lambda rule: rule.kode):
        stated = list(group)
        rules = [rule for rule in stated if is_meant(rule, selection)]
        if rules:
            exposed = exposures.get(rules[0].source)
            asked = _Asked(scene, permit, selection, rules, area_m2)
            yield from asked.findings(exposed, {name for one in stated for name in one.classes})


class _Asked:
    """The rules of one hazard for one permit."""

    def __init__(
        self,
        scene: Scene,
        permit: Permit,
        selection: Selection,
        rules: Sequence[HazardRule],
        area_m2: float,
    ) -> None:
        self.scene, self.permit, self.selection = scene, permit, selection
        self.rules, self.area_m2 = rules, area_m2
        self.floor = scene.ground.meta.area_floor_m2

    def findings(self, exposed: Exposed | None, stated: set[str]) -> Iterator[Finding]:
        """Yield one finding per class and rule, and one for what has no class."""
        if exposed is None or exposed.fault:
            fault = exposed.fault if exposed else None
            facts = because(fault or Note("hazard_not_measured", "nobody measured it", "error"))
            yield self._unknown("tanpa_data", self.area_m2, "DATA_KEDALUWARSA", facts)
            return
        blank = 0.0
        for name, shares in exposed.classes.items():
            inside, near = (share * self.area_m2 for share in shares)
            if name in BLANK_CLASSES:
                blank += inside
            elif name not in stated and inside >= self.floor:
                facts = {"kelas": name, "bagian": inside / self.area_m2, **_summary(exposed)}
                yield self._unknown(name, inside, "BAHAYA_TIDAK_DIKETAHUI", facts, UNKNOWN)
            else:
                yield from self._class(name, inside, near, exposed)
        if blank >= self.floor:
            facts = {"kelas": "tanpa_data", "bagian": blank / self.area_m2, **_summary(exposed)}
            yield self._unknown("tanpa_data", blank, "BAHAYA_TIDAK_DIKETAHUI", facts)

    def _class(self, name: str, inside: float, near: float, exposed: Exposed) -> Iterator[Finding]:
        mine = [rule for rule in self.rules if name in rule.classes]
        if inside >= self.floor and not mine:
            yield self._finding(self.rules[0], name, inside, FREE, exposed, "bebas")
        for rule in mine:
            if inside >= self.floor:
                yield self._met(rule, name, inside, exposed)
            elif near >= self.floor and rule.effect != "bebas":
                interval, _ = self._interval(rule, self.area_m2)
                yield self._finding(
                    rule, name, inside, interval.possible(), exposed, rule.effect,
                    reason="BATAS_TIDAK_PASTI", near_m2=near,
                )  # fmt: skip

    def _met(self, rule: HazardRule, name: str, inside: float, exposed: Exposed) -> Finding:
        if inside < rule.least_share * self.area_m2:
            return self._finding(rule, name, inside, FREE, exposed, "di_bawah_ambang")
        interval, reason = self._interval(rule, inside)
        if not always(rule, self.selection) and interval != FREE:
            interval, reason = interval.possible(), "INPUT_KURANG"
        return self._finding(rule, name, inside, interval, exposed, rule.effect, reason=reason)

    def _interval(self, rule: HazardRule, inside: float) -> tuple[Interval, str]:
        """Return what a rule means on so much of the parcel, and why that may be open."""
        if rule.effect == "bebas":
            return FREE, ""
        if rule.effect == "syarat" or asserted_of(self.scene, self.permit, rule) is not None:
            return Interval.of(Izin.B), ""
        if rule.effect == "larang" and inside >= self.area_m2 * (1 - WHOLE):
            return PROHIBITED, ""
        # Of a part it is not known here whether the building can keep out of it.
        return OPEN, "KAJIAN_BAHAYA"

    def _finding(
        self,
        rule: HazardRule,
        name: str,
        inside: float,
        interval: Interval,
        exposed: Exposed,
        effect: str,
        *,
        reason: str = "",
        near_m2: float = 0.0,
    ) -> Finding:
        asserted = None
        if effect in ("larang", "kajian"):
            asserted = asserted_of(self.scene, self.permit, rule)
        conditions = rule.conditions if effect in ("larang", "kajian", "syarat") else ()
        facts = self._facts(rule, name, inside) | _summary(exposed) | {"efek": effect}
        if asserted is not None:
            facts |= {"pengecualian": asserted[0].uraian, "dokumen": asserted[1]}
            conditions += asserted[0].conditions
        if near_m2:
            facts |= {"sekitar_m2": near_m2, "ketelitian_m": rule.source.ce90_m}
        return Finding(
            rule=f"{rule.kode}:{name}:{effect}" + (":mungkin" if near_m2 else ""),
            kind="bahaya",
            interval=interval,
            area_m2=inside,
            conditions=() if interval.lo is Izin.X else conditions,
            basis=rule.basis,
            also=(asserted[0].basis,) if asserted else (),
            reason=reason,
            facts=facts,
        )

    def _facts(self, rule: HazardRule, name: str, inside: float) -> dict[str, Any]:
        share = inside / self.area_m2
        return {"bahaya": rule.nama, "layer": rule.source.layer, "kelas": name, "bagian": share}

    def _unknown(
        self,
        name: str,
        area_m2: float,
        reason: str,
        facts: dict[str, Any],
        interval: Interval | None = None,
    ) -> Finding:
        """Return that the class is not known: as strict as the strictest rule might be."""
        rule = self.rules[0]
        strict = any(one.effect in ("larang", "kajian") for one in self.rules)
        worst = UNKNOWN if strict or not self.selection.rows else Interval.up_to(Izin.B)
        return Finding(
            rule=f"{rule.kode}:{name}:tidak_diketahui",
            kind="bahaya",
            interval=interval or worst,
            area_m2=area_m2,
            basis=rule.basis,
            reason=reason,
            facts={"bahaya": rule.nama, "layer": rule.source.layer, **facts},
        )


def _summary(exposed: Exposed) -> dict[str, Any]:
    """Return the worst and weighted class of the parcel, and the share without data."""
    names = {"worst": "terburuk", "weighted": "tertimbang", "no_data_share": "tanpa_data"}
    return {names[name]: value for name, value in exposed.facts.items()}
