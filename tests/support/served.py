"""The real page on loopback, for the tests of the page and of the browser."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import gradio as gr

from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.web.device import FILES
from fer_hf.web.page import build_page
from fer_hf.web.server import SETTINGS, server_settings
from fer_hf.web.service import Service
from fer_hf.web.temp_files import Uploads, private_folder


@dataclass(frozen=True)
class Served:
    """Where the page is, and where it keeps uploads."""

    url: str
    uploads: Uploads
    page: gr.Blocks

    def files(self) -> list[str]:
        """Names of all files that the page has on disk now."""
        return sorted(path.name for path in self.uploads.folder.rglob("*") if path.is_file())


@contextmanager
def served_page(model: str, device_files: Path = FILES) -> Iterator[Served]:
    """Serve the page with a model until the block ends. It notices within half a second that a visitor has left."""
    with patch.dict(os.environ, GRADIO_HEARTBEAT_INTERVAL="0.5"), private_folder() as folder:
        uploads = Uploads(folder)
        analyzer = FaceAnalyzer.from_pretrained(model)
        service = Service(analyzer, uploads, device_files)
        page, own = build_page(service), server_settings(service)
        try:
            _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, app_kwargs=own, **SETTINGS)
            yield Served(url, uploads, page)
        finally:
            page.close(verbose=False)
