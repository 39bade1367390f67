"""What the routes ask: the engine behind strict reading, limits and the killable judge.

This module imports the engine's heavy libraries; the application loads it beside its first
requests, so that health answers from the first moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

import geopandas as gpd
import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from api.engine import today
from api.errors import RequestError
from api.geojson import LONLAT, declared_crs, parse_geometry
from api.heavy import HeavyJudge
from api.map_description import describe
from api.models import check_properties
from api.place import Places
from api.plan_facts import zone_rules
from api.search import Gazetteer, find
from api.settings import ServeSettings
from api.strict_json import parse
from api.tiles.source import TileSource
from api.verdict_files import verdict_bytes
from spatial.crs import INDONESIA, Bounds, check_extent, parse_crs
from spatial.errors import GeometryError, LayerNotFoundError, LimitError, PermitError, SecurityError
from spatial.notes import Note
from zoning import explain, headline

__all__ = ["Answer", "EngineLike", "Service"]

FEATURE_KEYS: Final = {"type", "id", "geometry", "properties", "bbox", "crs"}
COLLECTION_KEYS: Final = {"type", "features", "name", "bbox", "crs"}
#: Layer whose names and codes are searched.
VILLAGES: Final = "batas_desa"
METRES_PER_DEGREE: Final = 111_320.0


class EngineLike(Protocol):
    """The part of the engine that serving needs."""

    def check(
        self, permits: gpd.GeoDataFrame, on: date | None = None, plan: str | None = None
    ) -> Sequence[Any]:
        """Judge permits."""

    def zones_at(self, lon: float, lat: float, on: date | None = None) -> list[dict[str, Any]]:
        """Tell the zones of every instrument at a place."""

    def layer(self, name: str) -> Any:
        """Return a stored layer: `frame`, `version`."""

    def layers(self) -> Sequence[Any]:
        """List the layers."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Bytes to send and what was met on the way."""

    body: bytes
    notes: tuple[Note, ...] = ()


class Service:
    """An engine as strangers may use it.

    Parameters
    ----------
    engine : EngineLike
    settings : ServeSettings
    heavy : HeavyJudge, optional
        Without one, heavy requests are judged in this process.
    """

    def __init__(
        self, engine: EngineLike, settings: ServeSettings, heavy: HeavyJudge | None = None
    ) -> None:
        self.engine = engine
        self.settings = settings
        self.heavy = heavy
        self.tiles = TileSource(engine)
        self.places = Places(engine)
        self._gazetteer: Gazetteer | None = None
        self.extent: Bounds = tuple(getattr(engine, "extent", None) or INDONESIA)

    def close(self) -> None:
        """End what runs beside."""
        if self.heavy is not None:
            self.heavy.close()

    def conformity(
        self, raw: bytes, on: date | None, plan: str | None, explain_in: str | None = None
    ) -> Answer:
        """Judge a Feature (one verdict) or a FeatureCollection (a list of them).

        With a language in `explain_in` each verdict comes with its headline and sentences.

        Raises
        ------
        EngineError
            Whatever is wrong with the request, with its place.
        """
        document = parse(raw)
        features, single = _features(document, self.settings.max_features)
        permits, notes = self._frame(document, features, single)
        verdicts = self._judge(permits, on, plan)
        if explain_in is not None:
            verdicts = [_explained(verdict, explain_in) for verdict in verdicts]
        body = verdicts[0] if single else b"[" + b",\n".join(verdicts) + b"]\n"
        return Answer(body, notes)

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
        return {"zones": zones, "layers": self.places.at(lon, lat, self.layers())}

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

    def _frame(
        self, document: Mapping[str, Any], features: list[Any], single: bool
    ) -> tuple[gpd.GeoDataFrame, tuple[Note, ...]]:
        crs = declared_crs(document)
        rows: list[dict[str, Any]] = []
        notes: list[Note] = []
        for number, feature in enumerate(features):
            pointer = "" if single else f"/features/{number}"
            if not single and isinstance(feature, dict) and "crs" in feature:
                raise _feature_crs(pointer)
            row, met = self._row(feature, pointer, crs, number)
            rows.append(row)
            notes += met
        _check_unique([row["permit_id"] for row in rows])
        return gpd.GeoDataFrame(rows, geometry="geometry", crs=parse_crs(crs)), tuple(notes)

    def _row(
        self, feature: Any, pointer: str, crs: str, number: int
    ) -> tuple[dict[str, Any], list[Note]]:
        _check_keys(feature, FEATURE_KEYS, pointer)
        if feature.get("type") != "Feature":
            raise _not_geojson(pointer or "/")
        fields = check_properties(feature.get("properties"), f"{pointer}/properties")
        row = fields.model_dump(exclude_none=True)
        row.setdefault("permit_id", str(feature.get("id") or number + 1)[:100])
        what = f"permit {row['permit_id']}"
        row["geometry"], met = parse_geometry(
            feature.get("geometry"), crs=crs, pointer=f"{pointer}/geometry", what=what,
            within=self.extent,
        )  # fmt: skip
        if "footprint" in row:
            row["footprint"], more = parse_geometry(
                row["footprint"], crs=crs, pointer=f"{pointer}/properties/footprint",
                what=f"footprint of {what}", within=self.extent,
            )  # fmt: skip
            met += more
        return row, list(met)

    def _judge(self, permits: gpd.GeoDataFrame, on: date | None, plan: str | None) -> list[bytes]:
        if self.heavy is not None and self._is_heavy(permits):
            return self.heavy.check(permits, on, plan)
        return [
            verdict_bytes(verdict.to_dict())
            for verdict in self.engine.check(permits, on=on, plan=plan)
        ]

    def _is_heavy(self, permits: gpd.GeoDataFrame) -> bool:
        """Say whether judging may take long: many corners, or a span over many zones."""
        shapes: list[BaseGeometry] = list(permits.geometry)
        if "footprint" in permits:
            shapes += [shape for shape in permits["footprint"] if isinstance(shape, BaseGeometry)]
        each = [max(x1 - x0, y1 - y0) for x0, y0, x1, y1 in shapely.bounds(shapes)]
        unit = 1.0 if parse_crs(permits.crs).is_geographic else METRES_PER_DEGREE
        many = int(shapely.get_num_coordinates(shapes).sum()) > self.settings.heavy_vertices
        return many or max(each) > self.settings.heavy_span_deg * unit


