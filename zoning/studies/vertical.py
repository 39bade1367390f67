"""Vertical development: floor area that the plan still allows, and the ground it would spare."""

from __future__ import annotations

from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.crs import AREA_CRS, to_crs
from spatial.errors import SchemaError
from spatial.planes import plane_of

__all__ = ["room_above", "summarise_room"]

CANDIDATES: Final = (
    "candidate", "in_hazard", "too_far", "low_limit", "no_room", "undecided",
)  # fmt: skip


def room_above(
    blocks: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    *,
    klb: str = "klb_maks",
    floors: str = "lantai",
    hazard: gpd.GeoDataFrame | None = None,
    services: gpd.GeoDataFrame | None = None,
    reach_m: float = 500.0,
    hazard_share: float = 0.1,
    least_room: float = 0.25,
    least_klb: float = 1.0,
) -> pd.DataFrame:
    """Measure unused floor area ratio (KLB) and height of each block.

    Parameters
    ----------
    blocks : GeoDataFrame of polygons, index unique
        With the largest KLB in column `klb`; NA where the plan sets none.
    buildings : GeoDataFrame of polygons
        With the number of floors in column `floors`; NA where it is not known.
    hazard : GeoDataFrame, optional
        Places where nothing should be added. Without it no block is a candidate: not knowing
        the hazard is not its absence.
    services : GeoDataFrame, optional
        Transit stops or services; a candidate lies within `reach_m` of one.
    reach_m, hazard_share : float
        Largest distance to a service; largest share of a candidate in hazard.
    least_room : float
        Least unused share of the KLB of a candidate, 0..1.
    least_klb : float
        Least KLB of a candidate: below 1 the plan wants no building up.

    Returns
    -------
    DataFrame
        Index as `blocks`: `area_m2`, `footprint_m2`, `floor_m2` (known floors; buildings
        without number count one floor), `unknown_share` (of the footprint, without number of
        floors), `height` (mean floors of what is built), `klb_used`, `klb_max`,
        `unused_m2`, `unused_share`, `over` (built above the KLB), `hazard_share`, `service_m`,
        `spared_m2`: ground that the unused floor area would take at the block's present
        height; `candidate`: candidate, in_hazard, too_far, low_limit, no_room, undecided.

    Notes
    -----
    A building that stands in two blocks counts in each with its part. Buildings over each
    other count twice: repair the layer first.

    Raises
    ------
    SchemaError
        `vertical_column`.

    Examples
    --------
    >>> square = lambda x, w: shapely.box(430_000 + x, 9_200_000, 430_000 + x + w, 9_200_000 + w)
    >>> blocks = gpd.GeoDataFrame({"klb_maks": [2.0]}, geometry=[square(0, 100)], crs="EPSG:9489")
    >>> built = gpd.GeoDataFrame({"lantai": [2]}, geometry=[square(10, 50)], crs="EPSG:9489")
    >>> room_above(blocks, built)[["klb_used", "unused_share"]].round(3).values.tolist()
    [[0.5, 0.75]]
    """
    for frame, name, what in ((blocks, klb, "blocks"), (buildings, floors, "buildings")):
        if name not in frame.columns:
            raise SchemaError(
                "{what} have no column {column!r}",
                code="vertical_column",
                hint="The columns are: {columns}",
                what=what,
                column=name,
                columns=", ".join(map(str, frame.columns.drop("geometry"))),
            )
    plane = np.asarray(to_crs(blocks, AREA_CRS).geometry.array, dtype=object)
    out = pd.DataFrame({"area_m2": shapely.area(plane)}, index=blocks.index)
    out = out.join(_built(plane, buildings, floors, blocks.index))
    limit = pd.to_numeric(blocks[klb], errors="coerce")
    out["klb_used"], out["klb_max"] = out["floor_m2"] / out["area_m2"], limit
    room = limit * out["area_m2"] - out["floor_m2"]
    out["unused_m2"] = room.clip(lower=0.0)
    out["unused_share"] = out["unused_m2"] / (limit * out["area_m2"]).where(limit > 0)
    out["over"] = room < 0
    out["hazard_share"] = np.nan if hazard is None else _under(plane, hazard)
    out["service_m"] = np.nan if services is None else _nearest(blocks, services)
    out["spared_m2"] = out["unused_m2"] / out["height"].clip(lower=1.0).fillna(1.0)
    out["candidate"] = _candidates(out, services is not None, reach_m, hazard_share, least_room)
    low = (out["klb_max"] < least_klb) & (out["candidate"] != "no_room")
    out["candidate"] = out["candidate"].mask(low, "low_limit")
    return out


