"""In which form a document is wanted: by the parameter f, else by the Accept header."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from fastapi import Request, Response

from api.errors import RequestError

__all__ = ["HTML", "MEDIA", "form_of", "unchanged"]

HTML: Final = "text/html; charset=utf-8"
#: Names for f and the media types by which a header asks for them.
MEDIA: Final[dict[str, tuple[str, ...]]] = {
    "html": ("text/html", "application/xhtml+xml"),
    "json": ("application/json", "application/*", "*/*"),
    "geojson": ("application/geo+json",),
    "csv": ("text/csv",),
    "flatgeobuf": ("application/flatgeobuf",),
}


def form_of(request: Request, offered: Sequence[str]) -> str:
    """Return the form to answer in; the first offered where nothing is asked for.

    Raises
    ------
    RequestError
        `form_unknown` for an f that is not offered, `not_acceptable` for a header that
        names only other forms.
    """
    asked = request.query_params.get("f")
    if asked is not None:
        if asked in offered:
            return asked
        raise RequestError(
            "the form {asked!r} is not offered here",
            code="form_unknown",
            hint="Offered are {known}",
            asked=asked[:40],
            known=", ".join(offered),
        )
    wanted = _accepted(request.headers.get("accept", ""))
    if not wanted:
        return offered[0]
    for kind in wanted:
        for name in offered:
            if kind in MEDIA[name] or kind == "*/*":
                return name
    raise RequestError(
        "none of the accepted types is offered here",
        code="not_acceptable",
        hint="Offered are {known}",
        known=", ".join(MEDIA[name][0] for name in offered),
    )


def _accepted(header: str) -> list[str]:
    """Return media types of an Accept header, the most wanted first.

    Examples
    --------
    >>> _accepted("application/json;q=0.2, text/html")
    ['text/html', 'application/json']
    """
    found: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:40]):
        kind, *options = (text.strip().lower() for text in part.split(";"))
        weight = 1.0
        for option in options:
            if option.startswith("q="):
                try:
                    weight = float(option[2:])
                except ValueError:
                    weight = 0.0
        if kind and weight > 0:
            found.append((-weight, place, kind))
    return [kind for _, _, kind in sorted(found)]


def unchanged(
    request: Request, tag: str, headers: Mapping[str, str] | None = None
) -> Response | None:
    """Return 304 where the client has this very document already.

    Parameters
    ----------
    headers : mapping, optional
        Those of the document that say who may keep it.
    """
    sent = {
        one.strip().removeprefix("W/")
        for one in request.headers.get("if-none-match", "").split(",")
    }
    if tag not in sent and "*" not in sent:
        return None
    return Response(status_code=304, headers={"etag": tag} | dict(headers or {}))
