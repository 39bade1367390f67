"""A worker takes its share of connections, and rests where it can take none."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import Any

import httpx
import pytest
import uvicorn

from api import accepting
from api.accepting import Held, SharingServer


async def hello(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


class Full(socket.socket):
    """A socket for whose first connections no file is left."""

    asked = 0

    def accept(self) -> tuple[socket.socket, Any]:
        self.asked += 1
        if self.asked <= 3:
            raise OSError(errno.EMFILE, "Too many open files")
        return super().accept()


def listening(kind: type[socket.socket]) -> Any:
    made = kind(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.bind(("127.0.0.1", 0))
    made.listen(16)
    made.setblocking(False)
    return made


def answered(held: Held, where: socket.socket, requests: int) -> list[int]:
    """Serve as worker 0 and return what a client that connects anew each time is answered."""

    async def run() -> list[int]:
        config = uvicorn.Config(hello, lifespan="off", log_config=None)
        server = SharingServer(config, held, 0)
        port = where.getsockname()[1]
        serving = asyncio.ensure_future(server.serve(sockets=[where]))
        found = []
        for _ in range(requests):
            async with httpx.AsyncClient() as client:
                found.append((await client.get(f"http://127.0.0.1:{port}/")).status_code)
        server.should_exit = True
        await serving
        return found

    return asyncio.run(run())


def test_where_no_file_is_left_the_worker_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accepting, "REST_S", 0.05)
    where = listening(Full)
    assert answered(Held(1), where, 1) == [200]
    # Asked again at once, it would have been asked thousands of times in these rests.
    assert where.asked <= 6


def test_a_worker_takes_what_the_one_with_fewer_leaves() -> None:
    """The other holds none and never wakes: who connects waits a moment and is served."""
    held = Held(2)
    assert answered(held, listening(socket.socket), 3) == [200, 200, 200]
    held[1] = 7
    assert held.is_least(0)
    assert not held.is_least(1)
