"""CQL2 filters over a collection: parsed by the library cql2, evaluated over whole columns.

Comparisons with a missing value are neither true nor false, as the standard wants it.
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from api.ogc.collection import Collection
from api.ogc.cql_text import MAX_FILTER, Node, box_of, parse_filter, refused, shape_of
from api.ogc.systems import System, to_lonlat

__all__ = ["MAX_FILTER", "select"]

MAX_VERTICES: Final = 1_000

Mask: TypeAlias = Any  # a pandas BooleanArray: true, false or unknown

_COMPARE: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "=": operator.eq, "<>": operator.ne, "<": operator.lt,
    "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
#: Ours -> what the tree asks with the literal first.
_SPATIAL: Final[dict[str, Any]] = {
    "s_intersects": "intersects", "s_within": "contains", "s_contains": "within",
    "s_touches": "touches", "s_crosses": "crosses", "s_overlaps": "overlaps",
    "s_disjoint": "intersects", "s_equals": "intersects",
}  # fmt: skip


def select(collection: Collection, text: str, lang: str, system: System) -> NDArray[np.bool_]:
    """Return which features of a collection a filter keeps.

    Parameters
    ----------
    lang : {"cql2-text", "cql2-json"}
    system : System
        Of the geometries in the filter.

    Returns
    -------
    array of bool, shape (len(collection),)

    Raises
    ------
    RequestError
        `filter_refused`, with what is wrong.
    """
    tree = parse_filter(text, lang)
    mask = _Evaluation(collection, system).truth(tree)
    kept: NDArray[np.bool_] = mask.fillna(False).to_numpy(dtype=bool)
    return kept


class _Evaluation:
    """One filter over one collection."""

    def __init__(self, collection: Collection, system: System) -> None:
        self._collection = collection
        self._system = system

    def truth(self, node: Node) -> Mask:
        """Evaluate a condition."""
        if isinstance(node, bool):
            return pd.array(np.full(len(self._collection), node), dtype="boolean")
        if isinstance(node, dict) and "property" in node:
            return self._truth_of_column(node)
        name, args = _operation(node)
        if name in ("and", "or"):
            return self._joined(name, args)
        if name == "not":
            return ~self.truth(_only(args, name))
        if name in _COMPARE:
            return self._compared(name, args)
        if name in _SPATIAL:
            return self._spatial(name, args)
        return self._other(name, args)

    def _joined(self, name: str, args: list[Node]) -> Mask:
        if len(args) < 2:
            raise refused(f"'{name}' needs two conditions")
        mask = self.truth(args[0])
        for arg in args[1:]:
            mask = mask & self.truth(arg) if name == "and" else mask | self.truth(arg)
        return mask

    def _other(self, name: str, args: list[Node]) -> Mask:
        if name == "isNull":
            return pd.array(pd.isna(self._column(_only(args, name))).to_numpy(), dtype="boolean")
        if name == "between" and len(args) == 3:
            low = self._compared(">=", [args[0], args[1]])
            return low & self._compared("<=", [args[0], args[2]])
        if name == "in" and len(args) == 2 and isinstance(args[1], list):
            masks = [self._compared("=", [args[0], one]) for one in args[1]] or [self.truth(False)]
            found = masks[0]
            for mask in masks[1:]:
                found = found | mask
            return found
        if name == "like" and len(args) == 2:
            return self._like(args[0], args[1])
        raise refused(f"the operator '{name}' is not offered")

    def _compared(self, name: str, args: list[Node]) -> Mask:
        if len(args) != 2:
            raise refused(f"'{name}' compares two values")
        left, right = self._value(args[0]), self._value(args[1])
        if not isinstance(left, pd.Series) and not isinstance(right, pd.Series):
            raise refused("a comparison needs a property")
        if _kind(left) != _kind(right):
            raise refused("a text is compared with a number")
        missing = self._missing(left) | self._missing(right)
        with np.errstate(invalid="ignore"):
            compared = _COMPARE[name](_filled(left), _filled(right))
        result = pd.array(np.asarray(compared, dtype=bool), dtype="boolean")
        result[missing] = pd.NA
        return result

    def _missing(self, value: Any) -> Any:
        if isinstance(value, pd.Series):
            return value.isna().to_numpy()
        return np.zeros(len(self._collection), dtype=bool)

    def _like(self, value: Node, pattern: Node) -> Mask:
        column = self._value(value)
        wanted = self._value(pattern)
        if not isinstance(column, pd.Series) or not isinstance(wanted, str):
            raise refused("'like' compares a property with a text")
        if _kind(column) != "text":
            raise refused("'like' compares texts")
        regular = re.compile(_like_pattern(wanted), re.DOTALL)
        found = [None if pd.isna(one) else regular.fullmatch(one) is not None for one in column]
        return pd.array(found, dtype="boolean")

    def _value(self, node: Node) -> Any:
        """Return a column or a literal."""
        if isinstance(node, str | int | float) and not isinstance(node, bool):
            return node
        if isinstance(node, bool):
            return node
        if isinstance(node, dict) and set(node) <= {"date", "timestamp"} and len(node) == 1:
            return str(next(iter(node.values())))
        if isinstance(node, dict) and "property" in node:
            return self._column(node)
        name, args = _operation(node)
        if name in ("casei", "accenti"):
            return _folded(self._value(_only(args, name)), name)
        raise refused(f"'{name}' gives no value here")

    def _column(self, node: Node) -> pd.Series[Any]:
        name = node.get("property") if isinstance(node, dict) else None
        if not isinstance(name, str) or name not in self._collection.table:
            known = ", ".join(self._collection.table.columns)[:300]
            raise refused(f"the property {str(name)[:60]!r} is not known; known are {known}")
        return self._collection.table[name]

    def _truth_of_column(self, node: Node) -> Mask:
        column = self._column(node)
        if self._collection.fields[str(node["property"])] != "boolean":
            raise refused(f"the property {node['property']} is no condition")
        return column.astype("boolean").array

    def _spatial(self, name: str, args: list[Node]) -> Mask:
        if len(args) != 2:
            raise refused(f"'{name}' compares two geometries")
        first, second = (_is_geometry_property(arg) for arg in args)
        if first == second:
            raise refused(f"'{name}' compares the property geometry with a geometry")
        shape = self._literal(args[1] if first else args[0])
        turned = {"s_within": "s_contains", "s_contains": "s_within"}
        wanted = name if first else turned.get(name, name)
        mask = np.zeros(len(self._collection), dtype=bool)
        found = self._collection.tree.query(shape, predicate=_SPATIAL[wanted])
        if wanted == "s_equals":
            found = found[shapely.equals(self._collection.shapes[found], shape)]
        mask[found] = True
        return pd.array(~mask if wanted == "s_disjoint" else mask, dtype="boolean")

    def _literal(self, node: Node) -> BaseGeometry:
        if isinstance(node, dict) and isinstance(node.get("bbox"), list):
            shape = box_of(node["bbox"])
        else:
            shape = shape_of(node)
        if shapely.get_num_coordinates(shape) > MAX_VERTICES:
            raise refused(f"a geometry of more than {MAX_VERTICES} vertices")
        if not np.isfinite(shapely.get_coordinates(shape)).all() or not shapely.is_valid(shape):
            raise refused("a geometry that is not valid")
        [moved] = to_lonlat(np.array([shape], dtype=object), self._system)
        if not np.isfinite(shapely.get_coordinates(moved)).all():
            raise refused("a geometry outside of its reference system")
        literal: BaseGeometry = moved
        return literal


def _operation(node: Node) -> tuple[str, list[Node]]:
    name = node.get("op") if isinstance(node, dict) else None
    args = node.get("args") if isinstance(node, dict) else None
    if not isinstance(name, str) or not isinstance(args, list):
        raise refused("no condition")
    return name, args


def _only(args: list[Node], name: str) -> Node:
    if len(args) != 1:
        raise refused(f"'{name}' takes one value")
    one = args[0]
    # The parser wraps the literal of casei('x') in a list.
    return one[0] if isinstance(one, list) and len(one) == 1 else one


def _is_geometry_property(node: Node) -> bool:
    return isinstance(node, dict) and node.get("property") in ("geometry", "geom")


def _kind(value: Any) -> str:
    if isinstance(value, pd.Series):
        kind = value.dtype.kind
        return "truth" if kind == "b" else "number" if kind in "iuf" else "text"
    return "truth" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"


def _filled(value: Any) -> Any:
    if isinstance(value, pd.Series):
        return value.fillna("" if _kind(value) == "text" else 0).to_numpy()
    return value


def _folded(value: Any, name: str) -> Any:
    fold = _without_accents if name == "accenti" else str.casefold
    if isinstance(value, pd.Series) and _kind(value) == "text":
        return value.map(fold, na_action="ignore")
    if isinstance(value, str):
        return fold(value)
    raise refused(f"'{name}' takes a text")


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _like_pattern(wanted: str) -> str:
    """Turn the two wild cards of the standard into a pattern that never goes back.

    The first place where a middle piece fits is as good as any later one, so it is kept.
    """
    pieces = [""]
    escaped = False
    for sign in wanted:
        if sign == "%" and not escaped:
            pieces.append("")
        elif sign == "\\" and not escaped:
            escaped = True
            continue
        else:
            pieces[-1] += "." if sign == "_" and not escaped else re.escape(sign)
        escaped = False
    if len(pieces) == 1:
        return pieces[0]
    first, *middle, last = pieces
    return first + "".join(f"(?>.*?{piece})" for piece in middle if piece) + ".*" + last
