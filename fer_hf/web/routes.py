"""The page's own addresses beside Gradio's, before which they come."""

from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fer_hf import __version__
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.web.model_info import read_model_info
from fer_hf.web.websocket import LiveSocket


def routes(analyzer: FaceAnalyzer) -> list[BaseRoute]:
    """`/live`, `/health`, and a quick answer to `HEAD /`, by which Gradio and others see that the page is there."""
    return [
        WebSocketRoute("/live", LiveSocket(analyzer).serve),
        Route("/health", _health(analyzer)),
        Route("/", _head, methods=["HEAD"]),
    ]


def _health(analyzer: FaceAnalyzer) -> Any:
    """`GET /health`: that the page runs, and with what."""
    known = read_model_info(analyzer)

    async def health(request: Request) -> JSONResponse:
        facts = {"status": "ok", "model": known.name, "sha256": known.sha256, "version": __version__}
        return JSONResponse(facts, headers={"Cache-Control": "no-store"})

    return health


async def _head(request: Request) -> Response:
    return Response(media_type="text/html")


class FreshScripts:
    """ASGI middleware: a browser asks each time whether a component's script has changed.

    Gradio says nothing of it, and after an update a browser would go on with old scripts beside new ones for days.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_fresh(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Cache-Control"] = "no-cache"
            await send(message)

        is_script = scope["type"] == "http" and "/file=" in scope["path"] and scope["path"].endswith(".js")
        await self.app(scope, receive, send_fresh if is_script else send)
