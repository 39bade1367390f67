"""Zones under an index: areas, places and distances without building a geometry."""

from spatial.index.areas import Areas, measure_areas, measure_layers
from spatial.index.files import open_index, save_index
from spatial.index.shelf import Shelf
from spatial.index.stack import Measured, Share, Stack
from spatial.index.zones import ZoneIndex, build_index, index_of

__all__ = [
    "Areas",
    "Measured",
    "Share",
    "Shelf",
    "Stack",
    "ZoneIndex",
    "build_index",
    "index_of",
    "measure_areas",
    "measure_layers",
    "open_index",
    "save_index",
]
