"""Vector tiles cut from one layer by the engine and its peers: processor time, size, agreement.

    python -m tests.benchmarks.tiling --scale 1 --output docs/benchmarks.json

Every engine gets the same shapes, generalised for the zoom and on its grid, with an index and
the same four attributes, and cuts the same tiles with the same buffer. What they made is decoded
and compared, feature by feature.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import mapbox_vector_tile
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape

from api.tiles.clip_kernel import BUFFER, EXTENT
from api.tiles.generalise import Drawing
from api.tiles.grid import Snapped, polygons_on
from api.tiles.layer import HALF, TileLayer, tile_bounds
from api.tiles.level import Level, unit_of
from tests.benchmarks.databases import duckdb_connection, tile_database
from tests.benchmarks.prepared import Prepared, prepare
from tests.benchmarks.tasks import Absent, need

__all__ = ["Layer", "main", "measured"]

Tile = tuple[int, int, int]
Cutter = Callable[[Tile], bytes]
#: Zooms at which tiles are cut when they are asked for; at 10 as for a filter, features apart.
ZOOMS: Final = (10, 12, 14, 16)
NAME: Final = "zoning"


@dataclass(frozen=True)
class Layer:
    """A layer drawn by the engine, and its shapes at a zoom for the others."""

    table: pd.DataFrame
    drawing: Drawing
    bounds: NDArray[np.float64]

    @classmethod
    def of(cls, zones: gpd.GeoDataFrame) -> Layer:
        """Give zones four attributes, the name of the feature among them."""
        named = gpd.GeoDataFrame(
            {
                "zona": zones["code"].to_numpy(),
                "nama": ("Kawasan " + zones["code"]).to_numpy(),
                "luas": zones.area.round(1).to_numpy(),
            },
            geometry=zones.geometry.to_numpy(),
            crs=zones.crs,
        )
        drawing = Drawing(named)
        table = pd.DataFrame(named.drop(columns="geometry"))
        table["id"] = [f"{row:017x}" for row in range(len(table))]
        return cls(table, drawing, named.to_crs(3857).total_bounds)

    def shapes(self, z: int) -> NDArray[np.object_]:
        """Return the shapes of a zoom in metres of Web Mercator, one for each feature."""
        level: Level = self.drawing.level(z, merged=False)
        placed = Snapped(level.xy.astype(np.int64), level.rings, level.polygons, level.rows)
        parts = polygons_on(placed, np.arange(len(level.rows)))
        unit = unit_of(level.zoom)
        moved = shapely.transform(
            parts, lambda xy: np.column_stack([xy[:, 0] * unit - HALF, HALF - xy[:, 1] * unit])
        )
        order = np.argsort(level.rows, kind="stable")
        rows = level.rows[order]
        many = shapely.multipolygons(moved[order], indices=np.unique(rows, return_inverse=True)[1])
        found = np.full(len(self.table), None, object)
        found[np.unique(rows)] = many
        return found

    def tiles(self, z: int, count: int) -> list[Tile]:
        """Return tiles spread over the layer, the same in every run."""
        size = 2 * HALF / (1 << z)
        west, south, east, north = self.bounds
        across = range(int((west + HALF) // size), int((east + HALF) // size) + 1)
        down = range(int((HALF - north) // size), int((HALF - south) // size) + 1)
        every = [(z, x, y) for x in across for y in down]
        order = np.random.default_rng(z).permutation(len(every))[:count]
        return [every[place] for place in sorted(order)]


def engine(layer: Layer, z: int) -> Cutter:
    """Cut with the engine; features apart at every zoom."""
    tiles = TileLayer(layer.drawing, NAME)
    every = np.ones(len(layer.table), bool)
    return lambda tile: tiles.tile(*tile, every if z < 12 else None)


def mapbox(layer: Layer, z: int) -> Cutter:
    """Cut with shapely, all features of a tile at once, and encode with mapbox-vector-tile."""
    shapes = layer.shapes(z)
    there = np.flatnonzero(shapely.is_geometry(shapes))
    tree = shapely.STRtree(shapes[there])
    rows = layer.table.to_dict("records")

    def cut(tile: Tile) -> bytes:
        west, south, east, north = bounds = tile_bounds(*tile)
        margin = BUFFER * (east - west) / EXTENT
        window = (west - margin, south - margin, east + margin, north + margin)
        found = there[np.sort(tree.query(shapely.box(*window)))]
        clipped = _clipped(shapes[found], window)
        features = [
            {"geometry": one, "properties": rows[row], "id": int(row) + 1}
            for one, row in zip(clipped, found, strict=True)
            if not one.is_empty
        ]
        made: bytes = mapbox_vector_tile.encode(
            [{"name": NAME, "features": features}],
            default_options={"quantize_bounds": bounds, "extents": EXTENT},
        )
        return made if features else b""

    return cut


def _clipped(shapes: NDArray[np.object_], window: tuple[float, ...]) -> NDArray[np.object_]:
    """Clip the quick way; GEOS gives up on some outlines, and those are cut the long way."""
    try:
        return np.asarray(shapely.clip_by_rect(shapes, *window), dtype=object)
    except shapely.errors.GEOSException:
        return np.asarray(shapely.intersection(shapes, shapely.box(*window)), dtype=object)


def duckdb(layer: Layer, z: int) -> Cutter:
    """Cut with DuckDB's ST_AsMVT, an R-tree on the shapes, one thread."""
    base = duckdb_connection()
    base.execute("SET threads = 1")
    shapes = layer.shapes(z)
    frame = layer.table.assign(nomor=np.arange(1, len(shapes) + 1), wkb=shapely.to_wkb(shapes))
    base.register("incoming", frame[shapely.is_geometry(shapes)])
    base.execute(
        "CREATE TABLE zoning AS SELECT nomor, zona, nama, luas, id, "
        "ST_GeomFromWKB(wkb) AS geom FROM incoming"
    )
    base.execute("CREATE INDEX place ON zoning USING RTREE (geom)")

    def cut(tile: Tile) -> bytes:
        west, south, east, north = tile_bounds(*tile)
        margin = BUFFER * (east - west) / EXTENT
        corners = f"{west - margin}, {south - margin}, {east + margin}, {north + margin}"
        box = f"ST_MakeEnvelope({corners})"
        extent = f"ST_Extent(ST_MakeEnvelope({west}, {south}, {east}, {north}))"
        # Cut before ST_AsMVTGeom, which first makes the whole of a feature valid, and once.
        for shape_of in (f"ST_Intersection(geom, {box})", "geom"):
            try:
                [found] = base.execute(
                    "WITH cut AS MATERIALIZED (SELECT nomor, zona, nama, luas, id, ST_AsMVTGeom("  # noqa: S608  numbers of our own
                    f"{shape_of}, {extent}, {EXTENT}, {BUFFER}, true) AS g FROM zoning "
                    f"WHERE ST_Intersects(geom, {box})) SELECT ST_AsMVT({{'nomor': nomor, "
                    f"'geom': g, 'zona': zona, 'nama': nama, 'luas': luas, 'id': id}}, '{NAME}', "
                    f"{EXTENT}, 'geom', 'nomor') FROM cut WHERE g IS NOT NULL"
                ).fetchone()
                break
            except need("duckdb").Error:
                # What was cut may touch itself in a point, which it then refuses.
                if shape_of == "geom":
                    raise
        return bytes(found or b"")

    return cut


