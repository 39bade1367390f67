"""The peers of the conformity endpoint: FastAPI over PostGIS, prepared questions of asyncpg.

`/v1/conformity` computes the same as the engine does: the application read and checked by the
very same models, six layers measured in one question, the verdict with its law, and a row on
record, committed before the answer. `/v1/shares` answers with areas alone and records nothing.
Neither has request ids, counts, access or limits, which the engine has in its time.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import asyncpg
import orjson
import shapely
from fastapi import FastAPI, Request, Response

from api.applications import Applications, read_applications
from spatial.crs import INDONESIA
from tests.benchmarks.postgis_verdict import QUESTION, RECORD, Judge
from tests.benchmarks.province import LAYERS
from zoning.register.entry import sha256
from zoning.register.request import drafts_of

__all__ = ["app"]

#: Connections of each worker.
CONNECTIONS: Final = 8
ONE_LAYER: Final = (
    "SELECT '{name}', code, sum(CASE WHEN ST_CoveredBy(p.shape, z.shape) THEN ST_Area(p.shape) "
    "ELSE ST_Area(ST_Intersection(p.shape, z.shape)) END) FROM p JOIN {name} z "
    "ON ST_Intersects(p.shape, z.shape) GROUP BY code"
)
SHARES: Final = "WITH p AS (SELECT ST_GeomFromWKB($1) AS shape) " + " UNION ALL ".join(
    ONE_LAYER.format(name=name) for name in LAYERS
)


@asynccontextmanager
async def _connected(app: FastAPI) -> AsyncIterator[None]:
    app.state.judge = Judge(Path(os.environ["BENCH_WORKSPACE"]))
    async with asyncpg.create_pool(
        os.environ["BENCH_DATABASE"],
        min_size=CONNECTIONS,
        max_size=CONNECTIONS,
        server_settings={"jit": "off"},
        # Connections stay as they are: nothing that a request does has to be undone.
        reset=_nothing,
    ) as pool:
        app.state.pool = pool
        yield


async def _nothing(_: Any) -> None:
    """Leave a connection as it is."""


app = FastAPI(lifespan=_connected)


def _read(raw: bytes) -> Applications:
    return read_applications(raw, most=1, within=INDONESIA)


@app.post("/v1/conformity")
async def verdict(request: Request) -> Response:
    """Return the verdict, once it is on record."""
    state = request.app.state
    sent = _read(await request.body())
    parcel = state.judge.placed(sent)
    async with state.pool.acquire() as base:
        accuracy = float(state.judge.ground.meta.ce90_m)
        rows = await base.fetch(QUESTION, shapely.to_wkb(parcel), accuracy)
        answer = state.judge.answer(sent, parcel, rows)
        headers = {}
        if "dry_run" not in request.query_params:
            [draft] = drafts_of(sent.permits, [answer])
            hashes = sha256(draft.request), sha256(answer)
            seq = await base.fetchval(RECORD, draft.permit_id, draft.request, answer, *hashes)
            headers["tataruang-register"] = str(seq)
    return Response(answer, media_type="application/json", headers=headers)


@app.post("/v1/shares")
async def shares(request: Request) -> Response:
    """Return area by layer and code."""
    state = request.app.state
    parcel = state.judge.placed(_read(await request.body()))
    rows = await state.pool.fetch(SHARES, shapely.to_wkb(parcel))
    return Response(orjson.dumps([tuple(row) for row in rows]), media_type="application/json")
