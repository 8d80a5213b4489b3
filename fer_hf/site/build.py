"""Builds the static page: Photo, Live and About in each language, the int8 model, and the modules that read with it.

    fer-hf build-static --output site
    python -m http.server --directory site

Photos are read in the visitor's browser (`fer_hf/web/device`), and nothing comes from another host. Needs what
`fer-hf build-device` needs.
"""

import argparse
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fer_hf.environment import default_model
from fer_hf.errors import FerError
from fer_hf.hub.onnx import CONFIGS, INT8
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.io import make_folder, sha256_of, write_text
from fer_hf.site.device_files import DETECTOR, WASM, build_device
from fer_hf.site.pages import PARTS, page_html
from fer_hf.site.styles import stylesheet
from fer_hf.web.components.base import COMPONENTS
from fer_hf.web.device import FOLDER as DEVICE
from fer_hf.web.device import megabytes
from fer_hf.web.i18n import LANGUAGES, TEXTS

HERE = Path(__file__).parent
FILES = Path("device", "files")  # as in the package


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
    manifest = build_device(model, output / FILES)
    write_scripts(output)
    analyzer = FaceAnalyzer.from_pretrained(model, device="cpu")
    for language in LANGUAGES:
        folder = output if language == LANGUAGES[0] else output / language
        folder.mkdir(exist_ok=True)
        write_text(folder / "index.html", page_html(analyzer, TEXTS[language], megabytes(manifest)))
    write_worker(output)


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


def write_worker(output: Path) -> None:
    """The service worker, which keeps all but the large files; those are kept by device/files.js.

    Its name for what it keeps is made from the files' hashes, so that another build never meets an old copy.
    """
    left_out = {(FILES / name).as_posix() for name in (INT8, DETECTOR, WASM, *CONFIGS)}
    names = sorted(path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file())
    kept = [name for name in names if name not in left_out]
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
