"""Where plans and national layers contradict each other over a whole area, with both laws.

Two plans contradict each other in a place where one designates it for an activity (class I:
"sesuai rencana peruntukan ruang") that the other certainly prohibits; a national layer
contradicts a plan where it asks more than the zone. That is asked of their own rules, so no
table of matching class names is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from typing import Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from spatial.notes import Note
from zoning.coverage import Coverage, polygons_of
from zoning.crossplan_sheets import Sheet, pitti_class, sheets_of
from zoning.ground import ground_on
from zoning.lattice import FREE, Interval, Izin
from zoning.plan import Plan

__all__ = ["Conflicts", "plan_conflicts"]

SQUARE_M_PER_HA: Final = 10_000.0
#: Water and road bodies are drawn by the finer map inside every class of a coarser one.
NOT_LAND: Final = frozenset({"BA", "BJ"})
NOISE: Final = "(kepingan di bawah batas luas)"


@dataclass(frozen=True, eq=False)
class Conflicts:
    """Contradictions of an area.

    Parameters
    ----------
    patches : GeoDataFrame
        One row per pair of classes: `kelas`, `instrumen_a`, `zona_a`, `instrumen_b`,
        `zona_b`, `luas_ha`, `terbukti_ha` (deeper in both classes than their maps are
        accurate), `tingkat` (dilarang, disyaratkan), `kegiatan`, `jumlah_kegiatan`, and of the
        first of them `izin_a`, `izin_b`, `dasar_a`, `dasar_b`.
    summary : DataFrame
        Area by the set of pairs that contradict each other there; no place counts twice.
    compared_ha : float
        Area on which at least two instruments speak.
    notes : tuple of Note
        Instruments that could not be read.
    """

    patches: gpd.GeoDataFrame
    summary: pd.DataFrame
    compared_ha: float
    notes: tuple[Note, ...]

    @property
    def conflict_ha(self) -> float:
        """Area of all contradictions, each place once."""
        return float(self.summary["luas_ha"].sum())


def plan_conflicts(
    plans: Iterable[Plan],
    *,
    on: date,
    kegiatan: str | None = None,
    known_at: str | None = None,
) -> Conflicts:
    """Find where instruments contradict each other.

    Parameters
    ----------
    plans : plans
        Those in force on `on` are compared, with the forest estate, protected paddy and
        LP2B that their rules name.
    kegiatan : str, optional
        One activity, and then any certain permission counts; without it all activities
        that both instruments know, and only what one of them designates the place for.

    Returns
    -------
    Conflicts
        Areas on the plane of the plans.

    Examples
    --------
    >>> from zoning import load_plan, sample_plan_folder
    >>> found = plan_conflicts([load_plan(sample_plan_folder("rdtr"))], on=date(2026, 1, 1))
    >>> len(found.patches), found.notes[0].code  # no layers were given
    (0, 'instrument_unreadable')
    """
    chosen = sorted(plans, key=lambda plan: (plan.meta.level, plan.id))
    grounds = [ground_on(plan, on, known_at) for plan in chosen if plan.meta.in_force(on)]
    sheets, notes = sheets_of(grounds, kegiatan)
    rows: list[dict[str, object]] = []
    for one, other in combinations(sheets, 2):
        # Two overlays only restrict: neither can allow what the other prohibits.
        if one.family != other.family and not (one.rules and other.rules):
            rows += _meet(one, other, designated=kegiatan is None)
    patches = _frame(rows, grounds[0].meta.area_crs if grounds else None)
    floor_m2 = max((ground.meta.area_floor_m2 for ground in grounds), default=0.0)
    return Conflicts(patches, _exclusive(patches, floor_m2), _compared_ha(sheets), tuple(notes))


def _meet(one: Sheet, other: Sheet, *, designated: bool) -> list[dict[str, object]]:
    """Return a row for every pair of classes that contradict each other where they meet."""
    left, right, pieces = _pieces(one.whole, other.whole)
    rows = []
    for key in np.unique(left * len(other.whole.codes) + right):
        a, b = divmod(int(key), len(other.whole.codes))
        codes = one.whole.codes[a], other.whole.codes[b]
        differing = _contradictions(one, codes[0], other, codes[1], designated=designated)
        if not differing:
            continue
        region = polygons_of(shapely.union_all(pieces[(left == a) & (right == b)]))
        # Below the floor it is the noise of two maps drawn along one line.
        if region.area >= one.ground.meta.area_floor_m2:
            rows.append(_row(one, codes[0], other, codes[1], differing, region))
    return rows


def _pieces(
    one: Coverage, other: Coverage
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.object_]]:
    """Return class, class and geometry of everything that lies in both coverages."""
    b, a = one.tree.query(other.pieces, predicate="intersects")
    cut = shapely.intersection(one.pieces[a], other.pieces[b])
    real = shapely.area(cut) > 0
    return one.owner[a[real]], other.owner[b[real]], cut[real]


def _contradictions(
    one: Sheet, zone: str, other: Sheet, foreign: str, *, designated: bool
) -> list[tuple[str, Interval, Interval]]:
    """Return the activities about which they contradict each other, prohibitions first.

    Parameters
    ----------
    one : Sheet
        The plan, of two plans the more detailed.
    designated : bool
        Whether only what a plan designates the place for counts (class I).
    """
    if zone in NOT_LAND or foreign in NOT_LAND:
        return []
    said = [
        (one.name_of(activity), one.says(zone, activity), other.says(foreign, activity))
        for activity in sorted(one.activities & other.activities)
    ]
    if other.rules:
        met = [it for it in said if _forbids(it[2], it[1], designated) or _asks_more(it[2], it[1])]
    elif designated:
        met = [it for it in said if it[1] == FREE and it[2].lo is Izin.X] + _left_nothing(said)
    else:
        met = [it for it in said if _forbids(it[2], it[1], False) or _forbids(it[1], it[2], False)]
    return sorted(met, key=lambda it: (not _opposed(it[1], it[2]), it[0]))


def _left_nothing(
    said: Sequence[tuple[str, Interval, Interval]],
) -> list[tuple[str, Interval, Interval]]:
    """Return what the general plan designates, where the detailed one prohibits all of it.

    A detailed plan may allow less than the general one: that is its task. It contradicts it
    where nothing is left of what the place was designated for.
    """
    wanted = [it for it in said if it[2] == FREE]
    return wanted if all(it[1].lo is Izin.X for it in wanted) else []


def _forbids(strict: Interval, mild: Interval, designated: bool) -> bool:
    """Say whether one certainly prohibits what the other allows, or designates."""
    return strict.lo is Izin.X and (mild == FREE if designated else mild.hi is not Izin.X)


def _asks_more(strict: Interval, mild: Interval) -> bool:
    """Say whether a layer adds conditions to what a plan designates the place for."""
    return strict.lo is not Izin.X and mild == FREE and strict.lo is not Izin.I


def _opposed(one: Interval, other: Interval) -> bool:
    return (one.lo is Izin.X) != (other.lo is Izin.X)


def _row(
    one: Sheet,
    zone: str,
    other: Sheet,
    foreign: str,
    differing: Sequence[tuple[str, Interval, Interval]],
    region: BaseGeometry,
) -> dict[str, object]:
    deep = shapely.intersection(_part(one.deep, region, zone), _part(other.deep, region, foreign))
    first = differing[0]
    return {
        "kelas": pitti_class(one.family, other.family),
        "instrumen_a": one.name,
        "zona_a": zone,
        "instrumen_b": other.name,
        "zona_b": foreign,
        "luas_ha": float(region.area) / SQUARE_M_PER_HA,
        "terbukti_ha": float(deep.area) / SQUARE_M_PER_HA,
        "tingkat": "dilarang" if _opposed(first[1], first[2]) else "disyaratkan",
        "jumlah_kegiatan": len(differing),
        "kegiatan": "; ".join(name for name, _, _ in differing),
        "izin_a": _says(first[1]),
        "izin_b": _says(first[2]),
        "dasar_a": one.law(zone, first[0]),
        "dasar_b": other.law(foreign, first[0]),
        "geometry": region,
    }


def _part(coverage: Coverage, region: BaseGeometry, code: str) -> BaseGeometry:
    return coverage.part(region, code) if code in coverage.codes else shapely.Polygon()


def _says(interval: Interval) -> str:
    return interval.lo.name if interval.certain else f"{interval.lo.name}..{interval.hi.name}"


def _frame(rows: list[dict[str, object]], crs: str | None) -> gpd.GeoDataFrame:
    columns = [
        "kelas", "instrumen_a", "zona_a", "instrumen_b", "zona_b", "luas_ha", "terbukti_ha",
        "tingkat", "jumlah_kegiatan", "kegiatan", "izin_a", "izin_b", "dasar_a", "dasar_b",
        "geometry",
    ]  # fmt: skip
    frame = gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=crs)
    ordered = frame.sort_values(
        ["luas_ha", "kelas", "zona_a", "zona_b"], ascending=[False, True, True, True]
    )
    return ordered.reset_index(drop=True)


def _exclusive(patches: gpd.GeoDataFrame, floor_m2: float) -> pd.DataFrame:
    """Return the area of every set of pairs that contradict in one place, each place once.

    All boundaries are noded together and every face is asked which patches it lies in. What
    is smaller than the floor of numeric noise is one row of its own, so that sums close.
    """
    shapes = patches.geometry.to_numpy()
    noded = shapely.union_all(shapely.boundary(shapes))
    faces = shapely.get_parts(shapely.polygonize([noded])) if len(shapes) else shapes
    inside = shapely.point_on_surface(faces)
    face, patch = shapely.STRtree(shapes).query(inside, predicate="intersects")
    names: list[set[str]] = [set() for _ in faces]
    for index, name in zip(face, patches["kelas"].to_numpy()[patch], strict=True):
        names[index].add(str(name))
    areas: dict[str, float] = {}
    for found, area in zip(names, shapely.area(faces), strict=True):
        if found:
            key = "; ".join(sorted(found))
            areas[key] = areas.get(key, 0.0) + float(area)
    shown = {name: area for name, area in areas.items() if area >= floor_m2}
    noise = sum(area for name, area in areas.items() if name not in shown)
    if noise:
        shown[NOISE] = noise
    frame = pd.DataFrame({"kelas": list(shown), "luas_ha": list(shown.values())})
    frame["luas_ha"] = frame["luas_ha"].astype(float) / SQUARE_M_PER_HA
    return frame.sort_values("luas_ha", ascending=False, kind="stable").reset_index(drop=True)


def _compared_ha(sheets: Sequence[Sheet]) -> float:
    """Return the area on which a plan and at least one other instrument speak."""
    outlines = [shapely.union_all(sheet.whole.pieces) for sheet in sheets]
    shared = [
        shapely.intersection(outlines[a], outlines[b])
        for a, b in combinations(range(len(sheets)), 2)
        if not (sheets[a].rules and sheets[b].rules)
    ]
    return float(shapely.union_all(shared).area) / SQUARE_M_PER_HA if shared else 0.0
