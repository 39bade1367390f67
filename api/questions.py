"""Bounds of what strangers may ask of analyses, for addresses and processes alike."""

from __future__ import annotations

from typing import Final

__all__ = ["MOST_FDR", "SMOOTH", "WEIGHTS"]

#: Weights of neighbours: bounded, so that none joins everything with everything.
WEIGHTS: Final = r"^(queen|rook|knn:([1-9]|[1-5]\d|6[0-4])|distance:([1-9]\d{2,3}|1\d{4}|20000))$"
#: What is studied of rates.
SMOOTH: Final = ("none", "eb", "eb-local", "standardised")
MOST_FDR: Final = 0.5
