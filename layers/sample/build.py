"""Put the sample together: nature first, then people, then plans, then the files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from layers.sample import facilities, overlays, people
from layers.sample.buildings import buildings
from layers.sample.defects import Defect, indonesian, lift, seed_defects
from layers.sample.grid import CRS, FINE_CELL, NORTH, WEST
from layers.sample.landuse import make_ground
from layers.sample.manifest import make_manifest, write_readme
from layers.sample.names import MARK
from layers.sample.noise import origin, ragged, warp
from layers.sample.permits import corner_points, make_permits
from layers.sample.plans import kabupaten_plan, province_plan, town_plan
from layers.sample.rivers import channel_mask, make_beds, trace_rivers
from layers.sample.roads import make_roads
from layers.sample.sites import look_around
from layers.sample.surface import NODATA, Surface, flood_depths, make_surface
from layers.sample.terrain import make_terrain
from layers.sample.town import build_town
from layers.sample.villages import make_land
from layers.sample.writing import (
    write_json,
    write_permits,
    write_raster,
    write_table,
    write_vector,
)
from layers.sample.zoning_map import draw_zones

__all__ = ["District", "build", "make_district"]

Array: TypeAlias = NDArray[np.float64]

#: Displacements (wavelength, height; m) that make grid-born lines look grown.
NATURE: Final = ((1500.0, 100.0), (400.0, 28.0), (120.0, 9.0))

#: In the rules of the detailed plan, not in a file of this folder.
BLANK_CELL: Final = Defect(
    "itbx-kosong", "blank_cell", "itbx rdtr", None, None, 1.0, "cells",
    "SPBU in SPU-3 is blank: neither allowed nor forbidden, so PERLU_KAJIAN (SEL_KOSONG)",
)  # fmt: skip


@dataclass(frozen=True)
class District:
    """Everything of the fictional kabupaten, in memory, EPSG:9489.

    Attributes
    ----------
    layers : dict of name to GeoDataFrame
        As published, defects included.
    tables : dict of name to DataFrame
    rasters : dict of name to (values, description)
    defects : list of Defect
    permits : GeoDataFrame
    intents : list of dict
        What each permit is made to show.
    """

    layers: dict[str, gpd.GeoDataFrame]
    tables: dict[str, pd.DataFrame]
    rasters: dict[str, tuple[Array, str]]
    defects: list[Defect]
    permits: gpd.GeoDataFrame
    intents: list[dict[str, Any]]


def build(directory: str | Path, *, seed: int = 33) -> dict[str, Any]:
    """Write the raw files of the fictional Kabupaten Contoh into a folder.

    Parameters
    ----------
    directory : path
        Made if absent; files of an earlier build are replaced.
    seed : int
        Another seed is another kabupaten; the same seed is the same.

    Returns
    -------
    dict
        The manifest, also written as `manifest.json`: files, seeded defects with their
        places, and what each permit is meant to show.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    district = make_district(seed)
    for name, frame in district.layers.items():
        write_vector(frame, name, folder)
    for name, table in district.tables.items():
        write_table(table, folder / f"{name}.csv")
    for name, (values, description) in district.rasters.items():
        write_raster(values, folder / f"{name}.tif", description=description)
    write_permits(district.permits, corner_points(district.permits), folder)
    manifest = make_manifest(
        district.layers, district.tables, district.rasters, district.defects, district.intents, seed
    )
    write_json(manifest, folder / "manifest.json")
    write_readme(manifest, folder / "README.md")
    return manifest


