"""Refuses a program's mistaken request before Gradio sees it.

Gradio answers an unknown endpoint and missing arguments by 500 with a stack trace in the log, or by an error without
words.
"""

import json
import re

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fer_hf.errors import FerError
from fer_hf.web.api import DISPLACE, ENDPOINTS, READERS

CALL = re.compile(r"/gradio_api/(run|api|call|call/v2)/([^/]+)/?")


class CallCheck:
    """ASGI middleware: 404 for an unknown endpoint, 422 for missing arguments, each with an error in words.

    The endpoints in one request, /run and /api, check their arguments themselves (routes.py).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = scope["type"] == "http" and scope["method"] == "POST" and CALL.fullmatch(scope["path"])
        if not call or call[2] == DISPLACE:
            await self.app(scope, receive, send)
            return
        kind, name = call.groups()
        status = 404
        try:
            if name not in ENDPOINTS:
                raise FerError("endpoint_unknown", names=", ".join(ENDPOINTS))
            status = 422
            if kind.startswith("call") and name in READERS:
                body = await Request(scope, receive).body()
                _check(body, READERS[name][0], kind)
                receive = _again(body, receive)
        except FerError as error:
            await JSONResponse({"error": str(error)}, status)(scope, receive, send)
        except ClientDisconnect:
            return
        else:
            await self.app(scope, receive, send)


def _check(body: bytes, argument: str, kind: str) -> None:
    """Refuse a request without its one argument: by name in /call/v2, else in a list."""
    try:
        sent = json.loads(body)
    except ValueError:
        sent = None
    if kind == "call/v2":
        if not isinstance(sent, dict) or set(sent) != {argument}:
            raise FerError("argument_expected", argument=argument)
    elif not isinstance(sent, dict) or not isinstance(sent.get("data"), list) or len(sent["data"]) != 1:
        raise FerError("data_expected", argument=argument)


def _again(body: bytes, receive: Receive) -> Receive:
    """The same request for the next reader: its body, which has been read, then what else comes."""
    messages = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def next_message() -> Message:
        return next(messages, None) or await receive()

    return next_message
