"""Layers as OGC API clients ask for them: collections, filters, reference systems, formats."""