def make_district(seed: int = 33) -> District:
    """Grow the kabupaten: terrain, rivers, villages, roads, town, plans, overlays."""
    move = warp(seed, "nature", NATURE)
    back = origin(move)
    rough = ragged(seed, back)
    terrain = make_terrain(seed)
    rivers = trace_rivers(terrain, move, seed)
    channels = channel_mask(rivers)
    land = make_land(terrain, channels, move, rough, seed)
    beds = make_beds(rivers, land.land, land.town)
    roads = make_roads(terrain, land, channels, move, seed)
    ground = make_ground(terrain, land, channels, roads, seed)
    town = build_town(land.town, roads, [river.line for river in rivers], terrain, ground, seed)
    zones = draw_zones(land.town, land.shore, town, beds, land.desa, terrain, ground, rough, seed)
    surface = make_surface(terrain, back, rivers, land.land, seed)
    depths = flood_depths(surface, terrain, move, back)
    lp2b, lsd = overlays.paddy(terrain, ground, land, rough, seed)
    above = {
        "lp2b": lp2b,
        "lsd": lsd,
        "krb": overlays.hazards(surface, depths[100], land, seed),
        "cagar_budaya": overlays.heritage(seed),
    }
    faulty, defects = seed_defects(zones)
    das, das_defect = _typed_by_hand(overlays.watersheds(terrain, rivers, land, rough))
    residents = people.population(land, ground, seed)
    poor, poor_defect = _suppressed(people.poverty(land, residents, seed))
    built = buildings(zones, roads, land.centre, seed)
    homes = facilities.Homes(built, land.desa, residents["JUMLAH_PENDUDUK"])
    layers = {
        "rdtr": town_plan(faulty, land.desa, above),
        "rtrw_kab": kabupaten_plan(terrain, ground, land, beds, rough, seed),
        "rtrw_prov": province_plan(terrain, ground, land, rough, seed),
        "kawasan_hutan": overlays.forest(terrain, ground, land, rough, seed),
        "das": das,
        "sungai": lift(beds, lambda xy: _heights(surface, xy)).assign(REMARK=MARK),
        "garis_pantai": _line(land.shore),
        "mata_air": overlays.springs(terrain, land, seed),
        **above,
        "batas_desa": land.desa.assign(LUASHA=np.round(land.desa.area / 1e4, 2)),
        "jalan": roads[roads.intersects(land.kabupaten)],
        "bangunan": built,
        "sekolah": facilities.schools(homes, seed),
        "kesehatan": facilities.health(homes, seed),
        "evakuasi": facilities.shelters(homes, seed),
    }
    whole = Defect(
        "sungai-3d", "heights", "sungai", None, None, float(len(beds)), "features",
        "Every vertex has a height: drop it, and say so",
    )  # fmt: skip
    plans = {
        "rdtr": faulty,
        **{
            name: layers[name].rename(columns={"KODKWS": "zona"})
            for name in ("rtrw_kab", "rtrw_prov")
        },
    }
    permits, intents = make_permits(
        plans, look_around(layers, faulty), land.kabupaten, land.land, seed
    )
    return District(
        layers,
        {"penduduk": residents, "kemiskinan": poor},
        _rasters(surface, depths),
        [*defects, whole, das_defect, poor_defect, BLANK_CELL],
        permits,
        intents,
    )


def _line(shore: BaseGeometry) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"NAMOBJ": ["Garis pantai contoh"], "REMARK": [MARK]}, geometry=[shore], crs=CRS
    )


def _heights(surface: Surface, xy: Array) -> Array:
    rows = np.clip(((NORTH - xy[:, 1]) // FINE_CELL).astype(int), 0, surface.z.shape[0] - 1)
    columns = np.clip(((xy[:, 0] - WEST) // FINE_CELL).astype(int), 0, surface.z.shape[1] - 1)
    return np.asarray(np.round(surface.z[rows, columns], 1))


def _typed_by_hand(das: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, Defect]:
    """Areas as an office types them: text with point and comma, and one unknown."""
    text = [indonesian(value) for value in das["LUAS_HA"]]
    text[-1] = "-"
    report = "LUAS_HA is text with Indonesian numbers ('-' is null): read as numbers, and say so"
    defect = Defect("das-angka", "number_text", "das", None, None, float(len(das)), "rows", report)
    return das.assign(LUAS_HA=text), defect


def _suppressed(poor: pd.DataFrame) -> tuple[pd.DataFrame, Defect]:
    """One village whose count was not published."""
    row = len(poor) // 2
    text = poor["PENDUDUK_MISKIN"].astype(str)
    text.iloc[row] = "-"
    report = f"PENDUDUK_MISKIN of {poor['KDEPUM'].iloc[row]} is '-': no answer, not zero"
    defect = Defect("kemiskinan-kosong", "null", "kemiskinan", None, None, 1.0, "rows", report)
    return poor.assign(PENDUDUK_MISKIN=text), defect


def _rasters(surface: Surface, depths: dict[int, Array]) -> dict[str, tuple[Array, str]]:
    height = np.where(surface.land, np.round(surface.z, 2), NODATA)
    rasters = {"dem": (height, "tinggi muka tanah, m")}
    for years, depth in depths.items():
        rasters[f"banjir_{years:03d}"] = (depth, f"kedalaman banjir kala ulang {years} tahun, m")
    return rasters
