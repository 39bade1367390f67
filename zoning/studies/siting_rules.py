"""Rules of siting studies: what closes a site, and what is scored, with their source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from layers.rule_files import Rule, find_rule, rules_of
from spatial.errors import PlanError

__all__ = ["Constraint", "Criterion", "SitingRule", "read_siting_rule", "siting_rules"]

KIND: Final = "study/siting"


@dataclass(frozen=True, slots=True)
class Constraint:
    """What closes a site: nearer to a layer than a distance, or not inside it."""

    name: str
    layer: str
    keep: str
    distance_m: float


@dataclass(frozen=True, slots=True)
class Criterion:
    """What is scored: a distance, an area, a share under a layer, or a column of the site."""

    name: str
    measure: str
    best: float
    worst: float
    weight: float
    layer: str = ""
    column: str = ""


@dataclass(frozen=True, slots=True)
class SitingRule:
    """Constraints and criteria of one purpose, with their source."""

    rule: Rule
    constraints: tuple[Constraint, ...]
    criteria: tuple[Criterion, ...]

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers that it needs."""
        named = [*(c.layer for c in self.constraints), *(c.layer for c in self.criteria)]
        return tuple(dict.fromkeys(name for name in named if name))


def siting_rules() -> list[str]:
    """List the siting rules that come with the package.

    Examples
    --------
    >>> siting_rules()
    ['evakuasi', 'pos_kesehatan', 'sekolah', 'tpa']
    """
    return rules_of("zoning", KIND)


def read_siting_rule(name: str) -> SitingRule:
    """Read a siting rule by name, or by the path of a `.toml` file.

    Raises
    ------
    PlanError
        `siting_rule_wrong`, saying where.
    PlanNotFoundError
        `rule_not_found`.

    Examples
    --------
    >>> read_siting_rule("tpa").layers
    ('bahaya', 'sungai', 'permukiman', 'lp2b', 'jalan')
    """
    rule = find_rule("zoning", KIND, name)
    constraints = tuple(_constraint(rule, one) for one in rule.data.get("constraint", ()))
    criteria = tuple(_criterion(rule, one) for one in rule.data.get("criterion", ()))
    if not criteria:
        raise _wrong(rule, "there is no criterion")
    if len({one.name for one in criteria}) < len(criteria):
        raise _wrong(rule, "two criteria have the same name")
    return SitingRule(rule, constraints, criteria)


def _constraint(rule: Rule, said: Mapping[str, Any]) -> Constraint:
    try:
        made = Constraint(
            str(said["name"]),
            str(said["layer"]),
            str(said["keep"]),
            float(said.get("distance_m", 0)),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise _wrong(rule, f"constraint: {error}") from error
    if made.keep not in ("away", "inside") or not made.distance_m >= 0:
        raise _wrong(rule, f"{made.name}: keep is away or inside, distance_m from 0")
    return made


def _criterion(rule: Rule, said: Mapping[str, Any]) -> Criterion:
    try:
        made = Criterion(
            str(said["name"]), str(said["measure"]), float(said["best"]), float(said["worst"]),
            float(said["weight"]), str(said.get("layer", "")), str(said.get("column", "")),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError) as error:
        raise _wrong(rule, f"criterion: {error}") from error
    needs = {"distance": made.layer, "share": made.layer, "area": "-", "value": made.column}
    if not needs.get(made.measure) or made.best == made.worst or not made.weight > 0:
        raise _wrong(
            rule,
            f"{made.name}: measure is distance or share (with layer), area, or value (with "
            "column); best and worst differ; weight is above 0",
        )
    return made


def _wrong(rule: Rule, reason: str) -> PlanError:
    return PlanError(
        "siting rule {name}: {reason}", code="siting_rule_wrong", name=rule.name, reason=reason
    )
