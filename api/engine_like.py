"""The part of the engine that serving needs; tests serve one of three lines."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

from zoning.permits import Permits

__all__ = ["EngineLike"]


class EngineLike(Protocol):
    """The part of the engine that serving needs."""

    def check(
        self, permits: Permits, on: date | None = None, plan: str | None = None
    ) -> Sequence[Any]:
        """Judge permits."""

    def zones_at(self, lon: float, lat: float, on: date | None = None) -> list[dict[str, Any]]:
        """Tell the zones of every instrument at a place."""

    def layer(self, name: str) -> Any:
        """Return a stored layer: `frame`, `version`."""

    def layers(self) -> Sequence[Any]:
        """List the layers."""
