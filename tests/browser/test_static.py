"""The static page in a real browser, from its folder under a plain file server."""

import base64
import json
import re
import shutil

import pytest
from PIL import Image

from benchmarks.device_page import serve
from benchmarks.moving_faces import write_video
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.cropping import crop_face
from fer_hf.inference.csv_export import csv_text
from fer_hf.inference.results import CSV_COLUMNS
from fer_hf.site.build import FILES
from fer_hf.web.components.photo import photo_html
from fer_hf.web.device import MANIFEST
from fer_hf.web.examples import astronaut, cat, group
from fer_hf.web.i18n import LANGUAGES, TEXTS
from fer_hf.web.isolation import ISOLATION
from tests.browser.test_accessibility import serious
from tests.conftest import BROWSERS, FLAGS, PHONE, watched_page
from tests.site.conftest import site_folder
from tests.support import node_tools

pytestmark = [pytest.mark.browser, pytest.mark.slow]
__all__ = ["site_folder"]  # a fixture

READ = "#part-photo .answer:not(:has(.sample)) .summary, #part-photo .message"
SIX = "#part-photo .answer:not(:has(.sample)) #face-6"  # the example has six faces, too
DESK = {"width": 1280, "height": 900}


@pytest.fixture(scope="module", params=[None, ISOLATION], ids=["plain", "isolated"])
def hosted(request, site_folder):
    """The folder, served with and without the headers that give a page threads."""
    with serve(site_folder, request.param) as site:
        site.isolated = bool(request.param)
        yield site


@pytest.fixture(scope="module")
def plain(site_folder):
    with serve(site_folder) as site:
        yield site


@pytest.fixture
def visit(browser):
    """A function that opens the page in a context of its own."""
    contexts = []

    def open_page(site, path="", **options):
        contexts.append(browser.new_context(**{"viewport": DESK} | options))
        page = watched_page(contexts[-1])
        page.goto(site.url + path)
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()


def read(page, picture, path, wait=READ):
    """Choose a picture from the disk, agree to the model's files if asked, and wait for the answer."""
    picture.save(path)
    page.locator("input[type=file]").set_input_files(path)
    page.wait_for_selector(f"dialog[open], {wait}")
    if page.locator("dialog[open]").count():
        page.locator("dialog[open] [value=fetch]").click()
        page.wait_for_selector(wait)


def saved(page, kind):
    """A file that the page offers."""
    return base64_or_text(page.locator(f"[data-save$='.{kind}']").get_attribute("data-file"))


def base64_or_text(address):
    head, data = address.split(",", 1)
    return (
        base64.b64decode(data)
        if head.endswith("base64")
        else re.sub(r"(%[0-9A-F]{2})+", lambda part: bytes.fromhex(part[0].replace("%", "")).decode(), data)
    )


def test_the_astronaut_is_read_as_python_reads_her_and_nothing_is_sent(hosted, visit, site_folder, tmp_path):
    page = visit(hosted)
    read(page, astronaut(), tmp_path / "she.png")
    assert page.evaluate("crossOriginIsolated") == hosted.isolated
    expected = FaceAnalyzer.from_pretrained(site_folder / FILES, device="cpu", backend="onnx").analyze(astronaut())
    (found,) = json.loads(saved(page, "json"))
    (one,), (other,) = found["faces"], expected.to_dict("she.png")["faces"]
    assert (found["file"], found["width"], found["height"]) == ("she.png", 512, 512)
    assert one["label"] == other["label"]
    assert one["box"] == pytest.approx(other["box"], abs=2)
    assert one["scores"] == pytest.approx(other["scores"], abs=0.03)
    before = len(hosted.requests)
    read(page, group(), tmp_path / "all.png", wait=SIX)
    assert hosted.requests[before:] == []
    assert {method for method, _ in hosted.requests} == {"GET"}
    assert page.hosts <= {hosted.url.split("/")[2], ""}
    assert page.complaints == []


def test_a_table_is_saved_as_python_would_write_it(plain, visit, tmp_path):
    page = visit(plain)
    read(page, astronaut(), tmp_path / "=1+1.png")
    (found,) = json.loads(saved(page, "json"))
    rows = saved(page, "csv").splitlines()
    assert rows[0] == csv_text(CSV_COLUMNS, []).strip()
    assert rows[1].startswith("'=1+1.png,512,512,1,")
    assert rows[1].split(",")[8] == found["faces"][0]["label"]
    picture = saved(page, "jpg")
    (tmp_path / "drawn.jpg").write_bytes(picture)
    assert Image.open(tmp_path / "drawn.jpg").size == (512, 512)


