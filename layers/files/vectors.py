"""Vector files through pyogrio and geopandas: names as they stand, what drivers say as notes."""

from __future__ import annotations

import errno
import json
import re
import warnings
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from layers.files.opener import Opened
from layers.files.raw import Raw, as_json, flat
from layers.files.shapefile import check_shapefile, states_encoding
from spatial.crs import LONLAT
from spatial.errors import LayerError
from spatial.notes import Note

__all__ = [
    "choose_layer",
    "encoding_guessed",
    "implies_lonlat",
    "read_parquet",
    "read_vector",
    "unreadable",
]

#: Formats that are in degrees by their specification.
_LONLAT_BY_LAW: Final = ("geojson", "geojsonseq", "kml")
_CRS_MEMBER: Final = re.compile(rb'"crs"\s*:\s*\{')
_END: Final = 4096
#: What libraries say when memory was refused to them.
_NO_MEMORY: Final = ("alloc", "out of memory")
#: What drivers say that is no news: measures are told by the note on heights, and the driver
#: of GML wants to leave notes of its own beside the file.
_NO_NEWS: Final = (
    "Measured (M) geometry types are not supported",
    "GFS file saving asked, but failed",
)


def read_vector(file: Opened, layer: str | None, encoding: str | None) -> Raw:
    """Read a layer of a vector file.

    Raises
    ------
    LayerError
        `layer_choice`, `layer_unreadable`, `encoding_wrong`.
    """
    name = choose_layer(file, layer)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        frame = _frame(file, name, encoding)
    check_records(file, len(frame))
    texts = dict.fromkeys(str(warning.message) for warning in said)
    # What the driver said is no news for Python's warnings but for whoever sent the file.
    notes = [
        Note("driver_said", "{file}: {said}", "warning", {"file": file.name, "said": text})
        for text in texts
        if not text.startswith(_NO_NEWS)
    ]
    frame = _without_nesting(frame)
    if file.format == "shapefile" and encoding is None:
        notes += _encoding_note(file, frame)
    if not isinstance(frame, gpd.GeoDataFrame):
        return Raw(frame, name, None, tuple(notes))
    frame, dropped = flat(frame, file.name)
    if file.format == "dxf":
        frame, closed = _closed_lines(frame, file.name)
        notes += closed
    implied = implies_lonlat(file)
    crs = LONLAT if implied else frame.crs
    return Raw(frame, name, crs, (*notes, *dropped), crs_stated=not implied)


def check_records(file: Opened, rows: int) -> None:
    """Refuse a GeoJSONSeq of which not every record became a row: its driver drops some.

    Raises
    ------
    LayerError
        `records_unread`.
    """
    if file.format != "geojsonseq":
        return
    with file.path.open("rb") as source:
        marked = source.read(4).lstrip(b"\xef\xbb\xbf").startswith(b"\x1e")
        source.seek(0)
        records = sum(line.count(b"\x1e") if marked else bool(line.strip()) for line in source)
    if records != rows:
        raise LayerError(
            "{name} holds {records} records, of which {rows} can be read",
            code="records_unread",
            hint="It may be cut off or damaged: fetch it again, or export it from QGIS as GPKG",
            name=file.name,
            records=records,
            rows=rows,
        )


def _without_nesting(
    frame: gpd.GeoDataFrame | pd.DataFrame,
) -> gpd.GeoDataFrame | pd.DataFrame:
    """Write lists and objects within a cell as JSON text."""
    for name, dtype in frame.dtypes.items():
        if name != "geometry" and pd.api.types.is_object_dtype(dtype):
            nested = frame[name].map(lambda value: isinstance(value, list | dict | np.ndarray))
            if nested.any():
                frame[name] = frame[name].map(
                    lambda value: (
                        as_json(value) if isinstance(value, list | dict | np.ndarray) else value
                    )
                )
    return frame


