"""Exact coverage: against exactextract, against GEOS, and against itself in other windows."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from exactextract import exact_extract
from hypothesis import given, settings
from hypothesis import strategies as st
from rasterio.transform import Affine

from spatial.errors import (
    CrsError,
    GeometryError,
    LayerNotFoundError,
    LimitError,
    RasterError,
)
from spatial.zonal import (
    Grid,
    cell_areas,
    cell_coverage,
    grid_from_array,
    line_cells,
    open_grid,
    point_cells,
    zonal_classes,
    zonal_statistics,
)

PLANE = "ESRI:54034"


def plane_grid(values: object, cell: float = 10.0, **more: object) -> Grid:
    array = np.asarray(values, dtype=float)
    rows = array.shape[-2]
    return grid_from_array(
        array,
        crs=PLANE,
        origin=(0, rows * cell),
        cell=(cell, -cell),
        **more,  # type: ignore[arg-type]  # tests pass nodata and name
    )


def series(*shapes: shapely.Geometry | None, crs: str = PLANE) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), crs=crs)


@pytest.fixture(scope="module")
def random_grid() -> Grid:
    values = np.random.default_rng(5).normal(10, 3, (60, 80))
    values[20:25, 30:40] = np.nan
    return plane_grid(values)


@pytest.fixture(scope="module")
def shapes() -> gpd.GeoSeries:
    """Cells of a Voronoi diagram that reach beyond the grid, and the awkward ones."""
    points = np.random.default_rng(6).random((60, 2)) * [1000, 800] - 100
    cells = list(shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points))))
    ring = shapely.Point(400, 300).buffer(200).difference(shapely.Point(400, 300).buffer(120))
    islands = shapely.MultiPolygon([shapely.box(3, 3, 4, 9), shapely.box(500, 400, 700, 590)])
    aligned = shapely.box(100, 100, 200, 250)
    comb = shapely.Polygon(
        [(0, 0), *[(x * 3 + 1, 300.0 if x % 2 else 20.0) for x in range(200)], (600, 0)]
    )
    sliver = shapely.Polygon([(0, 0), (800, 600), (800, 600.001)])
    return gpd.GeoSeries([*cells, ring, islands, aligned, comb, sliver], crs=PLANE)


def saved(grid: Grid, path: Path, **profile: object) -> Path:
    array = grid.read(bands=tuple(range(1, grid.count + 1)))
    stated = {"nodata": -9999.0, "crs": grid.crs.to_wkt(), "transform": grid.transform} | profile
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=grid.height,
        width=grid.width,
        count=grid.count,
        dtype=array.dtype,
        **stated,
    ) as target:
        target.write(np.where(np.isnan(array), -9999.0, array))
    return path


def test_statistics_equal_exactextract(
    random_grid: Grid, shapes: gpd.GeoSeries, tmp_path: Path
) -> None:
    path = saved(random_grid, tmp_path / "r.tif")
    peer = exact_extract(
        str(path),
        shapes.to_frame("geometry"),
        ["mean", "sum", "min", "max", "count"],
        output="pandas",
    )
    ours = zonal_statistics(shapes, open_grid(path))
    # The peer keeps coverage in float32.
    np.testing.assert_allclose(ours["mean"], peer["mean"], rtol=2e-6)
    # The peer says 0 where nothing is covered; a sum of nothing is no answer.
    np.testing.assert_allclose(ours["sum"].fillna(0), peer["sum"], rtol=2e-6)
    np.testing.assert_allclose(ours["cells"], peer["count"], rtol=2e-6, atol=1e-6)
    np.testing.assert_array_equal(ours["min"], peer["min"])
    np.testing.assert_array_equal(ours["max"], peer["max"])


def test_covered_area_is_the_area_of_the_polygon_inside_the_grid(
    random_grid: Grid, shapes: gpd.GeoSeries
) -> None:
    inside = shapely.area(shapely.intersection(shapes.array, shapely.box(0, 0, 800, 600)))
    table = zonal_statistics(shapes, random_grid)
    covered = table["weight"] + table["weight_nodata"]
    np.testing.assert_allclose(covered, inside, rtol=1e-10, atol=1e-6)


def test_a_partition_adds_up_to_the_whole(random_grid: Grid, shapes: gpd.GeoSeries) -> None:
    table = zonal_statistics(shapes[:60], random_grid)
    whole = random_grid.values()
    assert table["sum"].sum() == pytest.approx(np.nansum(whole), rel=1e-12)
    assert table["weight_nodata"].sum() == pytest.approx(50 * 100, rel=1e-10)


def test_windows_threads_and_row_order_change_nothing(
    random_grid: Grid, shapes: gpd.GeoSeries
) -> None:
    whole = zonal_statistics(shapes, random_grid, threads=1)
    tiled = zonal_statistics(shapes, random_grid, window_rows=7)
    turned = zonal_statistics(shapes[::-1], random_grid)
    pd.testing.assert_frame_equal(whole, tiled, rtol=1e-12)
    pd.testing.assert_frame_equal(whole, turned[::-1], rtol=1e-13)
    again = zonal_statistics(shapes, random_grid, window_rows=7, threads=2)
    pd.testing.assert_frame_equal(tiled, again, check_exact=True)


@given(
    st.lists(
        st.tuples(st.floats(-15, 75), st.floats(-15, 55)), min_size=3, max_size=12, unique=True
    )
)
@settings(max_examples=60)
def test_any_hull_covers_what_geos_says(points: list[tuple[float, float]]) -> None:
    hull = shapely.MultiPoint(points).convex_hull
    if hull.geom_type != "Polygon" or not hull.is_valid:
        return
    grid = plane_grid(np.ones((4, 6)))
    cover = np.zeros((4, 6))
    listed = cell_coverage(series(hull), grid)
    cover[listed["row"], listed["col"]] = listed["share"]
    rows, cols = np.mgrid[0:4, 0:6]
    boxes = shapely.box(cols * 10, 40 - rows * 10 - 10, cols * 10 + 10, 40 - rows * 10)
    np.testing.assert_allclose(
        cover, shapely.area(shapely.intersection(boxes, hull)) / 100, atol=1e-9
    )


def test_direction_of_rings_does_not_matter() -> None:
    shell, hole = shapely.box(1, 1, 39, 39).exterior, shapely.box(10, 10, 25, 20).exterior
    grid = plane_grid(np.arange(16.0).reshape(4, 4))
    tables = [
        zonal_statistics(series(shapely.Polygon(s, [h])), grid)
        for s in (shell, shell.reverse())
        for h in (hole, hole.reverse())
    ]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0])
    assert tables[0].loc[0, "weight"] == pytest.approx(38 * 38 - 150)


def test_several_bands_at_once_equal_them_one_by_one(shapes: gpd.GeoSeries) -> None:
    values = np.random.default_rng(1).random((3, 60, 80))
    grid = plane_grid(values)
    together = zonal_statistics(shapes, grid, bands=(1, 2, 3))
    for band in (1, 2, 3):
        pd.testing.assert_frame_equal(together[band], zonal_statistics(shapes, grid, bands=(band,)))


def test_class_areas_and_amounts() -> None:
    grid = plane_grid([[0, 1], [2, -1]], nodata=-1)
    people = plane_grid([[10, 20], [40, 80]])

    def classify(values: np.ndarray, valid: np.ndarray) -> np.ndarray:
        return np.where(valid, values, 3)

    zone = series(shapely.box(0, 0, 20, 15), None)
    areas = zonal_classes(zone, grid, classify, ["a", "b", "c"])
    assert areas.loc[0].tolist() == [50, 50, 100, 100]
    assert areas.loc[1].isna().all()
    amounts = zonal_classes(zone, grid, classify, ["a", "b", "c"], weight=people)
    assert amounts.loc[0].tolist() == [5, 10, 40, 80]


def test_empty_missing_and_far_polygons_have_no_answer(random_grid: Grid) -> None:
    table = zonal_statistics(
        series(None, shapely.Polygon(), shapely.box(9000, 0, 9010, 10)), random_grid
    )
    assert table["mean"].isna().all()
    assert table["weight"].isna().tolist() == [True, True, False]
    assert table.loc[2, "cells"] == 0


@pytest.mark.parametrize(
    ("shape", "code"),
    [
        (shapely.Polygon([(0, 0), (10, 10), (10, 0), (0, 10)]), "polygon_invalid"),
        (shapely.Point(1, 1), "zonal_not_polygon"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    random_grid: Grid, shape: shapely.Geometry, code: str
) -> None:
    with pytest.raises(GeometryError, match="row 1") as refused:
        zonal_statistics(series(shapely.box(0, 0, 1, 1), shape), random_grid)
    assert refused.value.code == code


def test_shapes_without_crs_are_refused(random_grid: Grid) -> None:
    with pytest.raises(CrsError, match="states no coordinate"):
        zonal_statistics(gpd.GeoSeries([shapely.box(0, 0, 1, 1)]), random_grid)


def test_weights_on_other_cells_are_refused(random_grid: Grid) -> None:
    with pytest.raises(RasterError, match="same cells"):
        zonal_statistics(series(shapely.box(0, 0, 1, 1)), random_grid, weight=plane_grid([[1]]))


@pytest.mark.parametrize("crs", ["EPSG:9489", "EPSG:32749", "EPSG:4326", PLANE])
def test_cell_areas_are_those_of_the_plane(crs: str) -> None:
    from spatial.crs import project

    degrees = crs == "EPSG:4326"
    step = 0.01 if degrees else 1000.0
    origin = (109.0, -6.5) if degrees else (290000.0, 9280000.0)
    grid = grid_from_array(np.zeros((70, 150)), crs=crs, origin=origin, cell=(step, -step))
    areas = np.broadcast_to(cell_areas(grid), (70, 150))
    for row, col in ((0, 0), (33, 77), (69, 149)):
        x, y = origin[0] + col * step, origin[1] - row * step
        box = np.array([shapely.box(x, y - step, x + step, y)], dtype=object)
        [true] = shapely.area(project(box, crs, PLANE))
        assert areas[row, col] == pytest.approx(true, rel=2e-9)


def test_lines_are_divided_among_cells_and_add_up() -> None:
    rng = np.random.default_rng(3)
    corner = np.array([430000.0, 9220000.0])
    grid = grid_from_array(
        np.zeros((60, 80)), crs="EPSG:9489", origin=(430000, 9220600), cell=(10, -10)
    )
    roads = gpd.GeoSeries(
        [shapely.LineString(corner + rng.random((6, 2)) * [900, 700] - 50) for _ in range(20)],
        crs="EPSG:9489",
    )
    parts = line_cells(roads, grid)
    np.testing.assert_allclose(parts.groupby("line")["length_m"].sum(), roads.length, rtol=1e-12)
    inside = parts[parts["row"] >= 0].groupby("line")["length_m"].sum()
    np.testing.assert_allclose(
        inside, shapely.length(shapely.intersection(roads.array, shapely.box(*grid.bounds)))
    )
    one = parts[(parts["row"] == 30) & (parts["col"] == 40)]["length_m"].sum()
    cell = shapely.box(430400, 9220290, 430410, 9220300)
    assert one == pytest.approx(shapely.length(shapely.intersection(roads.array, cell)).sum())
    in_degrees = line_cells(roads.to_crs("EPSG:4326"), grid)
    assert in_degrees["length_m"].sum() == pytest.approx(roads.length.sum(), rel=1e-7)


def test_points_find_their_cell_and_say_when_there_is_none(random_grid: Grid) -> None:
    points = series(shapely.Point(5, 595), shapely.Point(799.9, 0.1), shapely.Point(-1, 5), None)
    assert point_cells(points, random_grid).to_numpy().tolist() == [
        [0, 0],
        [59, 79],
        [-1, -1],
        [-1, -1],
    ]


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        ({"crs": None}, "crs_missing"),
        ({"nodata": None}, "raster_no_nodata"),
        ({"transform": Affine.rotation(20) @ Affine.scale(10, -10)}, "raster_rotated"),
        ({"transform": Affine.identity()}, "raster_not_georeferenced"),
    ],
)
@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_rasters_that_leave_something_open_are_refused(
    random_grid: Grid, tmp_path: Path, profile: dict[str, object], code: str
) -> None:
    path = saved(random_grid, tmp_path / "r.tif", **profile)
    with pytest.raises((RasterError, CrsError)) as refused:
        open_grid(path)
    assert refused.value.code == code


def test_what_a_file_leaves_open_may_be_stated_but_not_contradicted(
    random_grid: Grid, tmp_path: Path
) -> None:
    path = saved(random_grid, tmp_path / "r.tif", nodata=None, crs=None)
    assert open_grid(path, crs=PLANE, nodata=-9999).nodata == -9999
    stated = saved(random_grid, tmp_path / "s.tif")
    with pytest.raises(RasterError, match="states"):
        open_grid(stated, crs="EPSG:9489")


def test_truncated_foreign_and_absent_files(random_grid: Grid, tmp_path: Path) -> None:
    path = saved(random_grid, tmp_path / "r.tif")
    path.write_bytes(path.read_bytes()[:9000])
    with pytest.raises(RasterError) as refused:
        zonal_statistics(series(shapely.box(0, 0, 800, 600)), open_grid(path))
    assert refused.value.code in {"raster_unreadable", "raster_damaged"}
    disguised = tmp_path / "dem.tif"
    disguised.write_text("<VRTDataset rasterXSize='1' rasterYSize='1'/>")
    with pytest.raises(RasterError, match="neither"):
        open_grid(disguised)
    with pytest.raises(LayerNotFoundError):
        open_grid(tmp_path / "none.tif")


def test_absurdly_large_rasters_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=60000,
        width=60000,
        count=1,
        dtype="uint8",
        nodata=0,
        crs="EPSG:9489",
        transform=Affine(30, 0, 0, 0, -30, 0),
        SPARSE_OK=True,
        tiled=True,
    ):
        pass
    with pytest.raises(LimitError, match="60000"):
        open_grid(path)


def test_cells_are_covered_by_the_shares_that_exactextract_gives(
    random_grid: Grid, shapes: gpd.GeoSeries, tmp_path: Path
) -> None:
    path = saved(random_grid.with_values(np.ones(random_grid.shape)), tmp_path / "r.tif")
    peer = exact_extract(
        str(path), shapes.to_frame("geometry"), ["coverage", "cell_id"], output="pandas"
    )
    ours = cell_coverage(shapes, random_grid)
    cell = ours["row"] * random_grid.width + ours["col"]
    found = {
        (int(polygon), int(at)): share
        for polygon, at, share in zip(ours["polygon"], cell, ours["share"], strict=True)
        if share > 1e-6
    }
    wanted = {
        (polygon, int(at)): float(share)
        for polygon, (ids, shares) in enumerate(zip(peer["cell_id"], peer["coverage"], strict=True))
        for at, share in zip(ids, shares, strict=True)
        if share > 1e-6
    }
    assert found.keys() == wanted.keys()
    np.testing.assert_allclose(
        [found[key] for key in wanted], list(wanted.values()), rtol=0, atol=2e-6
    )


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=4, max_size=4))
def test_a_quadrangle_is_refused_just_where_geos_refuses_it(
    corners: list[tuple[int, int]],
) -> None:
    shape = shapely.Polygon(corners)
    grid = plane_grid(np.ones((2, 2)))
    if shape.is_valid:
        [area] = zonal_statistics(series(shape), grid)["weight"].fillna(0)
        inside = shapely.intersection(shape, shapely.box(0, 0, 20, 20)).area
        assert area == pytest.approx(inside, abs=1e-9)
    else:
        with pytest.raises(GeometryError, match="valid"):
            zonal_statistics(series(shape), grid)
