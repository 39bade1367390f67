"""A load of HTTP requests over kept connections: as fast as answers come, or at a fixed rate."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Load", "load"]


@dataclass(frozen=True)
class Load:
    """What a load gave: answers a second, latencies in milliseconds, and answers that were not 200.

    At a fixed rate a latency counts from when the request was due, so that waiting is not hidden.
    """

    rate: float
    p50_ms: float
    p99_ms: float
    refused: int


def load(
    port: int,
    path: str,
    bodies: Sequence[bytes],
    *,
    seconds: float,
    connections: int = 16,
    rate: float | None = None,
) -> Load:
    """Send bodies in turn for some seconds."""
    requests = [_request(path, body) for body in bodies]
    return asyncio.run(_load(port, requests, seconds, connections, rate))


def _request(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


async def _load(
    port: int, requests: Sequence[bytes], seconds: float, connections: int, rate: float | None
) -> Load:
    begin = time.perf_counter()
    took: list[float] = []
    refused = [0]
    turn = iter(range(10**9))

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
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

    await asyncio.gather(*(client() for _ in range(connections)))
    spent = time.perf_counter() - begin
    middle, late = np.percentile(took, (50, 99)) * 1000.0
    return Load(len(took) / spent, float(middle), float(late), refused[0])


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length))
    return status
