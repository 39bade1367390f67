"""Scores laid over each other by rule files: landslide, forest function, state of a DAS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hazard.rule_files import Rule, load_rule
from spatial.errors import LayerError, PlanError
from spatial.notes import Note

__all__ = ["Overlay", "overlay", "score_bounds"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Overlay:
    """A score, its class, and what decided each cell.

    `low` and `high` are equal where every factor is known; where a factor is missing they
    span what it could have been. `codes` are positions in `labels`, or len(labels) where the
    class is not known. `fired` is 0 where the score decided, i where override i did.
    """

    low: Array
    high: Array
    codes: NDArray[np.int16]
    fired: NDArray[np.int16]
    labels: tuple[str, ...]
    overrides: tuple[str, ...]
    citation: str
    notes: tuple[Note, ...] = ()


def overlay(
    rule: str, factors: Mapping[str, Array], *, weights: Mapping[str, float] | None = None
) -> Overlay:
    """Lay factors over each other as a rule file says.

    Parameters
    ----------
    rule : str
        Name of a rule of kind `overlay`, or the path of a `.toml`.
    factors : mapping of name to array, all of one shape
        Raw values where the rule has breaks or values, else scores. NaN is missing. A factor
        that is left out altogether is noted, and the class stands only where no value of it
        could change the class; weights are never spread over the others.

    weights : mapping of name to weight, optional
        Instead of those of the rule, with the same sum; for asking how much they matter.

    Raises
    ------
    PlanError
        `weights_wrong`, if the weights do not sum to what the rule states.
    LayerError
        `factor_unknown`, `factors_differ`, `score_wrong`.

    Examples
    --------
    >>> factors = {"lereng_persen": np.array([3.0, 20.0, 60.0]),
    ...            "kelas_tanah": np.array([1.0, 4.0, 1.0]),
    ...            "intensitas_hujan": np.array([10.0, 30.0, np.nan])}
    >>> result = overlay("fungsi_hutan_sk837_1980", factors)
    >>> [([*result.labels, "?"])[code] for code in result.codes], result.fired.tolist()
    (['budidaya', 'penyangga', 'lindung'], [0, 0, 1])
    """
    stated = load_rule("overlay", rule)
    parts = [
        part | ({"weight": weights[part["name"]]} if weights and part["name"] in weights else {})
        for part in stated.data["factors"]
    ]
    _check_weights(stated, parts)
    shape = _shape(stated, parts, factors)
    low, high = np.zeros(shape), np.zeros(shape)
    for part in parts:
        least, most = score_bounds(part, factors.get(part["name"]), shape)
        share = _share(stated, part)
        low, high = low + share * least, high + share * most
    labels, breaks = tuple(stated.data["labels"]), np.asarray(stated.data["breaks"], dtype=float)
    # Sums of weights and scores carry rounding; a limit is met up to a billionth.
    worst, best = (np.searchsorted(breaks, total - 1e-9) for total in (high, low))
    codes = np.where(worst == best, worst, len(labels)).astype(np.int16)
    fired, notes = _override(stated, factors, codes, labels)
    absent = [part["name"] for part in parts if part["name"] not in factors]
    return Overlay(
        low,
        high,
        codes,
        fired,
        labels,
        tuple(item["name"] for item in stated.data.get("overrides", ())),
        stated.citation(),
        (*(_missing_note(stated, name) for name in absent), *notes),
    )


def _check_weights(rule: Rule, parts: list[dict[str, Any]]) -> None:
    if rule.data["mode"] == "sum":
        return
    total = sum(part["weight"] for part in parts)
    if abs(total - rule.data["weight_total"]) > 1e-9:
        raise PlanError(
            "rule {name}: the weights sum to {total}, not to {stated}",
            code="weights_wrong",
            hint="Correct the file; weights are never scaled silently",
            name=rule.name,
            total=total,
            stated=rule.data["weight_total"],
        )


def _shape(
    rule: Rule, parts: list[dict[str, Any]], factors: Mapping[str, Array]
) -> tuple[int, ...]:
    """Return the one shape of all factors; refuse names that the rule does not know."""
    used = {part["name"] for part in parts} | {
        test["factor"] for item in rule.data.get("overrides", ()) for test in item["when"]
    }
    strange = sorted(set(factors) - used)
    if strange:
        raise LayerError(
            "rule {name} has no factor {factor!r}",
            code="factor_unknown",
            hint="Its factors are: {known}",
            name=rule.name,
            factor=strange[0],
            known=", ".join(sorted(used)),
        )
    shapes = {np.shape(values) for values in factors.values()}
    if len(shapes) != 1:
        raise LayerError(
            "the factors of rule {name} have the shapes {shapes}",
            code="factors_differ",
            hint="Give at least one factor, and all on the same cells",
            name=rule.name,
            shapes=sorted(map(str, shapes)),
        )
    return shapes.pop()


def _share(rule: Rule, part: dict[str, Any]) -> float:
    if rule.data["mode"] == "weighted":
        return float(part["weight"]) / float(rule.data["weight_total"])
    return float(part["weight"]) if rule.data["mode"] == "weighted_sum" else 1.0


def score_bounds(
    part: dict[str, Any], values: Array | None, shape: tuple[int, ...]
) -> tuple[Array, Array]:
    """Return the least and most score of a factor: equal where its value is known."""
    possible = _possible(part)
    least, most = np.full(shape, min(possible)), np.full(shape, max(possible))
    if values is None:
        return least, most
    known = ~np.isnan(values)
    scored = _score_known(part, values[known], possible)
    least[known] = most[known] = scored
    return least, most


def _possible(part: dict[str, Any]) -> list[float]:
    stated = part.get("scores") or part.get("range") or list(part["values"].values())
    return [float(score) for score in stated]


def _score_known(part: dict[str, Any], values: Array, possible: list[float]) -> Array:
    if "breaks" in part:
        scores = np.asarray(part["scores"], dtype=float)
        return np.asarray(scores[np.searchsorted(part["breaks"], values)])
    if "range" in part:
        wrong = (values < possible[0]) | (values > possible[1])
        scored = values
    else:
        table = {float(k): float(v) for k, v in part.get("values", {}).items()} or {
            score: score for score in possible
        }
        wrong = ~np.isin(values, list(table))
        scored = np.array([table.get(value, np.nan) for value in values.tolist()])
    if wrong.any():
        raise LayerError(
            "factor {factor} has the value {value}, which the rule does not score",
            code="score_wrong",
            hint="Possible: {possible}",
            factor=part["name"],
            value=float(values[wrong][0]),
            possible=possible,
        )
    return scored


def _override(
    rule: Rule,
    factors: Mapping[str, Array],
    codes: NDArray[np.int16],
    labels: tuple[str, ...],
) -> tuple[NDArray[np.int16], list[Note]]:
    """Let overrides decide, the first that fires; note those that could not be tested.

    A cell where an override might fire but for a missing value has no class.
    """
    fired = np.zeros(codes.shape, np.int16)
    notes = []
    for number, item in enumerate(rule.data.get("overrides", ()), start=1):
        absent = [t["factor"] for t in item["when"] if t["factor"] not in factors]
        if absent:
            notes.append(
                Note(
                    "override_untested",
                    "rule {rule}: override {override!r} was not tested, {factor} is not given",
                    "warning",
                    {"rule": rule.name, "override": item["name"], "factor": absent[0]},
                )
            )
            continue
        met, possible = np.ones(codes.shape, bool), np.ones(codes.shape, bool)
        for test in item["when"]:
            values = factors[test["factor"]]
            met &= values > test["above"]
            possible &= (values > test["above"]) | np.isnan(values)
        code = labels.index(item["label"])
        codes[possible & ~met & (fired == 0) & (codes != code)] = len(labels)
        first = met & (fired == 0)
        fired[first], codes[first] = number, code
    return fired, notes


def _missing_note(rule: Rule, name: str) -> Note:
    return Note(
        "factor_missing",
        "rule {rule}: factor {factor} is not given; the class stands only where it could not "
        "change it",
        "warning",
        {"rule": rule.name, "factor": name},
    )
