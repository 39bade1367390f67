"""How sure a hazard map is: heights with correlated errors and weights within ranges, many runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hazard.rule_files import load_rule
from spatial.errors import LayerError, LimitError

__all__ = [
    "MOST_RUNS",
    "Chance",
    "Uncertainty",
    "correlated_noise",
    "probability",
    "simulate",
    "weights_within",
]

MOST_RUNS: Final = 10_000
QUANTILES: Final = {"p05": 0.05, "p50": 0.5, "p95": 0.95}
#: Where the filter is cut off, in its own widths.
CUT: Final = 4.0


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """Quantiles over runs that differ only in what is not known.

    `table` has `p05`, `p50`, `p95` and `mean` per row of what was measured; the same `seed`
    gives the same numbers.
    """

    table: pd.DataFrame
    runs: int
    seed: int


def correlated_noise(
    shape: tuple[int, int], *, sd: float, reach_cells: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Draw errors that neighbours share, as those of a height model are.

    Parameters
    ----------
    sd : float
        Standard deviation of every cell.
    reach_cells : float
        Distance, in cells, at which the correlation has fallen to 1/e; 0 for none.

    Returns
    -------
    array
        Normal errors; the edge has the same spread as the middle.

    Raises
    ------
    LayerError
        `noise_wrong`, if a number is below zero.

    References
    ----------
    Oksanen, J., Sarjakoski, T. (2005). Error propagation of DEM-based surface derivatives.
    Computers & Geosciences 31, 1015-1027.

    Examples
    --------
    >>> noise = correlated_noise((200, 200), sd=2.0, reach_cells=3.0,
    ...                          rng=np.random.default_rng(1))
    >>> round(float(noise.std()), 1)
    2.0
    """
    if sd < 0 or reach_cells < 0:
        raise LayerError(
            "errors of {sd} m that reach {reach} cells are none",
            code="noise_wrong",
            hint="Both numbers are 0 or more",
            sd=sd,
            reach=reach_cells,
        )
    # White noise filtered by a Gaussian of width s correlates as exp(-d**2 / (4 s**2)).
    width = reach_cells / 2
    if width == 0:
        return rng.normal(0.0, sd, shape)
    # Imported where it is used: most questions about hazard need no filter.
    from scipy.ndimage import gaussian_filter

    frame = int(np.ceil(CUT * width)) + 1
    wide = rng.normal(0.0, 1.0, (shape[0] + 2 * frame, shape[1] + 2 * frame))
    smooth = gaussian_filter(wide, width, truncate=CUT)[frame:-frame, frame:-frame]
    line = np.zeros(2 * frame + 1)
    line[frame] = 1.0
    kept = float((gaussian_filter(line, width, truncate=CUT) ** 2).sum())
    noise: NDArray[np.float64] = smooth * (sd / kept)
    return noise


def weights_within(rule: str, *, spread: float, rng: np.random.Generator) -> dict[str, float]:
    """Draw weights of an overlay rule, each within a share of its own, summing as the rule says.

    Parameters
    ----------
    spread : float, 0..1
        0.2 lets a weight of 30 lie between 24 and 36 before all are brought to their sum.

    Examples
    --------
    >>> drawn = weights_within("longsor_pu22_2007_alami", spread=0.2,
    ...                        rng=np.random.default_rng(0))
    >>> round(sum(drawn.values()), 9)
    100.0
    """
    data = load_rule("overlay", rule).data
    drawn = {
        part["name"]: part["weight"] * rng.uniform(1 - spread, 1 + spread)
        for part in data["factors"]
    }
    scale = data["weight_total"] / sum(drawn.values())
    return {name: weight * scale for name, weight in drawn.items()}


def simulate(
    run: Callable[[np.random.Generator], pd.Series[Any]], *, runs: int, seed: int = 0
) -> Uncertainty:
    """Repeat a measurement with other draws and return the quantiles of what comes out.

    Parameters
    ----------
    run : callable
        Given a generator, returns amounts (people or area by unit and class, say) with the
        same index every time.
    runs : int

    Raises
    ------
    LimitError
        `runs_outside`, unless there are 2 to 10,000 runs.

    Examples
    --------
    >>> made = simulate(lambda rng: pd.Series({"jiwa": rng.normal(100, 10)}), runs=400, seed=1)
    >>> made.table.round(0).loc["jiwa", ["p05", "p50", "p95"]].tolist()
    [84.0, 100.0, 118.0]
    """
    drawn = pd.concat([run(rng) for rng in _generators(runs, seed)], axis=1)
    values = drawn.to_numpy(float)
    table = pd.DataFrame(
        {name: np.quantile(values, q, axis=1) for name, q in QUANTILES.items()}, drawn.index
    )
    table["mean"] = values.mean(axis=1)
    return Uncertainty(table, runs, seed)


def probability(
    flooded: Callable[[np.random.Generator], NDArray[Any]], *, runs: int, seed: int = 0
) -> NDArray[np.float64]:
    """Return the share of runs in which each cell is flooded (value above 0).

    Returns
    -------
    array
        NaN where a cell never had an answer; runs without one do not count.
    """
    chance = Chance()
    for rng in _generators(runs, seed):
        depth = np.asarray(flooded(rng), float)
        chance.add(np.where(np.isnan(depth), np.nan, depth > 0))
    return chance.share()


class Chance:
    """Counts, run by run, how often each cell is met.

    Examples
    --------
    >>> chance = Chance()
    >>> for run in ([1.0, 0.0, np.nan], [1.0, 1.0, np.nan]):
    ...     chance.add(np.array(run))
    >>> chance.share().tolist(), chance.runs
    ([1.0, 0.5, nan], 2)
    """

    def __init__(self) -> None:
        self.runs = 0
        self._met: Any = 0.0
        self._known: Any = 0.0

    def add(self, met: NDArray[Any]) -> None:
        """Count a run: 1 where a cell is met, 0 where not, NaN where it has no answer."""
        self._met = self._met + np.nan_to_num(met)
        self._known = self._known + ~np.isnan(met)
        self.runs += 1

    def share(self) -> NDArray[np.float64]:
        """Return the share of runs in which each cell is met; NaN where it never had an answer."""
        known = np.asarray(self._known, dtype=float)
        share: NDArray[np.float64] = np.full(known.shape, np.nan)
        np.divide(self._met, known, out=share, where=known > 0)
        return share


def _generators(runs: int, seed: int) -> list[np.random.Generator]:
    if not 2 <= runs <= MOST_RUNS:
        raise LimitError(
            "{runs} runs are not between 2 and {most}",
            code="runs_outside",
            hint="100 runs show the middle, 1000 the tails",
            runs=runs,
            most=MOST_RUNS,
        )
    return [np.random.default_rng(part) for part in np.random.SeedSequence(seed).spawn(runs)]
