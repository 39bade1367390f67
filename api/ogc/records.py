"""The catalogue of layers as OGC API Records: a collection whose features describe layers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

import numpy as np
import orjson
import pandas as pd
import shapely

from api.errors import RequestError
from api.faults import wanted
from api.ogc.collection import Collection, Collections
from api.ogc.documents import GEOJSON, HTML, JSON, Address, Link, link
from api.ogc.query import Page, Query, page_of, read_query, run
from api.ogc.systems import CRS84
from api.symbology import layer_styles
from api.symbology.rasters import style_of
from spatial.crs import LONLAT, project
from spatial.errors import EngineError

__all__ = ["CATALOGUE", "RECORD_PARAMETERS", "as_record", "as_records", "catalogue", "find"]

#: No layer can be called so: names of layers have no hyphen.
CATALOGUE: Final = "katalog-layer"
TITLE: Final = "Katalog layer / catalogue of layers"
RECORD_CORE: Final = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"
#: What may be asked of a catalogue beside what is asked of features.
RECORD_PARAMETERS: Final = ("q", "type", "ids", "externalIds")
TYPE: Final = "dataset"
#: Licences that SPDX has a name for, among those that open data of agencies carry.
SPDX: Final = ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "ODbL-1.0", "PDDL-1.0")
DEFECTS: Final = ("gap", "overlap", "slit")
Record = dict[str, Any]


def catalogue(collections: Collections) -> Collection:
    """Return the catalogue of the layers of an engine: one record a layer, also of tables.

    A layer that cannot be read has a record without a place.
    """
    records = [_record(about, collections) for about in collections.about()]
    shapes = np.array([one.pop("box") for one in records] or [None], dtype=object)[: len(records)]
    columns = ("type", "title", "kind", "form", "version", "instrument", "license", "quality")
    table = pd.DataFrame(
        [{name: _flat(one["properties"].get(name)) for name in columns} for one in records],
        columns=list(columns),
    )
    placed = shapes[~shapely.is_missing(shapes)] if len(shapes) else shapes
    bounds = shapely.total_bounds(placed) if len(placed) else np.array([-180, -90, 180, 90.0])
    west, south, east, north = map(float, bounds)
    return Collection(
        name=CATALOGUE,
        title=TITLE,
        version=_version(records),
        about={"name": CATALOGUE},
        table=table,
        shapes=shapes,
        ids=np.array([one["id"] for one in records], dtype=object),
        tree=shapely.STRtree(shapes),
        fields=dict.fromkeys(columns, "string") | {"quality": "number"},
        geometry="polygon",
        extent=(west, south, east, north),
        storage_crs=CRS84,
        records=records,
    )


def find(given: Mapping[str, str], one: Collection) -> tuple[Query, Page]:
    """Find the records that a client asks for: text, type, ids, place and time."""
    records = one.records or ()
    query = read_query({k: v for k, v in given.items() if k not in RECORD_PARAMETERS}, one)
    if query.system.uri != CRS84:
        raise RequestError(
            "the parameter {name!r} cannot be used: {reason}",
            code="parameter_refused",
            name="crs",
            **wanted("degrees", "in degrees, as records are"),
        )
    fits = run(replace(query, offset=0, limit=len(one), day=None), one).rows
    rows = [row for row in fits if _wanted(records[row], given, query.day)]
    return query, page_of(query, np.array(rows, dtype=np.int64))


def as_records(
    one: Collection, page: Page, links: Sequence[Link], at: Address, stamp: str
) -> bytes:
    """Write a page of records as GeoJSON."""
    records = one.records or ()
    return orjson.dumps(
        {
            "type": "FeatureCollection",
            "links": list(links),
            "timeStamp": stamp,
            "numberMatched": page.matched,
            "numberReturned": len(page.rows),
            "features": [as_record(records[row], at) for row in page.rows],
        }
    )


def as_record(record: Mapping[str, Any], at: Address) -> Record:
    """Return a record with its links."""
    name = str(record["id"])
    here = at.to(f"/collections/{CATALOGUE}/items/{name}")
    links = [
        link(here, "self", GEOJSON),
        link(f"{here}?f=html", "alternate", HTML),
        link(at.to(f"/collections/{CATALOGUE}"), "collection", JSON),
    ]
    form = record["properties"]["form"]
    if form == "vector":
        data = at.to(f"/collections/{name}")
        links.append(link(data, "describes", JSON, str(record["properties"]["title"])))
        links.append(link(f"{data}/items", "item", GEOJSON))
    elif form == "raster" and style_of(name) is not None:
        links.append(link(f"{at.base}/tiles/{name}/tilejson.json", "describes", JSON))
    licence = record["properties"].get("rights", "")
    if re.match(r"https?://", licence):
        links.append(link(licence, "license", HTML))
    return {**record, "links": links}


def _record(about: Mapping[str, Any], collections: Collections) -> Record:
    name, legal = str(about["name"]), about.get("legal") or {}
    kind = str(about.get("kind") or "")
    style = layer_styles().get(name) or layer_styles().get(kind, {})
    box = _box(about, collections)
    quality = _quality(about)
    properties = {
        "type": TYPE,
        "title": str(style.get("nama") or name),
        "description": str(legal.get("instrument") or style.get("en") or name),
        "updated": _moment(about.get("known_from")),
        "keywords": [word for word in (kind, name) if word],
        "language": {"code": "id"},
        "externalIds": [{"scheme": "urn:sha-256", "value": str(about.get("version", ""))}],
        "kind": kind,
        "form": str(about.get("form", "vector")),
        "version": str(about.get("version", ""))[:12],
        "rows": about.get("rows"),
        "instrument": str(legal.get("instrument") or ""),
        "legal": dict(legal),
        "quality": quality["score"],
        "quality_report": quality,
    } | _licence(str(legal.get("licence") or ""))
    return {
        "id": name,
        "type": "Feature",
        "conformsTo": [RECORD_CORE],
        "time": _time(about),
        "geometry": None if box is None else orjson.loads(shapely.to_geojson(box)),
        "properties": {key: value for key, value in properties.items() if value is not None},
        "box": box,
    }


def _box(about: Mapping[str, Any], collections: Collections) -> shapely.Polygon | None:
    """Return where a layer lies; None for a table and where nobody can tell."""
    if about.get("form") == "raster":
        origin = about.get("provenance") or {}
        if not {"bounds", "crs"} <= set(origin):
            return None
        [box] = project(
            np.array([shapely.box(*origin["bounds"])], dtype=object), origin["crs"], LONLAT
        )
        west, south, east, north = box.bounds
        return shapely.Polygon.from_bounds(west, south, east, north)
    if about.get("form", "vector") != "vector":
        return None
    try:
        return shapely.Polygon.from_bounds(*collections.get(str(about["name"])).extent)
    except EngineError:
        return None


def _quality(about: Mapping[str, Any]) -> dict[str, Any]:
    """Tell how whole a coverage is: the share of its features without a real defect, at least.

    `score` is None where nobody examined it: only layers that must cover a plane are.
    """
    told = (about.get("provenance") or {}).get("quality")
    notes = len(about.get("report") or ())
    if told is None:
        return {"score": None, "defects": None, "slivers": None, "notes": notes}
    counts = {
        size: sum(told["coverage"].get(f"{kind}_{size}", {}).get("count", 0) for kind in DEFECTS)
        for size in ("real", "sliver")
    }
    rows = int(about.get("rows") or 0)
    score = max(0.0, 1 - counts["real"] / rows) if rows else None
    return {
        "score": None if score is None else round(score, 4),
        "defects": counts["real"],
        "slivers": counts["sliver"],
        "notes": notes,
    }


def _licence(text: str) -> dict[str, str]:
    """Return a licence by its SPDX name, or as other with its words; nothing where unstated."""
    if not text:
        return {}
    return {"license": text} if text in SPDX else {"license": "other", "rights": text}


def _time(about: Mapping[str, Any]) -> dict[str, Any] | None:
    ends = [about.get("valid_from"), about.get("valid_to")]
    if not any(ends):
        return None
    return {"interval": [str(one)[:10] if one else ".." for one in ends]}


def _moment(text: Any) -> str | None:
    return None if not text else f"{str(text)[:19]}Z"


def _wanted(record: Record, given: Mapping[str, str], day: tuple[str, str] | None) -> bool:
    told = record["properties"]
    if "type" in given and told["type"] not in given["type"].split(","):
        return False
    if "ids" in given and record["id"] not in given["ids"].split(","):
        return False
    names = {one["value"] for one in told["externalIds"]}
    if "externalIds" in given and names.isdisjoint(given["externalIds"].split(",")):
        return False
    if day is not None and not _during(record["time"], day):
        return False
    return "q" not in given or _says(record, given["q"])


def _during(time: Mapping[str, Any] | None, day: tuple[str, str]) -> bool:
    """Say whether a record holds at some time of an interval; without a time it always does."""
    if time is None:
        return True
    since, until = map(str, time["interval"])
    return (since == ".." or since <= day[1]) and (until == ".." or until > day[0])


def _says(record: Record, text: str) -> bool:
    """Say whether a record has one of the terms between commas, words of a term in order."""
    told = record["properties"]
    searched = [record["id"], told["title"], told["description"], *told["keywords"]]
    terms = [" ".join(term.split()).casefold() for term in text.split(",")]
    texts = [" ".join(str(one).split()).casefold() for one in searched]
    return any(term in one for term in terms if term for one in texts)


def _flat(value: Any) -> Any:
    return value if isinstance(value, str | float | int) else None


def _version(records: Sequence[Record]) -> str:
    """Return a name that changes with any of the layers."""
    names = "/".join(f"{one['id']}@{one['properties']['version']}" for one in records)
    return sha256(names.encode()).hexdigest()[:12]
