"""OGC API Processes: run at once, or as a job that is asked for later."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Annotated, Any, Final

import orjson
from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from api.errors import problem
from api.http import BODY_PROBLEMS, PROBLEMS, StrictRoute, language_of, read_body, service_of
from api.openapi_common import EXECUTION
from api.routes.tiles import base_of
from api.strict_json import parse
from api.webhooks.telling import begin, subscriber_of
from spatial.errors import EngineError, LimitError

if TYPE_CHECKING:
    from api.jobs import Job, Jobs

router = APIRouter(tags=["processes"], prefix="/ogc", route_class=StrictRoute)
log = logging.getLogger("tataruang.jobs")

JSON: Final = "application/json"
REL: Final = "http://www.opengis.net/def/rel/ogc/1.0"
Name = Annotated[str, Path(max_length=60, description="Id of a process")]
JobName = Annotated[str, Path(max_length=60, description="Id of a job")]
_MADE: Final[dict[int | str, dict[str, Any]]] = {
    201: {
        "description": "The job was accepted; its status",
        "content": {JSON: {"schema": {"type": "object"}}},
    }
}


def _address(request: Request) -> Any:
    from api.ogc.documents import Address

    return Address(base_of(request))


def _json(content: Any, status: int = 200, **headers: str) -> Response:
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    return Response(body, status, {"cache-control": "no-store"} | headers, JSON)


@router.get("/processes", summary="Processes", responses=PROBLEMS)
async def processes(request: Request) -> Response:
    """List what can be computed."""
    from api.ogc.documents import link
    from api.ogc.processes import PROCESSES, summary

    at = _address(request)
    told = [summary(one, at) for one in PROCESSES.values()]
    return _json({"processes": told, "links": [link(at.to("/processes"), "self", JSON)]})


@router.get("/processes/{name}", summary="A process", responses=PROBLEMS)
async def process(request: Request, name: Name) -> Response:
    """Describe a process with its inputs and outputs."""
    from api.ogc.processes import describe, named

    return _json(describe(named(name), _address(request)))


@router.post(
    "/processes/{name}/execution",
    summary="Run a process",
    openapi_extra=EXECUTION,
    responses=BODY_PROBLEMS | _MADE,
)
async def execute(request: Request, name: Name) -> Response:
    """Run a process and answer with its results; with `Prefer: respond-async` as a job."""
    from api.ogc.processes import checked, named

    state = request.app.state
    chosen = named(name)
    raw = await read_body(
        request, (JSON,), state.settings.max_body_bytes, state.settings.body_seconds
    )
    body = parse(raw)
    inputs = checked(chosen, body)
    service = service_of(request)
    as_job = "respond-async" in request.headers.get("prefer", "")
    told = subscriber_of(request, body, as_job=as_job)
    if not as_job:
        return _json(await state.batch_workers.run(chosen.run, service, inputs))
    owner = str(request.state.caller)
    job = await run_in_threadpool(state.jobs.accept, owner, name, service.hidden, told)
    at = _address(request)
    work = (chosen.run, service, inputs)
    begin(state, _work(state, job, work, language_of(request)))
    headers = {"location": at.to(f"/jobs/{job.id}"), "preference-applied": "respond-async"}
    return _json(_told(job, at), 201, **headers)


async def _work(state: Any, job: Job, work: tuple[Any, ...], language: str) -> None:
    """Do a job; whatever happens, its owner can read how it ended."""
    jobs: Jobs = state.jobs
    name = job.id
    status, message, body = "failed", "", b""
    try:
        async with state.job_workers.place():
            if not await run_in_threadpool(jobs.start, name):
                return
            state.courier.wake()
            found = await state.job_workers.work(*work)
            status, body = "successful", orjson.dumps(found)
    except EngineError as error:
        await run_in_threadpool(jobs.start, name)
        _, _, body = problem(error, language=language)
        message = orjson.loads(body)["detail"]
    except Exception:
        log.exception("job %s", name)
        message = "a fault of the service; it is in its log"
    await run_in_threadpool(jobs.finish, name, status, message, body)
    state.courier.wake()


@router.get("/jobs", summary="Jobs of the caller", responses=PROBLEMS)
async def jobs(request: Request) -> Response:
    """List the jobs of the caller, the newest first."""
    from api.ogc.documents import link

    at = _address(request)
    found = await run_in_threadpool(request.app.state.jobs.all, str(request.state.caller))
    told = [_told(one, at) for one in found]
    return _json({"jobs": told, "links": [link(at.to("/jobs"), "self", JSON)]})


@router.get("/jobs/{job}", summary="A job", responses=PROBLEMS)
async def job(request: Request, job: JobName) -> Response:
    """Tell how far a job is."""
    owner = str(request.state.caller)
    found = await run_in_threadpool(request.app.state.jobs.get, job, owner)
    return _json(_told(found, _address(request)))


@router.get("/jobs/{job}/results", summary="Results of a job", responses=PROBLEMS)
async def results(request: Request, job: JobName) -> Response:
    """Return what a job gave, or why it failed."""
    state = request.app.state
    owner = str(request.state.caller)
    found = await run_in_threadpool(state.jobs.get, job, owner)
    hidden = service_of(request).hidden
    body = await run_in_threadpool(state.jobs.result, job, owner, hidden)
    if found.status == "successful" and body:
        return _json(body)
    if found.status == "failed" and body:
        told = orjson.loads(body)
        return Response(body, int(told["status"]), media_type="application/problem+json")
    raise LimitError(
        "the job is {status} and has no results",
        code="job_no_results",
        hint="Ask for its status until it is successful",
        status=found.status,
    )


@router.delete("/jobs/{job}", summary="Dismiss a job", responses=PROBLEMS)
async def dismiss(request: Request, job: JobName) -> Response:
    """Dismiss a job: what waits does not start, what runs is not kept."""
    owner = str(request.state.caller)
    found = await run_in_threadpool(request.app.state.jobs.dismiss, job, owner)
    return _json(_told(found, _address(request)))


def _told(job: Any, at: Any) -> dict[str, Any]:
    from api.ogc.documents import link

    here = at.to(f"/jobs/{job.id}")
    links = [link(here, "self", JSON)]
    if job.status == "successful":
        links.append(link(f"{here}/results", f"{REL}/results", JSON))
    told: dict[str, Any] = job.to_dict()
    return told | {"links": links}
