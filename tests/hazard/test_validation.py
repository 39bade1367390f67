"""Scores of published tables, ROC against every pair, maps held against points and extents."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from hazard import class_rule, hazard_from_grid, hazard_from_polygons
from hazard.validation import Contingency, roc_curve, validate_hazard
from layers import read
from spatial.crs import AREA_CRS
from spatial.errors import LayerError
from spatial.zonal import grid_from_array

X0, Y0, CELL = 12_300_000.0, -770_000.0, 100.0


def box(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    return shapely.box(X0 + x0 * CELL, Y0 - y1 * CELL, X0 + x1 * CELL, Y0 - y0 * CELL)


def frame(*shapes: shapely.Geometry) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=list(shapes), crs=AREA_CRS)


def test_finleys_tornadoes() -> None:
    """Finley 1884, the table every textbook of forecast verification scores."""
    table = Contingency(28.0, 23.0, 72.0, 2680.0)
    assert table.csi == pytest.approx(0.228, abs=5e-4)
    assert table.hit_rate == pytest.approx(0.549, abs=5e-4)
    assert table.false_alarm_ratio == pytest.approx(0.720, abs=5e-4)
    assert table.accuracy == pytest.approx(0.966, abs=5e-4)
    assert table.bias == pytest.approx(1.961, abs=5e-4)
    assert np.isnan(Contingency(0.0, 0.0, 0.0, 4.0).csi)


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=40))
def test_auc_is_the_chance_that_a_wet_cell_ranks_above_a_dry_one(
    cells: list[tuple[int, bool]],
) -> None:
    index, wet = np.array(cells, float).T
    if wet.all() or not wet.any():
        return
    pairs = index[wet > 0][:, None] - index[wet == 0][None]
    chance = float(((pairs > 0) + 0.5 * (pairs == 0)).mean())
    curve = roc_curve(index, wet)
    assert curve.auc == pytest.approx(chance)
    costs = {
        t: ((index >= t) & (wet == 0)).sum() / (wet == 0).sum()
        + ((index < t) & (wet > 0)).sum() / (wet > 0).sum()
        for t in set(index.tolist())
    }
    assert costs[curve.best] == pytest.approx(min(costs.values()))


def test_cells_that_nobody_looked_at_take_no_part() -> None:
    curve = roc_curve([1.0, 2.0, np.nan, 9.0], [0, 1, 1, np.nan])
    assert curve.auc == 1.0
    with pytest.raises(LayerError, match="1 wet and 0 dry"):
        roc_curve([1.0, 2.0], [1, np.nan])


def test_an_extent_is_scored_by_area_in_both_forms_of_the_map() -> None:
    codes = np.zeros((10, 10), int)
    codes[:, 4:7], codes[:, 7:] = 1, 3
    codes[0] = 9
    grid = grid_from_array(codes, crs=AREA_CRS, origin=(X0, Y0), cell=(CELL, -CELL), nodata=9)
    raster = hazard_from_grid(grid, class_rule("tiga_kelas"), name="banjir")
    drawn = frame(box(0, 1, 4, 10), box(4, 1, 7, 10), box(7, 1, 10, 10)).assign(kelas=[0, 1, 3])
    polygons = hazard_from_polygons(drawn, class_rule("tiga_kelas"), column="kelas", name="banjir")
    extent, within = frame(box(5, 0, 10, 4)), frame(box(0, 0, 10, 10))
    for hazard in (raster, polygons):
        result = validate_hazard(hazard, extent, within, from_class="sedang")
        assert result.table is not None
        table = result.table
        areas = (table.hits, table.misses, table.false_alarms, table.correct_negatives)
        np.testing.assert_allclose(areas, np.array([9, 6, 18, 57]) * CELL**2)
        assert result.table.csi == pytest.approx(9 / 33)
        assert result.unknown_events == pytest.approx(5 * CELL**2)
        # Worst first: (18, 9), (21, 6) and (36, 0) cells dry and wet.
        assert result.auc == pytest.approx((18 / 75 * 0.3) + 21 / 75 * 0.8 + 36 / 75)


def test_points_are_held_against_the_area_and_tell_of_no_false_alarm() -> None:
    drawn = frame(box(0, 0, 5, 10), box(5, 0, 10, 10)).assign(kelas=["rendah", "tinggi"])
    hazard = hazard_from_polygons(drawn, class_rule("tiga_kelas"), column="kelas", name="longsor")
    places = [(6, 1), (7, 7), (9, 2), (1, 1), (12, 5)]
    points = frame(*[shapely.Point(X0 + x * CELL, Y0 - y * CELL) for x, y in places])
    result = validate_hazard(hazard, points, frame(box(0, 0, 20, 10)), from_class="tinggi")
    assert (result.hit_rate, result.area_share) == (0.75, 0.5)
    assert result.table is None
    assert result.unknown_events == 1
    assert result.auc == pytest.approx(0.625)
    with pytest.raises(LayerError, match="no class 'parah'"):
        validate_hazard(hazard, points, frame(box(0, 0, 20, 10)), from_class="parah")
    with pytest.raises(LayerError, match="no event"):
        validate_hazard(hazard, points[4:], frame(box(0, 0, 20, 10)), from_class="tinggi")


@pytest.mark.realdata
def test_landslide_points_of_semarang_barat_show_what_the_codes_mean(geodata: Path) -> None:
    """The layer does not say whether DN 1 is low or high; 39 of 42 slides lie in DN 1."""
    folder = geodata / "semarang-barat"
    drawn = read(folder / "kerawanan_longsor_utm49s.geojson").features
    hazard = hazard_from_polygons(drawn, class_rule("tiga_kelas"), column="dn", name="longsor")
    result = validate_hazard(
        hazard,
        read(folder / "titik_longsor.geojson").features,
        read(folder / "kelurahan_boundary.geojson").features,
        from_class="sedang",
    )
    events = result.classes.set_index("hazard_class")["events"]
    assert events.sum() + result.unknown_events == 45
    assert events["rendah"] == 39
    assert result.auc < 0.5
