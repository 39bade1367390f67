"""GET from an allowed service: to the checked address, within bytes and time, never elsewhere."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin, urlsplit

from layers.files import limits
from layers.remote.allowed import Origin, address_of, origin_of
from spatial.errors import LayerError, LimitError, SecurityError, TimeLimitError

__all__ = ["Answer", "Client"]

#: Between two pieces of an answer.
_SILENCE_SECONDS: Final = 60.0
_REDIRECTS: Final = 3
#: One page; the whole is bounded by TATARUANG_MAX_BYTES.
_PAGE_BYTES: Final = 256 << 20
_PIECE: Final = 1 << 16
#: Answers of a service that is busy: asked again after these seconds.
_BUSY: Final = (429, 502, 503, 504)
_AGAIN_SECONDS: Final = (1.0, 4.0)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered: headers with small letters, the whole body, and from where."""

    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class _Connection(http.client.HTTPConnection):
    """A connection to an address that was looked up and checked before."""

    def __init__(self, origin: Origin, address: str) -> None:
        super().__init__(origin.host, origin.port, timeout=_SILENCE_SECONDS)
        self._checked = address
        self._tls = ssl.create_default_context() if origin.scheme == "https" else None

    def connect(self) -> None:
        plain = socket.create_connection((self._checked, self.port), self.timeout)
        self.sock = plain if self._tls is None else self._tls.wrap_socket(
            plain, server_hostname=self.host
        )  # fmt: skip


class Client:
    """Asks services, and counts bytes and seconds over all that it asks.

    Parameters
    ----------
    seconds : float
        For everything.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = limits.seconds() if seconds is None else seconds
        self._end = time.monotonic() + self._seconds
        self.bytes = 0

    def get(self, url: str, accept: str) -> Answer:
        """Return the answer to a GET.

        Raises
        ------
        SecurityError
            If the address, or one it leads to, may not be called.
        LayerError
            `source_unreachable`, `source_failed`, `source_broken_off`.
        LimitError, TimeLimitError
            `source_too_large`, `source_too_slow`.
        """
        first = origin_of(url)
        for _ in range(_REDIRECTS + 1):
            status, answer = self._patiently(url, accept)
            if status not in (301, 302, 303, 307, 308):
                return answer
            url = urljoin(url, answer.headers.get("location", ""))
            if origin_of(url) != first:
                raise SecurityError(
                    "{origin} leads to another host: {url}",
                    code="source_redirect",
                    hint="Give the address of that service itself, if it may be called",
                    origin=str(first),
                    url=url[:200],
                )
        raise _failed(url, "it leads from one address to the next")

    def _patiently(self, url: str, accept: str) -> tuple[int, Answer]:
        """Ask again where a service is busy."""
        for pause in (*_AGAIN_SECONDS, None):
            status, answer = self._once(url, accept)
            if status not in _BUSY or pause is None:
                break
            time.sleep(min(pause, max(0.0, self._end - time.monotonic())))
        if status >= 400:
            raise _failed(url, f"HTTP {status}")
        return status, answer

    def _once(self, url: str, accept: str) -> tuple[int, Answer]:
        origin = origin_of(url)
        parts = urlsplit(url)
        connection = _Connection(origin, address_of(origin))
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("GET", target, headers={"Accept": accept, "User-Agent": "tataruang"})
            answer = connection.getresponse()
            headers = {name.lower(): value for name, value in answer.getheaders()}
            if headers.get("content-encoding", "identity").lower() != "identity":
                raise _failed(url, "it packs its answers although nobody asked for that")
            return answer.status, Answer(url, headers, self._body(answer, url))
        except http.client.IncompleteRead as error:
            raise LayerError(
                "the answer of {url} broke off",
                code="source_broken_off",
                hint="Nothing was published. Try again",
                url=url[:200],
            ) from error
        except TimeoutError as error:
            raise self._too_slow(url) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            if isinstance(error, SecurityError | LayerError | LimitError):
                raise
            raise LayerError(
                "{origin} cannot be reached: {reason}",
                code="source_unreachable",
                hint="Check the address and the network, then try again",
                origin=str(origin),
                reason=(str(error) or type(error).__name__)[:200],
            ) from error
        finally:
            connection.close()

    def _body(self, answer: http.client.HTTPResponse, url: str) -> bytes:
        pieces = bytearray()
        while piece := answer.read1(_PIECE):
            pieces += piece
            self.bytes += len(piece)
            if len(pieces) > _PAGE_BYTES or self.bytes > limits.max_bytes():
                raise LimitError(
                    "{url} sends more than {limit} bytes",
                    code="source_too_large",
                    hint="Ask its owner for a file, or raise TATARUANG_MAX_BYTES",
                    url=url[:200],
                    limit=min(_PAGE_BYTES, limits.max_bytes()),
                )
            if time.monotonic() > self._end:
                raise self._too_slow(url)
        # read1 ends quietly where a body with a stated length breaks off.
        if answer.length:
            raise http.client.IncompleteRead(bytes(pieces), answer.length)
        return bytes(pieces)

    def _too_slow(self, url: str) -> TimeLimitError:
        return TimeLimitError(
            "downloading {url} was ended after {seconds} seconds",
            code="source_too_slow",
            hint="Nothing was published. Try again, or raise TATARUANG_READ_SECONDS",
            url=url[:200],
            seconds=round(self._seconds),
        )


def _failed(url: str, reason: str) -> LayerError:
    return LayerError(
        "{url} does not answer as a service: {reason}",
        code="source_failed",
        hint="Open the address in a browser; ask its owner where the service is",
        url=url[:200],
        reason=reason,
    )
