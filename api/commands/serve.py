"""`tataruang serve`: the HTTP API and the web map on this machine."""

from __future__ import annotations

import gc
import os
import shutil
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from api.listening import address_of, inherited_socket, new_socket
from api.settings import ServeSettings
from layers.workspace import Workspace, is_address
from spatial.errors import AccessError, LayerNotFoundError, LimitError

if TYPE_CHECKING:
    from api.service import Service

__all__ = ["ENGINE", "serve"]

ENGINE: Final = "api.engine:Engine.open"
LOOPBACK: Final = "127.0.0.1"
LOOPBACKS: Final = (LOOPBACK, "::1", "localhost")


def serve(
    workspace: Annotated[
        str | None,
        typer.Option(
            "--workspace",
            "-w",
            envvar="TATARUANG_WORKSPACE",
            help="Folder atau postgresql://... / workspace folder or database",
        ),
    ] = None,
    sample: Annotated[
        bool, typer.Option("--sample", help="Layani wilayah contoh / serve the sample district")
    ] = False,
    host: Annotated[str, typer.Option(help="Alamat / address to listen on")] = LOOPBACK,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Porta / port")] = 8000,
    reverse_proxy: Annotated[
        bool, typer.Option("--proxy-headers", help="Di belakang proksi / trust a proxy's headers")
    ] = False,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Proses yang berbagi ingatan / processes")
    ] = 1,
) -> None:
    """Jalankan API dan peta web / start the HTTP API and the web map."""
    # Until the service stands, all that is made stays: `opening` and `prefork` collect then.
    gc.disable()
    place = _place(workspace, sample=sample)
    given = inherited_socket()
    if given is not None:
        # Who may ask is decided by where we really listen.
        host, port = address_of(given)
    settings = ServeSettings()
    if settings.state_folder is None:
        settings = settings.model_copy(
            update={"state_folder": Workspace.open(place).folder / "service"}
        )
    if host not in LOOPBACKS and "access" not in settings.model_fields_set:
        # On a network nobody is anybody until a key says so.
        settings = settings.model_copy(update={"access": "keys"})
    typer.echo(f"Peta web / web map:  http://{host}:{port}/", err=True)
    typer.echo(f"API (OpenAPI):       http://{host}:{port}/openapi.json", err=True)
    options: dict[str, Any] = {
        "log_config": None,
        "access_log": False,
        "proxy_headers": reverse_proxy,
        "timeout_keep_alive": 10,
        "limit_concurrency": 512,
        "server_header": False,
    }
    if workers > 1:
        _serve_many(place, settings, workers, given or new_socket(host, port), options)
        return
    # Imported here: the other commands need no web server.
    import uvicorn

    from api.app import create_app
    from api.observe import set_up_logs

    set_up_logs(as_json=settings.log_json)
    app = create_app(service_opener(place, settings), settings)
    server = uvicorn.Server(uvicorn.Config(app, host=host, port=port, **options))
    with suppress(KeyboardInterrupt):
        server.run(sockets=None if given is None else [given])


def _serve_many(
    place: str,
    settings: ServeSettings,
    workers: int,
    listening: socket.socket,
    options: dict[str, Any],
) -> None:
    """Serve with workers that share what was read; their counts meet in a folder."""
    counts = (settings.state_folder or Path()) / "metrics"
    shutil.rmtree(counts, ignore_errors=True)
    counts.mkdir(parents=True)
    # The library of the counts reads this when it is imported.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(counts)
    from api.app import create_app
    from api.observe import set_up_logs
    from api.prefork import Prefork, can_fork

    if not can_fork():
        raise LimitError(
            "this system cannot share memory between workers",
            code="workers_not_here",
            hint="Leave --workers out",
        )
    set_up_logs(as_json=settings.log_json)
    each = settings.model_copy(
        update={
            "watch_seconds": 0.0,
            "threads": max(1, settings.threads // workers),
            "rate_per_second": settings.rate_per_second / workers,
            "rate_burst": max(1, settings.rate_burst // workers),
        }
    )
    Prefork(
        service_opener(place, settings),
        lambda service: create_app(lambda: service, each),
        workers,
        options,
        settings.watch_seconds,
    ).run(listening)


def service_opener(
    workspace: str, settings: ServeSettings, engine: str = ENGINE
) -> Callable[[], Service]:
    """Return the function that opens the service of a workspace, imports included.

    A workspace that is opened again is prepared in another process first: this one answers.
    """
    opened = False

    def open_service() -> Service:
        from api.heavy import HeavyJudge, load
        from api.prepare import prepare_beside
        from api.service import Service

        nonlocal opened
        if opened:
            prepare_beside(workspace)
        opened = True
        heavy = HeavyJudge(
            engine, workspace, seconds=settings.judge_seconds, memory_mb=settings.heavy_memory_mb
        )
        analyses = HeavyJudge(
            engine, workspace, seconds=settings.analysis_seconds, memory_mb=settings.heavy_memory_mb
        )
        return Service(load(engine)(workspace), settings, heavy, analyses)

    return open_service


def _place(workspace: str | None, *, sample: bool) -> str:
    if sample:
        from api.demo import sample_workspace

        return str(sample_workspace())
    if workspace is None or not (is_address(workspace) or Path(workspace).is_dir()):
        raise LayerNotFoundError(
            "there is no workspace {folder}",
            code="workspace_missing_to_serve",
            hint="Give one with --workspace, make one with 'tataruang init', or try --sample",
            folder=str(workspace or "-"),
        )
    if Workspace.open(workspace).private:
        raise AccessError(
            "{folder} is a private workspace: nothing is served from it",
            code="workspace_private",
            hint="Publish counts per desa in a workspace of its own",
            folder=str(workspace),
        )
    return workspace
