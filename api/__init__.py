"""Delivery: HTTP, tiles, web map, command line and reports. No rule and no geometry lives here."""

from spatial.drivers import disarm  # before anything that loads GDAL

__all__ = ["disarm"]
