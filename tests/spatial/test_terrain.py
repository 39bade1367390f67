"""Slope by another formula, flow by another algorithm, windows without seams."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import numpy as np
import pytest
import rasterio
from scipy.ndimage import gaussian_filter

from spatial.errors import LimitError, RasterError
from spatial.terrain import (
    curvature,
    flow_of,
    height_above_drainage,
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


def test_degrees_emptiness_and_size_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    degrees = grid_from_array(
        np.zeros((4, 4)), crs="EPSG:4326", origin=(110, -7), cell=(0.01, -0.01)
    )
    for work in (flow_of, lambda dem: list(terrain_windows(dem, slope_deg))):
        with pytest.raises(RasterError, match="degrees"):
            work(degrees)
    with pytest.raises(RasterError, match="no cell with data"):
        flow_of(model(np.full((4, 4), -9999.0)))
    monkeypatch.setattr("spatial.terrain.flow.MAX_FLOW_CELLS", 10)
    with pytest.raises(LimitError, match="16 cells"):
        flow_of(model(np.zeros((4, 4))))


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
