"""Parcels and drawings of permits: refused where they cannot be measured, then put on planes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from spatial.crs import project
from spatial.notes import Note
from spatial.validity import faults
from zoning.building import AREAS, Drawing
from zoning.permit import Permit

__all__ = ["drawings_of", "on_plane", "refuse_faulty"]


def refuse_faulty(rows: Sequence[Permit]) -> list[Permit]:
    """Keep the reason why a parcel or drawing cannot be measured; nothing is repaired."""
    checked = list(rows)
    parcels = _array([row.parcel for row in rows])
    for index, fault in enumerate(faults(parcels, what=[f"parcel {r.permit_id}" for r in rows])):
        if fault is not None and checked[index].fault is None:
            checked[index] = replace(checked[index], fault=Note.of(fault), parcel=None)
    drawn = [
        (index, f"{name} {row.permit_id}", part)
        for index, row in enumerate(rows)
        for name, shape in row.drawn.items()
        if name in AREAS
        for part in _each(name, shape)
    ]
    if not drawn:
        return checked
    found = faults(_array([part for _, _, part in drawn]), what=[what for _, what, _ in drawn])
    for (index, _, _), fault in zip(drawn, found, strict=True):
        if fault is not None and checked[index].fault is None:
            checked[index] = replace(checked[index], fault=Note.of(fault))
    return checked


def _each(name: str, shape: BaseGeometry) -> list[BaseGeometry]:
    """Return what must be valid: floors each for itself, because they lie over each other."""
    return list(shapely.get_parts(shape)) if name == "geom_lantai" else [shape]


def drawings_of(rows: Sequence[Permit], source: Any, plane: Any, metric: Any) -> list[Drawing]:
    """Return what each permit draws, on the plane of areas and on the metric plane."""
    owner = [(index, name) for index, row in enumerate(rows) for name in row.drawn]
    if not owner:
        nothing = Drawing()
        return [nothing] * len(rows)
    shapes = [rows[index].drawn[name] for index, name in owner]
    on_area: list[dict[str, BaseGeometry]] = [{} for _ in rows]
    on_metric: list[dict[str, BaseGeometry]] = [{} for _ in rows]
    for found, crs in ((on_area, plane), (on_metric, metric)):
        for (index, name), shape in zip(owner, on_plane(shapes, source, crs), strict=True):
            found[index][name] = shape
    return [Drawing(one, other) for one, other in zip(on_area, on_metric, strict=True)]


def on_plane(
    geometries: Sequence[BaseGeometry | None], source: Any, plane: Any
) -> NDArray[np.object_]:
    """Project what is there, in canonical order of vertices so that their order never matters."""
    array = _array(geometries)
    there = ~shapely.is_missing(array)
    array[there] = project(shapely.normalize(array[there]), source, plane)
    return array


def _array(geometries: Sequence[BaseGeometry | None]) -> NDArray[np.object_]:
    array = np.empty(len(geometries), dtype=object)
    array[:] = geometries
    return array
