"""Versions of layers as pages list them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from api.tiles.source import version_name

__all__ = ["newest_layers", "versions"]


def versions(engine: Any, layer: str) -> list[dict[str, Any]]:
    """List the versions of a layer, the newest first.

    Raises
    ------
    LayerNotFoundError
        If there is no layer of that name.
    """
    engine.layer(layer)
    store = getattr(engine, "store", None)
    history: dict[str, Any] = {}
    for one in () if store is None else store.history(layer):
        # Published again, a version stands where it was published last.
        history.pop(one.id, None)
        history[one.id] = one
    return [
        {
            "version": one.id,
            "short": version_name(one.id),
            "valid_from": one.valid_from and one.valid_from.isoformat(),
            "valid_to": one.valid_to and one.valid_to.isoformat(),
            "known_from": one.known_from,
            "rows": one.rows,
            "legal": dict(one.legal),
        }
        for one in reversed(list(history.values()))
    ]


def newest_layers(listed: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List layers by their last publication, the newest first.

    Examples
    --------
    >>> former, later = {"name": "a", "known_from": "2025"}, {"name": "b", "known_from": "2026"}
    >>> [one["name"] for one in newest_layers([former, later])]
    ['b', 'a']
    """
    names = ("name", "kind", "version", "known_from", "legal")
    found = [{name: one.get(name) for name in names} for one in listed]
    return sorted(found, key=lambda one: str(one["known_from"]), reverse=True)
