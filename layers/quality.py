"""What is right and wrong with a layer: geometry, coverage, codes, stated areas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.defects import LISTED, Defect, measured_defects
from layers.layer import Layer
from layers.values import says_none
from spatial.crs import AREA_CRS, lonlat_bounds, project
from spatial.notes import Note

__all__ = ["LARGE_M2", "SLIVER_WIDTH_M", "Quality", "examine", "names_of"]

#: Without a stated tolerance: what is narrower is a slip of the pen, what is wider an error.
SLIVER_WIDTH_M: Final = 1.0
#: A sliver that is named one by one although it is narrow: what has a hectare is asked about.
LARGE_M2: Final = 10_000.0
#: Of an area stated in an attribute.
AREA_TOLERANCE: Final = 0.01
_TO_HA: Final[Mapping[str, float]] = {"ha": 1.0, "m2": 1e-4, "km2": 100.0}


@dataclass(frozen=True, slots=True, eq=False)
class Quality:
    """The report on one layer.

    Parameters
    ----------
    summary : dict
        File, kind, CRS, rows, extent in degrees, total area.
    coverage : dict
        Tolerance, and per kind of defect "real" and "sliver": count, area, largest.
    defects : tuple of Defect
        Real ones first, largest first; at most `LISTED` of each.
    duplicates, nulls, areas : list of dict
        Features drawn twice or named twice; columns with nothing in them; features whose
        stated area is not that of their outline.
    notes : tuple of Note
        What reading met: repairs with place and reason, unknown codes, doubtful values.
    """

    summary: dict[str, Any]
    coverage: dict[str, Any]
    defects: tuple[Defect, ...]
    duplicates: list[dict[str, Any]]
    nulls: list[dict[str, Any]]
    areas: list[dict[str, Any]]
    notes: tuple[Note, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready dictionary."""
        return {
            "summary": self.summary,
            "coverage": self.coverage,
            "defects": [defect.to_dict() for defect in self.defects],
            "duplicates": self.duplicates,
            "nulls": self.nulls,
            "areas": self.areas,
            "notes": [note.to_dict() for note in self.notes],
        }


def examine(
    layer: Layer, *, sliver_width_m: float = SLIVER_WIDTH_M, coverage: bool | None = None
) -> Quality:
    """Examine a layer that was read.

    Parameters
    ----------
    layer : Layer
    sliver_width_m : float
        Overlaps and gaps up to this width are slivers: for a map, its CE90.
    coverage : bool, optional
        Whether features should tile a plane; without, what the kind says (unknown kinds: yes).

    Returns
    -------
    Quality

    Examples
    --------
    >>> from layers.layer import Provenance
    >>> frame = gpd.GeoDataFrame({"zona": ["R-2", "P-1"]}, crs="EPSG:32749", geometry=[
    ...     shapely.box(440000, 9226000, 440100, 9226100),
    ...     shapely.box(440099.998, 9226000, 440200, 9226100)])
    >>> origin = Provenance("a.gpkg", "", "geopackage", "a", "EPSG:32749", True, 2, {})
    >>> found = examine(Layer(frame, None, origin, ()))
    >>> [(d.kind, d.sliver, round(d.width_m, 4), d.features) for d in found.defects]
    [('overlap', True, 0.002, ('R-2', 'P-1'))]
    """
    frame = layer.frame
    names = names_of(layer)
    nulls = _nulls(frame)
    summary = _summary(layer)
    if not isinstance(frame, gpd.GeoDataFrame):
        return Quality(summary, {}, (), _repeated(layer, names), nulls, [], layer.report)
    shapes = np.asarray(frame.geometry.array, dtype=object)
    polygonal = np.isin(shapely.get_type_id(shapes), (3, 6))
    hectares = _hectares(shapes, polygonal, frame.crs)
    summary["area_ha"] = round(float(np.nansum(hectares)), 4)
    wanted = coverage if coverage is not None else (layer.kind is None or layer.kind.partition)
    totals: dict[str, Any] = {}
    defects: tuple[Defect, ...] = ()
    if wanted and polygonal.any():
        totals, defects = measured_defects(shapes, polygonal, frame.crs, names, sliver_width_m)
    return Quality(
        summary,
        totals,
        defects,
        [*_repeated(layer, names), *_drawn_twice(shapes, names)],
        nulls,
        _stated_areas(layer, hectares, names),
        layer.report,
    )


