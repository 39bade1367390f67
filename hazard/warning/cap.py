"""Warnings as CAP 1.2 messages (OASIS Common Alerting Protocol)."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hazard.warning.impact import Impact
from hazard.warning.monitor import UNKNOWN, Change
from spatial.errors import SchemaError

__all__ = ["CapSettings", "cap_xml", "identifier"]

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
#: Kind of a station -> event in words, category of CAP.
EVENTS: Final = {
    "tinggi_muka_air": ("Banjir", "Met"),
    "hujan": ("Hujan lebat", "Met"),
    "pasang": ("Rob", "Met"),
    "kualitas_udara": ("Kualitas udara", "Health"),
    "kualitas_air": ("Kualitas air", "Env"),
}
STATUSES: Final = ("Actual", "Exercise", "System", "Test", "Draft")
SEVERITIES: Final = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")


@dataclass(frozen=True, slots=True)
class CapSettings:
    """Who sends, in which earnest, and how long a message holds.

    `status` is CAP's: Actual, Exercise, System, Test or Draft. Test until an office says else.

    Raises
    ------
    SchemaError
        `cap_status_unknown`; `cap_sender_wrong`, for a name with blanks, commas, < or &.
    """

    sender: str
    sender_name: str
    status: str = "Test"
    holds: timedelta = timedelta(hours=3)
    language: str = "id-ID"

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise SchemaError(
                "{status} is no status of a CAP message",
                code="cap_status_unknown",
                hint="Write one of {known}",
                status=self.status,
                known=", ".join(STATUSES),
            )
        if not self.sender or re.search(r"[\s,<&]", self.sender):
            raise SchemaError(
                "{sender!r} cannot name the sender of a CAP message",
                code="cap_sender_wrong",
                hint="An address without blanks or commas: pusdalops@bpbd.contoh.go.id",
                sender=self.sender,
            )


def identifier(station: str, after: str, time: datetime) -> str:
    """Return the identifier of the message of a change: the same change, the same identifier.

    CAP allows neither spaces nor commas nor <, >, & in it.

    Examples
    --------
    >>> from datetime import UTC
    >>> identifier("G1", "Siaga 2", datetime(2026, 11, 24, 8, 0, tzinfo=UTC))
    'tataruang-G1_Siaga_2-20261124T080000p0000'
    """
    stamp = time.strftime("%Y%m%dT%H%M%S%z").replace("+", "p").replace("-", "m")
    name = "".join(char if char.isalnum() else "_" for char in f"{station}_{after}")
    return f"tataruang-{name}-{stamp}"


def cap_xml(
    change: Change,
    impact: Impact | None,
    settings: CapSettings,
    *,
    references: Sequence[str] = (),
) -> str:
    """Write the message of one change.

    A first crossing is an Alert, a further one an Update, the return to normal a Cancel. A
    station that falls silent is an Update that says the state is not known.

    Parameters
    ----------
    references : sequence of str
        "sender,identifier,sent" of the messages before, see `reference`.

    Returns
    -------
    str
        XML in the order of elements that the standard prescribes.
    """
    ET.register_namespace("", NAMESPACE)
    alert = ET.Element(f"{{{NAMESPACE}}}alert")
    kind = "Alert" if not references else "Cancel" if change.level is None else "Update"
    if change.after == UNKNOWN:
        kind = "Update" if references else "Alert"
    _text(alert, "identifier", identifier(change.station.id, change.after, change.time))
    _text(alert, "sender", settings.sender)
    _text(alert, "sent", _time(change.time))
    _text(alert, "status", settings.status)
    _text(alert, "msgType", kind)
    _text(alert, "scope", "Public")
    if references:
        _text(alert, "references", " ".join(references))
    _info(alert, change, impact, settings)
    ET.indent(alert)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(alert, encoding="unicode") + "\n"
    )


def reference(station: str, after: str, time: datetime, settings: CapSettings) -> str:
    """Return how later messages name that of a change."""
    return f"{settings.sender},{identifier(station, after, time)},{_time(time)}"


def _info(alert: ET.Element, change: Change, impact: Impact | None, settings: CapSettings) -> None:
    event, category = EVENTS.get(change.station.kind, ("Peringatan", "Other"))
    unknown = change.after == UNKNOWN
    severity = change.level.severity if change.level is not None else "Unknown"
    info = ET.SubElement(alert, f"{{{NAMESPACE}}}info")
    _text(info, "language", settings.language)
    _text(info, "category", category)
    _text(info, "event", event)
    _text(info, "responseType", "Monitor" if change.level is None else "Prepare")
    _text(info, "urgency", "Unknown" if unknown else "Expected" if change.level else "Past")
    _text(info, "severity", severity if severity in SEVERITIES else "Unknown")
    _text(info, "certainty", "Unknown" if unknown else "Observed")
    _text(info, "effective", _time(change.time))
    _text(info, "expires", _time(change.time + settings.holds))
    _text(info, "senderName", settings.sender_name)
    _text(info, "headline", headline(change))
    _text(info, "description", describe_change(change, impact))
    if impact is not None and impact.evacuation:
        places = "; ".join(f"{unit}: {place}" for unit, place in impact.evacuation.items())
        _text(info, "instruction", f"Tempat evakuasi terdekat yang menurut peta kering: {places}")
    for name, value in _parameters(change, impact).items():
        part = ET.SubElement(info, f"{{{NAMESPACE}}}parameter")
        _text(part, "valueName", name)
        _text(part, "value", value)
    area = ET.SubElement(info, f"{{{NAMESPACE}}}area")
    named = list(impact.units["name"]) if impact is not None and len(impact.units) else []
    _text(area, "areaDesc", ", ".join(named) or f"Sekitar {change.station.name}")
    if not named:
        _text(area, "circle", f"{change.station.lat:.5f},{change.station.lon:.5f} 1.0")
    for code in impact.units["unit_id"] if named and impact is not None else ():
        part = ET.SubElement(area, f"{{{NAMESPACE}}}geocode")
        _text(part, "valueName", "kode_desa")
        _text(part, "value", str(code))


def headline(change: Change) -> str:
    """Return one line that a person reads first."""
    if change.after == UNKNOWN:
        heard = "belum pernah" if change.last_time is None else f"{change.last_time:%d-%m-%Y %H:%M}"
        return f"{change.station.name}: keadaan tidak diketahui (terakhir terbaca {heard})"
    value = f"{change.value:g}".replace(".", ",")
    return f"{change.station.name}: {change.after} ({value} {change.station.unit})"


def describe_change(change: Change, impact: Impact | None) -> str:
    """Return what happened and whom it concerns, in sentences."""
    if change.after == UNKNOWN:
        return "Alat tidak mengirim bacaan pada waktunya. Tidak diketahui bukan berarti aman."
    before, after = (name.replace("_", " ") for name in (change.before, change.after))
    lines = [f"Dari {before} menjadi {after} pada {change.time:%d-%m-%Y %H:%M %z}."]
    if impact is not None:
        lines.append(impact.sentence())
    return " ".join(lines)


def _parameters(change: Change, impact: Impact | None) -> dict[str, str]:
    found = {"stasiun": change.station.id, "keadaan": change.after}
    if change.value is not None:
        found["bacaan"] = f"{change.value:g} {change.station.unit}"
    if change.source:
        found["ambang"] = change.source
    if impact is not None:
        found |= {"jiwa_terdampak": str(impact.people), "peta": impact.via}
        found["jiwa_tidak_diketahui"] = str(impact.unknown_people)
    return found


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = text


def _time(moment: datetime) -> str:
    """Write a time as CAP wants it: with its zone, no fractions, -00:00 for UTC."""
    text = moment.replace(microsecond=0).isoformat()
    return text.replace("+00:00", "-00:00")
