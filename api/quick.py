"""The short way of what permit systems ask all day: from the gate straight to the operation.

Matching a request against every route, and finding that none of its parameters was given,
takes the framework longer than a verdict may take altogether.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from fastapi import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.envelope import answer_error
from api.http import QuickRoute
from spatial.errors import EngineError

__all__ = ["ShortWay"]

NONE: Final[frozenset[bytes]] = frozenset()


class ShortWay:
    """Answer requests to quick routes that give no parameter; pass on all others.

    Parameters
    ----------
    app : ASGI application
    routes : iterable of routes
        The quick ones among them are answered here.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self.app = app
        self._routes = {
            (method, route.path): (route, _header_names(route))
            for route in routes
            if isinstance(route, QuickRoute)
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        route = self._route(scope)
        if route is None:
            await self.app(scope, receive, send)
            return
        # What the router would have said; the log and the counts are by route.
        scope.update(route=route, endpoint=route.endpoint, path_params={})
        request = Request(scope, receive, send)
        try:
            answer = await route.endpoint(request)
        except EngineError as error:
            answer = await answer_error(request, error)
        await answer(scope, receive, send)

    def _route(self, scope: Scope) -> QuickRoute | None:
        if scope["type"] != "http" or scope["query_string"] or scope.get("root_path"):
            return None
        route, wanted = self._routes.get((scope["method"], scope["path"]), (None, NONE))
        if route is None or any(name in wanted for name, _ in scope["headers"]):
            return None
        return route


def _header_names(route: QuickRoute) -> frozenset[bytes]:
    return frozenset(field.alias.encode() for field in route.dependant.header_params)
