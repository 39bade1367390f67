"""Applications from a stranger's bytes: checked field by field, faults named with their place."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import shapely

from api.errors import RequestError
from api.geojson import declared_crs, parse_geometry, parse_line
from api.models import check_properties
from api.strict_json import parse
from spatial.crs import Bounds
from spatial.errors import GeometryError, LimitError, PermitError, SecurityError
from spatial.notes import Note
from zoning.permit import Permit
from zoning.permits import Permits, permit_of

__all__ = ["Applications", "read_applications", "read_line"]

FEATURE_KEYS: Final = {"type", "id", "geometry", "properties", "bbox", "crs"}
COLLECTION_KEYS: Final = {"type", "features", "name", "bbox", "crs"}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Applications:
    """What a request asks to be judged.

    Parameters
    ----------
    permits : Permits
        In the order sent.
    single : bool
        Whether one Feature was sent rather than a collection.
    notes : tuple of Note
    """

    permits: Permits
    single: bool
    notes: tuple[Note, ...]


def read_applications(raw: bytes, *, most: int, within: Bounds) -> Applications:
    """Read a Feature or a FeatureCollection.

    Parameters
    ----------
    raw : bytes
    most : int
        How many applications are accepted at once.
    within : (west, south, east, north)
        Degrees; what lies outside is refused.

    Raises
    ------
    EngineError
        Whatever is wrong, with its JSON pointer.

    Examples
    --------
    >>> import json
    >>> from api.models import PERMIT_EXAMPLE
    >>> sent = read_applications(json.dumps(PERMIT_EXAMPLE).encode(), most=1,
    ...                          within=(110, -8, 112, -6))
    >>> sent.single, [permit.permit_id for permit in sent.permits]
    (True, ['IZIN-2026-0001'])
    """
    document = parse(raw)
    features, single = _features(document, most)
    crs = declared_crs(document)
    permits: list[Permit] = []
    notes: list[Note] = []
    for number, feature in enumerate(features):
        pointer = "" if single else f"/features/{number}"
        if not single and isinstance(feature, dict) and "crs" in feature:
            raise _feature_crs(pointer)
        permit, met = _permit(feature, pointer, crs, number, within)
        permits.append(permit)
        notes += met
    _check_unique([permit.permit_id for permit in permits])
    return Applications(Permits(tuple(permits), crs, sound=True), single, tuple(notes))


def read_line(raw: bytes, number: int, within: Bounds) -> tuple[Permit, str]:
    """Read one Feature of a stream; return its permit and the CRS of its geometry.

    Parameters
    ----------
    number : int
        Of the line, from one: the permit_id of an application that has none.

    Raises
    ------
    EngineError
    """
    document = parse(raw)
    features, single = _features(document, 1)
    if not single:
        raise _not_geojson("/")
    crs = declared_crs(document)
    return _permit(features[0], "", crs, number - 1, within)[0], crs


def _permit(
    feature: Any, pointer: str, crs: str, number: int, within: Bounds
) -> tuple[Permit, list[Note]]:
    _check_keys(feature, FEATURE_KEYS, pointer)
    if feature.get("type") != "Feature":
        raise _not_geojson(pointer or "/")
    fields = check_properties(feature.get("properties"), f"{pointer}/properties")
    row = fields.model_dump(exclude_none=True)
    row.setdefault("permit_id", str(feature.get("id") or number + 1)[:100])
    what = f"permit {row['permit_id']}"
    parcel, met = parse_geometry(
        feature.get("geometry"), crs=crs, pointer=f"{pointer}/geometry", what=what, within=within
    )
    notes = [*met, *_drawings(row, f"{pointer}/properties", crs, what, within)]
    return permit_of(row, parcel), notes


def _drawings(row: Row, pointer: str, crs: str, what: str, within: Bounds) -> list[Note]:
    """Turn what a permit draws beside its parcel into geometries."""
    notes: list[Note] = []
    read = partial(parse_geometry, crs=crs, within=within)
    for name in ("footprint", "geom_hijau", "geom_basement"):
        if name in row:
            row[name], met = read(row[name], pointer=f"{pointer}/{name}", what=f"{name} of {what}")
            notes += met
    if "geom_lantai" in row:
        floors = []
        for number, floor in enumerate(row["geom_lantai"]):
            place = f"{pointer}/geom_lantai/{number}"
            shape, met = read(floor, pointer=place, what=f"floor {number + 1} of {what}")
            floors.append(shape)
            notes += met
        row["geom_lantai"] = shapely.GeometryCollection(floors)
    if "garis_jalan" in row:
        row["garis_jalan"] = parse_line(
            row["garis_jalan"], crs=crs, within=within,
            pointer=f"{pointer}/garis_jalan", what=f"garis_jalan of {what}",
        )  # fmt: skip
    return notes


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
