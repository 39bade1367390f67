"""Texts for people: the Indonesian catalogue, with the English of the code to fall back on.

Errors and notes carry an English template and the facts; `spatial/messages/<language>/*.toml`
hold the same sentences in other languages, keyed by `code` (and `code_hint`).
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any, Final

from spatial.errors import EngineError
from spatial.notes import Note

__all__ = ["DEFAULT_LANGUAGE", "LANGUAGES", "catalogue", "describe"]

DEFAULT_LANGUAGE: Final = "id"
LANGUAGES: Final = ("id", "en")


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return every template of a language by code; empty for English, which lives in the code.

    Raises
    ------
    ValueError
        If two files define the same code: one of them would be lost silently.
    """
    folder = resources.files("spatial") / "messages" / language
    if not folder.is_dir():
        return {}
    found: dict[str, str] = {}
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if not entry.name.endswith(".toml"):
            continue
        texts = tomllib.loads(entry.read_text(encoding="utf-8"))
        if twice := found.keys() & texts.keys():
            raise ValueError(f"{entry.name}: codes defined twice: {sorted(twice)}")
        found |= texts
    return found


def describe(thing: EngineError | Note, language: str = DEFAULT_LANGUAGE) -> tuple[str, str]:
    """Return message and hint of an error or note in a language.

    Examples
    --------
    >>> from spatial.errors import GeometryError
    >>> describe(GeometryError("no ring", code="not_in_any_catalogue"), "id")
    ('no ring', '')
    """
    english = (thing.message, thing.hint) if isinstance(thing, EngineError) else (str(thing), "")
    texts = catalogue(language)
    details = _told(thing.details, texts)
    return (
        _fill(texts.get(thing.code), details, english[0]),
        _fill(texts.get(f"{thing.code}_hint"), details, english[1]),
    )


def _told(details: dict[str, Any], texts: dict[str, str]) -> dict[str, Any]:
    """Tell the fault that a note rests on, its `reason`, in the language of the note."""
    if "fault" not in details or "fault_details" not in details:
        return details
    facts = details["fault_details"]
    if "what" in facts and "row" in details:
        facts = facts | {"what": _fill(texts.get("row_of"), details, facts["what"])}
    reason = _fill(texts.get(details["fault"]), facts, details["reason"])
    return details | {"reason": reason}


def _fill(template: str | None, details: dict[str, Any], fallback: str) -> str:
    """Fill a template; a field that the facts do not carry falls back to English."""
    if template is None:
        return fallback
    try:
        return template.format_map(details)
    except (KeyError, IndexError, ValueError):
        return fallback
