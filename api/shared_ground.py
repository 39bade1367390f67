"""Applications of one file that claim the same ground: a double entry, or a dispute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from shapely.geometry.base import BaseGeometry

from api.formats import area, percent
from spatial.errors import LimitError
from spatial.live import LiveIndex

__all__ = ["SharedGround", "shared_ground"]

#: Common area below this is the rounding of coordinates, m2.
NOISE_M2: Final = 0.5
#: From this share of their union on, two applications are for the same ground.
SAME: Final = 0.99


@dataclass(frozen=True, slots=True)
class SharedGround:
    """Two applications over the same ground; `other` is empty where none could be compared."""

    permit_id: str
    other: str
    area_m2: float
    alike: float

    def sentence(self) -> str:
        """Say it in Indonesian."""
        if not self.other:
            return f"{self.permit_id} terlalu rumit untuk dibandingkan dengan permohonan lain"
        if self.alike >= SAME:
            return f"{self.permit_id} dan {self.other} memohon tanah yang sama"
        return (
            f"{self.permit_id} dan {self.other} bertumpang tindih {area(self.area_m2)} "
            f"({percent(self.alike)} dari gabungannya)"
        )

    def row(self) -> dict[str, Any]:
        """Return a row of a table."""
        return {
            "permit_id": self.permit_id,
            "dengan": self.other or None,
            "luas_m2": round(self.area_m2, 4) if self.other else None,
            "bagian_gabungan": round(self.alike, 6) if self.other else None,
            "keterangan": self.sentence(),
        }


def shared_ground(
    names: Sequence[str], shapes: Sequence[BaseGeometry | None]
) -> list[SharedGround]:
    """Return each pair of applications that share ground, in the order of the file.

    Parameters
    ----------
    names : sequence of str
        May repeat: the place in the file tells two of one name apart.
    shapes : sequence of valid polygons or None
        On a plane in metres; None is an application without a parcel.

    Examples
    --------
    >>> import shapely
    >>> plots = [shapely.box(0, 0, 10, 10), shapely.box(0, 0, 10, 10), shapely.box(9, 0, 20, 10)]
    >>> for found in shared_ground(["P-1", "P-2", "P-3"], plots)[:2]:
    ...     print(found.sentence())
    P-1 dan P-2 memohon tanah yang sama
    P-1 dan P-3 bertumpang tindih 10,00 m² (5,00 % dari gabungannya)
    """
    live = LiveIndex()
    found: list[SharedGround] = []
    for place, shape in enumerate(shapes):
        if shape is None:
            continue
        try:
            met = [one for one in live.overlapping(shape) if one.overlap > NOISE_M2]
        except LimitError:
            found.append(SharedGround(names[place], "", 0.0, 0.0))
            continue
        found += [
            SharedGround(names[int(one.name)], names[place], one.overlap, one.alike) for one in met
        ]
        live.put(str(place), shape)
    return found
