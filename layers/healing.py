"""Healing of a layer that should tile a plane: only when asked, with a record, within a time limit.

What is wider than the tolerance is left and listed. It runs in a process that can be ended:
GEOS cannot be interrupted.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.defects import NOISE_M
from spatial.coverage import coverage_defects, equivalent_width
from spatial.crs import AREA_CRS, parse_crs, project
from spatial.errors import LayerError, TimeLimitError
from spatial.healing import heal_coverage
from spatial.planes import plane_of

__all__ = ["SECONDS", "Healing", "heal"]

#: For one layer.
SECONDS: Final = 900
_DEGREE_M: Final = 111_320.0
_CHILD: Final = "import sys; sys.path[:0] = {path!r}; from layers.healing import _child; _child()"


@dataclass(frozen=True, slots=True, eq=False)
class Healing:
    """A healed layer and the record of it.

    Parameters
    ----------
    frame : GeoDataFrame
    areas : DataFrame
        Per feature that changed: `row, before_m2, after_m2`.
    slivers : DataFrame
        Per piece that was given to one feature: `lon, lat, area_m2, width_m, claimed_by, owner`
        (rows; claimed by nobody where it was a gap).
    left : dict
        Count and area of the overlaps and gaps that are wider than the tolerance.
    """

    frame: gpd.GeoDataFrame
    areas: pd.DataFrame
    slivers: pd.DataFrame
    left: dict[str, Any]

    def to_dict(self, most: int = 1000) -> dict[str, Any]:
        """Return the record as JSON-ready dictionary: totals, and the largest pieces."""
        pieces = self.slivers.sort_values("area_m2", ascending=False, kind="stable")[:most]
        return {
            "slivers": len(self.slivers),
            "slivers_m2": round(float(self.slivers["area_m2"].sum()), 4),
            "widest_m": round(float(self.slivers["width_m"].max()), 5) if len(pieces) else 0.0,
            "largest": json.loads(pieces.to_json(orient="records")),
            "areas": json.loads(self.areas.round(4).to_json(orient="records")),
            "left": self.left,
        }


def heal(frame: gpd.GeoDataFrame, *, sliver_width_m: float, seconds: float = SECONDS) -> Healing:
    """Give slivers up to a width to one feature each, so that edges of neighbours agree.

    Parameters
    ----------
    frame : GeoDataFrame
        Valid polygons; rows without one stay as they are.
    sliver_width_m : float
        At most the CE90 of the map: what is wider may change who owns the ground.
    seconds : float

    Returns
    -------
    Healing

    Raises
    ------
    TimeLimitError
        `healing_too_slow`.
    LayerError
        `healing_failed`.

    Examples
    --------
    >>> pair = gpd.GeoDataFrame(crs="EPSG:32749", geometry=[
    ...     shapely.box(440000, 9226000, 440100, 9226100),
    ...     shapely.box(440099.998, 9226000, 440300, 9226100)])
    >>> done = heal(pair, sliver_width_m=0.5)
    >>> bool(done.frame.is_valid_coverage()), len(done.slivers), done.areas["row"].tolist()
    (True, 1, [0])
    """
    shapes = np.asarray(frame.geometry.array, dtype=object)
    with TemporaryDirectory(prefix="tataruang-") as text:
        folder = Path(text)
        given = gpd.GeoDataFrame(geometry=gpd.GeoSeries(shapes, crs=frame.crs))
        given.to_parquet(folder / "given.parquet", index=False)
        _run(folder, sliver_width_m, seconds)
        healed = np.asarray(gpd.read_parquet(folder / "healed.parquet").geometry.array)
        slivers = pd.read_parquet(folder / "slivers.parquet")
        left = json.loads((folder / "left.json").read_text(encoding="utf-8"))
    before = shapely.area(project(shapes, frame.crs, AREA_CRS))
    after = shapely.area(project(healed, frame.crs, AREA_CRS))
    rows = np.flatnonzero(np.abs(after - before) > NOISE_M)
    areas = pd.DataFrame({"row": rows, "before_m2": before[rows], "after_m2": after[rows]})
    geometry = gpd.GeoSeries(healed, index=frame.index, crs=frame.crs)
    return Healing(frame.set_geometry(geometry), areas, slivers, left)


def _run(folder: Path, sliver_width_m: float, seconds: float) -> None:
    paths = [str(Path(__file__).resolve().parents[1]), *(path for path in sys.path if path)]
    try:
        done = subprocess.run(  # noqa: S603  our own code in our own interpreter
            [sys.executable, "-c", _CHILD.format(path=paths), str(folder), str(sliver_width_m)],
            timeout=seconds,
            capture_output=True,
            env=os.environ,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TimeLimitError(
            "healing was ended after {seconds} seconds; nothing was changed",
            code="healing_too_slow",
            hint="Ingest it without --heal, or heal smaller pieces",
            seconds=round(seconds),
        ) from error
    if done.returncode:
        raise LayerError(
            "the layer cannot be healed ({reason}); nothing was changed",
            code="healing_failed",
            hint="Ingest it without --heal; tataruang inspect shows its defects",
            reason=(done.stderr.decode(errors="replace").splitlines() or ["-"])[-1][:200],
        )


def _child() -> None:
    """Heal what lies in the folder: what the process that can be ended does."""
    folder, width = Path(sys.argv[1]), float(sys.argv[2])
    frame = gpd.read_parquet(folder / "given.parquet")
    shapes = np.asarray(frame.geometry.array, dtype=object)
    polygonal = np.isin(shapely.get_type_id(shapes), (3, 6)) & shapely.is_valid(shapes)
    drawn = shapes.copy()
    drawn[~polygonal] = None
    unit = _DEGREE_M if parse_crs(frame.crs).is_geographic else 1.0
    found = coverage_defects(drawn, slit_width=width / unit)
    plane = plane_of(shapes, frame.crs)
    widths = equivalent_width(project(found.geometry, frame.crs, plane, densify=False))
    real = (widths > width) & (found.kind != "slit")
    narrow = widths <= width
    healed = heal_coverage(
        drawn,
        real=found.geometry[real],
        gaps=found.geometry[narrow & (found.kind == "gap")],
        slits=found.geometry[narrow & (found.kind == "slit")],
        width=width / unit,
    )
    result = np.where(polygonal, healed.geometry, shapes)
    gpd.GeoDataFrame(geometry=gpd.GeoSeries(result, crs=frame.crs)).to_parquet(
        folder / "healed.parquet", index=False
    )
    _record(healed.slivers, healed.claims, healed.owner, frame.crs).to_parquet(
        folder / "slivers.parquet", index=False
    )
    area = shapely.area(project(found.geometry[real], frame.crs, AREA_CRS, densify=False))
    left = {
        kind: {
            "count": int((found.kind[real] == kind).sum()),
            "area_m2": round(float(area[found.kind[real] == kind].sum()), 4),
        }
        for kind in ("overlap", "gap")
    }
    (folder / "left.json").write_text(json.dumps(left), encoding="utf-8")


def _record(
    pieces: NDArray[np.object_], claims: list[tuple[int, ...]], owner: NDArray[np.int64], crs: Any
) -> pd.DataFrame:
    places = shapely.get_coordinates(
        project(shapely.point_on_surface(pieces), crs, "OGC:CRS84", densify=False)
    )
    record = pd.DataFrame(
        {
            "lon": places[:, 0],
            "lat": places[:, 1],
            "area_m2": shapely.area(project(pieces, crs, AREA_CRS, densify=False)),
            "width_m": equivalent_width(project(pieces, crs, plane_of(pieces, crs), densify=False)),
            "claimed_by": [list(rows) for rows in claims],
            "owner": owner,
        }
    )
    # Pieces below a square centimetre are where two outlines agree but for the last bits.
    return record[record["area_m2"] > NOISE_M].reset_index(drop=True)
