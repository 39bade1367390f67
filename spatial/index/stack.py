"""Several indexes on one plane, asked in one call: one parcel or many, a point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from spatial.errors import CrsError, LimitError
from spatial.index.addresses import table_of
from spatial.index.areas import BUDGET, NOISE, NOISE_M2
from spatial.index.grid import in_parts, workers
from spatial.index.together import REST, UNMEASURED, codes_at_together, measure_together
from spatial.index.zones import ZoneIndex
from spatial.rings import Rings, flatten, one_shell

__all__ = ["REST", "UNMEASURED", "Measured", "Share", "Stack", "stacks_of", "too_complex"]

F8: TypeAlias = NDArray[np.float64]
I4: TypeAlias = NDArray[np.int32]

_PART: Final = 16_384
_NO_PAIRS: Final = np.empty((0, 4), np.int32)


@dataclass(frozen=True, slots=True)
class Measured:
    """Rows of n parcels, by parcel, layer and code; what lies in no zone behind its layer.

    Parameters
    ----------
    whole : array, shape (n,)
        Area of each parcel.
    how : array of int8, shape (n, layers)
        As `Areas.how`.
    parcel, layer : arrays of int32, shape (m,)
    code : array of int32, shape (m,)
        Position in `Stack.codes`; REST for what lies in no zone, UNMEASURED for the one row
        of a parcel that would have taken too long.
    area, share, overlap : arrays, shape (m,)
        NaN where unmeasured.
    pairs : array of int32, shape (q, 4)
        Parcel, layer and two codes that share ground in it, sorted.
    """

    whole: F8
    how: NDArray[np.int8]
    parcel: I4
    layer: I4
    code: I4
    area: F8
    share: F8
    overlap: F8
    pairs: I4


class Share(NamedTuple):
    """How much of one parcel lies in one zone of a layer; in none where `code` is None.

    `overlap_m2` is what codes of the layer before it have counted.
    """

    layer: str
    code: str | None
    area_m2: float
    share: float
    overlap_m2: float


class Stack:
    """Layers on one plane, asked together. Threads may share it: nothing in it changes.

    Parameters
    ----------
    indexes : mapping of str to ZoneIndex
        Layers by name.

    Raises
    ------
    CrsError
        `planes_differ`, if they do not lie on one plane; an index that states none is taken
        to lie on that of the others.

    Examples
    --------
    >>> import shapely
    >>> from spatial.index import index_of
    >>> zones, codes = np.array([shapely.box(0, 0, 9, 9)]), ["R-2"]
    >>> stack = Stack({"rdtr": index_of(zones, codes)})
    >>> stack.shares(shapely.box(8, 0, 10, 9))
    [Share(layer='rdtr', code='R-2', area_m2=9.0, share=0.5, overlap_m2=0.0),
     Share(layer='rdtr', code=None, area_m2=9.0, share=0.5, overlap_m2=0.0)]
    >>> stack.at(2.0, 5.0)
    [('rdtr', 'R-2')]
    """

    def __init__(self, indexes: Mapping[str, ZoneIndex]) -> None:
        planes = {index.crs for index in indexes.values()} - {""}
        if len(planes) > 1:
            raise CrsError(
                "layers lie on {count} planes; one call answers on one",
                code="planes_differ",
                hint="Build their indexes on one plane, or ask them plane by plane",
                count=len(planes),
            )
        self.layers = tuple(indexes)
        self.crs = next(iter(planes), "")
        self.codes = tuple(code for index in indexes.values() for code in index.codes)
        self._named = [(name, code) for name, index in indexes.items() for code in index.codes]
        self._grids = [index.grid for index in indexes.values()]
        self._table = table_of(self._grids)
        counts = [len(index.codes) for index in indexes.values()]
        self._first_code = np.cumsum([0, *counts], dtype=np.int64)

    def shares(self, shape: BaseGeometry) -> list[Share]:
        """Measure one valid polygon that lies on the plane, by layer and code.

        A layer that it does not touch has one row, without a code.

        Raises
        ------
        LimitError
            `parcel_too_complex`, if it crosses so many boundaries that it has no bound.
        """
        rings = one_shell(shape)
        if rings is None:
            one = np.empty(1, dtype=object)
            one[0] = shape
            rings = flatten(one)
        _, _, rows, values, _, _ = self._measure(rings, 0, 1, BUDGET)
        _, layers, codes = rows.tolist()
        named, names = self._named, self.layers
        found = []
        for layer, code, area, share, overlap in zip(layers, codes, *values.tolist(), strict=True):
            if code >= 0:
                layer_name, name = named[code]
                found.append(Share(layer_name, name, area, share, overlap))
            elif code == UNMEASURED:
                raise too_complex("the parcel")
            else:
                found.append(Share(names[layer], None, area, share, overlap))
        return found

    def at(self, x: float, y: float) -> list[tuple[str, str]]:
        """Return layer and code of every zone at a point of the plane.

        On a border it counts to one of the sides.
        """
        found = codes_at_together(self._table, self._first_code, np.array([[x, y]]))
        return [self._named[code] for _, code in found.tolist()]

    def measure(
        self, rings: Rings, *, threads: int | None = None, budget: int = BUDGET
    ) -> Measured:
        """Measure valid polygons that lie on the plane.

        Parameters
        ----------
        rings : Rings
        threads : int, optional
            As many as the process may use, without; the answer does not depend on it.
        budget : int
            Steps that one parcel may take in one layer before it is left unmeasured.
        """

        def part(begin: int, end: int) -> Any:
            return self._measure(rings, begin, end, budget)

        found = in_parts(len(rings), _PART, part, workers() if threads is None else threads)
        return _joined(found or [part(0, 0)])

    def _measure(self, rings: Rings, begin: int, end: int, budget: int) -> Any:
        return measure_together(
            self._table, self._first_code, rings.xy, rings.start, rings.kind, rings.first,
            begin, end, budget,
        )  # fmt: skip


def stacks_of(indexes: Mapping[str, ZoneIndex]) -> list[Stack]:
    """Return the layers as one stack per plane.

    Examples
    --------
    >>> from spatial.index import index_of
    >>> none = np.empty(0, dtype=object)
    >>> flat, round_ = (index_of(none, [], plane) for plane in ("ESRI:54034", "EPSG:9489"))
    >>> [stack.layers for stack in stacks_of({"a": flat, "b": round_, "c": flat})]
    [('a', 'c'), ('b',)]
    """
    planes: dict[str, dict[str, ZoneIndex]] = {}
    for name, index in indexes.items():
        planes.setdefault(index.crs, {})[name] = index
    return [Stack(layers) for layers in planes.values()]


def too_complex(name: str) -> LimitError:
    """Return the reason of a parcel that was left unmeasured."""
    return LimitError(
        "{what} crosses so many boundaries of zones that measuring it has no bound",
        code="parcel_too_complex",
        hint="Simplify its outline, or cut it into several parcels",
        what=name,
    )


def _joined(found: list[Any]) -> Measured:
    """Put parts of the parcels together."""
    parts = [_part(one, number * _PART) for number, one in enumerate(found)]
    if len(parts) == 1:
        return Measured(*parts[0])
    return Measured(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _part(one: Any, shift: int) -> tuple[Any, ...]:
    whole, how, (parcel, layer, code), values, pair_rows, pair_areas = one
    pairs = _pairs(pair_rows, pair_areas, whole) if len(pair_areas) else _NO_PAIRS
    if shift:
        parcel, pairs = parcel + np.int32(shift), pairs + np.array([shift, 0, 0, 0], np.int32)
    return whole, how, parcel, layer, code, *values, pairs


def _pairs(rows: I4, areas: F8, whole: F8) -> I4:
    """Sum the pairs over cells and keep what is more than rounding."""
    unique, inverse = np.unique(rows, axis=0, return_inverse=True)
    total = np.bincount(inverse.ravel(), areas, minlength=len(unique))
    noise = np.minimum(NOISE * whole[unique[:, 0]], NOISE_M2)
    found: I4 = unique[total > noise]
    return found
