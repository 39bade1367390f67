"""`tataruang warmup`: compile the kernels once, so that no first answer waits for it."""

from __future__ import annotations

import json

import typer

from api.options import AsJson

__all__ = ["warmup"]


def warmup(as_json: AsJson = False) -> None:
    """Kompilasi di muka / compile ahead of the first answer."""
    # Imported here: --help compiles nothing.
    from spatial.warmup import warm_up

    seconds = {name: round(value, 3) for name, value in warm_up().items()}
    if as_json:
        typer.echo(json.dumps(seconds))
        return
    for name, value in seconds.items():
        typer.echo(f"{name}: {value:.1f} s")
