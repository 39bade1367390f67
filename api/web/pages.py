"""Documents as pages for people: one template, everything escaped, nothing from outside."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2

__all__ = ["render"]


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("api.web", "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def render(page: str, **content: Any) -> bytes:
    """Render a page.

    Parameters
    ----------
    page : str
        Name of a template.

    Examples
    --------
    >>> b"<script>" in render("conformance", base="", classes=["<script>"], crumbs=[], links=[])
    False
    """
    return _environment().get_template(f"{page}.html").render(**content).encode()
