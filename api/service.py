"""What the routes ask: the engine behind strict reading, limits and the killable judge.

This module imports the engine's heavy libraries; the application loads it beside its first
requests, so that health answers from the first moment.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from copy import copy
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import shapely

from api.access.rights import LayerRights
from api.access.roles import ROLES, Caller
from api.analyst import Analyst
from api.applications import Applications, read_applications
from api.clock import now, today
from api.control_room import DecisionTally
from api.engine_like import EngineLike
from api.formats import Language
from api.geojson import LONLAT
from api.heavy import HeavyJudge
from api.judged import Judged, name_of
from api.map_description import describe
from api.observe import count_verdict
from api.ogc.collection import Collection, Collections
from api.ogc.filters import Filters
from api.ogc.records import catalogue
from api.place import Places
from api.plan_facts import zone_rules
from api.running import Running, end
from api.search import Gazetteer, find
from api.settings import ServeSettings
from api.tiles.source import TileSource
from api.tracing import traced
from api.verdict_files import verdict_bytes
from api.weight import weight_of
from spatial.crs import INDONESIA, Bounds, check_extent
from spatial.errors import EngineError, LayerNotFoundError
from zoning.permit import Permit
from zoning.permits import Permits
from zoning.register import Decision, Receipt
from zoning.register.log import unknown_decision

if TYPE_CHECKING:
    from api.engine import Engine
    from api.opinions import Opinions

__all__ = ["Service"]

#: Layer whose names and codes are searched.
VILLAGES: Final = "batas_desa"


class Service:
    """An engine as strangers may use it.

    Parameters
    ----------
    engine : EngineLike
    settings : ServeSettings
    heavy : HeavyJudge, optional
        Without one, heavy requests are judged in this process.
    analyses : HeavyJudge, optional
        Likewise for uploads and exposures.
    """

    def __init__(
        self,
        engine: EngineLike,
        settings: ServeSettings,
        heavy: HeavyJudge | None = None,
        analyses: HeavyJudge | None = None,
    ) -> None:
        self.engine = engine
        #: The engine with every layer: the register is one, whoever asks.
        self.whole = engine
        self.settings = settings
        self.heavy = heavy
        # Requests hold the service they began with, or a view of it; what it runs ends after
        # the last of them.
        self._running = Running()
        self._close = weakref.finalize(self._running, end, (heavy, analyses), engine)
        self._opinions: dict[Language, Opinions] = {}
        self.tiles = TileSource(engine)
        if settings.state_folder is not None:
            self.tiles.folder = settings.state_folder / "ubin"
        self.places = Places(engine)
        self.collections = Collections(engine)
        self.filters = Filters(self.collections)
        self._gazetteer: Gazetteer | None = None
        self._listed: list[dict[str, Any]] | None = None
        self.opened = now()
        self.folder: Path | None = getattr(getattr(engine, "workspace", None), "folder", None)
        self.rights = LayerRights() if self.folder is None else LayerRights.read(self.folder)
        self.extent: Bounds = tuple(getattr(engine, "extent", None) or INDONESIA)
        self.analyst = Analyst(engine, self.extent, analyses)
        self.tally = DecisionTally(engine)
        #: Answers of measurements, kept as long as the workspace stays as it is.
        self.measured: dict[Hashable, bytes] = {}
        self.hidden: frozenset[str] = frozenset()
        self._views: dict[frozenset[str], Service] = {}
        self.rights.check_recorders(
            layer for plan in getattr(engine, "plans", ()) for layer in plan.layers
        )
        for role in ROLES:
            self._without(self.rights.hidden_from(frozenset({role})))

    def seen_by(self, caller: Caller) -> Service:
        """Return the service as a caller may see it: layers closed to them are not there.

        Every answer, a verdict too, is that of a workspace without these layers: what a
        verdict cannot read widens it, so it says less and never something else.
        """
        return self._without(self.rights.hidden_from(caller.roles))

    @cached_property
    def catalogue(self) -> Collection:
        """The layers that the caller may see, as records."""
        return catalogue(self.collections)

    def require(self, layer: str) -> None:
        """Refuse a layer that is not there for who asks.

        Raises
        ------
        LayerNotFoundError
            `layer_unknown`.
        """
        if self.hidden:
            cast("Engine", self.engine).store.find(layer)

    def _without(self, hidden: frozenset[str]) -> Service:
        if not hidden:
            return self
        if hidden not in self._views:
            view = copy(self)
            engine: EngineLike = cast("Engine", self.engine).without(hidden)
            view.engine, view.hidden, view._views = engine, hidden, {}
            view.places = Places(engine)
            view.collections = Collections(engine, self.collections)
            view.filters = Filters(view.collections)
            view.analyst = Analyst(engine, self.extent, self.analyst.process, hidden)
            view._gazetteer, view._listed, view._opinions = None, None, {}
            view.tally, view.measured = DecisionTally(engine), {}
            self._views[hidden] = view
        return self._views[hidden]

    def close(self) -> None:
        """End what runs beside."""
        self._close()

    def stamp(self) -> Hashable:
        """Return what changes when the workspace does."""
        stamp: Callable[[], Hashable] | None = getattr(self.engine, "stamp", None)
        return None if stamp is None else stamp()

    def adopt(self, former: Service) -> None:
        """Take over what the service before this one had prepared and what did not change."""
        self.tiles.adopt(former.tiles)

    def warm(self) -> None:
        """Judge a parcel nobody asked about, so that plans are prepared for today's questions."""
        west, south, east, north = self.extent
        lon, lat = (west + east) / 2, (south + north) / 2
        parcel = shapely.box(lon, lat, lon + 1e-4, lat + 1e-4)
        with suppress(EngineError):
            self.engine.check(Permits((Permit("-", parcel=parcel),), LONLAT))

    def conformity(
        self,
        raw: bytes,
        on: date | None,
        plan: str | None,
        *,
        record: bool = False,
        key: str | None = None,
    ) -> Judged:
        """Judge a Feature (one verdict) or a FeatureCollection (a list of them).

        Parameters
        ----------
        record : bool
            Put the verdicts into the register, where the engine has one.
        key : str, optional
            Of the caller for this request: sent again it is not recorded again.

        Raises
        ------
        EngineError
            Whatever is wrong with the request, with its place.
        """
        return self.answer(self.read(raw), on, plan, record=record, key=key)

    def read(self, raw: bytes) -> Applications:
        """Read what a request asks to be judged.

        Raises
        ------
        EngineError
            Whatever is wrong with it, with its place.
        """
        return read_applications(raw, most=self.settings.max_features, within=self.extent)

    def answer(
        self,
        sent: Applications,
        on: date | None,
        plan: str | None,
        *,
        record: bool = False,
        key: str | None = None,
    ) -> Judged:
        """Judge applications that were read; as `conformity` in all else."""
        verdicts = self.judge(sent.permits, on, plan)
        pending = self.submit(sent.permits, verdicts, on, plan, key) if record else None
        return Judged(verdicts, sent.single, sent.notes, pending)

    def submit(
        self,
        permits: Permits,
        verdicts: list[bytes],
        on: date | None,
        plan: str | None,
        key: str | None = None,
    ) -> Future[list[Receipt]] | None:
        """Hand verdicts to the register; None where the engine has none."""
        engine: Any = self.whole
        if not hasattr(engine, "recorder"):
            return None
        keys = None if key is None else [f"{key}:{place}" for place in range(len(verdicts))]
        drafts = engine.drafts(permits, verdicts, on, plan, keys)
        future: Future[list[Receipt]] = engine.recorder.submit(drafts)
        return future

    def decision(self, decision_id: str) -> Decision:
        """Return a decision on record.

        Raises
        ------
        LayerNotFoundError
            `decision_unknown`, also where it rests on a layer that is not there for who asks.
        """
        found: Decision = self._register().get(decision_id)
        if self.hidden & set(found.entry["layers"]):
            raise unknown_decision(decision_id)
        return found

    def verified(self, code: str) -> Decision | None:
        """Return the decision whose letter carries a check code."""
        found: Decision | None = self._register().with_code(code)
        return found

    def opinion(self, decision_id: str, language: Language) -> bytes:
        """Return the technical opinion of a decision on record as PDF."""
        found = self.decision(decision_id)
        if language not in self._opinions:
            from api.opinions import Opinions  # it draws: read for the first letter

            self._opinions[language] = Opinions(cast("Engine", self.engine), language)
        return self._opinions[language].pdf(found)

    def _register(self) -> Any:
        if not hasattr(self.whole, "register"):
            raise LayerNotFoundError("this service keeps no register", code="register_not_kept")
        return self.whole.register

    def zones_at(self, lon: float, lat: float, on: date | None) -> list[dict[str, Any]]:
        """Tell the zones at a place inside the extent."""
        check_extent((lon, lat, lon, lat), LONLAT, within=self.extent, what="lon, lat")
        return self.engine.zones_at(lon, lat, on=on)

    def rules(self, zone: str, on: date | None) -> list[dict[str, Any]]:
        """Tell the rules of a zone in every plan that has it."""
        plans = getattr(self.engine, "plans", ())
        return zone_rules(plans, zone, on or today())

    def place(self, lon: float, lat: float, on: date | None) -> dict[str, Any]:
        """Tell the zones at a place and what else lies there."""
        zones = self.zones_at(lon, lat, on)
        if self._listed is None:
            self._listed = self.layers()
        return {"zones": zones, "layers": self.places.at(lon, lat, self._listed)}

    def describe_map(self) -> dict[str, Any]:
        """Tell what the map shows and how it is drawn."""
        gazetteer = self._places_by_name()
        names = gazetteer.entries if gazetteer is not None else []
        return describe(self.engine, self.tiles, self.layers(), self.extent, names)

    def search(self, text: str) -> list[dict[str, Any]]:
        """Find places by name, code or coordinates."""
        return find(text, self._places_by_name(), self.extent)

    def _places_by_name(self) -> Gazetteer | None:
        if self._gazetteer is None:
            with suppress(LayerNotFoundError):
                self._gazetteer = Gazetteer(self.engine.layer(VILLAGES).frame)
        return self._gazetteer

    def layers(self) -> list[dict[str, Any]]:
        """List the layers."""
        return [
            dict(entry) if isinstance(entry, Mapping) else entry.to_dict()
            for entry in self.engine.layers()
        ]

    @traced("verdict")
    def judge(self, permits: Permits, on: date | None, plan: str | None) -> list[bytes]:
        """Judge permits where it can be afforded: heavy ones in the process that can be killed."""
        if self.heavy is not None and self.is_heavy(permits):
            verdicts = self.heavy.check(permits, on, plan, self.hidden)
        else:
            found = self.engine.check(permits, on=on, plan=plan)
            verdicts = [verdict_bytes(verdict.to_dict()) for verdict in found]
        for verdict in verdicts:
            count_verdict(name_of(verdict))
        return verdicts

    def is_heavy(self, permits: Permits) -> bool:
        """Say whether judging may take long: many corners, or a span over many zones."""
        weight = weight_of(permits)
        many = weight.vertices > self.settings.heavy_vertices
        return many or weight.span_deg > self.settings.heavy_span_deg

    def is_quick(self, permits: Permits, on: date | None, plan: str | None) -> bool:
        """Say whether judging takes less than handing it to a thread: small, all prepared."""
        ready = getattr(self.engine, "is_ready", None)
        return weight_of(permits).quick and ready is not None and ready(permits, on, plan)
