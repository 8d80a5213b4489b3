"""The Chromium or Chrome that the system has, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from fer_hf.errors import FerError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CAMERA = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


@contextmanager
def chromium(video: Path | None = None) -> Iterator[Browser]:
    """The browser until the block ends; with a video (y4m), that is what its camera shows.

    Raises:
        FerError: there is none.
    """
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise FerError("browser_missing", names=", ".join(BROWSERS))
    camera = (*CAMERA, f"--use-file-for-fake-video-capture={video}") if video else ()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", *camera])
        yield browser
        browser.close()
