"""Roads between the villages: cheapest ways over the terrain that like to share a way."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_array, csgraph

from layers.sample.grid import CELL, CRS, NORTH, SIDE, WEST, WIDTH_M, centres
from layers.sample.names import MARK
from layers.sample.noise import Warp, field
from layers.sample.terrain import CAPITAL, Terrain
from layers.sample.villages import Land

__all__ = ["ROW_M", "make_roads"]

Array: TypeAlias = NDArray[np.float64]

STEP: Final = 2
WIDE_CELL: Final = CELL * STEP
WIDE: Final = SIDE // STEP
#: Width of the road area (ruang milik jalan) by class, m.
ROW_M: Final = {"arteri": 25.0, "kolektor": 15.0, "lokal": 10.0}
#: A way that exists costs this share of a new one.
REUSE: Final = 0.4


def make_roads(
    terrain: Terrain, land: Land, channels: NDArray[np.bool_], move: Warp, seed: int
) -> gpd.GeoDataFrame:
    """Return the road centre lines, each between two junctions."""
    effort = _effort(terrain, channels, seed)
    rank: dict[tuple[int, int], int] = {}
    for level, way in _ways(land.centre, effort):
        for pair in pairwise(way):
            edge = (min(pair), max(pair))
            rank[edge] = min(level, rank.get(edge, 9))
    chains = _chains(rank)
    lines = [shapely.LineString(move(_smooth(_places(chain)))) for chain, _ in chains]
    kelas = [("arteri", "kolektor", "lokal")[level] for _, level in chains]
    return gpd.GeoDataFrame(
        {
            "NAMOBJ": [f"Jalan {kind} {place + 1:03d}" for place, kind in enumerate(kelas)],
            "KELAS": kelas,
            "LEBAR_M": [ROW_M[kind] for kind in kelas],
            "REMARK": [MARK] * len(lines),
        },
        geometry=lines,
        crs=CRS,
    )


def _effort(terrain: Terrain, channels: NDArray[np.bool_], seed: int) -> Array:
    """Effort of each wide cell: steep ground, water and the sea are dear."""
    down, right = np.gradient(ndimage.gaussian_filter(terrain.z, 1.0), CELL)
    steep = np.hypot(down, right)
    cost = 1.0 + 30.0 * steep + 250.0 * steep**2 + 4.0 * channels * (terrain.area_km2 > 8.0)
    x, y = centres()
    cost *= np.exp(0.8 * field(seed, "roads", 1300.0, 4, 0.8)(x, y))
    cost = np.where(terrain.land, cost, 1e4)
    return np.asarray(cost.reshape(WIDE, STEP, WIDE, STEP).mean(axis=(1, 3)))


def _cell(place: Array) -> int:
    row = int(np.clip((NORTH - place[1]) // WIDE_CELL, 1, WIDE - 2))
    column = int(np.clip((place[0] - WEST) // WIDE_CELL, 0, WIDE - 1))
    return row * WIDE + column


def _ways(centre: Array, effort: Array) -> list[tuple[int, list[int]]]:
    """Highway first, then from each village to the nearest ones; (rank, cells)."""
    edge = np.array([[WEST + 90.0, 9_246_900.0], [WEST + WIDTH_M - 90.0, 9_246_300.0]])
    gate = np.array([CAPITAL[0] - 150.0, CAPITAL[1] - 650.0])
    legs = [(0, edge[0], gate), (0, gate, edge[1])]
    south = np.array([CAPITAL[0] + 1500.0, NORTH - WIDTH_M + 200.0])
    legs += [(1, np.array(CAPITAL), gate), (1, gate, south)]
    legs += [(level, centre[a], centre[b]) for level, a, b in _pairs(centre)]
    effort = effort.copy()
    ways = []
    for level, start, end in legs:
        way = _cheapest(effort, _cell(start), _cell(end))
        ways.append((level, way))
        effort.ravel()[way] = np.minimum(effort.ravel()[way], REUSE * effort.ravel()[way] + 0.2)
    return ways


def _pairs(centre: Array) -> list[tuple[int, int, int]]:
    """Pairs of villages to connect: the shortest tree and each village's two nearest."""
    apart = np.hypot(*(centre[:, None] - centre[None]).transpose(2, 0, 1))
    tree = csgraph.minimum_spanning_tree(apart).tocoo()
    pairs = {
        (min(a, b), max(a, b)) for a, b in zip(tree.row.tolist(), tree.col.tolist(), strict=True)
    }
    main = sorted(pairs)
    for one in range(len(centre)):
        for other in np.argsort(apart[one], kind="stable")[1:4].tolist():
            pairs.add((min(one, other), max(one, other)))
    return [(1, *pair) for pair in main] + [(2, *pair) for pair in sorted(pairs - set(main))]


def _cheapest(effort: Array, start: int, end: int) -> list[int]:
    """Cells of the cheapest way."""
    index = np.arange(WIDE * WIDE).reshape(WIDE, WIDE)
    rows, columns, costs = [], [], []
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = index[: WIDE - down, max(-right, 0) : WIDE - max(right, 0)].ravel()
        there = here + down * WIDE + right
        rows.append(here)
        columns.append(there)
        costs.append((effort.ravel()[here] + effort.ravel()[there]) / 2 * np.hypot(down, right))
    graph: Any = coo_array(
        (np.concatenate(costs), (np.concatenate(rows), np.concatenate(columns))),
        shape=(WIDE * WIDE, WIDE * WIDE),
    )
    _, table = csgraph.dijkstra(
        graph.tocsr(), directed=False, indices=np.array([start]), return_predecessors=True
    )
    before = table[0].tolist()
    way = [end]
    while way[-1] != start:
        way.append(before[way[-1]])
    return way[::-1]


def _chains(rank: dict[tuple[int, int], int]) -> list[tuple[list[int], int]]:
    """Join edges of one rank into chains that end where ways meet."""
    near: dict[int, dict[int, int]] = {}
    for (a, b), level in sorted(rank.items()):
        near.setdefault(a, {})[b] = level
        near.setdefault(b, {})[a] = level
    through = {
        cell for cell, others in near.items() if len(others) == 2 and len(set(others.values())) == 1
    }
    left = dict(sorted(rank.items()))
    chains = []
    for start in sorted(set(near) - through):
        for step in sorted(near[start]):
            if (min(start, step), max(start, step)) not in left:
                continue
            chain = [start]
            here, ahead = start, step
            while True:
                level = left.pop((min(here, ahead), max(here, ahead)))
                chain.append(ahead)
                if ahead not in through:
                    break
                here, ahead = ahead, next(cell for cell in near[ahead] if cell != here)
            chains.append((chain, level))
    return chains


def _places(cells: list[int]) -> Array:
    row, column = np.divmod(np.array(cells), WIDE)
    return np.column_stack((WEST + (column + 0.5) * WIDE_CELL, NORTH - (row + 0.5) * WIDE_CELL))


def _smooth(xy: Array) -> Array:
    """Round a way made of straight steps: denser vertices, averaged, ends kept."""
    line = shapely.segmentize(shapely.LineString(xy), 70.0)
    points = shapely.get_coordinates(line)
    for _ in range(12):
        if len(points) < 3:
            break
        inner = (points[:-2] + 2.0 * points[1:-1] + points[2:]) / 4.0
        points = np.vstack((points[:1], inner, points[-1:]))
    return np.asarray(shapely.get_coordinates(shapely.simplify(shapely.LineString(points), 1.0)))
