"""What a question may cost, told from its size alone, before anything is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import shapely

from spatial.crs import parse_crs
from zoning.permits import Permits

__all__ = ["QUICK_BYTES", "Weight", "weight_of"]

METRES_PER_DEGREE: Final = 111_320.0
#: A body as small as this is read at once, without a thread.
QUICK_BYTES: Final = 4_096
#: What is judged in about a millisecond: a parcel as most are, alone.
QUICK_VERTICES: Final = 60
QUICK_SPAN_DEG: Final = 0.002


@dataclass(frozen=True, slots=True)
class Weight:
    """How many permits, all their corners, and the width of the widest shape.

    Examples
    --------
    >>> Weight(permits=1, vertices=5, span_deg=0.0002).quick
    True
    """

    permits: int
    vertices: int
    span_deg: float

    @property
    def quick(self) -> bool:
        """Whether handing it to a thread would take longer than judging it."""
        small = self.vertices <= QUICK_VERTICES and self.span_deg <= QUICK_SPAN_DEG
        return self.permits == 1 and small


def weight_of(permits: Permits) -> Weight:
    """Return the weight of permits, with all that they draw."""
    shapes = [shape for one in permits for shape in (one.parcel, *one.drawn.values())]
    spans = [max(x1 - x0, y1 - y0) for x0, y0, x1, y1 in shapely.bounds(shapes).tolist()]
    unit = 1.0 if parse_crs(permits.crs).is_geographic else METRES_PER_DEGREE
    vertices = int(shapely.get_num_coordinates(shapes).sum())
    return Weight(len(permits), vertices, max(spans) / unit)
