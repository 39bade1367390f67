"""Where people learn, are healed and find shelter: points beside the homes that they serve."""

from __future__ import annotations

from typing import Final, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layers.sample.grid import CRS
from layers.sample.names import MARK
from layers.sample.noise import generator

__all__ = ["Homes", "health", "schools", "shelters"]

#: People per primary school, health post and shelter.
PEOPLE: Final = {"sekolah": 2_600, "kesehatan": 9_000, "evakuasi": 6_000}
#: No school stands nearer to the next than this, m.
APART: Final = 350.0


class Homes(NamedTuple):
    """Buildings, villages, and how many people live in each village."""

    buildings: gpd.GeoDataFrame
    desa: gpd.GeoDataFrame
    people: pd.Series


def schools(homes: Homes, seed: int) -> gpd.GeoDataFrame:
    """Primary schools; a village with few homes has none, and its children walk."""
    places = _beside_homes(homes, "sekolah", seed)
    count = np.arange(1, len(places) + 1)
    return places.assign(
        NPSN=[f"9900{number:04d}" for number in count],
        NAMA_SEKOLAH=[f"SD Contoh {number}" for number in count],
        BENTUK="SD",
        JUMLAH_SISWA=generator(seed, "siswa").integers(60, 320, len(places)),
    )


def health(homes: Homes, seed: int) -> gpd.GeoDataFrame:
    """One puskesmas, and posts where many live."""
    places = _beside_homes(homes, "kesehatan", seed)
    kinds = ["Puskesmas", *["Puskesmas Pembantu"] * (len(places) - 1)]
    return places.assign(
        KODE_FASKES=[f"P3399{number:03d}" for number in range(1, len(places) + 1)],
        NAMA_FASKES=[f"{kind} Contoh {number}" for number, kind in enumerate(kinds, start=1)],
        JENIS_FASKES=kinds,
    )


def shelters(homes: Homes, seed: int) -> gpd.GeoDataFrame:
    """Halls and yards where people gather."""
    places = _beside_homes(homes, "evakuasi", seed)
    return places.assign(
        NAMOBJ=[f"Tempat evakuasi contoh {number}" for number in range(1, len(places) + 1)],
        JENIS_EVAKUASI="titik kumpul",
        KAPASITAS=generator(seed, "kapasitas").integers(4, 20, len(places)) * 50,
    )


def _beside_homes(homes: Homes, what: str, seed: int) -> gpd.GeoDataFrame:
    """Draw homes village by village; what is too near to one drawn before is left out."""
    points = shapely.centroid(np.asarray(homes.buildings.geometry.array, dtype=object))
    village, home = shapely.STRtree(points).query(
        np.asarray(homes.desa.geometry.array, dtype=object), predicate="contains"
    )
    random = generator(seed, what)
    # A village with half the people for one has one in two cases.
    expected = homes.people.to_numpy() / PEOPLE[what]
    drawn = [
        random.choice(home[village == number], count, replace=False)
        for number, count in enumerate((expected + random.random(len(expected))).astype(int))
    ]
    order = np.concatenate(drawn)
    xy = shapely.get_coordinates(points[order])
    kept: list[int] = []
    for place, here in enumerate(xy):
        if not kept or np.hypot(*(xy[kept] - here).T).min() >= APART:
            kept.append(place)
    rows = np.repeat(homes.desa["KDEPUM"].to_numpy(), [len(one) for one in drawn])
    frame = pd.DataFrame({"KDEPUM": rows[kept], "REMARK": MARK})
    return gpd.GeoDataFrame(frame, geometry=points[order][kept], crs=CRS)
