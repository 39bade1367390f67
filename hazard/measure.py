"""How much of each shape lies in each hazard class: area, length or presence, both map forms.

Every function returns an array of shape (shapes, scenarios, classes + 2); the last two
columns are no data and outside the map.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from hazard.maps import Hazard
from hazard.pieces import of_dimension
from hazard.spread import spread
from spatial.crs import AREA_CRS, METRIC_CRS, project
from spatial.errors import ClosureError
from spatial.zonal import (
    Grid,
    line_cells,
    point_cells,
    values_at,
    zonal_classes,
    zonal_statistics,
)

__all__ = [
    "amount_in",
    "amounts_by_class",
    "areas_by_class",
    "lengths_by_class",
    "metres",
    "points_by_class",
]

#: Raster sums and plane areas may differ by edges that bend between two projections: each
#: keeps within a millimetre of its course, on the way to the plane and on that to the cells.
AGREE = 1e-5
BEND_M = 4e-3
#: shapely's type number; above it stands only the mixed collection.
MULTI_POLYGON = 6


def areas_by_class(shapes: NDArray[np.object_], hazard: Hazard) -> NDArray[np.float64]:
    """Measure m² of each class in polygons on the equal-area plane."""
    if hazard.grid is None:
        return _areas_of_regions(shapes, hazard)
    return _areas_of_cells(shapes, hazard, hazard.grid)


def lengths_by_class(shapes: NDArray[np.object_], hazard: Hazard) -> NDArray[np.float64]:
    """Measure metres (SRGI2013 / UTM 49S) of each class along lines on the equal-area plane."""
    if hazard.grid is None:
        return _lengths_of_regions(shapes, hazard)
    parts = line_cells(gpd.GeoSeries(shapes, crs=AREA_CRS), hazard.grid)
    codes = _codes_at(hazard, hazard.grid, parts["row"].to_numpy(), parts["col"].to_numpy())
    out = _blank(len(shapes), hazard)
    for i in range(len(hazard.scenarios)):
        np.add.at(out[:, i], (parts["line"].to_numpy(), codes[i]), parts["length_m"].to_numpy())
    return out


def points_by_class(shapes: NDArray[np.object_], hazard: Hazard) -> NDArray[np.float64]:
    """Mark with 1 the class that each point on the equal-area plane stands in."""
    if hazard.grid is not None:
        cells = point_cells(gpd.GeoSeries(shapes, crs=AREA_CRS), hazard.grid)
        codes = _codes_at(hazard, hazard.grid, cells["row"].to_numpy(), cells["col"].to_numpy())
    else:
        codes = np.full((1, len(shapes)), len(hazard.labels) + 1)
        # Worst last, so that it stands on a border between two classes.
        for code, region in sorted(hazard.regions, key=lambda item: _rank(item[0], hazard)):
            codes[0, shapely.intersects(shapes, region)] = code
    out = _blank(len(shapes), hazard)
    for i in range(len(hazard.scenarios)):
        out[np.arange(len(shapes)), i, codes[i]] = 1.0
    return out


def amounts_by_class(
    shapes: NDArray[np.object_], hazard: Hazard, amounts: Grid
) -> NDArray[np.float64]:
    """Sum a raster of amounts (people per cell, say) over each class in polygons.

    Amounts on other cells than the hazard's are spread evenly within their own cell first;
    see `hazard.spread`.
    """
    if hazard.grid is None:
        return _amounts_of_regions(shapes, hazard, amounts)
    same = amounts.same_cells(hazard.grid)
    inner = amounts if same else spread(amounts, hazard.grid)
    out = _cell_sums(shapes, hazard, hazard.grid, inner)
    outline = hazard.outline
    crossing = np.flatnonzero(~shapely.covered_by(shapes, outline))
    rest = shapely.difference(shapes[crossing], outline)
    out[crossing, :, -1] = amount_in(rest, amounts)[:, None]
    return out


def amount_in(shapes: NDArray[np.object_], amounts: Grid) -> NDArray[np.float64]:
    """Sum a raster of amounts over polygons on the equal-area plane; 0 where it has no data."""
    if not len(shapes):
        return np.zeros(0)
    table = zonal_statistics(gpd.GeoSeries(shapes, crs=AREA_CRS), amounts, weight="cells")
    return np.asarray(np.nan_to_num(table["sum"].to_numpy(float)))


def _amounts_of_regions(
    shapes: NDArray[np.object_], hazard: Hazard, amounts: Grid
) -> NDArray[np.float64]:
    out = _blank(len(shapes), hazard)
    at, code, common = _cut_by_regions(shapes, hazard)
    for i in np.flatnonzero(shapely.get_type_id(common) > MULTI_POLYGON):
        common[i] = of_dimension(common[i], 2)
    solid = shapely.get_dimensions(common) == 2
    at, code, common = at[solid], code[solid], common[solid]
    np.add.at(out[:, 0], (at, code), amount_in(common, amounts))
    out[:, 0, -1] = amount_in(_rest_of_regions(shapes, hazard), amounts)
    return out


def _blank(count: int, hazard: Hazard) -> NDArray[np.float64]:
    return np.zeros((count, len(hazard.scenarios), len(hazard.labels) + 2))


def _rank(code: int, hazard: Hazard) -> int:
    """No data ranks below every class."""
    return -1 if code == len(hazard.labels) else code


def _cell_sums(
    shapes: NDArray[np.object_], hazard: Hazard, grid: Grid, weight: Grid | None
) -> NDArray[np.float64]:
    bands = tuple(range(1, grid.count + 1))
    table = zonal_classes(
        gpd.GeoSeries(shapes, crs=AREA_CRS),
        grid,
        hazard.rule.codes,
        hazard.labels,
        bands=bands,
        weight="area" if weight is None else weight,
    )
    out = _blank(len(shapes), hazard)
    values = np.nan_to_num(table.to_numpy(float))
    out[:, :, :-1] = values.reshape(len(shapes), len(bands), -1)
    return out


def _areas_of_cells(shapes: NDArray[np.object_], hazard: Hazard, grid: Grid) -> NDArray[np.float64]:
    """Divide each polygon's plane area by the shares of its cells; the rest is outside."""
    out = _cell_sums(shapes, hazard, grid, None)
    outline = hazard.outline
    crossing = ~shapely.covered_by(shapes, outline)
    common = shapes.copy()
    common[crossing] = shapely.intersection(shapes[crossing], outline)
    inside = shapely.area(common)
    summed = out[:, 0].sum(axis=1)
    _refuse_disagreement(summed, inside, shapely.length(common), grid)
    _place_specks(out, shapes, hazard, np.flatnonzero((summed == 0) & (inside > 0)))
    summed = out[:, 0].sum(axis=1)
    scale = np.divide(inside, summed, out=np.zeros_like(inside), where=summed > 0)
    out *= scale[:, None, None]
    outside = shapely.area(shapely.difference(shapes[crossing], outline))
    out[crossing, :, -1] = outside[:, None]
    return out


