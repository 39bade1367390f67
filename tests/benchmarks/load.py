"""A load of HTTP requests over kept connections: as fast as answers come, or at a fixed rate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

__all__ = ["Load", "gets", "load", "posts"]

#: Connections come one after the other, as callers do: servers of several workers spread them.
APART_S: Final = 0.01


@dataclass(frozen=True)
class Load:
    """What a load gave: answers a second, latencies in milliseconds, and answers that were not 200.

    At a fixed rate a latency counts from when the request was due, so that waiting is not
    hidden. `own_ms` is the processor time of the load itself for each answer.
    """

    rate: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    refused: int
    own_ms: float


def posts(path: str, bodies: Iterable[bytes]) -> list[bytes]:
    """Return requests that send JSON to an address."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return [f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body for body in bodies]


def gets(paths: Iterable[str]) -> list[bytes]:
    """Return requests for addresses."""
    return [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() for path in paths]


def load(
    port: int,
    requests: Sequence[bytes],
    *,
    seconds: float,
    connections: int = 16,
    rate: float | None = None,
) -> Load:
    """Send requests in turn for some seconds."""
    return asyncio.run(_load(port, requests, seconds, connections, rate))


async def _load(
    port: int, requests: Sequence[bytes], seconds: float, connections: int, rate: float | None
) -> Load:
    pairs = []
    for _ in range(connections):
        pairs.append(await asyncio.open_connection("127.0.0.1", port))
        await asyncio.sleep(APART_S)
    begin, own = time.perf_counter(), time.process_time()
    took: list[float] = []
    refused = [0]
    turn = iter(range(10**9))

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            number = next(turn)
            due = time.perf_counter() if rate is None else begin + number / rate
            if due - begin >= seconds:
                break
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            writer.write(requests[number % len(requests)])
            refused[0] += await _answer(reader) != 200
            took.append(time.perf_counter() - due)
        writer.close()

    await asyncio.gather(*(client(*pair) for pair in pairs))
    spent, own = time.perf_counter() - begin, time.process_time() - own
    found = (float(value) for value in np.percentile(took, (50, 95, 99)) * 1000.0)
    return Load(len(took) / spent, *found, refused[0], own * 1000 / len(took))


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))
    return status
