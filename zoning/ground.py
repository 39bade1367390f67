"""What lies where under a plan on a day: its zones and overlays, prepared once for many permits."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from layers.store import StoredLayer
from layers.store.indexes import index_beside
from spatial.crs import parse_crs, project
from spatial.errors import EngineError, LayerError, LayerNotFoundError
from spatial.index import index_of
from zoning.coverage import Coverage, Reach, build_coverage, erode, reach_of
from zoning.plan import Dated, OverlayRule, Plan, PlanMeta
from zoning.ruleset import RuleSet, rules_on
from zoning.sempadan import channel_halves, river_widths

__all__ = [
    "NONE_WORDS",
    "Ground",
    "LayerUse",
    "OverlayMap",
    "ZoneMap",
    "ground_on",
    "is_prepared",
    "words_of",
]

#: Days whose ground is remembered; a stranger may name any day.
MOST_DAYS: Final = 4_000
_PREPARING: Final = threading.RLock()
#: What stands in an official attribute where there is nothing.
NONE_WORDS = frozenset({"", "tidak ada", "-"})


@dataclass(frozen=True, slots=True)
class LayerUse:
    """A layer that an answer rests on, and its version (content hash)."""

    name: str
    version: str

    def to_dict(self) -> dict[str, str]:
        """Return the layer as JSON-ready dictionary."""
        return {"name": self.name, "version": self.version}


@dataclass(frozen=True, eq=False)
class ZoneMap:
    """Zones of a plan: whole, and what of each lies deeper than the map is accurate."""

    whole: Coverage
    deep: Coverage


@dataclass(frozen=True, eq=False)
class OverlayMap:
    """Where an overlay lies for certain, its deep part, and where it may lie at most."""

    certain: Coverage
    deep: Coverage
    possible: Coverage


@dataclass(frozen=True, eq=False)
class Ground:
    """A plan on a day, ready to be asked.

    `zones` is the fault where the layer could not be read; so is each overlay, and `faults`
    are those of them. `hazards` are the layers of the hazard maps as they were read, by name,
    or the fault.
    """

    plan: Plan
    rules: RuleSet
    zones: ZoneMap | EngineError
    overlays: Mapping[tuple[object, ...], OverlayMap | EngineError]
    reach: Reach
    hazards: Mapping[str, Any]
    layers: tuple[LayerUse, ...]
    faults: dict[tuple[object, ...], EngineError] = field(init=False)

    def __post_init__(self) -> None:
        unread = {k: one for k, one in self.overlays.items() if isinstance(one, EngineError)}
        object.__setattr__(self, "faults", unread)

    @property
    def meta(self) -> PlanMeta:
        """What `plan.toml` says."""
        return self.plan.meta

    def met(
        self, regions: NDArray[np.object_]
    ) -> Iterator[tuple[tuple[object, ...], OverlayMap, list[int]]]:
        """Yield the overlays that regions may meet, each with the rows of these regions."""
        maps = [(k, one) for k, one in self.overlays.items() if isinstance(one, OverlayMap)]
        for position, rows in self.reach.met(regions):
            yield *maps[position], rows


def ground_on(plan: Plan, on: date, known_at: Any = None) -> Ground:
    """Return the ground of a plan on a day; days with the same rules and layers share one."""
    found: Ground | None = plan.prepared.get(("day", on, known_at))
    if found is None:
        # Threads that ask for the same ground at once wait for the first of them.
        with _PREPARING:
            found = plan.prepared.get(("day", on, known_at)) or _read(plan, on, known_at)
    return found


def is_prepared(plan: Plan, on: date, known_at: Any = None) -> bool:
    """Say whether the ground of a plan on a day is there already, so that nobody waits for it."""
    return ("day", on, known_at) in plan.prepared


def _read(plan: Plan, on: date, known_at: Any) -> Ground:
    rules = rules_on(plan, on)
    names = sorted(
        {plan.meta.layer} | {r.layer for r in rules.overlays if r.layer} | _hazard_layers(rules)
    )
    found = {name: _layer(plan, name, on, known_at) for name in names}
    stamp = ("ground", _epoch(plan, on), tuple(_version(found[name]) for name in names))
    if stamp not in plan.prepared:
        plan.prepared[stamp] = _prepare(plan, rules, found)
    days = [key for key in plan.prepared if key[0] == "day"]
    for key in days if len(days) >= MOST_DAYS else ():
        del plan.prepared[key]
    ground: Ground = plan.prepared[stamp]
    plan.prepared["day", on, known_at] = ground
    return ground


def _epoch(plan: Plan, on: date) -> int:
    """Count the days on which some rule began or ended, up to this one."""
    tables: tuple[tuple[Dated, ...], ...] = (
        plan.matrix, plan.intensities, plan.overlays, plan.kbli, plan.exemptions, plan.rivers,
        plan.hazards,
    )  # fmt: skip
    edges = {edge for rows in tables for row in rows for edge in (row.valid_from, row.valid_to)}
    return sum(1 for edge in edges if edge is not None and edge <= on)


def _layer(plan: Plan, name: str, on: date, known_at: Any) -> Any:
    """Get a layer; a fault is kept and not raised, so that it can widen the answer."""
    if plan.source is None:
        return LayerNotFoundError(
            "plan {plan} was loaded without a source of layers",
            code="plan_without_source",
            plan=plan.id,
        )
    try:
        return plan.source.get(name, on=on, known_at=known_at)
    except EngineError as error:
        return error
    except (OSError, KeyError) as error:
        return LayerNotFoundError(
            "layer {layer} cannot be read: {why}",
            code="plan_layer_unreadable",
            layer=name,
            why=f"{type(error).__name__}: {error}",
        )


def _version(layer: Any) -> str:
    if isinstance(layer, EngineError):
        return f"!{layer.code}"
    version = layer.version
    return str(getattr(version, "id", getattr(version, "sha256", version)))


def _prepare(plan: Plan, rules: RuleSet, layers: Mapping[str, Any]) -> Ground:
    overlays: dict[tuple[object, ...], OverlayMap | EngineError] = {}
    for rule in rules.overlays:
        if rule.ground not in overlays:
            overlays[rule.ground] = _kept(partial(_overlay, plan.meta, rules, rule, layers))
    maps = [one for one in overlays.values() if isinstance(one, OverlayMap)]
    return Ground(
        plan=plan,
        rules=rules,
        zones=_kept(partial(_zones, plan.meta, layers)),
        overlays=overlays,
        reach=reach_of([(one.certain, one.possible) for one in maps]),
        hazards={name: layers[name] for name in _hazard_layers(rules)},
        layers=tuple(
            LayerUse(name, _version(layer))
            for name, layer in layers.items()
            if not isinstance(layer, EngineError)
        ),
    )


def _hazard_layers(rules: RuleSet) -> set[str]:
    names = {name for rule in rules.hazards for name in (rule.source.layer, rule.source.studied)}
    return names - {""}


def _kept(build: Callable[[], Any]) -> Any:
    try:
        return build()
    except EngineError as error:
        return error


def _zones(meta: PlanMeta, layers: Mapping[str, Any]) -> ZoneMap:
    frame = _frame(layers, meta.layer)
    column = _column(frame, meta.zone_column, meta.layer)
    codes = column.astype("string").str.strip()
    shapes = _shapes(frame, meta.area_crs, meta.layer)
    labels = codes.fillna("").to_numpy(dtype=object)
    layer, index = layers[meta.layer], None
    as_stored = bool((codes == column.astype("string")).fillna(value=False).all())
    if as_stored and isinstance(layer, StoredLayer):
        # The index by these codes lies beside the version.
        build = partial(index_of, shapes, labels, meta.area_crs)
        index = index_beside(layer, str(column.name), meta.area_crs, build)
    whole = build_coverage(shapes, labels, index=index)
    return ZoneMap(whole, erode(shapes, labels, meta.ce90_m, meta.area_crs, meta.metric_crs))


def _frame(layers: Mapping[str, Any], name: str) -> gpd.GeoDataFrame:
    layer = layers[name]
    if isinstance(layer, EngineError):
        raise layer
    frame: gpd.GeoDataFrame = layer.frame
    return frame


def _column(frame: gpd.GeoDataFrame, column: str, layer: str) -> Any:
    """Return a column by its name or, of several names separated by semicolons, the first."""
    for name in column.split(";"):
        if name.strip() in frame.columns:
            return frame[name.strip()]
    raise LayerError(
        "layer {layer} has no column {column!r}; it has {known}",
        code="layer_column_missing",
        hint="Correct the column in the plan's table, or ingest the right layer",
        layer=layer,
        column=column,
        known=", ".join(str(name) for name in frame.columns),
    )


def _shapes(frame: gpd.GeoDataFrame, plane: Any, layer: str) -> NDArray[np.object_]:
    """Return the geometries on a plane; a geometry that cannot be measured is no answer."""
    shapes = shapely.force_2d(np.asarray(frame.geometry.array, dtype=object))
    if shapely.is_missing(shapes).any() or not shapely.is_valid(shapes).all():
        raise LayerError(
            "layer {layer} holds missing or invalid geometries",
            code="layer_geometry_unusable",
            hint="Ingest it again: ingest repairs and lists them",
            layer=layer,
        )
    return project(shapes, parse_crs(frame.crs, what=layer), plane)


def _overlay(
    meta: PlanMeta, rules: RuleSet, rule: OverlayRule, layers: Mapping[str, Any]
) -> OverlayMap:
    frame = _frame(layers, rule.layer)
    certain, possible = _chosen(frame, rule)
    shapes = _shapes(frame, meta.metric_crs, rule.layer)
    lowest = highest = np.full(len(frame), rule.distance_m or 0.0)
    if rule.geometry == "sempadan_sungai":
        lowest, highest = river_widths(frame, rules.rivers)
        # No width in the table: the river is there, its strip is not known.
        certain = certain & ~np.isnan(lowest)
        widest = max((row.distance_m for row in rules.rivers), default=0.0)
        highest = np.where(np.isnan(highest), widest, highest)
        least, most = channel_halves(frame, shapes)
        lowest, highest = lowest + least, highest + most
    elif rule.geometry != "penyangga" and (shapely.get_dimensions(shapes) < 2).any():
        raise LayerError(
            "layer {layer} draws lines or points where areas are wanted",
            code="layer_no_areas",
            hint="Give polygons, or let the rule be a penyangga with jarak_m",
            layer=rule.layer,
        )
    sure = _covered(shapes[certain], lowest[certain], rule, meta)
    widest_case = _covered(shapes[possible], highest[possible], rule, meta)
    depth = meta.ce90_m if rule.ce90_m is None else rule.ce90_m
    deep = erode(sure.pieces, ["*"] * len(sure.pieces), depth, meta.area_crs, meta.metric_crs)
    same = bool((certain == possible).all()) and np.array_equal(lowest, highest)
    return OverlayMap(sure, deep, sure if same else widest_case)


def _covered(
    shapes: NDArray[np.object_], widths: NDArray[np.float64], rule: OverlayRule, meta: PlanMeta
) -> Coverage:
    """Return the ground within a width of shapes, on the plane of areas."""
    if rule.geometry in ("penyangga", "sempadan_sungai"):
        shapes = shapely.buffer(shapes, widths, quad_segs=32)
    on_plane = project(shapes, meta.metric_crs, meta.area_crs)
    return build_coverage(on_plane, ["*"] * len(on_plane))


def _chosen(
    frame: gpd.GeoDataFrame, rule: OverlayRule
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which features are meant for certain, and which may be: a blank is no answer."""
    certain = np.ones(len(frame), dtype=bool)
    possible = certain
    if rule.column:
        raw = words_of(frame, rule.column, rule.layer)
        words = raw.fillna("").str.casefold().to_numpy(dtype=object)
        wanted = {value.casefold() for value in rule.values}
        if "*" in wanted:
            certain = np.array([word not in NONE_WORDS for word in words], dtype=bool)
        else:
            certain = np.array([word in wanted for word in words], dtype=bool)
        possible = certain | (raw.isna() | (raw == "")).to_numpy(dtype=bool)
    if rule.decree_column:
        decree = words_of(frame, rule.decree_column, rule.layer)
        decided = ~decree.fillna("").str.casefold().isin(NONE_WORDS).to_numpy(dtype=bool)
        certain = certain & decided
    return certain, possible


def words_of(frame: gpd.GeoDataFrame, column: str, layer: str) -> Any:
    """Return a column as text; a code that was read as 1003.0 is 1003."""
    text = _column(frame, column, layer).astype("string")
    return text.str.strip().str.removesuffix(".0")
