"""Zones under an index: areas, places and distances without building a geometry."""

from spatial.index.areas import Areas, measure_areas
from spatial.index.zones import ZoneIndex, build_index

__all__ = ["Areas", "ZoneIndex", "build_index", "measure_areas"]
