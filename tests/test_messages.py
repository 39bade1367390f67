"""Every code the engine can raise or note has its Indonesian sentence, with the same facts."""

from __future__ import annotations

import ast
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from spatial.errors import EngineError, GeometryError
from spatial.notes import Note
from spatial.text import catalogue, describe

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("spatial", "layers", "zoning", "hazard", "api")


def _literal(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _raised() -> Iterator[tuple[str, str, str, str | None]]:
    """(place, code, English template, hint) of every error and note written in the source."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                words = {word.arg: word.value for word in node.keywords}
                place = f"{path.relative_to(ROOT)}:{node.lineno}"
                if name.endswith("Error") and (code := _literal(words.get("code"))):
                    text = _literal(node.args[0]) if node.args else None
                    yield place, code, text or "", _literal(words.get("hint"))
                elif name == "Note" and len(node.args) > 1 and (code := _literal(node.args[0])):
                    yield place, code, _literal(node.args[1]) or "", None


def _fields(template: str) -> set[str]:
    return {
        field.split(".")[0].split("[")[0]
        for _, field, _, _ in string.Formatter().parse(template)
        if field
    }


def test_every_code_has_an_indonesian_sentence() -> None:
    texts = catalogue("id")
    missing = sorted({f"{code}  ({place})" for place, code, _, _ in _raised() if code not in texts})
    assert not missing, "add these to spatial/messages/id/*.toml:\n" + "\n".join(missing)


def test_every_hint_has_an_indonesian_sentence() -> None:
    texts = catalogue("id")
    missing = sorted(
        {
            f"{code}_hint  ({place})"
            for place, code, _, hint in _raised()
            if hint and f"{code}_hint" not in texts
        }
    )
    assert not missing, "add these to spatial/messages/id/*.toml:\n" + "\n".join(missing)


def test_translations_use_no_fact_that_the_code_does_not_give() -> None:
    english: dict[str, set[str]] = {}
    for _, code, text, hint in _raised():
        english.setdefault(code, set()).update(_fields(text) | _fields(hint or ""))
    strange = [
        f"{code}: {sorted(extra)}"
        for code, fields in english.items()
        for key in (code, f"{code}_hint")
        if fields and (extra := _fields(catalogue("id").get(key, "")) - fields)
    ]
    assert not strange, "\n".join(strange)


def test_a_known_code_speaks_indonesian_and_english() -> None:
    error = EngineError("{what} states no CRS", code="crs_missing", what="persil.shp")
    assert describe(error, "id")[0] == "persil.shp tidak menyebutkan sistem referensi koordinat"
    assert describe(error, "en") == ("persil.shp states no CRS", "")


def test_facts_with_braces_are_shown_as_they_are() -> None:
    error = GeometryError("row {row} is odd", code="unknown_code_of_a_test", row="{row!r:>9999}")
    assert str(error) == "row {row!r:>9999} is odd"
    assert str(Note.of(error)) == "row {row!r:>9999} is odd"


@pytest.mark.parametrize("language", ["id", "en", "xx"])
def test_an_unknown_language_or_code_falls_back_to_english(language: str) -> None:
    assert (
        describe(Note("unknown_code_of_a_test", "{n} rows", details={"n": 3}), language)[0]
        == "3 rows"
    )
