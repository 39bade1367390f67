"""Distances are true where the data lie: in Papua as in Jawa Tengah."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import pytest
import shapely

from api.engine import Engine
from hazard import class_rule, hazard_from_polygons, parcel_classes
from layers.workspace import Workspace
from spatial.crs import LONLAT, project
from spatial.errors import PlanError
from spatial.planes import metric_plane, plane_of, scale_error
from zoning.plan_folder import new_plan

#: Banda Aceh, Semarang, Mataram, Tarakan, Ambon, Sorong, Jayapura.
PLACES = [
    (95.3, 5.5), (110.4, -7.0), (116.1, -8.6), (117.6, 3.3), (128.2, -3.7), (131.3, -0.9),
    (140.7, -2.5),
]  # fmt: skip


@pytest.mark.parametrize(("lon", "lat"), PLACES)
def test_a_kilometre_is_a_kilometre_everywhere(lon: float, lat: float) -> None:
    geod = pyproj.Geod(ellps="GRS80")
    ends = [geod.fwd(lon, lat, azimuth, 1000.0)[:2] for azimuth in (0, 45, 90)]
    points = np.array([shapely.Point(lon, lat), *map(shapely.Point, ends)])
    moved = project(points, LONLAT, plane_of(points, LONLAT))
    assert shapely.distance(moved[0], moved[1:]) == pytest.approx([1000.0] * 3, rel=1.1e-3)


def test_every_zone_of_indonesia_is_one_that_exists() -> None:
    named = {metric_plane((x, y, x + 0.1, y + 0.1)) for x in range(92, 142) for y in range(-13, 8)}
    for code in named:
        assert pyproj.CRS(code).name.startswith("SRGI2013 / UTM zone")
    for lon, lat in PLACES:
        box = (lon - 1, lat - 1, lon + 1, lat + 1)
        assert scale_error(metric_plane(box), box) < 0.005


def test_a_plan_on_the_plane_of_another_province_is_refused(tmp_path: Path) -> None:
    made = Workspace.create(tmp_path / "papua", name="Papua", extent=(139.0, -4.0, 141.0, -2.0))
    assert made.metric_crs == "EPSG:9494"
    new_plan(made.plans / "rtrw")
    with pytest.raises(PlanError) as refused:
        Engine.open(made.folder)
    assert refused.value.code == "plan_plane_far"
    assert 'metric_crs = "EPSG:9494"' in refused.value.hint
    new_plan(made.plans / "rtrw", metric_crs="EPSG:9494", overwrite=True)
    assert len(Engine.open(made.folder).plans) == 1


def test_the_strip_around_a_parcel_has_its_width_in_papua_too() -> None:
    """A parcel 45 m off a flood whose map is good to 40 m does not reach it; to 50 m it does."""
    here = project(np.array([shapely.Point(140.7, -2.5)]), LONLAT, "EPSG:9494")[0]
    parcel = gpd.GeoSeries([shapely.box(here.x, here.y, here.x + 20, here.y + 20)], crs="EPSG:9494")
    flood = gpd.GeoDataFrame(
        {"kelas": ["tinggi"]},
        geometry=[shapely.box(here.x + 65, here.y - 300, here.x + 300, here.y + 300)],
        crs="EPSG:9494",
    )
    hazard = hazard_from_polygons(flood, class_rule("tiga_kelas"), column="kelas", name="banjir")
    met = [parcel_classes(parcel, hazard, accuracy_m=width) for width in (44.5, 45.5)]
    assert ["tinggi" in table["hazard_class"].tolist() for table in met] == [False, True]
