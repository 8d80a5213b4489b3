"""Putting the page on a Space: with a server (`fer_hf/hub/space.py`) or, with --static, as files alone.

A static Space is free. It is served with the headers that give a page threads.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from fer_hf.environment import default_model
from fer_hf.errors import FerError
from fer_hf.hub import space
from fer_hf.hub.model_card import png
from fer_hf.hub.upload import check_repo_id, upload
from fer_hf.site.build import build_static
from fer_hf.web.isolation import ISOLATION

CARD = Path(__file__).with_name("space_card_template.md")
HEADERS = {name.lower(): value for name, value in ISOLATION.items()}
HEADERS["cross-origin-resource-policy"] = "cross-origin"  # the Hub shows a Space inside its own page


def publish_static(to: str, model: str, *, private: bool = False, dry_run: bool = False) -> None:
    """Make the Space `to` show the static page with the model of a folder or of the Hub.

    Raises:
        FerError: the page cannot be built; whatever the Hub refuses.
    """
    check_repo_id(to)
    with TemporaryDirectory() as folder:
        build_static(model, site := Path(folder, "site"))
        files = {path.relative_to(site).as_posix(): path for path in sorted(site.rglob("*")) if path.is_file()}
        files |= {"README.md": card(to).encode(), space.THUMBNAIL: png(space.thumbnail())}
        upload(to, "space", files, "Publish the page", private=private, tag=None, sdk="static", dry_run=dry_run)


def card(to: str) -> str:
    """The Space's README: its settings, and what a visitor should know."""
    settings = {
        "title": "Facial expressions",
        "emoji": "🙂",
        "colorFrom": "blue",
        "colorTo": "yellow",
        "sdk": "static",
        "app_file": "index.html",
        "custom_headers": HEADERS,
        "short_description": "Reads expressions, not feelings, in your browser",
        "thumbnail": f"https://huggingface.co/spaces/{to}/resolve/main/{space.THUMBNAIL}",
        "license": "apache-2.0",
        "tags": ["facial-expression-recognition"],
    }
    front = yaml.safe_dump(settings, sort_keys=False, allow_unicode=True)
    return f"---\n{front}---\n\n{CARD.read_text(encoding='utf-8')}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `fer-hf publish-space`."""
    space.add_arguments(parser)
    parser.add_argument(
        "--static",
        action="store_true",
        help="without a server: photos are read in the browser; --model may be a folder (default: the one that ships)",
    )


def run(arguments: argparse.Namespace) -> None:
    """Publish the page of the kind that was asked for."""
    if not arguments.static:
        return space.run(arguments)
    if arguments.hardware:
        raise FerError("static_hardware", arguments.hardware)
    model = arguments.model or default_model()
    return publish_static(arguments.to, model, private=arguments.private, dry_run=arguments.dry_run)
