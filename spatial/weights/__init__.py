"""Spatial weights on scipy's sparse matrices; areas without neighbours stay visible."""

from spatial.weights.base import Weights, from_neighbours, from_pairs
from spatial.weights.combine import block, higher_order
from spatial.weights.contiguity import queen, rook, tolerant
from spatial.weights.distance import distance_band, inverse_distance, knn
from spatial.weights.parse import build

__all__ = [
    "Weights",
    "block",
    "build",
    "distance_band",
    "from_neighbours",
    "from_pairs",
    "higher_order",
    "inverse_distance",
    "knn",
    "queen",
    "rook",
    "tolerant",
]
