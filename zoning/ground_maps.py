"""Zones and overlays of a plan as maps that can be asked: made of layers, or opened as kept."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from layers.store import StoredLayer
from layers.store.indexes import index_beside
from spatial.crs import parse_crs, project
from spatial.errors import EngineError, LayerError
from spatial.index import ZoneIndex, index_of
from zoning.coverage import Coverage, build_coverage, erode
from zoning.ground_files import OverlayMap, ZoneMap, kept_overlay, kept_zones
from zoning.plan import OverlayRule, PlanMeta
from zoning.ruleset import RuleSet
from zoning.sempadan import channel_halves, river_widths

__all__ = ["NONE_WORDS", "OverlayMap", "ZoneMap", "overlay_map", "words_of", "zone_map"]

#: What stands in an official attribute where there is nothing.
NONE_WORDS = frozenset({"", "tidak ada", "-"})


def zone_map(meta: PlanMeta, layers: Mapping[str, Any]) -> ZoneMap:
    """Return the zones of a plan.

    Raises
    ------
    EngineError
        Why the layer cannot be read or asked.
    """
    layer = _readable(layers, meta.layer)
    key = (meta.zone_column, *_planes(meta), meta.ce90_m)
    return kept_zones(layer, key, partial(_made_zones, meta, layer), partial(_index, meta, layer))


def overlay_map(
    meta: PlanMeta, rules: RuleSet, rule: OverlayRule, layers: Mapping[str, Any]
) -> OverlayMap:
    """Return where an overlay lies.

    Raises
    ------
    EngineError
        Why the layer cannot be read or asked.
    """
    layer = _readable(layers, rule.layer)
    # Widths of the law decide where strips along rivers lie, and nothing else of the rules does.
    widths = rules.rivers if rule.geometry == "sempadan_sungai" else ()
    key = (*rule.ground, *_planes(meta), _depth(meta, rule), widths)
    return kept_overlay(layer, key, partial(_made_overlay, meta, rules, rule, layer))


def _planes(meta: PlanMeta) -> tuple[str, str]:
    """Name the planes of areas and of distances."""
    return parse_crs(meta.area_crs).to_string(), parse_crs(meta.metric_crs).to_string()


def _depth(meta: PlanMeta, rule: OverlayRule) -> float:
    return meta.ce90_m if rule.ce90_m is None else rule.ce90_m


def _readable(layers: Mapping[str, Any], name: str) -> Any:
    layer = layers[name]
    if isinstance(layer, EngineError):
        raise layer
    return layer


def _made_zones(meta: PlanMeta, layer: Any) -> ZoneMap:
    shapes, labels, by = _zones(meta, layer)
    made = partial(index_of, shapes, labels, meta.area_crs)
    index = index_beside(layer, by, meta.area_crs, made) if by else None
    whole = build_coverage(shapes, labels, index=index)
    deep = erode(shapes, labels, meta.ce90_m, meta.area_crs, meta.metric_crs)
    return ZoneMap(whole, deep, by)


def _zones(meta: PlanMeta, layer: Any) -> tuple[NDArray[np.object_], NDArray[np.object_], str]:
    """Return zones on the plane of areas, their codes, and by which column a layer is indexed.

    None is named where the codes are not used as they are stored.
    """
    frame: gpd.GeoDataFrame = layer.frame
    column = _column(frame, meta.zone_column, meta.layer)
    codes = column.astype("string").str.strip()
    as_stored = bool((codes == column.astype("string")).fillna(value=False).all())
    by = str(column.name) if as_stored and isinstance(layer, StoredLayer) else ""
    shapes = _shapes(frame, meta.area_crs, meta.layer)
    return shapes, codes.fillna("").to_numpy(dtype=object), by


def _index(meta: PlanMeta, layer: StoredLayer, by: str) -> ZoneIndex:
    """Return the index of the zones that lies beside their version."""

    def build() -> ZoneIndex:
        shapes, labels, _ = _zones(meta, layer)
        return index_of(shapes, labels, meta.area_crs)

    return index_beside(layer, by, meta.area_crs, build)


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


def _made_overlay(meta: PlanMeta, rules: RuleSet, rule: OverlayRule, layer: Any) -> OverlayMap:
    frame: gpd.GeoDataFrame = layer.frame
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
    depth = _depth(meta, rule)
    all_sure = ["*"] * len(sure.cut)
    deep = erode(sure.pieces, all_sure, depth, meta.area_crs, meta.metric_crs)
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
