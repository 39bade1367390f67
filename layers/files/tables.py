"""Tables of text and workbooks: rows as they stand, geometry from WKT or from coordinates."""

from __future__ import annotations

import zipfile
from typing import Any, Final

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import shapely

from layers.files.opener import Opened
from layers.files.raw import Raw, flat
from layers.files.vectors import unreadable
from layers.values import blank_to_na, parse_coordinate
from spatial.errors import LayerError

__all__ = ["read_table"]

#: Columns in which tables carry a geometry.
GEOMETRY_COLUMNS: Final = ("wkt", "geometry", "geom", "geometri", "the_geom", "geojson")
#: Pairs of columns of coordinates, x or longitude first.
XY_COLUMNS: Final = (
    ("x", "y"), ("lon", "lat"), ("long", "lat"), ("longitude", "latitude"), ("bujur", "lintang"),
    ("bt", "ls"), ("easting", "northing"), ("x_utm", "y_utm"),
)  # fmt: skip
_ENCODINGS: Final = ("utf-8-sig", "cp1252")


def read_table(file: Opened, sheet: str | None, encoding: str | None) -> Raw:
    """Read a CSV or one sheet of a workbook.

    Every value of a CSV is text; a workbook keeps its numbers, dates and texts.

    Raises
    ------
    LayerError
        `layer_unreadable`, `layer_choice`, `encoding_wrong`, `geometry_unreadable`.
    """
    try:
        frame, name = _csv(file, encoding) if file.format == "csv" else _xlsx(file, sheet)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, pd.errors.ParserError) as error:
        if isinstance(error, LayerError):
            raise
        raise unreadable(file.name, error) from error
    found = _with_geometry(frame)
    if not isinstance(found, gpd.GeoDataFrame):
        return Raw(found, name, None)
    found, notes = flat(found, file.name)
    return Raw(found, name, None, tuple(notes))


def _csv(file: Opened, encoding: str | None) -> tuple[pd.DataFrame, str]:
    for tried in [encoding] if encoding else _ENCODINGS:
        try:
            frame = pd.read_csv(
                file.path,
                dtype=str,
                keep_default_na=False,
                encoding=tried,
                sep=_separator(file, tried),
            )
        except (UnicodeDecodeError, LookupError):
            continue
        return frame, file.path.stem
    raise LayerError(
        "the text in {name} is not in the encoding it states ({encoding})",
        code="encoding_wrong",
        hint="Say the true one: --encoding cp1252 or --encoding utf-8",
        name=file.name,
        encoding=encoding or "utf-8",
    )


def _separator(file: Opened, encoding: str) -> str:
    with file.path.open(encoding=encoding) as source:
        head = source.readline()
    return max(",;\t", key=head.count)


def _xlsx(file: Opened, sheet: str | None) -> tuple[pd.DataFrame, str]:
    known = _sheets(file)
    name = sheet or known[0]
    if name not in known:
        raise LayerError(
            "{name} has no sheet {layer!r}",
            code="layer_choice",
            hint="Its sheets: {known}",
            name=file.name,
            layer=name,
            known=", ".join(known),
        )
    frame = pd.read_excel(
        file.path, sheet_name=name, dtype=object, keep_default_na=False, engine="openpyxl"
    )
    frame.columns = frame.columns.map(str)
    return frame, name


def _sheets(file: Opened) -> list[str]:
    book = openpyxl.load_workbook(file.path, read_only=True)
    try:
        return [str(name) for name in book.sheetnames]
    finally:
        book.close()


def _with_geometry(frame: pd.DataFrame) -> gpd.GeoDataFrame | pd.DataFrame:
    """Take geometry from a column of WKT or GeoJSON, or from two of coordinates."""
    by_lower = {str(column).strip().lower(): column for column in frame.columns}
    for name in GEOMETRY_COLUMNS:
        if name in by_lower:
            shapes = [
                _shape(value, row) for row, value in enumerate(blank_to_na(frame[by_lower[name]]))
            ]
            rest = frame.drop(columns=by_lower[name])
            return gpd.GeoDataFrame(rest, geometry=gpd.GeoSeries(shapes, index=frame.index))
    for x, y in XY_COLUMNS:
        if x in by_lower and y in by_lower:
            xs, ys = (blank_to_na(frame[by_lower[k]]).map(parse_coordinate) for k in (x, y))
            points = np.asarray(gpd.points_from_xy(xs, ys), dtype=object)
            points[(xs.isna() | ys.isna()).to_numpy()] = None
            return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(points, index=frame.index))
    return frame


def _shape(value: Any, row: int) -> Any:
    if value is None or pd.isna(value):
        return None
    text = str(value).strip().partition("SRID=")[2].partition(";")[2] or str(value).strip()
    try:
        return shapely.from_geojson(text) if text.startswith("{") else shapely.from_wkt(text)
    except (shapely.errors.ShapelyError, RuntimeError) as error:
        raise LayerError(
            "row {row}: a geometry cannot be read: {reason}",
            code="geometry_unreadable",
            hint='Write WKT: POLYGON ((x y, ...)), or GeoJSON: {{"type": "Polygon", ...}}',
            row=row,
            reason=str(error)[:160],
        ) from error
