"""CQL2 texts and geometries as a stranger sends them: bounded, parsed, refused with the reason.

The parser is native code and recurses: a text is bounded before it sees it.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final, TypeAlias

import cql2
import shapely
from shapely.geometry.base import BaseGeometry

from api.errors import RequestError
from api.strict_json import parse as parse_json

__all__ = ["MAX_FILTER", "Node", "box_of", "parse_filter", "refused", "shape_of"]

MAX_FILTER: Final = 4_000
MAX_DEPTH: Final = 24
_STRING: Final = re.compile(r"'(?:[^']|'')*'")

Node: TypeAlias = Any


def parse_filter(text: str, lang: str) -> Node:
    """Return a filter as the JSON of CQL2.

    Parameters
    ----------
    lang : {"cql2-text", "cql2-json"}

    Raises
    ------
    RequestError
        `filter_refused`.

    Examples
    --------
    >>> parse_filter("zona = 'R-2'", "cql2-text")
    {'op': '=', 'args': [{'property': 'zona'}, 'R-2']}
    """
    if len(text) > MAX_FILTER:
        raise refused(f"longer than {MAX_FILTER} characters")
    if lang == "cql2-json":
        tree = parse_json(text.encode("utf-8", "replace"))
        _check_depth(tree)
        return tree
    _check_text(text)
    try:
        tree = cql2.parse_text(text).to_json()
    except (cql2.ParseError, cql2.ValidationError) as error:
        raise refused(" ".join(str(error).split())[:200]) from None
    _check_depth(tree)
    return tree


def _check_text(text: str) -> None:
    """Refuse what would exhaust the stack of the native parser."""
    bare = _STRING.sub("''", text)
    depth = deepest = 0
    for sign in bare:
        depth += (sign == "(") - (sign == ")")
        deepest = max(deepest, depth)
    if deepest > MAX_DEPTH:
        raise refused(f"nested {deepest} deep; {MAX_DEPTH} is the most accepted")
    if re.search(r"-\s*-", bare):
        raise refused("two minus signs in a row")


def _check_depth(tree: Node) -> None:
    stack, count = [(tree, 0)], 0
    while stack:
        node, depth = stack.pop()
        count += 1
        if depth > 4 * MAX_DEPTH or count > 5_000:
            raise refused("too deep or too long")
        inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
        stack.extend((one, depth + 1) for one in inner)


def box_of(numbers: list[Any]) -> BaseGeometry:
    """Return the box of four or six numbers."""
    if len(numbers) not in (4, 6) or not all(isinstance(one, int | float) for one in numbers):
        raise refused("a bbox is four or six numbers")
    half = len(numbers) // 2
    west, south, east, north = (*numbers[:2], *numbers[half : half + 2])
    if west > east or south > north:
        raise refused("a bbox runs from south-west to north-east")
    box: BaseGeometry = shapely.box(west, south, east, north)
    return box


def shape_of(node: Node) -> BaseGeometry:
    """Return the geometry of a GeoJSON object."""
    if not isinstance(node, dict) or "coordinates" not in node:
        raise refused("no geometry where one is needed")
    try:
        shape = shapely.from_geojson(json.dumps(node))
    except (shapely.GEOSException, ValueError) as error:
        raise refused(f"a geometry: {str(error)[:120]}") from None
    if shape is None or shape.is_empty:
        raise refused("an empty geometry")
    plain: BaseGeometry = shapely.force_2d(shape)
    return plain


def refused(fault: str) -> RequestError:
    """Return the refusal of a filter."""
    return RequestError(
        "the filter cannot be used: {fault}",
        code="filter_refused",
        hint="An example: zona LIKE 'R-%' AND S_INTERSECTS(geometry, BBOX(110.6,-6.9,110.7,-6.8))",
        fault=fault,
    )
