"""How deep tiles go; apart from the encoder, so that routes need none of its libraries."""

from __future__ import annotations

from typing import Final

__all__ = ["MAX_ZOOM"]

MAX_ZOOM: Final = 20
