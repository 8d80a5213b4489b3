"""Builds the files that browsers fetch to read on their own device: the int8 model, the detector, and npm's packages.

    fer-hf build-device

Where they lie, beside the modules that need them, a page with a server offers the choice, a wheel and a Space take them
along, and the static page has its own copy. Needs npm, for onnxruntime-web and Nunjucks as package-lock.json pins them,
and `pip install fer-hf[export]`.
"""

import argparse
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from fer_hf.environment import default_model
from fer_hf.errors import FerError, first_line
from fer_hf.hub.onnx import FLOAT32, INT8, export_onnx, write_detector
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.runtime import weights_hash
from fer_hf.io import make_folder, sha256_of, write_json, write_text
from fer_hf.web.components.base import COMPONENTS
from fer_hf.web.device import FILES, FOLDER, MANIFEST, device_config

DETECTOR = "onnx/detector.onnx"
# Of onnxruntime-web. Here its modules end with .js: some hosts do not know .mjs, and browsers want JavaScript's type.
SCRIPT, GLUE, WASM = "ort.wasm.min.js", "ort-wasm-simd-threaded.js", "ort-wasm-simd-threaded.wasm"
NUNJUCKS = "nunjucks-slim.min.js"
# What the browser renders in Nunjucks from the templates of the components.
TEMPLATES = ("macros.html", "message.html", "photo/answer.html")


def build_device(model: str, output: Path) -> dict:
    """Write the files into `output`, all of them or none, in place of older ones; return their manifest.

    Raises:
        FerError: they cannot be written; npm or the packages for the export are missing.
    """
    with TemporaryDirectory(dir=make_folder(output.parent)) as folder:
        found = _write(model, whole := Path(folder, "files"))
        shutil.rmtree(output, ignore_errors=True)
        whole.replace(output)
    return found


def _write(model: str, output: Path) -> dict:
    output.mkdir()
    _write_packages(output)
    export_onnx(model, output, "int8")
    (output / FLOAT32).unlink()  # from which int8 was made
    write_detector(output / DETECTOR)
    found = _manifest(output, model)
    write_json(output / MANIFEST, found)
    return found


def _write_packages(output: Path) -> None:
    """What comes from npm: onnxruntime-web, Nunjucks without its compiler, and the templates that it has compiled.

    Raises:
        FerError: there is no npm, or it fails.
    """
    if not (npm := shutil.which("npm")):
        raise FerError("npm_missing")
    with TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json", "compile.cjs"):
            shutil.copyfile(FOLDER / name, Path(folder, name))
        _run([npm, "ci", "--no-audit", "--no-fund"], folder)
        modules = Path(folder, "node_modules")
        for name in (SCRIPT, GLUE, WASM):
            shutil.copyfile(modules / "onnxruntime-web" / "dist" / name.replace(".js", ".mjs"), output / name)
        shutil.copyfile(modules / "nunjucks" / "browser" / NUNJUCKS, output / NUNJUCKS)
        compiled = _run(["node", "compile.cjs", *(f"{name}={COMPONENTS / name}" for name in TEMPLATES)], folder)
    write_text(output / "templates.js", compiled)


def _run(command: list[str], folder: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FerError("npm_failed", details=first_line(done.stderr or done.stdout))
    return done.stdout


def _manifest(output: Path, model: str) -> dict:
    """`Manifest` in web/device/manifest.js."""

    def entry(name: str) -> dict:
        return {"url": name, "bytes": (output / name).stat().st_size, "sha256": sha256_of(output / name)}

    return {
        "weights": weights_hash(model),
        "runtime": {"script": SCRIPT, "glue": GLUE, "wasm": entry(WASM)},
        "detector": entry(DETECTOR),
        "classifier": entry(INT8),
        "config": device_config(FaceAnalyzer.from_pretrained(output, device="cpu", backend="onnx")),
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `fer-hf build-device`."""
    parser.add_argument("--model", default=default_model(), help="model folder or Hub id (default: the one that ships)")


def run(arguments: argparse.Namespace) -> None:
    """Build the files where the page looks for them."""
    build_device(arguments.model, FILES)
    print(f"{FILES}: written; the page now offers to read on the visitor's own device")
