"""Class maps as palette PNG tiles: two kilobytes each, drawn from the stored raster.

What the map does not know is drawn as grey diagonals, never as empty ground.
"""

from __future__ import annotations

import io
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.windows import Window

from api.symbology.rasters import style_of
from api.tiles.aligned import PIXELS, Aligned, build_aligned
from api.tiles.layer import tile_bounds
from hazard import ClassRule, class_rule, meaning
from hazard.meaning import DEPTHS
from spatial.crs import LONLAT, Bounds, operation
from spatial.errors import LayerNotFoundError, RasterError
from spatial.zonal import open_grid

__all__ = ["RasterLayer", "keep_aligned", "rule_of"]

GREY: Final = (107, 114, 128)
#: Diagonals for no data, one pixel wide, so that the map below stays readable; a tile holds a
#: whole number of them, so they run on from tile to tile.
STEP: Final = 8
OPAQUE: Final = 200
FAINT: Final = 130
WEB_MERCATOR: Final = "EPSG:3857"


@lru_cache(maxsize=256)
def rule_of(path: Path, name: str) -> ClassRule:
    """Return the rule of classes of a published raster, once its numbers can be nothing else.

    Parameters
    ----------
    path : Path
        Of one version, whose bytes never change.
    name : str
        Of the layer.

    Raises
    ------
    LayerNotFoundError
        `raster_without_style`
    RasterError
        `raster_rule_unsaid`, where its numbers may be an index or classes and its name says
        neither: drawn as depths they would look mild.
    """
    style = style_of(name)
    if style is None:
        raise LayerNotFoundError(
            "no colours are known for the raster {name}",
            code="raster_without_style",
            hint="api/symbology/rasters.toml says how rasters are drawn",
            name=name,
        )
    asked = style["classes"] == DEPTHS and not style.get("sure")
    if asked and meaning(open_grid(path)) in ("indeks", "kelas"):
        raise RasterError(
            "{name}: its numbers may be depths in metres, but also an index or classes",
            code="raster_rule_unsaid",
            hint="Publish it under a name that says it: indeks_banjir, kelas_banjir, "
            "kedalaman_banjir",
            name=name,
        )
    return class_rule(style["classes"])


