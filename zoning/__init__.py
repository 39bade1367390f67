"""Plans, rules, permits and verdicts: may this be built here, by which law, and how sure is it."""

from __future__ import annotations

from pathlib import Path

from zoning.at import zones_at
from zoning.check import check_permits
from zoning.explain import explain, headline
from zoning.finding import Finding, Part
from zoning.intake import read_permits
from zoning.lattice import Interval, Izin
from zoning.plan import Plan
from zoning.plan_files import load_plan, load_plans
from zoning.verdict import Verdict, Verdicts

__all__ = [
    "Finding",
    "Interval",
    "Izin",
    "Part",
    "Plan",
    "Verdict",
    "Verdicts",
    "check_permits",
    "explain",
    "headline",
    "load_plan",
    "load_plans",
    "read_permits",
    "sample_plan_folder",
    "zones_at",
]


def sample_plan_folder(name: str = "") -> Path:
    """Return the folder of a plan of the fictional Kabupaten Contoh, or of all of them.

    Parameters
    ----------
    name : {"rdtr", "rtrw_kab", "rtrw_prov", ""}

    Examples
    --------
    >>> sample_plan_folder("rdtr").name
    'rdtr'
    """
    return Path(__file__).resolve().parent / "rules" / "contoh" / name
