"""The content of a report on one verdict, in words and formatted numbers, for page and paper.

Everything shown is taken from the verdict itself; nothing is judged here.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final

from api.formats import Language, area, day, percent, quantity
from api.wording import IZIN, REASONS, VERDICTS, VerdictWords

__all__ = ["Page", "build_page", "finding_rows", "texts"]

#: Tone of a finding by how far it holds: colour, sign, key of its word.
TONES: Final = {
    "ok": ("#1b7f4b", "✓", "status_ok"),
    "limited": ("#b7791f", "●", "status_limited"),
    "no": ("#b02a37", "✗", "status_no"),
    "unknown": ("#51606f", "?", "status_unknown"),
    "note": ("#1f4e79", "i", "status_note"),
}
#: Findings that say something beside the verdict without allowing or prohibiting by themselves.
REMARKS: Final = ("konflik", "luas")


@dataclass(frozen=True)
class Page:
    """What a report shows, ready to be set."""

    language: Language
    permit_id: str
    verdict: VerdictWords
    words: str
    summary: str
    on: str
    facts: list[tuple[str, str]]
    parts: list[dict[str, Any]]
    findings: list[dict[str, str]]
    conditions: list[str]
    evidence: list[tuple[str, str]]
    disclaimer: str
    office: str
    workspace: str
    notice: str = ""
    map: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@cache
def texts(language: Language) -> dict[str, str]:
    """Return the fixed words of the report in a language."""
    source = resources.files("api.reports") / "texts.toml"
    words: dict[str, dict[str, str]] = tomllib.loads(source.read_text(encoding="utf-8"))
    return words[language]


def build_page(
    verdict: Mapping[str, Any],
    *,
    permit: Mapping[str, Any] | None = None,
    sentences: Sequence[str] = (),
    colour_of: Callable[[str], str | None] = lambda _: None,
    language: Language = "id",
    office: str = "",
    workspace: str = "",
    official: bool = False,
    map_name: str = "",
) -> Page:
    """Turn the verdict JSON into what a person reads.

    Parameters
    ----------
    verdict : mapping
        The verdict JSON.
    permit : mapping, optional
        The application's own fields: kegiatan, luas_sertipikat_m2, tanggal.
    sentences : sequence of str
        One sentence for each finding, in its order.
    colour_of : callable
        Zone code -> "#rrggbb", or None where no colour is known.
    official : bool
        False prints the notice that the data are a sample.
    """
    t = texts(language)
    words = VERDICTS[str(verdict["verdict"])]
    return Page(
        language=language,
        permit_id=str(verdict["permit_id"]),
        verdict=words,
        words=words.id if language == "id" else words.en,
        summary=_summary(verdict, language),
        on=day(verdict["evidence"].get("on"), language),
        facts=_facts(verdict, permit or {}, language),
        parts=_parts(verdict, colour_of, language),
        findings=finding_rows(verdict, sentences, language),
        conditions=[str(condition) for condition in verdict["conditions"]],
        evidence=_evidence(verdict["evidence"], t),
        disclaimer=t["disclaimer"],
        office=office,
        workspace=workspace,
        notice="" if official else t["sample_notice"],
        map=map_name,
    )


def _summary(verdict: Mapping[str, Any], language: Language) -> str:
    """Say in a line why, where the verdict alone does not."""
    index = 0 if language == "id" else 1
    reasons = [REASONS[code][index] if code in REASONS else code for code in verdict["reasons"]]
    text = "; ".join(reasons)
    low, high = verdict["interval"]
    if low != high:
        lows, highs = (IZIN[value][index].lower() for value in (low, high))
        between = f"{texts(language)['interval']}: {lows} – {highs}"
        text = f"{text}. {between}" if text else between
    return text[:1].upper() + text[1:]


def _facts(
    verdict: Mapping[str, Any], permit: Mapping[str, Any], language: Language
) -> list[tuple[str, str]]:
    t = texts(language)
    facts = [
        (t["activity"], str(permit.get("kegiatan") or permit.get("kbli") or "–")),
        (t["parcel_area"], area(verdict["parcel"]["area_m2"], language)),
    ]
    if (registered := permit.get("luas_sertipikat_m2")) is not None and registered == registered:
        facts.append((t["registered_area"], area(float(registered), language)))
    if permit.get("tanggal"):
        facts.append((t["applied"], day(str(permit["tanggal"]), language)))
    return facts


def _parts(
    verdict: Mapping[str, Any], colour_of: Callable[[str], str | None], language: Language
) -> list[dict[str, Any]]:
    index = 0 if language == "id" else 1
    rows = []
    for part in verdict["parts"]:
        izin = part["izin"]
        rows.append(
            {
                "instrument": part["instrument"],
                "zone": part["zone"],
                "colour": colour_of(str(part["zone"])),
                "area": area(part["area_m2"], language),
                "share": percent(part["share"], 2, language),
                "width": round(part["share"] * 100, 1),
                "izin": f"{izin} · {IZIN[izin][index]}" if izin in IZIN else (izin or "?"),
                "sliver": part["sliver"],
            }
        )
    if verdict["uncovered_m2"]:
        share = verdict["uncovered_m2"] / verdict["parcel"]["area_m2"]
        rows.append(
            {
                "instrument": "–",
                "zone": texts(language)["uncovered"],
                "colour": None,
                "area": area(verdict["uncovered_m2"], language),
                "share": percent(share, 2, language),
                "width": round(share * 100, 1),
                "izin": "?",
                "sliver": False,
            }
        )
    return rows


def finding_rows(
    verdict: Mapping[str, Any], sentences: Sequence[str], language: Language
) -> list[dict[str, str]]:
    """Return the findings as rows of a table: sentence, measured, limit, law, state."""
    return [
        _finding(finding, sentence, language)
        for finding, sentence in zip(verdict["findings"], sentences, strict=True)
    ]


def _tone(finding: Mapping[str, Any]) -> tuple[str, str, str]:
    low, high = finding["interval"]
    if finding["kind"] in REMARKS and high == "I":
        return TONES["note"]
    if low == "X":
        return TONES["no"]
    if low != high:
        return TONES["unknown"]
    return TONES["ok"] if high == "I" else TONES["limited"]


def _finding(finding: Mapping[str, Any], sentence: str, language: Language) -> dict[str, str]:
    t = texts(language)
    colour, sign, key = _tone(finding)
    unit = finding.get("unit")
    measured, limit = (
        _value(finding[key], unit, language) if finding.get(key) is not None else ""
        for key in ("measured", "limit")
    )
    numbers = [f"{t['measured']} {measured}"] if measured else []
    numbers += [f"{t['limit']} {limit}"] if limit else []
    if finding.get("area_m2"):
        numbers.append(f"{t['affected']} {area(finding['area_m2'], language)}")
    law = finding.get("dasar") or {}
    laws = [one for one in (law, *(finding.get("dasar_lain") or ())) if one]
    return {
        "colour": colour,
        "sign": sign,
        "state": t[key],
        "sentence": sentence,
        "numbers": ", ".join(numbers),
        "measured": measured,
        "limit": limit,
        "law": "; ".join(map(_cited, laws)) or t["no_law"],
        "quote": str(law.get("kutipan") or ""),
    }


def _cited(law: Mapping[str, Any]) -> str:
    return ", ".join(str(law[key]) for key in ("instrument", "pasal") if law.get(key))


def _value(value: Any, unit: str | None, language: Language) -> str:
    """Write a number or an interval of two; a ratio has no unit."""
    unit = None if unit == "ratio" else unit
    if unit == "lantai" and language == "en":
        unit = "floors"
    if isinstance(value, list | tuple):
        return " – ".join(quantity(float(end), unit, language) for end in value)
    return quantity(float(value), unit, language)


def _evidence(evidence: Mapping[str, Any], t: Mapping[str, str]) -> list[tuple[str, str]]:
    rows = [(t["engine"], str(evidence["engine"])), (t["plan"], str(evidence["plan"]))]
    for layer in evidence["layers"]:
        name = (
            layer.get("name") or layer.get("layer") or "" if isinstance(layer, Mapping) else layer
        )
        version = layer.get("version", "") if isinstance(layer, Mapping) else ""
        rows.append((str(name), str(version)))
    return rows
