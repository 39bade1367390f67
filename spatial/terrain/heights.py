"""A height model opened in metres: by the unit that its file states, or by the one it is given."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from spatial.errors import LayerError, RasterError
from spatial.terrain.slope import check_heights
from spatial.zonal import Grid, open_grid

__all__ = ["in_metres", "open_heights"]

FOOT_M: Final = 0.3048
SURVEY_FOOT_M: Final = 1200 / 3937
#: What files call their unit of height -> the unit as it may be asked for.
NAMES: Final = {
    "m": "m", "metre": "m", "metres": "m", "meter": "m", "meters": "m", "meter(s)": "m",
    "ft": "ft", "foot": "ft", "feet": "ft", "international foot": "ft",
    "us-ft": "us-ft", "ftus": "us-ft", "us survey foot": "us-ft", "us_survey_foot": "us-ft",
    "foot_us": "us-ft", "us foot": "us-ft",
}  # fmt: skip
METRES: Final = {"m": 1.0, "ft": FOOT_M, "us-ft": SURVEY_FOOT_M}


def open_heights(
    path: Path | str, *, crs: Any = None, nodata: float | None = None, unit: str | None = None
) -> Grid:
    """Open a height model for reading in metres; refuse heights that no ground has.

    Parameters
    ----------
    path, crs, nodata
        As for `open_grid`.
    unit : {"m", "ft", "us-ft"}, optional
        For a file that states no unit, which else is taken to be metres. Must not
        contradict the file.

    Raises
    ------
    LayerError
        `z_unit_unknown`, `z_unit_contradicts`.
    RasterError
        `dem_heights`, and whatever `open_grid` refuses.
    """
    grid = in_metres(open_grid(path, crs=crs, nodata=nodata), unit)
    check_heights(grid)
    return grid


def in_metres(dem: Grid, unit: str | None = None) -> Grid:
    """Return a height model whose cells are read in metres.

    Examples
    --------
    >>> from spatial.zonal import grid_from_array
    >>> feet = grid_from_array([[1000.0]], crs="EPSG:9489", origin=(0, 30), cell=(30, -30))
    >>> float(in_metres(feet, "ft").values()[0, 0])
    304.8
    """
    stated = dem.unit.strip().lower()
    if unit is not None and unit not in METRES:
        raise _unknown(unit, dem)
    if stated and stated not in NAMES:
        raise _unknown(dem.unit, dem)
    if stated and unit is not None and NAMES[stated] != unit:
        raise RasterError(
            "{name} states heights in {stated}, not in {given}",
            code="z_unit_contradicts",
            hint="Leave --z-unit out, or correct the file: gdal_edit.py -units",
            name=dem.name,
            stated=dem.unit,
            given=unit,
        )
    chosen = NAMES[stated] if stated else unit or "m"
    return replace(dem, unit="m", factor=dem.factor * METRES[chosen])


def _unknown(unit: str, dem: Grid) -> LayerError:
    return LayerError(
        "{name}: there is no unit of height {unit!r}",
        code="z_unit_unknown",
        hint="Known are {known}",
        name=dem.name,
        unit=unit,
        known=", ".join(METRES),
    )
