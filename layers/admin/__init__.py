"""Administrative codes and areas: joined by code, followed through editions, found by place."""

from layers.admin.codes import LEVELS, code_column, join, level_of, parent_of, parse_codes
from layers.admin.crosswalk import Crosswalk, crosswalk
from layers.admin.links import carry, compare_codes, ground_links
from layers.admin.places import dissolve, locate

__all__ = [
    "LEVELS",
    "Crosswalk",
    "carry",
    "code_column",
    "compare_codes",
    "crosswalk",
    "dissolve",
    "ground_links",
    "join",
    "level_of",
    "locate",
    "parent_of",
    "parse_codes",
]
