"""Pictures of the page's tabs for the README, made by driving the real page in a browser.

python -m benchmarks.screenshots [TAB ...] [--model M] [--output docs]
"""

import argparse
import io
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from app import LAUNCH
from fer_hf.errors import FerError
from fer_hf.files import replacing
from fer_hf.predict import DEFAULT_MODEL, Reader
from fer_hf.routes import server
from fer_hf.texts import TEXT
from fer_hf.ui import build_page
from fer_hf.uploads import Uploads, private_folder

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
PATIENCE = 120_000  # milliseconds


class Look(NamedTuple):
    """How a visitor sees the page."""

    size: tuple[int, int]  # of the window, in CSS pixels
    scheme: str
    scale: int  # pixels a CSS pixel


LOOKS = {  # what the file's name ends with
    "": Look((1280, 900), "light", 1),
    "-dark": Look((1280, 900), "dark", 1),
    "-phone": Look((390, 844), "light", 2),
}


def photo(page: Page) -> None:
    """The example group is read and the first face's heat map is open."""
    page.locator(f".example[title='{TEXT['photo_example_group']}']").click()
    page.wait_for_selector("#reading .reading", state="visible")
    page.locator("#reading .look button:visible").click()
    page.locator("#reading .heat:visible").wait_for()


SCENES: dict[str, Callable[[Page], None]] = {"photo": photo}  # what is done on a tab before it is taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tabs", nargs="*", metavar="TAB", help=f"of {', '.join(SCENES)} (default: all)")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="model folder or Hub id (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=Path("docs"), help="folder (default: %(default)s)")
    arguments = parser.parse_args()
    if unknown := set(arguments.tabs) - set(SCENES):
        raise FerError(f"{', '.join(sorted(unknown))}: no such tab; expected {', '.join(SCENES)}")
    with private_folder() as folder:
        reader = Reader.load(arguments.model)
        page, own = build_page(reader, Uploads(folder)), server(reader)
        _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, app_kwargs=own, **LAUNCH)
        take_all(url, arguments.tabs or list(SCENES), arguments.output)
        page.close(verbose=False)


def take_all(url: str, tabs: list[str], output: Path) -> None:
    """Save each tab in each look."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise FerError(f"no browser: none of {', '.join(BROWSERS)} is on the path")
    flags = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        for tab in tabs:
            for ending, look in LOOKS.items():
                save(output / f"{tab}{ending}.webp", take(browser, url, tab, look))
        browser.close()


def take(browser: Browser, url: str, tab: str, look: Look) -> bytes:
    """A PNG of a tab after its scene; on a wide window of its whole height."""
    width, height = look.size
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme=look.scheme, device_scale_factor=look.scale
    )
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    page.get_by_role("tab", name=TEXT[f"{tab}_tab"], exact=True).click()
    SCENES[tab](page)
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)  # Gradio's progress fades out
    png = page.screenshot(full_page=look.scale == 1)
    page.close()
    return png


def save(path: Path, png: bytes) -> None:
    with replacing(path) as temporary:
        Image.open(io.BytesIO(png)).convert("RGB").save(temporary, "WEBP", quality=80, method=6)
    print(f"{path}  {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    try:
        main()
    except FerError as error:
        sys.exit(f"error: {error}")
