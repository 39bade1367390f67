"""The routes of the service, one module for each concern; none holds geometry or law."""
