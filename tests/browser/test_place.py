"""Photo and Live of the page with a server, read on the visitor's device: the choice, the question, what is sent."""

import shutil
from urllib.parse import urlsplit

import pytest

from benchmarks.moving_faces import write_video
from fer_hf.site.device_files import build_device
from fer_hf.web.device import MANIFEST
from fer_hf.web.examples import astronaut, group
from fer_hf.web.i18n import TEXT, TEXTS
from tests.browser.test_accessibility import serious
from tests.conftest import BROWSERS, DESK, FLAGS, PHONE, watched_page
from tests.support import node_tools
from tests.support.served import served_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PUBLIC = "faces.example"
READ = ".answer:not(:has(.sample)) .summary"
SIX = ".answer:not(:has(.sample)) #face-6"  # the example has six faces, too
# Lets a test end the page's workers, as a browser does that runs out of memory.
WORKERS = """window.workers = [];
window.Worker = class extends Worker {
  constructor(...words) { super(...words); workers.push(this); }
};"""
END_WORKER = "workers.pop().dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }))"


@pytest.fixture(scope="module")
def equipped(tiny_model, tmp_path_factory):
    """The page with a tiny model and the files that browsers need to read with it."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed: nothing was checked")
    files = tmp_path_factory.mktemp("device") / "files"
    build_device(str(tiny_model), files)
    with served_page(str(tiny_model), files) as served:
        yield served


@pytest.fixture(scope="module")
def camera(browser, tmp_path_factory):
    """A browser whose camera shows a face that moves, and that finds the page under a public name too."""
    video = write_video(tmp_path_factory.mktemp("camera") / "one.y4m", 1, 60, 10)
    started = browser.browser_type.launch(
        executable_path=next(filter(None, map(shutil.which, BROWSERS))),
        args=[*FLAGS, f"--use-file-for-fake-video-capture={video}", f"--host-resolver-rules=MAP {PUBLIC} 127.0.0.1"],
    )
    yield started
    started.close()


@pytest.fixture
def visit(equipped, camera):
    """A function that opens the page in a browser without a past; `page.sent` is what has left it since."""
    contexts = []

    def open_page(path="", name=None, script="", **options):
        context = camera.new_context(**{"viewport": DESK, "permissions": ["camera"]} | options)
        contexts.append(context)
        page = watched_page(context)
        page.add_init_script(script)
        page.sent = []
        page.on("request", lambda request: request.method == "GET" or page.sent.append(request.url))
        page.on("websocket", lambda socket: page.sent.append(socket.url))
        address = urlsplit(equipped.url)
        page.goto(address._replace(netloc=f"{name}:{address.port}").geturl() + path if name else equipped.url + path)
        page.wait_for_selector("[data-ready] .picker", state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()


def choose(page, place):
    page.locator(f".place [value={place}]:visible").check()
    page.sent.clear()  # Gradio has told its own server that the page is there


def chosen(page):
    return page.locator(".place :checked:visible").get_attribute("value")


def read(page, picture, path, answer="fetch", wait=READ):
    """Choose a picture; `answer` is what is said to the question, where it comes."""
    picture.save(path)
    page.locator(".picker input[type=file]:visible, .picker:visible input[type=file]").first.set_input_files(path)
    page.wait_for_selector(f".place dialog[open], {wait}")
    if page.locator(".place dialog[open]").count():
        page.locator(f".place dialog[open] [value={answer}]").click()
        page.wait_for_selector(wait)


def test_a_photo_that_is_read_on_the_device_leaves_the_browser_only_for_its_heat_map(visit, tmp_path):
    page = visit()
    assert page.evaluate("crossOriginIsolated")  # so that there may be threads
    assert chosen(page) == "server"  # on loopback that is this device already
    choose(page, "device")
    assert page.get_by_text(TEXT["place_device_more"]).first.is_visible()
    assert not page.get_by_text(TEXT["place_server_more"]).first.is_visible()
    read(page, group(), tmp_path / "all.png", wait=SIX)
    read(page, astronaut(), tmp_path / "she.png", wait=".photo img[width='512']")
    assert page.sent == []
    assert page.get_by_text(TEXT["photo_look_sends"]).is_visible()
    page.get_by_role("button", name=TEXT["photo_look"]).click()
    page.wait_for_selector(".heat:visible img[src^=data]")
    assert page.sent != []
    assert page.complaints == []


def test_live_on_the_device_opens_no_connection_and_takes_a_resting_face(visit):
    page = visit("#live")
    choose(page, "device")
    page.get_by_role("button", name=TEXT["live_start"]).click()
    page.locator(".place dialog[open] [value=fetch]").click()
    page.wait_for_selector(".live-list li")
    assert not page.locator(".place input:visible").count()  # a session stays where it is
    page.get_by_role("button", name=TEXT["live_baseline"]).click()
    page.get_by_text(TEXT["live_baseline_taken"]).wait_for()
    page.wait_for_selector(".live-rows td:text('adjusted')", state="attached")
    page.locator(".live [data-do=stop]").click()
    page.get_by_text(TEXT["device_live_stopped"]).wait_for()
    assert page.sent == []
    choose(page, "server")
    page.get_by_role("button", name=TEXT["live_start"]).click()
    page.wait_for_selector(".live-list li")
    page.locator(".live [data-do=stop]").click()
    page.get_by_text(TEXT["live_stopped"]).wait_for()
    assert [urlsplit(url).path for url in page.sent] == ["/live"]
    assert page.complaints == []


def test_the_choice_holds_on_both_tabs_and_in_the_next_visit_and_is_asked_once(visit, tmp_path):
    page = visit()
    choose(page, "device")
    read(page, astronaut(), tmp_path / "she.png")
    page.get_by_role("tab", name=TEXT["live_tab"], exact=True).click()
    page.wait_for_selector(".live:visible")
    assert chosen(page) == "device"
    page.goto(page.url.split("#")[0] + "de")
    page.wait_for_selector("[data-ready] .picker")
    assert chosen(page) == "device"
    astronaut().save(tmp_path / "again.png")
    page.locator(".picker:visible input[type=file]").set_input_files(tmp_path / "again.png")
    page.wait_for_selector(f"{READ}, .place dialog[open]")
    assert not page.locator(".place dialog[open]").count()


def test_under_a_public_name_the_device_is_the_choice(visit, tmp_path):
    page = visit(name=PUBLIC)  # over http, where a browser gives neither hashes nor a cache
    assert chosen(page) == "device"
    page.sent.clear()
    read(page, astronaut(), tmp_path / "she.png")
    assert page.sent == []


def test_who_does_not_want_the_model_is_read_on_the_server(visit, tmp_path):
    page = visit()
    choose(page, "device")
    read(page, astronaut(), tmp_path / "she.png", answer="server")
    assert chosen(page) == "server"
    assert page.sent != []


def test_escape_neither_fetches_nor_sends(visit, tmp_path):
    page = visit()
    choose(page, "device")
    astronaut().save(tmp_path / "she.png")
    page.locator(".picker:visible input[type=file]").set_input_files(tmp_path / "she.png")
    page.wait_for_selector(".place dialog[open]")
    page.keyboard.press("Escape")
    page.get_by_text(TEXT["device_declined"]).wait_for()
    assert page.sent == []
    assert chosen(page) == "device"


def test_a_model_that_cannot_be_fetched_is_said_and_tried_again(visit, tmp_path):
    page = visit()
    choose(page, "device")
    page.route(f"**/{MANIFEST}", lambda route: route.abort())
    read(page, astronaut(), tmp_path / "she.png", wait=".message.problem")
    assert TEXT["device_failed"] in page.inner_text(".answer")
    page.unroute(f"**/{MANIFEST}")
    read(page, astronaut(), tmp_path / "again.png")
    assert page.sent == []


def test_a_worker_that_dies_is_replaced(visit, tmp_path):
    page = visit(script=WORKERS)
    choose(page, "device")
    read(page, astronaut(), tmp_path / "she.png")
    page.evaluate(END_WORKER)
    read(page, group(), tmp_path / "all.png", wait=SIX)
    picture = tmp_path / "again.png"
    astronaut().save(picture)
    ended = f"() => {{ const {{ postMessage }} = workers[0]; workers[0].postMessage = () => {END_WORKER}; }}"
    page.evaluate(ended)  # while a picture is read
    page.locator(".picker:visible input[type=file]").set_input_files(picture)
    page.get_by_text(TEXT["device_broken"]).wait_for()
    read(page, group(), tmp_path / "all.png", wait=SIX)
    assert page.sent == []


def test_where_the_browser_cannot_read_there_is_no_choice(visit, tmp_path):
    page = visit(script="delete window.OffscreenCanvas;", name=PUBLIC)
    assert not page.locator(".place fieldset:visible").count()
    read(page, astronaut(), tmp_path / "she.png")
    assert page.sent != []


def test_without_the_files_of_its_model_a_page_offers_no_choice(served, camera):
    page = camera.new_context().new_page()
    page.goto(served.url)
    page.wait_for_selector("[data-ready] .picker")
    assert not page.locator(".place").count()


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone dark", "desk light"])
def test_the_choice_and_the_question_by_keyboard_and_without_findings_of_axe(visit, size, scheme, tmp_path):
    node_tools.install()
    page = visit("de", viewport=size, color_scheme=scheme, reduced_motion="reduce")
    page.locator(".place [value=server]:visible").focus()
    page.keyboard.press("ArrowLeft")
    assert chosen(page) == "device"
    page.add_script_tag(path=node_tools.FOLDER / "node_modules" / "axe-core" / "axe.min.js")
    astronaut().save(tmp_path / "she.png")
    page.locator(".picker:visible input[type=file]").set_input_files(tmp_path / "she.png")
    page.get_by_role("dialog", name=TEXTS["de"]["place_fetch"].split("{")[0]).wait_for()
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.evaluate("document.activeElement.value") == "fetch"
    page.keyboard.press("Enter")
    page.wait_for_selector(READ)
    assert serious(page) == []
