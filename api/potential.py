"""Where each line of business may go, plan by plan, in hectares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from api.plan_facts import kbli_of, where
from api.theme_list import listed_themes, themes
from spatial.crs import parse_crs, project
from spatial.errors import EngineError, LayerNotFoundError

__all__ = ["potential"]

SQUARE_M_PER_HA: Final = 10_000.0
#: Ground whose class the matrix leaves open: a blank cell, or several classes that may hold.
OPEN: Final = "belum_pasti"


def potential(engine: Any, theme: str, on: date) -> dict[str, Any]:
    """Tell for every line of business of a theme how much ground of each plan allows it.

    Parameters
    ----------
    engine : object with `plans` and `layer(name)`
    theme : str
        A key of `themes`.
    on : date
        Legal date.

    Returns
    -------
    dict
        `kbli`: per classification its activities and, per plan, hectares by class of the
        matrix; `belum_pasti` is ground that blank or contradicting cells leave open, and
        `tanpa_sel` ground of zones the matrix does not have. `unread` names plans whose map
        cannot be read: they are not counted as nothing.

    Raises
    ------
    LayerNotFoundError
        `theme_unknown`.
    """
    chosen = themes().get(theme)
    if chosen is None:
        raise LayerNotFoundError(
            "there is no theme {name!r}",
            code="theme_unknown",
            hint="Themes: {known}",
            name=theme[:80],
            known=", ".join(themes()),
        )
    areas, unread = _areas(engine, on)
    known = kbli_of(engine.plans, on)
    codes = [code for code in known if code.startswith(tuple(chosen["kbli"]))]
    rows = [
        {"kbli": code, "kegiatan": known[code], "plans": _sums(engine, code, on, areas)}
        for code in codes
    ]
    [about] = [one for one in listed_themes() if one["id"] == theme]
    return about | {"layers": chosen["layers"], "on": str(on), "kbli": rows, "unread": unread}


def _areas(engine: Any, on: date) -> tuple[dict[str, dict[str, float]], list[str]]:
    """Return hectares by zone for every plan in force, and the plans that cannot be read."""
    found: dict[str, dict[str, float]] = {}
    unread = []
    for plan in engine.plans:
        if not plan.meta.in_force(on):
            continue
        try:
            found[plan.meta.id] = _by_zone(engine.layer(plan.meta.layer).frame, plan.meta.area_crs)
        except EngineError:
            unread.append(plan.meta.name)
    return found, unread


def _by_zone(frame: gpd.GeoDataFrame, plane: Any) -> dict[str, float]:
    if "zona" not in frame:
        raise LayerNotFoundError("the layer has no zones", code="layer_without_zones")
    shapes = np.asarray(frame.geometry.array, dtype=object)
    area = shapely.area(project(shapely.force_2d(shapes), frame.crs, parse_crs(plane)))
    sums = pd.Series(area).groupby(frame["zona"].astype("string").to_numpy()).sum()
    return {str(zone): float(value) / SQUARE_M_PER_HA for zone, value in sums.items()}


def _sums(
    engine: Any, code: str, on: date, areas: Mapping[str, Mapping[str, float]]
) -> list[dict[str, Any]]:
    told = []
    for plan in where(engine.plans, "", on, code):
        if plan["plan"] not in areas:
            continue
        ground = areas[plan["plan"]]
        izin = {zone["zona"]: zone["izin"] for zone in plan["zones"]}
        classes: dict[str, float] = {}
        for zone, hectares in ground.items():
            name = _class(izin[zone]) if zone in izin else "tanpa_sel"
            classes[name] = classes.get(name, 0.0) + hectares
        told.append(
            {
                "plan": plan["plan"],
                "name": plan["name"],
                "layer": plan["layer"],
                "classes": {name: round(value, 4) for name, value in sorted(classes.items())},
                "total_ha": round(sum(ground.values()), 4),
            }
        )
    return told


def _class(izin: list[str] | None) -> str:
    return izin[1] if izin is not None and izin[0] == izin[1] else OPEN
