"""Clusters of unfit houses against zone, hazard and programme."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial import shares
from spatial.crs import AREA_CRS, to_crs

__all__ = ["told_against"]


def told_against(
    clusters: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame | None = None,
    hazard: gpd.GeoDataFrame | None = None,
    programmes: gpd.GeoDataFrame | None = None,
    *,
    zone: str = "zona",
) -> gpd.GeoDataFrame:
    """Add what each cluster lies in: `zones`, `hazard_share`, `programmes` (how many touch it).

    Only the columns of the layers that were given are added.

    Examples
    --------
    >>> box = gpd.GeoDataFrame({"cluster": ["P1"], "zona": ["R-2"]},
    ...     geometry=[shapely.box(430_000, 9_200_000, 430_250, 9_200_250)], crs="EPSG:9489")
    >>> told_against(box[["cluster", "geometry"]], zones=box)["zones"].to_list()
    ['R-2 100 %']
    """
    out = clusters.copy()
    plane = np.asarray(to_crs(clusters, AREA_CRS).geometry.array, dtype=object)
    if zones is not None:
        found = shares(clusters.geometry, zones, by=zone) if len(clusters) else None
        words = {} if found is None else {
            name: _words(part) for name, part in found.groupby("parcel_id", sort=False)
        }  # fmt: skip
        out["zones"] = pd.Series(words, dtype=object).reindex(out.index)
    if hazard is not None:
        cover = shapely.union_all(
            shapely.make_valid(np.asarray(to_crs(hazard, AREA_CRS).geometry.array, dtype=object))
        )
        out["hazard_share"] = shapely.area(shapely.intersection(plane, cover)) / shapely.area(plane)
    if programmes is not None:
        there = np.asarray(to_crs(programmes, AREA_CRS).geometry.array, dtype=object)
        left, _ = shapely.STRtree(there).query(plane, predicate="intersects")
        out["programmes"] = np.bincount(left, minlength=len(plane))
    return out


def _words(part: pd.DataFrame) -> str:
    inside = part[part["zone"].notna()].sort_values("share", ascending=False)
    words = [f"{z} {100 * s:.0f} %" for z, s in zip(inside["zone"], inside["share"], strict=True)]
    rest = float(part.loc[part["zone"].isna(), "share"].sum())
    return ", ".join([*words, *([f"luar rencana {100 * rest:.0f} %"] if rest > 0.005 else [])])
