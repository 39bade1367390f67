"""The province of a benchmark as files: made once, then read by every engine and every run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import numpy as np

from spatial.index import Shelf, ZoneIndex, index_of
from tests.benchmarks.province import CRS, LAYERS, Province, build_province, parcels_of, split
from tests.benchmarks.tasks import Task

__all__ = ["Prepared", "prepare"]

#: Parcels that are asked of zones that are not cut: peers take minutes for more.
FEW = 1_000


@dataclass(frozen=True)
class Prepared:
    """A folder with layers, the same cut into pieces, parcels and saved indexes.

    Parameters
    ----------
    folder : Path
    scale, seed, parcels
        What it was made of.
    """

    folder: Path
    scale: float
    seed: int
    parcels: int

    def layer(self, name: str) -> Path:
        """Return the file of a layer, with a column `code`."""
        return self.folder / f"{name}.parquet"

    def pieces(self, name: str) -> Path:
        """Return the file of a layer that was cut into pieces."""
        return self.folder / f"{name}-pieces.parquet"

    @property
    def parcel_file(self) -> Path:
        """The file of the parcels, each called by its position in a column `nop`."""
        return self.folder / f"parcels-{self.parcels}.parquet"

    @property
    def shelf(self) -> Shelf:
        """Where the indexes are kept, by the names of the layers."""
        return Shelf(self.folder / "index")

    @cached_property
    def whole(self) -> Task:
        """Parcels and layers as they are."""
        return Task(self._parcels, {name: gpd.read_parquet(self.layer(name)) for name in LAYERS})

    @cached_property
    def cut(self) -> Task:
        """Parcels and layers cut into pieces, as every peer needs."""
        return Task(self._parcels, {name: gpd.read_parquet(self.pieces(name)) for name in LAYERS})

    @cached_property
    def few(self) -> Task:
        """Some parcels and the zoning alone, not cut."""
        step = max(1, self.parcels // FEW)
        some = self._parcels.iloc[::step].iloc[:FEW].reset_index(drop=True)
        return Task(some, {"zoning": self.whole.layers["zoning"]})

    @cached_property
    def _parcels(self) -> gpd.GeoSeries:
        return gpd.read_parquet(self.parcel_file).geometry

    def index(self, name: str) -> ZoneIndex:
        """Return the index of a layer, made and kept where it is not there."""

        def build() -> ZoneIndex:
            frame = gpd.read_parquet(self.layer(name))
            return index_of(np.asarray(frame.geometry.array, dtype=object), frame["code"], CRS)

        return self.shelf.index(name, build)


def prepare(folder: Path, scale: float, seed: int, parcels: int) -> Prepared:
    """Make whatever of a province is not there yet."""
    made = Prepared(folder / f"{scale:g}-{seed}", scale, seed, parcels)
    made.folder.mkdir(parents=True, exist_ok=True)
    missing = [name for name in LAYERS if not made.pieces(name).exists()]
    province = None
    if missing or not made.parcel_file.exists():
        province = build_province(scale, seed)
    for name in missing:
        _write(province, name, made)
    if not made.parcel_file.exists() and province is not None:
        shapes = parcels_of(province, parcels)
        frame = gpd.GeoDataFrame({"nop": np.arange(parcels)}, geometry=shapes.array)
        frame.to_parquet(made.parcel_file, row_group_size=131_072)
    return made


def _write(province: Province | None, name: str, made: Prepared) -> None:
    if province is not None:
        province.layers[name].to_parquet(made.layer(name))
        split(province.layers[name]).to_parquet(made.pieces(name))
