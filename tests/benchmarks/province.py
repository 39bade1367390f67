"""A province from a seed: seamless jagged zones, overlays, and clustered parcels.

Zones are cells of a jittered lattice whose common borders are fractal lines, merged into
regions of very different size, as in a real plan: most small, a few with a sixth of all
vertices.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

Line = NDArray[np.float64]

__all__ = ["CRS", "LAYERS", "Province", "build_province", "parcels_of", "split", "zoning"]

CRS = "ESRI:54034"
#: Where Jawa Tengah lies on the equal-area plane, metres.
ORIGIN = np.array([12_080_000.0, -900_000.0])
LAYERS = ("zoning", "forest", "lp2b", "watershed", "flood", "river")
#: Of each overlay at scale 1: features, vertices of each, radius in metres.
OVERLAYS = {
    "forest": (441, 1200, 5200.0),
    "lp2b": (2710, 120, 900.0),
    "flood": (4818, 90, 700.0),
}
WATERSHEDS = 546
#: Of the zoning at scale 1: cells of the lattice, and regions that they become about.
CELLS, REGIONS = 116_000, 36_000
#: A sponge holds this part of the cells of its block: one great piece, full of holes.
FILLED = 0.65
#: Blocks of sponges lie over each other, so more cells are asked for than are to be merged.
OVER = 2.1


@dataclass(frozen=True)
class Province:
    """Layers by name, each with a column `code`, and the side of the square they fill."""

    layers: dict[str, gpd.GeoDataFrame]
    side: float


def build_province(scale: float = 1.0, seed: int = 33) -> Province:
    """Build the layers; at scale 1, 35,000 zones with 4.8 million vertices."""
    chance = np.random.default_rng(seed)
    side = 185_000.0 * np.sqrt(scale)
    zones = zoning(scale, side, chance)
    layers = {"zoning": zones, "watershed": _watersheds(chance, scale, side)}
    for name, (count, vertices, radius) in OVERLAYS.items():
        layers[name] = _patches(chance, name, max(3, int(count * scale)), vertices, radius, side)
    layers["river"] = _rivers(chance, max(3, int(4000 * scale)), side)
    return Province({name: layers[name] for name in LAYERS}, side)


def zoning(
    scale: float, side: float, chance: np.random.Generator, steps: int = 4
) -> gpd.GeoDataFrame:
    """Build the zoning; `2 ** steps` edges lie between two corners of the lattice."""
    cells = max(12, int(CELLS * scale))
    return _seamless(chance, cells, side, steps=steps, merged=REGIONS * scale)


def _seamless(
    chance: np.random.Generator, cells: int, side: float, *, steps: int, merged: float
) -> gpd.GeoDataFrame:
    """Cells of a lattice with fractal borders, dissolved into regions of uneven size."""
    n = int(np.ceil(np.sqrt(cells)))
    nodes = np.stack(np.meshgrid(np.arange(n + 1.0), np.arange(n + 1.0), indexing="ij"), axis=-1)
    nodes[1:-1, 1:-1] += chance.uniform(-0.1, 0.1, (n - 1, n - 1, 2))
    across = _fractal(chance, nodes[:-1, :], nodes[1:, :], steps)
    along = _fractal(chance, nodes[:, :-1], nodes[:, 1:], steps)
    owner = _regions(chance, n, max(2, int(merged)))
    size = side / n
    rows = [_cell(across, along, i, j) * size + ORIGIN for i in range(n) for j in range(n)]
    rings = shapely.polygons(rows)
    shapes = gpd.GeoSeries(rings, crs=CRS)
    parts = shapes.groupby(owner.ravel()).agg(lambda part: shapely.coverage_union_all(part.array))
    geometry = gpd.GeoSeries(list(parts), crs=CRS)
    code = [f"Z{number % 60:02d}" for number in range(len(geometry))]
    return gpd.GeoDataFrame({"code": code}, geometry=geometry)


def _fractal(
    chance: np.random.Generator, a: NDArray[np.float64], b: NDArray[np.float64], steps: int
) -> NDArray[np.float64]:
    """Lines between nodes by midpoint displacement, shape (..., 2 ** steps + 1, 2)."""
    line = np.stack((a, b), axis=-2)
    for step in range(steps):
        ends = line[..., 1:, :] - line[..., :-1, :]
        # Displaced across the segment and by little of it, so that no two borders cross.
        across = np.stack((-ends[..., 1], ends[..., 0]), axis=-1)
        by = chance.uniform(-0.09, 0.09, across.shape[:-1]) * 0.8**step
        out = np.empty((*line.shape[:-2], 2 * line.shape[-2] - 1, 2))
        out[..., ::2, :] = line
        out[..., 1::2, :] = (line[..., 1:, :] + line[..., :-1, :]) / 2 + across * by[..., None]
        line = out
    return line


def _cell(
    across: NDArray[np.float64], along: NDArray[np.float64], i: int, j: int
) -> NDArray[np.float64]:
    return np.concatenate(
        (across[i, j], along[i + 1, j][1:], across[i, j + 1][::-1][1:], along[i, j][::-1][1:])
    )


def _regions(chance: np.random.Generator, n: int, count: int) -> NDArray[np.int64]:
    """Give every cell of an n x n lattice a region: most alone, some in sponges of thousands."""
    owner = np.arange(n * n).reshape(n, n)
    sponges = max(1, count // 400)
    shares = np.sort(chance.pareto(1.4, sponges) + 1)[::-1]
    cells = shares / shares.sum() * (n * n - count) / FILLED * OVER
    for number, size in enumerate(cells):
        reach = max(2, int(np.sqrt(size)))
        i, j = chance.integers(0, max(1, n - reach), 2)
        block = owner[i : i + reach, j : j + reach]
        block[chance.random(block.shape) < FILLED] = -1 - number
    return owner


def _patches(
    chance: np.random.Generator, name: str, count: int, vertices: int, radius: float, side: float
) -> gpd.GeoDataFrame:
    """Ragged patches on a loose lattice, some with a hole; they do not overlap."""
    n = int(np.ceil(np.sqrt(count)))
    step = side / n
    reach = min(radius, 0.47 * step)
    shapes = []
    for number in range(count):
        middle = ORIGIN + (np.array(divmod(number, n)) + 0.5) * step
        angle = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
        away = reach * (0.75 + 0.25 * _noise(chance, vertices))
        ring = middle + np.column_stack((away * np.cos(angle), away * np.sin(angle)))
        hole = [middle + 0.3 * (ring[::-1] - middle)] if number % 5 == 0 else []
        shapes.append(shapely.Polygon(ring, hole))
    return gpd.GeoDataFrame({"code": [name] * count}, geometry=shapes, crs=CRS)


def _noise(chance: np.random.Generator, count: int) -> NDArray[np.float64]:
    """Values between -1 and 1 along a circle, rough at every scale."""
    spectrum = chance.normal(size=count // 2 + 1) + 1j * chance.normal(size=count // 2 + 1)
    spectrum[0] = 0
    spectrum[1:] /= np.arange(1, count // 2 + 1)
    values = np.fft.irfft(spectrum, count)
    scaled: NDArray[np.float64] = values / np.abs(values).max()
    return scaled


def _watersheds(chance: np.random.Generator, scale: float, side: float) -> gpd.GeoDataFrame:
    count = max(4, int(WATERSHEDS * scale))
    frame = _seamless(chance, count, side, steps=7, merged=count)
    return frame.assign(code=[f"D{number % 40:02d}" for number in range(len(frame))])


def _rivers(chance: np.random.Generator, count: int, side: float) -> gpd.GeoDataFrame:
    lines = []
    for start in chance.uniform(0, side, (count, 2)):
        turn = np.cumsum(chance.normal(0, 0.35, 40)) + chance.uniform(0, 2 * np.pi)
        steps = 60.0 * np.column_stack((np.cos(turn), np.sin(turn)))
        lines.append(shapely.LineString(ORIGIN + start + np.cumsum(steps, axis=0)))
    # Strips that cross are one: every engine is asked for the same ground.
    strips = shapely.get_parts(
        shapely.union_all(shapely.buffer(np.array(lines), 25.0, quad_segs=3))
    )
    return gpd.GeoDataFrame({"code": ["river"] * len(strips)}, geometry=strips, crs=CRS)


def parcels_of(province: Province, count: int, seed: int = 34) -> gpd.GeoSeries:
    """Quadrilaterals of 60 to 1,400 m2 in clusters, as villages and towns have them."""
    chance = np.random.default_rng(seed)
    clusters = chance.uniform(0.02, 0.98, (max(1, count // 400), 2)) * province.side
    middle = clusters[chance.integers(0, len(clusters), count)]
    middle = middle + chance.normal(0, 350.0, (count, 2))
    middle = ORIGIN + np.clip(middle, 100.0, province.side - 100.0)
    turn = chance.uniform(0, np.pi, count)
    width, depth = chance.uniform(6, 28, count), chance.uniform(10, 50, count)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) / 2.0
    x, y = corners[:, 0] * width[:, None], corners[:, 1] * depth[:, None]
    cos, sin = np.cos(turn)[:, None], np.sin(turn)[:, None]
    xy = np.stack((x * cos - y * sin, x * sin + y * cos), axis=-1) + middle[:, None]
    xy[:, 4] = xy[:, 0]
    shapes = shapely.polygons(xy)
    order = gpd.GeoSeries(shapes, crs=CRS).hilbert_distance().argsort(kind="stable")
    return gpd.GeoSeries(shapes[order.to_numpy()], crs=CRS)


def split(frame: gpd.GeoDataFrame, vertices: int = 128) -> gpd.GeoDataFrame:
    """Cut polygons into pieces of at most so many vertices, as every peer needs."""
    codes: list[str] = []
    pieces: list[shapely.Geometry] = []
    for code, shape in zip(frame["code"], frame.geometry, strict=True):
        waiting = list(shapely.get_parts(shape))
        while waiting:
            part = waiting.pop()
            if shapely.get_num_coordinates(part) <= vertices:
                codes.append(code)
                pieces.append(part)
                continue
            west, south, east, north = part.bounds
            middle = (west + east) / 2, (south + north) / 2
            halves = (
                [(west, south, middle[0], north), (middle[0], south, east, north)]
                if east - west >= north - south
                else [(west, south, east, middle[1]), (west, middle[1], east, north)]
            )
            for half in halves:
                cut = shapely.clip_by_rect(part, *half)
                if not shapely.is_valid(cut):
                    cut = shapely.intersection(part, shapely.box(*half))
                waiting += [p for p in shapely.get_parts(cut) if shapely.area(p) > 0]
    return gpd.GeoDataFrame({"code": codes}, geometry=pieces, crs=frame.crs)
