"""The modules that read on the visitor's own device, called from Python in Node."""

import base64
import json
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks.device_parity import install_runtime
from fer_hf.web.device import FOLDER
from tests.support import node_tools


def install() -> None:
    """Have onnxruntime-web; without npm the test is skipped aloud."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed: nothing was checked")
    install_runtime()


def call(module: str, *calls: tuple[str, list]) -> list:
    """The values of some calls, each a function's name and its arguments, of a module in fer_hf/web/device.

    Pictures go in and come out as Pillow's; a string "$NAME" is what the module exports as NAME.
    """
    if not shutil.which("node"):
        pytest.skip("node is not installed: nothing was checked")
    url = (FOLDER / module).as_uri()
    requests = [{"module": url, "name": name, "args": [_sent(each) for each in words]} for name, words in calls]
    done = subprocess.run(
        ["node", node_tools.FOLDER / "call.mjs"],
        input=json.dumps(requests),
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return [_received(value) for value in json.loads(done.stdout)]


def picture(image: Image.Image) -> dict:
    """What the modules call a picture."""
    return {
        "width": image.width,
        "height": image.height,
        "data": {"$bytes": base64.b64encode(image.tobytes()).decode()},
    }


def _sent(value: Any) -> Any:
    if isinstance(value, Image.Image):
        return picture(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    return {"$export": value[1:]} if isinstance(value, str) and value.startswith("$") else value


def _received(value: Any) -> Any:
    if isinstance(value, dict) and set(value) == {"width", "height", "data"}:
        return Image.frombytes("RGB", (value["width"], value["height"]), base64.b64decode(value["data"]["$bytes"]))
    return value
