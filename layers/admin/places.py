"""Larger areas made of desa, and the area in which a place lies.

Kecamatan and kabupaten are dissolved from desa and never read beside them: layers of the
levels are simplified each for itself, and a desa would lie outside its own kecamatan.
"""

from __future__ import annotations

from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.admin.codes import LEVELS, code_column, parse_codes
from spatial.crs import parse_crs, project
from spatial.errors import SchemaError

__all__ = ["dissolve", "locate"]

#: Columns of names that go with a level, in the layers we read.
NAMES: Final = {"desa": "nama_desa", "kecamatan": "nama_kec", "kabkota": "nama_kab"}


def dissolve(desa: gpd.GeoDataFrame, level: str, *, code: str | None = None) -> gpd.GeoDataFrame:
    """Make the areas of a level from their desa.

    Parameters
    ----------
    desa : GeoDataFrame
        One row per desa, with its code.
    level : {"kecamatan", "kabkota", "provinsi"}
    code : str, optional
        Column of codes; found by its name without.

    Returns
    -------
    GeoDataFrame
        `kode`, `nama` where the desa carry it, `desa` (their number), `geometry`; by code.

    Raises
    ------
    SchemaError
        `admin_level`, or if the codes are none or not those of desa.

    Examples
    --------
    >>> desa = gpd.GeoDataFrame({"kode": ["33.74.01.1001", "33.74.01.1002"]}, crs="EPSG:4326",
    ...     geometry=[shapely.box(110, -7, 110.1, -6.9), shapely.box(110.1, -7, 110.2, -6.9)])
    >>> dissolve(desa, "kecamatan")[["kode", "desa"]].values.tolist()
    [['33.74.01', 2]]
    """
    if level not in LEVELS or level == "desa":
        raise SchemaError(
            "desa cannot be dissolved to {level!r}",
            code="admin_level",
            hint="Choose kecamatan, kabkota or provinsi",
            level=level,
        )
    codes = _desa_codes(desa, code)
    parents = codes.str.slice(stop=LEVELS[level]).to_numpy()
    rows = []
    for parent, part in desa.groupby(parents, sort=True):
        shapes = part[desa.geometry.name].dropna().to_numpy(dtype=object)
        rows.append((parent, _one_name(part, level), len(part), shapely.union_all(shapes)))
    frame = pd.DataFrame(rows, columns=["kode", "nama", "desa", "geometry"])
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=desa.crs)


def locate(
    points: gpd.GeoSeries | gpd.GeoDataFrame, desa: gpd.GeoDataFrame, *, code: str | None = None
) -> pd.DataFrame:
    """Tell the desa of each point, with the codes of the larger areas.

    Parameters
    ----------
    points : GeoSeries or GeoDataFrame of points
        In any CRS.
    desa : GeoDataFrame
        In any CRS, with codes of desa.
    code : str, optional
        Column of codes; found by its name without.

    Returns
    -------
    DataFrame
        Same index. `kode_desa`, `nama_desa` (where the layer names it), `kode_kec`,
        `kode_kab`: NA where there is no answer. `status` is empty, `outside`, `no_point`, or
        `ambiguous` for a place that several desa claim (on their common edge, or where the
        layer overlaps); `candidates` then lists their codes.

    Examples
    --------
    >>> desa = gpd.GeoDataFrame({"kode": ["33.74.01.1001"]}, crs="EPSG:4326",
    ...                         geometry=[shapely.box(110, -7, 110.1, -6.9)])
    >>> places = gpd.GeoSeries.from_xy([110.05, 111], [-6.95, -7], crs="EPSG:4326")
    >>> locate(places, desa)[["kode_desa", "kode_kab", "status"]].values.tolist()
    [['33.74.01.1001', '33.74', ''], [nan, nan, 'outside']]
    """
    codes = _desa_codes(desa, code).to_numpy(dtype=object)
    crs = parse_crs(desa.crs, what="the layer of desa")
    shapes = np.asarray(points.geometry.array, dtype=object)
    sound = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    moved = np.full(len(shapes), None, dtype=object)
    moved[sound] = project(shapely.force_2d(shapes[sound]), parse_crs(points.crs), crs)
    place, area = shapely.STRtree(np.asarray(desa.geometry.array, dtype=object)).query(
        moved, predicate="intersects"
    )
    claims = (
        pd.Series(codes[area], dtype="str").groupby(place).agg(lambda found: sorted(set(found)))
    )
    result = pd.DataFrame({"claims": claims}).reindex(range(len(shapes)))
    counts = result["claims"].map(len, na_action="ignore").fillna(0)
    chosen = result["claims"].where(counts == 1).map(lambda found: found[0], na_action="ignore")
    table = pd.DataFrame({"kode_desa": chosen.astype("str")})
    table["nama_desa"] = _names(desa, codes, table["kode_desa"])
    table["kode_kec"] = table["kode_desa"].str.slice(stop=LEVELS["kecamatan"])
    table["kode_kab"] = table["kode_desa"].str.slice(stop=LEVELS["kabkota"])
    status = np.where(counts > 1, "ambiguous", np.where(counts == 1, "", "outside"))
    table["status"] = np.where(sound, status, "no_point")
    table["candidates"] = [
        "; ".join(found) if isinstance(found, list) and len(found) > 1 else ""
        for found in result["claims"]
    ]
    return table.set_axis(points.index, axis=0)


def _desa_codes(desa: gpd.GeoDataFrame, code: str | None) -> pd.Series[str]:
    column = code or code_column(desa, what="the layer of desa")
    codes = parse_codes(desa[column], what=f"column {column}")
    if (other := codes[codes.str.len() != LEVELS["desa"]]).any():
        raise SchemaError(
            "column {column} holds codes that are not those of desa: {examples}",
            code="admin_not_desa",
            hint="Give the layer of desa/kelurahan; larger areas are made from it",
            column=column,
            examples=", ".join(other.head(5)),
        )
    return codes


def _one_name(part: pd.DataFrame, level: str) -> Any:
    column = NAMES.get(level, "")
    names: list[Any] = list(part[column].dropna().unique()) if column in part.columns else []
    return names[0] if len(names) == 1 else None


def _names(desa: gpd.GeoDataFrame, codes: Any, chosen: pd.Series[str]) -> pd.Series[Any]:
    for column in ("nama_desa", "nama"):
        if column in desa.columns:
            names = dict(zip(codes, desa[column], strict=True))
            return chosen.map(names)
    return pd.Series(pd.NA, index=chosen.index, dtype="str")
