"""What the cells of a raster say about polygons, lines and points: exact, by windows."""

from spatial.zonal.area import cell_areas
from spatial.zonal.files import open_grid
from spatial.zonal.grid import Grid, grid_from_array, stack_grids
from spatial.zonal.lines import line_cells, point_cells, values_at
from spatial.zonal.statistics import Classify, cell_coverage, zonal_classes, zonal_statistics

__all__ = [
    "Classify",
    "Grid",
    "cell_areas",
    "cell_coverage",
    "grid_from_array",
    "line_cells",
    "open_grid",
    "point_cells",
    "stack_grids",
    "values_at",
    "zonal_classes",
    "zonal_statistics",
]
