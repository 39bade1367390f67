"""How well a hazard map agrees with what happened: hits, false alarms, CSI, AUC."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike, NDArray

from hazard.maps import Hazard
from hazard.measure import areas_by_class, points_by_class
from spatial.crs import AREA_CRS, to_crs
from spatial.errors import LayerError

__all__ = ["Contingency", "Roc", "Validation", "area_under", "roc_curve", "validate_hazard"]


@dataclass(frozen=True, slots=True)
class Contingency:
    """Agreement of a yes-or-no map with what was observed, as cells, places or areas.

    Examples
    --------
    >>> table = Contingency(hits=82.0, misses=23.0, false_alarms=38.0, correct_negatives=222.0)
    >>> round(table.hit_rate, 3), round(table.false_alarm_ratio, 3), round(table.csi, 3)
    (0.781, 0.317, 0.573)
    """

    hits: float
    misses: float
    false_alarms: float
    correct_negatives: float

    @property
    def hit_rate(self) -> float:
        """Share of what happened that the map shows (probability of detection)."""
        return _share(self.hits, self.hits + self.misses)

    @property
    def false_alarm_ratio(self) -> float:
        """Share of what the map shows that did not happen."""
        return _share(self.false_alarms, self.hits + self.false_alarms)

    @property
    def false_alarm_rate(self) -> float:
        """Share of what did not happen that the map shows (false positive rate)."""
        return _share(self.false_alarms, self.false_alarms + self.correct_negatives)

    @property
    def csi(self) -> float:
        """Critical success index (threat score): hits among hits, misses and false alarms."""
        return _share(self.hits, self.hits + self.misses + self.false_alarms)

    @property
    def accuracy(self) -> float:
        """Share that map and observation agree on."""
        total = self.hits + self.misses + self.false_alarms + self.correct_negatives
        return _share(self.hits + self.correct_negatives, total)

    @property
    def bias(self) -> float:
        """What the map shows over what happened; above 1 it warns too much."""
        return _share(self.hits + self.false_alarms, self.hits + self.misses)

    def to_dict(self) -> dict[str, float]:
        """Return the four numbers and all scores; NaN where a score has no meaning."""
        scores = (
            "hit_rate",
            "false_alarm_ratio",
            "false_alarm_rate",
            "csi",
            "accuracy",
            "bias",
        )
        return asdict(self) | {name: getattr(self, name) for name in scores}


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else float("nan")


@dataclass(frozen=True, slots=True)
class Roc:
    """Hit rate over false alarm rate for every threshold, highest first.

    `best` is the threshold with the least sum of false alarm rate and missed share.
    """

    thresholds: NDArray[np.float64]
    hit_rate: NDArray[np.float64]
    false_alarm_rate: NDArray[np.float64]
    auc: float
    best: float


def roc_curve(index: ArrayLike, observed: ArrayLike) -> Roc:
    """Try every value of an index as the threshold from which on it says yes.

    Parameters
    ----------
    index : array
        NaN where it is not known; such places take no part.
    observed : array, same shape
        Above 0 it happened, 0 it did not, NaN nobody looked.

    Raises
    ------
    LayerError
        `observed_one_sided`, unless both were observed.

    References
    ----------
    Fawcett, T. (2006). An introduction to ROC analysis. Pattern Recognition Letters 27,
    861-874.

    Examples
    --------
    >>> curve = roc_curve([0.9, 0.8, 0.7, 0.6], [1, 1, 0, 1])
    >>> round(curve.auc, 4), curve.best
    (0.6667, 0.8)
    """
    values, seen = np.asarray(index, float).ravel(), np.asarray(observed, float).ravel()
    known = np.isfinite(values) & np.isfinite(seen)
    values, wet = values[known], seen[known] > 0
    if wet.all() or not wet.any():
        raise LayerError(
            "the observed map has {wet} wet and {dry} dry cells where the index is known",
            code="observed_one_sided",
            hint="Calibration needs both; mark only what was really looked at",
            wet=int(wet.sum()),
            dry=int((~wet).sum()),
        )
    order = np.argsort(-values, kind="stable")
    ranked, wet = values[order], wet[order]
    # A threshold admits all places of the same value or none.
    last = np.append(ranked[1:] != ranked[:-1], True)
    hits = (np.cumsum(wet) / wet.sum())[last]
    alarms = (np.cumsum(~wet) / (~wet).sum())[last]
    thresholds = ranked[last]
    best = float(thresholds[int(np.argmin(alarms + 1 - hits))])
    return Roc(thresholds, hits, alarms, area_under(alarms, hits), best)


def area_under(across: ArrayLike, up: ArrayLike) -> float:
    """Return the area under a curve that begins at (0, 0), by trapezes."""
    x, y = np.concatenate(([0.0], np.asarray(across))), np.concatenate(([0.0], np.asarray(up)))
    return float(np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2))


@dataclass(frozen=True, slots=True)
class Validation:
    """A hazard map held against events.

    `classes` has, per class from worst to least, the share of the area and of the events in
    it. `table` is empty for points: that nothing was reported does not say nothing happened,
    so there are no false alarms to count; the area the class takes stands in their place.
    """

    classes: pd.DataFrame
    hit_rate: float
    area_share: float
    auc: float
    table: Contingency | None
    unknown_events: float
    from_class: str


def validate_hazard(
    hazard: Hazard,
    events: gpd.GeoDataFrame,
    within: gpd.GeoDataFrame,
    *,
    from_class: str,
    scenario: str | None = None,
) -> Validation:
    """Hold a hazard map against observed events: points, or the extent of one event.

    Parameters
    ----------
    events : GeoDataFrame of points or polygons
    within : GeoDataFrame of polygons
        What was looked at; the rest takes no part.
    from_class : str
        From this class on the map says yes.
    scenario : str, optional
        By default the first.

    Returns
    -------
    Validation
        Events where the map has no answer are in `unknown_events` (number or m²) and in
        no score.

    Raises
    ------
    LayerError
        `class_not_known`; `events_none`, if no event lies within and on the map.
    """
    if from_class not in hazard.labels:
        raise LayerError(
            "the hazard has no class {name!r}",
            code="class_not_known",
            hint="Its classes are: {known}",
            name=from_class,
            known=", ".join(hazard.labels),
        )
    at = 0 if scenario is None else hazard.scenarios.index(scenario)
    whole = to_crs(within, AREA_CRS, what="within").union_all()
    shapes = np.asarray(to_crs(events, AREA_CRS, what="events").geometry.array, dtype=object)
    shapes = shapely.force_2d(shapes[~shapely.is_missing(shapes)])
    area = areas_by_class(np.array([whole], dtype=object), hazard)[0, at]
    points = bool((shapely.get_dimensions(shapes) == 0).all())
    if points:
        inside = shapes[shapely.intersects(shapes, whole)]
        seen = points_by_class(inside, hazard)[:, at].sum(axis=0) if len(inside) else area * 0
    else:
        extent = shapely.intersection(shapely.union_all(shapes), whole)
        seen = areas_by_class(np.array([extent], dtype=object), hazard)[0, at]
    return _scored(hazard.labels, area, seen, from_class, points)


def _scored(
    labels: tuple[str, ...],
    area: NDArray[np.float64],
    seen: NDArray[np.float64],
    from_class: str,
    points: bool,
) -> Validation:
    count = len(labels)
    known_area, known_seen = area[:count].sum(), seen[:count].sum()
    if known_seen <= 0 or known_area <= 0:
        raise LayerError(
            "no event lies where the hazard map has a class",
            code="events_none",
            hint="Compare the extents and the CRS of the events and of the map",
        )
    worst = slice(None, None, -1)
    area_share, event_share = area[:count][worst] / known_area, seen[:count][worst] / known_seen
    first = labels.index(from_class)
    hits, flagged = float(seen[first:count].sum()), float(area[first:count].sum())
    table, across = None, np.cumsum(area_share)
    if not points:
        dry = known_area - known_seen
        table = Contingency(hits, known_seen - hits, flagged - hits, dry - (flagged - hits))
        across = np.cumsum((area[:count] - seen[:count])[worst]) / dry if dry > 0 else across
    classes: dict[str, Any] = {
        "hazard_class": labels[worst],
        "area_m2": area[:count][worst],
        "events": seen[:count][worst],
        "area_share": area_share,
        "event_share": event_share,
    }
    return Validation(
        pd.DataFrame(classes),
        hits / known_seen,
        flagged / known_area,
        area_under(across, np.cumsum(event_share)),
        table,
        float(seen[count:].sum()),
        from_class,
    )
