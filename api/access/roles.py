"""Roles of an office and what each may do; one table, asked by every route."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from spatial.errors import AccessError

__all__ = ["EVERYBODY", "OFFICE", "RIGHTS", "ROLES", "Caller", "Right", "require", "require_known"]

Right = Literal["judge", "record", "decisions", "metrics", "audit"]
#: What a role may do beside reading public layers.
RIGHTS: Final[dict[str, frozenset[str]]] = {
    "publik": frozenset({"judge"}),
    "opd": frozenset({"judge"}),
    "verifikator": frozenset({"judge", "record", "decisions"}),
    "admin_data": frozenset({"judge", "metrics"}),
    "auditor": frozenset({"judge", "decisions", "audit"}),
}
ROLES: Final = tuple(RIGHTS)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request.

    Parameters
    ----------
    id : str
        Name of a key or of a person, or the address of somebody unknown.
    roles : frozenset of str
    known : bool
        Whether the caller showed a key or a token.

    Examples
    --------
    >>> Caller("oss", frozenset({"verifikator"}), True).may("record")
    True
    >>> EVERYBODY.may("record")
    False
    """

    id: str
    roles: frozenset[str]
    known: bool = False

    def may(self, right: str) -> bool:
        """Say whether one of the caller's roles has a right."""
        return any(right in RIGHTS[role] for role in self.roles)

    def sees(self, allowed: Iterable[str]) -> bool:
        """Say whether the caller has one of the roles that may see something."""
        return not self.roles.isdisjoint(allowed)

    def __str__(self) -> str:
        return self.id


#: Somebody without a key, where keys are asked for.
EVERYBODY: Final = Caller("publik", frozenset({"publik"}))
#: Whoever sits at this machine, where no keys are asked for.
OFFICE: Final = Caller("kantor", frozenset(ROLES))


def require(caller: Caller, right: Right) -> None:
    """Refuse a caller without a right.

    Raises
    ------
    AccessError
        `access_needs_key` for somebody unknown, `access_denied` for somebody known.

    Examples
    --------
    >>> require(EVERYBODY, "record")
    Traceback (most recent call last):
    spatial.errors.AccessError: this needs a key...
    """
    if caller.may(right):
        return
    require_known(caller)
    raise AccessError(
        "{caller} has no right to {right}",
        code="access_denied",
        hint="Its roles: {roles}",
        caller=caller.id,
        right=right,
        roles=", ".join(sorted(caller.roles)),
    )


def require_known(caller: Caller) -> None:
    """Refuse somebody who showed no key and no token.

    Raises
    ------
    AccessError
        `access_needs_key`.
    """
    if not caller.known:
        raise AccessError(
            "this needs a key or a token",
            code="access_needs_key",
            hint="Send the header X-API-Key, or Authorization: Bearer; the office gives keys",
        )
