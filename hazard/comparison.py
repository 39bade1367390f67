"""Two hazard maps beside each other: who stands where before and after, and what got worse."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from hazard.exposure import Exposed, exposure
from hazard.maps import Hazard
from hazard.scenarios import compare_scenarios
from spatial.crs import AREA_CRS, to_crs
from spatial.errors import LayerError
from spatial.zonal import zonal_classes

__all__ = ["CHANGES", "change_areas", "compare_hazards"]

#: Milder, the same, worse; where either map has no class there is no answer.
CHANGES: Final = ("lebih ringan", "sama", "lebih berat")


def compare_hazards(
    before: Hazard,
    after: Hazard,
    units: gpd.GeoDataFrame,
    *,
    unit_id: str,
    of: Exposed = None,
    count: bool = False,
) -> tuple[pd.DataFrame, str]:
    """Measure the same things against two hazard maps, each in either form.

    Parameters
    ----------
    before, after : Hazard
        With the same classes; the first scenario of each.

    Returns
    -------
    table, unit
        `unit_id`, `hazard_class`, `before`, `after`, `change`. Changes of a unit sum to
        zero, for both tables close on the same whole.

    Raises
    ------
    LayerError
        `classes_differ`, if the two maps do not have the same classes.
    """
    if before.labels != after.labels:
        raise LayerError(
            "{one} has the classes {one_classes}, {other} has {other_classes}",
            code="classes_differ",
            hint="Read both with the same class rule",
            one=before.name,
            other=after.name,
            one_classes=", ".join(before.labels),
            other_classes=", ".join(after.labels),
        )
    tables = []
    unit = ""
    for name, hazard in (("before", before), ("after", after)):
        one = replace(hazard, name="bahaya")
        made = exposure(one, units, unit_id=unit_id, of=of, count=count)
        first = made.table[made.table["scenario"] == hazard.scenarios[0]]
        tables.append(first.assign(scenario=name))
        unit = made.unit
    table = compare_scenarios(pd.concat(tables, ignore_index=True), "before", "after")
    return table.drop(columns="hazard"), unit


def change_areas(
    before: Hazard, after: Hazard, units: gpd.GeoDataFrame, *, unit_id: str
) -> dict[str, float]:
    """Measure m² inside the units that got milder, stayed, got worse.

    Returns
    -------
    dict
        Empty where one map is a raster and the other has other cells or is drawn: their
        joint areas are then no sum of cells.
    """
    whole = shapely.union_all(np.asarray(to_crs(units, AREA_CRS).geometry.array, dtype=object))
    if before.grid is None and after.grid is None:
        return _of_regions(before, after, whole)
    if before.grid is None or after.grid is None or not before.grid.same_cells(after.grid):
        return {}
    codes = [
        h.rule.codes(v := h.grid.read()[0], h.grid.valid(v)) for h in (before, after) if h.grid
    ]
    lost = len(before.labels)
    known = (codes[0] < lost) & (codes[1] < lost)
    change = np.where(known, np.sign(codes[1] - codes[0]) + 1, len(CHANGES))
    table = zonal_classes(
        gpd.GeoSeries([whole], crs=AREA_CRS),
        before.grid.with_values(change, nodata=len(CHANGES)),
        _as_codes,
        CHANGES,
    )
    return {name: float(table[name].iloc[0]) for name in CHANGES}


def _as_codes(values: NDArray[np.float64], valid: NDArray[np.bool_]) -> NDArray[np.int16]:
    return np.where(valid, values, len(CHANGES)).astype(np.int16)


def _of_regions(before: Hazard, after: Hazard, whole: shapely.Geometry) -> dict[str, float]:
    areas = dict.fromkeys(CHANGES, 0.0)
    lost = len(before.labels)
    for one, first in before.regions:
        inside = shapely.intersection(first, whole)
        for other, second in after.regions:
            if lost in (one, other):
                continue
            kind = CHANGES[int(np.sign(other - one)) + 1]
            areas[kind] += float(shapely.area(shapely.intersection(inside, second)))
    return areas
