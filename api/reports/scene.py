"""What maps of a workspace show around a parcel: zones of a plan, overlays, lines, the outline."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import Final

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from api.engine import Engine
from api.reports.verdict_map import MapLayer, MapScene
from api.symbology import layer_styles, zone_colour
from spatial.crs import to_crs
from spatial.errors import EngineError, LayerNotFoundError
from zoning import Plan

__all__ = ["SAMPLE_NOTICE", "Scenes"]

SAMPLE_NOTICE: Final = "CONTOH, BUKAN DATA RESMI"
#: Kinds drawn over the zones, in this order.
DRAWN: Final = (
    "jalan", "sungai", "garis_pantai", "kawasan_hutan", "lp2b", "lsd", "krb", "cagar_budaya",
)  # fmt: skip
#: Of these kinds only the features with such a value are drawn: the rest covers everything.
CHOSEN: Final = {"krb": ("kelas", ("tinggi",), "Rawan bencana tinggi")}
#: Areal penggunaan lain is the land outside the forest estate.
OUTSIDE_FOREST: Final = "1007"
#: An outline in an inset of 4 cm needs no more.
OUTLINE_TOLERANCE_M: Final = 50.0


class Scenes:
    """Scenes of a workspace by plan and day; each layer is read once.

    A layer that cannot be read is left off the map: what it says of a parcel stands among
    the findings, where its absence is named.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._crs = engine.workspace.metric_crs
        self._kinds = {version.kind: version.name for version in engine.store.layers()}
        self._frames: dict[tuple[str, str], gpd.GeoDataFrame] = {}
        self._made: dict[tuple[str, ...], MapScene] = {}

    def of(self, plan: Plan, on: date) -> MapScene:
        """Return the scene with the zones of one plan; days with the same layers share one."""
        names = [plan.meta.layer, *(self._kinds[kind] for kind in DRAWN if kind in self._kinds)]
        key = (plan.id, *(self._version(name, on) for name in names))
        if key not in self._made:
            self._made[key] = self._make(plan, on)
        return self._made[key]

    def _version(self, name: str, on: date) -> str:
        with suppress(EngineError):
            return self._engine.store.get(name, on=on).version.id
        return ""

    def _make(self, plan: Plan, on: date) -> MapScene:
        kinds = self._kinds
        found = [self._layer(kind, kinds[kind], on) for kind in DRAWN if kind in kinds]
        return MapScene(
            zones=self._zones(plan, on),
            colour_of=zone_colour,
            layers=[layer for layer in found if layer is not None],
            outline=self._outline(kinds.get("batas_administrasi"), plan, on),
            notice="" if self._engine.workspace.resmi else SAMPLE_NOTICE,
        )

    def _layer(self, kind: str, name: str, on: date) -> MapLayer | None:
        frame = self._frame(name, on)
        if frame is None:
            return None
        style = layer_styles()[kind]
        label = style["nama"]
        if kind == "kawasan_hutan" and "fungsikws" in frame:
            frame = frame[frame["fungsikws"].astype("string").str.strip() != OUTSIDE_FOREST]
        if kind in CHOSEN and CHOSEN[kind][0] in frame:
            column, values, label = CHOSEN[kind]
            frame = frame[frame[column].astype("string").str.lower().isin(values)]
        return MapLayer(label, frame, style["colour"], style["hatch"])

    def _zones(self, plan: Plan, on: date) -> gpd.GeoDataFrame:
        frame = self._frame(plan.meta.layer, on)
        named = [column.strip() for column in plan.meta.zone_column.split(";")]
        there = [] if frame is None else [column for column in named if column in frame.columns]
        if frame is None or not there:
            # The verdict says that its zones cannot be read; the map then shows no plan.
            return gpd.GeoDataFrame({"zona": [], "zona_nama": []}, geometry=[], crs=self._crs)
        codes = frame[there[0]].astype("string").str.strip().fillna("?")
        names = [plan.meta.zone_names.get(code, "") for code in codes]
        return gpd.GeoDataFrame(
            {"zona": codes.to_numpy(), "zona_nama": names},
            geometry=frame.geometry.to_numpy(),
            crs=frame.crs,
        )

    def _frame(self, name: str, on: date) -> gpd.GeoDataFrame | None:
        """Return a layer on the metric plane; None where it cannot be read or is no map."""
        with suppress(EngineError):
            found = self._engine.store.get(name, on=on)
            key = (name, found.version.id)
            if key not in self._frames and isinstance(found.frame, gpd.GeoDataFrame):
                self._frames[key] = to_crs(found.frame, self._crs)
            return self._frames.get(key)
        return None

    def _outline(self, villages: str | None, plan: Plan, on: date) -> BaseGeometry | None:
        """Return the area for the inset: the villages together, else the plan itself."""
        frame = self._frame(villages or plan.meta.layer, on)
        if frame is None or frame.empty:
            return None
        shapes = shapely.simplify(
            np.asarray(frame.geometry.array, dtype=object), OUTLINE_TOLERANCE_M
        )
        return shapely.union_all(shapely.buffer(shapes, OUTLINE_TOLERANCE_M))


def plan_of(plans: tuple[Plan, ...], name: str) -> Plan:
    """Return the plan whose zones are drawn: the deciding one, else the most detailed."""
    for plan in plans:
        if plan.id == name:
            return plan
    if not plans:
        raise LayerNotFoundError("the workspace has no plan to draw", code="plan_nothing_to_draw")
    return plans[0]
