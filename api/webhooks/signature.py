"""The signature of a webhook, in the form of Standard Webhooks: `v1,` and HMAC-SHA256.

Signed are id, time and body together. A receiver checks the signature, refuses times further
than `REPLAY_S` from its own clock, and remembers ids for as long: a message that somebody kept
and sends again is then known.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

__all__ = ["REPLAY_S", "Master", "sign", "verify"]

#: Seconds for which a message may be believed.
REPLAY_S: Final = 300
PREFIX: Final = "whsec_"
FILE: Final = "webhook.key"


class Master:
    """The key from which every caller's secret is made, in a file of the service's user alone.

    Parameters
    ----------
    folder : Path
        Where the service keeps what it must remember.

    Examples
    --------
    >>> import tempfile
    >>> master = Master(Path(tempfile.mkdtemp()))
    >>> master.secret_of("oss") == master.secret_of("oss") != master.secret_of("simbg")
    True
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def secret_of(self, caller: str) -> str:
        """Return the secret that only this caller and the service know."""
        made = hmac.new(self._key(), f"webhook:{caller}".encode(), hashlib.sha256).digest()
        return PREFIX + base64.b64encode(made).decode()

    def _key(self) -> bytes:
        """Return the key; the first that asks makes it, and others wait for none."""
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_name(f".{FILE}.{secrets.token_hex(8)}")
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(secrets.token_bytes(32))
        try:
            os.link(partial, self._path)  # fails where another process was first
        except FileExistsError:
            pass
        finally:
            partial.unlink()
        return self._path.read_bytes()


def sign(secret: str, name: str, time: int, body: bytes) -> str:
    """Return the signature of a message.

    Examples
    --------
    >>> sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
    ...      1614265330, b'{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b".".join((name.encode(), str(time).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def verify(secret: str, name: str, time: int, body: bytes, signature: str, now: float) -> bool:
    """Say whether a message is the service's and fresh, as a receiver does.

    Examples
    --------
    >>> secret = "whsec_" + "A" * 44
    >>> made = sign(secret, "1", 1000, b"{}")
    >>> verify(secret, "1", 1000, b"{}", made, 1100), verify(secret, "1", 1000, b"{}", made, 1400)
    (True, False)
    """
    fresh = abs(now - time) <= REPLAY_S
    mine = sign(secret, name, time, body)
    return fresh and any(hmac.compare_digest(mine, one) for one in signature.split(" "))