def postgis(layer: Layer, z: int) -> Cutter:
    """Cut with PostGIS's ST_AsMVT, a GiST index on the shapes."""
    base = tile_database()
    shapes = layer.shapes(z)
    base.execute("DROP TABLE IF EXISTS zoning")
    base.execute(
        "CREATE TABLE zoning (nomor bigint, zona text, nama text, luas float8, id text, "
        "geom geometry(Geometry, 3857))"
    )
    with base.cursor().copy("COPY zoning FROM STDIN") as out:
        for number, (row, one) in enumerate(
            zip(layer.table.itertuples(index=False), shapes, strict=True), 1
        ):
            if one is not None:
                text = shapely.to_wkb(shapely.set_srid(one, 3857), hex=True, include_srid=True)
                out.write_row((number, row.zona, row.nama, float(row.luas), row.id, text))
    base.execute("CREATE INDEX ON zoning USING gist (geom)")
    base.execute("VACUUM ANALYZE zoning")

    def cut(tile: Tile) -> bytes:
        z, x, y = tile
        [found] = base.execute(
            "SELECT ST_AsMVT(q, %(name)s, 4096, 'g', 'nomor') FROM (SELECT nomor, zona, nama, "
            "luas, id, ST_AsMVTGeom(geom, ST_TileEnvelope(%(z)s, %(x)s, %(y)s), 4096, 64) AS g "
            "FROM zoning WHERE geom && ST_TileEnvelope(%(z)s, %(x)s, %(y)s, margin => 64.0 / 4096)"
            ") q WHERE g IS NOT NULL",
            {"name": NAME, "z": z, "x": x, "y": y},
        ).fetchone()
        return bytes(found or b"")

    cut.seconds = lambda: _seconds_of(base.info.backend_pid)  # type: ignore[attr-defined]  # of a function
    return cut


def _seconds_of(process: int) -> float:
    """Return the processor time that a process has taken."""
    words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


