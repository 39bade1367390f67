"""The technical opinion of a decision on record, as the paper that is signed."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime
from functools import cached_property
from typing import Any

import numpy as np
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from api.clock import OFFICE_TIME
from api.formats import Language, day
from api.reports.page import build_page
from api.reports.pdf import Signature, render_pdf
from api.reports.scene import Scenes, plan_of
from api.reports.verdict_map import draw_verdict_map
from api.symbology import zone_colour
from spatial.crs import LONLAT, project
from spatial.errors import EngineError
from zoning import explain
from zoning.register import Decision
from zoning.register.request import frame_of

__all__ = ["Opinions"]


class Opinions:
    """Opinions of one workspace; what surrounds parcels on their maps is read once.

    Parameters
    ----------
    engine : Engine
    """

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    @cached_property
    def _scenes(self) -> Scenes:
        return Scenes(self._engine)

    def pdf(self, decision: Decision, verify_url: str, language: Language = "id") -> bytes:
        """Set the opinion on a decision.

        Parameters
        ----------
        verify_url : str
            Where the check code is verified; in the QR code.
        """
        verdict = decision.verdict
        permit = frame_of(decision.application)
        fields = {str(name): value for name, value in permit.iloc[0].items() if _stated(value)}
        page = build_page(
            verdict,
            permit=fields,
            sentences=explain(verdict, language),
            colour_of=zone_colour,
            language=language,
            workspace=self._engine.workspace.name,
            official=self._engine.workspace.resmi,
        )
        recorded = datetime.fromisoformat(str(decision.entry["recorded_at"]))
        signature = Signature(
            number=decision.id,
            place_and_date=day(recorded.astimezone(OFFICE_TIME).date().isoformat(), language),
            check_code=decision.check_code,
            verify_url=verify_url,
        )
        return render_pdf(page, map_png=self._map(permit, verdict, language), signature=signature)

    def _map(self, permit: Any, verdict: Mapping[str, Any], language: Language) -> bytes:
        """Draw the parcel; nothing where it cannot be drawn, which the findings then say."""
        crs = self._engine.workspace.metric_crs
        parcel = _moved(permit.geometry.iloc[0], permit.crs, crs)
        if parcel is None:
            return b""
        with suppress(EngineError):
            plan = plan_of(self._engine.plans, str(verdict["evidence"]["plan"]))
            on = date.fromisoformat(verdict["evidence"]["on"])
            rest = verdict.get("approvable")
            given = rest.get("geometry", rest) if rest else None
            return draw_verdict_map(
                self._scenes.of(plan, on),
                verdict,
                parcel,
                approvable=_moved(shape(given), LONLAT, crs) if given else None,
                footprint=_moved(permit["footprint"].iloc[0], permit.crs, crs),
                language=language,
            )
        return b""


def _moved(geometry: Any, source: Any, target: str) -> BaseGeometry | None:
    if not isinstance(geometry, BaseGeometry) or geometry.is_empty:
        return None
    [moved] = project(np.array([geometry], dtype=np.object_), source, target)
    found: BaseGeometry = moved
    return found


def _stated(value: Any) -> bool:
    return value is not None and not (isinstance(value, float) and value != value)
