"""The report of one verdict as a page that stands alone: no script, no link to outside."""

from __future__ import annotations

import base64
from functools import cache
from importlib import resources

import jinja2

from api.fonts import web_font
from api.reports.page import Page, texts

__all__ = ["render_html"]


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("api.reports", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> str:
    source = resources.files("api.reports") / "templates" / "verdict.css"
    return source.read_text(encoding="utf-8")


@cache
def _font(weight: str) -> str:
    return base64.b64encode(web_font(weight)).decode("ascii")


def render_html(page: Page) -> str:
    """Return the page as HTML with its style and typeface inside."""
    template = _environment().get_template("verdict.html.j2")
    fonts = {weight: _font(weight) for weight in ("Regular", "Semibold")}
    return template.render(page=page, t=texts(page.language), css=_style(), fonts=fonts)
