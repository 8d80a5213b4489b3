"""Pictures of the page for the README, made by driving the real page in a browser.

python -m benchmarks.screenshots [--model M] [--output docs]
"""

import argparse
import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from app import LAUNCH
from fer_hf.errors import FerError
from fer_hf.files import replacing
from fer_hf.predict import DEFAULT_MODEL, Reader
from fer_hf.routes import server
from fer_hf.texts import TEXT
from fer_hf.ui import build_page
from fer_hf.uploads import Uploads, private_folder

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SHOTS = {  # file name: viewport, colour scheme, pixels a CSS pixel
    "page.webp": ((1280, 900), "light", 1),
    "page-dark.webp": ((1280, 900), "dark", 1),
    "page-phone.webp": ((390, 844), "light", 2),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default=DEFAULT_MODEL, help="model folder or Hub id (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=Path("docs"), help="folder (default: %(default)s)")
    arguments = parser.parse_args()
    with private_folder() as folder:
        reader = Reader.load(arguments.model)
        page, own = build_page(reader, Uploads(folder)), server(reader)
        _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, app_kwargs=own, **LAUNCH)
        for name, (size, scheme, scale) in SHOTS.items():
            save(arguments.output / name, take(url, size, scheme, scale))
        page.close(verbose=False)


def take(url: str, size: tuple[int, int], scheme: str, scale: int) -> bytes:
    """A PNG of the page that has just read the example group."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise FerError(f"no browser: none of {', '.join(BROWSERS)} is on the path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, device_scale_factor=scale
        )
        page.set_default_timeout(120_000)
        page.goto(url)
        read_example(page)
        png = page.screenshot(full_page=scale == 1)
        browser.close()
    return png


def read_example(page: Page) -> None:
    page.locator(f".example[title='{TEXT['photo_example_group']}']").click()
    page.wait_for_selector("#reading .reading", state="visible")
    page.mouse.move(0, 0)
    page.wait_for_timeout(500)  # Gradio's progress fades out


def save(path: Path, png: bytes) -> None:
    with replacing(path) as temporary:
        Image.open(io.BytesIO(png)).convert("RGB").save(temporary, "WEBP", quality=80, method=6)
    print(f"{path}  {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    try:
        main()
    except FerError as error:
        sys.exit(f"error: {error}")
