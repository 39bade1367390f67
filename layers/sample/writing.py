"""Files as agencies send them: many formats, several CRS, official columns."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from layers.sample.grid import CRS, FINE_CELL, transform
from layers.sample.names import MARK
from layers.sample.surface import NODATA
from spatial.crs import parse_crs, project

__all__ = [
    "FILES",
    "LayerFile",
    "write_json",
    "write_permits",
    "write_raster",
    "write_table",
    "write_vector",
]

Array: TypeAlias = NDArray[np.float64]

#: Written into formats that carry a date of change, so that a build can be compared.
FIXED_DATE: Final = "2024-06-13T00:00:00Z"
DEGREE_DECIMALS: Final = 7
METRE_DECIMALS: Final = 2
#: A millimetre: seven decimals would move the area of a plot by 0.1 m2.
PARCEL_DECIMALS: Final = 8
#: A zip entry's date; the oldest the format knows.
ZIP_DATE: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class LayerFile:
    """How one layer is stored: its file, its kind, the CRS it is published in."""

    file: str
    kind: str
    crs: str


#: Stored name and file of each vector layer.
FILES: Final = {
    "rdtr": LayerFile("rdtr.gpkg", "pola_ruang", CRS),
    "rtrw_kab": LayerFile("rtrw_kab.zip", "pola_ruang", CRS),
    "rtrw_prov": LayerFile("rtrw_prov.geojson", "pola_ruang", "OGC:CRS84"),
    "kawasan_hutan": LayerFile("kawasan_hutan.shp", "kawasan_hutan", "EPSG:32749"),
    "das": LayerFile("das.fgb", "das", "EPSG:4326"),
    "sungai": LayerFile("sungai.geojson", "sungai", "OGC:CRS84"),
    "garis_pantai": LayerFile("garis_pantai.geojson", "garis_pantai", "OGC:CRS84"),
    "mata_air": LayerFile("mata_air.kml", "mata_air", "EPSG:4326"),
    "lp2b": LayerFile("lp2b.gpkg", "lp2b", CRS),
    "lsd": LayerFile("lsd.fgb", "lsd", "ESRI:54034"),
    "krb": LayerFile("krb.gpkg", "krb", CRS),
    "cagar_budaya": LayerFile("cagar_budaya.geojson", "cagar_budaya", "OGC:CRS84"),
    "batas_desa": LayerFile("batas_desa.parquet", "batas_administrasi", "EPSG:4326"),
    "jalan": LayerFile("jalan.gpkg", "jalan", CRS),
    "bangunan": LayerFile("bangunan.fgb", "bangunan", "EPSG:4326"),
    "sekolah": LayerFile("sekolah.geojson", "sekolah", "OGC:CRS84"),
    "kesehatan": LayerFile("kesehatan.gpkg", "kesehatan", CRS),
    "evakuasi": LayerFile("evakuasi.fgb", "evakuasi", "EPSG:4326"),
}
DRIVERS: Final = {
    ".gpkg": "GPKG",
    ".geojson": "GeoJSON",
    ".shp": "ESRI Shapefile",
    ".fgb": "FlatGeobuf",
    ".kml": "KML",
}


def write_vector(frame: gpd.GeoDataFrame, name: str, folder: Path) -> Path:
    """Write a layer in the format and CRS it is published in.

    Vertices are moved one by one and rounded alike, so a coverage stays exact.
    """
    how = FILES[name]
    path = folder / how.file
    moved = frame.set_geometry(_published(frame, how.crs), crs=how.crs)
    if path.suffix == ".parquet":
        moved.to_parquet(path, index=False)
    elif path.suffix == ".zip":
        _write_zip(moved, path)
    else:
        _write(moved, path, name)
    return path


def _published(frame: gpd.GeoDataFrame, crs: str) -> gpd.GeoSeries:
    """Geometries in another CRS, rounded; heights are kept."""
    flat = frame.geometry.to_numpy()
    decimals = DEGREE_DECIMALS if parse_crs(crs).is_geographic else METRE_DECIMALS
    if not shapely.has_z(flat).any():
        moved = project(flat, CRS, crs, densify=False)
        rounded = shapely.transform(moved, lambda xy: np.round(xy, decimals))
    else:
        rounded = _published_3d(flat, crs, decimals)
    return gpd.GeoSeries(rounded, index=frame.index, crs=crs)


def _published_3d(geometries: NDArray[np.object_], crs: str, decimals: int) -> NDArray[np.object_]:
    xyz = shapely.get_coordinates(geometries, include_z=True)
    flat = shapely.get_coordinates(
        project(np.asarray(shapely.points(xyz[:, :2])), CRS, crs, densify=False)
    )
    values = np.column_stack((np.round(flat, decimals), np.round(xyz[:, 2], 2)))
    return np.asarray(shapely.set_coordinates(geometries.copy(), values), dtype=object)


def _write(frame: gpd.GeoDataFrame, path: Path, layer: str) -> None:
    options: dict[str, Any] = {}
    if path.suffix == ".geojson":
        options = {"COORDINATE_PRECISION": DEGREE_DECIMALS, "RFC7946": "NO"}
    if path.suffix == ".gpkg":
        options = {"DESCRIPTION": MARK}
    with _fixed_date():
        pyogrio.write_dataframe(frame, path, driver=DRIVERS[path.suffix], layer=layer, **options)


def _write_zip(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write a zipped Shapefile whose entries carry one fixed date."""
    inner = path.with_suffix("")
    inner.mkdir()
    _write(frame, inner / f"{path.stem}.shp", path.stem)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(inner.iterdir()):
            entry = zipfile.ZipInfo(part.name, ZIP_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, part.read_bytes())
            part.unlink()
    inner.rmdir()


