"""The page's own addresses beside Gradio's, for `launch(app_kwargs=server(analyzer))`.

Given so they come before Gradio's, the last of which takes every path.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute

from fer_hf import __version__
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.web.limits import UPLOAD_MEGABYTES
from fer_hf.web.model_info import measured
from fer_hf.web.websocket import LiveSocket


def server(analyzer: FaceAnalyzer) -> dict[str, Any]:
    """The server's own addresses, and the largest request that it takes, in bytes."""
    return {"routes": routes(analyzer), "max_body_size": (UPLOAD_MEGABYTES + 1) * 2**20}


def routes(analyzer: FaceAnalyzer) -> list[BaseRoute]:
    return [WebSocketRoute("/live", LiveSocket(analyzer).serve), Route("/health", _health(analyzer))]


def _health(analyzer: FaceAnalyzer) -> Any:
    """`GET /health`: that the page runs, and with what."""
    known = measured(analyzer)

    async def health(request: Request) -> JSONResponse:
        facts = {"status": "ok", "model": known.name, "sha256": known.sha256, "version": __version__}
        return JSONResponse(facts, headers={"Cache-Control": "no-store"})

    return health
