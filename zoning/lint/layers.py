"""A plan against its layers: codes and values that one has and the other does not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from spatial.errors import EngineError
from spatial.notes import Note
from zoning.ground import Ground, ground_on
from zoning.ground_maps import NONE_WORDS, words_of
from zoning.plan import OverlayRule, Plan
from zoning.ruleset import is_compound
from zoning.sempadan import DEPTH, LARGE, LEVEE, URBAN, channel_halves

__all__ = ["layer_notes"]

FILE: Final = "ketentuan_khusus.csv"


def layer_notes(plan: Plan, columns: Sequence[str]) -> Iterator[Note]:
    """Yield what does not fit between the rules of a plan and its layers.

    Parameters
    ----------
    plan : Plan
    columns : sequence of str
        Of its matrix: a zone whose cells are all blank has a column nevertheless.
    """
    ground = ground_on(plan, plan.meta.valid_from)
    yield from _zones(plan, ground, set(columns))
    told: set[tuple[object, ...]] = set()
    for rule in plan.overlays:
        if rule.ground in told:
            continue
        told.add(rule.ground)
        fault = ground.overlays.get(rule.ground)
        if isinstance(fault, EngineError):
            text = "{file}, row {row}, column {column}: {why}; until then it widens every answer"
            yield Note("lint_layer_unreadable", text, "error", _at(rule, "layer", str(fault)))
        else:
            yield from _values(plan, rule)
    yield from _hazards(plan, ground)


def _hazards(plan: Plan, ground: Ground) -> Iterator[Note]:
    """Yield the hazard maps that cannot be read, each once."""
    told: set[str] = set()
    for rule in plan.hazards:
        for column, name in (("layer", rule.source.layer), ("wilayah", rule.source.studied)):
            fault = ground.hazards.get(name)
            if isinstance(fault, EngineError) and name not in told:
                told.add(name)
                text = "{file}, row {row}, column {column}: {why}; until then it widens every "
                place = {"file": "bahaya.csv", "row": rule.line, "column": column}
                facts = {"layer": name, "why": str(fault)}
                yield Note("lint_layer_unreadable", text + "answer", "error", place | facts)


def _at(rule: OverlayRule, column: str, why: str = "") -> dict[str, Any]:
    return {"file": FILE, "row": rule.line, "column": column, "layer": rule.layer, "why": why}


def _zones(plan: Plan, ground: Ground, columns: set[str]) -> Iterator[Note]:
    place = {"file": "plan.toml", "row": None, "column": "layer"}
    if isinstance(ground.zones, EngineError):
        text = "plan.toml, layer: {why}"
        yield Note("lint_zones_unreadable", text, "error", place | {"why": str(ground.zones)})
        return
    drawn, ruled = set(ground.zones.whole.codes), {z for row in plan.matrix for z in row.cells}
    facts = {"layer": plan.meta.layer}
    for zone in sorted(drawn - ruled - columns):
        if is_compound(zone):
            text = "layer {layer}: class {zone!r} is two classes in one; its parcels need review "
            text += "until the dispute is settled"
            yield Note("lint_zone_compound", text, "warning", place | facts | {"zone": zone})
            continue
        text = "layer {layer} draws zone {zone!r}, for which itbx.csv has no column; add it, or "
        text += "correct the code"
        yield Note("lint_zone_unruled", text, "error", place | facts | {"zone": zone})
    for zone in sorted(ruled - drawn):
        text = "{file}, column {column}: layer {layer} draws no zone {column}"
        here = {"file": "itbx.csv", "row": 1, "column": zone}
        yield Note("lint_zone_undrawn", text, "info", here | facts)


def _values(plan: Plan, rule: OverlayRule) -> Iterator[Note]:
    """Yield values that no feature has, and columns that a river cannot do without."""
    frame = plan.source.get(rule.layer, on=plan.meta.valid_from, known_at=None).frame
    if rule.column and "*" not in rule.values:
        words = words_of(frame, rule.column, rule.layer)
        present = {str(word).casefold() for word in words.dropna()} - NONE_WORDS
        for value in rule.values:
            if value.casefold() not in present:
                text = "{file}, row {row}, column {column}: no feature of layer {layer} is "
                text += "{value!r}; it has {known}"
                facts = {"value": value, "known": ", ".join(sorted(present)[:8]) or "-"}
                yield Note("lint_value_absent", text, "warning", _at(rule, "nilai") | facts)
    if rule.geometry == "sempadan_sungai":
        for names in (URBAN, LEVEE, LARGE, DEPTH):
            if not any(name in frame for name in names):
                text = "{file}, row {row}, column {column}: layer {layer} has no column {known}; "
                text += "without it every river gets the whole range of widths"
                facts = {"known": names[0]}
                yield Note("lint_river_column", text, "warning", _at(rule, "layer") | facts)
        told, most = channel_halves(frame, frame.geometry.to_numpy())
        count = int((most > told).sum())
        if count:
            text = "{file}, row {row}, column {column}: layer {layer} draws {count} rivers as "
            text += "lines without lebar_m, so the edge of the channel is not known; draw the "
            text += "channel, or fill in lebar_m"
            facts_of_lines = {"count": count}
            yield Note("lint_river_lines", text, "warning", _at(rule, "layer") | facts_of_lines)