def _explained(verdict: bytes, language: str) -> bytes:
    """Put the sentences before the verdict, whose bytes stay as they are."""
    content = orjson.loads(verdict)
    words = orjson.dumps(
        {"headline": headline(content, language), "sentences": explain(content, language)}
    )
    return words[:-1] + b',"verdict":' + verdict + b"}"


def _features(document: Any, most: int) -> tuple[list[Any], bool]:
    """Return the features of a document and whether it is a single one."""
    if isinstance(document, str):
        raise SecurityError(
            "a text is no application; the service opens no path and no address",
            code="path_not_accepted",
            hint="Send the GeoJSON itself",
        )
    if not isinstance(document, dict):
        raise _not_geojson("/")
    if document.get("type") == "Feature":
        return [document], True
    if document.get("type") != "FeatureCollection":
        raise _not_geojson("/")
    _check_keys(document, COLLECTION_KEYS, "")
    features = document.get("features")
    if not isinstance(features, list) or not features:
        raise _not_geojson("/features")
    if len(features) > most:
        raise LimitError(
            "{count} applications at once; {most} is the most accepted",
            code="too_many_features",
            hint="Send them in several requests, or as a stream to /v1/conformity/batch",
            count=len(features),
            most=most,
        )
    return features, False


def _not_geojson(pointer: str) -> RequestError:
    return RequestError(
        "{pointer} is no GeoJSON Feature or FeatureCollection",
        code="not_geojson",
        hint="Send a Feature with a Polygon and the fields of the application",
        pointer=pointer,
    )


def _feature_crs(pointer: str) -> GeometryError:
    return GeometryError(
        "{pointer}: a feature of a collection cannot have a CRS of its own",
        code="feature_crs",
        hint="Send one CRS for the whole collection",
        pointer=f"{pointer}/crs",
    )


def _check_keys(value: Any, known: set[str], pointer: str) -> None:
    if not isinstance(value, dict):
        raise _not_geojson(pointer or "/")
    if strange := sorted(value.keys() - known):
        raise PermitError(
            "the member {pointer} is not known here",
            code="member_unknown",
            hint="Fields of the application belong in properties",
            pointer=f"{pointer}/{strange[0]}"[:200],
        )


def _check_unique(names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise PermitError(
                "permit_id {name!r} stands twice in one request",
                code="permit_id_twice",
                hint="Give each application its own permit_id",
                name=name,
            )
        seen.add(name)
