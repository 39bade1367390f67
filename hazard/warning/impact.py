"""Whom a crossing concerns: looked up in what was worked out before the water came."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from hazard.accounting import largest_remainder
from hazard.counting import owners_of
from hazard.warning.monitor import Change
from hazard.warning.stations import Station
from spatial.crs import AREA_CRS, METRIC_CRS, to_crs
from spatial.errors import LayerError, SchemaError
from spatial.terrain import Flow, carry_up
from spatial.terrain.directions import CODES, NO_DIRECTION

__all__ = ["Impact", "ImpactIndex", "place_people", "things_above_river"]

HOMES, FACILITIES, SHELTERS = "rumah", "fasilitas", "evakuasi"
COLUMNS: Final = ("kind", "unit_id", "unit_name", "name", "people", "x", "y", "hand_m", "known")
#: A station farther than this from any river cell stands at no river of the model.
SNAP_M: Final = 500.0
SCENARIO: Final = "skenario:"


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change means: desa with people and buildings, facilities, where to go.

    `unknown_people` live where the map has no answer; they are in no other number. `evacuation`
    names, per desa, the nearest place that the map says stays dry.
    """

    units: pd.DataFrame
    facilities: tuple[str, ...]
    evacuation: dict[str, str]
    people: int
    unknown_people: int
    via: str
    seconds: float = 0.0

    def sentence(self) -> str:
        """Say it in one sentence, Indonesian."""
        if not len(self.units):
            told = "Menurut peta tidak ada bangunan terdampak."
        else:
            pairs = zip(self.units["name"], self.units["people"].astype(int), strict=True)
            shown = ", ".join(f"{name} ({_count(people)} jiwa)" for name, people in pairs)
            told = f"Terdampak {_count(self.people)} jiwa di {len(self.units)} desa: {shown}."
        if self.facilities:
            told += f" Fasilitas terdampak: {', '.join(self.facilities)}."
        if self.unknown_people:
            told += f" Untuk {_count(self.unknown_people)} jiwa lain peta tidak mempunyai jawaban."
        return told

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready dictionary."""
        return {
            "people": self.people,
            "unknown_people": self.unknown_people,
            "units": self.units.to_dict("records"),
            "facilities": list(self.facilities),
            "evacuation": self.evacuation,
            "via": self.via,
            "seconds": round(self.seconds, 4),
        }


def _count(number: int) -> str:
    """Write a number as Indonesian text does: 32.045."""
    return f"{number:,}".replace(",", ".")


@dataclass(frozen=True, slots=True)
class ImpactIndex:
    """All that stands in reach of one station, with what decides whether water gets there.

    `things` has `COLUMNS`: homes with their people, facilities, places of evacuation; `hand_m`
    is the height above the reach (NaN outside it) and `known` says whether the ground has data.
    A column `skenario:<name>` holds 1 wet, 0 dry, NaN not known of a precomputed map.
    """

    station: str
    things: pd.DataFrame
    notes: tuple[str, ...] = field(default=())

    def at(self, change: Change) -> Impact | None:
        """Look up a change; None for one that floods nothing (normal, not known)."""
        if change.level is None or change.value is None:
            return None
        began = time.perf_counter()
        column = f"{SCENARIO}{change.level.scenario}"
        if change.level.scenario is not None and column in self.things:
            state = self.things[column].to_numpy(float)
            near = self._in_reach()
            wet, blank = (state == 1) & near, np.isnan(state) & near
            via = f"skenario {change.level.scenario}"
        elif change.level.scenario is not None:
            raise LayerError(
                "station {station}: scenario {scenario!r} was not prepared",
                code="scenario_not_prepared",
                hint="Run tataruang warn prepare again with --scenario {scenario}=map",
                station=self.station,
                scenario=change.level.scenario,
            )
        else:
            water = change.value - change.station.zero_m
            hand = self.things["hand_m"].to_numpy(float)
            wet, blank = hand <= water, ~self.things["known"].to_numpy(bool)
            via = f"HAND <= {water:g} m di ruas hilir stasiun"
        return self._impact(wet & ~blank, blank, via, began)

    def _in_reach(self) -> NDArray[np.bool_]:
        """Say what may lie in the reach: a map of a whole region tells of other rivers too.

        Without a height model nothing says where the reach is, and the map stands as it is.
        """
        above = self.things["hand_m"].notna().to_numpy()
        if not above.any():
            return np.ones(len(self.things), bool)
        unsure = ~self.things["known"].to_numpy(bool)
        return np.asarray(above | unsure)

    def _impact(
        self, wet: NDArray[np.bool_], blank: NDArray[np.bool_], via: str, began: float
    ) -> Impact:
        kind = self.things["kind"].to_numpy(object)
        homes = self.things[wet & (kind == HOMES)]
        units = (
            homes.groupby(["unit_id", "unit_name"], sort=False)
            .agg(people=("people", "sum"), buildings=("people", "size"))
            .reset_index()
            .rename(columns={"unit_name": "name"})
            .sort_values(["people", "unit_id"], ascending=[False, True], ignore_index=True)
        )
        people = self.things["people"].to_numpy(np.int64)
        return Impact(
            units,
            tuple(self.things.loc[wet & (kind == FACILITIES), "name"].astype(str)),
            self._shelters(homes, self.things[(kind == SHELTERS) & ~wet & ~blank]),
            int(people[wet & (kind == HOMES)].sum()),
            int(people[blank & (kind == HOMES)].sum()),
            via,
            time.perf_counter() - began,
        )

    def _shelters(self, homes: pd.DataFrame, dry: pd.DataFrame) -> dict[str, str]:
        """Name the dry place nearest to the middle of the homes concerned, desa by desa."""
        if dry.empty or homes.empty:
            return {}
        middles = homes.groupby("unit_name", sort=False)[["x", "y"]].mean()
        away = np.hypot(
            middles["x"].to_numpy()[:, None] - dry["x"].to_numpy(),
            middles["y"].to_numpy()[:, None] - dry["y"].to_numpy(),
        )
        names = dry["name"].astype(str).to_numpy(object)[away.argmin(axis=1)]
        return dict(zip(middles.index.astype(str), names, strict=True))

    def write(self, path: Path) -> None:
        """Write it to a Parquet file."""
        self.things.assign(station=self.station).to_parquet(path, index=False)

    @classmethod
    def read(cls, path: Path) -> ImpactIndex:
        """Read what `write` wrote.

        Raises
        ------
        SchemaError
            `impact_index_wrong`, if columns are missing.
        """
        things = pd.read_parquet(path)
        missing = [name for name in (*COLUMNS, "station") if name not in things]
        if missing or things.empty:
            raise SchemaError(
                "{name} is no impact index (missing: {missing})",
                code="impact_index_wrong",
                hint="Make it with tataruang warn prepare",
                name=path.name,
                missing=", ".join(missing) or "rows",
            )
        return cls(str(things["station"].iloc[0]), things.drop(columns="station"))


def place_people(
    homes: gpd.GeoDataFrame,
    units: gpd.GeoDataFrame,
    *,
    unit_id: str,
    unit_name: str,
    people: str,
) -> pd.DataFrame:
    """Give each home its unit and whole people, by area; every unit keeps its number.

    Returns
    -------
    DataFrame
        `COLUMNS`; the people of a unit without homes stand in its middle, not `known`.
    """
    plane = np.asarray(to_crs(homes, AREA_CRS, what="homes").geometry.array, dtype=object)
    ground = np.asarray(to_crs(units, AREA_CRS, what="units").geometry.array, dtype=object)
    owner = owners_of(ground, plane)
    numbers = pd.to_numeric(units[people]).to_numpy(float)
    area = np.where(shapely.get_dimensions(plane) == 2, shapely.area(plane), 1.0)
    share = np.zeros(len(plane), np.int64)
    bare = []
    for unit in range(len(units)):
        own = np.flatnonzero(owner == unit)
        known = not np.isnan(numbers[unit])
        if len(own) and known:
            share[own] = largest_remainder(area[own], int(numbers[unit]))
        elif known and numbers[unit]:
            bare.append(unit)
    inside = owner >= 0
    rows = np.concatenate((owner[inside], np.array(bare, np.int64)))
    shapes = np.concatenate((plane[inside], ground[bare])) if bare else plane[inside]
    middle = to_crs(
        gpd.GeoDataFrame(geometry=shapely.point_on_surface(shapes), crs=AREA_CRS), METRIC_CRS
    )
    counts = np.concatenate((share[inside], numbers[bare].astype(np.int64)))
    return pd.DataFrame(
        {
            "kind": HOMES,
            "unit_id": units[unit_id].astype(str).to_numpy(object)[rows],
            "unit_name": units[unit_name].astype(str).to_numpy(object)[rows],
            "name": "",
            "people": counts,
            "x": middle.geometry.x.to_numpy(),
            "y": middle.geometry.y.to_numpy(),
            "hand_m": np.nan,
            "known": np.arange(len(rows)) < int(inside.sum()),
        }
    )


def things_above_river(
    flow: Flow,
    rivers: NDArray[np.bool_],
    station: Station,
    cell: tuple[int, int],
) -> NDArray[np.float32]:
    """Return the height of every cell above the reach below a station; NaN if not above it.

    Parameters
    ----------
    rivers : array of bool
    cell : (row, col)
        Where the station stands; it is moved to the nearest river cell within 500 m.

    Returns
    -------
    array
        Height above the cell of the reach that water from there comes to. Ground beside a
        tributary counts from the reach, so that backwater is seen. Cells that drain past
        the end of the reach, come down the river from above the station, or drain elsewhere,
        are not above it: its gauge does not speak for them.

    Raises
    ------
    LayerError
        `station_off_river`.
    """
    start = _snap(flow, rivers, station, cell)
    reach = _reach(flow, start, station.reach_km * 1000)
    above = _above(flow, rivers, start)
    base = carry_up(
        flow.d8,
        lambda tile: reach[tile.window] | above[tile.window],
        lambda tile: np.where(above[tile.window], np.nan, flow.filled[tile.window]),
        flow.tiles,
        flow.scratch,
        dtype=np.float32,
        blank=np.nan,
    )
    height: NDArray[np.float32] = flow.filled - base
    return height


def _snap(
    flow: Flow, rivers: NDArray[np.bool_], station: Station, cell: tuple[int, int]
) -> tuple[int, int]:
    reach = int(np.ceil(SNAP_M / min(flow.cell_m)))
    r0, c0 = max(cell[0] - reach, 0), max(cell[1] - reach, 0)
    row, col = np.nonzero(rivers[r0 : cell[0] + reach + 1, c0 : cell[1] + reach + 1])
    away = np.hypot((row + r0 - cell[0]) * flow.cell_m[1], (col + c0 - cell[1]) * flow.cell_m[0])
    # Coarse models: the own cell is near enough, however wide it is.
    near = away <= max(SNAP_M, *flow.cell_m)
    if not near.any():
        raise LayerError(
            "station {station} stands farther than {metres} m from any river of the model",
            code="station_off_river",
            hint="Check its coordinates, or let rivers begin earlier: --river-km2",
            station=station.id,
            metres=SNAP_M,
        )
    best = np.flatnonzero(near)[np.argmin(away[near])]
    return int(row[best] + r0), int(col[best] + c0)


def _reach(flow: Flow, start: tuple[int, int], length_m: float) -> NDArray[np.bool_]:
    """Mark the cells from a place down the river, as far as the reach goes."""
    steps = {int(code): (int(down), int(right)) for code, down, right in CODES}
    mask = np.zeros(flow.d8.shape, bool)
    (row, col), gone = start, 0.0
    while gone <= length_m and flow.d8[row, col] != NO_DIRECTION:
        mask[row, col] = True
        step = steps.get(int(flow.d8[row, col]))
        if step is None:
            break
        gone += float(np.hypot(step[0] * flow.cell_m[1], step[1] * flow.cell_m[0]))
        row, col = row + step[0], col + step[1]
    return mask


def _above(flow: Flow, rivers: NDArray[np.bool_], start: tuple[int, int]) -> NDArray[np.bool_]:
    """Mark the river cells that drain right into a cell: the river above it comes through them."""
    mask = np.zeros(flow.d8.shape, bool)
    for code, down, right in CODES.tolist():
        row, col = start[0] - down, start[1] - right
        inside = 0 <= row < flow.tiles.height and 0 <= col < flow.tiles.width
        if inside and rivers[row, col] and flow.d8[row, col] == code:
            mask[row, col] = True
    return mask
