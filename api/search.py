"""Find places of a workspace by name, code or coordinates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import shapely

from api.coordinates import read_coordinates
from spatial.crs import LONLAT, Bounds, to_crs

__all__ = ["Gazetteer", "find"]

MOST: Final = 8
#: Names of columns, ours first, then as official, from village to district.
NAME_COLUMNS: Final = (("nama_desa", "wadmkd"), ("nama_kec", "wadmkc"), ("nama_kab", "wadmkk"))
CODE_COLUMNS: Final = (("kode_desa", "kdepum"), ("kode_kec", "kdcpum"), ("kode_kab", "kdpkab"))
LEVELS: Final = ("desa", "kecamatan", "kabkota")


class Gazetteer:
    """Names and codes of villages, sub-districts and districts with their bounds in degrees.

    Parameters
    ----------
    frame : GeoDataFrame
        Village polygons with `nama_desa`, `nama_kec`, `kode_desa` ... or their official names,
        in any case.
    """

    def __init__(self, frame: gpd.GeoDataFrame) -> None:
        names = {str(name).lower(): name for name in frame.columns}
        table = to_crs(frame, LONLAT)
        bounds = table.bounds
        self._points = table.geometry.representative_point()
        self.entries: list[dict[str, Any]] = []
        for level, called, coded in zip(LEVELS, NAME_COLUMNS, CODE_COLUMNS, strict=True):
            name = _first(names, called)
            if name is not None:
                self._add(level, table, bounds, name, _first(names, coded), names)

    def _add(
        self, level: str, table: gpd.GeoDataFrame, bounds: pd.DataFrame,
        name: str, code: str | None, names: Mapping[str, str],
    ) -> None:  # fmt: skip
        keys = [code, name] if code else [name]
        within = _first(names, NAME_COLUMNS[1]) if level == "desa" else None
        for key, rows in table.groupby(keys, sort=True):
            box = bounds.loc[rows.index]
            # The label of several villages stands in the middle one of them.
            point = self._points.loc[rows.index].iloc[len(rows) // 2]
            self.entries.append(
                {
                    "kind": level,
                    "name": str(key[-1]),
                    "code": str(key[0]) if code else None,
                    "point": [float(shapely.get_x(point)), float(shapely.get_y(point))],
                    "within": str(rows[within].iloc[0]) if within else None,
                    "bounds": [float(box.minx.min()), float(box.miny.min()),
                               float(box.maxx.max()), float(box.maxy.max())],
                }
            )  # fmt: skip

    def find(self, text: str) -> list[dict[str, Any]]:
        """Return the best matches: names that start so before names that contain it."""
        wanted = " ".join(text.casefold().split())
        digits = wanted.replace(".", "")
        ranked = []
        for position, entry in enumerate(self.entries):
            name, code = entry["name"].casefold(), (entry["code"] or "").replace(".", "")
            if name.startswith(wanted):
                ranked.append((0 if name == wanted else 1, position))
            elif wanted in name:
                ranked.append((2, position))
            elif digits.isdigit() and code.startswith(digits):
                ranked.append((3, position))
        return [self.entries[position] for _, position in sorted(ranked)[:MOST]]


def _first(names: Mapping[str, str], wanted: tuple[str, ...]) -> str | None:
    return next((names[one] for one in wanted if one in names), None)


def find(text: str, gazetteer: Gazetteer | None, extent: Bounds) -> list[dict[str, Any]]:
    """Find coordinates first, else names and codes.

    Returns
    -------
    list of dict
        `kind`, `name` and `bounds` or `lon`, `lat`; a place outside the extent says so.
    """
    place = read_coordinates(text)
    if place is not None:
        lon, lat = place
        inside = extent[0] <= lon <= extent[2] and extent[1] <= lat <= extent[3]
        return [{"kind": "koordinat", "name": f"{lat:.6f}, {lon:.6f}", "lon": lon, "lat": lat,
                 "inside": inside}]  # fmt: skip
    return gazetteer.find(text) if gazetteer is not None else []
