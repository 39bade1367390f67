"""Words, colours and signs of verdicts, as `zoning.words` defines them."""

from __future__ import annotations

from zoning.words import IZIN, REASONS, VERDICTS, VerdictWords

__all__ = ["IZIN", "REASONS", "VERDICTS", "VerdictWords"]
