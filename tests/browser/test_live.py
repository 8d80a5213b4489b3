"""The Live tab: its markup, and in a real browser with Chromium's fake camera, which shows a face that moves."""

import itertools
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from benchmarks.moving_faces import write_video
from fer_hf.labels import COLOURS, LABELS
from fer_hf.web import websocket
from fer_hf.web.components import live
from fer_hf.web.i18n import LANGUAGES, TEXT, TEXTS
from tests.conftest import BROWSERS, DESK, FLAGS, PHONE, watched_page
from tests.support import node_tools
from tests.support.csv_file import read_csv

# Keeps every answer that was drawn, and every socket.
WATCH = """
window.drawn = [];
window.sockets = [];
window.WebSocket = class extends WebSocket {
  constructor(...given) { super(...given); sockets.push(this); }
};
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_scripts_get_every_word_and_colour(language):
    text = TEXTS[language]
    settings = live.script_settings(text, baseline=True, device=None)
    assert {each["name"]: each["colour"] for each in settings["expressions"]} == COLOURS
    assert [each["word"] for each in settings["expressions"]] == [text[name] for name in LABELS]
    folder = Path(live.__file__).parent
    scripts = "\n".join(path.read_text() for path in [*folder.glob("*.js"), folder.parent / "camera.js"])
    used = set(re.findall(r'\.(?:text|say|closed?)\([^)]*"(\w+)"\)', scripts))
    assert {"absent", "asking", "denied", "gone", "left", "lost", "stopped"} <= used <= set(settings["text"])
    assert {f"error_{code}" for code in ("full", "time", "idle", "message")} <= set(settings["text"])


def test_the_filter_that_smooths_is_stated():
    assert "exponential moving average with a time constant of 500 milliseconds" in live.Live(TEXT).value


def launch(playwright, video):
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is on the path")
    return playwright.chromium.launch(executable_path=path, args=[*FLAGS, f"--use-file-for-fake-video-capture={video}"])


@pytest.fixture(scope="module")
def playwright():
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def browser(playwright, tmp_path_factory):
    browser = launch(playwright, write_video(tmp_path_factory.mktemp("camera") / "one.y4m", 1, 120, 10))
    yield browser
    browser.close()


@pytest.fixture
def visit(browser, served):
    """A function that opens the Live tab in a session of its own."""
    contexts = []

    def open_tab(camera=browser, script=WATCH, path="", **options):
        context = camera.new_context(**{"viewport": DESK, "permissions": ["camera"]} | options)
        contexts.append(context)
        page = watched_page(context)
        page.add_init_script(script)
        page.goto(served.url + path)
        page.get_by_role("tab", name="Live", exact=True).click()
        page.wait_for_selector("[data-ready] .live [data-do=start]", state="visible")
        page.evaluate("document.querySelector('.live').addEventListener('live:drawn', (e) => drawn.push(e.detail))")
        return page

    yield open_tab
    for context in contexts:
        context.close()


def start(page, frames=3):
    page.click(".live [data-do=start]")
    wait_for_frames(page, frames)


def wait_for_frames(page, frames):
    count = page.evaluate("drawn.length")
    page.wait_for_function("count => drawn.length >= count", arg=count + frames)


def in_sight(page, *parts):
    """Whether all of each part is inside the window."""
    boxes = [part.bounding_box() for part in parts]
    return all(box["y"] > -1 and box["y"] + box["height"] < page.viewport_size["height"] + 1 for box in boxes)


def status(page):
    return page.locator(".live-status")


def serious_findings(page):
    """What axe-core finds on the tab."""
    node_tools.install()
    page.add_script_tag(path=node_tools.FOLDER / "node_modules" / "axe-core" / "axe.min.js")
    found = page.evaluate("axe.run('#live').then((result) => result.violations)")
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] in ("serious", "critical")]


def in_browser(test):
    return pytest.mark.browser(pytest.mark.slow(test))


# The permission is given after a second and a half; every track that was ever opened is kept.
SLOW_PERMISSION = f"""{WATCH}
window.tracks = [];
const devices = navigator.mediaDevices;
const open = devices.getUserMedia.bind(devices);
devices.getUserMedia = async (wanted) => {{
  await new Promise((done) => setTimeout(done, 1500));
  const stream = await open(wanted);
  tracks.push(...stream.getTracks());
  return stream;
}};
"""


@in_browser
def test_pressing_start_twice_opens_one_camera_which_stop_turns_off(visit):
    page = visit(script=SLOW_PERMISSION)
    button = page.locator(".live [data-do=start]")
    button.evaluate("button => { button.click(); button.click(); }")
    assert button.is_disabled()
    wait_for_frames(page, 1)
    page.wait_for_timeout(2000)  # in which a second camera would have started
    page.click(".live [data-do=stop]")
    assert page.evaluate("tracks.map((track) => track.readyState)") == ["ended"]
    assert button.is_enabled()


@in_browser
def test_a_tab_that_is_left_while_permission_is_asked_never_reads_the_camera(visit):
    page = visit(script=SLOW_PERMISSION)
    page.click(".live [data-do=start]")
    page.get_by_role("tab", name=TEXT["photo_tab"], exact=True).click()
    page.wait_for_function("tracks.length && tracks.every((track) => track.readyState === 'ended')")
    assert page.evaluate("[drawn.length, sockets.length]") == [0, 0]
    page.get_by_role("tab", name=TEXT["live_tab"], exact=True).click()
    assert page.locator(".live [data-do=start]").is_enabled()


@in_browser
def test_a_moving_face_is_read_and_after_a_hundred_frames_no_file_is_written(visit, served):
    page = visit()
    start(page, 100)
    assert served.files() == []
    faces = page.evaluate("drawn.map((each) => each.faces.map((face) => face.number))")
    assert [len(each) for each in faces] == [1] * len(faces)
    assert faces[0] == [1] and faces == sorted(faces)  # a busy machine may lose sight of it for longer than MEMORY
    assert page.evaluate("new Set(drawn.map((each) => each.faces[0].box[0])).size") > 10  # it moves
    assert page.locator(".live-boxes span").count() == page.locator(".live-list li").count() == 1
    assert page.locator(".live-bars li").count() == len(LABELS)
    shares = page.locator(".live-bars .share").all_inner_texts()
    assert sum(int(share.removesuffix(" %")) for share in shares) == pytest.approx(100, abs=4)
    assert re.fullmatch(r"Face \d+: .+\.", page.locator(".live-news").inner_text())
    assert "Frames per second" in page.locator(".live-rate").inner_text()
    assert (page.hosts - {served.url.split("/")[2]}, page.complaints) == (set(), [])


@in_browser
def test_the_box_lies_on_the_face_and_mirror_turns_it_with_the_video(visit):
    page = visit()
    start(page)
    page.click(".live [data-do=pause]")
    place = """() => {
        const area = (name) => document.querySelector(name).getBoundingClientRect();
        const [box, stage] = [area(".live-boxes span"), area(".live-stage")];
        return [(box.left - stage.left) / stage.width, (box.right - stage.left) / stage.width];
    }"""
    mirrored = page.evaluate(place)
    page.locator(".live-mirror").uncheck()
    plain = page.evaluate(place)
    assert plain == pytest.approx([1 - mirrored[1], 1 - mirrored[0]], abs=0.01)
    assert page.locator(".live video").evaluate("video => getComputedStyle(video).transform") == "none"
    box = page.evaluate("drawn.at(-1).faces[0].box")
    assert plain[0] == pytest.approx(box[0] / 640, abs=0.15)


@in_browser
def test_no_label_is_cut_off_at_the_edge_of_the_video(visit):
    page = visit(path="de", viewport=PHONE)
    start(page)
    page.click(".live [data-do=pause]")
    label = page.locator(".live-boxes b")
    label.evaluate("label => (label.textContent = '1 angewidert oder überrascht? *')")
    sides = set()
    for mirror in (True, False):
        page.locator(".live-mirror").set_checked(mirror)
        stage, box = (page.locator(place).bounding_box() for place in (".live-stage", ".live-boxes b"))
        sides.add(page.locator(".live-boxes span").evaluate("box => box.classList.contains('right')"))
        assert stage["x"] <= box["x"] + 1 and box["x"] + box["width"] <= stage["x"] + stage["width"] + 1
    assert sides == {True, False}


@in_browser
def test_pause_sends_nothing_and_stops_the_clock(visit):
    page = visit()
    start(page)
    page.click(".live [data-do=pause]")
    assert status(page).inner_text() == TEXT["live_paused"]
    page.wait_for_timeout(500)  # what was under way
    count = page.evaluate("drawn.length")
    page.wait_for_timeout(2500)
    assert page.evaluate("drawn.length") == count
    page.click(".live [data-do=pause]")
    wait_for_frames(page, 3)  # the camera has gone on meanwhile: the face is elsewhere
    times = page.evaluate("drawn.map((each) => each.time)")
    assert max(later - before for before, later in itertools.pairwise(times)) < 2.5


@in_browser
def test_reset_stop_summary_and_csv(visit, served):
    page = visit()
    start(page)
    page.click(".live [data-do=reset]")
    wait_for_frames(page, 10)
    first = page.evaluate("drawn.find((each, i) => i && each.time < drawn[i - 1].time)")  # the clock begins anew
    assert (first["time"], first["faces"][0]["number"]) == (0, 1)
    page.click(".live [data-do=stop]")
    page.wait_for_selector(".live-rows tr")
    assert page.locator(".live video").evaluate("video => video.srcObject") is None
    assert page.locator(".live-rows td").first.inner_text() == "1"
    assert re.search(r"Faces: \d+\.", page.locator(".live-totals").inner_text())
    page.wait_for_selector(".live [data-do=csv]:enabled")
    with page.expect_download() as download:
        page.click(".live [data-do=csv]")
    assert download.value.suggested_filename == "live.csv"
    rows = read_csv(download.value.path().read_bytes())
    assert len(rows) >= 2 and rows[0]["face"] == "1" and {row["label"] for row in rows} <= set(LABELS)
    assert served.files() == []


@in_browser
def test_a_summary_comes_along_to_another_language_but_a_running_camera_is_not_lost_without_a_question(visit):
    page, asked = visit(), []
    start(page)
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.click(".languages a")
    wait_for_frames(page, 3)
    assert asked == [TEXT["languages_warning"]]
    page.click(".live [data-do=stop]")
    page.wait_for_selector(".live [data-do=csv]:enabled")
    faces = page.locator(".live-rows tr").count()
    page.click(".languages a")
    page.wait_for_selector("html[lang=de] .live [data-do=csv]:enabled")
    assert page.locator(".live-rows tr").count() == faces > 0
    assert page.locator(".live-totals").inner_text().endswith(f"Gesichter: {faces}.")
    with page.expect_download() as download:
        page.click(".live [data-do=csv]")
    assert {row["face"] for row in read_csv(download.value.path().read_bytes())} >= {"1"}
    assert page.complaints == []


@in_browser
@pytest.mark.parametrize(("path", "look"), [("", {}), ("de", {"viewport": PHONE, "color_scheme": "dark"})])
def test_a_resting_face_is_taken_marked_and_forgotten_by_keyboard(visit, path, look):
    text, page = TEXTS[path or "en"], visit(path=path, **look)
    button, note = (page.locator(f".live {each}") for each in ("[data-do=baseline]", ".live-note"))
    assert not button.is_visible()
    start(page)
    assert note.inner_text() == text["live_baseline_offered"]
    assert in_sight(page, button, note)
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".live-taking", state="visible")
    assert note.inner_text() == text["live_baseline_taking"]
    assert in_sight(page, page.locator(".live-taking"), note)
    page.wait_for_selector(".live-taking", state="hidden")
    assert note.inner_text() == text["live_baseline_taken"]
    assert in_sight(page, page.locator(".live-stage"), note)
    page.wait_for_function("drawn.at(-1).faces[0]?.adjusted")
    assert page.locator(".live-boxes b").first.inner_text().endswith(" *")
    assert page.locator(".live-of").inner_text() == text["live_adjusted_long"].format(
        words=text["live_of_face"].format(number=1)
    )
    assert serious_findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    page.get_by_role("button", name=text["live_forget_baseline"]).press("Enter")
    page.wait_for_function("drawn.at(-1).faces[0]?.adjusted === false")
    assert note.inner_text() == text["live_baseline_offered"]
    assert page.evaluate("document.activeElement.dataset.do") == "baseline"
    page.click(".live [data-do=stop]")
    page.wait_for_selector(".live [data-do=csv]:enabled")
    with page.expect_download() as download:
        page.click(".live [data-do=csv]")
    assert {"", "adjusted, not calibrated"} == {row["adjusted"] for row in read_csv(download.value.path().read_bytes())}
    assert page.complaints == []


@in_browser
def test_the_tab_speaks_german_and_running_sessions_can_be_downloaded(visit):
    page = visit(path="de")
    start(page, 5)
    page.get_by_role("button", name="Pause").click()
    page.wait_for_selector(".live-rows tr")
    assert status(page).inner_text() == TEXTS["de"]["live_paused"]
    with page.expect_download() as download:
        page.get_by_role("button", name=TEXTS["de"]["live_csv"]).click()
    assert download.value.path().read_bytes().startswith("\N{BOM}time,face,".encode())


@in_browser
def test_a_broken_connection_comes_back_by_itself_to_the_same_session(visit):
    page = visit()
    start(page)
    page.evaluate("sockets.at(-1).close()")
    page.wait_for_function("sockets.length === 2")
    wait_for_frames(page, 3)
    times = page.evaluate("drawn.map((each) => each.time)")
    assert times == sorted(times)  # the same session: its clock goes on
    page.wait_for_function("document.querySelector('.live-status').textContent === ''")


@in_browser
def test_without_a_network_for_a_moment_nothing_reloads_and_the_session_goes_on(visit):
    page = visit()
    start(page)
    page.evaluate("sockets.at(-1).close()")
    page.context.set_offline(True)
    page.get_by_text(TEXT["live_lost"]).wait_for()
    page.wait_for_timeout(2000)
    page.context.set_offline(False)
    wait_for_frames(page, 3)  # were the page reloaded, nothing would be drawn
    assert status(page).inner_text() == ""


@in_browser
def test_a_tab_that_was_left_says_why_the_camera_is_off(visit):
    page = visit()
    start(page)
    page.get_by_role("tab", name=TEXT["photo_tab"], exact=True).click()
    page.wait_for_function("document.querySelector('.live video').srcObject === null")
    page.get_by_role("tab", name=TEXT["live_tab"], exact=True).click()
    assert status(page).inner_text() == TEXT["camera_left"]


@in_browser
def test_a_camera_that_is_pulled_out_ends_its_session_with_a_reason(visit):
    page = visit(script=SLOW_PERMISSION)
    start(page)
    page.evaluate("tracks[0].dispatchEvent(new Event('ended'))")
    page.get_by_text(TEXT["camera_gone"]).wait_for()
    assert page.locator(".live [data-do=start]").is_visible()
    page.wait_for_function("sockets.at(-1).readyState === WebSocket.CLOSED")


@in_browser
def test_two_people_at_once_and_a_closed_tab_frees_its_place(visit, monkeypatch):
    monkeypatch.setattr(websocket, "SESSIONS", 2)
    one, other, late = visit(), visit(), visit()
    start(one)
    start(other)
    assert one.evaluate("drawn[0].faces[0].number") == other.evaluate("drawn[0].faces[0].number") == 1
    late.click(".live [data-do=start]")
    late.wait_for_function(
        "words => document.querySelector('.live-status').textContent === words", arg=TEXT["live_error_full"]
    )
    assert late.locator(".live [data-do=start]").is_visible()
    one.close()
    late.wait_for_timeout(1000)
    start(late)


@in_browser
def test_leaving_the_tab_stops_the_camera(visit):
    page = visit()
    start(page)
    page.get_by_role("tab", name=TEXT["photo_tab"], exact=True).click()
    page.wait_for_function("document.querySelector('.live video').srcObject === null")
    page.wait_for_function("sockets.at(-1).readyState === WebSocket.CLOSED")


@in_browser
@pytest.mark.parametrize(
    ("error", "words"),
    [("NotAllowedError", "camera_denied"), ("NotFoundError", "camera_absent"), ("", "camera_absent")],
)
def test_without_a_camera_there_is_a_plain_line(visit, error, words):
    camera = f"{{ getUserMedia: async () => {{ throw new DOMException('', '{error}'); }} }}" if error else "undefined"
    page = visit(script=f"{WATCH} Object.defineProperty(navigator, 'mediaDevices', {{ value: {camera} }});")
    page.click(".live [data-do=start]")
    page.wait_for_function("words => document.querySelector('.live-status').textContent === words", arg=TEXT[words])
    assert page.locator(".live [data-do=start]").is_visible()
    assert page.complaints == []


@in_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_four_faces_on_a_phone_are_chosen_by_click_list_and_keys(visit, playwright, tmp_path, scheme):
    camera = launch(playwright, write_video(tmp_path / "four.y4m", 4, 60, 10))
    try:
        page = visit(camera, viewport=PHONE, color_scheme=scheme)
        page.click(".live [data-do=start]")
        page.wait_for_function("document.querySelectorAll('.live-list li').length >= 4")
        page.click(".live [data-do=pause]")
        numbers = page.locator(".live-list .number").all_inner_texts()
        chosen = page.locator(".live-of")
        page.locator(".live-list button").nth(1).click()
        assert chosen.inner_text() == f"Face {numbers[1]}"
        page.keyboard.press("ArrowDown")
        assert chosen.inner_text() == f"Face {numbers[2]}"
        page.keyboard.press(numbers[3])
        assert chosen.inner_text() == f"Face {numbers[3]}"
        assert page.locator(".live-list [aria-pressed=true] .number").inner_text() == numbers[3]
        page.locator(f".live-boxes span[data-face='{numbers[0]}']").dispatch_event("click")
        assert chosen.inner_text() == f"Face {numbers[0]}"
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        assert serious_findings(page) == []
    finally:
        camera.close()
