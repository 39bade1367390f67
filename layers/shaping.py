"""Geometry of a layer as it comes in: where it is, whether it is valid, and what was mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import shapely

from spatial.crs import (
    AREA_CRS,
    Bounds,
    area_of_use_note,
    check_extent,
    lonlat_bounds,
    project,
)
from spatial.errors import GeometryError
from spatial.notes import Note
from spatial.repair import repair as repair_polygons
from spatial.validity import faults

__all__ = ["Shaping"]

#: A geometry of a layer may be large: a whole class of a province in one feature.
_ANY_SIZE: Final = 2**31
#: Rows named in one note; the rest is counted.
_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class Shaping:
    """What is done with the geometry of a layer, all of it noted.

    Parameters
    ----------
    name : str
        Of the file, for people.
    within : (west, south, east, north)
        Degrees; coordinates outside are an error.
    strict : bool
        Refuse invalid geometries.
    mend : bool
        Repair invalid geometries; False only lists them.
    """

    name: str
    within: Bounds
    strict: bool = False
    mend: bool = True

    def __call__(
        self, frame: gpd.GeoDataFrame, notes: list[Note], *, first_row: int = 0
    ) -> gpd.GeoDataFrame:
        """Return the frame, checked and mended; `first_row` is the number of its first row.

        Raises
        ------
        CrsError
            For coordinates outside.
        GeometryError
            With `strict`, for the first invalid one.

        Examples
        --------
        >>> bowtie = shapely.Polygon([(110, -7), (110.1, -6.9), (110.1, -7), (110, -6.9)])
        >>> frame, notes = gpd.GeoDataFrame(geometry=[bowtie], crs="EPSG:4326"), []
        >>> done = Shaping("a.gpkg", (95, -11, 141, 6))(frame, notes)
        >>> [note.code for note in notes], bool(done.is_valid.all())
        (['geometry_repaired'], True)
        """
        _note_missing(frame, self.name, notes)
        if (bounds := _finite_bounds(frame)) is not None:
            check_extent(bounds, frame.crs, within=self.within, what=self.name)
            beyond = area_of_use_note(lonlat_bounds(bounds, frame.crs), frame.crs, what=self.name)
            notes += [beyond] if beyond else []
        return self._checked(frame, notes, first_row)

    def _checked(
        self, frame: gpd.GeoDataFrame, notes: list[Note], first_row: int
    ) -> gpd.GeoDataFrame:
        """Find invalid polygons; refuse, repair or only list them, each with fault and place."""
        shapes = np.asarray(frame.geometry.array, dtype=object)
        polygonal = np.isin(shapely.get_type_id(shapes), (3, 6)) & ~shapely.is_empty(shapes)
        rows = np.flatnonzero(polygonal)
        found = faults(
            shapes[rows],
            what=[f"{self.name}, row {first_row + row}" for row in rows],
            max_vertices=_ANY_SIZE,
        )
        wrong = [(row, fault) for row, fault in zip(rows, found, strict=True) if fault is not None]
        if not wrong:
            return frame
        if self.strict:
            raise GeometryError(
                "{what} is refused: {count} geometries are not valid, the first: {reason}",
                code="layer_invalid",
                hint="Repair the file, or read it without --strict: repairs are then listed",
                what=self.name,
                count=len(wrong),
                reason=str(wrong[0][1]),
            )
        if not self.mend:
            notes += [Note.of(fault, "warning") for _, fault in wrong]
            return frame
        places = np.array([row for row, _ in wrong])
        mended, outcome = repair_polygons(shapes[places])
        result = shapes.copy()
        result[places] = mended
        for (row, fault), before, after, how in zip(
            wrong, shapes[places], mended, outcome, strict=True
        ):
            place = {"file": self.name, "row": first_row + int(row)}
            change = _area_m2(after, frame.crs) - _area_m2(before, frame.crs)
            notes.append(_repair_note(place, fault, change, str(how), lost=after is None))
        return frame.set_geometry(gpd.GeoSeries(result, index=frame.index, crs=frame.crs))


def _note_missing(frame: gpd.GeoDataFrame, name: str, notes: list[Note]) -> None:
    """Name the rows without geometry."""
    shapes = np.asarray(frame.geometry.array, dtype=object)
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if missing.any():
        rows = [int(row) for row in np.flatnonzero(missing)[:_NAMED]]
        facts = {"file": name, "count": int(missing.sum()), "rows": rows}
        text = "{file}: {count} rows have no geometry: rows {rows}"
        notes.append(Note("geometry_null", text, "warning", facts))


def _finite_bounds(frame: gpd.GeoDataFrame) -> Bounds | None:
    """Return the bounds of a frame, None where nothing is in it."""
    bounds = shapely.bounds(np.asarray(frame.geometry.array, dtype=object))
    bounds = bounds[~np.isnan(bounds).all(axis=1)]
    if not len(bounds):
        return None
    low, high = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _area_m2(shape: Any, crs: Any) -> float:
    """Return the area on the equal-area plane; NaN where there is none."""
    if shape is None or not np.isfinite(shapely.get_coordinates(shape)).all():
        return np.nan
    return float(shapely.area(project(np.array([shape]), crs, AREA_CRS, densify=False))[0])


def _repair_note(
    place: dict[str, Any], fault: GeometryError, change: float, how: str, *, lost: bool
) -> Note:
    details = place | {
        "fault": fault.code,
        "fault_details": fault.details,
        "reason": fault.message,
    }
    if lost:
        text = "{reason}; it could not be repaired ({how}) and has no geometry"
        return Note("geometry_lost", text, "error", details | {"how": how})
    text = "{reason}; repaired, area changed by {change_m2:+.4f} m2"
    # Zero has no sign: what is below a tenth of a millimetre squared is no change.
    rounded = round(change, 4) + 0.0 if np.isfinite(change) else None
    if rounded is None:
        text = "{reason}; repaired, and nobody can say how its area changed"
        return Note("geometry_repaired_unmeasured", text, "warning", details)
    return Note("geometry_repaired", text, "warning", details | {"change_m2": rounded})
