"""Exposure of the areas of a study to hazard maps, for their priority."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd

from api.commands.exposure import read_hazard
from hazard import Exposure
from hazard import exposure as measure
from layers import read
from spatial.errors import CrsError

__all__ = ["expose"]


def expose(
    areas: gpd.GeoDataFrame,
    maps: Sequence[Path],
    *,
    classes: str | None,
    column: str = "kelas",
    of: Path | None = None,
    mapped: Path | None = None,
) -> Exposure:
    """Measure what of each area stands in each hazard class.

    Parameters
    ----------
    areas : GeoDataFrame
        Indexed by area; those without geometry are left out, and stay undecided.
    maps : sequence of Path
    classes, column : str
        Rule of the classes; column of a polygon map.
    of : Path, optional
        What is exposed: buildings, settlements. Land without.
    mapped : Path, optional
        Area that a polygon map covers; beyond its polygons inside it there is no hazard.

    Raises
    ------
    CrsError
        `hazard_needs_place`, for areas on a plane of unknown units.
    """
    if areas.crs is None:
        raise CrsError(
            "areas without a place on the earth cannot be laid over a hazard map",
            code="hazard_needs_place",
            hint="State the true CRS with --source-crs",
        )
    there = areas[~(areas.geometry.isna() | areas.geometry.is_empty)][["geometry"]]
    units = there.assign(area_id=there.index.astype(str)).reset_index(drop=True)
    things = None if of is None else read(of).features
    found = [read_hazard(path, classes, column=column, mapped=mapped) for path in maps]
    return measure(found, units, unit_id="area_id", of=things)
