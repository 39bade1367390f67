"""Letters on recorded decisions: the record, its plans and layers as they were, made into pages."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from api.engine import Engine
from api.formats import Language
from api.letterhead import Letterhead
from api.reports.html import render_opinion_html
from api.reports.opinion import Corner, Opinion, PlanFacts, build_opinion
from api.reports.pdf import render_opinion
from api.reports.scene import Scenes
from api.reports.verdict_map import draw_verdict_map
from api.symbology import zone_colour
from layers.store.base import Store, Version
from spatial.crs import LONLAT, parse_crs, project
from spatial.errors import EngineError
from zoning import Plan
from zoning.register import Decision
from zoning.register.replaying import PinnedLayers
from zoning.register.request import frame_of

__all__ = ["Opinions"]

VILLAGES: Final = "batas_administrasi"


class Opinions:
    """Letters of a workspace. Maps show the layers in the versions that the decision rests on.

    Parameters
    ----------
    engine : Engine
    language : {"id", "en"}
    """

    def __init__(self, engine: Engine, language: Language = "id") -> None:
        self.engine = engine
        self.language: Language = language
        self.letterhead = Letterhead.of(engine.workspace)
        self._scenes: dict[str, Scenes] = {}

    def pdf(self, decision: Decision) -> bytes:
        """Return the letter on a decision as PDF."""
        return render_opinion(self.opinion(decision), map_png=self.map(decision))

    def html(self, decision: Decision) -> str:
        """Return the same content as a page that stands alone."""
        return render_opinion_html(self.opinion(decision), map_png=self.map(decision))

    def opinion(self, decision: Decision) -> Opinion:
        """Return the content of the letter."""
        plans = self._plans(decision)
        return build_opinion(
            decision,
            letterhead=self.letterhead,
            plans={
                plan.id: PlanFacts(
                    plan.meta.name,
                    plan.meta.scale_denominator,
                    plan.meta.ce90_m,
                    plan.meta.zone_names,
                )
                for plan in plans
            },
            location=self._location(decision),
            corners=self._corners(decision),
            metric_name=self._metric_name,
            colour_of=zone_colour,
            language=self.language,
            official=self.engine.workspace.resmi,
        )

    def map(self, decision: Decision) -> bytes:
        """Return the map of a decision; nothing where there is no parcel to draw."""
        parcel, footprint = self._shapes(decision)
        if parcel is None:
            return b""
        verdict = decision.verdict
        plan = _drawn(self._plans(decision), verdict)
        if plan is None:
            return b""
        scene = self._scene(decision).of(plan, date.fromisoformat(verdict["evidence"]["on"]))
        return draw_verdict_map(
            scene,
            verdict,
            parcel,
            approvable=self._approvable(verdict),
            footprint=footprint,
            language=self.language,
            dpi=200,
        )

    def _plans(self, decision: Decision) -> list[Plan]:
        """Return the plans as they were; one whose files are gone is left out of the words."""
        found = []
        for name, version in decision.entry["plans"].items():
            try:
                found.append(self.engine.archive.load(name, version, None))
            except EngineError:
                found += [plan for plan in self.engine.plans if plan.id == name]
        return found

    def _scene(self, decision: Decision) -> Scenes:
        key = repr(sorted(decision.entry["layers"].items()))
        if key not in self._scenes:
            pinned: Any = _Pinned(
                self.engine.store, decision.entry["layers"], str(decision.entry["recorded_at"])
            )
            self._scenes[key] = Scenes(Engine(self.engine.workspace, pinned, self.engine.plans))
        return self._scenes[key]

    def _shapes(self, decision: Decision) -> tuple[BaseGeometry | None, BaseGeometry | None]:
        frame = frame_of(decision.application)
        shapes = [frame.geometry.iloc[0], frame["footprint"].iloc[0]]
        parcel, footprint = (
            _moved(shape, frame.crs, self.engine.workspace.metric_crs)
            if isinstance(shape, BaseGeometry) and shape.is_valid and shape.area > 0
            else None
            for shape in shapes
        )
        return parcel, footprint

    def _approvable(self, verdict: dict[str, Any]) -> BaseGeometry | None:
        if not verdict["approvable"]:
            return None
        ground: BaseGeometry = _moved(
            shapely.geometry.shape(verdict["approvable"]), LONLAT, self.engine.workspace.metric_crs
        )
        return ground

    def _corners(self, decision: Decision) -> list[Corner]:
        """Return the corners of what may be approved: a part, or the parcel."""
        verdict = decision.verdict
        if verdict["kkpr"] in (None, "ditolak"):
            return []
        ground = self._approvable(verdict) or self._shapes(decision)[0]
        if ground is None:
            return []
        lonlat = _moved(ground, self.engine.workspace.metric_crs, LONLAT)
        here, there = _outline(ground), _outline(lonlat)
        return [
            Corner(float(lon), float(lat), float(x), float(y))
            for (x, y), (lon, lat) in zip(here, there, strict=False)
        ]

    def _location(self, decision: Decision) -> str:
        """Return village and district of the parcel's middle; empty where no layer tells."""
        parcel, _ = self._shapes(decision)
        villages = self._villages
        if parcel is None or villages is None:
            return ""
        [point] = project(
            np.array([parcel.representative_point()], dtype=object),
            self.engine.workspace.metric_crs,
            villages.crs,
        )
        rows = villages.iloc[villages.sindex.query(point, predicate="intersects")]
        names = (("nama_desa", "Desa/Kelurahan"), ("nama_kec", "Kecamatan"))
        return ", ".join(
            f"{word} {rows[column].iloc[0]}"
            for column, word in names
            if len(rows) and column in rows and isinstance(rows[column].iloc[0], str)
        )

    @cached_property
    def _villages(self) -> gpd.GeoDataFrame | None:
        for version in self.engine.store.layers():
            if version.kind == VILLAGES:
                try:
                    frame = self.engine.store.get(version.name).frame
                except EngineError:
                    return None
                return frame if isinstance(frame, gpd.GeoDataFrame) else None
        return None

    @cached_property
    def _metric_name(self) -> str:
        crs = parse_crs(self.engine.workspace.metric_crs)
        return f"{crs.name} ({self.engine.workspace.metric_crs})"


class _Pinned(PinnedLayers):
    """Pinned layers that can also be listed."""

    def __init__(self, store: Store, versions: dict[str, str], known_at: str) -> None:
        super().__init__(store, versions, known_at)
        self._all = store

    def layers(self) -> list[Version]:
        """Return the layers of the store, for their names and kinds."""
        return self._all.layers()


def _drawn(plans: list[Plan], verdict: dict[str, Any]) -> Plan | None:
    """Return the plan whose zones are drawn: the first that decided, else the most detailed."""
    deciding = str(verdict["evidence"]["plan"]).split(", ")
    chosen = [plan for plan in plans if plan.id in deciding] or plans
    return chosen[0] if chosen else None


def _outline(ground: BaseGeometry) -> Any:
    """Return the corners of all outer and inner rings, each ring without its closing point."""
    rings = shapely.get_rings(shapely.get_parts(shapely.normalize(ground)))
    return np.concatenate([shapely.get_coordinates(ring)[:-1] for ring in rings])


def _moved(shape: BaseGeometry, source: Any, target: Any) -> Any:
    array = np.empty(1, dtype=object)
    array[0] = shape
    return project(array, source, target)[0]
