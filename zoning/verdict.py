"""The verdict: what the engine answers, with everything it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import Any, overload

import geopandas as gpd
import numpy as np
from shapely.geometry.base import BaseGeometry

from spatial.crs import LONLAT, parse_crs, project
from spatial.notes import Note
from spatial.values import value
from zoning.card import table_html, verdict_html
from zoning.finding import Finding, Part, lonlat_mapping, rounded
from zoning.ground import LayerUse
from zoning.kkpr import Clock
from zoning.lattice import Interval, VerdictName
from zoning.outcome import KKPR
from zoning.transition import Transition

__all__ = ["Evidence", "PlanUse", "Verdict", "Verdicts"]


@value()
class PlanUse:
    """A plan that an answer rests on: its id, its law, and the hash of its folder."""

    id: str
    name: str
    legal_ref: str
    version: str
    status: str
    role: str

    def to_dict(self) -> dict[str, str]:
        """Return the plan as JSON-ready dictionary."""
        return {
            "id": self.id,
            "name": self.name,
            "legal_ref": self.legal_ref,
            "version": self.version,
            "status": self.status,
            "role": self.role,
        }


@value()
class Evidence:
    """What an answer rests on: engine, plans, layers, legal date, day of knowledge, policy."""

    engine: str
    plans: tuple[PlanUse, ...]
    layers: tuple[LayerUse, ...]
    on: date
    known_at: str | None
    policy: str

    def to_dict(self) -> dict[str, Any]:
        """Return the evidence as JSON-ready dictionary."""
        deciding = [plan.id for plan in self.plans if plan.role == "memutus"]
        return {
            "engine": self.engine,
            "plan": ", ".join(deciding) or None,
            "plans": [plan.to_dict() for plan in self.plans],
            "layers": [layer.to_dict() for layer in self.layers],
            "on": self.on.isoformat(),
            "known_at": self.known_at,
            "policy": self.policy,
        }


@value(eq=False)
class Verdict:
    """The answer to one permit.

    Parameters
    ----------
    verdict : VerdictName
    interval : Interval
        Join of all findings.
    possible : tuple of VerdictName
        The verdicts between which the data do not decide; one where they do.
    reasons : tuple of str
        Why they do not, in the order of `lattice.REASONS`.
    area_m2, uncertainty_m2 : float
        Mapped area of the parcel on `crs`, and by how much its coordinates leave it open.
    parts, uncovered_m2, overlap_m2
        `sum(parts) - overlap_m2 + uncovered_m2 = area_m2`.
    findings : tuple of Finding
    conditions : tuple of str
    approvable : geometry or None
        What is left after prohibited parts, on `crs`; None where nothing was taken or left.
    """

    permit_id: str
    verdict: VerdictName
    interval: Interval
    possible: tuple[VerdictName, ...]
    reasons: tuple[str, ...]
    crs: str
    area_m2: float | None
    uncertainty_m2: float | None
    registered_m2: float | None
    parts: tuple[Part, ...]
    uncovered_m2: float | None
    overlap_m2: float
    findings: tuple[Finding, ...]
    conditions: tuple[str, ...]
    approvable: BaseGeometry | None
    route: str | None
    notes: tuple[Note, ...]
    evidence: Evidence
    transition: Transition | None = None
    clock: Clock | None = None

    @property
    def approvable_m2(self) -> float | None:
        """Area of the part that may be approved."""
        return None if self.approvable is None else float(self.approvable.area)

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as the JSON of the published schema; geometries in degrees."""
        return {
            "permit_id": self.permit_id,
            "verdict": self.verdict,
            "interval": self.interval.to_list(),
            "possible": list(self.possible),
            "reasons": list(self.reasons),
            "parcel": {
                "area_m2": rounded(self.area_m2),
                "crs": self.crs,
                "uncertainty_m2": rounded(self.uncertainty_m2),
                "registered_m2": self.registered_m2,
            },
            "parts": [part.to_dict() for part in self.parts],
            "uncovered_m2": rounded(self.uncovered_m2),
            "overlap_m2": rounded(self.overlap_m2),
            "findings": [finding.to_dict(self.crs) for finding in self.findings],
            "conditions": list(self.conditions),
            "approvable": lonlat_mapping(self.approvable, self.crs),
            "approvable_m2": rounded(self.approvable_m2),
            "route": self.route,
            "kkpr": KKPR[self.verdict],
            "transition": self.transition.to_dict() if self.transition else None,
            "clock": self.clock.to_dict() if self.clock else None,
            "notes": [note.to_dict() for note in self.notes],
            "evidence": self.evidence.to_dict(),
        }

    def _repr_html_(self) -> str:
        return verdict_html(self.to_dict(), self.approvable)

    def __repr__(self) -> str:
        return f"Verdict({self.permit_id!r}, {self.verdict}, {self.interval.to_list()})"


