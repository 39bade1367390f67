"""The live index at a million permits: what an application finds beside and under it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

from spatial.live import LiveIndex

__all__ = ["live_questions"]

ASKED = 3_000
BESIDE_M = 20.0


def live_questions(parcels: Any) -> dict[str, dict[str, float]]:
    """Return percentiles in milliseconds of what is asked and changed all day."""
    begin = time.perf_counter()
    live = LiveIndex((f"P{row}", shape) for row, shape in enumerate(parcels))
    loaded = time.perf_counter() - begin
    rows = np.random.default_rng(1).integers(0, len(parcels), ASKED)
    # Drawn anew, so a little beside what stands there.
    asked = shapely.transform(parcels[rows], lambda xy: xy + 3.0)
    found = {
        "neighbours within 20 m": _asked(asked, lambda one: live.neighbours(one, within=BESIDE_M)),
        "overlapping": _asked(asked, live.overlapping),
        "duplicates": _asked(asked, live.duplicates),
        "put": _asked(asked, lambda one: live.put(str(id(one)), one)),
    }
    found["loaded at once"] = {"permits": float(len(parcels)), "seconds": loaded}
    for name, row in found.items():
        print(f"  {name:<28}", {key: round(value, 3) for key, value in row.items()}, flush=True)
    return found


def _asked(shapes: Any, ask: Callable[[Any], Any]) -> dict[str, float]:
    times = []
    for shape in shapes:
        begin = time.thread_time()
        ask(shape)
        times.append(1000.0 * (time.thread_time() - begin))
    return {"cpu_p50": float(np.median(times)), "cpu_p99": float(np.quantile(times, 0.99))}