ENGINES: Final[dict[str, Callable[[Layer, int], Cutter]]] = {
    "engine": engine,
    "mapbox_vector_tile": mapbox,
    "duckdb": duckdb,
    "postgis": postgis,
}


def measured(layer: Layer, zooms: tuple[int, ...], count: int, repeat: int) -> dict[str, Any]:
    """Cut tiles with every engine that is here; compare what they made with the engine's."""
    said: dict[str, Any] = {}
    for z in zooms:
        tiles = layer.tiles(z, count)
        ours: dict[Tile, bytes] = {}
        for name, prepared in ENGINES.items():
            try:
                cut = prepared(layer, z)
            except Absent as reason:
                said.setdefault("absent", {})[name] = str(reason)
                continue
            made = {tile: cut(tile) for tile in tiles}
            ours = ours or made
            row = _timed(cut, tiles, repeat) | {
                "kilobytes": statistics.mean(map(len, made.values())) / 1e3,
                **_agreement(ours, made, layer),
            }
            said.setdefault(str(z), {})[name] = row
            print(f"  z{z} {name}: {row}", flush=True)
    return said


def _timed(cut: Cutter, tiles: list[Tile], repeat: int) -> dict[str, float]:
    seconds = getattr(cut, "seconds", None)
    if seconds is not None:
        # A server's clock ticks in hundredths: only the whole tells.
        begin = seconds()
        for tile in tiles * repeat:
            cut(tile)
        return {"mean_ms": (seconds() - begin) / repeat / len(tiles) * 1e3}
    each = []
    for tile in tiles:
        runs = []
        for _ in range(repeat):
            begin = time.process_time()
            cut(tile)
            runs.append(time.process_time() - begin)
        each.append(statistics.median(runs) * 1e3)
    return {
        "mean_ms": statistics.mean(each),
        "p50_ms": statistics.median(each),
        "max_ms": max(each),
    }


def _agreement(ours: dict[Tile, bytes], theirs: dict[Tile, bytes], layer: Layer) -> dict[str, Any]:
    """Compare tiles: features that only one has, and the widest difference along outlines."""
    lonely, common, widest = 0, 0, 0.0
    numbers = layer.drawing.tables["full"].numbers
    row_of = {int(number): row + 1 for row, number in enumerate(numbers)}
    for tile, raw in ours.items():
        one = {row_of[number]: found for number, found in _decoded(raw).items()}
        other = _decoded(theirs[tile])
        if raw is theirs[tile]:
            other = one
        else:
            other = {row_of.get(number, number): found for number, found in other.items()}
        for number in one.keys() | other.keys():
            if number not in one or number not in other:
                lonely += _visible(one.get(number, other.get(number)))
                continue
            common += 1
            a, b = one[number], other[number]
            apart = shapely.area(shapely.symmetric_difference(a, b))
            widest = max(widest, apart / max(1.0, shapely.length(a)))
    return {"features": common, "lonely": lonely, "apart_units": round(float(widest), 3)}


def _visible(found: Any) -> int:
    """Count a feature that covers a unit within the tile itself."""
    return int(shapely.area(found) >= 1.0)


def _decoded(raw: bytes) -> dict[int, Any]:
    if not raw:
        return {}
    inner = shapely.box(0, 0, EXTENT, EXTENT)
    layer = mapbox_vector_tile.decode(raw).get(NAME, {"features": []})
    return {
        one["id"]: shapely.intersection(shapely.make_valid(shape(one["geometry"])), inner)
        for one in layer["features"]
    }


def main(words: list[str] | None = None) -> int:
    """Return 0 when the tiles of every engine that ran hold the same features."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("bench"))
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=33)
    parser.add_argument("--tiles", type=int, default=30)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--output", type=Path)
    wanted = parser.parse_args(words)
    made = Prepared(wanted.folder / f"{wanted.scale:g}-{wanted.seed}", wanted.scale, wanted.seed, 0)
    if not made.layer("zoning").exists():
        made = prepare(wanted.folder, wanted.scale, wanted.seed, 1_000)
    layer = Layer.of(gpd.read_parquet(made.layer("zoning")))
    said = measured(layer, ZOOMS, wanted.tiles, wanted.repeat)
    if wanted.output:
        held = json.loads(wanted.output.read_text()) if wanted.output.exists() else {}
        held["tiles"] = said | {"scale": wanted.scale, "zones": len(layer.table)}
        wanted.output.write_text(json.dumps(held, indent=1) + "\n")
    rows = [row for name, z in said.items() if name.isdigit() for row in z.values()]
    return 0 if all(row["lonely"] == 0 and row["apart_units"] <= 1.5 for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
