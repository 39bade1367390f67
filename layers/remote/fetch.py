"""From the address of a service to a file with all its features, and where they came from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from layers.remote import features_api, wfs
from layers.remote.client import Client
from layers.remote.joined import parsed_json

__all__ = ["Fetched", "fetched", "is_service"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file, as long as it is open, and the facts of its download for the provenance."""

    path: Path
    source: dict[str, Any]


def is_service(text: str) -> bool:
    """Say whether a text is the address of a service rather than a path.

    Examples
    --------
    >>> is_service("https://gis.example.go.id/wfs"), is_service("rdtr.gpkg")
    (True, False)
    """
    return re.match(r"https?:/", text, re.IGNORECASE) is not None


@contextmanager
def fetched(url: str, *, layer: str | None = None) -> Iterator[Fetched]:
    """Download a layer of a service into a file that is there as long as it is needed.

    Parameters
    ----------
    url : str
        Of an OGC API Features (the service, a collection or its items) or a WFS. Its host must
        stand in TATARUANG_SOURCES.
    layer : str, optional
        Name of the collection or feature type, where there are several.

    Raises
    ------
    SecurityError
        If it may not be called.
    LayerError, CrsError, LimitError
        If what comes is not a whole layer.
    """
    client = Client()
    with TemporaryDirectory(prefix="tataruang-") as text:
        folder = Path(text)
        if wfs.looks_like(url):
            path, facts = wfs.download(client, url, layer, folder)
        else:
            first = client.get(url, "application/json, application/geo+json;q=0.9, */*;q=0.1")
            if features_api.looks_like(first):
                page = parsed_json(first.body, url)
                path, facts = features_api.download(client, url, page, layer, folder)
            else:
                path, facts = wfs.download(client, url, layer, folder)
        at = datetime.now(UTC).isoformat(timespec="seconds")
        yield Fetched(path, {"url": url, "fetched_at": at, "bytes": client.bytes} | facts)
