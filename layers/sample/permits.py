"""The sample's sixty permits: parcels, footprints and numbers that agree with each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import affinity
from shapely.geometry.base import BaseGeometry

from layers.sample.grid import CRS, HEIGHT_M, NORTH, WEST, WIDTH_M
from layers.sample.mosaic import snap
from layers.sample.names import MARK
from layers.sample.noise import generator
from layers.sample.recipes import Recipe, Site, read_recipes
from layers.sample.sites import Surroundings, across, facts, inside

__all__ = ["corner_points", "make_permits"]

Plot: TypeAlias = shapely.Polygon
Plans: TypeAlias = dict[str, gpd.GeoDataFrame]

#: Permits are applied for on working days after the detailed plan came into force.
FIRST_DAY: Final = "2024-07-01"
APART_M: Final = 5.0
#: How often the edges of a zone are walked before a permit is left without a site.
WALKS: Final = 6
FLOOR_M: Final = 3.6
NUMBER_COLUMNS: Final = (
    "luas_sertipikat_m2", "luas_tapak_m2", "luas_lantai_m2", "lantai", "tinggi_m", "luas_hijau_m2",
    "gsb_m",
)  # fmt: skip


def make_permits(
    plans: Plans, maps: Surroundings, area: BaseGeometry, land: BaseGeometry, seed: int
) -> tuple[gpd.GeoDataFrame, list[dict[str, Any]]]:
    """Find a site for each recipe and fill in its permit.

    Parameters
    ----------
    plans : dict of str to GeoDataFrame
        Zones (`zona`) of `rdtr`, `rtrw_kab` and `rtrw_prov`, EPSG:9489.
    area, land : geometry
        The kabupaten, and all land.

    Returns
    -------
    permits, intents
        Permits in EPSG:9489; per recipe the verdict it is made for and why. A recipe
        without a site (another seed may have none) is an intent without `permit_id`.
    """
    rows: list[dict[str, Any]] = []
    parcels: list[Plot] = []
    intents: list[dict[str, Any]] = []
    taken: list[Plot] = []
    for recipe in read_recipes():
        found = _site(recipe.site, plans, maps, area, land, taken, seed)
        name = f"PMH-{len(rows) + 1:03d}" if found else None
        intents.append(_intent(recipe, name))
        if found:
            taken.append(found[0])
            parcels.append(found[0])
            rows.append({"permit_id": name, **_columns(recipe, *found, len(rows), seed)})
    return gpd.GeoDataFrame(rows, geometry=parcels, crs=CRS), intents


def _intent(recipe: Recipe, permit_id: str | None) -> dict[str, Any]:
    return {
        "permit_id": permit_id,
        "kegiatan": recipe.kegiatan,
        "verdict": recipe.verdict,
        "reasons": list(recipe.reasons),
        "why": recipe.why,
    }


def _site(
    site: Site,
    plans: Plans,
    maps: Surroundings,
    area: BaseGeometry,
    land: BaseGeometry,
    taken: list[Plot],
    seed: int,
) -> tuple[Plot, Plot] | None:
    """Return the first fitting plot and its part in the first zone.

    Each walk along the zone's edges tries one place per edge; where none fits, others are tried.
    """
    for walk in range(WALKS):
        for plot, first in _candidates(site, plans, area, land, seed + walk):
            if any(plot.distance(other) < APART_M for other in taken):
                continue
            seen = facts(plot, maps)
            if _clean(site, seen) and site.where(seen):
                return plot, first
    return None


def _clean(site: Site, seen: Any) -> bool:
    """In the detailed plan a plot touches the zones it is made for, and no other."""
    if site.plan != "rdtr":
        return not seen.zones
    return bool(seen.zones == {site.zone, site.other} - {""})


def _candidates(
    site: Site, plans: Plans, area: BaseGeometry, land: BaseGeometry, seed: int
) -> Iterator[tuple[Plot, Plot]]:
    if site.plan == "laut":
        corner = (WEST + 0.43 * WIDTH_M, NORTH - 0.03 * HEIGHT_M)
        plot = shapely.box(*corner, corner[0] + site.size[0], corner[1] + site.size[1])
        turned = snap(affinity.rotate(plot, 13.0))
        yield turned, turned
        return
    zones = plans[site.plan]
    allowed = area if site.plan != "rtrw_prov" else land.difference(area.buffer(60.0))
    if not site.other:
        clear = {"rdtr": 1.6, "rtrw_kab": 25.0}.get(site.plan, 70.0)
        plots = inside(zones, site.zone, site.size, seed, clear_m=clear)
        yield from ((plot, plot) for plot in plots if allowed.contains(plot))
        return
    for plot in across(zones, (site.zone, site.other), site.size, site.share, seed):
        if allowed.contains(plot):
            ground = shapely.union_all(zones.geometry.to_numpy()[zones["zona"] == site.zone])
            yield plot, max(shapely.get_parts(plot.intersection(ground)), key=shapely.area)


def _columns(recipe: Recipe, plot: Plot, first: Plot, place: int, seed: int) -> dict[str, Any]:
    """Numbers that follow from the parcel and its footprint."""
    random = generator(seed, f"permit/{place}")
    registered = float(np.floor(plot.area))
    footprint = _footprint(recipe, plot, first)
    ground = round(registered * recipe.kdb, 2) if footprint is None else round(footprint.area, 2)
    day = pd.Timestamp(FIRST_DAY) + pd.offsets.BusinessDay(place * 3 + int(random.integers(3)))
    columns: dict[str, Any] = {
        "kegiatan": recipe.kegiatan,
        "kbli": recipe.kbli or None,
        "luas_sertipikat_m2": registered,
        "luas_tapak_m2": ground,
        "luas_lantai_m2": round(ground * recipe.floors, 2),
        "lantai": recipe.floors,
        "tinggi_m": round(recipe.floors * FLOOR_M + (1.2 if recipe.floors else 0.0), 1),
        "luas_hijau_m2": round(registered * recipe.kdh, 2),
        "gsb_m": 8.0 if recipe.floors else None,
        "footprint": footprint,
        "tanggal": day.date().isoformat(),
        "dokumen": [],
        "REMARK": MARK,
    }
    return {**columns, **recipe.change}


def _footprint(recipe: Recipe, plot: Plot, first: Plot) -> Plot | None:
    """Draw the building: the plot made smaller around its middle, or a part's middle."""
    if recipe.kdb <= 0.0 or "footprint" in recipe.change:
        return None
    whole = first if recipe.indoors else plot
    scale = float(np.sqrt(recipe.kdb * plot.area / whole.area))
    small: Plot = snap(affinity.scale(whole, scale, scale))
    return small


def corner_points(permits: gpd.GeoDataFrame) -> pd.DataFrame:
    """Corners of each parcel as surveyors send them: id, no, x, y (EPSG:9489, m)."""
    rows = []
    for name, parcel in zip(permits["permit_id"], permits.geometry, strict=True):
        corners = shapely.get_coordinates(parcel)[:-1]
        rows += [(name, number + 1, x, y) for number, (x, y) in enumerate(corners.tolist())]
    return pd.DataFrame(rows, columns=["id", "no", "x", "y"])
