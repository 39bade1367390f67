"""Rasters that hazard commands read and write, with what made them stored beside."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import typer
from numpy.typing import NDArray
from rasterio.features import rasterize

from api.options import atomic_path
from hazard import ClassRule
from layers import read
from spatial.crs import to_crs
from spatial.errors import LayerError, RasterError
from spatial.terrain import in_windows, write_cog
from spatial.zonal import Grid, open_grid

__all__ = ["RASTERS", "Maps", "mask_of", "observed_of"]

RASTERS: Final = (".tif", ".tiff", ".asc")
#: Makes values of values, window by window.
Make: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]
#: In class rasters, where there is no class.
NO_CLASS: Final = 255


class Maps:
    """Writes the maps of one run to a folder, and its parameters to one JSON file."""

    def __init__(self, folder: Path, like: Grid, *, yes: bool, names: tuple[str, ...]) -> None:
        there = [name for name in names if (folder / f"{name}.tif").exists()]
        if there and not yes:
            raise LayerError(
                "{folder} already holds {names}",
                code="terrain_files_exist",
                hint="Choose another folder, or overwrite with --yes",
                folder=str(folder),
                names=", ".join(f"{name}.tif" for name in there),
            )
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.like, self.files = folder, like, list[str]()

    def write(self, name: str, values: NDArray[Any], text: str, make: Make | None = None) -> None:
        """Write numbers, or what is made of them window by window; NaN where no answer is."""
        target = self.folder / f"{name}.tif"
        windows = ((row, part if make is None else make(part)) for row, part in in_windows(values))
        write_cog(target, self.like, windows, nodata=-9999.0, tags={"keterangan": text})
        self.files.append(target.name)

    def write_classes(
        self, name: str, values: NDArray[Any], rule: ClassRule, make: Make | None = None
    ) -> None:
        """Write the classes of values (or of what is made of them), from 0, with their words."""

        def codes(part: NDArray[Any]) -> NDArray[Any]:
            made = part if make is None else make(part)
            return rule.codes(made, np.isfinite(made))

        self.write_codes(name, values, rule.labels, rule.citation, codes)

    def write_codes(
        self,
        name: str,
        codes: NDArray[Any],
        labels: tuple[str, ...],
        citation: str,
        make: Make | None = None,
    ) -> None:
        """Write codes whose words are `labels`; one past the last means no class."""
        target = self.folder / f"{name}.tif"

        def small(part: NDArray[Any]) -> NDArray[np.uint8]:
            made = part if make is None else make(part)
            return np.where(made == len(labels), NO_CLASS, made).astype(np.uint8)

        words = {f"kelas_{code}": label for code, label in enumerate(labels)}
        write_cog(
            target,
            self.like,
            ((row, small(part)) for row, part in in_windows(codes)),
            dtype="uint8",
            nodata=NO_CLASS,
            tags=words | {"aturan": citation},
        )
        self.files.append(target.name)

    def finish(self, name: str, facts: dict[str, Any], *, as_json: bool) -> None:
        """Store what made the maps, and say where all is."""
        report = facts | {"files": self.files}
        with atomic_path(self.folder / f"{name}.json") as partial:
            text = json.dumps(report, indent=1, ensure_ascii=False, default=float)
            partial.write_text(text + "\n", encoding="utf-8")
        if as_json:
            typer.echo(json.dumps(report, ensure_ascii=False, default=float))
            return
        for file in (*self.files, f"{name}.json"):
            typer.echo(f"→ {self.folder / file}")


def mask_of(shapes: gpd.GeoDataFrame, grid: Grid) -> NDArray[np.bool_]:
    """Say which cells of a grid have their centre in polygons."""
    moved = to_crs(shapes, grid.crs).geometry
    solid = moved[~moved.isna() & ~moved.is_empty]
    if solid.empty:
        return np.zeros(grid.shape, bool)
    burnt = rasterize(solid, out_shape=grid.shape, transform=grid.transform, dtype="uint8")
    return np.asarray(burnt > 0)


def observed_of(path: Path, within: Path | None, grid: Grid, crs: str | None) -> NDArray[Any]:
    """Read an observed flood: 1 wet, 0 dry, NaN where nobody looked.

    A raster says all three by itself. Polygons say where it was wet; dry is only what lies
    in the polygons of `within`.
    """
    if path.suffix.lower() in RASTERS:
        seen = open_grid(path, crs=crs)
        if not seen.same_cells(grid):
            raise RasterError(
                "{one} and {other} do not have the same cells",
                code="grids_differ",
                hint="Warp the observed map to the cells of the model: gdalwarp -r near -tr -te",
                one=seen.name,
                other=grid.name,
            )
        return seen.values()
    if within is None:
        raise LayerError(
            "{file} says where it was wet, but nothing says where somebody looked",
            code="observed_without_extent",
            hint="Give the area that was surveyed: --observed-within survei.gpkg",
            file=path.name,
        )
    wet = mask_of(read(path, source_crs=crs).features, grid)
    looked = mask_of(read(within, source_crs=crs).features, grid)
    return np.where(looked, np.where(wet, 1.0, 0.0), np.nan)
