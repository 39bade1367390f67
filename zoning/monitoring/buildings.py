"""Buildings without a permit or where their use is prohibited: indications, with evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from spatial.crs import project
from zoning.check import check_permits
from zoning.explain import explain
from zoning.lattice import Izin
from zoning.plan import Plan
from zoning.verdict import Verdict

__all__ = ["building_indications"]

#: A building belongs to a permit when more of it lies in the permit's parcel than outside.
MAJORITY: Final = 0.5
SPATIAL: Final = ("matriks", "ketentuan_khusus", "bahaya", "cakupan", "masukan")


def building_indications(
    buildings: gpd.GeoDataFrame,
    permits: gpd.GeoDataFrame,
    plans: Sequence[Plan],
    *,
    on: date,
    activities: Mapping[str, str],
    id_column: str,
    use_column: str,
) -> gpd.GeoDataFrame:
    """Compare buildings with issued permits and with the zones they stand in.

    Parameters
    ----------
    buildings : GeoDataFrame
        Footprints, valid; `id_column` names them, `use_column` says what they are used for.
    permits : GeoDataFrame
        Issued permits: `permit_id`, geometry = parcel.
    activities : mapping
        Use -> activity of the matrix. A use that is not there is no answer, not a freedom.

    Returns
    -------
    GeoDataFrame
        One row per building, with its index: `id`, `fungsi`, `kegiatan`, `luas_m2`,
        `permit_id` (empty where none), `bagian_berizin` (share inside permitted parcels),
        `zona`, `di_zona` (boleh, bersyarat, dilarang, belum_pasti), `indikasi`
        (tanpa_izin, zona_terlarang, both with `;`, or empty), `bukti`, `dasar`.

    Notes
    -----
    An indication is no finding of a breach: old buildings, permits that were never mapped,
    and errors of either map look alike. Only a prohibition that is proven deeper than the
    map errs counts as `zona_terlarang`.
    """
    plane = plans[0].meta.area_crs
    shapes = project(np.asarray(buildings.geometry.array, dtype=object), buildings.crs, plane)
    parcels = project(np.asarray(permits.geometry.array, dtype=object), permits.crs, plane)
    share, owner = _permitted(shapes, parcels)
    names = [str(name) for name in permits["permit_id"]]
    uses = buildings[use_column].astype("string").fillna("").str.strip()
    frame = gpd.GeoDataFrame(
        {
            "permit_id": buildings[id_column].astype(str).to_numpy(),
            "kegiatan": [activities.get(str(use), str(use)) for use in uses],
        },
        geometry=buildings.geometry.to_numpy(),
        crs=buildings.crs,
    )
    verdicts = check_permits(frame, plans, on=on)
    rows = [
        _row(verdict, str(use), share[i], names[owner[i]] if owner[i] >= 0 else "")
        for i, (verdict, use) in enumerate(zip(verdicts, uses, strict=True))
    ]
    table = pd.DataFrame(rows, index=buildings.index)
    table.insert(2, "kegiatan", frame["kegiatan"].to_numpy())
    return gpd.GeoDataFrame(table, geometry=buildings.geometry, crs=buildings.crs)


def _permitted(
    shapes: NDArray[np.object_], parcels: NDArray[np.object_]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return for each building its share in permitted parcels, and the parcel with most of it."""
    share, owner = np.zeros(len(shapes)), np.full(len(shapes), -1, dtype=np.intp)
    best = np.zeros(len(shapes))
    if not len(parcels):
        return share, owner
    row, piece = shapely.STRtree(parcels).query(shapes, predicate="intersects")
    inside = shapely.area(shapely.intersection(shapes[row], parcels[piece]))
    for building in np.unique(row):
        mine = row == building
        together = shapely.union_all(shapely.intersection(shapes[building], parcels[piece[mine]]))
        share[building] = shapely.area(together) / shapely.area(shapes[building])
    for building, parcel, area in zip(row, piece, inside, strict=True):
        if area > best[building]:
            best[building], owner[building] = area, parcel
    return share, owner


def _row(verdict: Verdict, use: str, share: float, permit_id: str) -> dict[str, Any]:
    spatial = [f for f in verdict.findings if f.kind in SPATIAL]
    prohibiting = [f for f in spatial if f.prohibits]
    lacking = share <= MAJORITY
    found = ["tanpa_izin"] if lacking else []
    found += ["zona_terlarang"] if prohibiting else []
    first = prohibiting[0] if prohibiting else None
    sentence = explain(verdict)[verdict.findings.index(first)] if first else ""
    evidence = [f"{share:.0%} tapak dalam persil berizin" if lacking else "", sentence]
    return {
        "id": verdict.permit_id,
        "fungsi": use,
        "luas_m2": verdict.area_m2,
        "permit_id": "" if lacking else permit_id,
        "bagian_berizin": float(share),
        "zona": "; ".join(part.zone for part in verdict.parts),
        "di_zona": _state(verdict),
        "indikasi": "; ".join(found),
        "bukti": " ".join(part for part in evidence if part),
        "dasar": f"{first.basis.instrument}, {first.basis.pasal}" if first and first.basis else "",
    }


def _state(verdict: Verdict) -> str:
    intervals = [f.interval for f in verdict.findings if f.kind in SPATIAL]
    if any(one.lo is Izin.X for one in intervals):
        return "dilarang"
    if not intervals or any(one.hi is Izin.X for one in intervals):
        return "belum_pasti"
    return "boleh" if all(one.hi is Izin.I for one in intervals) else "bersyarat"
