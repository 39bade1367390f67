"""Tokens of the office's identity provider (OpenID Connect): checked, never trusted as sent."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import jwt

from api.access.roles import ROLES, Caller
from spatial.errors import AccessError

__all__ = ["ALGORITHMS", "Tokens"]

#: Signatures by a key pair; a shared secret or none at all is not accepted.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "ES256", "ES384", "PS256", "EdDSA")
LEEWAY_S: Final = 30
LONGEST: Final = 8_192


class Tokens:
    """What makes a token good: who issued it, for whom, signed by which keys.

    Parameters
    ----------
    issuer, audience : str
    jwks : str
        Address (https) or file of the issuer's keys.
    claim : str
        Claim that holds the roles; those of other systems are passed over.
    """

    def __init__(self, issuer: str, audience: str, jwks: str, claim: str = "roles") -> None:
        self._issuer = issuer
        self._audience = audience
        self._claim = claim
        remote = jwks.startswith("https://")
        self._client = jwt.PyJWKClient(jwks, timeout=5, lifespan=300) if remote else None
        self._file = None if remote else Path(jwks)

    def caller(self, token: str) -> Caller:
        """Return who a token speaks for.

        Raises
        ------
        AccessError
            `token_refused`.
        """
        if len(token) > LONGEST:
            raise _refused("it is too long")
        try:
            key = self._key(token)
            claims: dict[str, Any] = jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                issuer=self._issuer,
                audience=self._audience,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, ValueError, OSError) as error:
            raise _refused(str(error)[:120]) from error
        given = claims.get(self._claim, [])
        said = given if isinstance(given, list) else str(given).split()
        roles = frozenset(str(role) for role in said) & frozenset(ROLES)
        return Caller(str(claims["sub"])[:80], roles or frozenset({"publik"}), known=True)

    def _key(self, token: str) -> Any:
        """Return the key that the token names, of an accepted algorithm."""
        if self._client is not None:
            return self._client.get_signing_key_from_jwt(token).key
        head = jwt.get_unverified_header(token)
        assert self._file is not None  # noqa: S101  one of the two is there
        keys = jwt.PyJWKSet.from_json(self._file.read_text(encoding="utf-8")).keys
        for one in keys:
            if one.key_id == head.get("kid"):
                return one.key
        raise jwt.InvalidKeyError("no key of the issuer has its kid")


def _refused(reason: str) -> AccessError:
    return AccessError(
        "the token is not accepted: {reason}",
        code="token_refused",
        hint="Sign in again; it must come from the office's identity provider for this service",
        reason=reason,
    )