def _built(
    plane: np.ndarray, buildings: gpd.GeoDataFrame, floors: str, index: pd.Index
) -> pd.DataFrame:
    shapes = shapely.make_valid(
        np.asarray(to_crs(buildings, AREA_CRS).geometry.array, dtype=object)
    )
    many = pd.to_numeric(buildings[floors], errors="coerce").to_numpy(dtype=np.float64)
    many = np.where(many >= 1, many, np.nan)
    left, right = shapely.STRtree(shapes).query(plane, predicate="intersects")
    inside = shapely.contains_properly(plane[left], shapes[right])
    area = shapely.area(shapes)[right]
    area[~inside] = shapely.area(shapely.intersection(plane[left[~inside]], shapes[right[~inside]]))
    known = ~np.isnan(many[right])
    size = len(plane)
    foot = np.bincount(left, weights=area, minlength=size)
    floor = np.bincount(left, weights=area * np.where(known, many[right], 1.0), minlength=size)
    dark = np.bincount(left, weights=area * ~known, minlength=size)
    with np.errstate(invalid="ignore", divide="ignore"):
        height, unknown = floor / foot, np.where(foot > 0, dark / foot, 0.0)
    return pd.DataFrame(
        {"footprint_m2": foot, "floor_m2": floor, "unknown_share": unknown, "height": height},
        index=index,
    )


def _under(plane: np.ndarray, layer: gpd.GeoDataFrame) -> np.ndarray:
    cover = shapely.make_valid(np.asarray(to_crs(layer, AREA_CRS).geometry.array, dtype=object))
    left, right = shapely.STRtree(cover).query(plane, predicate="intersects")
    out = np.zeros(len(plane))
    for row in np.unique(left):
        under = shapely.union_all(cover[right[left == row]])
        out[row] = shapely.area(shapely.intersection(plane[row], under)) / shapely.area(plane[row])
    return out


def _nearest(blocks: gpd.GeoDataFrame, services: gpd.GeoDataFrame) -> np.ndarray:
    out = np.full(len(blocks), np.inf)
    if len(services):
        plane = plane_of(np.asarray(blocks.geometry.array, dtype=object), blocks.crs)
        tree = shapely.STRtree(np.asarray(to_crs(services, plane).geometry.array, dtype=object))
        mine = np.asarray(to_crs(blocks, plane).geometry.array, dtype=object)
        found, away = tree.query_nearest(mine, return_distance=True, all_matches=False)
        out[found[0]] = away
    return out


def _candidates(
    out: pd.DataFrame, served: bool, reach_m: float, hazard_share: float, least_room: float
) -> pd.Series:
    """Name what decides; a gap in what must be known decides nothing."""
    word = pd.Series("candidate", index=out.index, dtype=object)
    if served:
        word = word.mask(~(out["service_m"] <= reach_m), "too_far")
    # Floors that are not known may already have used the room.
    at_most = out["unused_share"]
    dark = (out["unknown_share"] > 0.2) & (at_most >= least_room)
    blank = out["klb_max"].isna() | out["hazard_share"].isna() | dark
    word = word.mask(blank, "undecided")
    word = word.mask(out["hazard_share"] > hazard_share, "in_hazard")
    return word.mask(at_most < least_room, "no_room")


def summarise_room(room: pd.DataFrame, by: pd.Series) -> pd.DataFrame:
    """Sum the room of candidates and of all blocks by zone, kecamatan or kabkota.

    Parameters
    ----------
    room : DataFrame
        Of `room_above`.
    by : Series of str, same index
        Blocks without one stand under "-": nothing is left out of the sums.

    Examples
    --------
    >>> room = pd.DataFrame({"area_m2": [10.0, 20.0], "unused_m2": [5.0, 8.0],
    ...     "spared_m2": [5.0, 4.0], "candidate": ["candidate", "no_room"]})
    >>> summarise_room(room, pd.Series(["R-2", None])).loc["R-2", "candidate_unused_m2"]
    np.float64(5.0)
    """
    key = by.astype("string").fillna("-").rename("by")
    chosen = room["candidate"] == "candidate"
    table = pd.DataFrame(
        {
            "blocks": 1,
            "area_m2": room["area_m2"],
            "unused_m2": room["unused_m2"].fillna(0.0),
            "candidates": chosen.astype(int),
            "candidate_unused_m2": room["unused_m2"].where(chosen, 0.0).fillna(0.0),
            "candidate_spared_m2": room["spared_m2"].where(chosen, 0.0).fillna(0.0),
            "undecided": (room["candidate"] == "undecided").astype(int),
        }
    )
    return table.groupby(key).sum()
