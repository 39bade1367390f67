"""Operations that will go: announced a year before, in every answer they give.

`Deprecation` (RFC 9745) says since when, `Sunset` (RFC 8594) until when, a link what to use
instead; the OpenAPI document marks them too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from typing import Final

from starlette.types import Scope

__all__ = ["LEAVING", "Leaving", "notice"]

#: Days between the announcement and the end.
NOTICE_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class Leaving:
    """When an operation was announced to go, when it goes, what takes its place.

    Examples
    --------
    >>> Leaving(date(2026, 1, 1), date(2027, 1, 1), "/v1/zones/at").headers()[1]
    (b'sunset', b'Fri, 01 Jan 2027 00:00:00 GMT')
    >>> Leaving(date(2026, 1, 1), date(2026, 6, 1), "/v1/zones/at")
    Traceback (most recent call last):
    ValueError: an operation is announced 365 days before it goes
    """

    since: date
    until: date
    instead: str

    def __post_init__(self) -> None:
        if (self.until - self.since).days < NOTICE_DAYS:
            raise ValueError(f"an operation is announced {NOTICE_DAYS} days before it goes")

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers of its answers."""
        since, until = (datetime.combine(day, time(), UTC) for day in (self.since, self.until))
        return [
            (b"deprecation", f"@{int(since.timestamp())}".encode()),
            (b"sunset", format_datetime(until, usegmt=True).encode()),
            (b"link", f'<{self.instead}>; rel="successor-version"'.encode()),
        ]


#: By path of the route, as the OpenAPI document writes it. None is leaving.
LEAVING: Final[dict[str, Leaving]] = {}


def notice(scope: Scope, leaving: Mapping[str, Leaving] = LEAVING) -> list[tuple[bytes, bytes]]:
    """Return the headers that announce the end of the operation that answers a request."""
    if not leaving:
        return []
    found = leaving.get(str(getattr(scope.get("route"), "path", "")))
    return [] if found is None else found.headers()
