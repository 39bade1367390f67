"""Hotspots as people meet them: words, maps, a short report."""

from api.hotspots.wording import CLASS_WORDS, reasons

__all__ = ["CLASS_WORDS", "reasons"]
