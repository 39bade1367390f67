"""Inputs of processes turned into questions: checked here, whatever a stranger sends."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import shapely

from api.errors import RequestError
from api.geojson import LONLAT, declared_crs, parse_geometry, parse_point
from api.questions import MOST_FDR, MOST_PLACES, MOST_VERTICES, NAME_LENGTH, SMOOTH, WEIGHTS
from spatial.crs import Bounds
from spatial.errors import LimitError

__all__ = ["day_of", "fdr_of", "names_of", "places_of", "refused", "smooth_of", "text_of",
           "weights_of"]  # fmt: skip

Inputs = Mapping[str, Any]
Place = tuple[str, bytes, dict[str, float]]
#: Properties of a site that are kept, none longer-named than this.
MOST_PROPERTIES: Final = 50


def refused(wanted: str) -> RequestError:
    """Return the refusal of an execution request that lacks something."""
    return RequestError(
        "the execution request must give {wanted}",
        code="process_inputs",
        hint='An example: {{"inputs": {{"hazard": "banjir_100", "of": "bangunan"}}}}',
        wanted=wanted,
    )


def text_of(inputs: Inputs, name: str) -> str | None:
    """Return a short text, or None where it is not given.

    Examples
    --------
    >>> text_of({"layer": "rdtr"}, "layer"), text_of({}, "layer")
    ('rdtr', None)
    """
    value = inputs.get(name)
    if value is not None and not (isinstance(value, str) and 0 < len(value) <= NAME_LENGTH):
        raise refused(f"{name!r} as a text of at most {NAME_LENGTH} letters")
    return value


def day_of(inputs: Inputs, name: str) -> date | None:
    """Return a day."""
    value = inputs.get(name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise refused(f"{name!r} as a day such as 2024-06-13") from None


def weights_of(inputs: Inputs) -> str:
    """Return the weights of neighbours."""
    weights = inputs.get("weights", "queen")
    if not isinstance(weights, str) or not re.fullmatch(WEIGHTS, weights):
        raise refused("'weights' as queen, rook, knn:8 or distance:5000")
    return weights


def fdr_of(inputs: Inputs) -> float:
    """Return a false discovery rate."""
    fdr = inputs.get("fdr", 0.05)
    if isinstance(fdr, bool) or not isinstance(fdr, int | float) or not 0 < fdr <= MOST_FDR:
        raise refused(f"'fdr' above 0, up to {MOST_FDR}")
    return float(fdr)


def smooth_of(inputs: Inputs) -> Any:
    """Return what is studied of rates."""
    smooth = inputs.get("smooth", "none")
    if smooth not in SMOOTH:
        raise refused(f"'smooth' as one of {', '.join(SMOOTH)}")
    return smooth


def names_of(inputs: Inputs, name: str) -> dict[str, str]:
    """Return a short object of texts."""
    value = inputs.get(name, {})
    if not isinstance(value, Mapping) or len(value) > MOST_PROPERTIES:
        raise refused(f"{name!r} as an object of texts")
    return {str(key): text_of(value, key) or "" for key in value}


def places_of(value: Any, name: str, within: Bounds, *, points: bool = False) -> list[Place]:
    """Return the places of a polygon, a Feature or a FeatureCollection in degrees.

    Returns
    -------
    list of (name, WKB, numbers)
        Named by the feature's `id`, else by its position from 1.

    Raises
    ------
    EngineError
        What is wrong with one of them, with its pointer.
    """
    if not isinstance(value, Mapping):
        raise refused(f"{name!r} as GeoJSON")
    if declared_crs(value, f"/inputs/{name}") != LONLAT:
        raise refused(f"{name!r} in degrees")
    features = _features(value, name)
    found = [
        _place(one, number, f"/inputs/{name}/features/{number}", within, points=points)
        for number, one in enumerate(features)
    ]
    if len({place[0] for place in found}) < len(found):
        raise refused(f"{name!r} with an id of its own for every feature")
    shapes = shapely.from_wkb([wkb for _, wkb, _ in found])
    if int(shapely.get_num_coordinates(shapes).sum()) > MOST_VERTICES:
        raise LimitError(
            "the area has more than {most} vertices",
            code="area_too_detailed",
            hint="Send it with fewer corners",
            most=MOST_VERTICES,
        )
    return found


def _features(value: Inputs, name: str) -> Sequence[Any]:
    if value.get("type") == "Feature":
        return [value]
    if value.get("type") != "FeatureCollection":
        return [{"geometry": value}]
    features = value.get("features")
    if not isinstance(features, list) or not 0 < len(features) <= MOST_PLACES:
        raise refused(f"1 to {MOST_PLACES} features in {name!r}")
    return features


def _place(feature: Any, number: int, pointer: str, within: Bounds, *, points: bool) -> Place:
    if not isinstance(feature, Mapping):
        raise refused("features that are objects")
    value, place = feature.get("geometry"), f"{pointer}/geometry"
    kind = value.get("type") if isinstance(value, Mapping) else None
    shape: Any
    if points and kind == "Point":
        shape = parse_point(value, pointer=place, what=f"feature {number + 1}", within=within)
    else:
        shape, _ = parse_geometry(value, pointer=place, what=f"feature {number + 1}", within=within)
    said = feature.get("properties") or {}
    if not isinstance(said, Mapping) or len(said) > MOST_PROPERTIES:
        raise refused(f"at most {MOST_PROPERTIES} properties of a feature")
    numbers = {
        str(key): float(one)
        for key, one in said.items()
        if isinstance(one, int | float) and not isinstance(one, bool)
    }
    return _name(feature, number), shapely.to_wkb(shape), numbers


def _name(feature: Inputs, number: int) -> str:
    name = feature.get("id", number + 1)
    if isinstance(name, bool) or not isinstance(name, str | int) or len(str(name)) > NAME_LENGTH:
        raise refused("ids of features as short texts or numbers")
    return str(name)
