"""Fractal noise: repeatable random fields from which the sample's nature is drawn.

Every field has a name, and its random numbers depend on that name and the seed alone, so
that a change in one part of the builder never moves another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from layers.sample.grid import CELL, FINE_CELL, HEIGHT_M, NORTH, WEST, WIDTH_M, centres

__all__ = ["Field", "Warp", "field", "generator", "origin", "ragged", "warp"]

Array: TypeAlias = NDArray[np.float64]
Field: TypeAlias = Callable[[Array, Array], Array]
Warp: TypeAlias = Callable[[Array], Array]

#: Lattice nodes beyond each edge, so that a place just outside still has a value.
MARGIN = 3


def generator(seed: int, name: str) -> np.random.Generator:
    """Return the random numbers of one named part.

    Examples
    --------
    >>> bool(generator(33, "coast").random() == generator(33, "coast").random())
    True
    """
    return np.random.default_rng([seed, crc32(name.encode())])


def field(seed: int, name: str, wavelength_m: float, octaves: int = 4, gain: float = 0.5) -> Field:
    """Return a smooth random function of place, about -1..1, summed over octaves.

    Parameters
    ----------
    seed : int
    name : str
        Name of the field; another name is another field.
    wavelength_m : float
        Width of the largest bumps; each octave halves it and multiplies its height by `gain`.

    Examples
    --------
    >>> height = field(33, "doctest", 4000.0)
    >>> import numpy as np
    >>> height(np.array([455000.0]), np.array([9240000.0])).shape
    (1,)
    """
    random = generator(seed, name)
    layers = []
    for octave in range(octaves):
        step = wavelength_m / 2**octave
        shape = (int(HEIGHT_M / step) + 2 * MARGIN + 2, int(WIDTH_M / step) + 2 * MARGIN + 2)
        values = random.uniform(-1.0, 1.0, shape)
        layers.append((step, gain**octave, ndimage.spline_filter(values, order=3)))
    norm = sum(weight for _, weight, _ in layers) * 0.75

    def height(x: Array, y: Array) -> Array:
        total = np.zeros(np.shape(x))
        for step, weight, values in layers:
            at = ((NORTH - y) / step + MARGIN, (x - WEST) / step + MARGIN)
            total += weight * ndimage.map_coordinates(
                values, at, order=3, prefilter=False, mode="nearest"
            )
        return total / norm

    return height


def warp(seed: int, name: str, scales: tuple[tuple[float, float], ...]) -> Warp:
    """Return a displacement of the plane that makes straight lines look grown.

    It is one continuous function of place: neighbours that share a vertex still share it
    afterwards, so a coverage stays a coverage. `scales` are pairs (wavelength_m, height_m)
    whose slopes together must stay well under 1, or the plane would fold.
    """
    fields = [
        (height, field(seed, f"{name}/{axis}/{wave:g}", wave, octaves=1))
        for wave, height in scales
        for axis in "xy"
    ]

    def move(xy: Array) -> Array:
        shift = np.zeros((len(xy), 2))
        for place, (height, bump) in enumerate(fields):
            shift[:, place % 2] += height * bump(xy[:, 0], xy[:, 1])
        return xy + shift

    return move


def origin(move: Warp) -> Array:
    """Return where each 30 m cell came from: fractional (row, column) on the 90 m grid.

    Shape (2, rows, columns). The inverse of `move`, by fixed-point iteration.
    """
    x, y = centres(FINE_CELL)
    target = np.column_stack((x.ravel(), y.ravel()))
    source = target
    for _ in range(3):
        source = target - (move(source) - source)
    rows = (NORTH - source[:, 1]) / CELL - 0.5
    columns = (source[:, 0] - WEST) / CELL - 0.5
    return np.stack((rows.reshape(x.shape), columns.reshape(x.shape)))


def ragged(seed: int, origin: Array) -> Array:
    """Return origins that also jitter by about half a cell: borders without stairs.

    For labels only: unlike `origin` this is no displacement that could be undone.
    """
    x, y = centres(FINE_CELL)
    shift = [1.7 * field(seed, f"ragged/{axis}", 460.0, octaves=3, gain=0.6)(x, y) for axis in "xy"]
    return np.asarray(origin + np.stack(shift))
