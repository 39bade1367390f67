"""The content of a technical opinion on a recorded decision, for paper and for screen.

Everything shown is taken from the record itself; nothing is judged here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from api.formats import Language, area, day, number, percent
from api.letterhead import Letterhead
from api.reports.page import build_page, finding_rows, texts
from api.wording import VERDICTS, VerdictWords
from spatial.notes import Note
from spatial.text import describe
from zoning import explain
from zoning.register import Decision

__all__ = ["Corner", "Opinion", "PlanFacts", "build_opinion"]

OFFICE_TIME: Final = ZoneInfo("Asia/Jakarta")
#: More corners than these are a file, not a table.
MOST_CORNERS: Final = 48
SHORT_HASH: Final = 16


@dataclass(frozen=True, slots=True)
class Corner:
    """A corner of the ground that is approved, in degrees and in metres."""

    lon: float
    lat: float
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """What a letter says of a plan beside its name: zone names, scale and accuracy."""

    name: str
    scale: int
    ce90_m: float
    zone_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Opinion:
    """A letter, ready to be set; all of it words and formatted numbers."""

    language: Language
    letterhead: Letterhead
    number: str
    check_code: str
    verify_url: str
    permit_id: str
    on: str
    verdict: VerdictWords
    words: str
    summary: str
    identity: list[tuple[str, str]]
    parts: list[dict[str, Any]]
    findings: list[dict[str, str]]
    conditions: list[str]
    corners_title: str
    corners: list[tuple[str, str, str, str, str]]
    corners_note: str
    remarks: list[str]
    sources: list[tuple[str, str, str]]
    layers: list[tuple[str, str]]
    accuracy: list[str]
    notice: str
    place_and_date: str

    @property
    def t(self) -> dict[str, str]:
        """Fixed words of the letter."""
        return texts(self.language)


def build_opinion(
    decision: Decision,
    *,
    letterhead: Letterhead,
    plans: Mapping[str, PlanFacts],
    location: str = "",
    corners: Sequence[Corner] = (),
    metric_name: str = "",
    colour_of: Callable[[str], str | None] = lambda _: None,
    language: Language = "id",
    official: bool = False,
) -> Opinion:
    """Turn a decision on record into a letter.

    Parameters
    ----------
    plans : mapping of plan id to PlanFacts
    location : str
        Village and district of the parcel.
    corners : sequence of Corner
        Of the ground that may be approved: the approvable part, or the parcel where all is.
    metric_name : str
        Name of the plane that `x` and `y` of the corners are in.
    official : bool
        False prints the notice that the data are a sample.
    """
    verdict, permit = decision.verdict, decision.application["permit"]
    page = build_page(
        verdict,
        permit=permit | permit["numbers"],
        sentences=explain(verdict, language),
        colour_of=colour_of,
        language=language,
        official=official,
    )
    t = texts(language)
    recorded = datetime.fromisoformat(str(decision.entry["recorded_at"])).astimezone(OFFICE_TIME)
    when = day(recorded.date(), language)
    return Opinion(
        language=language,
        letterhead=letterhead,
        number=decision.id,
        check_code=decision.check_code,
        verify_url=_verify_url(letterhead, decision),
        permit_id=page.permit_id,
        on=page.on,
        verdict=VERDICTS[str(verdict["verdict"])],
        words=page.words,
        summary=_summary(page.summary, verdict, language),
        identity=_identity(decision, location, language),
        parts=_parts(page.parts, plans),
        findings=finding_rows(verdict, explain(verdict, language), language),
        conditions=page.conditions,
        corners_title=t["corners_part" if verdict["approvable"] else "corners_whole"],
        corners=_corners(corners, language) if len(corners) <= MOST_CORNERS else [],
        corners_note=_corners_note(corners, metric_name, t),
        remarks=_remarks(verdict, language),
        sources=_sources(verdict["evidence"], t),
        layers=[
            (layer["name"], str(layer["version"])[:SHORT_HASH])
            for layer in verdict["evidence"]["layers"]
        ],
        accuracy=_accuracy(verdict, plans, language),
        notice=page.notice,
        place_and_date=f"{letterhead.kota}, {when}" if letterhead.kota else when,
    )


def _verify_url(letterhead: Letterhead, decision: Decision) -> str:
    if not letterhead.verifikasi:
        return ""
    base = letterhead.verifikasi.rstrip("/")
    return f"{base}/verify/{decision.check_code}"


def _summary(summary: str, verdict: Mapping[str, Any], language: Language) -> str:
    """Say what a KKPR would say, how much of it, and why it is not decided."""
    t = texts(language)
    parts = [t["kkpr_" + str(verdict["kkpr"]).replace(" ", "_")]] if verdict["kkpr"] else []
    if verdict["approvable_m2"]:
        share = verdict["approvable_m2"] / verdict["parcel"]["area_m2"]
        measured = area(verdict["approvable_m2"], language)
        parts.append(f"{t['approvable']}: {measured} ({percent(share, 1, language)})")
    return ". ".join([*parts, summary] if summary else parts)


def _identity(decision: Decision, location: str, language: Language) -> list[tuple[str, str]]:
    t, verdict = texts(language), decision.verdict
    permit = decision.application["permit"]
    activity = " · ".join(
        part
        for part in (permit["kegiatan"], f"KBLI {permit['kbli']}" if permit["kbli"] else "")
        if part
    )
    registered = verdict["parcel"]["registered_m2"]
    routes = {
        "KONFIRMASI": "konfirmasi",
        "PERSETUJUAN": "persetujuan",
        "REKOMENDASI": "rekomendasi",
    }
    rows = [
        (t["permit"], str(verdict["permit_id"])),
        (t["activity"], activity or "–"),
        (t["location"], location),
        (t["parcel_area"], area(verdict["parcel"]["area_m2"], language)),
        (t["registered_area"], area(registered, language) if registered else ""),
        (t["applied"], day(permit["tanggal"], language) if permit["tanggal"] else ""),
        (t["law_of"], day(verdict["evidence"]["on"], language)),
        (t["route"], f"{t['kkpr']} {routes[verdict['route']]}" if verdict["route"] else ""),
    ]
    return [(label, value) for label, value in rows if value]


def _parts(
    parts: Sequence[Mapping[str, Any]], plans: Mapping[str, PlanFacts]
) -> list[dict[str, Any]]:
    """Name instruments and zones in words."""
    named = []
    for part in parts:
        plan = plans.get(str(part["instrument"]))
        names = plan.zone_names if plan else {}
        named.append(
            dict(part)
            | {
                "instrument": plan.name if plan else part["instrument"],
                "zone_name": names.get(str(part["zone"]), ""),
                "colour": part["colour"] or "#ffffff",
            }
        )
    return named


def _corners(corners: Sequence[Corner], language: Language) -> list[tuple[str, str, str, str, str]]:
    return [
        (
            str(place),
            f"{number(corner.lon, 7, language)}°",
            f"{number(corner.lat, 7, language)}°",
            number(corner.x, 2, language),
            number(corner.y, 2, language),
        )
        for place, corner in enumerate(corners, start=1)
    ]


def _corners_note(corners: Sequence[Corner], metric_name: str, t: Mapping[str, str]) -> str:
    if not corners:
        return ""
    if len(corners) > MOST_CORNERS:
        return t["corners_many"].format(count=len(corners))
    return t["corners_plane"].format(plane=metric_name)


def _remarks(verdict: Mapping[str, Any], language: Language) -> list[str]:
    """Return the notes of an answer in the reader's language."""
    found = []
    for note in verdict["notes"]:
        message = str(note["message"]).replace("{", "{{").replace("}", "}}")
        found.append(
            describe(Note(note["code"], message, note["level"], note["details"]), language)[0]
        )
    if verdict["transition"]:
        found.append(str(verdict["transition"].get("pasal") or verdict["transition"]["status"]))
    return [text[:1].upper() + text[1:] for text in dict.fromkeys(found)]


