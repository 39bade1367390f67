"""Poverty data: counts per desa, what may enter, and what must stay outside."""

from layers.poverty.columns import codes, find_code_column, numbers, single_period
from layers.poverty.files import PLANAR, read_areas
from layers.poverty.personal import personal_columns, refuse_personal

__all__ = [
    "PLANAR",
    "codes",
    "find_code_column",
    "numbers",
    "personal_columns",
    "read_areas",
    "refuse_personal",
    "single_period",
]
