"""Rule files: the numbers of law and handbooks, each with its source, version and status."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final

from spatial.errors import PlanError, PlanNotFoundError

__all__ = ["STATUSES", "Rule", "find_rule", "rules_of"]

STATUSES: Final = ("resmi", "belum_diverifikasi", "contoh")
REQUIRED: Final = ("title", "source", "status", "version")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule file: who says it, how sure that is, and its data."""

    kind: str
    name: str
    title: str
    source: str
    status: str
    version: str
    data: dict[str, Any]

    def citation(self) -> str:
        """Return one line that names rule, source and, unless official, its status.

        Examples
        --------
        >>> Rule("k", "n", "Judul", "Sumber", "contoh", "1", {}).citation()
        'Judul (Sumber; versi 1; contoh)'
        """
        status = "" if self.status == "resmi" else f"; {self.status.replace('_', ' ')}"
        return f"{self.title} ({self.source}; versi {self.version}{status})"


def rules_of(package: str, kind: str) -> list[str]:
    """List the rules of a kind that come with a package, in its folder `rules/<kind>`.

    Examples
    --------
    >>> rules_of("layers.poverty", "index")
    ['idm_2016', 'indeks_desa_2025']
    """
    folder = resources.files(package) / "rules" / kind
    if not folder.is_dir():
        return []
    return sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml"))


@cache
def find_rule(package: str, kind: str, name: str) -> Rule:
    """Read a rule of a package by name, or any file by its path ending in `.toml`.

    Raises
    ------
    PlanNotFoundError
        `rule_not_found`, naming those that exist.
    PlanError
        `rule_unreadable` or `rule_incomplete`.
    """
    if name.endswith(".toml"):
        return _read(kind, Path(name).stem, Path(name))
    if name not in rules_of(package, kind):
        raise PlanNotFoundError(
            "there is no rule {name!r} of kind {kind}",
            code="rule_not_found",
            hint="There are: {known}. Or give the path of a .toml file",
            name=name,
            kind=kind,
            known=", ".join(rules_of(package, kind)),
        )
    return _read(kind, name, resources.files(package) / "rules" / kind / f"{name}.toml")


def _read(kind: str, name: str, file: Any) -> Rule:
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise PlanError(
            "rule file {name} cannot be read: {reason}",
            code="rule_unreadable",
            name=name,
            reason=str(error)[:200],
        ) from error
    missing = [key for key in REQUIRED if not data.get(key)]
    if missing or data["status"] not in STATUSES:
        raise PlanError(
            "rule file {name} does not say {missing}",
            code="rule_incomplete",
            hint="Every rule states title, source, version and status ({statuses})",
            name=name,
            missing=", ".join(missing) or "a known status",
            statuses=", ".join(STATUSES),
        )
    body = {key: value for key, value in data.items() if key not in REQUIRED}
    title, source, status, version = (str(data[key]) for key in REQUIRED)
    return Rule(kind, name, title, source, status, version, body)
