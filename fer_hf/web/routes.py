"""The page's own addresses beside Gradio's, before which they come."""

import time
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from fer_hf import __version__
from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.web.api import ENDPOINTS, READERS, about, answer
from fer_hf.web.components.base import COMPONENTS
from fer_hf.web.device import FOLDER as DEVICE
from fer_hf.web.device import MANIFEST
from fer_hf.web.model_info import read_model_info
from fer_hf.web.service import Service
from fer_hf.web.websocket import LiveSocket

RUN = ("/gradio_api/run/{}", "/gradio_api/run/{}/", "/gradio_api/api/{}", "/gradio_api/api/{}/")  # Gradio's own
STATUS = {"busy": 503, "file_too_large": 413}  # of a request that is refused, by the error's code; others are 422


def routes(service: Service) -> list[BaseRoute]:
    """`/live`; `/health`; `/scripts`; the endpoints for programs in one request; and a quick answer to `HEAD /`, by
    which Gradio and others see that the page is there.

    Gradio answers every mistake of a caller by 500, and to a request without data by an error without words.
    """
    return [
        WebSocketRoute("/live", LiveSocket(service.analyzer).serve),
        Route("/health", _health(service.analyzer)),
        Route("/", _head, methods=["HEAD"]),
        Mount("/scripts/components", Scripts(directory=COMPONENTS)),
        *([Mount("/scripts/device/files", Scripts(directory=service.device_files))] if service.on_device else []),
        Mount("/scripts/device", Scripts(directory=DEVICE)),
        *(Route(run.format(name), _run(service, name), methods=["POST"]) for name in ENDPOINTS for run in RUN),
    ]


def _run(service: Service, name: str) -> Any:
    """`POST /gradio_api/run/NAME` with {"data": [the picture]}, answered as Gradio does."""

    async def run(request: Request) -> JSONResponse:
        started = time.monotonic()
        try:
            if name in READERS:
                found = await answer(service, name, await _sent(request, name))
            else:
                found = about(service.analyzer)
        except FerError as error:
            return JSONResponse({"error": str(error)}, STATUS.get(error.code, 422))
        return JSONResponse({"data": [found], "is_generating": False, "duration": time.monotonic() - started})

    return run


async def _sent(request: Request, name: str) -> object:
    """The one value in a request's data.

    Raises:
        FerError: there is none.
    """
    argument, _ = READERS[name]
    try:
        (value,) = (await request.json())["data"]
    except (ValueError, TypeError, KeyError) as error:
        raise FerError("data_expected", argument=argument) from error
    return value


def _health(analyzer: FaceAnalyzer) -> Any:
    """`GET /health`: that the page runs, and with what."""
    known = read_model_info(analyzer)

    async def health(request: Request) -> JSONResponse:
        facts = {"status": "ok", "model": known.name, "sha256": known.sha256, "version": __version__}
        return JSONResponse(facts, headers={"Cache-Control": "no-store"})

    return health


async def _head(request: Request) -> Response:
    return Response(media_type="text/html")


class Scripts(StaticFiles):
    """Scripts, what they fetch to read on the device, and no other file. A browser asks each time whether one has
    changed: otherwise it would go on with old scripts beside new ones for days after an update.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        if not path.endswith((".js", ".wasm", ".onnx", MANIFEST)):
            raise HTTPException(404)
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response
