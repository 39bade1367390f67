"""Keys of programs: shown once, kept only as a hash, revoked by their name.

A key is 256 random bits, so a plain SHA-256 of it cannot be turned back or tried out.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Final

from api.access.roles import ROLES, Caller
from api.clock import today
from spatial.errors import AccessError, StoreError

__all__ = ["Key", "Keys"]

PREFIX: Final = "tr"
LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Key:
    """What is kept of a key."""

    name: str
    hash: str
    roles: tuple[str, ...]
    made: str
    expires: str | None = None


class Keys:
    """The keys of a service, in one file that only its user may read.

    Parameters
    ----------
    path : Path
        Read again whenever it changes: a revoked key ends at once, in every worker.

    Examples
    --------
    >>> import tempfile
    >>> keys = Keys(Path(tempfile.mkdtemp()) / "keys.json")
    >>> secret = keys.add("oss", ["verifikator"])
    >>> keys.caller(secret).id, keys.revoke("oss")
    ('oss', True)
    >>> keys.caller(secret)
    Traceback (most recent call last):
    spatial.errors.AccessError: the key is not known...
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._keys: tuple[Key, ...] = ()

    def all(self) -> tuple[Key, ...]:
        """Return every key."""
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._stamp, self._keys = None, ()
            return ()
        stamp = (stat.st_mtime_ns, stat.st_size)
        if stamp != self._stamp:
            self._keys, self._stamp = self._read(), stamp
        return self._keys

    def add(self, name: str, roles: Sequence[str], expires: date | None = None) -> str:
        """Make a key and return it; it cannot be shown again.

        Raises
        ------
        AccessError
            `key_name`, if the name is taken or none; `role_unknown`.
        """
        taken = any(key.name == name for key in self.all())
        if taken or not name.isprintable() or not 0 < len(name) <= 60:
            raise AccessError(
                "{name!r} cannot name a new key",
                code="key_name",
                hint="Choose a short name that no other key has",
                name=name[:60],
            )
        if strange := sorted(set(roles) - set(ROLES)) or (["-"] if not roles else []):
            raise AccessError(
                "there is no role {role!r}",
                code="role_unknown",
                hint="Roles are {known}",
                role=strange[0],
                known=", ".join(ROLES),
            )
        secret = f"{PREFIX}_{secrets.token_urlsafe(32)}"
        until = None if expires is None else expires.isoformat()
        made = Key(name, _hash(secret), tuple(roles), today().isoformat(), until)
        self._write([*self.all(), made])
        return secret

    def revoke(self, name: str) -> bool:
        """Take a key out; say whether there was one."""
        left = [key for key in self.all() if key.name != name]
        if len(left) == len(self.all()):
            return False
        self._write(left)
        return True

    def caller(self, secret: str) -> Caller:
        """Return who a key belongs to.

        Raises
        ------
        AccessError
            `key_unknown` or `key_expired`.
        """
        return _caller(self.holder(secret))

    def holder(self, secret: str) -> Key:
        """Return what is kept of a key that somebody shows.

        Raises
        ------
        AccessError
            `key_unknown` or `key_expired`.
        """
        wanted = _hash(secret[:LONGEST])
        for key in self.all():
            if hmac.compare_digest(key.hash, wanted):
                if _ended(key):
                    raise AccessError(
                        "the key {name} ended on {day}",
                        code="key_expired",
                        hint="Ask the office for a new one",
                        name=key.name,
                        day=key.expires,
                    )
                return key
        raise AccessError(
            "the key is not known", code="key_unknown", hint="Ask the office for a key"
        )

    def caller_of(self, hash_: str) -> Caller | None:
        """Return who the key of a hash belongs to; None where it was revoked or has ended."""
        found = (key for key in self.all() if key.hash == hash_ and not _ended(key))
        return next(map(_caller, found), None)

    def _read(self) -> tuple[Key, ...]:
        try:
            entries = json.loads(self._path.read_text(encoding="utf-8"))
            return tuple(Key(**(one | {"roles": tuple(one["roles"])})) for one in entries)
        except (ValueError, TypeError, KeyError, OSError) as error:
            raise StoreError(
                "the file of keys cannot be read: {reason}",
                code="keys_unreadable",
                hint="Restore it from a backup; until then nobody's key is accepted",
                reason=str(error)[:160],
            ) from error

    def _write(self, keys: Sequence[Key]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump([asdict(key) for key in keys], out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        partial.replace(self._path)


def _caller(key: Key) -> Caller:
    return Caller(key.name, frozenset(key.roles), known=True)


def _ended(key: Key) -> bool:
    return key.expires is not None and key.expires < today().isoformat()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
