"""The short way answers as the long one does, and only where nothing was asked beside the body."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from concurrent.futures import Future
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import arrivals
from api.arrivals import arrival
from api.http import QuickRoute

URL = "/v1/conformity"
#: Names of the day are in an answer, so both ways are asked for the same one.
DAY = {"tanggal": "2026-03-02"}


def same(one: Any, other: Any) -> None:
    own = {"x-request-id", "content-length"}
    kept = [{k: v for k, v in a.headers.items() if k not in own} for a in (one, other)]
    assert kept[0] == kept[1]
    assert one.status_code == other.status_code
    found = [a.json() for a in (one, other)]
    for body in found:
        if isinstance(body, dict):
            body.pop("instance", None)
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"geometry": None},
        {"type": "Point"},
        {"properties": {"lantai": "dua"}},
        {"strange": 1},
    ],
)
def test_both_ways_answer_alike(
    client: TestClient, permit: dict[str, Any], change: dict[str, Any]
) -> None:
    permit["properties"] |= DAY
    body = permit | change
    # A parameter that says what is so anyway takes the long way.
    same(client.post(URL, json=body), client.post(f"{URL}?dry_run=false", json=body))


def test_both_ways_refuse_what_is_no_json(client: TestClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        sent = {"content": b"{", "headers": {"content-type": kind}}
        same(client.post(URL, **sent), client.post(f"{URL}?dry_run=false", **sent))


def test_other_methods_and_unknown_parameters_take_the_long_way(client: TestClient) -> None:
    assert client.get(URL).status_code == 405
    assert client.post(f"{URL}?strange=1", json={}).json()["code"] == "parameter_unknown"
    assert client.post(f"{URL}/", json={}, follow_redirects=False).status_code != 200


def test_a_quick_operation_needs_no_parameter(client: TestClient) -> None:
    from api.routes import conformity

    routes = [one for one in conformity.quick_router.routes if isinstance(one, QuickRoute)]
    assert routes
    for route in routes:
        fields = [*route.dependant.query_params, *route.dependant.header_params]
        assert not route.dependant.path_params
        assert not any(field.field_info.is_required() for field in fields)


def test_a_result_that_comes_while_others_are_handed_out_is_not_left_behind() -> None:
    """A thread sees one waiting, the loop hands that one out, and only then its own is put down."""
    handed_out = threading.Event()

    class Slow(deque[Any]):
        def append(self, one: Any, /) -> None:
            if len(self):
                handed_out.wait(0.5)
            super().append(one)

    async def wait() -> list[int]:
        one, other = (Future[int]() for _ in range(2))
        waiting = [asyncio.ensure_future(arrival(future)) for future in (one, other)]
        waiting[0].add_done_callback(lambda _: handed_out.set())
        await asyncio.sleep(0)
        arrivals._LOOPS[asyncio.get_running_loop()]._come = Slow()
        one.set_result(1)
        threading.Thread(target=other.set_result, args=(2,)).start()
        return await asyncio.wait_for(asyncio.gather(*waiting), 5)

    assert asyncio.run(wait()) == [1, 2]


def test_results_of_threads_arrive_each_where_it_is_awaited() -> None:
    futures: list[Future[int]] = [Future() for _ in range(50)]

    def work() -> None:
        for number, future in enumerate(futures):
            if number == 7:
                future.set_exception(ValueError("seven"))
            else:
                future.set_result(number)

    async def wait() -> list[int | BaseException]:
        first = asyncio.ensure_future(arrival(futures[0]))
        await asyncio.sleep(0)
        first.cancel()  # Nobody waits for it any more; the others are not disturbed.
        threading.Thread(target=work).start()
        waiting = [arrival(future) for future in futures[1:]]
        return await asyncio.gather(*waiting, return_exceptions=True)

    found = asyncio.run(wait())
    assert str(found.pop(6)) == "seven"
    assert found == [number for number in range(1, 50) if number != 7]
