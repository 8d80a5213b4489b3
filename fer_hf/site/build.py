"""Builds the static page: Photo, Live and About in each language, the int8 model, and the modules that read with it.

    fer-hf build-static --output site
    python -m http.server --directory site

Photos are read in the visitor's browser (`fer_hf/web/device`), and nothing comes from another host. Needs npm, for
onnxruntime-web and Nunjucks as package-lock.json pins them, and `pip install fer-hf[export]`.
"""

import argparse
import json
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fer_hf.environment import default_model
from fer_hf.errors import FerError, first_line
from fer_hf.hub.onnx import CONFIGS, INT8, export_onnx, write_detector
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.io import make_folder, sha256_of, write_json, write_text
from fer_hf.site.pages import PARTS, page_html
from fer_hf.site.styles import stylesheet
from fer_hf.web.components.base import COMPONENTS
from fer_hf.web.device import FOLDER as DEVICE
from fer_hf.web.device import device_config
from fer_hf.web.i18n import LANGUAGES, TEXTS

HERE = Path(__file__).parent
DETECTOR = "onnx/detector.onnx"
# Of onnxruntime-web. Here its modules end with .js: some hosts do not know .mjs, and browsers want JavaScript's type.
SCRIPT, GLUE, WASM = "ort.wasm.min.js", "ort-wasm-simd-threaded.js", "ort-wasm-simd-threaded.wasm"
NUNJUCKS = "nunjucks-slim.min.js"
# What the browser renders in Nunjucks from the templates of the components.
TEMPLATES = ("macros.html", "message.html", "photo/answer.html")


def build_static(model: str, output: Path) -> None:
    """Write the page into `output`, an empty or new folder; all of it or nothing.

    Raises:
        FerError: the folder is not empty or cannot be written; npm or the packages for the export are missing.
    """
    if output.exists() and any(output.iterdir()):
        raise FerError("folder_not_empty", output)
    with TemporaryDirectory(dir=make_folder(output.parent)) as folder:
        write_page(model, whole := Path(folder, "site"))
        whole.replace(output)


def write_page(model: str, output: Path) -> None:
    """Write all files."""
    output.mkdir()
    write_packages(output)
    write_model(model, output)
    write_scripts(output)
    found = manifest(output, device_config(FaceAnalyzer.from_pretrained(output, device="cpu", backend="onnx")))
    write_json(output / "device.json", found)
    fetched = (found["runtime"]["wasm"], found["detector"], found["classifier"])
    megabytes = round(sum(entry["bytes"] for entry in fetched) / 2**20)
    analyzer = FaceAnalyzer.from_pretrained(model, device="cpu")
    for language in LANGUAGES:
        folder = output if language == LANGUAGES[0] else output / language
        folder.mkdir(exist_ok=True)
        write_text(folder / "index.html", page_html(analyzer, TEXTS[language], megabytes))
    write_worker(output)


def write_model(model: str, output: Path) -> None:
    """The int8 classifier and the detector."""
    export_onnx(model, output, "int8")
    write_detector(output / DETECTOR)
    (output / "onnx" / "model.onnx").unlink()  # float32, from which int8 was made


def write_packages(output: Path) -> None:
    """What comes from npm: onnxruntime-web, Nunjucks without its compiler, and the templates that it has compiled.

    Raises:
        FerError: there is no npm, or it fails.
    """
    if not (npm := shutil.which("npm")):
        raise FerError("npm_missing")
    runtime = output / "runtime"
    runtime.mkdir()
    with TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(DEVICE / name, Path(folder, name))
        _run([npm, "ci", "--no-audit", "--no-fund"], folder)
        modules = Path(folder, "node_modules")
        for name in (SCRIPT, GLUE, WASM):
            source = modules / "onnxruntime-web" / "dist" / name.replace(".js", ".mjs")
            shutil.copyfile(source, runtime / name)
        shutil.copyfile(modules / "nunjucks" / "browser" / NUNJUCKS, runtime / NUNJUCKS)
        shutil.copyfile(HERE / "compile.cjs", Path(folder, "compile.cjs"))
        paths = [f"{name}={COMPONENTS / name}" for name in TEMPLATES]
        compiled = _run(["node", "compile.cjs", *paths], folder)
    write_text(runtime / "templates.js", compiled)


def _run(command: list[str], folder: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FerError("npm_failed", details=first_line(done.stderr or done.stdout))
    return done.stdout


def write_scripts(output: Path) -> None:
    """The modules, our own and the components', at the same distance from one another as in the package."""
    components = [path.name for path in COMPONENTS.glob("*.js")]
    components += [f"{part}/{path.name}" for part in PARTS for path in (COMPONENTS / part).glob("*.js")]
    sources = {f"components/{name}": COMPONENTS / name for name in components}
    sources |= {f"device/{path.name}": path for path in DEVICE.glob("*.js")}
    sources |= {f"site/{path.name}": path for path in HERE.glob("*.js")}
    for name, path in sources.items():
        (output / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, output / name)
    write_text(output / "site" / "page.css", stylesheet())
    for name in ("icon.svg", "app.webmanifest", "LICENCES.txt"):
        shutil.copyfile(HERE / name, output / name)


def manifest(output: Path, config: dict) -> dict:
    """`Manifest` in device/manifest.js."""

    def entry(name: str) -> dict:
        return {"url": name, "bytes": (output / name).stat().st_size, "sha256": sha256_of(output / name)}

    return {
        "runtime": {"script": f"runtime/{SCRIPT}", "glue": f"runtime/{GLUE}", "wasm": entry(f"runtime/{WASM}")},
        "detector": entry(DETECTOR),
        "classifier": entry(INT8),
        "config": config,
    }


def write_worker(output: Path) -> None:
    """The service worker, which keeps all but the large files; those are kept by device/files.js.

    Its name for what it keeps is made from the files' hashes, so that another build never meets an old copy.
    """
    large = {INT8, DETECTOR, f"runtime/{WASM}"}
    names = sorted(path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file())
    kept = [name for name in names if name not in large and name not in CONFIGS]
    version = "".join(sha256_of(output / name)[:8] for name in kept)
    environment = Environment(loader=FileSystemLoader(HERE), undefined=StrictUndefined, autoescape=False)
    pages = [name.removesuffix("index.html") or "./" for name in kept]
    values = {"files": json.dumps(pages, indent=2), "version": json.dumps(version[:64])}
    write_text(output / "service-worker.js", environment.get_template("service-worker.js.jinja").render(values))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `fer-hf build-static`."""
    parser.add_argument("--output", required=True, type=Path, metavar="DIR", help="an empty or new folder")
    parser.add_argument("--model", default=default_model(), help="model folder or Hub id (default: the one that ships)")


def run(arguments: argparse.Namespace) -> None:
    """Build the page and say how to look at it."""
    build_static(arguments.model, arguments.output)
    print(f"{arguments.output}: written; look at it with `python -m http.server --directory {arguments.output}`")
