"""Pictures of every tab and of the static page for the docs, made by driving the real page in a browser.

python -m tools.screenshots [TAB ...] [--model M] [--output docs]

Each tab gives two files: TAB.webp as on a desk in light colours, and TAB-looks.webp: the same in dark colours, and on a
phone in both.
"""

import argparse
import io
import zipfile
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from imageio_ffmpeg import write_frames
from PIL import Image
from playwright.sync_api import Browser, Page

from benchmarks import record
from benchmarks.browser import chromium
from benchmarks.device_page import serve
from benchmarks.moving_faces import HEIGHT, WIDTH, moving_faces, write_video
from fer_hf.environment import default_model
from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.io import replacing
from fer_hf.site.build import build_static
from fer_hf.web import examples
from fer_hf.web.i18n import TEXT
from fer_hf.web.page import build_page
from fer_hf.web.server import SETTINGS, server_settings
from fer_hf.web.service import Service
from fer_hf.web.temp_files import Uploads, private_folder

PATIENCE = 300_000  # milliseconds
DESK, PHONE = (1440, 1180), (390, 844)
GAP = 24  # pixels between pictures that stand side by side


class Look(NamedTuple):
    """How a visitor sees the page."""

    size: tuple[int, int]  # of the window, in CSS pixels
    scheme: str


MAIN, OTHERS = Look(DESK, "light"), (Look(DESK, "dark"), Look(PHONE, "light"), Look(PHONE, "dark"))


def photo(page: Page, things: Path) -> None:
    """The example group is read and the first face's heat map is open."""
    page.locator(f".example[title='{TEXT['photo_example_group']}']").click()
    page.wait_for_selector("#reading:not(:has(.sample)) .reading", state="visible")
    page.locator("#reading .look button:visible").click()
    page.locator("#reading .heat:visible").wait_for()
    page.locator("#reading").evaluate("answer => innerWidth < 760 && answer.scrollIntoView()")


def live(page: Page, things: Path) -> None:
    """The fake camera has shown four faces for some seconds."""
    page.locator("[data-ready] .live [data-do=start]").click()
    page.wait_for_timeout(12_000)


def video(page: Page, things: Path) -> None:
    """A short video has been read."""
    page.locator("[data-ready]:visible .picker input[type=file]").set_input_files(things / "walk.mp4")
    page.locator(".film a[download]").wait_for(state="visible")
    page.locator(".film video").evaluate("video => { video.currentTime = 2; }")


def batch(page: Page, things: Path) -> None:
    """An archive has been read, with a photo without faces and a file that is none."""
    page.locator("[data-ready]:visible .picker input[type=file]").set_input_files(things / "party.zip")
    page.locator(".gallery:visible").wait_for()


def about(page: Page, things: Path) -> None:
    """The page as it opens."""
    page.locator(".about:visible").wait_for()


def static(page: Page, things: Path) -> None:
    """The page without a server has read the example group."""
    page.locator(f".example[title='{TEXT['photo_example_group']}']").click()
    page.locator(".place dialog[open] [value=fetch]").click()
    page.locator("#reading:not(:has(.sample)) #face-6").wait_for()
    page.locator("#reading").evaluate("answer => innerWidth < 760 ? answer.scrollIntoView() : scrollTo(0, 0)")


# What is done on a tab before it is taken.
SCENES: dict[str, Callable[[Page, Path], None]] = {
    "photo": photo,
    "live": live,
    "video": video,
    "batch": batch,
    "about": about,
    "static": static,
}


def main(argv: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("tabs", nargs="*", metavar="TAB", help=f"of {', '.join(SCENES)} (default: all)")
    parser.add_argument("--model", default=default_model(), help="model folder or Hub id (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=Path("docs"), help="folder (default: %(default)s)")
    arguments = parser.parse_args(argv)
    if unknown := set(arguments.tabs) - set(SCENES):
        raise FerError("tab_unknown", ", ".join(sorted(unknown)), known=", ".join(SCENES))
    with private_folder() as folder, TemporaryDirectory() as things:
        make_things(Path(things))
        analyzer = FaceAnalyzer.from_pretrained(arguments.model)
        service = Service(analyzer, Uploads(folder))
        page, own = build_page(service), server_settings(service)
        _, url, _ = page.launch(prevent_thread_lock=True, quiet=True, app_kwargs=own, **SETTINGS)
        tabs = arguments.tabs or list(SCENES)
        if "static" in tabs:
            build_static(arguments.model, Path(things, "static"))
        with serve(Path(things, "static")) as site:
            take_all(url, site.url, Path(things), tabs, arguments.output)
        page.close(verbose=False)


def make_things(folder: Path) -> None:
    """What is sent: the camera's video, a short video to upload, an archive of photos."""
    write_video(folder / "camera.y4m", faces=4, frames=120, rate=10)
    target = write_frames(folder / "walk.mp4", (WIDTH, HEIGHT), fps=10, ffmpeg_log_level="error")
    target.send(None)
    for frame in islice(cycle(moving_faces(4, 60)), 60):
        target.send(frame.tobytes())
    target.close()
    with zipfile.ZipFile(folder / "party.zip", "w") as archive:
        for name, picture in (
            ("group.jpg", examples.group()),
            ("one.jpg", examples.astronaut()),
            ("cat.jpg", examples.cat()),
        ):
            file = io.BytesIO()
            picture.save(file, "JPEG", quality=92)
            archive.writestr(name, file.getvalue())
        archive.writestr("notes.jpg", "no photo")


def take_all(url: str, static_url: str, things: Path, tabs: list[str], output: Path) -> None:
    """Save each tab in each look, and the page without a server."""
    with chromium(things / "camera.y4m") as browser:
        for tab in tabs:
            address = static_url if tab == "static" else url
            main, *others = (take(browser, address, things, tab, look) for look in (MAIN, *OTHERS))
            save(output / f"{tab}.webp", main)
            save(output / f"{tab}-looks.webp", side_by_side(others))


def take(browser: Browser, url: str, things: Path, tab: str, look: Look) -> Image.Image:
    """A tab after its scene, as its window shows it; a phone's at twice the pixels."""
    width, height = look.size
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme=look.scheme,
        device_scale_factor=2 if look.size == PHONE else 1,
        permissions=["camera"],
    )
    page.set_default_timeout(PATIENCE)
    page.goto(url)
    if tab != "static":  # which opens with the tab that is taken
        page.get_by_role("tab", name=TEXT[f"{tab}_tab"], exact=True).click()
    SCENES[tab](page, things)
    page.mouse.move(0, 0)
    page.wait_for_timeout(800)  # Gradio's progress fades out
    png = page.screenshot()
    page.close()
    return Image.open(io.BytesIO(png)).convert("RGB")


def side_by_side(pictures: list[Image.Image]) -> Image.Image:
    """The pictures in a row, of one height."""
    height = min(picture.height for picture in pictures)
    sized = [
        each.resize((round(each.width * height / each.height), height), Image.Resampling.LANCZOS) for each in pictures
    ]
    row = Image.new("RGB", (sum(each.width + GAP for each in sized) - GAP, height), "white")
    left = 0
    for each in sized:
        row.paste(each, (left, 0))
        left += each.width + GAP
    return row


def save(path: Path, picture: Image.Image) -> None:
    with replacing(path) as temporary:
        picture.save(temporary, "WEBP", quality=75, method=6)
    print(f"{path}  {path.stat().st_size // 1024} kB")


if __name__ == "__main__":
    record.run(main)
