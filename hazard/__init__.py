"""Hazard, exposure, risk and warning: numbers that close, with the rule cited."""

from hazard.accounting import Account, largest_remainder, round_table
from hazard.classes import NO_DATA, UNMAPPED, ClassRule, class_rule
from hazard.comparison import change_areas, compare_hazards
from hazard.counting import footprint_classes
from hazard.damage import Damage, damage, damage_fraction
from hazard.exposure import Exposure, exposure
from hazard.forest import forest_change
from hazard.indicators import Indices, indices
from hazard.maps import Hazard, hazard_from_grid, hazard_from_polygons
from hazard.meaning import column_rule, grid_rule, meaning
from hazard.parcels import parcel_classes
from hazard.people import people_exposure, roll_up
from hazard.risk import Risk, minimum_needs, risk, risk_table, unit_hazard
from hazard.rule_files import Rule, load_rule, rule_names
from hazard.scenarios import check_monotone, compare_scenarios, expected_annual, expected_exposed
from hazard.spread import spread
from hazard.uncertainty import (
    Uncertainty,
    correlated_noise,
    probability,
    simulate,
    weights_within,
)
from hazard.validation import Contingency, Validation, roc_curve, validate_hazard
from hazard.water import das_shares, water_balance

__all__ = [
    "NO_DATA",
    "UNMAPPED",
    "Account",
    "ClassRule",
    "Contingency",
    "Damage",
    "Exposure",
    "Hazard",
    "Indices",
    "Risk",
    "Rule",
    "Uncertainty",
    "Validation",
    "change_areas",
    "check_monotone",
    "class_rule",
    "column_rule",
    "compare_hazards",
    "compare_scenarios",
    "correlated_noise",
    "damage",
    "damage_fraction",
    "das_shares",
    "expected_annual",
    "expected_exposed",
    "exposure",
    "footprint_classes",
    "forest_change",
    "grid_rule",
    "hazard_from_grid",
    "hazard_from_polygons",
    "indices",
    "largest_remainder",
    "load_rule",
    "meaning",
    "minimum_needs",
    "parcel_classes",
    "people_exposure",
    "probability",
    "risk",
    "risk_table",
    "roc_curve",
    "roll_up",
    "round_table",
    "rule_names",
    "simulate",
    "spread",
    "unit_hazard",
    "validate_hazard",
    "water_balance",
    "weights_within",
]
