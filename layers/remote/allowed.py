"""Which services may be called: those that the operator names, and no others.

Without a setting none. The name of a host is resolved once and the connection goes to the
address that was checked, so that a name cannot point elsewhere a moment later. Addresses that
are not of the open internet (this machine, the office network, a cloud's metadata) are refused
unless the operator names the service as one that lies there.
"""

from __future__ import annotations

import ipaddress
import os
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from spatial.errors import LayerError, SecurityError

__all__ = ["PRIVATE", "SOURCES", "Origin", "address_of", "origin_of"]

#: Origins that may be called, separated by commas: https://geoservices.example.go.id
SOURCES: Final = "TATARUANG_SOURCES"
#: Origins that may be called although their address is private: http://gis.kantor:8080
PRIVATE: Final = "TATARUANG_SOURCES_PRIVATE"
_PORTS: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a service; `private` says that its address may be private."""

    scheme: str
    host: str
    port: int
    private: bool = False

    def __str__(self) -> str:
        port = "" if self.port == _PORTS[self.scheme] else f":{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{port}"


def origin_of(url: str) -> Origin:
    """Return the origin of an address that may be called.

    Raises
    ------
    SecurityError
        `source_address`, if it is no plain address; `source_not_allowed`.

    Examples
    --------
    >>> os.environ[SOURCES] = "https://gis.example.go.id"
    >>> str(origin_of("https://gis.example.go.id/wfs?layer=a"))
    'https://gis.example.go.id'
    >>> try:
    ...     origin_of("https://gis.example.go.id.evil.example/wfs")
    ... except SecurityError as refused:
    ...     print(refused.code)
    source_not_allowed
    >>> del os.environ[SOURCES]
    """
    asked = _parsed(url)
    for setting, private in ((PRIVATE, True), (SOURCES, False)):
        for text in os.environ.get(setting, "").split(","):
            if text.strip() and _parsed(text.strip()) == asked:
                return Origin(asked.scheme, asked.host, asked.port, private)
    raise SecurityError(
        "{origin} is no allowed source",
        code="source_not_allowed",
        hint="The operator names it: {setting}={origin}; or download the layer and give the file",
        origin=str(asked),
        setting=SOURCES,
    )


def _parsed(url: str) -> Origin:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _no_address(url) from None
    strange = any(ord(letter) <= 32 or ord(letter) == 127 for letter in url) or "\\" in url
    if strange or parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        raise _no_address(url)
    try:
        host = parts.hostname.encode("idna").decode().rstrip(".")
    except UnicodeError:
        raise _no_address(url) from None
    return Origin(parts.scheme, host, port or _PORTS[parts.scheme])


def _no_address(url: str) -> SecurityError:
    return SecurityError(
        "{url!r} is no address of a service",
        code="source_address",
        hint="Write https://host/path, without name and password",
        url=url[:200],
    )


def address_of(origin: Origin) -> str:
    """Return the address to connect to.

    Raises
    ------
    LayerError
        `source_unreachable`, if the name is not known.
    SecurityError
        `source_private`, if one of its addresses is not of the open internet.

    Examples
    --------
    >>> address_of(Origin("http", "127.0.0.1", 8080, private=True))
    '127.0.0.1'
    >>> try:
    ...     address_of(Origin("http", "127.0.0.1", 8080))
    ... except SecurityError as refused:
    ...     print(refused.code)
    source_private
    """
    try:
        found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise LayerError(
            "{origin} cannot be reached: {reason}",
            code="source_unreachable",
            hint="Check the address and the network, then try again",
            origin=str(origin),
            reason=str(error.strerror or error)[:200],
        ) from error
    addresses = [str(one[4][0]) for one in found]
    for address in addresses:
        if not origin.private and not _is_open(address):
            raise SecurityError(
                "{origin} lies at {address}, which is not of the open internet",
                code="source_private",
                hint="If it is a service of this office the operator says so: {setting}={origin}",
                origin=str(origin),
                address=address,
                setting=PRIVATE,
            )
    return addresses[0]


def _is_open(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    one = mapped or found
    return one.is_global and not one.is_multicast
