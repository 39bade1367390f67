"""A permit as it is judged: parcel, footprint and numbers, each either known or not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from spatial.notes import Note
from spatial.rings import one_shell

__all__ = ["COLUMNS", "NUMBERS", "SHAPES", "Permit", "area_uncertainty"]

#: Numeric columns of a permit and what they are, in Indonesian and English.
NUMBERS: Final[dict[str, str]] = {
    "luas_sertipikat_m2": "luas menurut sertipikat / registered area",
    "luas_tapak_m2": "luas lantai dasar / ground-floor area",
    "luas_lantai_m2": "luas seluruh lantai / area of all floors",
    "lantai": "jumlah lantai / number of floors",
    "tinggi_m": "tinggi bangunan / height",
    "luas_hijau_m2": "luas hijau di luar bangunan / green open area",
    "luas_basement_m2": "luas tapak basement / basement area",
    "luas_terbangun_m2": "luas wilayah terbangun / built-up area",
    "gsb_m": "jarak muka bangunan ke tepi jalan / setback to the road",
    "jbs_m": "jarak bebas samping / side setback",
    "jbb_m": "jarak bebas belakang / rear setback",
}
#: What a permit may draw beside its parcel, in the CRS of the parcel.
SHAPES: Final[dict[str, str]] = {
    "footprint": "tapak bangunan / building footprint",
    "geom_lantai": "satu poligon per lantai / one polygon per floor",
    "geom_hijau": "ruang hijau di luar bangunan / green open area outside the building",
    "geom_basement": "tapak basement / basement",
    "garis_jalan": "garis tepi jalan tempat GSB diukur / road line from which GSB is measured",
}
#: Every column of a permit table beside its geometry.
COLUMNS: Final = (
    "permit_id",
    "kegiatan",
    "kbli",
    *NUMBERS,
    "kelas_jalan",
    *SHAPES,
    "tanggal",
    "dokumen",
    "kkpr_tanggal",
    "status_pembangunan",
)


@dataclass(frozen=True, slots=True)
class Permit:
    """One application. Numbers that were not given are absent from `numbers`.

    `parcel`, `footprint` and `shapes` (the rest of `SHAPES`) are in the CRS of the frame
    they came from. `fault` says why the row cannot be judged.
    """

    permit_id: str
    kegiatan: str = ""
    kbli: str = ""
    numbers: dict[str, float] | None = None
    kelas_jalan: str = ""
    parcel: BaseGeometry | None = None
    footprint: BaseGeometry | None = None
    tanggal: date | None = None
    dokumen: tuple[str, ...] = ()
    kkpr_tanggal: date | None = None
    status_pembangunan: str = ""
    fault: Note | None = None
    shapes: Mapping[str, BaseGeometry] = field(default_factory=dict)

    @property
    def drawn(self) -> dict[str, BaseGeometry]:
        """Everything that is drawn beside the parcel, by column."""
        ground = {} if self.footprint is None else {"footprint": self.footprint}
        return ground | dict(self.shapes)

    def number(self, name: str) -> float | None:
        """Return a declared number; None where it was not given."""
        return (self.numbers or {}).get(name)

    def document(self, code: str) -> str | None:
        """Return the document that asserts an exemption or grant; None without one.

        Examples
        --------
        >>> Permit("P", dokumen=("PSN:12/2024", "TPZ:")).document("PSN")
        '12/2024'
        """
        for entry in self.dokumen:
            name, _, number = entry.partition(":")
            if name.strip().upper() == code and number.strip():
                return number.strip()
        return None

    def document_day(self, code: str) -> date | None:
        """Return the day of a document, written behind its number; None where none is stated.

        Examples
        --------
        >>> Permit("P", dokumen=("EKSISTING:IMB 12@1998-05-02",)).document_day("EKSISTING")
        datetime.date(1998, 5, 2)
        """
        _, _, day = (self.document(code) or "").rpartition("@")
        try:
            return date.fromisoformat(day.strip())
        except ValueError:
            return None


def area_uncertainty(
    parcels: NDArray[np.object_] | list[BaseGeometry], precision_m: float
) -> NDArray[np.float64]:
    """Return by how much each area may be off when each vertex is off by up to `precision_m`.

    The area of a ring changes by half the distance between the neighbours of a vertex per
    metre that the vertex moves across it; the bound adds all of them. Both coordinates may
    be off at once, so a vertex moves by up to the square root of 2 of it.

    Examples
    --------
    >>> area_uncertainty([shapely.box(0, 0, 10, 10)], 0.005).round(3).tolist()
    [0.2]
    """
    shapes = np.asarray(parcels, dtype=object)
    if len(shapes) == 1 and (alone := one_shell(shapes[0])) is not None:
        xy = alone.xy
        # Added up one after the other, as in the general case: the same last bit.
        chord = xy[1:] - np.concatenate((xy[-2:-1], xy[:-2]))
        half = np.hypot(chord[:, 0], chord[:, 1]) / 2
        return np.add.accumulate(half)[-1:] * precision_m * math.sqrt(2)
    parts, part_owner = shapely.get_parts(shapes, return_index=True)
    rings, ring_owner = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    total = np.zeros(len(shapes))
    if len(xy) < 3:
        return total
    first = np.searchsorted(ring, np.arange(len(rings)))
    last = np.append(first[1:], len(xy)) - 1
    following, before = np.arange(1, len(xy) + 1), np.arange(-1, len(xy) - 1)
    # The first and the last position of a ring are one vertex: its neighbours lie across.
    before[first] = last - 1
    chord = xy[np.minimum(following, len(xy) - 1)] - xy[before]
    length = np.hypot(chord[:, 0], chord[:, 1])
    length[last] = 0.0
    np.add.at(total, part_owner[ring_owner[ring]], length / 2)
    return total * precision_m * math.sqrt(2)
