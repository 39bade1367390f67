"""A hazard map: one kind of hazard, one or several scenarios, raster or polygons alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import cast

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from hazard.classes import ClassRule
from spatial.crs import AREA_CRS, project, to_crs
from spatial.errors import SchemaError
from spatial.notes import Note
from spatial.zonal import Grid

__all__ = ["Hazard", "frame_of", "hazard_from_grid", "hazard_from_polygons", "whole_area"]

#: Overlaps smaller than this between polygons of different class are drawing noise.
OVERLAP_NOTED_M2 = 1.0


@dataclass(frozen=True, eq=False)
class Hazard:
    """A hazard map that exposure can be measured against.

    Exactly one of `grid` (a band per scenario) and `regions` is set. `regions` are disjoint
    polygons on the equal-area plane, one per class code; the code `len(labels)` is no data.
    """

    name: str
    rule: ClassRule
    scenarios: tuple[str, ...]
    grid: Grid | None = None
    regions: tuple[tuple[int, BaseGeometry], ...] = ()
    notes: tuple[Note, ...] = field(default=())

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names, from least to worst."""
        return self.rule.labels

    @cached_property
    def outline(self) -> BaseGeometry:
        """The ground that a raster map covers, on the equal-area plane."""
        return frame_of(self.grid) if self.grid is not None else shapely.Polygon()

    @cached_property
    def parts(self) -> tuple[shapely.STRtree, NDArray[np.object_], NDArray[np.int64]]:
        """The polygons of `regions` one by one: an index over them, they, and their classes."""
        regions = np.array([region for _, region in self.regions], dtype=object)
        parts, owner = shapely.get_parts(regions, return_index=True)
        solid = shapely.get_dimensions(parts) == 2
        codes = np.array([code for code, _ in self.regions], np.int64)
        return shapely.STRtree(parts[solid]), parts[solid], codes[owner[solid]]


def hazard_from_grid(
    grid: Grid, rule: ClassRule, *, name: str, scenarios: Sequence[str] | None = None
) -> Hazard:
    """Make a hazard map of a raster whose bands are scenarios.

    Parameters
    ----------
    grid : Grid
        Depths, indices or class codes, as the rule says.
    scenarios : sequence of str, optional
        One name per band; `"utama"` for a single band.

    Raises
    ------
    SchemaError
        `scenario_count`, if names and bands differ in number.
    """
    names = tuple(scenarios or (("utama",) if grid.count == 1 else ()))
    if len(names) != grid.count or len(set(names)) != len(names):
        raise SchemaError(
            "{name} has {bands} bands but the scenarios named are {scenarios}",
            code="scenario_count",
            hint="Name one scenario for each band, each once",
            name=name,
            bands=grid.count,
            scenarios=list(names),
        )
    return Hazard(name, rule, names, grid=grid)


def hazard_from_polygons(
    frame: gpd.GeoDataFrame,
    rule: ClassRule,
    *,
    column: str,
    name: str,
    mapped: gpd.GeoDataFrame | None = None,
) -> Hazard:
    """Make a hazard map of polygons; where they overlap the worst class counts.

    Parameters
    ----------
    frame : GeoDataFrame of polygons with a CRS
    column : str
        Holds code or word of the class.
    mapped : GeoDataFrame, optional
        The area that was studied. What lies inside it under no polygon has the first, least
        class; without it, ground under no polygon is outside the map, not safe.

    Raises
    ------
    SchemaError
        `column_missing`, `class_word_unknown`.
    """
    if column not in frame:
        raise SchemaError(
            "{name} has no column {column}",
            code="hazard_column_missing",
            hint="Its columns are: {columns}",
            name=name,
            column=column,
            columns=", ".join(map(str, frame.columns)),
        )
    codes = np.array(rule.words(frame[column]), dtype=np.int64)
    plane = np.asarray(to_crs(frame, AREA_CRS, what=name).geometry.array, dtype=object)
    regions, notes = _worst_first(plane, codes, len(rule.labels), name)
    if mapped is not None:
        studied = to_crs(mapped, AREA_CRS, what=name).union_all()
        taken = shapely.union_all([region for _, region in regions])
        regions = _with_least(regions, shapely.difference(studied, taken))
    return Hazard(name, rule, ("utama",), regions=tuple(regions), notes=tuple(notes))


def _worst_first(
    plane: NDArray[np.object_], codes: NDArray[np.int64], missing: int, name: str
) -> tuple[list[tuple[int, BaseGeometry]], list[Note]]:
    """Make the classes disjoint: worst first, no data last."""
    order = [*sorted(set(codes.tolist()) - {missing}, reverse=True), missing]
    taken: BaseGeometry = shapely.Polygon()
    regions: list[tuple[int, BaseGeometry]] = []
    notes = []
    for code in order:
        own = shapely.union_all(plane[codes == code])
        if own.is_empty:
            continue
        free = shapely.difference(own, taken)
        lost = own.area - free.area
        if lost > OVERLAP_NOTED_M2:
            notes.append(
                Note(
                    "hazard_classes_overlap",
                    "{name}: {area_m2:.0f} m² of class {position} lie under a worse class, "
                    "which counts",
                    "warning",
                    {"name": name, "area_m2": lost, "position": code},
                )
            )
        regions.append((code, free))
        taken = shapely.union(taken, own)
    return regions, notes


def _with_least(
    regions: list[tuple[int, BaseGeometry]], rest: BaseGeometry
) -> list[tuple[int, BaseGeometry]]:
    least = [region for code, region in regions if code == 0]
    others = [(code, region) for code, region in regions if code]
    return [*others, (0, shapely.union_all([*least, rest]))]


def frame_of(grid: Grid) -> BaseGeometry:
    """Return the outline of a raster on the equal-area plane."""
    box = np.array([shapely.box(*grid.bounds)], dtype=object)
    [outline] = project(box, grid.crs, AREA_CRS)
    return cast("BaseGeometry", outline)


def whole_area(
    hazards: Sequence[Hazard], of: gpd.GeoDataFrame | Grid | None, within: gpd.GeoDataFrame | None
) -> gpd.GeoDataFrame:
    """Return one unit that holds all that is measured: things, land, or the maps themselves."""
    if of is None and within is not None:
        shape: BaseGeometry = to_crs(within, AREA_CRS, what="within").union_all()
    elif isinstance(of, Grid):
        shape = frame_of(of)
    elif of is not None:
        # A metre around it: what lies on the edge of a box lies within one a little wider.
        shape = shapely.box(*to_crs(of, AREA_CRS, what="exposed").total_bounds).buffer(1.0)
    else:
        shapes = [
            frame_of(hazard.grid)
            if hazard.grid is not None
            else shapely.union_all([region for _, region in hazard.regions])
            for hazard in hazards
        ]
        shape = shapely.union_all(shapes)
    return gpd.GeoDataFrame({"unit": ["semua"]}, geometry=[shape], crs=AREA_CRS)
