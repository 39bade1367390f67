"""Sites for the permits: plots along streets, and what lies under and around each.

A site is found by its geometry, never by a coordinate, so it stays right when the
landscape changes with another seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from layers.sample.noise import generator

__all__ = ["Facts", "Surroundings", "across", "inside", "look_around"]

Array: TypeAlias = NDArray[np.float64]
Where: TypeAlias = Callable[["Facts"], bool]

#: A plot keeps this far from the edges of its zone: further than the map may err (1 m).
CLEAR_M: Final = 1.6
#: How far the general plans may err, m (class 1 of 1:50.000 and 1:250.000).
KAB_CE90_M: Final = 10.0
PROV_CE90_M: Final = 50.0


@dataclass(frozen=True)
class Facts:
    """What a planner would read off all maps at one plot.

    Sets of codes; distances in m, infinite where there is nothing.
    """

    zones: frozenset[str]
    kab: frozenset[str]
    prov: frozenset[str]
    krb: frozenset[str]
    forest: frozenset[int]
    lp2b: bool
    lsd: bool
    heritage: bool
    river_m: float
    sea_m: float
    spring_m: float

    @property
    def calm(self) -> bool:
        """No overlay, no forest, no river, sea or spring anywhere near."""
        return not (self.krb or self.claimed) and self.away

    @property
    def claimed(self) -> bool:
        """Under paddy protection or heritage."""
        return self.lp2b or self.lsd or self.heritage

    @property
    def no_forest(self) -> bool:
        """Outside state forest."""
        return self.forest <= {1007}

    @property
    def away(self) -> bool:
        """Outside forest and far from rivers, the sea and springs."""
        return (
            self.no_forest and self.river_m > 110.0 and self.sea_m > 250.0 and self.spring_m > 220.0
        )


@dataclass(frozen=True)
class Surroundings:
    """Maps to look at, each with a tree of its shapes and the value of each shape."""

    zones: tuple[shapely.STRtree, list[str]]
    kab: tuple[shapely.STRtree, list[str]]
    prov: tuple[shapely.STRtree, list[str]]
    krb: tuple[shapely.STRtree, list[str]]
    forest: tuple[shapely.STRtree, list[int]]
    lp2b: shapely.STRtree
    lsd: shapely.STRtree
    heritage: shapely.STRtree
    rivers: BaseGeometry
    shore: BaseGeometry
    springs: BaseGeometry


def look_around(layers: Mapping[str, gpd.GeoDataFrame], zones: gpd.GeoDataFrame) -> Surroundings:
    """Index the published layers (EPSG:9489) once."""

    def tree(frame: gpd.GeoDataFrame) -> shapely.STRtree:
        return shapely.STRtree(shapely.force_2d(frame.geometry.to_numpy()))

    def whole(name: str) -> BaseGeometry:
        return shapely.union_all(shapely.force_2d(layers[name].geometry.to_numpy()))

    kab, prov, krb, forest = (
        layers[name] for name in ("rtrw_kab", "rtrw_prov", "krb", "kawasan_hutan")
    )
    return Surroundings(
        (tree(zones), zones["zona"].tolist()),
        (tree(kab), kab["KODKWS"].tolist()),
        (tree(prov), prov["KODKWS"].tolist()),
        (tree(krb), krb["KRB_03"].tolist()),
        (tree(forest), forest["FUNGSIKWS"].tolist()),
        tree(layers["lp2b"]),
        tree(layers["lsd"]),
        tree(layers["cagar_budaya"]),
        whole("sungai"),
        whole("garis_pantai"),
        whole("mata_air"),
    )


def facts(plot: shapely.Polygon, maps: Surroundings) -> Facts:
    """Read all maps at a plot, each with the margin by which it may err."""

    def codes(tree: shapely.STRtree, values: list[str], margin: float) -> frozenset[str]:
        near = plot.buffer(margin) if margin else plot
        found = tree.query(near, predicate="intersects").tolist()
        return frozenset(values[place] for place in found)

    def met(tree: shapely.STRtree) -> bool:
        return bool(len(tree.query(plot, predicate="intersects")))

    return Facts(
        zones=codes(*maps.zones, 1.2),
        kab=codes(*maps.kab, KAB_CE90_M),
        prov=codes(*maps.prov, PROV_CE90_M),
        krb=codes(*maps.krb, 0.0),
        forest=codes(*maps.forest, 12.0),  # type: ignore[arg-type]  # numbers, not text
        lp2b=met(maps.lp2b),
        lsd=met(maps.lsd),
        heritage=met(maps.heritage),
        river_m=float(shapely.distance(plot, maps.rivers)),
        sea_m=float(shapely.distance(plot, maps.shore)),
        spring_m=float(shapely.distance(plot, maps.springs)),
    )


def inside(
    zones: gpd.GeoDataFrame,
    code: str,
    size: tuple[float, float],
    seed: int,
    *,
    clear_m: float = CLEAR_M,
) -> Iterator[shapely.Polygon]:
    """Yield plots of a size (front, depth; m) that lie wholly inside one zone.

    They stand along the edges of the zone's polygons, slightly out of square as plots are.
    """
    random = generator(seed, f"sites/{code}/{size}")
    shapes = zones.geometry.to_numpy()[(zones["zona"] == code).to_numpy()]
    for place in random.permutation(len(shapes)):
        core = shapes[place].buffer(-clear_m)
        if core.is_empty:
            continue
        for ring in shapely.get_parts(core):
            yield from _along(ring, core, size, random)


def across(
    zones: gpd.GeoDataFrame,
    codes: tuple[str, str],
    size: tuple[float, float],
    share: float,
    seed: int,
) -> Iterator[shapely.Polygon]:
    """Yield plots across the border of two zones, about `share` of them in the second."""
    random = generator(seed, f"sites/{codes}/{size}/{share}")
    names = zones["zona"].to_numpy()
    shapes = zones.geometry.to_numpy()
    here, there = shapes[names == codes[0]], shapes[names == codes[1]]
    pairs = shapely.STRtree(there).query(here, predicate="touches").T
    for place in random.permutation(len(pairs)):
        one, other = here[pairs[place][0]], there[pairs[place][1]]
        # A plain union: the published plan has defects, and a coverage union refuses them.
        both = shapely.union(one, other)
        shared = shapely.line_merge(shapely.intersection(one, other))
        room = both.buffer(-CLEAR_M)
        for start, end in _segments(shared, size[0]):
            plot = _over(start, end, one, size, share, random)
            if room.contains(plot):
                yield plot


def _segments(lines: BaseGeometry, least_m: float) -> Iterator[tuple[Array, Array]]:
    """Straight pieces of a border that are long enough, longest first."""
    found = []
    for line in shapely.get_parts(lines):
        xy = shapely.get_coordinates(line)
        found += [(a, b) for a, b in pairwise(xy)]
    found = [pair for pair in found if np.hypot(*(pair[1] - pair[0])) >= least_m]
    found.sort(key=lambda pair: (-float(np.hypot(*(pair[1] - pair[0]))), *pair[0].tolist()))
    yield from found


def _along(
    part: shapely.Polygon,
    core: BaseGeometry,
    size: tuple[float, float],
    random: np.random.Generator,
) -> Iterator[shapely.Polygon]:
    xy = shapely.get_coordinates(part.exterior)
    for start, end in pairwise(xy):
        length = float(np.hypot(*(end - start)))
        if length < size[0] + 4.0:
            continue
        at = start + (end - start) * random.uniform(2.0, length - size[0] - 2.0) / length
        for turn in (1.0, -1.0):
            plot = _quadrilateral(at, (end - start) / length, turn, size, random)
            if core.contains(plot):
                yield plot


def _quadrilateral(
    at: Array, along: Array, turn: float, size: tuple[float, float], random: np.random.Generator
) -> shapely.Polygon:
    """Front line on a street, sides nearly square to it; centimetres as surveyed."""
    across_street = np.array([-along[1], along[0]]) * turn
    lean = random.normal(0.0, 0.02)
    back = across_street * size[1] + along * lean * size[1]
    start = at + across_street * 0.1
    corners = np.array(
        [start, start + along * size[0], start + along * size[0] + back, start + back]
    )
    corners[2:] += random.uniform(-0.25, 0.25, (2, 2))
    return shapely.Polygon(np.round(corners, 2))


def _over(
    first: Array,
    last: Array,
    one: shapely.Polygon,
    size: tuple[float, float],
    share: float,
    random: np.random.Generator,
) -> shapely.Polygon:
    """Place a plot in the middle of a border, its sides square to it."""
    length = float(np.hypot(*(last - first)))
    along = (last - first) / length
    at = first + along * (length - size[0]) / 2
    normal = np.array([-along[1], along[0]])
    # `start` lies in the first zone, so that `share` of the depth reaches into the second.
    inward = 1.0 if one.contains(shapely.Point(at + along * size[0] / 2 + normal * 0.5)) else -1.0
    start = at + normal * inward * size[1] * (1.0 - share)
    back = -normal * inward * size[1]
    corners = np.array(
        [start, start + along * size[0], start + along * size[0] + back, start + back]
    )
    corners[[0, 1]] += random.uniform(-0.1, 0.1, (2, 2))
    return shapely.Polygon(np.round(corners, 2))
