"""Bounds of what strangers may ask of analyses, for addresses and processes alike."""

from __future__ import annotations

from typing import Final

__all__ = ["MOST_FDR", "MOST_PLACES", "MOST_VERTICES", "NAME_LENGTH", "SMOOTH", "WEIGHTS"]

#: Weights of neighbours: bounded, so that none joins everything with everything.
WEIGHTS: Final = r"^(queen|rook|knn:([1-9]|[1-5]\d|6[0-4])|distance:([1-9]\d{2,3}|1\d{4}|20000))$"
#: What is studied of rates.
SMOOTH: Final = ("none", "eb", "eb-local", "standardised")
MOST_FDR: Final = 0.5
#: Areas or sites of one question, and their corners together.
MOST_PLACES: Final = 500
MOST_VERTICES: Final = 2_000
#: Of names of layers, columns and features.
NAME_LENGTH: Final = 64
