"""Tiles: pyramids hold what is cut, neighbours share their border, pictures show classes."""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import mapbox_vector_tile
import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from fastapi.testclient import TestClient
from PIL import Image
from shapely.geometry import shape

from api.engine import Engine
from api.tiles.aligned import aligned_path
from api.tiles.archive import Archive
from api.tiles.generalise import Drawing
from api.tiles.layer import TileLayer
from api.tiles.matrix import limits, tile_matrix_set
from api.tiles.numbers import feature_numbers
from api.tiles.prepared import generalised_of, keep_prepared, kept, prepare
from api.tiles.pyramid import PYRAMID_ZOOM, build_pyramid, pyramid_path
from api.tiles.raster import RasterLayer, keep_aligned
from api.tiles.ring_kernel import may_be_broken
from api.tiles.source import TileSource
from layers.store import open_store
from spatial.errors import LayerNotFoundError


def test_a_pyramid_holds_the_tiles_that_are_cut(fake: Any, tmp_path: Path) -> None:
    source = TileSource(fake())
    ready = source.prepared("rdtr")
    path = pyramid_path(tmp_path, "rdtr", ready.version)
    count = build_pyramid(ready, path, deepest=12)
    archive = Archive(path)
    seen = 0
    for z in range(13):
        west, north, east, south = limits(ready.bounds, z)
        for x in range(west, east + 1):
            for y in range(north, south + 1):
                packed = archive.get(z, x, y)
                seen += bool(packed)
                assert (gzip.decompress(packed) if packed else b"") == ready.layer.tile(z, x, y)
    assert seen == count
    assert archive.get(12, 0, 0) == b""
    assert archive.metadata["vector_layers"][0]["id"] == "rdtr"


def test_the_reader_of_the_library_reads_our_file_the_same(fake: Any, tmp_path: Path) -> None:
    from pmtiles.reader import MmapSource, Reader

    ready = TileSource(fake()).prepared("rdtr")
    path = tmp_path / "x.pmtiles"
    build_pyramid(ready, path, deepest=11)
    with path.open("rb") as stream:
        theirs = Reader(MmapSource(stream))
        for z, x, y in [(0, 0, 0), (5, 25, 16), (10, 826, 531), (11, 1652, 1063)]:
            assert (theirs.get(z, x, y) or b"") == Archive(path).get(z, x, y)


def test_the_service_sends_from_the_pyramid(fake: Any, tmp_path: Path) -> None:
    source = TileSource(fake(), folder=tmp_path)
    ready = source.prepared("rdtr")
    build_pyramid(ready, pyramid_path(tmp_path, "rdtr", ready.version), deepest=9)
    fresh = TileSource(fake(), folder=tmp_path)
    assert gzip.decompress(fresh.tile("rdtr", 9, 413, 265)) == ready.layer.tile(9, 413, 265)
    assert not fresh._prepared
    assert fresh.at_once("rdtr", 9, 413, 265) == fresh.tile("rdtr", 9, 413, 265)
    assert fresh.at_once("rdtr", 10, 826, 531) is None
    assert fresh.tile("rdtr", 10, 826, 531)
    assert fresh._prepared


