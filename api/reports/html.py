"""Pages that stand alone, of one verdict and of many: no script, no link to outside."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from api.fonts import web_font
from api.formats import Language, day
from api.reports.opinion import Opinion
from api.reports.page import Page, texts
from api.reports.pdf import qr_svg
from api.wording import VERDICTS, VerdictWords

__all__ = [
    "IndexRow",
    "environment",
    "page_fonts",
    "page_style",
    "render_html",
    "render_index",
    "render_opinion_html",
    "render_verification",
]


@cache
def environment() -> jinja2.Environment:
    """Return the templates of pages, everything in them escaped."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("api.reports", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def page_style() -> str:
    """Return the style sheet of every page."""
    source = resources.files("api.reports") / "templates" / "verdict.css"
    return source.read_text(encoding="utf-8")


@cache
def _font(weight: str) -> str:
    return base64.b64encode(web_font(weight)).decode("ascii")


def page_fonts() -> dict[str, str]:
    """Return the typeface by weight, as text that a page carries inside."""
    return {weight: _font(weight) for weight in ("Regular", "Semibold")}


def render_html(page: Page) -> str:
    """Return the page as HTML with its style and typeface inside."""
    template = environment().get_template("verdict.html.j2")
    return template.render(page=page, t=texts(page.language), css=page_style(), fonts=page_fonts())


def render_opinion_html(opinion: Opinion, *, map_png: bytes = b"") -> str:
    """Return an opinion as a page that stands alone: the same content as on paper."""
    logo = opinion.letterhead.logo
    kinds = {".svg": "svg+xml", ".jpg": "jpeg", ".jpeg": "jpeg", ".png": "png"}
    code = qr_svg(opinion.verify_url or f"{opinion.number} {opinion.check_code}").decode()
    return (
        environment()
        .get_template("opinion.html.j2")
        .render(
            o=opinion,
            t=opinion.t,
            css=page_style(),
            fonts=page_fonts(),
            qr=code[code.index("<svg") :],
            map=_data("png", map_png) if map_png else "",
            logo=_data(kinds[logo.suffix.lower()], logo.read_bytes()) if logo else "",
        )
    )


def render_verification(found: Mapping[str, Any]) -> str:
    """Return the page that tells the holder of a letter what the register says of it."""
    return (
        environment()
        .get_template("verification.html.j2")
        .render(
            found=found,
            words=VERDICTS[str(found["verdict"])],
            on=day(found["on"]),
            css=page_style(),
            fonts=page_fonts(),
        )
    )


def _data(kind: str, content: bytes) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class IndexRow:
    """One application in the summary: what it is, what was found, and why."""

    permit_id: str
    activity: str
    area: str
    verdict: str
    because: str
    link: str


def render_index(
    rows: Sequence[IndexRow],
    *,
    on: str,
    office: str = "",
    workspace: str = "",
    notice: str = "",
    language: Language = "id",
) -> str:
    """Return the summary of many verdicts: how many of each, and one line for each."""
    shown = [
        {
            "permit_id": row.permit_id,
            "activity": row.activity,
            "area": row.area,
            "because": row.because,
            "link": row.link,
            "words": VERDICTS[row.verdict],
            "label": _label(VERDICTS[row.verdict], language),
        }
        for row in rows
    ]
    counts = [(words, sum(row.verdict == code for row in rows)) for code, words in VERDICTS.items()]
    return (
        environment()
        .get_template("index.html.j2")
        .render(
            rows=shown,
            counts=counts,
            sign=_sign,
            t=texts(language),
            css=page_style(),
            fonts=page_fonts(),
            on=on,
            office=office,
            workspace=workspace,
            notice=notice,
            language=language,
        )
    )


def _label(words: VerdictWords, language: Language) -> str:
    """Return the words before the colon: a table has no room for the explanation."""
    return (words.id if language == "id" else words.en).split(":")[0]


def _sign(words: VerdictWords) -> Markup:
    return Markup(
        '<svg width="15" height="15" viewBox="0 0 24 24" fill="none" stroke="#fff" '
        'stroke-width="3" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">'
        '<path d="{}"/></svg>'
    ).format(words.path)
