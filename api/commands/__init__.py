"""One module for each command; `api.cli` lists them."""
