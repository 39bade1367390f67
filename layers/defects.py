"""The defects of a coverage, measured in metres and told with their place and their features."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spatial.coverage import Defects, coverage_defects, equivalent_width
from spatial.crs import AREA_CRS, LONLAT, parse_crs, project
from spatial.planes import plane_of

__all__ = ["LISTED", "NOISE_M", "Defect", "measured_defects"]

#: Below a tenth of a millimetre coordinates themselves are noise.
NOISE_M: Final = 1e-4
#: Defects listed one by one; all are counted.
LISTED: Final = 500
_DEGREE_M: Final = 111_320.0


@dataclass(frozen=True, slots=True, eq=False)
class Defect:
    """One place where features overlap or leave a gap.

    `kind` is "overlap", "gap" or "slit" (a gap open to the outside); `sliver` says that it is
    narrower than the tolerance; `features` names those that take part.
    """

    kind: str
    sliver: bool
    area_m2: float
    width_m: float
    lon: float
    lat: float
    rows: tuple[int, ...]
    features: tuple[str, ...]
    geometry: Any = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready dictionary, without its outline."""
        return {
            "kind": self.kind,
            "sliver": self.sliver,
            "area_m2": round(self.area_m2, 4),
            "width_m": round(self.width_m, 5),
            "lon": round(self.lon, 8),
            "lat": round(self.lat, 8),
            "rows": list(self.rows),
            "features": list(self.features),
        }


def measured_defects(
    shapes: NDArray[np.object_],
    polygonal: NDArray[np.bool_],
    crs: Any,
    names: list[str],
    sliver_width_m: float,
) -> tuple[dict[str, Any], tuple[Defect, ...]]:
    """Find the defects of polygons that should tile a plane, and measure them.

    Parameters
    ----------
    shapes : array of geometries, shape (n,)
    polygonal : array of bool, shape (n,)
        Which of them are polygons.
    crs : CRS
    names : n names of the features
    sliver_width_m : float

    Returns
    -------
    totals : dict
        Tolerance, and for each kind of defect "real" and "sliver": count, area, largest.
    defects : tuple of Defect
        Real ones first, largest first; at most `LISTED` of each.
    """
    valid = polygonal & shapely.is_valid(shapes)
    drawn = shapes.copy()
    drawn[~valid] = None
    unit = _DEGREE_M if parse_crs(crs).is_geographic else 1.0
    found = coverage_defects(drawn, slit_width=sliver_width_m / unit)
    width = equivalent_width(project(found.geometry, crs, plane_of(shapes, crs), densify=False))
    area = shapely.area(project(found.geometry, crs, AREA_CRS, densify=False))
    loud = width > NOISE_M
    group = _by_features(found, loud)
    # The widest part of what two features share says what it is; the largest, where.
    heard = pd.DataFrame({"group": group, "width": width, "area": area})[loud].groupby("group")
    widest, whole = heard["width"].max().to_numpy(), heard["area"].sum().to_numpy()
    first = heard["area"].idxmax().to_numpy(dtype=int)
    sliver = widest <= sliver_width_m
    totals: dict[str, Any] = {
        "sliver_width_m": sliver_width_m,
        "noise_m": NOISE_M,
        "left_out": int((polygonal & ~valid).sum()),
    }
    for kind in ("overlap", "gap", "slit"):
        for word, chosen in (("real", ~sliver), ("sliver", sliver)):
            here = chosen & (found.kind[first] == kind)
            totals[f"{kind}_{word}"] = {
                "count": int(here.sum()),
                "area_ha": round(float(whole[here].sum()) / 1e4, 6),
                "largest_ha": round(float(whole[here].max(initial=0.0)) / 1e4, 6),
            }
    rank = np.lexsort((-whole, sliver))
    listed = np.concatenate((rank[~sliver[rank]][:LISTED], rank[sliver[rank]][:LISTED]))
    inner = shapely.point_on_surface(found.geometry[first[listed]])
    places = shapely.get_coordinates(project(inner, crs, LONLAT))
    members = heard.indices
    defects = []
    for one, (lon, lat) in zip(listed, places, strict=True):
        rows = found.rows[first[one]]
        parts = found.geometry[loud][members[int(one)]]
        defects.append(
            Defect(
                str(found.kind[first[one]]),
                bool(sliver[one]),
                float(whole[one]),
                float(widest[one]),
                float(lon),
                float(lat),
                rows,
                tuple(names[row] for row in rows),
                parts[0] if len(parts) == 1 else shapely.multipolygons(parts),
            )
        )
    return totals, tuple(defects)


def _by_features(found: Defects, loud: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Give each defect a number: what two features share is one, each gap its own, noise -1."""
    label = [
        rows if kind == "overlap" else place
        for place, (kind, rows) in enumerate(zip(found.kind, found.rows, strict=True))
    ]
    group = np.full(len(label), -1)
    seen: dict[Any, int] = {}
    for place in np.flatnonzero(loud):
        group[place] = seen.setdefault(label[place], len(seen))
    return group
