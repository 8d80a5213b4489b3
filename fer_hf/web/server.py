"""Serving the page: `fer-hf app`, or `python app.py` in a checkout.

Environment variables: FER_MODEL names another model (a folder or a Hub id), GRADIO_SERVER_NAME and GRADIO_SERVER_PORT
another address than 127.0.0.1:7860, FER_ALLOWED_HOSTS the names of a proxy in front of it, FER_LOG_LEVEL what is
logged (INFO: one line per request). FER_DEBUG=1 shows tracebacks.

The page is served by Gradio's own `launch`, with our addresses in its `app_kwargs`. A page that is mounted into a
server of ours by `gr.mount_gradio_app` could not be reloaded, and Gradio would no longer check that a file which a
program names was uploaded by it.
"""

import argparse
import atexit
import os
import signal
import sys
import threading
from contextlib import ExitStack
from typing import Any, NoReturn

import gradio as gr
from starlette.middleware import Middleware

from fer_hf.errors import FerError, report
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.process_settings import configure_process
from fer_hf.web.call_check import CallCheck
from fer_hf.web.isolation import Isolation
from fer_hf.web.limits import UPLOAD_MEGABYTES
from fer_hf.web.page import build_page
from fer_hf.web.request_log import RequestLog, start_logging
from fer_hf.web.routes import routes
from fer_hf.web.service import Service
from fer_hf.web.temp_files import Uploads, private_folder
from fer_hf.web.theme import CSS, THEME
from fer_hf.web.zero_gpu import on_zero_gpu

# What the page is, wherever it is launched. Nothing is recorded, nothing is asked of another host, no stack is shown.
SETTINGS = {
    "theme": THEME,
    "css_paths": CSS,
    "run_history": False,
    "enable_monitoring": False,
    "show_error": False,
    "ssr_mode": False,
    "mcp_server": True,
    "max_file_size": f"{UPLOAD_MEGABYTES}mb",
    "state_session_capacity": 100,  # visitors for whom Gradio keeps the page's layout; it never sees their pictures
    "footer_links": ["api"],
}


def load() -> Service:
    """Load the model and make a folder for uploads, which is removed when the process ends.

    Exits with one line if the model cannot be read.
    """
    start_logging()
    configure_process()
    folders = ExitStack()
    atexit.register(folders.close)
    try:
        uploads = Uploads(folders.enter_context(private_folder()))
        uploads.sweep_for_ever()
        # On ZeroGPU this process must not touch CUDA.
        return Service(FaceAnalyzer.from_pretrained(device="cpu" if on_zero_gpu() else "auto"), uploads)
    except FerError as error:
        stop_with(error)


def serve(page: gr.Blocks, service: Service) -> None:
    """Serve the page and its own addresses until Ctrl-C or SIGTERM. Exits with one line if the port is taken."""
    if threading.current_thread() is threading.main_thread():  # not where `gradio app.py` reloads the page
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that both remove the uploads
    host, port = os.environ.get("GRADIO_SERVER_NAME", "127.0.0.1"), int(os.environ.get("GRADIO_SERVER_PORT", "7860"))
    try:
        page.launch(server_name=host, server_port=port, app_kwargs=server_settings(service), **SETTINGS)
    except OSError as error:
        failure = FerError("port_taken", f"{host}:{port}")
        failure.__cause__ = error
        stop_with(failure)


def server_settings(service: Service) -> dict[str, Any]:
    """Our addresses, which come before Gradio's; the largest request, in bytes; log, headers and check of requests."""
    return {
        "routes": routes(service),
        "max_body_size": (UPLOAD_MEGABYTES + 1) * 2**20,
        "middleware": [Middleware(RequestLog), Middleware(Isolation), Middleware(CallCheck)],
    }


def stop_with(error: FerError) -> NoReturn:
    """End the program with one line on stderr."""
    report(error)
    sys.exit(1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Environment variables: FER_MODEL, GRADIO_SERVER_NAME, GRADIO_SERVER_PORT, FER_ALLOWED_HOSTS, FER_LOG_LEVEL, "
        "FER_DEBUG; docs/api.md says what they mean."
    )


def run(arguments: argparse.Namespace) -> None:
    """`fer-hf app`."""
    service = load()
    serve(build_page(service), service)