def _sources(evidence: Mapping[str, Any], t: Mapping[str, str]) -> list[tuple[str, str, str]]:
    rows = [
        (
            plan["name"],
            f"{plan['legal_ref']} · {t['role_' + plan['role'].split()[0]]}",
            plan["version"],
        )
        for plan in evidence["plans"]
    ]
    short = [(name, what, str(version)[:SHORT_HASH]) for name, what, version in rows]
    return [*short, (t["engine"], "", str(evidence["engine"]))]


def _accuracy(
    verdict: Mapping[str, Any], plans: Mapping[str, PlanFacts], language: Language
) -> list[str]:
    t = texts(language)
    found = []
    for plan in verdict["evidence"]["plans"]:
        facts = plans.get(plan["id"])
        if facts is None:
            continue
        line = t["accuracy_of"].format(
            plan=facts.name,
            scale=number(facts.scale, 0, language),
            ce90=number(facts.ce90_m, 1, language),
        )
        if plan["status"] != "resmi":
            line += f" {t['status_' + plan['status']]}"
        found.append(line)
    doubt = verdict["parcel"]["uncertainty_m2"]
    if doubt is not None:
        found.append(
            t["area_doubt"].format(doubt=area(doubt, language), crs=verdict["parcel"]["crs"])
        )
    return found