class RasterLayer:
    """One version of a raster, drawn by its class rule.

    Parameters
    ----------
    path : Path
        A GeoTIFF of the store.
    name : str
    aligned : Path, optional
        The same map on the grid of tiles, see `api.tiles.aligned`; where it is not there or a
        tile reaches beyond it, the tile is warped from the map itself.
    """

    def __init__(self, path: Path, name: str, aligned: Path | None = None) -> None:
        style = style_of(name)
        self._rule: ClassRule = rule_of(path, name)
        assert style is not None  # noqa: S101  a raster without one has no rule either
        self._path = path
        self._aligned = aligned if aligned is not None and aligned.is_file() else None
        self._palette, self._alpha = _palette(self._rule, style["colours"])
        self._local = threading.local()
        with rasterio.open(path, driver="GTiff") as source:
            self.bounds = _degrees(tuple(source.bounds), source.crs.to_wkt())

    def tile(self, z: int, x: int, y: int) -> bytes:
        """Draw one tile; empty bytes where the map does not reach."""
        codes = self._codes(z, x, y)
        if codes is None:
            return b""
        image = Image.fromarray(codes, mode="P")
        image.putpalette(self._palette)
        out = io.BytesIO()
        image.save(out, "PNG", transparency=self._alpha, optimize=False, compress_level=6)
        return out.getvalue()

    def _codes(self, z: int, x: int, y: int) -> NDArray[np.uint8] | None:
        """Return the palette entry of every pixel: 0 outside, then the classes, then no data."""
        west, south, east, north = tile_bounds(z, x, y)
        classes = self._laid_out(z, x, y)
        if classes is not None:
            return self._striped(classes, classes != len(self._rule.labels))
        drawn = self._drawn()
        left, bottom, right, top = drawn.bounds
        if west >= right or east <= left or south >= top or north <= bottom:
            return None
        window = _window((west, south, east, north), drawn)
        values = drawn.read(
            1, window=window, out_shape=(PIXELS, PIXELS), boundless=False, masked=True,
            resampling=Resampling.nearest,
        ) if _inside(window, drawn) else self._partial(drawn, window)  # fmt: skip
        return self._coded(values)

    def _partial(self, drawn: WarpedVRT, window: Window) -> Any:
        """Read a tile that reaches over the edge of the map."""
        nothing = np.zeros((PIXELS, PIXELS), dtype=drawn.dtypes[0])
        values = np.ma.MaskedArray(nothing, mask=True)
        scale = PIXELS / window.width
        col0, row0 = max(0.0, window.col_off), max(0.0, window.row_off)
        col1 = min(drawn.width, window.col_off + window.width)
        row1 = min(drawn.height, window.row_off + window.height)
        at = [round((value - off) * scale) for value, off in (
            (col0, window.col_off), (col1, window.col_off),
            (row0, window.row_off), (row1, window.row_off),
        )]  # fmt: skip
        if at[1] <= at[0] or at[3] <= at[2]:
            return values
        part = drawn.read(
            1, window=Window(col0, row0, col1 - col0, row1 - row0),
            out_shape=(at[3] - at[2], at[1] - at[0]), masked=True, resampling=Resampling.nearest,
        )  # fmt: skip
        values[at[2] : at[3], at[0] : at[1]] = part
        return values

    def _coded(self, values: Any) -> NDArray[np.uint8]:
        valid = ~np.ma.getmaskarray(values)
        return self._striped(self._rule.codes(np.ma.getdata(values), valid), valid)

    def _striped(self, classes: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[np.uint8]:
        """Return palette entries; of ground that is not known, only the diagonals."""
        codes = (classes + 1).astype(np.uint8)
        rows, columns = np.nonzero(~valid)
        striped = (rows + columns) % STEP < 1
        codes[rows[~striped], columns[~striped]] = 0
        return codes

    def _laid_out(self, z: int, x: int, y: int) -> NDArray[np.uint8] | None:
        """Return the classes of a tile from the aligned map, where it holds all of it."""
        if self._aligned is None:
            return None
        if not hasattr(self._local, "aligned"):
            self._local.aligned = Aligned(self._aligned, len(self._rule.labels))
        aligned: Aligned = self._local.aligned
        return aligned.read(z, x, y)

    def _drawn(self) -> WarpedVRT:
        """Return this thread's reader: those of GDAL are not to be shared."""
        if not hasattr(self._local, "vrt"):
            source = rasterio.open(self._path, driver="GTiff")
            self._local.source = source
            self._local.vrt = WarpedVRT(
                source, crs=WEB_MERCATOR, resampling=Resampling.nearest, add_alpha=False
            )
        vrt: WarpedVRT = self._local.vrt
        return vrt


def keep_aligned(source: Path, name: str, target: Path) -> Path | None:
    """Lay a map on the grid of tiles for the service; None for one without known colours.

    Parameters
    ----------
    source : Path
        A GeoTIFF of the store.
    name : str
    target : Path
        See `api.tiles.aligned.aligned_path`.
    """
    style = style_of(name)
    if style is None:
        return None
    if not target.is_file():
        build_aligned(source, rule_of(source, name), target)
    return target


def _window(bounds: Bounds, drawn: WarpedVRT) -> Window:
    """Return the cells of a grid that runs north up."""
    west, south, east, north = bounds
    grid = drawn.transform
    return Window(
        (west - grid.c) / grid.a,
        (north - grid.f) / grid.e,
        (east - west) / grid.a,
        (south - north) / grid.e,
    )


def _inside(window: Window, drawn: WarpedVRT) -> bool:
    return bool(
        window.col_off >= 0
        and window.row_off >= 0
        and window.col_off + window.width <= drawn.width
        and window.row_off + window.height <= drawn.height
    )


def _palette(rule: ClassRule, colours: dict[str, str]) -> tuple[list[int], bytes]:
    """Return the palette and its transparency: entry 0 is outside, the last is no data."""
    entries, alpha = [(0, 0, 0)], [0]
    for label in rule.labels:
        colour = colours.get(label)
        entries.append(_rgb(colour) if colour else (0, 0, 0))
        alpha.append(OPAQUE if colour else 0)
    entries.append(GREY)
    alpha.append(FAINT)
    return [channel for entry in entries for channel in entry], bytes(alpha)


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def _degrees(bounds: tuple[float, ...], crs: str) -> Bounds:
    west, south, east, north = bounds
    steps = np.linspace(0, 1, 21)
    xs, ys = west + (east - west) * steps, south + (north - south) * steps
    edge = np.concatenate(
        [np.column_stack([xs, np.full(21, y)]) for y in (south, north)]
        + [np.column_stack([np.full(21, x), ys]) for x in (west, east)]
    )
    lonlat = operation(crs, LONLAT)(edge)
    low, high = lonlat.min(axis=0), lonlat.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
