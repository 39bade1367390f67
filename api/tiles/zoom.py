"""How deep tiles go, and their format; apart from the encoder, which routes need nothing of."""

from __future__ import annotations

from typing import Final

__all__ = ["FORMAT", "MAX_ZOOM"]

MAX_ZOOM: Final = 20
#: Raised when the same version would make other tiles: part of what is kept, and of tags.
FORMAT: Final = 3