def test_where_no_face_is_found_the_whole_picture_can_be_read_as_one(plain, visit, site_folder, tmp_path):
    page = visit(plain)
    read(page, cat(), tmp_path / "cat.png")
    page.locator("[data-do=whole]").click()
    page.wait_for_selector("#part-photo .face")
    (found,) = json.loads(saved(page, "json"))
    analyzer = FaceAnalyzer.from_pretrained(site_folder / FILES, device="cpu", backend="onnx")
    (expected,) = analyzer.analyze_crop(cat()).to_dict("cat.png")["faces"]
    assert found["faces"][0]["box"] == expected["box"]
    assert found["faces"][0]["pose"] is None is expected["pose"]
    assert found["faces"][0]["scores"] == pytest.approx(expected["scores"], abs=0.03)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_browser_renders_an_answer_as_the_server_does(plain, visit, site_folder, language):
    photo, text = group(), TEXTS[language]
    result = FaceAnalyzer.from_pretrained(site_folder / FILES, device="cpu", backend="onnx").analyze(photo)
    expected = photo_html(result, [crop_face(photo, face.detection) for face in result.faces], (), text, heat="")
    page = visit(plain, "" if language == LANGUAGES[0] else f"{language}/")
    counts = {}
    for face in result.faces:
        counts[face.counted_as] = counts.get(face.counted_as, 0) + 1
    values = {
        "result": result.to_dict("") | {"faces": [vars_of(face) for face in result.faces]},
        "counts": sorted(counts.items(), key=lambda pair: (pair[0] == "unsure", -pair[1])),
        "crowd": 12,
        "heat": "",
        "picture": "P",
        "crops": ["C"] * len(result.faces),
        "downloads": [],
    }
    found = page.evaluate(
        """async (values) => {
          const { makeRenderer } = await import(new URL("components/templates.js", document.baseURI));
          const { device } = JSON.parse(document.getElementById("photo-props").textContent);
          return (await makeRenderer(device))("photo/answer.html", values);
        }""",
        values,
    )
    assert plain_html(found) == plain_html(expected)


def vars_of(face):
    return {
        "box": face.box,
        "confidence": face.confidence,
        "label": face.label,
        "scores": face.scores,
        "unsure": face.unsure,
        "unsure_because": face.unsure_because,
    }


def plain_html(html):
    """HTML without pictures and differences of white space."""
    return re.sub(r"\s+", " ", re.sub(r'src="[^"]*"', "", html)).replace("&#34;", "&quot;").replace("> <", "><").strip()


def test_it_works_without_a_connection_after_the_first_photo(plain, visit, tmp_path):
    page = visit(plain)
    read(page, astronaut(), tmp_path / "she.png")
    page.evaluate("async () => { await navigator.serviceWorker.ready; }")
    page.context.set_offline(True)
    page.reload()
    page.wait_for_selector("html[data-ready]")
    read(page, group(), tmp_path / "all.png", wait=SIX)
    page.locator(".languages a").click()
    page.wait_for_selector(f"html[lang=de] {SIX}")


def test_a_model_that_cannot_be_fetched_is_said_and_tried_again(plain, visit, tmp_path):
    page = visit(plain, service_workers="block")
    page.route(f"**/{MANIFEST}", lambda route: route.abort())
    read(page, astronaut(), tmp_path / "she.png", wait=".message.problem")
    assert TEXTS["en"]["device_failed"] in page.inner_text(".answer")
    page.unroute(f"**/{MANIFEST}")
    read(page, astronaut(), tmp_path / "she.png", wait="#part-photo .summary h2")


def test_what_is_no_picture_is_refused_in_the_pages_language(plain, visit, tmp_path):
    page = visit(plain, "de/")
    (tmp_path / "note.png").write_text("no picture")
    page.locator("input[type=file]").set_input_files(tmp_path / "note.png")
    page.wait_for_selector(".message.problem")
    assert TEXTS["de"]["device_unreadable"] in page.inner_text(".answer")


def test_tabs_by_keyboard_and_by_address(plain, visit):
    page = visit(plain, "#about")
    assert page.locator("#part-about").is_visible() and not page.locator("#part-photo").is_visible()
    page.locator("#tab-about").focus()
    page.keyboard.press("ArrowRight")
    assert page.locator("#part-photo").is_visible()
    assert page.url.endswith("#photo")


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone dark", "desk light"])
def test_no_serious_finding_of_axe_and_no_sideways_scrolling(plain, visit, size, scheme, tmp_path):
    node_tools.install()
    page = visit(plain, viewport=size, color_scheme=scheme, bypass_csp=True, reduced_motion="reduce")
    read(page, group(), tmp_path / "all.png", wait=SIX)
    page.add_script_tag(path=node_tools.FOLDER / "node_modules" / "axe-core" / "axe.min.js")
    for tab in ("photo", "about"):
        page.locator(f"#tab-{tab}").click()
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


@pytest.fixture
def camera(browser, tmp_path):
    """A browser whose camera shows a face that moves."""
    started = launch(browser, write_video(tmp_path / "one.y4m", 1, 60, 10))
    yield started
    started.close()


def launch(browser, video):
    return browser.browser_type.launch(
        executable_path=next(filter(None, map(shutil.which, BROWSERS))),
        args=[*FLAGS, f"--use-file-for-fake-video-capture={video}"],
    )


def test_live_reads_the_camera_on_the_device_and_sums_up(plain, camera):
    page = watched_page(camera.new_context(viewport=DESK, permissions=["camera"]))
    page.goto(f"{plain.url}#live")
    page.wait_for_selector("html[data-ready]")
    page.locator("#part-live [data-do=start]").click()
    page.locator("#part-live dialog[open] [value=fetch]").click()
    page.wait_for_selector("#part-live .live-list li")  # a face was found
    page.locator("#part-live [data-do=stop]").click()
    page.wait_for_selector("#part-live .live-rows tr", state="attached")
    assert "server" not in page.inner_text("#part-live")
    with page.expect_download() as csv:
        page.locator("#part-live [data-do=csv]").click()
    assert csv.value.path().read_text(encoding="utf-8-sig").startswith("time")
    assert {method for method, _ in plain.requests} == {"GET"}
    assert page.complaints == []