def _summary(layer: Layer) -> dict[str, Any]:
    frame = layer.frame
    said: dict[str, Any] = {
        "file": layer.provenance.file,
        "sha256": layer.provenance.sha256,
        "format": layer.provenance.format,
        "layer": layer.provenance.layer,
        "kind": layer.kind.name if layer.kind else None,
        "crs": layer.provenance.crs,
        "crs_stated": layer.provenance.crs_stated,
        "rows": len(frame),
    }
    if isinstance(frame, gpd.GeoDataFrame):
        types = Counter(frame.geometry.geom_type.fillna("-"))
        said["geometry"] = {str(name): int(count) for name, count in sorted(types.items())}
        bounds = frame.total_bounds
        if np.isfinite(bounds).all():
            west, south, east, north = (float(value) for value in bounds)
            place = lonlat_bounds((west, south, east, north), frame.crs)
            said["extent"] = [round(value, 6) for value in place]
    return said


def names_of(layer: Layer) -> list[str]:
    """Return what to call each feature of a layer: its key and name, else its row.

    Examples
    --------
    >>> from layers.layer import Provenance
    >>> origin = Provenance("a.csv", "", "csv", "a", None, False, 2, {})
    >>> names_of(Layer(pd.DataFrame({"nama": ["Kali Garang", None]}), None, origin, ()))
    ['Kali Garang', 'baris 1']
    """
    frame = layer.frame
    keys = layer.kind.key if layer.kind else ()
    wanted = [*keys, "kode", "nama_desa", "zona", "namobj", "nama", "nama_das", "permit_id"]
    there = [name for name in dict.fromkeys(wanted) if name in frame.columns][:2]
    if not there:
        texts = frame.select_dtypes(include=["object", "str"]).columns.drop(
            ["geometry", "gml_id"], errors="ignore"
        )
        there = list(texts[:1])
    if not there:
        return [f"baris {row}" for row in range(len(frame))]
    columns = [frame[name].tolist() for name in there]
    joined = [
        " ".join(str(v) for v in row if not says_none(v)) for row in zip(*columns, strict=True)
    ]
    return [text or f"baris {row}" for row, text in enumerate(joined)]


def _nulls(frame: pd.DataFrame) -> list[dict[str, Any]]:
    found = []
    for column in frame.columns:
        empty = int(frame[column].isna().sum())
        if empty:
            found.append({"column": str(column), "count": empty, "rows": len(frame)})
    return found


def _hectares(
    shapes: NDArray[np.object_], polygonal: NDArray[np.bool_], crs: Any
) -> NDArray[np.float64]:
    """Return the area of each polygon on the equal-area plane; NaN for other features."""
    result = np.full(len(shapes), np.nan)
    if polygonal.any():
        result[polygonal] = shapely.area(project(shapes[polygonal], crs, AREA_CRS)) / 1e4
    return result


def _repeated(layer: Layer, names: list[str]) -> list[dict[str, Any]]:
    """Return the features that share a key which should name one."""
    found = []
    for column in layer.kind.key if layer.kind else ():
        if column in layer.frame.columns:
            values = layer.frame[column]
            twice = values.notna() & values.duplicated(keep=False)
            for value in values[twice].unique()[:LISTED]:
                rows = np.flatnonzero((values == value).fillna(value=False)).tolist()
                found.append({"what": column, "value": str(value), "rows": rows})
    return found


def _drawn_twice(shapes: NDArray[np.object_], names: list[str]) -> list[dict[str, Any]]:
    """Return the features that have the same outline as another."""
    there = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_empty(shapes))
    outlines = pd.Series(shapely.to_wkb(shapely.normalize(shapes[there])), index=there)
    same = outlines[outlines.duplicated(keep=False)].groupby(outlines).groups.values()
    found = [
        {"what": "geometry", "value": names[rows[0]], "rows": [int(row) for row in rows]}
        for rows in same
    ]
    return found[:LISTED]


def _stated_areas(
    layer: Layer, hectares: NDArray[np.float64], names: list[str]
) -> list[dict[str, Any]]:
    """Compare areas stated in attributes with those of the outlines."""
    found = []
    for column, unit in (layer.kind.area if layer.kind else {}).items():
        if column not in layer.frame.columns:
            continue
        stated = layer.frame[column].to_numpy(dtype=float, na_value=np.nan) * _TO_HA[unit]
        with np.errstate(divide="ignore", invalid="ignore"):
            wrong = np.abs(stated / hectares - 1) > AREA_TOLERANCE
        found += [
            {
                "column": column,
                "row": int(row),
                "feature": names[row],
                "stated_ha": round(float(stated[row]), 6),
                "measured_ha": round(float(hectares[row]), 6),
                "ratio": round(float(stated[row] / hectares[row]), 6),
            }
            for row in np.flatnonzero(wrong)[:LISTED]
        ]
    return found
