"""Two proposals side by side: what of the answer changes, rule by rule."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from zoning.explain import explain

__all__ = ["compare"]

Json = Mapping[str, Any]
#: Verdicts from best to worst; one that is not decided stands apart.
ORDER: Final = (
    "SESUAI",
    "SESUAI_TERBATAS",
    "SESUAI_BERSYARAT",
    "DISETUJUI_SEBAGIAN",
    "TIDAK_SESUAI",
)


def compare(one: Json, other: Json, language: str = "id") -> dict[str, Any]:
    """Compare two answers.

    Parameters
    ----------
    one, other : mappings
        Verdict JSONs; stored ones as well as new ones.

    Returns
    -------
    dict
        `better` (permit_id, or None where neither is or one is not decided), `verdicts`,
        `areas` (mapped, approvable), `conditions` (only in the first, only in the second,
        both), `findings`: per rule the sentence of either, None where it has none, for
        every rule on which they differ; `same` counts the others.

    Examples
    --------
    >>> def answer(name, verdict):
    ...     return {"permit_id": name, "verdict": verdict, "findings": [], "conditions": [],
    ...             "parcel": {"area_m2": 1.0}, "approvable_m2": None}
    >>> compare(answer("A", "SESUAI"), answer("B", "TIDAK_SESUAI"))["better"]
    'A'
    """
    first, second = _by_rule(one, language), _by_rule(other, language)
    rules = [*first, *(rule for rule in second if rule not in first)]
    differing = [rule for rule in rules if first.get(rule) != second.get(rule)]
    mine, theirs = list(one["conditions"]), list(other["conditions"])
    return {
        "permits": [one["permit_id"], other["permit_id"]],
        "verdicts": [one["verdict"], other["verdict"]],
        "better": _better(one, other),
        "areas": {
            "parcel_m2": [one["parcel"]["area_m2"], other["parcel"]["area_m2"]],
            "approvable_m2": [one["approvable_m2"], other["approvable_m2"]],
        },
        "conditions": {
            "first": [text for text in mine if text not in theirs],
            "second": [text for text in theirs if text not in mine],
            "both": [text for text in mine if text in theirs],
        },
        "findings": [
            {"rule": rule, "first": first.get(rule), "second": second.get(rule)}
            for rule in differing
        ],
        "same": len(rules) - len(differing),
    }


def _by_rule(answer: Json, language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for finding, sentence in zip(answer["findings"], explain(answer, language), strict=True):
        rule = str(finding["rule"])
        # One rule may speak of several parts of a parcel.
        found[rule] = f"{found[rule]} {sentence}" if rule in found else sentence
    return found


def _better(one: Json, other: Json) -> str | None:
    names = one["verdict"], other["verdict"]
    if names[0] == names[1] or not set(names) <= set(ORDER):
        return None
    first = ORDER.index(names[0]) < ORDER.index(names[1])
    return str((one if first else other)["permit_id"])
