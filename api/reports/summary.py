"""A batch of applications on paper: charts of what came out, and one line for each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.formats import Language, area, number, percent
from api.letterhead import Letterhead
from api.reports.page import texts
from api.reports.pdf import set_page
from api.wording import VERDICTS
from zoning.explain_texts import PARAMETERS

__all__ = ["SummaryRow", "render_summary"]

Json = Mapping[str, Any]
MOST_OBSTACLES: Final = 8


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """One application: its answer, its activity, and the sentence that decided."""

    verdict: Json
    activity: str
    because: str
    decision: str = ""


def render_summary(
    rows: Sequence[SummaryRow],
    *,
    letterhead: Letterhead,
    on: str,
    place_and_date: str = "",
    official: bool = False,
    language: Language = "id",
) -> bytes:
    """Set the summary of a batch and return the PDF.

    Parameters
    ----------
    on : str
        Legal date or dates, in words.
    """
    t = texts(language)
    content = {
        "language": language,
        "t": t,
        "on": on,
        "total": number(len(rows), 0, language),
        "notice": "" if official else t["sample_notice"],
        "counts": _counts(rows, language),
        "obstacles": _obstacles(rows, language),
        "rows": [_line(row, language) for row in rows],
        "place_and_date": place_and_date,
    }
    signs = {f"sign-{code}.svg": _sign(words.path) for code, words in VERDICTS.items()}
    return set_page("summary.typ", content, signs, letterhead)


def _counts(rows: Sequence[SummaryRow], language: Language) -> list[dict[str, Any]]:
    """Return number and area of every verdict, with the length of its bars."""
    of = {code: [r for r in rows if r.verdict["verdict"] == code] for code in VERDICTS}
    areas = {
        code: sum(r.verdict["parcel"]["area_m2"] or 0.0 for r in found)
        for code, found in of.items()
    }
    most, largest = max(map(len, of.values()), default=0), max(areas.values(), default=0.0)
    return [
        {
            "code": code,
            "label": (words.id if language == "id" else words.en).split(":")[0],
            "colour": words.colour,
            "count": len(of[code]),
            "share": percent(len(of[code]) / len(rows), 1, language) if rows else "–",
            "bar": len(of[code]) / most if most else 0.0,
            "area": area(areas[code], language),
            "area_bar": areas[code] / largest if largest else 0.0,
        }
        for code, words in VERDICTS.items()
    ]


def _obstacles(rows: Sequence[SummaryRow], language: Language) -> list[dict[str, Any]]:
    """Return what stands against applications most often: rules that prohibit for certain."""
    found = Counter(
        label
        for row in rows
        for label in {
            _obstacle(finding, language)
            for finding in row.verdict["findings"]
            if finding["interval"][0] == "X"
        }
    )
    most = max(found.values(), default=0)
    ordered = sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_OBSTACLES]
    return [{"label": label, "count": count, "bar": count / most} for label, count in ordered]


def _obstacle(finding: Json, language: Language) -> str:
    facts = finding["facts"]
    if finding["kind"] == "intensitas":
        return PARAMETERS[language].get(str(facts.get("parameter")), str(finding["rule"]))
    if finding["kind"] == "bahaya":
        return str(facts["bahaya"])
    if finding["kind"] == "ketentuan_khusus":
        return str(facts.get("ketentuan") or finding["rule"])
    word = "Zona" if language == "id" else "Zone"
    return f"{word} {facts['zona']}" if facts.get("zona") else str(finding["rule"])


def _line(row: SummaryRow, language: Language) -> dict[str, str]:
    words = VERDICTS[str(row.verdict["verdict"])]
    return {
        "permit_id": str(row.verdict["permit_id"]),
        "decision": row.decision,
        "activity": row.activity,
        "area": area(row.verdict["parcel"]["area_m2"], language),
        "label": (words.id if language == "id" else words.en).split(":")[0],
        "sign": words.sign,
        "colour": words.colour,
        "because": row.because,
    }


def _sign(path: str) -> bytes:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#fff" '
        f'stroke-width="3" stroke-linecap="round" stroke-linejoin="round"><path d="{path}"/></svg>'
    ).encode()
