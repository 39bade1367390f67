"""Poverty data: counts per desa, what may enter, what must stay outside, what may be shown."""

from layers.poverty.columns import codes, find_code_column, numbers, single_period
from layers.poverty.files import PLANAR, read_areas
from layers.poverty.personal import personal_columns, refuse_personal
from layers.poverty.privacy import Mask, bounds, levels_of_codes, official_codes, protect

__all__ = [
    "PLANAR",
    "Mask",
    "bounds",
    "codes",
    "find_code_column",
    "levels_of_codes",
    "numbers",
    "official_codes",
    "personal_columns",
    "protect",
    "read_areas",
    "refuse_personal",
    "single_period",
]