class Verdicts(Sequence[Verdict]):
    """Verdicts in the order of the permits, with their parcels for tables and maps.

    Parameters
    ----------
    verdicts : n verdicts
    parcels : n geometries or None
        In `crs`, as they were sent.
    index : Index, optional
        Of the table they came from.
    """

    def __init__(
        self,
        verdicts: Sequence[Verdict],
        parcels: Sequence[BaseGeometry | None],
        crs: Any,
        index: Any = None,
    ) -> None:
        self._verdicts = tuple(verdicts)
        self._shapes = parcels
        self._crs = crs
        self._index = index

    @cached_property
    def _parcels(self) -> gpd.GeoSeries:
        # Most verdicts are never shown as a table.
        shapes = np.full(len(self._shapes), None, dtype=object)
        shapes[:] = self._shapes
        return gpd.GeoSeries(shapes, index=self._index, crs=parse_crs(self._crs))

    @overload
    def __getitem__(self, key: int) -> Verdict: ...
    @overload
    def __getitem__(self, key: slice) -> Sequence[Verdict]: ...
    def __getitem__(self, key: int | slice) -> Verdict | Sequence[Verdict]:
        return self._verdicts[key]

    def __len__(self) -> int:
        return len(self._verdicts)

    def __iter__(self) -> Iterator[Verdict]:
        return iter(self._verdicts)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return every verdict as JSON-ready dictionary."""
        return [verdict.to_dict() for verdict in self._verdicts]

    def to_frame(self) -> gpd.GeoDataFrame:
        """Return one row per permit with the index of the permits; geometry = parcel."""
        rows = {
            "permit_id": [v.permit_id for v in self],
            "verdict": [v.verdict for v in self],
            "lo": [v.interval.lo.name for v in self],
            "hi": [v.interval.hi.name for v in self],
            "reasons": [";".join(v.reasons) for v in self],
            "zona": ["; ".join(part.zone for part in v.parts) for v in self],
            "area_m2": [rounded(v.area_m2) for v in self],
            "uncovered_m2": [rounded(v.uncovered_m2) for v in self],
            "approvable_m2": [rounded(v.approvable_m2) for v in self],
            "conditions": ["; ".join(v.conditions) for v in self],
            "route": [v.route for v in self],
        }
        return gpd.GeoDataFrame(rows, index=self._parcels.index, geometry=self._parcels)

    def approvable(self) -> gpd.GeoSeries:
        """Return the approvable parts in degrees (CRS84), None where there is none."""
        moved = np.full(len(self), None, dtype=object)
        for index, verdict in enumerate(self):
            if verdict.approvable is not None:
                moved[index] = verdict.approvable
                moved[index : index + 1] = project(moved[index : index + 1], verdict.crs, LONLAT)
        return gpd.GeoSeries(moved, index=self._parcels.index, crs=LONLAT)

    def _repr_html_(self) -> str:
        return table_html(self.to_dicts())

    def __repr__(self) -> str:
        return f"Verdicts({len(self)} permits)"
