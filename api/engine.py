"""Where everything meets: a workspace's layers, its plans, and the questions asked of both.

Library, command line and HTTP all ask an `Engine`, so they cannot answer differently.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import geopandas as gpd

from api.access.visible import VisibleLayers
from api.clock import today
from api.parcel_hazards import ParcelMeter
from layers.store import Store, open_store
from layers.workspace import Workspace
from spatial.crs import Bounds
from spatial.errors import PlanError, PlanNotFoundError
from spatial.planes import WIDEST, metric_plane, scale_error
from zoning import Plan, Verdicts, check_permits, load_plans, zones_at
from zoning.ground import ground_on, is_prepared
from zoning.permits import Permits
from zoning.register import (
    Draft,
    PlanArchive,
    Receipt,
    Recorder,
    Register,
    Replay,
    Scribe,
    drafts_of,
    replay,
)

__all__ = ["Engine", "today"]

#: By what share distances on a plan's plane may be off in its workspace.
MOST_SCALE_ERROR: Final = 0.01


@dataclass(frozen=True, eq=False)
class Engine:
    """A workspace that is open: its name and extent, its layers, its plans.

    Parameters
    ----------
    workspace : Workspace
    store : Store
        Also the source from which plans take their layers.
    plans : tuple of Plan
        In the order of their hierarchy.
    """

    workspace: Workspace
    store: Store
    plans: tuple[Plan, ...]

    @classmethod
    def open(cls, folder: Path | str) -> Engine:
        """Open a workspace with its store and every plan in it.

        Raises
        ------
        StoreError
            If the folder is no workspace.
        PlanError
            If a rule file has a fault: a workspace with a broken plan judges nothing. So does
            one whose plane of distances is that of another part of the country.
        """
        workspace = Workspace.open(folder)
        store = open_store(workspace)
        plans = load_plans(workspace.plans, store, ParcelMeter())
        _check_planes(workspace, plans)
        return cls(workspace, store, plans)

    @property
    def extent(self) -> Bounds:
        """Extent of the workspace in degrees (west, south, east, north)."""
        return self.workspace.extent

    def stamp(self) -> Hashable:
        """Return what changes when the workspace does: its newest versions and plan files."""
        files = sorted(path for path in self.workspace.plans.rglob("*") if path.is_file())
        written = tuple((str(path), path.stat().st_mtime_ns) for path in files)
        return tuple((one.name, one.id, one.seq) for one in self.store.layers()), written

    def prepare(self, on: date | None = None) -> None:
        """Make, or open, what plans in force on a day make of their layers.

        What cannot be read is no error here: answers tell it.
        """
        day = on or today()
        for plan in self.plans:
            if plan.meta.in_force(day):
                ground_on(plan, day)

    def without(self, hidden: frozenset[str]) -> Engine:
        """Return the engine of a workspace that lacks some layers; rules that read them say so.

        Plans that read none of them are shared, with all that was prepared for them.
        """
        seen: Any = VisibleLayers(self.store, hidden)
        plans = (one.with_source(seen) if one.layers & hidden else one for one in self.plans)
        return Engine(self.workspace, seen, tuple(plans))

    def check(
        self,
        permits: gpd.GeoDataFrame | Permits,
        on: date | None = None,
        plan: str | None = None,
        policy: str = "strict_parts",
    ) -> Verdicts:
        """Judge permits against the plans of the workspace, or against one of them.

        `policy` names which zones of a split parcel count (`zoning.check_permits`).

        Raises
        ------
        PlanNotFoundError
            If there is no plan of that name, or none is in force on the day.
        """
        return check_permits(permits, self.chosen(plan), on=on, policy=policy)

    def is_ready(self, permits: Permits, on: date | None, plan: str | None) -> bool:
        """Say whether judging permits has nothing to read first: no layer and no rules."""
        days = {on or permit.tanggal or today() for permit in permits}
        return all(
            is_prepared(one, day)
            for one in self.chosen(plan)
            for day in days
            if one.meta.in_force(day)
        )

    def chosen(self, plan: str | None) -> tuple[Plan, ...]:
        """Return all plans, or the one of a name."""
        found = tuple(one for one in self.plans if plan in (None, one.id))
        if not found:
            raise PlanNotFoundError(
                "there is no plan {name!r} in this workspace",
                code="plan_unknown",
                hint="Its plans: {known}",
                name=plan,
                known=", ".join(one.id for one in self.plans),
            )
        return found

    @cached_property
    def archive(self) -> PlanArchive:
        """Rule files that decided, by their hash."""
        return PlanArchive(self.workspace.register / "rencana")

    @cached_property
    def register(self) -> Register:
        """The decisions on record; opening it keeps the plans' files, so each can be replayed.

        Raises
        ------
        PlanError
            If rule files were changed since the workspace was opened.
        """
        self.archive.keep(self.plans)
        return Register(self.workspace.register)

    @cached_property
    def recorder(self) -> Recorder | Scribe:
        """The one writer of this process: submissions of many threads share a transaction."""
        return Recorder(self.register)

    def record_beside(self) -> None:
        """Let a process beside this one write the register; before there are threads."""
        vars(self)["recorder"] = Scribe(lambda: self.register)

    def drafts(
        self,
        permits: gpd.GeoDataFrame | Permits,
        answers: Sequence[bytes],
        on: date | None = None,
        plan: str | None = None,
        keys: Sequence[str | None] | None = None,
        policy: str = "strict_parts",
    ) -> list[Draft]:
        """Return what is to be recorded of permits judged by `check` with the same words.

        Parameters
        ----------
        answers : sequence of bytes
            The verdicts' JSON as it is handed out, one per permit.
        """
        return drafts_of(permits, answers, on=on, plan=plan, policy=policy, keys=keys)

    def record(
        self,
        permits: gpd.GeoDataFrame | Permits,
        answers: Sequence[bytes],
        on: date | None = None,
        plan: str | None = None,
        keys: Sequence[str | None] | None = None,
    ) -> list[Receipt]:
        """Record decisions and return when they are safe on the disk.

        Raises
        ------
        PermitError
            `register_key_reused`, if a key stands for another application.
        StoreError
            If the disk refuses.
        """
        return self.recorder.submit(self.drafts(permits, answers, on, plan, keys)).result()

    def replay(self, decision_id: str) -> Replay:
        """Judge a decision on record again by its own rules and layers.

        Raises
        ------
        LayerNotFoundError
            `decision_unknown`.
        """
        return replay(self.register.get(decision_id), self.archive, self.store, ParcelMeter())

    def zones_at(self, lon: float, lat: float, on: date | None = None) -> list[dict[str, Any]]:
        """Return the zone of every instrument at a place, with its distance to the boundary."""
        return zones_at(self.plans, lon, lat, on=on or today())

    def layer(self, name: str) -> Any:
        """Return a stored layer: `frame` and `version`."""
        return self.store.get(name)

    def layers(self) -> Sequence[Mapping[str, Any] | Any]:
        """List the layers of the workspace, newest version of each."""
        return self.store.layers()


def _check_planes(workspace: Workspace, plans: Sequence[Plan]) -> None:
    """Refuse a plan whose distances would be wrong here: a setback of 45 m must not pass for 50."""
    west, _, east, _ = workspace.extent
    for plan in plans if east - west <= WIDEST else ():
        error = scale_error(plan.meta.metric_crs, workspace.extent)
        if error > MOST_SCALE_ERROR:
            raise PlanError(
                "plan {plan}: on {crs} distances here are off by {percent} %",
                code="plan_plane_far",
                hint='Write metric_crs = "{right}" in its plan.toml',
                plan=plan.meta.id,
                crs=plan.meta.metric_crs,
                percent=round(100 * error, 1),
                right=metric_plane(workspace.extent),
            )