def test_neighbours_share_their_border_at_every_zoom() -> None:
    """A jagged border between two polygons: in no tile a gap or an overlap is left."""
    rng = np.random.default_rng(5)
    x = 110.5 + rng.uniform(-0.01, 0.01, 2_000)
    border = np.column_stack([x, np.linspace(-7, -6.8, 2_000)])
    left = shapely.Polygon([(110.4, -7), *border, (110.4, -6.8)])
    right = shapely.Polygon([(110.6, -7), *border, (110.6, -6.8)])
    frame = gpd.GeoDataFrame({"a": [1, 2]}, geometry=[left, right], crs="EPSG:4326")
    layer = TileLayer(frame, "x")
    for z in range(6, 14):
        west, north, east, south = limits((110.45, -6.95, 110.55, -6.85), z)
        raw = layer.tile(z, (west + east) // 2, (north + south) // 2)
        shapes = [
            shape(feature["geometry"])
            for feature in mapbox_vector_tile.decode(raw)["x"]["features"]
        ]
        if len(shapes) == 2:
            both = shapely.union_all(shapely.make_valid(shapes))
            overlap = shapely.area(shapely.make_valid(shapes)).sum() - both.area
            assert overlap / both.area < 1e-3, z
            assert sum(len(part.interiors) for part in shapely.get_parts([both])) < 5, z


@pytest.fixture(scope="module")
def streets() -> gpd.GeoDataFrame:
    """A town of crooked blocks between narrow streets, and the streets as one polygon."""
    rng = np.random.default_rng(11)
    seeds = shapely.MultiPoint(rng.uniform((110.6, -6.85), (110.7, -6.75), (150, 2)))
    town = shapely.box(110.6, -6.85, 110.7, -6.75)
    cells = shapely.get_parts(shapely.voronoi_polygons(seeds, extend_to=town))
    cells = shapely.segmentize(shapely.intersection(cells, town), 0.0004)
    bent = shapely.transform(
        cells, lambda xy: xy + 0.00012 * np.sin(90_000 * xy[:, ::-1]) * [1.0, 0.7]
    )
    blocks = shapely.buffer(bent, -0.00008, join_style="mitre")
    blocks = blocks[shapely.is_valid(blocks) & ~shapely.is_empty(blocks)]
    lanes = shapely.difference(town.buffer(0.001), shapely.union_all(blocks))
    return gpd.GeoDataFrame(
        {"zona": [*["R-2"] * len(blocks), "BJ"], "luas": 1.0, "catatan": "panjang " * 8},
        geometry=[*blocks, lanes], crs="EPSG:4326",
    )  # fmt: skip


@pytest.mark.parametrize("z", range(4, 17))
def test_rings_are_valid_and_borders_shared_on_the_grid_of_every_zoom(
    streets: gpd.GeoDataFrame, z: int
) -> None:
    """What a client decodes: no broken ring, and between neighbours no gap and no overlap."""
    layer = TileLayer(streets, "rdtr")
    x, y, _, _ = limits((110.65, -6.8, 110.65, -6.8), z)
    features = mapbox_vector_tile.decode(layer.tile(z, x, y))["rdtr"]["features"]
    shapes = np.array([shape(feature["geometry"]) for feature in features])
    assert shapely.is_valid(shapes).all()
    inside = shapely.box(0, 0, 4096, 4096).intersection(
        shapely.box(*_tile_box(streets.total_bounds, z, x, y))
    )
    cut = shapely.intersection(shapes, inside)
    whole = shapely.union_all(cut)
    overlap = shapely.area(cut).sum() - whole.area
    gap = shapely.difference(inside, whole)
    if z < 7:  # The town is a few pixels: its blocks are drawn as whole pixels of 8 units.
        assert gap.buffer(-8).is_empty
        assert overlap < 0.2 * whole.area + 8 * 8
        return
    # Spread along the borders either is a fiftieth of a unit wide, and nowhere two units (a
    # quarter of a pixel on the screen): what is left where rings were rounded anew.
    assert overlap < 0.02 * shapely.length(shapes).sum()
    assert shapely.area(gap) < 0.02 * shapely.length(shapes).sum()
    assert gap.buffer(-1).is_empty


def _tile_box(bounds: Any, z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """Return the inner half of bounds in units of a tile, y upwards as the decoder has it.

    The outline of the whole is simplified too, so its edge says nothing of neighbours.
    """
    lon = np.array([bounds[0] * 0.75 + bounds[2] * 0.25, bounds[0] * 0.25 + bounds[2] * 0.75])
    lat = np.array([bounds[1] * 0.75 + bounds[3] * 0.25, bounds[1] * 0.25 + bounds[3] * 0.75])
    lat = np.radians(lat)
    column = (lon + 180) / 360 * 2**z
    row = (1 - np.arcsinh(np.tan(lat)) / np.pi) / 2 * 2**z
    west, east = (column - x) * 4096
    south, north = (y + 1 - row) * 4096
    return west, south, east, north


def _features(layer: TileLayer, z: int, only: Any = None) -> list[dict[str, Any]]:
    x, y, _, _ = limits((110.65, -6.8, 110.65, -6.8), z)
    found: list[dict[str, Any]] = mapbox_vector_tile.decode(layer.tile(z, x, y, only))["rdtr"][
        "features"
    ]
    return found


def test_low_zooms_have_one_feature_for_a_class(streets: gpd.GeoDataFrame) -> None:
    """Blocks of one class are one feature that says how many; a class of one keeps its number."""
    layer = TileLayer(streets, "rdtr")
    [lanes] = [one for one in _features(layer, 16) if one["properties"]["zona"] == "BJ"]
    for z in (7, 9, 11):
        found = {one["properties"]["zona"]: one for one in _features(layer, z)}
        assert {zona: one["properties"] for zona, one in found.items()} == {
            "R-2": {"zona": "R-2", "jumlah": 150},
            "BJ": {"zona": "BJ", "jumlah": 1},
        }
        assert (found["R-2"]["id"], found["BJ"]["id"]) == (0, lanes["id"])
    names = {"zona", "luas", "catatan", "id"}
    for z, only in ((12, None), (10, np.ones(len(streets), bool))):
        features = _features(layer, z, only)
        assert len(features) > 50
        assert all(set(one["properties"]) == names for one in features)
        assert all(one["id"] > 0 for one in features)


def test_a_layer_that_is_ingested_has_its_low_zooms(
    streets: gpd.GeoDataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from api.cli import main
    from layers.workspace import Workspace

    place = Workspace.create(tmp_path / "ws", name="Uji", extent=(110, -8, 111, -6))
    streets.to_file(tmp_path / "kota.gpkg")
    words = ["ingest", str(tmp_path / "kota.gpkg"), "-w", str(place.folder), "--name", "kota"]
    assert main([*words, "--json"]) == 0
    version = json.loads(capsys.readouterr().out.splitlines()[-1])["version"]
    archive = Archive(pyramid_path(place.folder / "service" / "ubin", "kota", version[:12]))
    assert archive.deepest == PYRAMID_ZOOM
    assert archive.get(9, *limits((110.65, -6.8, 110.65, -6.8), 9)[:2])


def test_a_polygon_that_rounding_breaks_is_cut_and_none_else() -> None:
    """Against the library: whatever the kernel lets pass is valid."""
    rng = np.random.default_rng(3)
    corners = rng.integers(0, 12, (4_000, 6, 2))
    closed = np.concatenate([corners, corners[:, :1]], axis=1)
    rings = np.arange(len(closed) + 1) * 7
    said = may_be_broken(closed.reshape(-1, 2), rings, np.arange(len(closed) + 1))
    valid = shapely.is_valid(shapely.polygons(closed.astype(float)))
    assert not (~said & ~valid).any()
    assert (said & valid).sum() == 0
    assert 0 < valid.sum() < len(valid)


def test_a_filter_leaves_features_out_and_keeps_their_numbers(client: TestClient) -> None:
    whole = client.get("/tiles/rdtr/12/3305/2127.mvt")
    part = client.get("/tiles/rdtr/12/3305/2127.mvt?filter=zona='R-2'")
    every = mapbox_vector_tile.decode(whole.content)["rdtr"]["features"]
    some = mapbox_vector_tile.decode(part.content)["rdtr"]["features"]
    assert {one["id"] for one in some} == {
        one["id"] for one in every if one["properties"]["zona"] == "R-2"
    }
    assert whole.headers["etag"] != part.headers["etag"]
    assert client.get("/tiles/rdtr/10/826/531.mvt?filter=zona='none'").status_code == 204
    assert client.get("/tiles/rdtr/10/826/531.mvt?filter=zona").status_code == 400


def test_ogc_tiles_put_rows_before_columns(client: TestClient) -> None:
    ours = client.get("/tiles/rdtr/10/826/531.mvt").content
    assert client.get("/ogc/collections/rdtr/tiles/WebMercatorQuad/10/531/826").content == ours
    together = client.get("/ogc/tiles/WebMercatorQuad/10/531/826?collections=rdtr")
    assert together.content == ours
    unknown = client.get("/ogc/tiles/WebMercatorQuad/10/531/826?collections=rdtr,rahasia")
    assert (unknown.status_code, unknown.json()["code"]) == (400, "collection_unknown")


def test_tilesets_describe_themselves(client: TestClient) -> None:
    [one] = client.get("/ogc/collections/rdtr/tiles").json()["tilesets"]
    document = client.get(next(x["href"] for x in one["links"] if x["rel"] == "self")).json()
    assert document["dataType"] == "vector"
    [template] = [x["href"] for x in document["links"] if x["rel"] == "item"]
    limit = document["tileMatrixSetLimits"][10]
    url = template.format(tileMatrix=10, tileRow=limit["minTileRow"], tileCol=limit["minTileCol"])
    assert client.get(url).status_code == 200
    [scheme] = [x["href"] for x in document["links"] if x["rel"].endswith("tiling-scheme")]
    assert client.get(scheme).json() == tile_matrix_set()
    [whole] = client.get("/ogc/tiles").json()["tilesets"]
    assert client.get(whole["links"][0]["href"]).status_code == 200


BAD_TILES = [
    "/tiles/rdtr/40/0/-1.mvt",
    "/tiles/rdtr/99999999/0/0.mvt",
    "/tiles/rdtr/" + "9" * 4301 + "/0/0.mvt",
    "/tiles/rdtr/2/4/0.mvt",
    "/tiles/rdtr/1e3/0/0.png",
    "/ogc/tiles/WebMercatorQuad/99999999/0/0",
    "/ogc/collections/rdtr/tiles/WebMercatorQuad/3/8/0",
    "/ogc/collections/rdtr/tiles/WorldCRS84Quad/3/1/0",
    "/tiles/..%2f..%2fetc/1/0/0.mvt",
    "/tiles/rahasia/1/0/0.mvt",
    "/tiles/rdtr/1/0/0.png",
]


@pytest.mark.parametrize("path", BAD_TILES, ids=lambda path: path[:40])
def test_a_tile_that_cannot_be(client: TestClient, path: str) -> None:
    """Rows 48-50 and 52 of the catalogue: refused before any arithmetic with the zoom."""
    assert client.get(path).status_code == 404


@pytest.fixture
def depths(tmp_path: Path) -> Path:
    """Four strips: dry, shallow, deep, unknown."""
    values = np.repeat(np.array([[0.0, 0.5, 2.0, -9999.0]], np.float32), 25, axis=1)
    path = tmp_path / "banjir.tif"
    with rasterio.open(
        path, "w", driver="GTiff", width=100, height=100, count=1, dtype="float32",
        crs="EPSG:32749", transform=Affine(30, 0, 460_000, 0, -30, 9_240_000), nodata=-9999.0,
    ) as out:  # fmt: skip
        out.write(np.repeat(values, 100, axis=0), 1)
    return path


def test_a_picture_shows_the_classes_and_what_is_not_known(depths: Path) -> None:
    layer = RasterLayer(depths, "banjir_100")
    west, north, east, south = limits(layer.bounds, 14)
    colours: set[tuple[int, ...]] = set()
    for x in range(west, east + 1):
        for y in range(north, south + 1):
            png = layer.tile(14, x, y)
            if png:
                image = Image.open(io.BytesIO(png))
                assert (image.mode, image.size) == ("P", (256, 256))
                colours |= {tuple(one) for one in np.array(image.convert("RGBA")).reshape(-1, 4)}
    opaque = {one[:3] for one in colours if one[3]}
    assert opaque == {(0x9E, 0xCA, 0xE1), (0x08, 0x51, 0x9C), (107, 114, 128)}
    assert layer.tile(14, 0, 0) == b""


def test_a_pixel_has_the_class_of_the_cell_below_it(depths: Path) -> None:
    """Against the raster itself, at the middle of cells far from their edges."""
    from spatial.crs import operation

    layer = RasterLayer(depths, "banjir_100")
    move = operation("EPSG:32749", "OGC:CRS84")
    for column, expected in [(12, None), (37, (0x9E, 0xCA, 0xE1)), (62, (0x08, 0x51, 0x9C))]:
        place = np.array([[460_000 + column * 30 + 15, 9_240_000 - 50 * 30 - 15]])
        [[lon, lat]] = move(place)
        x, y, _, _ = limits((lon, lat, lon, lat), 15)
        picture = np.array(Image.open(io.BytesIO(layer.tile(15, x, y))).convert("RGBA"))
        size = 1 << 15
        column_px = int(((lon + 180) / 360 * size - x) * 256)
        row_px = int(((1 - np.arcsinh(np.tan(np.radians(lat))) / np.pi) / 2 * size - y) * 256)
        pixel = picture[row_px, column_px]
        assert (tuple(pixel[:3]) if pixel[3] else None) == expected


def test_what_is_there_is_sent_while_every_thread_cuts(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tile that was cut, and the word that nothing changed, wait for nobody."""
    address = "/tiles/rdtr/10/826/531.mvt"
    first = client.get(address)
    version = json.loads(client.get("/tiles/rdtr/tilejson.json").text)["tiles"][0].partition("v=")[
        2
    ]
    app: Any = client.app
    monkeypatch.setattr(app.state.tile_workers, "busy", 1_000_000)
    again = client.get(address, params={"v": version})
    assert (again.status_code, again.content) == (200, first.content)
    same = client.get(address, headers={"if-none-match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    other = client.get("/tiles/rdtr/14/13217/8498.mvt", headers={"if-none-match": '"*"'})
    assert (other.status_code, other.json()["code"]) == (503, "queue_full")


def test_a_raster_without_colours_is_not_drawn(depths: Path) -> None:
    with pytest.raises(LayerNotFoundError, match="no colours"):
        RasterLayer(depths, "dem")


def test_an_aligned_map_draws_what_the_map_itself_draws(depths: Path, tmp_path: Path) -> None:
    """At every zoom the same picture but for pixels at the edges of classes."""
    laid = keep_aligned(depths, "banjir_100", tmp_path / "laid.tif")
    assert laid is not None
    warped, aligned = RasterLayer(depths, "banjir_100"), RasterLayer(depths, "banjir_100", laid)
    with rasterio.open(laid) as made:
        assert made.dtypes == ("uint8",)
        assert set(made.block_shapes) == {(256, 256)}
        native = round(np.log2(2 * 20037508.342789244 / 256 / made.res[0]))
    for z in range(8, native + 3):
        west, north, east, south = limits(warped.bounds, z)
        for x in range(west, east + 1):
            for y in range(north, south + 1):
                one, other = warped.tile(z, x, y), aligned.tile(z, x, y)
                assert bool(one) == bool(other)
                if one:
                    drawn = [np.array(Image.open(io.BytesIO(png))) for png in (one, other)]
                    assert (drawn[0] != drawn[1]).mean() < 0.02, (z, x, y)
    assert keep_aligned(depths, "dem", tmp_path / "dem.tif") is None


def test_a_hazard_map_that_is_ingested_is_laid_on_the_grid(
    depths: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from api.cli import main
    from layers.workspace import Workspace

    place = Workspace.create(tmp_path / "ws", name="Uji", extent=(110, -8, 111, -6))
    words = ["ingest", str(depths), "-w", str(place.folder), "--name", "banjir_100", "--json"]
    assert main(words) == 0
    version = json.loads(capsys.readouterr().out.splitlines()[-1])["version"]
    folder = place.folder / "service" / "ubin"
    assert aligned_path(folder, "banjir_100", version[:12]).is_file()
    source = TileSource(Engine(place, open_store(place), ()), folder=folder)
    west, north, _, _ = limits(source.raster_layer("banjir_100").bounds, 14)
    assert source.raster("banjir_100", 14, west + 1, north + 1)


def test_kept_shapes_give_the_tiles_of_the_layer(streets: gpd.GeoDataFrame, tmp_path: Path) -> None:
    """From the file alone, without reading the layer; damaged, it is not used."""
    ready = prepare("rdtr", Stored(streets))
    assert isinstance(ready.layer.shapes, Drawing)
    keep_prepared(ready, ready.layer.shapes, tmp_path)
    found = kept(tmp_path, "rdtr", ready.version)
    assert found is not None
    assert (found.bounds, found.fields, found.zones) == (ready.bounds, ready.fields, ready.zones)
    only = np.arange(len(streets)) % 2 == 0
    for z in range(18):
        x, y, _, _ = limits((110.65, -6.8, 110.65, -6.8), z)
        assert found.layer.tile(z, x, y) == ready.layer.tile(z, x, y)
        assert found.layer.tile(z, x, y, only) == ready.layer.tile(z, x, y, only)
    told = generalised_of(found)
    assert [one["zoom"] for one in told] == list(range(14))
    assert [one["merged"] for one in told] == [z <= 11 for z in range(14)]
    assert told[5]["pixels"] > 0.1
    assert told[12] == {"zoom": 12, "merged": False, "lost": 0, "pixels": 0.0}
    [path] = tmp_path.iterdir()
    content = bytearray(path.read_bytes())
    content[-200] ^= 1
    path.write_bytes(content)
    assert kept(tmp_path, "rdtr", ready.version) is None


@dataclass
class Stored:
    frame: gpd.GeoDataFrame
    version: str = "0123456789abcdef"


def test_a_crowded_tile_stays_small_and_says_what_it_leaves_out() -> None:
    """The largest stay; a layer of its own counts the others."""
    rng = np.random.default_rng(2)
    corner = rng.uniform((110.6, -6.83), (110.63, -6.8), (12_000, 2))
    side = rng.uniform(0.00005, 0.0001, 12_000)
    houses = shapely.box(*corner.T, *(corner.T + side))
    frame = gpd.GeoDataFrame({"nama": corner[:, 0].astype(str)}, geometry=houses, crs="EPSG:4326")
    x, y, east, south = limits((110.6, -6.83, 110.6301, -6.7999), 12)
    assert (x, y) == (east, south)
    raw = TileLayer(frame, "bangunan").tile(12, x, y)
    assert len(raw) < 501_000
    found = mapbox_vector_tile.decode(raw)
    [told] = found["terlewat"]["features"]
    kept_names = {one["properties"]["nama"] for one in found["bangunan"]["features"]}
    assert told["properties"] == {"layer": "bangunan", "jumlah": 12_000 - len(kept_names)}
    there = frame["nama"].isin(kept_names).to_numpy()
    assert np.median(side[there]) > np.median(side[~there])


def test_numbers_in_tiles_are_those_of_the_features(client: TestClient) -> None:
    """A click leads to the same feature: its name is an attribute, its number follows from it."""
    tile = client.get("/tiles/rdtr/12/3305/2127.mvt").content
    features = mapbox_vector_tile.decode(tile)["rdtr"]["features"]
    names = [one["properties"]["id"] for one in features]
    numbers = feature_numbers(np.array(names, dtype=object)).tolist()
    assert [one["id"] for one in features] == numbers
    for one in features[:3]:
        item = client.get(f"/ogc/collections/rdtr/items/{one['properties']['id']}").json()
        assert item["properties"]["luas_m2"] == one["properties"]["luas_m2"]


def test_two_names_with_one_hash_get_two_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    from api.tiles import numbers

    monkeypatch.setattr(numbers, "_hashed", lambda text: len(text))
    names = np.array(["bb", "aa", "c"], dtype=object)
    assert feature_numbers(names).tolist() == [3, 2, 1]
    assert feature_numbers(names[::-1]).tolist() == [1, 2, 3]
