"""A stored layer as a file that other programs read, with nothing cut and nothing lost silently.

What a format cannot hold is refused, naming columns and values: short names and texts of
shapefiles, dates with a time in them, several types of geometry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import pyogrio

from layers.kinds import kinds
from layers.store.base import StoredLayer
from spatial.crs import LONLAT, to_crs
from spatial.errors import LayerError

__all__ = ["FORMATS", "Format", "format_named", "official_names", "write_layer"]

#: A name in a shapefile, and a text, in bytes of UTF-8.
SHP_NAME: Final = 10
SHP_TEXT: Final = 254
_LISTED: Final = 8


@dataclass(frozen=True, slots=True)
class Format:
    """A format: its suffix, the driver that writes it, and whether names are official ones."""

    suffix: str
    driver: str
    official: bool = False
    tables: bool = False


FORMATS: Final = {
    one.suffix: one
    for one in (
        Format(".gpkg", "GPKG", tables=True),
        Format(".shp", "ESRI Shapefile"),
        Format(".parquet", "", tables=True),
        Format(".fgb", "FlatGeobuf"),
        Format(".geojson", "GeoJSON"),
        Format(".gdb", "OpenFileGDB", official=True, tables=True),
        Format(".csv", "", tables=True),
    )
}
#: Suffix of a feature class by its geometry, as in the schemas of BIG.
_ENDINGS: Final = {"Polygon": "AR", "LineString": "LN", "Point": "PT"}


def format_named(path: Path) -> Format:
    """Return the format of a file name.

    Raises
    ------
    LayerError
        `export_suffix`, naming the ones there are.

    Examples
    --------
    >>> format_named(Path("rdtr.fgb")).driver
    'FlatGeobuf'
    """
    if (found := FORMATS.get(path.suffix.lower())) is None:
        raise LayerError(
            "{name}: a layer cannot be exported as {suffix}",
            code="export_suffix",
            hint="Use one of {known}; a raster is .tif",
            name=path.name,
            suffix=path.suffix or "-",
            known=", ".join(FORMATS),
        )
    return found


def official_names(frame: pd.DataFrame, kind: str) -> dict[str, str]:
    """Return our column names -> the official ones (BIG, ATR/BPN), capitals where there is none.

    Examples
    --------
    >>> official_names(pd.DataFrame(columns=["kode_desa", "nama_desa", "rw"]), "batas_administrasi")
    {'kode_desa': 'KDEPUM', 'nama_desa': 'WADMKD', 'rw': 'RW'}
    """
    known = kinds()[kind].columns if kind in kinds() else {}
    names: dict[str, str] = {}
    for column in frame.columns:
        if column != "geometry":
            official = next(iter(known.get(str(column), ())), str(column).upper())
            names[str(column)] = official if official not in names.values() else str(column).upper()
    return names


def write_layer(
    layer: StoredLayer, path: Path, *, names: Mapping[str, str] | None = None
) -> list[Path]:
    """Write a stored layer and return the files made.

    Parameters
    ----------
    layer : StoredLayer
        A vector or table.
    path : Path
        Its suffix chooses the format.
    names : mapping, optional
        Our column names -> names in the file; official ones for a File Geodatabase without.

    Raises
    ------
    LayerError
        `export_suffix`, `export_table`, `export_names_cut`, `export_text_cut`,
        `export_instants`, `export_mixed`: nothing is then written.
    """
    chosen = format_named(path)
    frame = layer.frame
    if frame is None:
        raise LayerError(
            "layer {name} is a raster and is exported as .tif",
            code="export_raster",
            name=layer.version.name,
        )
    if names is None and chosen.official:
        names = official_names(frame, layer.version.kind)
    frame = frame.rename(columns=dict(names or {}))
    if isinstance(frame, gpd.GeoDataFrame):
        _write_vector(frame, path, chosen, layer.version.name)
    else:
        _write_table(frame, path, chosen, layer.version.name)
    return sorted(one for one in path.parent.iterdir() if one.stem == path.stem)


def _write_vector(frame: gpd.GeoDataFrame, path: Path, chosen: Format, name: str) -> None:
    if chosen.suffix == ".csv":
        table = pd.DataFrame(frame.drop(columns="geometry"))
        table.assign(wkt=frame.geometry.to_wkt()).to_csv(path, index=False, lineterminator="\n")
    elif chosen.suffix == ".parquet":
        frame.to_parquet(path, index=False, write_covering_bbox="bbox" not in frame.columns)
    elif chosen.suffix == ".geojson":
        _driven(to_crs(frame, LONLAT).set_crs(LONLAT), path, chosen, name, RFC7946="YES",
                COORDINATE_PRECISION="9")  # fmt: skip
    elif chosen.suffix == ".shp":
        _check_shapefile(frame, path)
        _driven(frame, path, chosen, name, ENCODING="UTF-8")
    elif chosen.suffix == ".gdb":
        # A feature class has one type, and its type of areas and lines is the multiple one.
        kind = _feature_class(_of_one_type(frame, name), name)
        _driven(frame, path, chosen, kind, promote_to_multi=not kind.endswith("_PT"))
    else:
        _driven(frame, path, chosen, name)


def _driven(frame: gpd.GeoDataFrame, path: Path, chosen: Format, name: str, **options: Any) -> None:
    pyogrio.write_dataframe(frame, path, layer=name, driver=chosen.driver, **options)


def _write_table(frame: pd.DataFrame, path: Path, chosen: Format, name: str) -> None:
    if not chosen.tables:
        raise LayerError(
            "layer {name} is a table without geometry and cannot be exported as {suffix}",
            code="export_table",
            hint="Use .csv, .parquet, .gpkg or .gdb",
            name=name,
            suffix=chosen.suffix,
        )
    if chosen.suffix == ".csv":
        frame.to_csv(path, index=False, lineterminator="\n")
    elif chosen.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        pyogrio.write_dataframe(frame, path, layer=name, driver=chosen.driver)


def _feature_class(frame: gpd.GeoDataFrame, name: str) -> str:
    for kind, ending in _ENDINGS.items():
        if frame.geometry.geom_type.dropna().str.endswith(kind).any():
            return f"{name.upper()}_{ending}"
    return name.upper()


def _of_one_type(frame: gpd.GeoDataFrame, name: str) -> gpd.GeoDataFrame:
    """Refuse a layer of areas and lines, or lines and points, in a format of one type."""
    found = set(frame.geometry.geom_type.dropna())
    plain = {one.removeprefix("Multi") for one in found}
    if len(plain) > 1:
        raise LayerError(
            "layer {name} mixes {types}; this format holds one type of geometry",
            code="export_mixed",
            hint="Export it as .gpkg, .parquet, .fgb or .geojson",
            name=name,
            types=", ".join(sorted(found)),
        )
    return frame


def _check_shapefile(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Refuse what a shapefile would cut: it says nothing when it does."""
    _of_one_type(frame, path.stem)
    columns = [str(name) for name in frame.columns if name != "geometry"]
    cut = [name for name in columns if len(name.encode()) > SHP_NAME]
    if cut:
        raise LayerError(
            "a shapefile would cut the names of {count} columns: {columns}",
            code="export_names_cut",
            hint="Shorten them to {limit} letters with --rename old=new, or choose .gpkg",
            count=len(cut),
            columns=", ".join(cut[:_LISTED]),
            limit=SHP_NAME,
        )
    timed = [name for name in columns if pd.api.types.is_datetime64_any_dtype(frame[name])]
    if timed:
        raise LayerError(
            "a shapefile holds days without a time; it would lose that of {columns}",
            code="export_instants",
            hint="Choose .gpkg",
            columns=", ".join(timed[:_LISTED]),
        )
    long = [name for name in columns if _longest(frame[name]) > SHP_TEXT]
    if long:
        raise LayerError(
            "a shapefile would cut texts longer than {limit} bytes in {columns}",
            code="export_text_cut",
            hint="Choose .gpkg",
            limit=SHP_TEXT,
            columns=", ".join(long[:_LISTED]),
        )


def _longest(values: pd.Series[Any]) -> int:
    if not pd.api.types.is_string_dtype(values):
        return 0
    return max((len(str(one).encode()) for one in values.dropna()), default=0)
