"""Paddy between two dates: what stayed, what was lost and to which zone, what was gained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.crs import project
from zoning.coverage import polygons_of
from zoning.ground import OverlayMap, ZoneMap, ground_on
from zoning.plan import Plan

__all__ = ["Conversion", "conversion"]

SQUARE_M_PER_HA: Final = 10_000.0
PROTECTED: Final = ("LP2B", "KP2B", "LSD")


@dataclass(frozen=True, eq=False)
class Conversion:
    """A balance that closes: before = stayed + lost, after = stayed + gained.

    Parameters
    ----------
    patches : GeoDataFrame
        Lost and gained pieces: `perubahan` (hilang, bertambah), `rencana`, `zona`,
        `dilindungi` (names of protections there), `luas_ha`.
    """

    before_ha: float
    after_ha: float
    stayed_ha: float
    patches: gpd.GeoDataFrame

    def of(self, change: str) -> float:
        """Return the area (ha) of `hilang` or `bertambah`."""
        rows = self.patches[self.patches["perubahan"] == change]
        return float(rows["luas_ha"].sum())

    def table(self) -> pd.DataFrame:
        """Return area by change, plan, zone and protection, the largest first."""
        keys = ["perubahan", "rencana", "zona", "dilindungi"]
        found = self.patches.groupby(keys)["luas_ha"].sum().reset_index()
        return found.sort_values("luas_ha", ascending=False, ignore_index=True)


def conversion(
    before: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    plans: Sequence[Plan],
    *,
    on: date,
    smallest_m2: float = 0.0,
) -> Conversion:
    """Compare a layer of paddy at two dates.

    Parameters
    ----------
    before, after : GeoDataFrame
        Valid polygons, each in its CRS.
    plans : sequence of Plan
        Say in which zone, and under which protection, each change lies; on the legal day
        `on`.
    smallest_m2 : float
        Patches smaller than this are the noise of two digitisations: they stay in the
        balance, in one row named `(di bawah satuan terkecil)`.
    """
    plane = plans[0].meta.area_crs
    old, new = (_ground(frame, plane) for frame in (before, after))
    stayed = polygons_of(old.intersection(new))
    lost, gained = polygons_of(old.difference(new)), polygons_of(new.difference(old))
    rows = _rows(lost, "hilang", plans, on, smallest_m2)
    rows += _rows(gained, "bertambah", plans, on, smallest_m2)
    columns = ["perubahan", "rencana", "zona", "dilindungi", "luas_ha", "geometry"]
    return Conversion(
        before_ha=float(old.area) / SQUARE_M_PER_HA,
        after_ha=float(new.area) / SQUARE_M_PER_HA,
        stayed_ha=float(stayed.area) / SQUARE_M_PER_HA,
        patches=gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=plane),
    )


def _ground(frame: gpd.GeoDataFrame, plane: str) -> BaseGeometry:
    shapes = project(np.asarray(frame.geometry.array, dtype=object), frame.crs, plane)
    return polygons_of(shapely.union_all(shapes))


def _rows(
    region: BaseGeometry, change: str, plans: Sequence[Plan], on: date, smallest_m2: float
) -> list[dict[str, Any]]:
    pieces = shapely.get_parts(region)
    pieces = pieces[shapely.area(pieces) > 0]
    large = shapely.area(pieces) >= smallest_m2
    rest = shapely.union_all(pieces[large])
    rows = []
    for plan, zone, part in _zones(polygons_of(rest), plans, on):
        for name, piece in _protected(part, plans, on):
            rows.append(_row(change, plan, zone, name, piece))
    small = shapely.union_all(pieces[~large])
    if small.area > 0:
        rows.append(_row(change, "", "(di bawah satuan terkecil)", "", small))
    return rows


def _row(change: str, plan: str, zone: str, name: str, piece: BaseGeometry) -> dict[str, Any]:
    return {
        "perubahan": change,
        "rencana": plan,
        "zona": zone,
        "dilindungi": name,
        "luas_ha": float(piece.area) / SQUARE_M_PER_HA,
        "geometry": piece,
    }


def _zones(
    region: BaseGeometry, plans: Sequence[Plan], on: date
) -> list[tuple[str, str, BaseGeometry]]:
    """Cut a region by the zones of the most detailed plan that covers each place."""
    found = []
    rest = region
    ordered = sorted(plans, key=lambda plan: (plan.meta.level, plan.id))
    for plan in (one for one in ordered if one.meta.in_force(on)):
        zones = ground_on(plan, on).zones
        if not isinstance(zones, ZoneMap):
            continue
        for code in zones.whole.codes:
            part = zones.whole.part(rest, code)
            if part.area > 0:
                found.append((plan.meta.name, code, part))
                # Zones that overlap are counted once: a balance has to close.
                rest = polygons_of(rest.difference(part))
    if rest.area > 0:
        found.append(("", "(di luar rencana)", rest))
    return found


def _protected(
    part: BaseGeometry, plans: Sequence[Plan], on: date
) -> list[tuple[str, BaseGeometry]]:
    """Cut a part by the protections of paddy that lie on it; the rest has none."""
    cells = [("", part)]
    seen: set[tuple[object, ...]] = set()
    for plan in plans:
        ground = ground_on(plan, on)
        for rule in ground.rules.overlays:
            found = ground.overlays.get(rule.ground)
            if rule.ground in seen or not rule.kode.startswith(PROTECTED):
                continue
            seen.add(rule.ground)
            if isinstance(found, OverlayMap):
                cells = [one for cell in cells for one in _cut(cell, found, rule.nama)]
    return cells


def _cut(
    cell: tuple[str, BaseGeometry], overlay: OverlayMap, name: str
) -> list[tuple[str, BaseGeometry]]:
    label, region = cell
    inside = overlay.certain.part(region)
    both = "; ".join(part for part in (label, name) if part)
    pieces = [(both, inside), (label, polygons_of(region.difference(inside)))]
    return [(what, piece) for what, piece in pieces if piece.area > 0]
