"""Index of a desa by rule file: dimensions, their weights, and the classes if there are any."""

from __future__ import annotations

import pandas as pd

from layers.poverty.columns import numbers
from layers.rule_files import Rule, find_rule
from spatial.errors import PlanError, SchemaError

__all__ = ["village_index"]


def village_index(frame: pd.DataFrame, rule: str | Rule) -> pd.DataFrame:
    """Compute the index of each desa and its class.

    Parameters
    ----------
    frame : DataFrame
        One column per dimension of the rule, any case, 0..1.
    rule : str or Rule
        Name (`idm_2016`, `indeks_desa_2025`) or path of a rule file.

    Returns
    -------
    DataFrame
        `index` (0..1), `class` (NA where the rule has no classes), `status`: ok, missing (a
        dimension is empty; no index from the others), outside (a dimension not in 0..1).
        `attrs["citation"]` names the rule and how sure it is.

    Raises
    ------
    SchemaError
        `index_column`, naming the dimension that is no column.
    PlanError
        `index_rule_wrong`.

    Examples
    --------
    >>> table = pd.DataFrame({"IKS": [0.8, 0.5], "IKE": [0.6, None], "IKL": [0.7, 0.6]})
    >>> village_index(table, "idm_2016")[["class", "status"]].fillna("-").values.tolist()
    [['berkembang', 'ok'], ['-', 'missing']]
    """
    said = find_rule("layers.poverty", "index", rule) if isinstance(rule, str) else rule
    weights, classes = _parts(said)
    lower = {str(name).strip().lower(): name for name in frame.columns}
    for dimension in weights:
        if dimension not in lower:
            raise SchemaError(
                "the index {rule} needs a column {column}",
                code="index_column",
                hint="Its dimensions are: {dimensions}",
                rule=said.name,
                column=dimension,
                dimensions=", ".join(weights),
            )
    table = pd.DataFrame({name: numbers(frame[lower[name]]) for name in weights})
    outside = ((table < 0) | (table > 1)).any(axis=1)
    status = pd.Series("ok", index=frame.index, dtype=object)
    status = status.mask(table.isna().any(axis=1), "missing").mask(outside, "outside")
    total = sum(weights.values())
    index = (table * pd.Series(weights) / total).sum(axis=1, skipna=False).where(status == "ok")
    out = pd.DataFrame({"index": index, "class": _classes(index, classes), "status": status})
    out.attrs["citation"] = said.citation()
    return out


def _parts(rule: Rule) -> tuple[dict[str, float], dict[str, float]]:
    try:
        weights = {str(k).lower(): float(v) for k, v in rule.data["weights"].items()}
        classes = {str(k): float(v) for k, v in rule.data["classes"].items()}
    except (KeyError, AttributeError, TypeError, ValueError) as error:
        raise _wrong(rule) from error
    limits = list(classes.values())
    if not weights or min(weights.values()) <= 0 or limits != sorted(set(limits)):
        raise _wrong(rule)
    return weights, classes


def _wrong(rule: Rule) -> PlanError:
    return PlanError(
        "index rule {name}: it needs weights above zero and classes with rising lower limits",
        code="index_rule_wrong",
        name=rule.name,
    )


def _classes(index: pd.Series, classes: dict[str, float]) -> pd.Series:
    out = pd.Series(None, index=index.index, dtype=object)
    for name, lower in classes.items():
        out = out.mask(index >= lower, name)
    return out
