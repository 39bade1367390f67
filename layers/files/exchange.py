"""What a confined process hands back: a Parquet file and JSON, never a pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pyproj

from layers.files.raw import Raw
from spatial import errors
from spatial.notes import Note

__all__ = ["error_from", "error_to", "raw_from", "raw_to"]

_FRAME = "frame.parquet"


def raw_to(raw: Raw, folder: Path) -> dict[str, Any]:
    """Write what was read into a folder; the rest is returned as JSON-ready dictionary."""
    frame, as_json = _columns_of_one_type(raw.frame)
    frame.to_parquet(folder / _FRAME, index=False)
    return {
        "layer": raw.layer,
        "crs": None if raw.crs is None else pyproj.CRS.from_user_input(raw.crs).to_json(),
        "crs_stated": raw.crs_stated,
        "notes": [
            {"code": n.code, "text": n.text, "level": n.level, "details": n.details}
            for n in raw.notes
        ],
        "name": raw.name,
        "format": raw.format,
        "json_columns": as_json,
        "spatial": isinstance(frame, gpd.GeoDataFrame),
    }


def raw_from(said: dict[str, Any], folder: Path) -> Raw:
    """Read what `raw_to` wrote."""
    path = folder / _FRAME
    frame = gpd.read_parquet(path) if said["spatial"] else pd.read_parquet(path)
    for column in said["json_columns"]:
        values = [None if text is None else json.loads(text) for text in frame[column]]
        frame[column] = pd.Series(values, index=frame.index, dtype=object)
    return Raw(
        frame,
        said["layer"],
        None if said["crs"] is None else pyproj.CRS.from_json(said["crs"]),
        tuple(Note(**note) for note in said["notes"]),
        said["crs_stated"],
        said["name"],
        said["format"],
    )


def _columns_of_one_type(
    frame: gpd.GeoDataFrame | pd.DataFrame,
) -> tuple[gpd.GeoDataFrame | pd.DataFrame, list[str]]:
    """Write columns that mix types as JSON: a workbook has texts among its numbers."""
    mixed = [
        name
        for name, dtype in frame.dtypes.items()
        if pd.api.types.is_object_dtype(dtype) and not _is_arrow(frame[name])
    ]
    result = frame.copy()
    for name in mixed:
        result[name] = [None if _is_na(v) else json.dumps(v, default=str) for v in frame[name]]
    return result, [str(name) for name in mixed]


def _is_arrow(values: pd.Series[Any]) -> bool:
    try:
        pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
        return False
    return True


def _is_na(value: Any) -> bool:
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def error_to(error: errors.EngineError) -> dict[str, Any]:
    """Return an error as JSON-ready dictionary."""
    return {
        "type": type(error).__name__,
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "details": json.loads(json.dumps(error.details, default=str)),
    }


def error_from(said: dict[str, Any]) -> errors.EngineError:
    """Return the error that `error_to` wrote."""
    kind = getattr(errors, said["type"]) if said["type"] in errors.__all__ else errors.LayerError
    details = {key: value for key, value in said["details"].items() if key not in ("code", "hint")}
    found: errors.EngineError = kind(
        _escaped(said["message"]), code=said["code"], hint=_escaped(said["hint"]), **details
    )
    return found


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")
