"""Studies for planners over frames: where something may be sited, where building may go up."""

from zoning.studies.siting import Ranking, rank_sites
from zoning.studies.siting_rules import SitingRule, read_siting_rule, siting_rules
from zoning.studies.vertical import room_above, summarise_room

__all__ = [
    "Ranking",
    "SitingRule",
    "rank_sites",
    "read_siting_rule",
    "room_above",
    "siting_rules",
    "summarise_room",
]
