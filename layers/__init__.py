"""What agencies' data mean: reading, kinds, quality, versions. It knows no plan and no hazard."""

from layers.layer import Layer, Provenance
from layers.reading import read
from layers.store import LayerSource, Store, StoredLayer, Version, open_store
from layers.workspace import Workspace

__all__ = [
    "Layer",
    "LayerSource",
    "Provenance",
    "Store",
    "StoredLayer",
    "Version",
    "Workspace",
    "open_store",
    "read",
]
