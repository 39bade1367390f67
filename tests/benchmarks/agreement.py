"""How far two services differ in their answers: in words not at all, in numbers a little."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import shapely
from shapely.geometry import shape

from tests.benchmarks.servers import Served

__all__ = ["agreement", "difference"]

DRY: Final = "/v1/conformity?dry_run=true"


def agreement(engine: Served, peer: Served, bodies: Sequence[bytes]) -> float:
    """Return the largest difference of two answers; infinite where their words differ."""
    return max(difference(engine.ask(DRY, body), peer.ask(DRY, body)) for body in bodies)


def difference(one: Any, other: Any) -> float:
    """Return by what share numbers, areas and shapes of two documents differ.

    Shapes may begin at another corner or have more corners on a straight line.

    Examples
    --------
    >>> difference({"a": [1.0, "x"]}, {"a": [1.0 + 1e-9, "x"]}) < 1e-8
    True
    >>> difference({"a": "x"}, {"a": "y"}), difference([1], [1, 2])
    (inf, inf)
    """
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return math.inf
        if "coordinates" in one:
            return _shapes(one, other)
        return max((difference(one[key], other[key]) for key in one), default=0.0)
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return math.inf
        return max((difference(*pair) for pair in zip(one, other, strict=True)), default=0.0)
    if _is_number(one) and _is_number(other):
        return abs(one - other) / max(abs(one), 1.0)
    return 0.0 if one == other else math.inf


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _shapes(one: dict[str, Any], other: dict[str, Any]) -> float:
    both = shape(one), shape(other)
    away = shapely.area(shapely.symmetric_difference(*both))
    return float(away / max(shapely.area(both[0]), 1e-300))
