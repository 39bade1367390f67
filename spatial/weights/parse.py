"""Weights by a short name, as on a command line: queen, rook, knn:8, distance:5000."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import geopandas as gpd

from spatial.errors import GeometryError
from spatial.weights.base import Weights
from spatial.weights.contiguity import queen, rook, tolerant
from spatial.weights.distance import distance_band, inverse_distance, knn

__all__ = ["build"]

#: Name -> (least and most numbers after it, builder).
KINDS: Final[dict[str, tuple[int, int, Callable[..., Weights]]]] = {
    "queen": (0, 0, lambda areas: queen(areas)),
    "rook": (0, 0, lambda areas: rook(areas)),
    "knn": (1, 1, lambda areas, k: knn(areas, int(k))),
    "distance": (1, 1, lambda areas, reach: distance_band(areas, reach)),
    "inverse": (1, 2, lambda areas, reach, power=1.0: inverse_distance(areas, reach, power=power)),
    "tolerant": (1, 2, lambda areas, gap, shared=0.0: tolerant(areas, gap_m=gap, shared_m=shared)),
}


def build(areas: gpd.GeoDataFrame, spec: str) -> Weights:
    """Build weights from a short name.

    Parameters
    ----------
    areas : GeoDataFrame
    spec : str
        `queen`, `rook`, `knn:K`, `distance:METRES`, `inverse:METRES[:POWER]`,
        `tolerant:GAP[:SHARED]` (metres).

    Raises
    ------
    GeometryError
        If the name is unknown or its numbers do not fit.

    Examples
    --------
    >>> import shapely
    >>> build(gpd.GeoDataFrame(geometry=[shapely.Point(x, 0) for x in range(3)]), "knn:1").kind
    'knn:1'
    """
    name, *words = spec.strip().lower().split(":")
    least, most, make = KINDS.get(name, (0, -1, None))
    numbers = [value for value in map(_number, words) if value is not None]
    whole = name != "knn" or all(value == int(value) for value in numbers)
    if make is None or len(numbers) != len(words) or not least <= len(words) <= most or not whole:
        raise GeometryError(
            "weights {spec!r} are not known",
            code="weights_unknown",
            hint="Use queen, rook, knn:8, distance:5000, inverse:5000:1 or tolerant:25:10 (metres)",
            spec=spec,
        )
    return make(areas, *numbers)


def _number(word: str) -> float | None:
    try:
        value = float(word)
    except ValueError:
        return None
    return value if 0 <= value < float("inf") else None