def _closed_lines(frame: gpd.GeoDataFrame, name: str) -> tuple[gpd.GeoDataFrame, list[Note]]:
    """Make polygons of closed lines: a drawing knows no other way to draw a parcel."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    lines = (shapely.get_type_id(shapes) == 1) & shapely.is_closed(shapes)
    lines &= shapely.get_num_coordinates(shapes) >= 4
    if not lines.any():
        return frame, []
    shapes = shapes.copy()
    shapes[lines] = [shapely.Polygon(line.coords) for line in shapes[lines]]
    note = Note(
        "lines_closed",
        "{file}: {count} closed lines of the drawing are read as polygons",
        "info",
        {"file": name, "count": int(lines.sum())},
    )
    return frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=frame.crs)), [note]


def _frame(file: Opened, layer: str, encoding: str | None) -> gpd.GeoDataFrame | pd.DataFrame:
    try:
        frame: gpd.GeoDataFrame | pd.DataFrame = pyogrio.read_dataframe(
            file.path, layer=layer, encoding=encoding
        )
    except UnicodeDecodeError as error:
        raise LayerError(
            "the text in {name} is not in the encoding it states ({encoding})",
            code="encoding_wrong",
            hint="Say the true one: --encoding cp1252 or --encoding utf-8",
            name=file.name,
            encoding=encoding or error.encoding,
        ) from error
    except (DataSourceError, DataLayerError, OSError, ValueError, RuntimeError) as error:
        raise unreadable(file.name, error) from error
    return frame


def unreadable(name: str, error: Exception) -> LayerError:
    """Return the error of a file that its driver refuses.

    Raises
    ------
    MemoryError
        If that was the reason: then nothing is said of the file.
    """
    said = str(error).lower()
    if getattr(error, "errno", None) == errno.ENOMEM or any(word in said for word in _NO_MEMORY):
        raise MemoryError from error
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return LayerError(
        "{name} cannot be read: {reason}",
        code="layer_unreadable",
        hint="It may be cut off or damaged: fetch it again, or export it from QGIS as GPKG",
        name=name,
        reason=re.sub(r"\S*/(tataruang-\w+/)?", "", reason)[:200],
    )


def _encoding_note(file: Opened, frame: pd.DataFrame) -> list[Note]:
    """Tell that letters beyond ASCII were read by a guess."""
    if states_encoding(check_shapefile(file.path)):
        return []
    text = frame.select_dtypes(include=["object", "str"]).drop(columns="geometry", errors="ignore")
    for column in text.columns:
        for value in text[column].dropna().unique():
            if isinstance(value, str) and not value.isascii():
                return [encoding_guessed(file.name, column, value[:60])]
    return []


def encoding_guessed(name: str, column: str, example: str) -> Note:
    """Return the note on a file whose text was read by a guess."""
    text = (
        "{file} states no encoding; its text was read as ISO-8859-1, "
        "for example {example!r} in {column}"
    )
    facts = {"file": name, "column": column, "example": example}
    return Note("encoding_guessed", text, "warning", facts)


def implies_lonlat(file: Opened) -> bool:
    """Say whether a file is in degrees by the specification of its format."""
    return file.format in _LONLAT_BY_LAW and not _has_crs_member(file)


def _has_crs_member(file: Opened) -> bool:
    """Look for the crs member that GeoJSON had before its RFC, at both ends of the file."""
    with file.path.open("rb") as source:
        ends = source.read(_END)
        source.seek(max(0, file.path.stat().st_size - _END))
        ends += source.read(_END)
    return file.format == "geojson" and bool(_CRS_MEMBER.search(ends))


def choose_layer(file: Opened, layer: str | None) -> str:
    """Return the layer that is meant: the one asked for, or the only one.

    Raises
    ------
    LayerError
        `layer_choice`, with the names to choose from; `layer_unreadable`.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # told when the layer is read
            names = [str(row[0]) for row in pyogrio.list_layers(file.path)]
    except (DataSourceError, OSError, ValueError, RuntimeError) as error:
        raise unreadable(file.name, error) from error
    if layer in names:
        return str(layer)
    if layer is None and len(names) == 1:
        return names[0]
    raise LayerError(
        "{name} holds {count} layers",
        code="layer_choice",
        hint="Choose one with --layer: {known}",
        name=file.name,
        count=len(names),
        known=", ".join(names[:40]),
    )


def read_parquet(file: Opened) -> Raw:
    """Read a GeoParquet, or a Parquet table.

    Raises
    ------
    LayerError
        `layer_unreadable`.
    """
    try:
        frame = gpd.read_parquet(file.path)
    except ValueError as error:
        if "geo metadata" not in str(error).lower():
            raise unreadable(file.name, error) from error
        return Raw(pd.read_parquet(file.path), file.path.stem, None)
    except (OSError, KeyError, TypeError) as error:
        raise unreadable(file.name, error) from error
    # By its specification a file without CRS would be in degrees, which nobody said.
    crs: Any = frame.crs if _parquet_states_crs(file) else None
    frame, notes = flat(frame.reset_index(drop=True), file.name)
    return Raw(frame, file.path.stem, crs, tuple(notes))


def _parquet_states_crs(file: Opened) -> bool:
    import pyarrow.parquet as pq

    metadata = json.loads(pq.read_schema(file.path).metadata[b"geo"])
    column = metadata["columns"][metadata["primary_column"]]
    return column.get("crs") is not None
