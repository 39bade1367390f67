"""Rule files of hazards: classes, overlays, indices, each with its source, version and status."""

from __future__ import annotations

from layers.rule_files import STATUSES, Rule, find_rule, rules_of

__all__ = ["STATUSES", "Rule", "load_rule", "rule_names"]


def rule_names(kind: str) -> list[str]:
    """List the rules of a kind that come with the package.

    Examples
    --------
    >>> "indeks_bnpb" in rule_names("classes")
    True
    """
    return rules_of("hazard", kind)


def load_rule(kind: str, name: str) -> Rule:
    """Read a rule of the package by name, or any file by its path ending in `.toml`.

    Raises
    ------
    PlanNotFoundError
        `rule_not_found`, naming those that exist.
    PlanError
        `rule_unreadable` or `rule_incomplete`.

    Examples
    --------
    >>> load_rule("classes", "banjir_kedalaman_bnpb").citation()
    'Kelas kedalaman genangan banjir (...; versi 2019; belum diverifikasi)'
    """
    return find_rule("hazard", kind, name)
