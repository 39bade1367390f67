"""How cost grows: with the vertices of the zones, and with the number of parcels."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

from spatial.index import index_of, measure_areas, measure_layers
from spatial.rings import flatten
from tests.benchmarks.prepared import Prepared
from tests.benchmarks.province import Province, parcels_of, split, zoning

__all__ = ["over_parcels", "over_zone_size"]

#: Edges between two corners of the lattice are 2 to the power of these.
STEPS = (2, 3, 4, 5, 6, 7)
SCALE = 0.04
ASKED, ASKED_SHAPELY, ASKED_UNCUT = 50_000, 5_000, 300
COUNTS = (1_000, 10_000, 100_000, 1_000_000)
MOST_SHAPELY = 100_000


def over_zone_size() -> list[dict[str, float]]:
    """Return microseconds of one thread per parcel for zones of more and more vertices.

    The zones and parcels are the same at each step; only the borders get finer.
    """
    found = []
    side = 185_000.0 * np.sqrt(SCALE)
    for steps in STEPS:
        zones = zoning(SCALE, side, np.random.default_rng(33), steps)
        parcels = np.asarray(
            parcels_of(Province({"zoning": zones}, side), ASKED).array, dtype=object
        )
        shapes = np.asarray(zones.geometry.array, dtype=object)
        index, rings = index_of(shapes, zones["code"]), flatten(parcels)
        pieces = np.asarray(split(zones).geometry.array, dtype=object)
        some = np.random.default_rng(2).permutation(len(parcels))
        answers = measure_areas(index.grid, rings, threads=1)
        row = {
            "vertices": float(zones.count_coordinates().sum()),
            "largest": float(zones.count_coordinates().max()),
            "near_border": float((answers.how > 1).mean()),
            "engine_us": _each(lambda g=index.grid, r=rings: measure_areas(g, r, threads=1), ASKED),
            "shapely_cut_us": _each(_tree(parcels[some[:ASKED_SHAPELY]], pieces), ASKED_SHAPELY),
            "shapely_uncut_us": _each(_tree(parcels[some[:ASKED_UNCUT]], shapes), ASKED_UNCUT),
        }
        found.append(row)
        print("  ", {key: round(value, 3) for key, value in row.items()}, flush=True)
    return found


def over_parcels(made: Prepared) -> list[dict[str, float]]:
    """Return seconds of one thread for more and more parcels against all layers."""
    parcels = np.asarray(made.whole.parcels.array, dtype=object)
    mixed = parcels[np.random.default_rng(3).permutation(len(parcels))]
    grids = [made.index(name).grid for name in made.whole.layers]
    pieces = [np.asarray(one.geometry.array, dtype=object) for one in made.cut.layers.values()]
    found = []
    for count in [one for one in COUNTS if one <= len(parcels)]:
        some = mixed[:count]
        rings = flatten(some)
        row = {
            "parcels": float(count),
            "engine_s": _each(lambda r=rings: measure_layers(grids, r, threads=1), 1) / 1e6,
        }
        if count <= MOST_SHAPELY:
            asks = [_tree(some, one) for one in pieces]
            row["shapely_cut_s"] = sum(_each(ask, 1) for ask in asks) / 1e6
        found.append(row)
        print("  ", {key: round(value, 4) for key, value in row.items()}, flush=True)
    return found


def _tree(parcels: Any, zones: Any) -> Callable[[], Any]:
    """Areas by a tree and a test that spares most intersections, as by a careful hand."""
    tree, whole = shapely.STRtree(zones), shapely.area(parcels)

    def ask() -> Any:
        row, piece = tree.query(parcels, predicate="intersects")
        inside = shapely.covered_by(parcels[row], zones[piece])
        area = np.where(inside, whole[row], 0.0)
        cut = ~inside
        area[cut] = shapely.area(shapely.intersection(parcels[row[cut]], zones[piece[cut]]))
        return area

    return ask


def _each(ask: Callable[[], Any], count: int) -> float:
    """Return the microseconds of processor that each of `count` takes, the better of two runs."""
    took = []
    for _ in range(2):
        begin = time.process_time()
        ask()
        took.append(time.process_time() - begin)
    return 1e6 * min(took) / count
