"""The three plans: province (1:250.000), kabupaten (1:50.000) and town (1:5.000).

Each is drawn by another planner from the same ground, at another scale, so they disagree
at the edges as real plans do.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from layers.sample.codes import CLASS_NAMES, LINDUNG, zone_columns
from layers.sample.grid import CRS
from layers.sample.landuse import CLASSES, Ground, Labels, classify, tidy
from layers.sample.mosaic import LONGEST_EDGE_M, cover, from_cells, polygon_parts, snap
from layers.sample.names import DISTRICT, MARK, PROVINCE
from layers.sample.terrain import Terrain
from layers.sample.villages import Land

__all__ = ["NONE", "kabupaten_plan", "province_plan", "town_plan"]

Array: TypeAlias = NDArray[np.float64]

#: How official tables write "none".
NONE: Final = "Tidak Ada"
#: The province knows fewer classes than the kabupaten.
COARSER: Final = {
    "EM": "PS", "HPT": "HP", "P-2": "P-3", "KEG": "IK-2", "W": "PK", "TR": "PK",
    "Kawasan Hutan Lindung / Kawasan Permukiman Perdesaan": "HL",
}  # fmt: skip
#: Rivers wide enough to be an area at 1:50.000: what drains through their mouth, km2.
BODY_KM2: Final = 60.0
#: How far a provincial map leaves the true coast, m.
COARSE_M: Final = 160.0


def kabupaten_plan(
    terrain: Terrain, ground: Ground, land: Land, beds: gpd.GeoDataFrame, origin: Array, seed: int
) -> gpd.GeoDataFrame:
    """Return the general plan of the kabupaten: an exact coverage of it."""
    labels = tidy(_fill(classify(terrain, ground, seed)), 9)
    polygons, values = from_cells(labels, origin)
    water = beds.geometry.to_numpy()[beds["LUAS_DAS_KM2"] > BODY_KM2]
    codes = [CLASSES[value] for value in values]
    return _general(*cover(land.kabupaten, polygons, codes, more=[(water, "BA")]), DISTRICT)


def province_plan(
    terrain: Terrain, ground: Ground, land: Land, origin: Array, seed: int
) -> gpd.GeoDataFrame:
    """Return the general plan of the province, drawn coarsely over all land."""
    labels = _fill(classify(terrain, ground, seed, draft="rtrw_prov"))
    codes = {name: place for place, name in enumerate(CLASSES)}
    coarser = np.array([codes[COARSER.get(name, name)] for name in CLASSES], dtype=np.int32)
    shifted = ndimage.shift(coarser[labels], (2, -2), order=0, mode="nearest")
    polygons, values = from_cells(
        tidy(shifted, 110, window=11), origin, blur_m=300.0, tolerance_m=220.0
    )
    coast = _coarse(land.land)
    found, names = cover(coast, polygons, [CLASSES[value] for value in values], least_m2=250_000.0)
    return _general(found, names, NONE)


def _coarse(land: BaseGeometry) -> Any:
    """Return the land as a map of the province shows it."""
    shape = max(polygon_parts(shapely.simplify(land, COARSE_M)), key=lambda part: part.area)
    return snap(shapely.segmentize(shape, LONGEST_EDGE_M))


def town_plan(
    zones: gpd.GeoDataFrame, desa: gpd.GeoDataFrame, overlays: dict[str, gpd.GeoDataFrame]
) -> gpd.GeoDataFrame:
    """Give the zones of the detailed plan their official columns."""
    points = shapely.point_on_surface(zones.geometry.to_numpy())
    rows = _owner(points, desa)
    place = desa.iloc[rows]
    parts = sorted(set(rows.tolist()))
    swp = [f"I.{chr(65 + parts.index(row))}" for row in rows.tolist()]
    count: dict[str, int] = {}
    blocks = []
    for name in swp:
        count[name] = count.get(name, 0) + 1
        blocks.append(f"{name}.{1 + count[name] // 40}")
    krb = overlays["krb"]
    columns: dict[str, object] = {
        **zone_columns(zones["zona"].tolist()),
        "KODEWP": "WP Kota Contoh",
        "KODSWP": swp,
        "KODBLK": blocks,
        "WADMPR": place["WADMPR"].to_numpy(),
        "WADMKK": place["WADMKK"].to_numpy(),
        "WADMKC": place["WADMKC"].to_numpy(),
        "WADMKD": place["WADMKD"].to_numpy(),
        "KKOP_1": NONE,
        "LP2B_2": _flag(points, overlays["lp2b"], "Kawasan Pertanian Pangan Berkelanjutan"),
        "KRB_03": _first(points, krb, "KRB_03"),
        "TOD_04": NONE,
        "TEB_05": NONE,
        "CAGBUD": _flag(points, overlays["cagar_budaya"], "Cagar Budaya"),
        "RESAIR": NONE,
        "KSMPDN": ["Sempadan" if zone == "PS" else NONE for zone in zones["zona"]],
        "TPZ_00": NONE,
        "REMARK": MARK,
        "LUASHA": np.round(zones.area.to_numpy() / 1e4, 4),
    }
    return gpd.GeoDataFrame(columns, geometry=zones.geometry.to_numpy(), crs=CRS)


def _fill(labels: Labels) -> Labels:
    """Carry the classes out to sea, so that the coast alone ends the plan."""
    _, at = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    return np.asarray(labels[at[0], at[1]], dtype=np.int32)


def _owner(points: NDArray[np.object_], desa: gpd.GeoDataFrame) -> NDArray[np.int64]:
    return np.asarray(shapely.STRtree(desa.geometry.to_numpy()).nearest(points))


def _general(polygons: NDArray[np.object_], codes: list[str], district: str) -> gpd.GeoDataFrame:
    """Official columns of a general plan."""
    lindung = ["Kawasan Lindung" if code in LINDUNG else "Kawasan Budi Daya" for code in codes]
    columns: dict[str, object] = {
        "NAMOBJ": [CLASS_NAMES[code] for code in codes],
        "KODKWS": codes,
        "JNSRPR": lindung,
        "ORDE01": lindung,
        "WADMPR": PROVINCE,
        "WADMKK": district,
        "KP2B_2": [("KP2B" if code == "P-1" else NONE) for code in codes],
        "KRB_03": NONE,
        "CAGBUD": NONE,
        "KSMPDN": ["Sempadan" if code == "PS" else NONE for code in codes],
        "REMARK": MARK,
        "LUASHA": np.round(shapely.area(polygons) / 1e4, 2),
    }
    return gpd.GeoDataFrame(columns, geometry=polygons, crs=CRS)


def _flag(points: NDArray[np.object_], overlay: gpd.GeoDataFrame, value: str) -> list[str]:
    flags = [NONE] * len(points)
    for point in shapely.STRtree(overlay.geometry.to_numpy()).query(points, predicate="within")[0]:
        flags[point] = value
    return flags


def _first(points: NDArray[np.object_], overlay: gpd.GeoDataFrame, column: str) -> list[str]:
    values = [NONE] * len(points)
    found = shapely.STRtree(overlay.geometry.to_numpy()).query(points, predicate="within")
    for point, row in sorted(found.T.tolist(), reverse=True):
        values[point] = overlay[column].iloc[row]
    return values
