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
    keys = ["layer", "parcel", "code"]
    one, other = (frame.astype({"code": str}) for frame in (one, other))
    both = one.merge(other, how="outer", on=keys, suffixes=("", "_other")).fillna(
        {"area_m2": 0.0, "area_m2_other": 0.0}
    )
    whole = parcels.area.to_numpy()[both["parcel"].to_numpy(dtype=np.intp)]
    away = np.abs(both["area_m2"] - both["area_m2_other"]).to_numpy() / whole
    return float(away.max(initial=0.0))