@contextmanager
def _fixed_date() -> Iterator[None]:
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": FIXED_DATE})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def write_permits(permits: gpd.GeoDataFrame, corners: pd.DataFrame, folder: Path) -> None:
    """Write the permits as GeoJSON, and as a workbook with corners as surveyors send them."""
    moved = permits.assign(
        geometry=_lonlat(permits.geometry.to_numpy()),
        footprint=pd.Series(_wkt(permits["footprint"], PARCEL_DECIMALS, _lonlat), dtype=object),
    )
    properties = moved.drop(columns="geometry").to_dict("records")
    features = [
        {
            "type": "Feature",
            "properties": {key: _plain(value) for key, value in row.items()},
            "geometry": shapely.geometry.mapping(parcel),
        }
        for row, parcel in zip(properties, moved["geometry"], strict=True)
    ]
    write_json({"type": "FeatureCollection", "features": features}, folder / "permohonan.geojson")
    # One workbook, one CRS: corners and footprints both in metres, as surveyed.
    table = pd.DataFrame(permits.drop(columns="geometry")).assign(
        dokumen=["; ".join(items) for items in permits["dokumen"]],
        footprint=pd.Series(_wkt(permits["footprint"], 3), dtype=object),
    )
    with pd.ExcelWriter(folder / "permohonan.xlsx", engine="openpyxl") as workbook:
        table.to_excel(workbook, sheet_name="permohonan", index=False)
        corners.to_excel(workbook, sheet_name="titik", index=False)


def _lonlat(geometries: NDArray[np.object_]) -> NDArray[np.object_]:
    moved = project(geometries, CRS, "OGC:CRS84", densify=False)
    return np.asarray(
        shapely.transform(moved, lambda xy: np.round(xy, PARCEL_DECIMALS)), dtype=object
    )


def _wkt(
    footprints: pd.Series[Any],
    decimals: int,
    move: Callable[[NDArray[np.object_]], NDArray[np.object_]] = lambda shapes: shapes,
) -> list[str | None]:
    texts: list[str | None] = []
    for shape in footprints:
        if isinstance(shape, BaseGeometry):
            moved = move(np.array([shape], dtype=object))[0]
            texts.append(str(shapely.to_wkt(moved, rounding_precision=decimals)))
        else:
            texts.append(None)
    return texts


def _plain(value: Any) -> Any:
    """Return a JSON value; not-a-number is null."""
    if isinstance(value, float) and np.isnan(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def write_raster(values: Array, path: Path, *, description: str) -> None:
    """Write a 30 m grid as GeoTIFF with its nodata value."""
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=values.shape[0],
        width=values.shape[1],
        count=1,
        dtype="float32",
        crs=CRS,
        transform=transform(FINE_CELL),
        nodata=NODATA,
        compress="deflate",
        predictor=3,
        tiled=True,
    ) as raster:
        raster.write(values.astype(np.float32), 1)
        raster.set_band_description(1, description)
        raster.update_tags(REMARK=MARK)


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV."""
    frame.to_csv(path, index=False, lineterminator="\n")


def write_json(value: dict[str, Any], path: Path) -> None:
    """Write a JSON document people can read."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
