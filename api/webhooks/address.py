"""To whom a webhook may go: hosts on a list, at addresses looked at before they are dialled.

A name may be resolved to another address every time it is asked for. So it is asked once for
each attempt, every address it has is checked, and the connection goes to a checked address,
never to the name again.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from api.errors import RequestError
from spatial.errors import SecurityError

__all__ = ["Receiver", "Rules", "resolve"]

LONGEST: Final = 500
PORTS: Final = {"https": 443, "http": 80}
#: Addresses behind which a network translates to IPv4 (RFC 6052).
TRANSLATED: Final = ipaddress.IPv6Network("64:ff9b::/96")
Resolver = Callable[..., Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Rules:
    """What the office allows.

    Parameters
    ----------
    hosts : tuple of str
        `host` or `host:port`; nothing is sent to any other.
    private : bool
        Whether addresses of the office's own network are dialled, and http too.
    """

    hosts: tuple[str, ...] = ()
    private: bool = False


@dataclass(frozen=True, slots=True)
class Receiver:
    """An address that may be told.

    Parameters
    ----------
    url : str
    scheme, host, port, path
        Its parts; `path` with the query.
    """

    url: str
    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def read(cls, url: object, rules: Rules) -> Receiver:
        """Check an address that a client gave.

        Raises
        ------
        RequestError
            `webhook_address`.

        Examples
        --------
        >>> rules = Rules(("oss.example",))
        >>> Receiver.read("https://oss.example/selesai?id=7", rules).path
        '/selesai?id=7'
        >>> Receiver.read("https://oss.example@evil.example/", rules)
        Traceback (most recent call last):
        api.errors.RequestError: nothing is sent to this address: it names a user...
        """
        if not isinstance(url, str) or not 0 < len(url) <= LONGEST or not url.isascii():
            raise _refused(f"it is no text of at most {LONGEST} plain letters")
        if any(sign <= " " or sign in "\\\x7f" for sign in url):
            raise _refused("it holds blanks or backslashes")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise _refused("it cannot be read") from None
        schemes = ("https", "http") if rules.private else ("https",)
        if parts.scheme not in schemes:
            raise _refused(f"it must begin with {' or '.join(schemes)}")
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise _refused("it names a user or a part of a page")
        host = (parts.hostname or "").lower().rstrip(".")
        named = host if port in (None, PORTS[parts.scheme]) else f"{host}:{port}"
        if not host or named not in rules.hosts:
            raise _refused("its host is not on the list of this service")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return cls(url, parts.scheme, host, port or PORTS[parts.scheme], path)


def resolve(receiver: Receiver, rules: Rules, ask: Resolver = socket.getaddrinfo) -> str:
    """Return the address to dial, after every address of the name was looked at.

    Raises
    ------
    SecurityError
        `webhook_destination`, if any of them is not one that may be dialled.
    OSError
        If the name has no address.
    """
    found = ask(receiver.host, receiver.port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    bad = [one for one in addresses if not _may_be_dialled(one, private=rules.private)]
    if bad or not addresses:
        raise SecurityError(
            "{host} is at {address}, which is not dialled",
            code="webhook_destination",
            hint="Addresses of the office's network need TATARUANG_WEBHOOK_PRIVATE",
            host=receiver.host,
            address=", ".join(bad) or "-",
        )
    return addresses[0]


def _may_be_dialled(text: str, *, private: bool) -> bool:
    """Say whether an address is of the open network, or of the office's where that is allowed.

    Addresses of the link, where clouds keep their secrets, are never dialled.
    """
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in TRANSLATED:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
        if inner is not None:
            return _may_be_dialled(str(inner), private=private)
        if address.teredo is not None:
            return False
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        return False
    if address.is_loopback or address.is_private:
        return private
    return address.is_global and not address.is_reserved


def _refused(reason: str) -> RequestError:
    return RequestError(
        "nothing is sent to this address: {reason}",
        code="webhook_address",
        hint="The office lists hosts in TATARUANG_WEBHOOK_HOSTS",
        reason=reason,
    )
