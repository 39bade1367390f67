"""A verdict as a card in a notebook: static HTML and a small drawing, nothing executed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from zoning.explain import explain
from zoning.words import IZIN, VERDICTS

__all__ = ["table_html", "verdict_html"]

#: A drawing in a card has at most this many corners, so that a notebook stays small.
MOST_CORNERS: Final = 400
SIDE: Final = 132
#: Rows shown in a notebook before the rest is counted.
MOST_ROWS: Final = 20
TONES: Final = {"I": "#1b7f4b", "X": "#b02a37", "?": "#51606f"}
STYLE: Final = (
    "font:14px/1.45 system-ui,sans-serif;color:#1f2933;max-width:640px;border:1px solid #d5dbe1;"
    "border-radius:6px;overflow:hidden;background:#fff"
)


def verdict_html(answer: Mapping[str, Any], approvable: BaseGeometry | None = None) -> str:
    """Return the card of one verdict.

    Parameters
    ----------
    answer : mapping
        The verdict JSON.
    approvable : geometry, optional
        The part that may be approved, on any plane; it is drawn.
    """
    words = VERDICTS[str(answer["verdict"])]
    findings = "".join(
        f'<li style="margin:2px 0"><span style="color:{_tone(finding)}">'
        f"{_sign(finding)}</span> {escape(sentence)}<small style='color:#51606f'>"
        f"{escape(_law(finding))}</small></li>"
        for finding, sentence in zip(answer["findings"], explain(answer), strict=True)
    )
    parts = " · ".join(
        f"{part['zone']} {part['share'] * 100:.1f} %".replace(".", ",") for part in answer["parts"]
    )
    return (
        f'<div style="{STYLE}"><div style="background:{words.colour};color:#fff;padding:8px 12px">'
        f"<b>{escape(words.sign)} {escape(words.id)}</b> · {escape(str(answer['permit_id']))}</div>"
        f'<div style="display:flex;gap:12px;padding:10px 12px">{_drawing(approvable, words.colour)}'
        f'<div><div style="color:#51606f">{escape(parts)}</div>'
        f'<ul style="margin:6px 0 0;padding-left:18px">{findings}</ul></div></div></div>'
    )


def table_html(answers: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of many verdicts: counts, then the first rows."""
    counts = [
        f'<span style="color:{words.colour};margin-right:14px"><b>{count}</b> '
        f"{escape(words.sign)} {escape(words.id.partition(':')[0])}</span>"
        for code, words in VERDICTS.items()
        if (count := sum(answer["verdict"] == code for answer in answers))
    ]
    rows = "".join(_row(answer) for answer in answers[:MOST_ROWS])
    rest = len(answers) - MOST_ROWS
    more = f"<div style='padding:6px 12px;color:#51606f'>… {rest} lagi</div>" if rest > 0 else ""
    return (
        f'<div style="{STYLE};max-width:760px"><div style="padding:8px 12px">{"".join(counts)}'
        f'</div><table style="width:100%;border-collapse:collapse">{rows}</table>{more}</div>'
    )


def _row(answer: Mapping[str, Any]) -> str:
    words = VERDICTS[str(answer["verdict"])]
    zones = ", ".join(str(part["zone"]) for part in answer["parts"])
    cells = (
        escape(str(answer["permit_id"])),
        f'<b style="color:{words.colour}">{escape(words.sign)} '
        f"{escape(words.id.partition(':')[0])}</b>",
        escape(zones),
        escape(", ".join(answer["reasons"])),
    )
    style = "text-align:left;padding:3px 12px;border-top:1px solid #e7ebef"
    return "<tr>" + "".join(f'<td style="{style}">{cell}</td>' for cell in cells) + "</tr>"


def _tone(finding: Mapping[str, Any]) -> str:
    low, high = finding["interval"]
    if low == "X":
        return TONES["X"]
    return TONES["?"] if low != high else VERDICT_TONE.get(high, TONES["I"])


#: Colours of classes between permitted and prohibited.
VERDICT_TONE: Final = {
    "T": VERDICTS["SESUAI_TERBATAS"].colour,
    "B": VERDICTS["SESUAI_BERSYARAT"].colour,
    "TB": VERDICTS["SESUAI_BERSYARAT"].colour,
}


def _sign(finding: Mapping[str, Any]) -> str:
    low, high = finding["interval"]
    sign = "✗" if low == "X" else "?" if low != high else "✓" if high == "I" else "●"
    title = IZIN[high][0] if low == high else f"{IZIN[low][0]} – {IZIN[high][0]}"
    return f'<b title="{escape(title)}">{sign}</b>'


def _law(finding: Mapping[str, Any]) -> str:
    law = finding.get("dasar") or {}
    said = ", ".join(str(law[key]) for key in ("instrument", "pasal") if law.get(key))
    return f" ({said})" if said else ""


def _drawing(approvable: BaseGeometry | None, colour: str) -> str:
    """Return a shape as SVG; an empty text where there is none to draw."""
    if approvable is None or approvable.is_empty or not approvable.is_valid:
        return ""
    shape = approvable
    while shapely.get_num_coordinates(shape) > MOST_CORNERS:
        before = shape
        west, south, east, north = shape.bounds
        shape = shapely.simplify(shape, max(east - west, north - south) / 200)
        if shapely.get_num_coordinates(shape) == shapely.get_num_coordinates(before):
            return ""
    west, south, east, north = shape.bounds
    scale = (SIDE - 8) / max(east - west, north - south, 1e-12)
    paths = []
    for polygon in shapely.get_parts(shape):
        for ring in shapely.get_rings(polygon):
            xy = shapely.get_coordinates(ring)
            points = (xy - (west, north)) * (scale, -scale) + 4
            paths.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points.tolist()) + "Z")
    return (
        f'<svg width="{SIDE}" height="{SIDE}" viewBox="0 0 {SIDE} {SIDE}" role="img" '
        f'aria-label="bagian yang dapat disetujui" style="flex:none"><path d="{"".join(paths)}" '
        f'fill="{colour}33" stroke="{colour}" stroke-width="2" fill-rule="evenodd"/></svg>'
    )
