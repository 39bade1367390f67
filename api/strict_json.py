"""JSON from a stranger, read strictly: what two readers could understand differently is refused.

Refused are duplicate keys, numbers that are no finite double, integers of more digits than a
double holds, deep nesting, invalid UTF-8, lone surrogates and NUL.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator
from typing import Any, Final

from api.errors import RequestError
from spatial.errors import GeometryError, LimitError

__all__ = ["MAX_DEPTH", "parse"]

#: GeoJSON needs nine levels at most; a document deeper than `MAX_DEPTH` is no permit.
MAX_DEPTH: Final = 32
#: No reader is bound to take such a depth (RFC 8259 section 9): the text itself is refused.
UNREADABLE_DEPTH: Final = 20_000
MAX_INTEGER_DIGITS: Final = 18

_BRACKETS: Final = re.compile(rb'"(?:[^"\\]|\\.)*"?|[\[{]|[\]}]')
_LONG_INTEGER: Final = re.compile(r"\d{19}")
#: Escapes that may give a surrogate or NUL; exponents that may overflow a double.
_SUSPECT: Final = re.compile(r"\\u(?:[dD][89a-fA-F]|0000)|[eE]\+?\d{3}|\d{300}|NaN|Infinity")


def parse(raw: bytes) -> Any:
    r"""Read one JSON document.

    Parameters
    ----------
    raw : bytes
        UTF-8, with or without a byte order mark.

    Raises
    ------
    RequestError
        `json_not_utf8`, `json_syntax`, `json_duplicate_key`, `json_integer`,
        `json_text_unusable`, `json_number_not_finite` or `json_nested`.
    GeometryError
        `coordinate_not_finite`, with its place.

    Examples
    --------
    >>> parse(b'{"a": [1, 2.5]}')
    {'a': [1, 2.5]}
    >>> parse(b'{"a": 1, "a": 2}')
    Traceback (most recent call last):
    api.errors.RequestError: the key 'a' stands twice in one object...
    """
    text = _decode(raw)
    _check_depth(raw)
    reader = _EXACT_READER if _LONG_INTEGER.search(text) else _READER
    try:
        document = reader.decode(text)
    except json.JSONDecodeError as error:
        raise RequestError(
            "this is no JSON: {fault} at line {line}, column {column}",
            code="json_syntax",
            hint="Send one JSON document in UTF-8",
            fault=error.msg,
            line=error.lineno,
            column=error.colno,
        ) from None
    if _SUSPECT.search(text):
        for pointer, value in _leaves(document):
            _check_leaf(pointer, value)
    return document


def _decode(raw: bytes) -> str:
    try:
        return raw.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        raise RequestError(
            "byte {position} is no valid UTF-8",
            code="json_not_utf8",
            hint="Send UTF-8; other encodings are not guessed",
            position=error.start,
        ) from None


def _check_depth(raw: bytes) -> None:
    """Count brackets outside of strings before any reader recurses into them."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return
    depth = deepest = 0
    for match in _BRACKETS.finditer(raw):
        token = match[0]
        if token in (b"[", b"{"):
            depth += 1
            deepest = max(deepest, depth)
        elif token in (b"]", b"}"):
            depth -= 1
    if deepest > UNREADABLE_DEPTH:
        raise RequestError(
            "the document is nested {depth} deep", code="json_depth_unreadable", depth=deepest
        )
    if deepest > MAX_DEPTH:
        raise LimitError(
            "the document is nested {depth} deep; {most} is the most accepted",
            code="json_nested",
            hint="Geometry collections and nested properties are not accepted",
            depth=deepest,
            most=MAX_DEPTH,
        )


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    keys = [key for key, _ in pairs]
    twice = next(key for key in keys if keys.count(key) > 1)
    raise RequestError(
        "the key {key!r} stands twice in one object",
        code="json_duplicate_key",
        hint="Readers differ in which of the two they take; send one",
        key=twice[:80],
    )


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        raise RequestError(
            "an integer of {digits} digits cannot be read without loss",
            code="json_integer",
            hint="Send identifiers as text",
            digits=len(digits.lstrip("-")),
        )
    return int(digits)


_READER: Final = json.JSONDecoder(object_pairs_hook=_object)
_EXACT_READER: Final = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer)


def _leaves(document: Any) -> Iterator[tuple[str, Any]]:
    """Yield every key and value with its JSON pointer; no recursion."""
    stack: list[tuple[str, Any]] = [("", document)]
    while stack:
        pointer, value = stack.pop()
        if isinstance(value, dict):
            for key, inner in value.items():
                yield f"{pointer}/(key)", key
                stack.append((f"{pointer}/{key}", inner))
        elif isinstance(value, list):
            stack.extend((f"{pointer}/{index}", inner) for index, inner in enumerate(value))
        else:
            yield pointer, value


def _check_leaf(pointer: str, value: Any) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise _not_finite(pointer)
    if isinstance(value, str) and any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value):
        # The pointer may hold the very text that cannot be sent back.
        place = pointer.encode("utf-8", "replace").decode().replace("\0", "")
        raise RequestError(
            "the text at {pointer} has a NUL or half a character",
            code="json_text_unusable",
            hint="Send whole Unicode characters without U+0000",
            pointer=place,
        )


def _not_finite(pointer: str) -> RequestError | GeometryError:
    if "/coordinates" in pointer:
        return GeometryError(
            "the coordinate at {pointer} is no finite number",
            code="coordinate_not_finite",
            hint="Send degrees such as [110.6423, -6.8871]",
            pointer=pointer,
        )
    return RequestError(
        "the number at {pointer} is not finite",
        code="json_number_not_finite",
        hint="Leave the field out where there is no value",
        pointer=pointer,
    )
