"""The page's own addresses beside Gradio's, before which they come."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from fer_hf import __version__
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.web.model_info import measured
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
    known = measured(analyzer)

    async def health(request: Request) -> JSONResponse:
        facts = {"status": "ok", "model": known.name, "sha256": known.sha256, "version": __version__}
        return JSONResponse(facts, headers={"Cache-Control": "no-store"})

    return health


async def _head(request: Request) -> Response:
    return Response(media_type="text/html")
