"""What the web map shows of a workspace: layers with their style, from the one symbology."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from api.clock import today
from api.plan_facts import activities, kbli_of
from api.symbology import DATED, NO_DATA, layer_styles, zone_colour, zone_styles
from api.symbology.rasters import style_of, titles_of
from api.theme_list import listed_themes
from api.tiles.mvt_kernel import LINE, POINT
from api.tiles.source import Prepared, TileSource
from api.wording import IZIN, REASONS, VERDICTS
from spatial import text
from spatial.errors import EngineError
from zoning import Plan

__all__ = ["ORDER", "describe"]

#: How layers lie over each other, lowest first; plans and unknown layers below these.
ORDER: Final = (
    "das", "kawasan_hutan", "krb", "lp2b", "lsd", "cagar_budaya", "sungai", "garis_pantai",
    "batas_desa", "jalan", "bangunan", "mata_air",
)  # fmt: skip
#: Shown from the start, besides the first plan.
SHOWN: Final = ("sungai", "garis_pantai", "batas_desa", "jalan", "bangunan")
MOST_LABELS: Final = 1_500
PLAN_KIND: Final = "pola_ruang"


def describe(
    engine: Any,
    tiles: TileSource,
    listed: Sequence[Mapping[str, Any]],
    bounds: Sequence[float],
    places: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Describe the map of a workspace.

    Parameters
    ----------
    engine : object
        May have `workspace` and `plans`.
    tiles : TileSource
    listed : sequence of mappings with `name` and `kind`
    bounds : (west, south, east, north)
        Shown first where no layer tells better.
    places : sequence of mappings
        Names with `kind` and `point`, to be written on the map.
    """
    workspace = getattr(engine, "workspace", None)
    plans = tuple(getattr(engine, "plans", ()))
    layers = [entry for layer in listed if (entry := _layer(tiles, layer)) is not None]
    _name_plans(layers, plans)
    boxes = [layer["bounds"] for layer in layers]
    return {
        "name": getattr(workspace, "name", "tataruang"),
        # What does not say that it is official is shown as a sample.
        "official": bool(getattr(workspace, "resmi", False)),
        "bounds": _union(boxes) if boxes else list(bounds),
        "no_data": NO_DATA,
        "symbology_dated": DATED,
        "layers": sorted(layers, key=_depth),
        "labels": _labels(places),
        "activities": activities(plans),
        "kbli": [
            {"kbli": code, "kegiatan": names} for code, names in kbli_of(plans, today()).items()
        ],
        "themes": listed_themes(),
        "verdicts": {
            code: {"id": w.id, "en": w.en, "colour": w.colour, "path": w.path}
            for code, w in VERDICTS.items()
        },
        "reasons": {code: {"id": texts[0], "en": texts[1]} for code, texts in REASONS.items()},
        "izin": {code: {"id": texts[0], "en": texts[1]} for code, texts in IZIN.items()},
    }


def _name_plans(layers: list[dict[str, Any]], plans: Sequence[Plan]) -> None:
    """Give layers of plans the name of their instrument, most detailed first."""
    by_layer = {plan.meta.layer: plan.meta for plan in plans}
    for layer in layers:
        meta = by_layer.get(layer["name"])
        if meta is not None and "zones" in layer:
            layer |= {"title": meta.name, "title_en": meta.name, "scale": meta.scale_denominator}
            layer |= {"legal_ref": meta.legal_ref, "valid_from": str(meta.valid_from)}
            for zone in layer["zones"]:
                zone["name"] = meta.zone_names.get(zone["code"], zone["name"])
    layers.sort(key=lambda layer: layer.get("scale", 10**9))


def _labels(places: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return names to write on the map; in a province, of sub-districts only."""
    levels = ("desa", "kecamatan") if len(places) <= MOST_LABELS else ("kecamatan", "kabkota")
    return [
        {key: place.get(key) for key in ("name", "code", "point")} | {"level": place["kind"]}
        for place in places
        if place["kind"] in levels
    ]


def _depth(layer: Mapping[str, Any]) -> int:
    style = layer["style"]
    return ORDER.index(style) if style in ORDER else -1


def _layer(tiles: TileSource, listed: Mapping[str, Any]) -> dict[str, Any] | None:
    """Describe one layer; None for one without shapes, an entry with its fault if unreadable."""
    name = str(listed["name"])
    try:
        ready = tiles.prepared(name)
    except EngineError as error:
        if error.code != "layer_not_vector":
            return _unreadable(name, error)
        if listed.get("form") != "raster" or style_of(name) is None:
            return None
        try:
            return _raster(tiles, name)
        except EngineError as unread:
            about = {"kind": "bahaya", "geometry": "raster"} | titles_of(name)
            return _unreadable(name, unread) | about
    kind = str(listed.get("kind") or name)
    styles = layer_styles()
    style = name if name in styles else kind
    entry: dict[str, Any] = {
        "name": name,
        "kind": kind,
        "style": style,
        "title": styles.get(style, {}).get("nama", name),
        "title_en": styles.get(style, {}).get("en", name),
        "geometry": {POINT: "point", LINE: "line"}.get(ready.layer.kind, "polygon"),
        "version": ready.version,
        "bounds": list(ready.bounds),
        "shown": style in SHOWN,
        "colour": styles.get(style, {}).get("colour", "#6b7280"),
        "hatch": styles.get(style, {}).get("hatch", "none"),
    }
    if kind == PLAN_KIND:
        entry |= {"title": str(listed.get("title") or name), "zones": _zones(ready)}
    return entry


def _raster(tiles: TileSource, name: str) -> dict[str, Any]:
    """Describe a class map: its colours are the legend."""
    style = style_of(name) or {}
    return {
        "name": name,
        **titles_of(name),
        "kind": style["kind"],
        "style": name,
        "geometry": "raster",
        "version": tiles.version(name),
        "bounds": list(tiles.raster_layer(name).bounds),
        "shown": False,
        "colour": next(reversed(style["colours"].values())),
        "hatch": "solid",
        "classes": [
            {"class": label, "colour": colour, "words": style["words"].get(label, label)}
            for label, colour in style["colours"].items()
        ],
    }


def _unreadable(name: str, error: EngineError) -> dict[str, Any]:
    (detail, hint), (detail_en, hint_en) = (text.describe(error, one) for one in ("id", "en"))
    told = {"detail": f"{detail}. {hint}".strip(), "detail_en": f"{detail_en}. {hint_en}".strip()}
    return {
        "name": name,
        "style": "",
        "fault": {"code": error.code, **told},
        "bounds": [180.0, 90.0, -180.0, -90.0],
    }


def _zones(ready: Prepared) -> list[dict[str, str]]:
    styles = zone_styles()
    return [
        {
            "code": code,
            "name": name or (styles[code].name if code in styles else code),
            "colour": zone_colour(code),
            "status": styles[code].status if code in styles else "tidak_dikenal",
        }
        for code, name in ready.zones
    ]


def _union(boxes: Sequence[Sequence[float]]) -> list[float]:
    west, south, east, north = zip(*boxes, strict=True)
    return [min(west), min(south), max(east), max(north)]
