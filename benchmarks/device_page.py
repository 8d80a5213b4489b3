"""A bare page with the modules that read on the visitor's own device, on a loopback server that counts requests."""

import json
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from fer_hf.hub.onnx import INT8
from fer_hf.io import sha256_of
from fer_hf.web.device import FOLDER

DETECTOR = "onnx/detector.onnx"
RUNTIME = FOLDER / "node_modules" / "onnxruntime-web" / "dist"
SCRIPT, GLUE, WASM = "ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm"
PAGE = """<!doctype html>
<title>device</title>
<link rel="icon" href="data:,">
<script type="module">
  import { DeviceReader } from "./device/reader.js";
  window.DeviceReader = DeviceReader;
</script>
"""
# Chromium gives threads to pages with these headers alone.
ISOLATION = {"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp"}


def write_page(folder: Path, config: dict) -> None:
    """Add the page to a folder that has the exported files."""
    for name in (SCRIPT, GLUE, WASM):
        (folder / "runtime").mkdir(exist_ok=True)
        shutil.copyfile(RUNTIME / name, folder / "runtime" / name)
    (folder / "device").mkdir(exist_ok=True)
    for script in FOLDER.glob("*.js"):
        shutil.copyfile(script, folder / "device" / script.name)
    manifest = {
        "runtime": {
            "script": f"runtime/{SCRIPT}",
            "glue": f"runtime/{GLUE}",
            "wasm": file_entry(folder, f"runtime/{WASM}"),
        },
        "detector": file_entry(folder, DETECTOR),
        "classifier": file_entry(folder, INT8),
        "config": config,
    }
    (folder / "device.json").write_text(json.dumps(manifest), encoding="utf-8")
    (folder / "index.html").write_text(PAGE, encoding="utf-8")


def file_entry(folder: Path, name: str) -> dict:
    """What the manifest says of a file."""
    return {"url": name, "bytes": (folder / name).stat().st_size, "sha256": sha256_of(folder / name)}


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
