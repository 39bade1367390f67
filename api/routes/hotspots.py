"""Where poverty clusters, in a layer as it is published."""

from __future__ import annotations

import hashlib
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from api.http import PROBLEMS, StrictRoute, service_of
from api.negotiation import form_of, unchanged
from api.questions import MOST_FDR, WEIGHTS

router = APIRouter(tags=["analyses"], route_class=StrictRoute)

FORMS: Final = ("json", "html", "csv", "geojson")
KINDS: Final = {
    "json": "application/json",
    "html": "text/html; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
}


@router.get(
    "/v1/hotspots",
    summary="Hot and cold spots of a poverty layer",
    response_class=Response,
    responses=PROBLEMS
    | {
        200: {
            "description": "The table of the command with its reasons; as a page, the report",
            "content": {kind.partition(";")[0]: {} for kind in KINDS.values()},
        },
        304: {"description": "Unchanged"},
        403: {"description": "Small counts are not withheld", "content": PROBLEMS[400]["content"]},
        406: {"description": "Not acceptable", "content": PROBLEMS[400]["content"]},
    },
)
async def hotspots(
    request: Request,
    layer: Annotated[
        str | None, Query(max_length=64, description="A poverty layer; the only one without it")
    ] = None,
    weights: Annotated[
        str, Query(pattern=WEIGHTS, description="queen, rook, knn:8, distance:5000 (metres)")
    ] = "queen",
    fdr: Annotated[
        float, Query(gt=0, le=MOST_FDR, allow_inf_nan=False, description="False discovery rate")
    ] = 0.05,
    smooth: Annotated[
        Literal["none", "eb", "eb-local", "standardised"],
        Query(description="What is studied for rates: raw, empirical Bayes, Assuncao-Reis"),
    ] = "none",
    f: Annotated[str | None, Query(max_length=40, description="json, geojson, csv, html")] = None,
) -> Response:
    """Tell where poverty is clearly higher or lower than elsewhere, desa by desa, and why.

    Cells that the layer withholds are `suppressed` here too and enter no number. Columns are
    those of `tataruang hotspots`.
    """
    from api.hotspots.published import Asked  # its libraries are loaded with the service

    state = request.app.state
    form = form_of(request, FORMS)
    service = service_of(request)
    sources = await state.workers.run(service.analyst.sources, layer)
    asked = Asked(sources[0].name, weights, fdr, smooth)
    parts = repr((asked, form, [one.id for one in sources]))
    tag = f'"{hashlib.sha256(parts.encode()).hexdigest()[:24]}"'
    shared = all(service.rights.public(one.name) for one in sources)
    headers = {"cache-control": f"{'public' if shared else 'private'}, max-age=60"}
    headers["vary"] = "accept"
    if (same := unchanged(request, tag, headers)) is not None:
        return same
    body = await state.batch_workers.run(service.analyst.hotspots, asked, form)
    return Response(body, media_type=KINDS[form], headers=headers | {"etag": tag})
