"""Terrain: slope and curvature by windows, the flow of water and height above it."""

from spatial.terrain.build import flow_of
from spatial.terrain.cog import in_windows, write_cog
from spatial.terrain.flow import (
    Flow,
    height_above_drainage,
    slope_area_rivers,
    upstream_value,
)
from spatial.terrain.heights import in_metres, open_heights
from spatial.terrain.network import carry_up
from spatial.terrain.slope import (
    check_heights,
    curvature,
    slope_deg,
    slope_percent,
    terrain_windows,
)
from spatial.terrain.tiles import Tile

__all__ = [
    "Flow",
    "Tile",
    "carry_up",
    "check_heights",
    "curvature",
    "flow_of",
    "height_above_drainage",
    "in_metres",
    "in_windows",
    "open_heights",
    "slope_area_rivers",
    "slope_deg",
    "slope_percent",
    "terrain_windows",
    "upstream_value",
    "write_cog",
]
