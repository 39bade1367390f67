"""The web map: our own pages and scripts, and third-party files found in installed packages."""
