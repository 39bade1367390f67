"""Staff at a browser: a key shown once becomes a session, known by a cookie until it ends.

The cookie holds 256 random bits; its hash stands beside the hash of the key it was opened with,
so a session lives no longer than its key and has the roles the key has now.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from api.access.keys import Keys
from api.access.roles import Caller
from api.private_file import connect
from spatial.errors import AccessError

__all__ = ["Sessions", "cookie_of", "forget", "give", "require_same_origin"]

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS sessions (
    hash TEXT PRIMARY KEY, key TEXT NOT NULL, made REAL NOT NULL, ends REAL NOT NULL
) WITHOUT ROWID;
"""
#: With https the name itself makes browsers refuse a cookie that another host or path set.
COOKIE: Final = {"https": "__Host-tataruang", "http": "tataruang"}
#: Open sessions of one key; the oldest goes when another begins.
MOST: Final = 50
SAFE: Final = ("GET", "HEAD", "OPTIONS")


class Sessions:
    """The sessions of a service, shared by its workers.

    Parameters
    ----------
    path : Path
        The SQLite file.
    keys : Keys
        Asked at each request: a revoked key ends its sessions at once.
    hours : float
        How long a session lasts.
    clock : callable
        Seconds since 1970.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> keys = Keys(folder / "keys.json")
    >>> sessions = Sessions(folder / "sessions.sqlite", keys, 10)
    >>> token = sessions.begin(keys.add("budi", ["verifikator"]))
    >>> sessions.caller(token).id
    'budi'
    >>> sessions.end(token)
    >>> sessions.caller(token) is None
    True
    """

    def __init__(
        self, path: Path, keys: Keys, hours: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._path = path
        self._keys = keys
        self._clock = clock
        self.seconds = hours * 3600

    def begin(self, key: str) -> str:
        """Open a session for the holder of a key; return what goes into the cookie.

        Raises
        ------
        AccessError
            `key_unknown` or `key_expired`.
        """
        holder = self._keys.holder(key)
        token = secrets.token_urlsafe(32)
        moment = self._clock()
        with self._open() as base:
            base.execute("DELETE FROM sessions WHERE ends<=?", (moment,))
            base.execute(
                "DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions WHERE key=? "
                "ORDER BY made DESC LIMIT -1 OFFSET ?)",
                (holder.hash, MOST - 1),
            )
            base.execute(
                "INSERT INTO sessions VALUES (?, ?, ?, ?)",
                (_hash(token), holder.hash, moment, moment + self.seconds),
            )
        return token

    def caller(self, token: str) -> Caller | None:
        """Return whose session it is; None where it has ended, or its key has."""
        with self._open() as base:
            row = base.execute(
                "SELECT key, ends FROM sessions WHERE hash=?", (_hash(token),)
            ).fetchone()
        if row is None or row[1] <= self._clock():
            return None
        return self._keys.caller_of(row[0])

    def end(self, token: str) -> None:
        """Close a session in every worker."""
        with self._open() as base:
            base.execute("DELETE FROM sessions WHERE hash=?", (_hash(token),))

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(connect(self._path)) as base:
            base.execute(SCHEMA)
            yield base


def cookie_of(request: Request) -> str | None:
    """Return what a browser kept of its session; never one of http where https is spoken."""
    return request.cookies.get(_name(request)) or None


def give(request: Request, answer: Response, token: str, seconds: float) -> None:
    """Let the browser keep a session: for this service alone, out of reach of any script."""
    answer.set_cookie(
        _name(request), token, max_age=int(seconds), path="/", httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip


def forget(request: Request, answer: Response) -> None:
    """Let the browser drop its session and, where it can, what it kept of private layers."""
    answer.delete_cookie(
        _name(request), path="/", httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )  # fmt: skip
    answer.headers["clear-site-data"] = '"cache"'


def require_same_origin(request: Request) -> None:
    """Refuse what changes something unless a page of this service sent it.

    Raises
    ------
    AccessError
        `cross_site`: browsers tell where a request comes from; what does not tell has no cookie
        to show either.
    """
    if request.method in SAFE:
        return
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    ours = site == "same-origin" if origin is None else _is_ours(origin, request)
    if not ours or site not in (None, "same-origin"):
        raise AccessError(
            "this was not sent by a page of this service",
            code="cross_site",
            hint="Programs send the header X-API-Key instead of a session",
        )


def _is_ours(origin: str, request: Request) -> bool:
    return bool(origin) and urlsplit(origin).netloc == request.headers.get("host", "")


def _name(request: Request) -> str:
    return COOKIE["https" if request.url.scheme == "https" else "http"]


def _hash(token: str) -> str:
    return hashlib.sha256(token[:200].encode("utf-8", "replace")).hexdigest()
