"""Hazard, exposure, risk and warning: numbers that close, with the rule cited."""

from hazard.accounting import Account, largest_remainder, round_table
from hazard.classes import NO_DATA, UNMAPPED, ClassRule, class_rule
from hazard.counting import footprint_classes
from hazard.exposure import Exposure, exposure
from hazard.maps import Hazard, hazard_from_grid, hazard_from_polygons
from hazard.people import people_exposure, roll_up
from hazard.rule_files import Rule, load_rule, rule_names
from hazard.scenarios import check_monotone, compare_scenarios, expected_annual
from hazard.spread import spread

__all__ = [
    "NO_DATA",
    "UNMAPPED",
    "Account",
    "ClassRule",
    "Exposure",
    "Hazard",
    "Rule",
    "check_monotone",
    "class_rule",
    "compare_scenarios",
    "expected_annual",
    "exposure",
    "footprint_classes",
    "hazard_from_grid",
    "hazard_from_polygons",
    "largest_remainder",
    "load_rule",
    "people_exposure",
    "roll_up",
    "round_table",
    "rule_names",
    "spread",
]
