"""Slope by another formula, flow by another algorithm, windows without seams."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np
import pyflwdir
import pytest
import rasterio
from scipy.ndimage import gaussian_filter

from spatial.errors import RasterError
from spatial.terrain import (
    curvature,
    flow_of,
    height_above_drainage,
    slope_area_rivers,
    slope_deg,
    slope_percent,
    terrain_windows,
    upstream_value,
    write_cog,
)
from spatial.zonal import Grid, grid_from_array, open_grid

#: Steps of the D8 codes.
STEPS = {
    1: (0, 1),
    2: (1, 1),
    4: (1, 0),
    8: (1, -1),
    16: (0, -1),
    32: (-1, -1),
    64: (-1, 0),
    128: (-1, 1),
}


def model(heights: object, cell: float = 30.0, crs: str = "EPSG:9489") -> Grid:
    return grid_from_array(
        heights, crs=crs, origin=(430000, 9230000), cell=(cell, -cell), nodata=-9999, name="dem.tif"
    )


@pytest.fixture(scope="module")
def hills() -> Grid:
    rng = np.random.default_rng(8)
    rough = gaussian_filter(rng.normal(0, 300, (60, 70)), 4) + np.linspace(80, 0, 60)[:, None]
    rough[20:23, 30:34] = -9999
    return model(rough)


def test_a_tilted_plane_has_its_slope_everywhere_but_at_the_edge() -> None:
    y, x = np.mgrid[0:6, 0:7]
    plane = 3.0 * x - 4.0 * y
    slope = slope_percent(plane, 10, -20)
    assert slope[1:-1, 1:-1] == pytest.approx(np.full((4, 5), 100 * np.hypot(0.3, 0.2)))
    assert np.isnan(slope[[0, -1]]).all()
    assert np.isnan(slope[:, [0, -1]]).all()
    assert curvature(plane, 10, 20)[1:-1, 1:-1] == pytest.approx(np.zeros((4, 5)))


def test_horn_weighs_the_middle_neighbours_twice() -> None:
    heights = np.array([[0.0, 0, 1], [0, 7, 0], [0, 0, 0]])
    assert slope_percent(heights, 1, 1)[1, 1] == pytest.approx(100 * np.hypot(1 / 8, 1 / 8))
    heights = np.array([[0.0, 0, 0], [0, 7, 1], [0, 0, 0]])
    assert slope_percent(heights, 1, 1)[1, 1] == pytest.approx(25.0)


def test_no_neighbour_no_slope(hills: Grid) -> None:
    slope = slope_deg(hills.values(), 30, 30)
    assert np.isnan(slope[19:24, 29:35]).all()
    assert np.isfinite(slope[18, 30])


@pytest.mark.parametrize("rows", [1, 2, 7, 59, 60, 500])
def test_windows_leave_no_seam(hills: Grid, rows: int) -> None:
    for work in (slope_deg, slope_percent, curvature):
        tiled = np.vstack([part for _, part in terrain_windows(hills, work, rows=rows)])
        np.testing.assert_array_equal(tiled, work(hills.values(), 30, -30))


def test_accumulation_equals_a_queue_that_follows_every_cell(hills: Grid) -> None:
    flow = flow_of(hills)
    count = np.ones(hills.shape, int)
    waiting = np.zeros(hills.shape, int)
    towards = {}
    for row, col in np.ndindex(hills.shape):
        if flow.d8[row, col] in STEPS:
            down, right = STEPS[flow.d8[row, col]]
            towards[row, col] = (row + down, col + right)
            waiting[towards[row, col]] += 1
    ready = deque(place for place in np.ndindex(hills.shape) if not waiting[place])
    while ready:
        place = ready.popleft()
        if place in towards:
            count[towards[place]] += count[place]
            waiting[towards[place]] -= 1
            if not waiting[towards[place]]:
                ready.append(towards[place])
    ground = flow.d8 != 247
    np.testing.assert_array_equal(flow.cells_upstream[ground], count[ground])
    assert count[ground & (flow.d8 == 0)].sum() == ground.sum()


def test_filled_ground_never_rises_downstream(hills: Grid) -> None:
    flow = flow_of(hills)
    assert (flow.filled >= hills.values().astype(np.float32)).sum() == np.isfinite(
        flow.filled
    ).sum()
    for row, col in np.argwhere(np.isin(flow.d8, list(STEPS))):
        down, right = STEPS[flow.d8[row, col]]
        assert flow.filled[row + down, col + right] <= flow.filled[row, col] + 1e-5


def test_hand_is_zero_on_rivers_and_blank_where_no_river_is_met(hills: Grid) -> None:
    flow = flow_of(hills)
    largest = float(np.nanmax(flow.area_km2()))
    rivers = flow.rivers(0.9 * largest)
    hand = height_above_drainage(flow, rivers)
    assert (hand[rivers] == 0).all()
    assert np.nanmin(hand) >= 0
    met = np.isfinite(hand)
    beside = np.isfinite(flow.filled) & ~met
    assert beside.any()
    # A cell without an answer drains to an outlet through cells without one.
    for row, col in np.argwhere(beside & np.isin(flow.d8, list(STEPS))):
        down, right = STEPS[flow.d8[row, col]]
        assert not met[row + down, col + right]
    area = upstream_value(flow, rivers, flow.area_km2())
    assert np.nanmin(area) >= 0.9 * largest * (1 - 1e-6)


@pytest.fixture(scope="module")
def country() -> Grid:
    """Hills in whole metres, so full of flats and pits, with a coast and lakes without data."""
    rng = np.random.default_rng(3)
    rough = gaussian_filter(rng.normal(0, 300, (90, 110)), 4) + np.linspace(80, 0, 90)[:, None]
    whole = np.round(rough / 3)
    whole[whole < -8] = -9999
    whole[30:34, 60:62] = whole[60:70, 20:28] = -9999
    return model(whole)


@pytest.mark.parametrize("tile", [7, 16, 41, 109])
def test_tiles_give_the_same_cells_as_the_whole(country: Grid, tile: int, tmp_path: Path) -> None:
    whole, tiled = flow_of(country), flow_of(country, tile=tile, folder=tmp_path)
    assert len(tiled.tiles) > len(whole.tiles) == 1
    rivers = whole.rivers(0.02)
    for one, other in (
        (whole.filled, tiled.filled),
        (whole.d8, tiled.d8),
        (whole.cells_upstream, tiled.cells_upstream),
        (whole.area_km2(), tiled.area_km2()),
        (whole.basins(), tiled.basins()),
        (rivers, tiled.rivers(0.02)),
        (whole.stream_order(rivers), tiled.stream_order(tiled.rivers(0.02))),
        (
            height_above_drainage(whole, rivers),
            height_above_drainage(tiled, tiled.rivers(0.02)),
        ),
    ):
        np.testing.assert_array_equal(one, other)
    assert whole.notes == tiled.notes
    assert len(list(tmp_path.iterdir())) == 1
    del tiled
    assert list(tmp_path.iterdir()) == []


def test_another_library_agrees_on_this_ground(country: Grid) -> None:
    """pyflwdir fills in another way; given our directions it gathers and ranks in another way."""
    flow = flow_of(country)
    heights = country.read()[0].astype("float32")
    filled, _ = pyflwdir.dem.fill_depressions(heights, outlets="edge", nodata=-9999.0)
    np.testing.assert_array_equal(np.where(filled == -9999, np.nan, filled), flow.filled)
    network = pyflwdir.from_array(flow.d8, ftype="d8", latlon=False)
    ground = flow.d8 != 247
    cells = network.upstream_area(unit="cell")
    np.testing.assert_array_equal(cells[ground], flow.cells_upstream[ground])
    rivers = flow.rivers(0.02)
    order = np.where(rivers, network.stream_order(mask=rivers), 0)
    np.testing.assert_array_equal(order, flow.stream_order(rivers))
    assert order.max() >= 3
    seeds = np.where(rivers, flow.filled, -9999).astype("float32")
    base = network.fillnodata(seeds, -9999.0, direction="up")
    hand = np.where((base == -9999) | ~ground, np.nan, flow.filled - base)
    np.testing.assert_array_equal(hand, height_above_drainage(flow, rivers))


def test_water_falls_steeply_and_leaves_a_flat_the_short_way() -> None:
    ground = np.full((5, 7), 9.0)
    ground[1:4, 1:6] = 4.0
    ground[2, 6] = 4.0
    ground[0, 3] = 3.9
    flow = flow_of(model(ground, cell=10))
    # Each cell of the flat is nearest either to the gap in the north or to that in the east.
    assert flow.d8[1, 3] == 64
    assert flow.d8[2, 3] == 64
    assert flow.d8[2, 5] == 1
    assert flow.d8[1, 2] == 128
    # A diagonal fall of 1.2 over 14 m is less steep than a straight one of 1.0 over 10 m.
    slope = np.array([[5.0, 5, 5], [5, 5, 4], [5, 5, 3.8]])
    assert flow_of(model(slope, cell=10)).d8[1, 1] == 1


@pytest.mark.parametrize("tile", [17, 2048])
def test_rivers_by_area_and_slope_begin_where_the_product_is_met(country: Grid, tile: int) -> None:
    flow = flow_of(country, tile=tile)
    rivers = slope_area_rivers(flow, exponent=1.7, offset=0.0001, threshold_m2=800.0)
    begun, steps = np.zeros(country.shape, bool), dict(STEPS)
    for row, col in np.argwhere(np.isin(flow.d8, list(steps))):
        down, right = steps[flow.d8[row, col]]
        fall = flow.filled[row, col] - flow.filled[row + down, col + right]
        slope = fall / (30 * np.hypot(down, right))
        area = (flow.cells_upstream[row, col] - 1) * 900.0
        begun[row, col] = area * (slope + 0.0001) ** 1.7 > 800.0
    for row, col in np.argwhere(begun):
        place = (row, col)
        while flow.d8[place] in steps:
            begun[place] = True
            down, right = steps[flow.d8[place]]
            place = (place[0] + down, place[1] + right)
        begun[place] = True
    np.testing.assert_array_equal(rivers, begun)
    assert 0 < rivers.sum() < 0.5 * rivers.size


def test_voids_inside_the_data_are_noted(hills: Grid) -> None:
    [note] = flow_of(hills).notes
    assert (note.code, note.details["voids"], note.details["cells"]) == ("dem_voids", 1, 12)
    coast = hills.values()
    coast[20:23, 30:34] = 5
    coast[:4] = np.nan
    assert flow_of(model(np.nan_to_num(coast, nan=-9999))).notes == ()


def test_orders_and_basins(hills: Grid) -> None:
    flow = flow_of(hills)
    rivers = flow.rivers(0.05)
    order = flow.stream_order(rivers)
    assert order[rivers].min() == 1
    assert (order[~rivers] == 0).all()
    basins = flow.basins()
    assert (basins[flow.d8 == 247] == 0).all()
    assert len(np.unique(basins[basins > 0])) == (flow.d8 == 0).sum()


def test_degrees_and_emptiness_are_refused() -> None:
    degrees = grid_from_array(
        np.zeros((4, 4)), crs="EPSG:4326", origin=(110, -7), cell=(0.01, -0.01)
    )
    for work in (flow_of, lambda dem: list(terrain_windows(dem, slope_deg))):
        with pytest.raises(RasterError, match="degrees"):
            work(degrees)
    with pytest.raises(RasterError, match="no cell with data"):
        flow_of(model(np.full((4, 4), -9999.0)))


def test_a_written_raster_is_a_cog_that_reads_back(hills: Grid, tmp_path: Path) -> None:
    target = tmp_path / "lereng.tif"
    windows = terrain_windows(hills, slope_deg, rows=25)
    write_cog(target, hills, windows, nodata=-9999.0, tags={"unit": "derajat"})
    back = open_grid(target)
    np.testing.assert_array_equal(
        back.values(), slope_deg(hills.values(), 30, 30).astype(np.float32)
    )
    with rasterio.open(target) as source:
        assert source.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert source.tags()["unit"] == "derajat"
    assert [path.name for path in tmp_path.iterdir()] == ["lereng.tif"]


def test_a_broken_write_leaves_the_old_file(hills: Grid, tmp_path: Path) -> None:
    target = tmp_path / "lereng.tif"
    target.write_bytes(b"lama")

    def broken() -> object:
        yield 0, np.zeros((3, 70))
        raise RuntimeError("listrik padam")

    with pytest.raises(RuntimeError, match="padam"):
        write_cog(target, hills, broken())  # type: ignore[arg-type]  # a generator typed as object
    assert target.read_bytes() == b"lama"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.realdata
def test_the_model_of_central_java_drains_and_its_peaks_are_high(geodata: Path) -> None:
    dem = open_grid(geodata / "dem-merapi-pf3d" / "dem_jateng_1342m_utm49s.tif")
    flow = flow_of(dem)
    assert np.nanmax(flow.filled) == 3244
    ground = np.isfinite(flow.filled)
    assert flow.cells_upstream[ground & (flow.d8 == 0)].sum() == ground.sum()
