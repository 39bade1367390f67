"""Who lives where, and who is poor: tables by village."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layers.sample.grid import CELL
from layers.sample.landuse import Ground
from layers.sample.names import MARK
from layers.sample.noise import field, generator
from layers.sample.villages import Land

__all__ = ["population", "poverty"]

Array: TypeAlias = NDArray[np.float64]

YEAR: Final = 2024
#: Heart of the poor area in the south-west, EPSG:9489, and how far it reaches, m.
POOR: Final = (452_500.0, 9_236_000.0)
POOR_REACH_M: Final = 5200.0


def population(land: Land, ground: Ground, seed: int) -> pd.DataFrame:
    """People per village: many in the town, some in each village."""
    per_ha = 0.6 + 70.0 * np.clip(ground.urban - 0.3, 0.0, 0.8) + 14.0 * np.clip(ground.rural, 0, 1)
    inside = land.labels > 0
    weight = np.bincount(land.labels[inside], weights=per_ha[inside], minlength=len(land.desa) + 1)
    random = generator(seed, "people")
    total = np.rint(weight[1:] * CELL * CELL / 1e4 * random.uniform(0.85, 1.15, len(land.desa)))
    people = total.astype(int)
    men = np.rint(people * random.uniform(0.492, 0.508, len(people))).astype(int)
    return pd.DataFrame(
        {
            "KDEPUM": land.desa["KDEPUM"],
            "WADMKC": land.desa["WADMKC"],
            "WADMKD": land.desa["WADMKD"],
            "TAHUN": YEAR,
            "JUMLAH_PENDUDUK": people,
            "LAKI_LAKI": men,
            "PEREMPUAN": people - men,
            "JUMLAH_KK": np.rint(people / random.uniform(3.1, 3.9, len(people))).astype(int),
            "REMARK": MARK,
        }
    )


def poverty(land: Land, people: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Poor people per village, clustered so that a hotspot in the south-west is real."""
    x, y = land.centre.T
    near = np.exp(-((np.hypot(x - POOR[0], y - POOR[1]) / POOR_REACH_M) ** 2))
    town = np.exp(-((np.hypot(x - 460_800.0, y - 9_248_300.0) / 4000.0) ** 2))
    rate = 0.085 + 0.2 * near - 0.035 * town + 0.02 * field(seed, "poverty", 6000.0, 3)(x, y)
    count = people["JUMLAH_PENDUDUK"].to_numpy()
    poor = generator(seed, "poor").binomial(count, np.clip(rate, 0.02, 0.5))
    return pd.DataFrame(
        {
            "KDEPUM": people["KDEPUM"],
            "WADMKD": people["WADMKD"],
            "TAHUN": YEAR,
            "JUMLAH_PENDUDUK": count,
            "PENDUDUK_MISKIN": poor,
            "REMARK": MARK,
        }
    )
