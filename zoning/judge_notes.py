"""Notes beside a verdict: near zones, slivers, what a policy leaves out, what was not examined."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spatial.notes import Note
from zoning.ruleset import Selection
from zoning.survey import Scene

__all__ = ["case_notes"]


def case_notes(
    scenes: Sequence[Scene],
    selections: Sequence[Selection],
    counted: Sequence[tuple[str, ...]],
    policy: str,
    not_examined: Sequence[str],
) -> Iterator[Note]:
    """Yield what a reader of the verdict should know and what alters nothing in it.

    Parameters
    ----------
    selections : per scene, the activity as its plan knows it
    counted : per scene, the zones that count under the policy
    not_examined : limits that the application gives no number for
    """
    yield from _notes(scenes)
    yield from _kbli(scenes, selections)
    yield from _not_counted(scenes, counted, policy)
    if not_examined:
        text = "not examined, because the application does not state it: {limits}"
        yield Note("limits_not_examined", text, "info", {"limits": ", ".join(not_examined)})


def _notes(scenes: Sequence[Scene]) -> list[Note]:
    notes = []
    for scene in scenes:
        name = scene.ground.meta.id
        for zone, distance in scene.near.items():
            text = "{plan}: zone {zone} lies {distance_m} m away, within the accuracy of the map"
            details = {"plan": name, "zone": zone, "distance_m": round(distance, 3)}
            notes.append(Note("zone_near", text, "info", details))
        slivers = [hit for hit in scene.zones if not hit.proven]
        if slivers:
            text = "{plan}: {count} zones ({zones}) with {area_m2} m2 together are no wider than "
            text += "the map is accurate"
            details = {
                "plan": name,
                "count": len(slivers),
                "zones": ", ".join(hit.zone for hit in slivers),
                "area_m2": round(sum(hit.area_m2 for hit in slivers), 6),
            }
            notes.append(Note("zone_slivers", text, "info", details))
    return notes


def _kbli(scenes: Sequence[Scene], selections: Sequence[Selection]) -> Iterator[Note]:
    """Yield where the classification does not say what the named activity says."""
    for scene, selection in zip(scenes, selections, strict=True):
        details = {"plan": scene.ground.meta.id, "activity": selection.name}
        if selection.kbli == "other":
            text = "{plan}: activity and KBLI contradict each other; any of these may be meant: "
            yield Note("kbli_contradicts", text + "{activity}", "warning", details)
        elif selection.kbli == "unlisted":
            text = "{plan}: the KBLI is not in its crosswalk; judged as {activity}"
            yield Note("kbli_unlisted", text, "info", details)


def _not_counted(
    scenes: Sequence[Scene], counted: Sequence[tuple[str, ...]], policy: str
) -> Iterator[Note]:
    """Yield what the policy for split parcels leaves out."""
    for scene, names in zip(scenes, counted, strict=True):
        left = [hit for hit in scene.zones if hit.zone not in names]
        if left:
            text = "{plan}: under the policy {policy} the zones {zones} with {area_m2} m2 do not "
            text += "count"
            details = {
                "plan": scene.ground.meta.id,
                "policy": policy,
                "zones": ", ".join(hit.zone for hit in left),
                "area_m2": round(sum(hit.area_m2 for hit in left), 6),
            }
            yield Note("zone_not_counted", text, "info", details)
