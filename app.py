"""The page: `python app.py` serves it on http://127.0.0.1:7860.

FER_MODEL names another model (a folder or a Hub id); GRADIO_SERVER_NAME and GRADIO_SERVER_PORT another address.
"""

import os
import signal
import sys

import gradio as gr

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.process import configure_process
from fer_hf.web.limits import UPLOAD_MEGABYTES
from fer_hf.web.page import build_page
from fer_hf.web.routes import server
from fer_hf.web.temp_files import Uploads, private_folder
from fer_hf.web.theme import CSS, THEME

HOST = os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1")
PORT = os.environ.get("GRADIO_SERVER_PORT", "7860")

# What the page is, wherever it is launched. Nothing is recorded, nothing is asked of another host, no stack is shown.
LAUNCH = {
    "theme": THEME,
    "css_paths": CSS,
    "run_history": False,
    "enable_monitoring": False,
    "show_error": False,
    "ssr_mode": False,
    "mcp_server": True,
    "max_file_size": f"{UPLOAD_MEGABYTES}mb",
    "footer_links": ["api", "settings"],
    "_frontend": False,  # leaves out only Gradio's look at its own page, which on a busy machine gives up too early
}


def main() -> int:
    """Load the model once, serve the page until Ctrl-C or SIGTERM; return the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that both remove the uploads
    configure_process()
    try:
        with private_folder() as folder:
            uploads = Uploads(folder)
            uploads.sweep_for_ever()
            analyzer = FaceAnalyzer.from_pretrained()
            launch(build_page(analyzer, uploads), analyzer)
    except FerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def launch(page: gr.Blocks, analyzer: FaceAnalyzer) -> None:
    """Serve the page and its own routes, and wait.

    Raises:
        FerError: the port is no number, or taken.
    """
    if not PORT.isdigit() or not 0 < int(PORT) < 65536:
        raise FerError(f"GRADIO_SERVER_PORT: {PORT} is not a port number, expected 1 to 65535")
    try:
        page.launch(server_name=HOST, server_port=int(PORT), app_kwargs=server(analyzer), **LAUNCH)
    except OSError as error:
        raise FerError(f"{HOST}:{PORT}: the page cannot be served there; is the port taken?") from error


if __name__ == "__main__":
    sys.exit(main())
