"""One study of hotspots from areas to everything that is told about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import geopandas as gpd
import pandas as pd

from hazard import Exposure
from hazard.vulnerability import (
    Clusters,
    Hotspots,
    change,
    clusters,
    find_hotspots,
    priority,
    stability,
)
from hazard.vulnerability.table import Smooth
from layers.poverty import Mask, levels_of_codes, official_codes, protect
from layers.poverty.door import counts_the_poor
from layers.poverty.privacy import LEAST
from spatial.hotspots import circular_scan
from spatial.notes import Note

__all__ = ["Question", "Study", "study"]

#: Stands for a population that nobody stated: never few who are not poor.
MANY: Final = 1_000_000
#: Columns in which the name of an area may stand, best first.
NAMES: Final = ("wadmkd", "nama_desa", "namobj", "nama_wilayah", "wilayah", "nama", "name")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the areas.

    Parameters
    ----------
    value, population : str
        Columns: a count and what it is counted in, or an indicator alone.
    weights, fdr, smooth, draws
        As `hazard.vulnerability.find_hotspots` takes them.
    least : int, optional
        Least number of poor and of other households in a shown cell; 0 shows everything.
        Without: 10 where the areas carry official codes of desa and a population is given.
    before, before_population : str, optional
        Columns of an earlier period.
    indicators : sequence of str
        Columns by which clusters are profiled.
    votes : bool
        Ask other weights and the kecamatan too.
    scan : bool
        Ask the circular scan for a second opinion; only where there is a population.
    """

    value: str
    population: str | None = None
    weights: str = "queen"
    fdr: float = 0.05
    smooth: Smooth = "none"
    draws: int = 0
    least: int | None = None
    before: str | None = None
    before_population: str | None = None
    indicators: Sequence[str] = ()
    votes: bool = False
    scan: bool = False


@dataclass(frozen=True, slots=True)
class Study:
    """The answer: hotspots with their clusters, and what else was asked."""

    question: Question
    areas: gpd.GeoDataFrame
    found: Hotspots
    groups: Clusters
    notes: tuple[Note, ...]
    mask: Mask | None = None
    votes: pd.DataFrame | None = None
    change: pd.DataFrame | None = None
    priority: pd.DataFrame | None = None
    circles: pd.DataFrame | None = None
    sources: tuple[Path, ...] = field(default=())

    @property
    def names(self) -> pd.Series:
        """Name of each area for people: from a known column, else its code."""
        known = {str(column).lower(): column for column in self.areas.columns}
        column = next((known[name] for name in NAMES if name in known), None)
        codes = pd.Series(self.areas.index.astype(str), self.areas.index)
        return codes if column is None else self.areas[column].astype("string").fillna(codes)

    def table(self) -> pd.DataFrame:
        """Return the table of the hotspots with the columns of everything else asked."""
        out = self.found.table
        if self.votes is not None:
            out = out.join(self.votes[["votes_hot", "votes_cold", "asked", "steady"]])
        if self.change is not None:
            out = out.join(self.change[["change", "difference", "trend"]])
        if self.priority is not None:
            mine = self.priority[["hazard", "amount", "share", "unknown", "exposed", "priority"]]
            out = out.join(mine.rename(columns=lambda name: EXPOSED.get(name, name)))
        return out


#: Columns of the priority as they stand beside those of the hotspots.
EXPOSED: Final = {
    "amount": "exposed_amount",
    "share": "exposed_share",
    "unknown": "exposure_unknown",
}


def study(
    areas: gpd.GeoDataFrame,
    question: Question,
    *,
    exposed: Exposure | None = None,
    earlier: Mask | None = None,
    published: Mask | None = None,
    notes: tuple[Note, ...] = (),
) -> Study:
    """Find hotspots and answer everything that was asked beside them.

    Small counts leave before anything is computed, so no number that is told depends on them.

    Parameters
    ----------
    areas : GeoDataFrame
        Indexed by area, numbers in the columns of the question.
    question : Question
    exposed : Exposure, optional
        Of the same areas: gives priorities.
    earlier : Mask, optional
        Of an earlier publication.
    published : Mask, optional
        Of a layer whose hidden counts have left it already: it stands as it is.
    notes : tuple of Note
        Of the reading.

    Examples
    --------
    >>> import shapely
    >>> squares = [shapely.box(x, y, x + 1, y + 1) for y in range(9) for x in range(9)]
    >>> poor = [9.0 if x < 3 and y < 3 else 1.0 + (x * y) % 2 for y in range(9) for x in range(9)]
    >>> done = study(gpd.GeoDataFrame({"poor": poor}, geometry=squares), Question("poor"))
    >>> done.groups.objects["areas"].to_list()
    [9]
    """
    mask = _mask(areas, question, earlier) if published is None else published
    hidden = None if mask is None else mask.covers(areas.index)
    found = _find(areas, question.value, question.population, question, hidden)
    told = _warned(areas, question) if mask is None else _withheld(found, mask)
    done = Study(
        question,
        areas,
        found,
        clusters(found, areas, indicators=question.indicators),
        (*notes, *told, *found.notes),
        mask,
    )
    if question.votes:
        done = replace(done, votes=_votes(areas, question, hidden))
    if question.before is not None:
        population = question.before_population or question.population
        old = _find(areas, question.before, population, question, hidden)
        done = replace(done, change=change(old, found, areas))
    if question.scan and question.population is not None:
        done = replace(done, circles=_circles(areas, question, question.population, hidden))
    if exposed is not None:
        done = replace(done, priority=priority(found, exposed))
    return done


