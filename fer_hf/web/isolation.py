"""Cross-origin isolation: with these headers a browser gives the page threads, and reading on the device is faster.

The page loads nothing from another origin, so it loses nothing by them. Browsers ignore them where the page comes
neither over https nor from loopback.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

ISOLATION = {"Cross-Origin-Embedder-Policy": "require-corp", "Cross-Origin-Opener-Policy": "same-origin"}


class Isolation:
    """ASGI middleware that puts the headers on every answer: a worker's script needs them as its page does."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_isolated(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(ISOLATION)
            await send(message)

        await self.app(scope, receive, send_isolated)
