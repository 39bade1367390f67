"""What the service computes beside verdicts, where it can be stopped.

Every function takes the engine first and gives JSON-ready content.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from api.errors import RequestError
from api.models import PermitProperties
from api.symbology.rasters import style_of
from api.tiles.raster import rule_of
from hazard import Exposure, Hazard, hazard_from_grid
from hazard import exposure as measure
from layers.files import format_of
from spatial.crs import LONLAT, project
from spatial.errors import LayerNotFoundError
from spatial.zonal import open_grid
from zoning import read_permits

__all__ = ["OF", "exposure", "hazards", "layer_of", "parcels"]

#: What may be asked for: our word -> kind of layer, and whether features are counted.
OF: Final = {"lahan": ("", False), "bangunan": ("bangunan", True), "jalan": ("jalan", False)}
VILLAGES: Final = ("batas_administrasi", "batas_desa")
#: Tables are told from other files by their suffix; the rest is looked at.
TABLES: Final = ("csv", "xlsx")


def hazards(engine: Any) -> list[str]:
    """Return the names of hazard maps that can be measured."""
    names = [str(version.name) for version in engine.store.layers() if version.form == "raster"]
    return [name for name in names if style_of(name) is not None]


def exposure(engine: Any, hazard: str, of: str, area: bytes | None) -> dict[str, Any]:
    """Measure what stands in each class of a hazard, village by village.

    Parameters
    ----------
    hazard : str
        Name of a hazard raster of the workspace.
    of : {"lahan", "bangunan", "jalan"}
    area : bytes, optional
        WKB in CRS84: only what lies in it; villages are cut at its edge.

    Returns
    -------
    dict
        `table` (unit, class, amount), `classes` (sums), `accounts` (that they close), `unit`.

    Raises
    ------
    LayerNotFoundError
        If hazard, villages or what is exposed is not in the workspace.
    ClosureError
        If the parts do not add up to the whole.
    """
    units, key, name = _units(engine, area)
    kind, count = OF[of]
    exposed = layer_of(engine, kind) if kind else None
    if exposed is not None and area is not None:
        exposed = _near(exposed, shapely.from_wkb(area))
    result = measure([_hazard(engine, hazard)], units, unit_id=key, of=exposed, count=count)
    return _told(result, units.set_index(key)[name].to_dict(), hazard, of)


def parcels(engine: Any, content: bytes) -> dict[str, Any]:
    """Read a file of parcels as a GeoJSON FeatureCollection in CRS84; nothing is repaired.

    Raises
    ------
    EngineError
        What is wrong with the file.
    """
    with tempfile.TemporaryDirectory(prefix="tataruang-upload-") as folder:
        # The name is ours: what the sender called it says nothing.
        plain = Path(folder) / "unggahan"
        plain.write_bytes(content)
        form = format_of(plain)
        named = plain.with_suffix(f".{form}") if form in TABLES else plain
        plain.rename(named)
        frame = read_permits(named, within=engine.extent)
    return _features(frame)


def _features(frame: gpd.GeoDataFrame) -> dict[str, Any]:
    moved = project(np.asarray(frame.geometry.array, dtype=object), frame.crs, LONLAT)
    known = set(PermitProperties.model_fields)
    features: list[dict[str, Any]] = []
    for (_, row), shape in zip(frame.iterrows(), moved, strict=True):
        fault = row.get("kendala")
        if fault is not None and fault == fault:
            raise RequestError(
                "row {row} cannot be judged: {fault}",
                code="parcel_row",
                row=str(row.get("permit_id") or len(features) + 1),
                fault=str(fault)[:200],
            )
        fields = {n: _plain(v) for n, v in row.items() if n in known and _given(v)}
        geometry = shape.__geo_interface__
        features.append({"type": "Feature", "geometry": geometry, "properties": fields})
    return {"type": "FeatureCollection", "features": features}


def _given(value: Any) -> bool:
    if isinstance(value, BaseGeometry | tuple | list):
        return not isinstance(value, BaseGeometry) and len(value) > 0
    return value is not None and value == value and value != ""


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()[:10]
    return value.item() if hasattr(value, "item") else value


def _hazard(engine: Any, name: str) -> Hazard:
    style = style_of(name)
    path = getattr(engine.layer(name), "path", None)
    if style is None or path is None:
        raise LayerNotFoundError(
            "the layer {name} is no hazard map",
            code="hazard_unknown",
            hint="Hazard maps of this workspace: {known}",
            name=name,
            known=", ".join(hazards(engine)) or "-",
        )
    return hazard_from_grid(open_grid(path), rule_of(path, name), name=name)


def _units(engine: Any, area: bytes | None) -> tuple[gpd.GeoDataFrame, str, str]:
    """Return villages, cut at the edge of an area, and the names of their columns."""
    frame = layer_of(engine, *VILLAGES)
    key = next(one for one in ("kode_desa", "kode") if one in frame)
    name = next((one for one in ("nama_desa", "nama") if one in frame), key)
    if area is None:
        return frame, key, name
    [edge] = project(np.array([shapely.from_wkb(area)], dtype=np.object_), LONLAT, frame.crs)
    near = frame.iloc[np.sort(frame.sindex.query(edge, predicate="intersects"))]
    cut = shapely.intersection(np.asarray(near.geometry.array, dtype=object), edge)
    found = near.set_geometry(gpd.GeoSeries(cut, index=near.index, crs=frame.crs))
    found = found[shapely.area(cut) > 0]
    if found.empty:
        raise LayerNotFoundError(
            "no village lies in the area", code="area_outside", hint="Choose another area"
        )
    return found, key, name


def layer_of(engine: Any, *kinds: str) -> gpd.GeoDataFrame:
    """Return the first layer with shapes of one of some kinds, or so named.

    Raises
    ------
    LayerNotFoundError
        `kind_missing`.
    """
    for version in engine.store.layers():
        if version.kind in kinds or version.name in kinds:
            frame = engine.layer(version.name).frame
            if isinstance(frame, gpd.GeoDataFrame):
                return frame
    raise LayerNotFoundError(
        "the workspace has no layer of the kind {kind}", code="kind_missing", kind=kinds[0]
    )


def _near(frame: gpd.GeoDataFrame, area: BaseGeometry) -> gpd.GeoDataFrame:
    [edge] = project(np.array([area], dtype=np.object_), LONLAT, frame.crs)
    return frame.iloc[np.sort(frame.sindex.query(edge, predicate="intersects"))]


def _told(result: Exposure, names: dict[Any, Any], hazard: str, of: str) -> dict[str, Any]:
    table = result.table
    sums = table.groupby("hazard_class", sort=False)["amount"].sum()
    columns = [one for one in ("unit", "unit_id", "hazard_class", "amount") if one in table]
    unit = next(one for one in columns if one.startswith("unit"))
    return {
        "hazard": hazard,
        "of": of,
        "unit": result.unit,
        "classes": [{"class": str(c), "amount": float(a)} for c, a in sums.items()],
        "table": [
            {
                "code": str(code),
                "name": str(names.get(code, code)),
                "class": str(label),
                "amount": float(amount),
            }
            for code, label, amount in table[[unit, "hazard_class", "amount"]].itertuples(
                index=False
            )
        ],
        "accounts": [_account(one) for one in result.accounts.to_dict("records")],
        "notes": [note.to_dict() for note in result.notes],
    }


def _account(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(k): v.item() if hasattr(v, "item") else v for k, v in row.items()}
