"""Layers of services of other agencies: OGC API Features and WFS, from hosts that are allowed.

A service is downloaded page by page into one file, which is then read like any file of a
stranger: in the confined process, which has no network.
"""

from layers.remote.fetch import Fetched, fetched, is_service

__all__ = ["Fetched", "fetched", "is_service"]
