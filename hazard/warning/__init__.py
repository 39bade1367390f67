"""Early warning: readings become states, crossings name places and people, in CAP 1.2."""

from hazard.warning.cap import CapSettings, cap_xml
from hazard.warning.impact import Impact, ImpactIndex, things_above_river
from hazard.warning.monitor import UNKNOWN, Change, Monitor
from hazard.warning.readings import Reading, Sorted, parse_readings, sort_readings
from hazard.warning.stations import NORMAL, Level, Station, load_stations

__all__ = [
    "NORMAL",
    "UNKNOWN",
    "CapSettings",
    "Change",
    "Impact",
    "ImpactIndex",
    "Level",
    "Monitor",
    "Reading",
    "Sorted",
    "Station",
    "cap_xml",
    "load_stations",
    "parse_readings",
    "sort_readings",
    "things_above_river",
]