def _refuse_disagreement(
    summed: NDArray[np.float64],
    inside: NDArray[np.float64],
    edge_m: NDArray[np.float64],
    grid: Grid,
) -> None:
    """Two ways to the same area must agree; where they do not, a projection is wrong."""
    cell = abs(grid.dx * grid.dy) if not grid.crs.is_geographic else 0.0
    allowed = AGREE * np.maximum(inside, cell or 1.0) + BEND_M * edge_m
    off = np.abs(summed - inside) > allowed
    if off.any():
        at = int(np.argmax(np.abs(summed - inside) - allowed))
        raise ClosureError(
            "shape {at} measures {cells_m2} m² by cells of {name} and {plane_m2} m² on the plane",
            code="areas_disagree",
            at=at,
            name=grid.name,
            cells_m2=float(summed[at]),
            plane_m2=float(inside[at]),
        )


def _place_specks(
    out: NDArray[np.float64],
    shapes: NDArray[np.object_],
    hazard: Hazard,
    specks: NDArray[np.int64],
) -> None:
    """Give shapes too small for any cell share the class under a point of theirs."""
    if len(specks):
        points = np.asarray(shapely.point_on_surface(shapes[specks]), dtype=object)
        out[specks] = points_by_class(points, hazard)
        beyond = out[specks, 0, -1] > 0
        out[specks[beyond], :, -2], out[specks[beyond], :, -1] = 1.0, 0.0


def _codes_at(
    hazard: Hazard, grid: Grid, rows: NDArray[np.int64], cols: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Class codes of cells, shape (scenarios, n); one beyond no data where outside."""
    codes = np.full((grid.count, len(rows)), len(hazard.labels) + 1, np.int64)
    inside = np.flatnonzero(rows >= 0)
    if len(inside):
        bands = tuple(range(1, grid.count + 1))
        values = values_at(grid, rows[inside], cols[inside], bands)
        codes[:, inside] = hazard.rule.codes(values, grid.valid(values))
    return codes


def _cut_by_regions(
    shapes: NDArray[np.object_], hazard: Hazard
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.object_]]:
    """(shape, class code, common part) for every shape and hazard polygon that meet."""
    tree, parts, codes = hazard.parts
    at, other = tree.query(shapes, predicate="intersects")
    common = shapes[at]
    crossing = ~shapely.covered_by(common, parts[other])
    common[crossing] = shapely.intersection(common[crossing], parts[other[crossing]])
    return at, codes[other], common


def _areas_of_regions(shapes: NDArray[np.object_], hazard: Hazard) -> NDArray[np.float64]:
    out = _blank(len(shapes), hazard)
    at, code, common = _cut_by_regions(shapes, hazard)
    np.add.at(out[:, 0], (at, code), shapely.area(common))
    out[:, 0, -1] = shapely.area(_rest_of_regions(shapes, hazard))
    return out


def _rest_of_regions(shapes: NDArray[np.object_], hazard: Hazard) -> NDArray[np.object_]:
    """Find what of each shape no hazard polygon covers, by subtracting those near it."""
    tree, parts, _ = hazard.parts
    at, other = tree.query(shapes, predicate="intersects")
    rest = shapes.copy()
    for shape in np.unique(at):
        near = shapely.union_all(parts[other[at == shape]])
        rest[shape] = shapely.difference(shapes[shape], near)
    return rest


def _lengths_of_regions(shapes: NDArray[np.object_], hazard: Hazard) -> NDArray[np.float64]:
    out = _blank(len(shapes), hazard)
    at, code, common = _cut_by_regions(shapes, hazard)
    np.add.at(out[:, 0], (at, code), metres(common))
    out[:, 0, -1] = metres(_rest_of_regions(shapes, hazard))
    return out


def metres(shapes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Length of lines on the equal-area plane, measured in SRGI2013 / UTM 49S."""
    length: NDArray[np.float64] = shapely.length(project(shapes, AREA_CRS, METRIC_CRS))
    return length
