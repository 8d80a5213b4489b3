"""The page's own addresses beside Gradio's, for `launch(app_kwargs={"routes": routes(reader)})`.

Given so they come before Gradio's, the last of which takes every path.
"""

from starlette.routing import BaseRoute, WebSocketRoute

from fer_hf.live_socket import LiveSocket
from fer_hf.predict import Reader


def routes(reader: Reader) -> list[BaseRoute]:
    return [WebSocketRoute("/live", LiveSocket(reader).serve)]
