"""What changed between two versions, against areas counted on a grid of unit squares."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from layers.diff import NO_CLASS, difference
from spatial.crs import to_crs
from spatial.errors import LayerError, SchemaError

PLANE = "ESRI:54034"
SIDE = 4
grids = arrays(np.int8, (SIDE, SIDE), elements=st.integers(-1, 3))


def _frame(grid: np.ndarray) -> gpd.GeoDataFrame:
    """One polygon per class, unit squares; -1 is no ground."""
    rows = []
    for code in np.unique(grid[grid >= 0]):
        cells = [shapely.box(x, y, x + 1, y + 1) for y, x in np.argwhere(grid == code)]
        rows.append({"zona": f"Z{code}", "geometry": shapely.union_all(cells)})
    return gpd.GeoDataFrame(rows, columns=["zona", "geometry"], geometry="geometry", crs=PLANE)


@given(grids, grids)
def test_changes_are_those_of_the_squares(before: np.ndarray, after: np.ndarray) -> None:
    found = difference(_frame(before), _frame(after), by="zona")
    wanted: dict[tuple[str, str], int] = {}
    for old, new in zip(before.ravel(), after.ravel(), strict=True):
        if old != new:
            pair = tuple("-" if code < 0 else f"Z{code}" for code in (old, new))
            wanted[pair] = wanted.get(pair, 0) + 1
    rows = found.changes.fillna({"before": "-", "after": "-"}).itertuples(index=False)
    assert {(one.before, one.after): pytest.approx(one.area_m2) for one in rows} == wanted
    classes = found.classes.set_index("class")
    for code in range(4):
        if f"Z{code}" in classes.index:
            one = classes.loc[f"Z{code}"]
            assert one["before_m2"] == pytest.approx((before == code).sum())
            assert one["after_m2"] == pytest.approx((after == code).sum())
            assert one["lost_m2"] == pytest.approx(((before == code) & (after != code)).sum())


def test_a_version_against_itself_has_no_change_even_in_another_crs(
    zones: gpd.GeoDataFrame,
) -> None:
    assert len(difference(zones, zones.iloc[::-1], by="zona").changes) == 0
    found = difference(zones, to_crs(zones, "EPSG:9489"), by="zona")
    # Edges stay within a millimetre of their course: a rim of noise, never a change.
    assert found.changes["area_m2"].sum() < 1e-6 * found.classes["before_m2"].sum()


def test_one_feature_cut_in_two_of_the_same_class_is_no_change() -> None:
    whole = gpd.GeoDataFrame({"zona": ["R"]}, geometry=[shapely.box(0, 0, 10, 10)], crs=PLANE)
    halves = gpd.GeoDataFrame(
        {"zona": ["R", "R"]},
        geometry=[shapely.box(0, 0, 4, 10), shapely.box(4, 0, 10, 10)],
        crs=PLANE,
    )
    assert difference(whole, halves, by="zona").changes.empty
    assert difference(halves, whole, by="zona").changes.empty


def test_overlaps_are_told() -> None:
    old = gpd.GeoDataFrame({"zona": ["R"]}, geometry=[shapely.box(0, 0, 10, 10)], crs=PLANE)
    new = gpd.GeoDataFrame(
        {"zona": ["K", "P"]},
        geometry=[shapely.box(0, 0, 10, 6), shapely.box(0, 4, 10, 10)],
        crs=PLANE,
    )
    found = difference(old, new, by="zona")
    assert [note.details for note in found.notes if note.code == "diff_overlap"] == [
        {"area": pytest.approx(20)}
    ]


def test_features_without_class_or_ground_are_named() -> None:
    old = gpd.GeoDataFrame(
        {"zona": ["R", None, "K"]},
        geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), None],
        crs=PLANE,
    )
    found = difference(old, old.iloc[:1], by="zona")
    assert found.changes["before"].tolist() == [NO_CLASS]
    assert found.changes["after"].isna().all()
    assert found.changes["area_m2"].tolist() == [pytest.approx(1.0)]
    assert [note.code for note in found.notes] == ["diff_no_ground"]


def test_what_cannot_be_compared_is_refused(zones: gpd.GeoDataFrame) -> None:
    with pytest.raises(SchemaError, match="no column 'kelas'"):
        difference(zones, zones, by="kelas")
    points = zones.set_geometry(zones.geometry.representative_point())
    with pytest.raises(LayerError) as caught:
        difference(points, points, by="zona")
    assert caught.value.code == "diff_needs_polygons"
