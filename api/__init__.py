"""Delivery: HTTP, tiles, web map, command line and reports. No rule and no geometry lives here."""
