"""Where in an area an activity may be built, under which conditions: the question asked backwards.

Every place of the area leaves with an answer: allowed, prohibited, not known, or covered by
no plan. Areas add up to the area that was asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.errors import EngineError, PlanError
from spatial.notes import Note
from zoning.coverage import polygons_of
from zoning.finding import rounded
from zoning.ground import Ground, OverlayMap, ground_on
from zoning.judge_overlays import WORST
from zoning.lattice import FREE, PROHIBITED, UNKNOWN, Interval, Izin
from zoning.plan import OverlayRule, Plan
from zoning.ruleset import Selection, applies_to, is_compound
from zoning.survey import Scene, survey

__all__ = ["Siting", "siting"]

SQUARE_M_PER_HA: Final = 10_000.0
COLUMNS: Final = (
    "status", "izin", "rencana", "zona", "zona_nama", "luas_ha", "terbukti_ha",
    "kavling_min_m2", "syarat", "ketentuan", "dasar",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Siting:
    """The answer for an area.

    Parameters
    ----------
    parts : GeoDataFrame
        One row per plan, zone and set of overlays. `status` is `boleh`, `bersyarat`,
        `dilarang`, `belum_pasti` or `tanpa_rencana`; `izin` the class or both ends of it;
        `terbukti_ha` lies deeper in the zone than its map is accurate.
    area_ha : float
        Area asked about; `sum(luas_ha)` is the same.
    notes : tuple of Note
    """

    parts: gpd.GeoDataFrame
    area_ha: float
    notes: tuple[Note, ...]

    def totals(self) -> dict[str, float]:
        """Return the area (ha) of every status."""
        return {str(k): float(v) for k, v in self.parts.groupby("status")["luas_ha"].sum().items()}


@dataclass(frozen=True, slots=True)
class Cell:
    """A part of the area on which the same rules speak."""

    region: BaseGeometry
    interval: Interval
    zones: tuple[str, ...]
    conditions: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()
    law: str = ""


def siting(
    plans: Iterable[Plan],
    area: BaseGeometry,
    *,
    on: date,
    kegiatan: str = "",
    kbli: str = "",
    known_at: str | None = None,
) -> Siting:
    """Return where an activity may be built.

    Parameters
    ----------
    area : geometry
        Valid polygon on the plans' plane of areas.
    kegiatan, kbli : str
        One of them names the activity.

    Raises
    ------
    PlanError
        `activity_unknown`, if no plan in force knows it; the hint says what is near.

    Examples
    --------
    >>> from zoning import load_plan, sample_plan_folder
    >>> plan = load_plan(sample_plan_folder("rdtr"))
    >>> found = siting([plan], shapely.box(0, 0, 100, 100), on=date(2026, 1, 1), kegiatan="toko")
    >>> found.totals()  # no layers were given: no plan is known to lie there
    {'tanpa_rencana': 1.0}
    """
    chosen = sorted(plans, key=lambda plan: (plan.meta.level, plan.id))
    grounds = [ground_on(plan, on, known_at) for plan in chosen if plan.meta.in_force(on)]
    selections = [ground.rules.select(kegiatan, kbli) for ground in grounds]
    _require_known(selections, kegiatan or f"KBLI {kbli}")
    rows: list[dict[str, object]] = []
    notes: list[Note] = []
    unread: list[str] = []
    rest = area
    for ground, selection in zip(grounds, selections, strict=True):
        if rest.is_empty:
            break
        [scene] = survey(ground, [rest])
        if scene.fault is not None:
            # It may cover any of this, and nobody can say what it prohibits.
            notes.append(Note.of(scene.fault, "warning"))
            unread.append(ground.meta.name)
        elif scene.zones:
            rows += _rows(scene, selection, unread)
            rest = scene.uncovered_part()
    if rest.area > 0:
        rows.append(_uncovered(rest))
    crs = grounds[0].meta.area_crs if grounds else None
    return Siting(_frame(rows, crs), float(area.area) / SQUARE_M_PER_HA, tuple(notes))


def _require_known(selections: Sequence[Selection], asked: str) -> None:
    if any(selection.rows for selection in selections):
        return
    near = dict.fromkeys(name for one in selections for name in one.suggestions)
    raise PlanError(
        "no plan knows the activity {kegiatan!r}",
        code="activity_unknown",
        hint="Perhaps: {near}",
        kegiatan=asked[:80],
        near=", ".join(near) or "-",
    )


def _rows(scene: Scene, selection: Selection, unread: Sequence[str]) -> list[dict[str, object]]:
    cells = _zone_cells(scene, selection)
    if unread:
        cells = [
            replace(cell, interval=cell.interval.join(UNKNOWN), overlays=tuple(unread))
            for cell in cells
        ]
    for rule in scene.ground.rules.meant(selection):
        if rule.effect in ("larang", "syarat"):
            cells = [part for cell in cells for part in _split(scene, cell, rule, selection)]
    return [_row(scene.ground, cell) for cell in _merged(cells)]


def _zone_cells(scene: Scene, selection: Selection) -> list[Cell]:
    """Return one cell per zone; where zones overlap both speak."""
    rules = scene.ground.rules
    cells: list[Cell] = []
    for hit in scene.zones:
        region = scene.zone_part(hit.zone)
        interval = rules.zone_interval(selection, hit.zone)
        codes = dict.fromkeys(
            code for row in selection.rows for code in rules.cell(row, hit.zone).subcodes
        )
        texts = tuple(f"{c}: {rules.meta.subcodes.get(c, '')}".rstrip(": ") for c in codes)
        basis = selection.rows[0].basis if selection.rows else None
        law = f"{basis.instrument}, {basis.pasal}" if basis else ""
        fresh = Cell(region, interval, (hit.zone,), texts, (), law)
        cells = [*cells, fresh] if not scene.overlap_m2 else _overlaid(cells, fresh)
    return cells


def _overlaid(cells: Sequence[Cell], fresh: Cell) -> list[Cell]:
    """Add a zone to cells that it may overlap."""
    found = []
    for cell in cells:
        both = polygons_of(cell.region.intersection(fresh.region))
        if both.area > 0:
            found.append(
                Cell(
                    both,
                    cell.interval.join(fresh.interval),
                    cell.zones + fresh.zones,
                    tuple(dict.fromkeys(cell.conditions + fresh.conditions)),
                    (),
                    cell.law,
                )
            )
            cell = replace(cell, region=polygons_of(cell.region.difference(both)))
            fresh = replace(fresh, region=polygons_of(fresh.region.difference(both)))
        found.append(cell)
    return [cell for cell in (*found, fresh) if cell.region.area > 0]


def _split(scene: Scene, cell: Cell, rule: OverlayRule, selection: Selection) -> list[Cell]:
    """Split a cell by an overlay: what lies in it, what may, and the rest."""
    found = scene.ground.overlays.get(rule.ground)
    if isinstance(found, EngineError):
        return [_under(cell, cell.region, rule, WORST[rule.effect])]
    if not isinstance(found, OverlayMap) or rule.ground not in scene.overlays:
        return [cell]
    effect = PROHIBITED if rule.effect == "larang" else Interval.of(Izin.B)
    sure = all(
        applies_to(rule.kegiatan, rule.except_kegiatan, row.kegiatan, row.kelompok)
        for row in selection.rows
    )
    certain = found.certain.part(cell.region) if sure else shapely.Polygon()
    possible = found.possible.part(cell.region)
    maybe = polygons_of(possible.difference(certain)) if possible is not certain else certain
    outside = polygons_of(cell.region.difference(shapely.union(certain, possible)))
    parts = [
        _under(cell, certain, rule, effect),
        _under(
            cell,
            maybe if possible.area > certain.area else shapely.Polygon(),
            rule,
            effect.possible(),
        ),
        replace(cell, region=outside),
    ]
    return [part for part in parts if part.region.area > 0]


def _under(cell: Cell, region: BaseGeometry, rule: OverlayRule, effect: Interval) -> Cell:
    return replace(
        cell,
        region=region,
        interval=cell.interval.join(effect),
        conditions=tuple(dict.fromkeys(cell.conditions + rule.conditions)),
        overlays=tuple(dict.fromkeys((*cell.overlays, rule.nama))),
    )


def _merged(cells: Sequence[Cell]) -> list[Cell]:
    """Join cells on which the same is said."""
    groups: dict[tuple[object, ...], list[Cell]] = {}
    for cell in cells:
        key = (cell.zones, cell.interval, cell.conditions, cell.overlays)
        groups.setdefault(key, []).append(cell)
    return [
        replace(group[0], region=polygons_of(shapely.union_all([cell.region for cell in group])))
        for group in groups.values()
    ]


def _row(ground: Ground, cell: Cell) -> dict[str, object]:
    meta = ground.meta
    allowed = cell.interval.hi is not Izin.X
    return {
        "status": _status(cell),
        "izin": cell.interval.lo.name
        if cell.interval.certain
        else f"{cell.interval.lo.name}..{cell.interval.hi.name}",
        "rencana": meta.name,
        "zona": " + ".join(cell.zones),
        "zona_nama": "; ".join(meta.zone_names.get(code, "") for code in cell.zones),
        "luas_ha": float(cell.region.area) / SQUARE_M_PER_HA,
        "terbukti_ha": _deep_ha(ground, cell),
        "kavling_min_m2": rounded(_smallest_plot(ground, cell)),
        "syarat": "; ".join(cell.conditions) if allowed else "",
        "ketentuan": "; ".join(cell.overlays),
        "dasar": cell.law,
        "geometry": cell.region,
    }


def _status(cell: Cell) -> str:
    if cell.interval.lo is Izin.X:
        return "dilarang"
    if cell.interval.hi is Izin.X or any(is_compound(code) for code in cell.zones):
        return "belum_pasti"
    return "boleh" if cell.interval == FREE else "bersyarat"


def _deep_ha(ground: Ground, cell: Cell) -> float:
    """Return the area that lies deeper in its zone than the map is accurate."""
    zones = ground.zones
    if isinstance(zones, EngineError) or len(cell.zones) != 1:
        return 0.0
    code = cell.zones[0]
    if code not in zones.deep.codes:
        return 0.0
    return float(zones.deep.part(cell.region, code).area) / SQUARE_M_PER_HA


def _smallest_plot(ground: Ground, cell: Cell) -> float | None:
    limits = [
        rule.limit
        for code in cell.zones
        for rule in ground.rules.intensities.get(code, ())
        if rule.parameter == "kavling_min_m2"
    ]
    return max(limits, default=None)


def _uncovered(rest: BaseGeometry) -> dict[str, object]:
    blank: dict[str, object] = dict.fromkeys(COLUMNS, "")
    return blank | {
        "status": "tanpa_rencana",
        "izin": f"{UNKNOWN.lo.name}..{UNKNOWN.hi.name}",
        "luas_ha": float(rest.area) / SQUARE_M_PER_HA,
        "terbukti_ha": 0.0,
        "kavling_min_m2": None,
        "geometry": rest,
    }


def _frame(rows: list[dict[str, object]], crs: str | None) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(rows, columns=[*COLUMNS, "geometry"], geometry="geometry", crs=crs)
    order = {name: place for place, name in enumerate(("boleh", "bersyarat", "belum_pasti"))}
    frame["_"] = frame["status"].map(order).fillna(len(order))
    frame = frame.sort_values(["_", "luas_ha"], ascending=[True, False], kind="stable")
    frame["kavling_min_m2"] = pd.to_numeric(frame["kavling_min_m2"])
    return frame.drop(columns="_").reset_index(drop=True)
