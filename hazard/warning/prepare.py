"""Work out, before any water comes, what stands how high above the reach of each station."""

from __future__ import annotations

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from hazard.maps import Hazard
from hazard.measure import points_by_class
from hazard.warning.impact import (
    COLUMNS,
    FACILITIES,
    SCENARIO,
    SHELTERS,
    ImpactIndex,
    place_people,
    things_above_river,
)
from hazard.warning.stations import Station
from spatial.crs import AREA_CRS, METRIC_CRS, to_crs
from spatial.terrain import flow_of
from spatial.zonal import Grid, point_cells

__all__ = ["named_places", "prepare_indices"]


def named_places(frame: gpd.GeoDataFrame, kind: str, *, name: str) -> pd.DataFrame:
    """Lay facilities or places of evacuation out like homes, without people.

    Parameters
    ----------
    kind : "fasilitas" or "evakuasi"
    name : str
        Column with what people call the place.
    """
    middle = frame.set_geometry(
        gpd.GeoSeries(shapely.point_on_surface(np.asarray(frame.geometry.array)), crs=frame.crs)
    )
    moved = to_crs(middle, METRIC_CRS).geometry
    return pd.DataFrame(
        {
            "kind": kind,
            "unit_id": "",
            "unit_name": "",
            "name": frame[name].astype(str).to_numpy(object),
            "people": 0,
            "x": moved.x.to_numpy(),
            "y": moved.y.to_numpy(),
            "hand_m": np.nan,
            "known": True,
        }
    )


def prepare_indices(
    stations: Mapping[str, Station],
    homes: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame,
    *,
    unit_id: str,
    unit_name: str,
    people: str,
    facilities: tuple[gpd.GeoDataFrame, str] | None = None,
    shelters: tuple[gpd.GeoDataFrame, str] | None = None,
    dem: Grid | None = None,
    river_km2: float = 1.0,
    scenarios: Mapping[str, Hazard] | None = None,
) -> dict[str, ImpactIndex]:
    """Make the impact index of every station.

    Parameters
    ----------
    facilities, shelters : (GeoDataFrame, column of names), optional
    dem : Grid, optional
        Gives heights above the reach below each station.
    scenarios : mapping of name to Hazard, optional
        Maps that levels name; a thing is wet where the class of its place is above the least.
    """
    parts = [place_people(homes, units, unit_id=unit_id, unit_name=unit_name, people=people)]
    for kind, given in ((FACILITIES, facilities), (SHELTERS, shelters)):
        if given is not None:
            parts.append(named_places(given[0], kind, name=given[1]))
    things = pd.concat(parts, ignore_index=True)[list(COLUMNS)]
    points = gpd.GeoSeries.from_xy(things["x"], things["y"], crs=METRIC_CRS)
    housed = things["known"].to_numpy(bool)
    for name, hazard in (scenarios or {}).items():
        things[f"{SCENARIO}{name}"] = np.where(housed, _wet(points, hazard), np.nan)
    if dem is None:
        return {name: ImpactIndex(name, things) for name in stations}
    return _with_heights(stations, things, points, dem, river_km2)


def _wet(points: gpd.GeoSeries, hazard: Hazard) -> NDArray[np.float64]:
    moved = to_crs(gpd.GeoDataFrame(geometry=points), AREA_CRS).geometry
    plane: NDArray[np.object_] = np.asarray(moved.array, dtype=object)
    found = points_by_class(plane, hazard)[:, 0]
    known = found[:, :-2].sum(axis=1) > 0
    return np.where(known, (found[:, 1:-2].sum(axis=1) > 0).astype(float), np.nan)


def _with_heights(
    stations: Mapping[str, Station],
    things: pd.DataFrame,
    points: gpd.GeoSeries,
    dem: Grid,
    river_km2: float,
) -> dict[str, ImpactIndex]:
    flow = flow_of(dem)
    rivers = flow.rivers(river_km2)
    cells = point_cells(points, dem)
    row, col = cells["row"].to_numpy(), cells["col"].to_numpy()
    ground = row >= 0
    ground[ground] = ~np.isnan(flow.filled[row[ground], col[ground]])
    out = {}
    for name, station in stations.items():
        place = gpd.GeoSeries.from_xy([station.lon], [station.lat], crs="EPSG:4326")
        [at] = point_cells(place, dem).to_numpy().tolist()
        hand = np.full(len(things), np.nan)
        height = things_above_river(flow, rivers, station, (at[0], at[1]))
        hand[ground] = height[row[ground], col[ground]]
        known = things["known"].to_numpy(bool) & ground
        out[name] = ImpactIndex(name, things.assign(hand_m=hand, known=known))
    return out