def _find(
    areas: gpd.GeoDataFrame,
    value: str,
    population: str | None,
    question: Question,
    hidden: pd.Series | None,
) -> Hotspots:
    return find_hotspots(
        areas,
        value,
        population=population,
        weights=question.weights,
        fdr=question.fdr,
        smooth=question.smooth,
        draws=question.draws,
        withheld=hidden,
    )


def _mask(areas: gpd.GeoDataFrame, question: Question, earlier: Mask | None) -> Mask | None:
    """Choose what is hidden, for both periods together."""
    desa = official_codes(areas.index)
    least = question.least if question.least is not None else (LEAST if desa else 0)
    if least == 0 and earlier is None:
        return None
    mask, levels = earlier, levels_of_codes(areas.index)
    for poor, people in _counted(areas, question):
        mask = protect(poor, people, levels, least=least, earlier=mask)
    return mask


def _counted(areas: gpd.GeoDataFrame, question: Question) -> list[tuple[pd.Series, pd.Series]]:
    """Return the counts to protect, each with what it is counted in.

    A count of the poor without a population is protected by itself: how many are not poor is
    then not known to a reader either.
    """
    if question.population is not None:
        pairs = [(question.value, question.population)]
        if question.before is not None:
            pairs.append((question.before, question.before_population or question.population))
        return [_possible(areas, count, everyone) for count, everyone in pairs]
    names = [name for name in (question.value, question.before) if name is not None]
    alone = [areas[name] for name in names if counts_the_poor(areas[name])]
    return [(counts, counts + MANY) for counts in alone]


def _withheld(found: Hotspots, mask: Mask) -> tuple[Note, ...]:
    many = int((found.table["status"] == "suppressed").sum())
    if not many:
        return ()
    return (
        Note(
            "cells_withheld",
            "{count} areas are withheld: fewer than {least} poor or other households, or needed "
            "to keep those hidden",
            "info",
            {"count": many, "least": mask.least},
        ),
    )


def _possible(areas: gpd.GeoDataFrame, count: str, everyone: str) -> tuple[pd.Series, pd.Series]:
    """Leave out counts that cannot be true: they have a status of their own and no number."""
    poor, people = areas[count].astype(float), areas[everyone].astype(float)
    wrong = (poor < 0) | (people < 0) | (poor > people)
    return poor.mask(wrong), people.mask(wrong)


def _warned(areas: gpd.GeoDataFrame, question: Question) -> tuple[Note, ...]:
    """Say where counts of real desa are shown unprotected."""
    values = areas[question.value].dropna()
    counts = bool(len(values)) and bool(((values % 1 == 0) & (values >= 0)).all())
    small = counts and bool((values < LEAST).any())
    if not official_codes(areas.index) or not (small or question.population is not None):
        return ()
    return (
        Note(
            "counts_unprotected",
            "counts of desa are shown as they are, however small: for work inside, not to publish",
            "warning",
        ),
    )


def _circles(
    areas: gpd.GeoDataFrame, question: Question, population: str, hidden: pd.Series | None
) -> pd.DataFrame:
    """Scan by circles without the withheld counts; only circles beyond chance are kept."""
    shown = areas[[question.value, population, "geometry"]].copy()
    if hidden is not None:
        shown[question.value] = shown[question.value].mask(hidden.to_numpy(dtype=bool))
    found = circular_scan(gpd.GeoDataFrame(shown), question.value, population)
    return found[found["p"] <= question.fdr].reset_index(drop=True)


def _votes(areas: gpd.GeoDataFrame, question: Question, hidden: pd.Series | None) -> pd.DataFrame:
    groups = None
    if official_codes(areas.index):
        groups = levels_of_codes(areas.index)["kecamatan"].rename("kecamatan")
    return stability(
        areas,
        question.value,
        population=question.population,
        groups=groups,
        fdr=question.fdr,
        smooth=question.smooth,
        withheld=hidden,
    )
