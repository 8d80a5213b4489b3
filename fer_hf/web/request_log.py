"""The server's log: one line per request with what was asked for, the status, and how long it took; and what failed.

    12:30:01 INFO POST /gradio_api/component_server 200 312 ms

Addresses are logged as patterns, such as `/gradio_api/file={path_or_url:path}`, so that no visitor's session and no
name of a file is in the log; nor is anything that was sent.
"""

import logging
import os
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("fer_hf.web")
ENDPOINTS = ("read_photo", "read_face", "about_model")
CALLS = {f"/gradio_api/{kind}/{name}" for kind in ("run", "api", "call", "call/v2") for name in ENDPOINTS}
OWN = {"/", "/live", "/health"} | CALLS
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


def start_logging() -> None:
    """Log to stderr from FER_LOG_LEVEL on, INFO by default."""
    level = os.environ.get("FER_LOG_LEVEL", "INFO").upper()
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S"))
    log.handlers = [handler]
    log.setLevel(level if level in LEVELS else "INFO")
    log.propagate = False


def log_failure(what: str, error: BaseException) -> None:
    """Log an unforeseen failure by its type, since its text may name a visitor's file; in full with FER_DEBUG=1."""
    details = error if os.environ.get("FER_DEBUG") == "1" else None
    log.error("%s failed: %s", what, type(error).__name__, exc_info=details)


class RequestLog:
    """ASGI middleware. Parts of the page that the browser loads, such as scripts, are logged at DEBUG."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        started, status = time.monotonic(), 0

        async def watch(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            log_failure(_pattern(scope), error)
            raise
        finally:
            level = logging.DEBUG if scope.get("method") == "GET" and status < 400 else logging.INFO
            spent = 1000 * (time.monotonic() - started)
            log.log(level, "%s %s %s %.0f ms", scope.get("method", "WebSocket"), _pattern(scope), status or "-", spent)


def _pattern(scope: Scope) -> str:
    """The address's pattern, as the route that answered has it; our own addresses as they are."""
    if (path := scope["path"].rstrip("/") or "/") in OWN:
        return path
    if scope["path"].startswith("/scripts/"):
        return "/scripts/{path}"
    return getattr(scope.get("route"), "path", "(no such address)")
