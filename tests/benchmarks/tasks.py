"""What every engine is asked, and how its answers are compared."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

#: What names an area beside the parcel.
KEYS = ("layer", "code")

__all__ = ["Absent", "Run", "Task", "difference", "need", "timed"]

#: Answers: layer, parcel (position), code, area_m2.
Run = Callable[[], pd.DataFrame]


class Absent(Exception):  # noqa: N818  not an error: an engine that is not on this machine
    """Why an engine cannot run here."""


@dataclass(frozen=True)
class Task:
    """Parcels, and layers with a column `code`, on one equal-area plane."""

    parcels: gpd.GeoSeries
    layers: dict[str, gpd.GeoDataFrame]


def need(module: str) -> Any:
    """Import a peer, or say that it is not there."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise Absent(f"{module} is not installed (pip install tataruang[bench])") from error


def timed(run: Run) -> tuple[float, pd.DataFrame]:
    """Return seconds and answers."""
    begin = time.perf_counter()
    answers = run()
    return time.perf_counter() - begin, answers


def difference(one: pd.DataFrame, other: pd.DataFrame, parcels: gpd.GeoSeries) -> float:
    """Return the largest difference of an area, as share of its parcel; a missing row is zero."""
    words = [pd.concat([one[name].astype(object), other[name].astype(object)]) for name in KEYS]
    layer, code = (pd.factorize(column)[0] for column in words)
    parcel = np.concatenate((one["parcel"].to_numpy(), other["parcel"].to_numpy()))
    area = np.concatenate((one["area_m2"].to_numpy(), -other["area_m2"].to_numpy()))
    place = (parcel.astype(np.int64) * 64 + layer) * 4096 + code
    _, row = np.unique(place, return_inverse=True)
    away = np.abs(np.bincount(row, area))
    whole = np.zeros(len(away))
    whole[row] = parcels.area.to_numpy()[parcel.astype(np.intp)]
    return float((away / whole).max(initial=0.0))
