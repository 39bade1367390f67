"""The peer of the conformity endpoint: FastAPI over PostGIS, shares of one parcel in all layers.

It reads and checks the application with the very same models; it judges nothing and records
nothing, which the engine does in its time.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import numpy as np
import orjson
import psycopg
import shapely
from fastapi import FastAPI, Request, Response

from api.geojson import LONLAT, parse_geometry
from api.models import check_properties
from api.strict_json import parse
from spatial.crs import project
from tests.benchmarks.province import CRS, LAYERS

__all__ = ["app"]

#: Connections of each worker.
CONNECTIONS: Final = 8
ONE_LAYER: Final = (
    "SELECT '{name}', code, sum(CASE WHEN ST_CoveredBy(p.shape, z.shape) THEN ST_Area(p.shape) "
    "ELSE ST_Area(ST_Intersection(p.shape, z.shape)) END) FROM p JOIN {name} z "
    "ON ST_Intersects(p.shape, z.shape) GROUP BY code"
)
QUESTION: Final = "WITH p AS (SELECT ST_GeomFromWKB(%s) AS shape) " + " UNION ALL ".join(
    ONE_LAYER.format(name=name) for name in LAYERS
)


@asynccontextmanager
async def _connected(app: FastAPI) -> AsyncIterator[None]:
    free: asyncio.Queue[psycopg.AsyncConnection[Any]] = asyncio.Queue()
    for _ in range(CONNECTIONS):
        base = await psycopg.AsyncConnection.connect(os.environ["BENCH_DATABASE"], autocommit=True)
        base.prepare_threshold = 0
        free.put_nowait(base)
    app.state.free = free
    yield
    while not free.empty():
        await free.get_nowait().close()


app = FastAPI(lifespan=_connected)


@app.post("/v1/conformity")
async def shares(request: Request) -> Response:
    """Return area by layer and code."""
    document = parse(await request.body())
    check_properties(document.get("properties"), "/properties")
    parcel, _ = parse_geometry(document.get("geometry"))
    [placed] = project(np.array([parcel], dtype=object), LONLAT, CRS)
    free = request.app.state.free
    base = await free.get()
    try:
        found = await base.execute(QUESTION, (shapely.to_wkb(placed),))
        rows = await found.fetchall()
    finally:
        free.put_nowait(base)
    return Response(orjson.dumps(rows), media_type="application/json")
