"""The themes of the web map: titles, lines of business, layers."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["listed_themes", "themes"]


@cache
def themes() -> dict[str, dict[str, Any]]:
    """Return the themes by their name.

    Examples
    --------
    >>> sorted(themes())
    ['industri', 'investasi', 'pariwisata']
    """
    text = (resources.files("api") / "themes.toml").read_text(encoding="utf-8")
    return {name: body for name, body in tomllib.loads(text).items() if isinstance(body, dict)}


def listed_themes() -> list[dict[str, str]]:
    """Return name, title and purpose of every theme.

    Examples
    --------
    >>> listed_themes()[0]["title"]
    'Potensi industri'
    """
    words = ("title", "title_en", "about", "about_en")
    return [{"id": name} | {word: one[word] for word in words} for name, one in themes().items()]
