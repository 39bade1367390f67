"""What has changed since it was decided: permits, buildings, greens, paddy, cumulative limits."""

from __future__ import annotations

from zoning.monitoring.buildings import building_indications
from zoning.monitoring.conversion import Conversion, conversion
from zoning.monitoring.flips import Flip, Rejudged, rejudge, rejudge_decisions
from zoning.monitoring.greens import Greens, green_shares
from zoning.monitoring.ledger import LimitRow, ledger, read_limits

__all__ = [
    "Conversion",
    "Flip",
    "Greens",
    "LimitRow",
    "Rejudged",
    "building_indications",
    "conversion",
    "green_shares",
    "ledger",
    "read_limits",
    "rejudge",
    "rejudge_decisions",
]
