"""Which zone each block of the town gets: a market near the crossing, a park at the centre."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import shapely
from numpy.typing import NDArray

from layers.sample.landuse import INDUSTRY, STATION
from layers.sample.noise import generator
from layers.sample.terrain import CAPITAL
from layers.sample.town import Town

__all__ = ["assign_blocks"]

Array: TypeAlias = NDArray[np.float64]

#: Single blocks placed by hand: zone and where, offset from the capital's centre, m.
PLACED: Final = (
    ("RTH-2", (0, 40)),
    ("KT", (130, -60)),
    ("KT", (-130, 160)),
    ("CB", (-250, 60)),
    ("SPU-2", (230, 240)),
    ("SPU-2", (-420, -330)),
    ("SPU-2", (720, 620)),
    ("RTH-2", (-760, 690)),
    ("RTH-7", (1130, -620)),
    ("RTH-7", (-1220, 930)),
    ("SPU-3", (560, -470)),
    ("SPU-3", (-640, 250)),
    ("SPU-3", (120, 830)),
    ("SPU-3", (1050, 250)),
    ("SPU-3", (-330, -900)),
    ("SPU-3", (-1500, 260)),
    ("SPU-3", (1300, 1050)),
)


def assign_blocks(town: Town, seed: int) -> tuple[list[str], NDArray[np.bool_]]:
    """Return the zone of each block, and which ones have a row of shops on the main road."""
    centre = shapely.get_coordinates(shapely.centroid(town.blocks))
    zones = _homes(town)
    shops = _trade(zones, town, centre, generator(seed, "blocks"))
    shops &= ~_industry(zones, centre)
    free = np.ones(len(centre), dtype=bool)
    for zone, offset in PLACED:
        away = np.hypot(*(centre - CAPITAL - np.array(offset, dtype=float)).T)
        block = int(np.where(free, away, np.inf).argmin())
        zones[block], free[block], shops[block] = zone, False, False
    away = np.hypot(*(centre - STATION).T)
    terminal = int(np.where(free, away, np.inf).argmin())
    zones[terminal], shops[terminal] = "TR", False
    return zones, shops


def _homes(town: Town) -> list[str]:
    """Dense in the middle, thin at the edge."""
    return [
        "R-2" if urban > 0.72 else "R-3" if urban > 0.5 else "R-4" for urban in town.urban.tolist()
    ]


def _trade(
    zones: list[str], town: Town, centre: Array, random: np.random.Generator
) -> NDArray[np.bool_]:
    """Fill the middle with trade; further out it is one row deep along the main roads."""
    main = shapely.union_all(town.streets[: town.main])
    frontage = shapely.distance(town.blocks, main) < 1.0
    away = np.hypot(*(centre - CAPITAL).T)
    shops = np.zeros(len(zones), dtype=bool)
    for block in range(len(zones)):
        draw = random.random()
        if (away[block] < 480.0 and draw < 0.6) or (frontage[block] and away[block] < 900.0):
            zones[block] = "K-2"
        elif frontage[block] and draw < 0.7:
            shops[block] = True
        elif town.urban[block] > 0.6 and draw < 0.05:
            zones[block] = "K-3"
    return shops


def _industry(zones: list[str], centre: Array) -> NDArray[np.bool_]:
    """Lay out the estate at the western highway, stores on its townward side."""
    inside = np.hypot((centre[:, 0] - INDUSTRY[0]) / 950.0, (centre[:, 1] - INDUSTRY[1]) / 520.0)
    estate = inside < 1.05
    for block in np.flatnonzero(estate).tolist():
        zones[block] = "PL-6" if centre[block, 0] > INDUSTRY[0] + 450.0 else "KPI"
    return np.asarray(estate)
