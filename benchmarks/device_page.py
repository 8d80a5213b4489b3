"""A bare page with the modules that read on the visitor's own device, on a loopback server that counts requests."""

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from fer_hf.web.device import FOLDER

PAGE = """<!doctype html>
<title>device</title>
<link rel="icon" href="data:,">
<script type="module">
  import { DeviceReader } from "./device/reader.js";
  window.DeviceReader = DeviceReader;
</script>
"""


def write_page(folder: Path) -> None:
    """Add the page to a folder that has the files of `build_device`."""
    (folder / "device").mkdir()
    for script in FOLDER.glob("*.js"):
        shutil.copyfile(script, folder / "device" / script.name)
    (folder / "index.html").write_text(PAGE, encoding="utf-8")


@dataclass
class Site:
    """A folder that is served."""

    url: str
    requests: list[tuple[str, str]] = field(default_factory=list)  # method and path, in their order


@contextmanager
def serve(folder: Path, headers: dict[str, str] | None = None) -> Iterator[Site]:
    """Serve a folder on loopback with these headers."""

    class Handler(SimpleHTTPRequestHandler):
        extensions_map = SimpleHTTPRequestHandler.extensions_map | {".mjs": "text/javascript", ".js": "text/javascript"}

        def end_headers(self) -> None:
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            super().end_headers()

        def log_message(self, *_: object) -> None:
            site.requests.append((self.command, self.path))

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder))) as server:
        site = Site(f"http://127.0.0.1:{server.server_port}/")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield site
        server.shutdown()
