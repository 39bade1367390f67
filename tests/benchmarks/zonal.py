"""Zonal statistics beside exactextract: villages and footprints over one raster, equal answers.

`python -m tests.benchmarks.zonal` runs at a quarter of a province; `--full` at 11,000 x 10,000
cells, 8,578 villages and 100,000 footprints. Both sides read the same file from the same
frames, one after the other in every round, and medians of the rounds are compared.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from rasterio.transform import Affine
from scipy.ndimage import zoom

from spatial.zonal import grid_from_array, open_grid, zonal_statistics

CRS, CELL = "EPSG:32749", 30.0
X0, Y0 = 300_000.0, 9_300_000.0


def raster(path: Path, rows: int, cols: int) -> Path:
    """Smooth depths with a blank corner, in tiles as a COG has them."""
    rng = np.random.default_rng(1)
    coarse = rng.random((rows // 100 + 3, cols // 100 + 3), dtype=np.float32)
    values = zoom(coarse, 100, order=1)[:rows, :cols] * 5
    values[: rows // 20, : cols // 20] = -9999
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=rows,
        width=cols,
        count=1,
        dtype="float32",
        crs=CRS,
        nodata=-9999,
        transform=Affine(CELL, 0, X0, 0, -CELL, Y0),
        tiled=True,
        compress="DEFLATE",
        zlevel=1,
    ) as sink:
        sink.write(values, 1)
    return path


def villages(count: int, rows: int, cols: int) -> gpd.GeoDataFrame:
    """Cells around random places, their borders bent at every 100 m."""
    rng = np.random.default_rng(2)
    places = rng.random((count, 2)) * [cols * CELL, -rows * CELL] + [X0, Y0]
    extent = shapely.box(X0, Y0 - rows * CELL, X0 + cols * CELL, Y0)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(places)))
    bent = shapely.segmentize(shapely.intersection(cells, extent), 100.0)
    return gpd.GeoDataFrame({"id": np.arange(count)}, geometry=bent, crs=CRS)


def footprints(count: int, rows: int, cols: int) -> gpd.GeoDataFrame:
    """Houses of 6 to 20 m on a side, turned any way, in clumps as towns are."""
    rng = np.random.default_rng(3)
    towns = rng.random((count // 200 + 1, 2)) * [cols * CELL - 6000, -rows * CELL + 6000]
    middle = towns[rng.integers(0, len(towns), count)] + rng.normal(0, 700, (count, 2))
    low, high = np.array([40, -rows * CELL + 40]), np.array([cols * CELL - 40, -40])
    middle = np.clip(middle, low, high) + np.array([X0, Y0])
    turned = rng.random(count) * np.pi
    size = rng.uniform(6, 20, (count, 2)) / 2
    corner = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * size[:, None]
    across = np.stack((np.cos(turned), np.sin(turned)), -1)
    along = np.stack((-np.sin(turned), np.cos(turned)), -1)
    xy = middle[:, None] + corner[..., :1] * across[:, None] + corner[..., 1:] * along[:, None]
    return gpd.GeoDataFrame({"id": np.arange(count)}, geometry=shapely.polygons(xy), crs=CRS)


def ours(path: Path, shapes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Mean and sum by exact coverage, two threads, reading included."""
    return zonal_statistics(shapes.geometry, open_grid(path), weight="cells")


def theirs(raster: Any, shapes: gpd.GeoDataFrame, strategy: str) -> pd.DataFrame:
    """Mean and sum by exactextract, from a file or from an array in memory."""
    return exact_extract(
        raster, shapes, ["mean", "sum"], strategy=strategy, output="pandas", include_cols=["id"]
    )


def timed(work: Callable[[], pd.DataFrame]) -> tuple[float, float, pd.DataFrame]:
    """Seconds on the wall, seconds of the processor (all threads), and the answer."""
    began, spent = time.perf_counter(), time.process_time()
    answer = work()
    return time.perf_counter() - began, time.process_time() - spent, answer


def compare(name: str, path: Path, shapes: gpd.GeoDataFrame, rounds: int) -> dict[str, Any]:
    """Time both sides in turns; refuse to compare times of different answers."""
    strategy = "raster-sequential" if name == "villages" else "feature-sequential"
    ours(path, shapes.iloc[:10])
    ours_s, theirs_s = [], []
    for _ in range(rounds):
        *spent, mine = timed(lambda: ours(path, shapes))
        ours_s.append(spent)
        *spent, other = timed(lambda: theirs(str(path), shapes, strategy))
        theirs_s.append(spent)
    other = other.assign(id=other["id"].astype(int)).set_index("id").loc[shapes["id"]]
    np.testing.assert_allclose(
        mine["mean"].to_numpy(float), other["mean"].to_numpy(float), rtol=2e-6, atol=1e-6
    )
    return row(name, shapes, np.median(ours_s, axis=0), np.median(theirs_s, axis=0))


def row(name: str, shapes: gpd.GeoDataFrame, ours: Any, theirs: Any) -> dict[str, Any]:
    """Return times and ratios, on the wall and of the processor."""
    return {
        "work": name,
        "shapes": len(shapes),
        "vertices": int(shapely.get_num_coordinates(shapes.geometry.array).sum()),
        "ours_s": round(ours[0], 3),
        "exactextract_s": round(theirs[0], 3),
        "ratio": round(theirs[0] / ours[0], 1),
        "ours_cpu_s": round(ours[1], 3),
        "exactextract_cpu_s": round(theirs[1], 3),
        "cpu_ratio": round(theirs[1] / ours[1], 1),
    }


def computing(path: Path, shapes: gpd.GeoDataFrame) -> dict[str, Any]:
    """Footprints once the raster is in memory of both."""
    source = open_grid(path)
    grid = grid_from_array(
        source.read()[0],
        crs=CRS,
        origin=(source.x0, source.y0),
        cell=(source.dx, source.dy),
        nodata=-9999,
    )
    values = source.read()[0]
    xmin, ymin, xmax, ymax = source.bounds
    held = NumPyRasterSource(
        values,
        xmin=xmin,
        ymin=ymin,
        xmax=xmax,
        ymax=ymax,
        nodata=-9999,
        srs_wkt=source.crs.to_wkt(),
    )
    zonal_statistics(shapes.geometry.iloc[:10], grid, weight="cells")
    mine = [
        timed(lambda: zonal_statistics(shapes.geometry, grid, weight="cells"))[:2] for _ in range(3)
    ]
    other = timed(lambda: theirs(held, shapes, "feature-sequential"))[:2]
    return row("footprints, raster in memory", shapes, np.median(mine, axis=0), other)


def run(rows: int, cols: int, homes: int, desa: int, rounds: int = 3) -> list[dict[str, object]]:
    """Run all comparisons on one raster."""
    with tempfile.TemporaryDirectory() as room:
        path = raster(Path(room) / "kedalaman.tif", rows, cols)
        small = footprints(homes, rows, cols)
        results = [
            compare("villages", path, villages(desa, rows, cols), rounds),
            compare("footprints", path, small, rounds),
            computing(path, small),
        ]
    return [dict(result) for result in results]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="11,000 x 10,000 cells")
    full = parser.parse_args().full
    size = (10_000, 11_000, 100_000, 8_578) if full else (5_000, 5_500, 25_000, 2_144)
    print(pd.DataFrame(run(*size)).to_string(index=False))


if __name__ == "__main__":
    main()
