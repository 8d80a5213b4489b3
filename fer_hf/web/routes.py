"""The page's own addresses beside Gradio's, for `launch(app_kwargs=server(reader))`.

Given so they come before Gradio's, the last of which takes every path.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route, WebSocketRoute

from fer_hf import __version__
from fer_hf.inference.analyzer import Reader
from fer_hf.web.limits import UPLOAD_MEGABYTES
from fer_hf.web.model_info import measured
from fer_hf.web.websocket import LiveSocket


def server(reader: Reader) -> dict[str, Any]:
    """The server's own addresses, and the largest request that it takes, in bytes."""
    return {"routes": routes(reader), "max_body_size": (UPLOAD_MEGABYTES + 1) * 2**20}


def routes(reader: Reader) -> list[BaseRoute]:
    return [WebSocketRoute("/live", LiveSocket(reader).serve), Route("/health", _health(reader))]


def _health(reader: Reader) -> Any:
    """`GET /health`: that the page runs, and with what."""
    known = measured(reader)

    async def health(request: Request) -> JSONResponse:
        facts = {"status": "ok", "model": known.name, "sha256": known.sha256, "version": __version__}
        return JSONResponse(facts, headers={"Cache-Control": "no-store"})

    return health
