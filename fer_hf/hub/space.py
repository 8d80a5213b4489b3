"""Putting the page on a Space: `python -m fer_hf publish-space --to user/name [--model user/name]`.

The Space gets the page and the package, not the model: it reads that from the Hub. Which one stands in its `start.py`,
so that page and model change in one commit, and a token that may only commit is enough; a variable FER_MODEL in the
Space's settings overrules it. It is created on ZeroGPU, where a free account may have two Spaces.
"""

import argparse
import re
from importlib.metadata import version
from pathlib import Path

import yaml
from huggingface_hub import SpaceHardware, get_token
from huggingface_hub.errors import RepositoryNotFoundError
from PIL import Image, ImageDraw

from fer_hf.errors import FerError
from fer_hf.hub.model_card import face_strip, png
from fer_hf.hub.upload import check_repo_id, hub_client, plain_errors, upload
from fer_hf.labels import COLOURS, LABELS

ROOT = Path(__file__).parents[2]
# What stands in the Space, by what it is called here; beside the package.
FILES = {"app.py": "app.py", "requirements-space.txt": "requirements.txt", "LICENSE": "LICENSE"}
CARD = Path(__file__).with_name("space_card_template.md")
LEFT_OUT = ("**/*.pyc", "**/*.pyi", "**/*.tmp", "**/.*", "**/node_modules/**/*")  # of the package
# What opencv-python, which finds the faces, loads from the system.
SYSTEM_PACKAGES = "libgl1\nlibglib2.0-0\n"
THUMBNAIL = "thumbnail.png"
MODEL_NAME = "fer-dinov2-small"  # what the model in the repository is called on the Hub, unless --model says otherwise
START = """\
\"\"\"Starts the page with this model, unless the variable FER_MODEL names another.\"\"\"

import os
import runpy

os.environ.setdefault("FER_MODEL", {model!r})
runpy.run_path("app.py", run_name="__main__")
"""


def publish_space(
    to: str,
    model: str,
    *,
    private: bool = False,
    hardware: str = SpaceHardware.ZERO_A10G.value,
    dry_run: bool = False,
) -> None:
    """Make the Space `to` show the page with the Hub's model `model`; a new Space runs on `hardware`.

    Raises:
        FerError: there is no such model, or the Space could not read it; whatever the Hub refuses.
    """
    check_model(check_repo_id(model))
    files = space_files(check_repo_id(to), model, hardware)
    try:
        upload(to, "space", files, "Publish the page", private=private, tag=None, hardware=hardware, dry_run=dry_run)
    except FerError as error:
        if error.code != "hub_paid_plan":
            raise
        raise FerError("space_paid_plan", to, user=to.partition("/")[0], hardware=hardware) from error


def check_model(model: str) -> None:
    """Refuse a model that the Space would not find."""
    with plain_errors(model):
        try:
            found = hub_client(token_needed=False).model_info(model)
        except RepositoryNotFoundError as error:
            if error.response.status_code == 404 or not get_token():  # the Hub asks who wants to know
                raise FerError("space_no_model", model) from error
            raise
    if found.private:
        raise FerError("space_private_model", model)


def space_files(to: str, model: str, hardware: str = SpaceHardware.ZERO_A10G.value) -> dict[str, Path | bytes]:
    """Everything that the Space needs, by its path there."""
    package = ROOT / "fer_hf"
    left_out = {path for pattern in LEFT_OUT for path in package.glob(pattern)}
    paths = sorted(path for path in set(package.rglob("*")) - left_out if path.is_file())
    files = {there: ROOT / here for here, there in FILES.items()}
    files |= {path.relative_to(ROOT).as_posix(): path for path in paths}
    missing = [name for name, path in files.items() if not path.is_file()]
    if missing:
        raise FerError("space_no_checkout", ROOT, files=", ".join(missing))
    return files | {
        "README.md": card(to, model, hardware).encode(),
        "start.py": START.format(model=model).encode(),
        "packages.txt": SYSTEM_PACKAGES.encode(),
        THUMBNAIL: png(thumbnail()),
    }


def card(to: str, model: str, hardware: str) -> str:
    """The Space's README: its settings, and what a visitor should know."""
    address = re.sub(r"[^a-z0-9]+", "-", to.lower()).strip("-")  # as the Hub makes a host's name of it
    text = CARD.read_text(encoding="utf-8").format(space=to, address=address, model=model)
    return f"---\n{metadata(to, model, hardware)}---\n\n{text}"


def metadata(to: str, model: str, hardware: str) -> str:
    """The Space's settings as YAML."""
    settings = {
        "title": "Facial expressions",
        "emoji": "🙂",
        "colorFrom": "blue",
        "colorTo": "yellow",
        "sdk": "gradio",
        "sdk_version": version("gradio"),
        "python_version": "3.12",  # one of the two that ZeroGPU supports
        "app_file": "start.py",
        "suggested_hardware": hardware,
        "models": [model],
        "preload_from_hub": [model],
        "short_description": "Reads expressions, not feelings, in photos",
        "thumbnail": f"https://huggingface.co/spaces/{to}/resolve/main/{THUMBNAIL}",
        "license": "apache-2.0",
        "tags": ["facial-expression-recognition"],
    }
    return yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)


def thumbnail() -> Image.Image:
    """The seven drawn faces over their colours, 1200 x 630 pixels."""
    picture = Image.new("RGB", (1200, 630), "white")
    strip = face_strip().convert("RGB")
    strip = strip.resize((1160, round(1160 * strip.height / strip.width)), Image.Resampling.LANCZOS)
    top = (picture.height - strip.height) // 2
    picture.paste(strip, (20, top))
    pen = ImageDraw.Draw(picture)
    for place, label in enumerate(LABELS):
        left = 20 + round((place + 0.1) * 1160 / len(LABELS))
        right = 20 + round((place + 0.9) * 1160 / len(LABELS))
        pen.rectangle((left, top + strip.height + 12, right, top + strip.height + 28), fill=COLOURS[label])
    return picture


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", required=True, metavar="USER/NAME", help="the Space's name on the Hub")
    parser.add_argument("--model", metavar="USER/NAME", help=f"published model (default: the same user's {MODEL_NAME})")
    parser.add_argument("--private", action="store_true", help="create it as a private Space")
    parser.add_argument(
        "--hardware",
        choices=[each.value for each in SpaceHardware],
        help=f"what a new Space runs on (default: {SpaceHardware.ZERO_A10G.value}; others need a paid plan)",
    )
    parser.add_argument("--dry_run", action="store_true", help="say what would be done, and do nothing")


def run(arguments: argparse.Namespace) -> None:
    user = check_repo_id(arguments.to).partition("/")[0]
    model = arguments.model or f"{user}/{MODEL_NAME}"
    hardware = arguments.hardware or SpaceHardware.ZERO_A10G.value
    settings = {"private": arguments.private, "hardware": hardware, "dry_run": arguments.dry_run}
    publish_space(arguments.to, model, **settings)
