"""The page in a real browser: the Chromium or Chrome that the system has, driven by Playwright. Skipped without one."""

import gc
import json
import re
import time

import pytest
from PIL import Image

from fer_hf.web import examples
from fer_hf.web.i18n import TEXT, TEXTS
from tests.conftest import DESK, PATIENCE, PHONE
from tests.support import node_tools
from tests.support.csv_file import read_csv
from tests.support.memory import tracked

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    examples.group().save(folder / "group.jpg", quality=92)
    examples.astronaut().save(folder / "phone.heic", quality=90)
    examples.astronaut().save(folder / "phone.avif", quality=90)
    examples.group(columns=10, rows=5).resize((2000, 1000)).save(folder / "crowd.jpg", quality=92)
    (folder / "<b>words.jpg").write_text("no picture")
    return folder


def choose(page, path):
    page.set_input_files(".picker input[type=file]", path)


def faces_shown(page):
    page.wait_for_selector("#reading:not(:has(.sample)) .reading", state="visible")
    return page.locator("#reading .box").count(), page.locator("#reading .face").count()


def chosen(page):
    """The number of the face that is shown."""
    return page.locator("#reading .face:visible").get_attribute("data-face")


def hosts_and_complaints(page, served):
    strangers = {host for host in page.hosts if host not in served.url and ";base64," not in host}
    return strangers, page.complaints


@pytest.mark.parametrize(("path", "language"), [("", "en"), ("de#about", "de")])
def test_an_example_is_answered_at_first_sight_until_the_first_answer_comes(visit, served, path, language):
    text = TEXTS[language]
    page = visit(path)
    page.get_by_role("tab", name=text["photo_tab"], exact=True).click()
    sample = page.locator("#reading .sample", has_text=text["photo_first"])
    sample.wait_for()
    assert chosen(page) == "1" and page.locator(".face:visible .bar").count() == 7
    assert page.locator(".face:visible .crop").evaluate("image => image.decode().then(() => image.naturalWidth)") > 90
    assert page.locator(".box.chosen b").evaluate("label => label.getBoundingClientRect().width") > 60
    page.get_by_role("button", name=text["photo_look"]).click()
    page.locator(".heat:visible").wait_for()
    assert page.locator("#reading [data-save]").count() == 0
    page.locator(f".example[title='{text['photo_example_cat']}']").click()
    assert faces_shown(page) == (0, 0)
    assert sample.count() == 0
    assert hosts_and_complaints(page, served) == (set(), [])


def test_a_phone_shows_the_page_from_its_top_and_an_answer_from_its_own(visit, photos):
    page = visit(viewport=PHONE)
    page.locator("#reading .box.chosen").wait_for()
    assert page.evaluate("scrollY") == 0
    choose(page, photos / "group.jpg")
    faces_shown(page)
    assert page.locator("#reading").evaluate("answer => Math.abs(answer.getBoundingClientRect().top)") < 2
    page.evaluate("scrollTo(0, 0)")
    page.locator(".box[data-face='6']").click()
    picked = page.locator(".choice[data-face='6']").bounding_box()
    assert picked["x"] >= 0 and picked["x"] + picked["width"] <= PHONE["width"]


def test_a_group_photo_is_read_and_nothing_of_it_touches_the_disk_or_another_host(visit, served, photos):
    page = visit()
    choose(page, photos / "group.jpg")
    assert faces_shown(page) == (6, 6)
    assert page.locator(".face:visible .bar").count() == 7
    assert page.locator(".faces h2").inner_text() == "6 faces, largest first"
    assert served.files() == []
    assert hosts_and_complaints(page, served) == (set(), [])


def test_faces_are_chosen_by_their_boxes_their_pictures_and_the_arrow_keys(visit, photos):
    page = visit()
    choose(page, photos / "group.jpg")
    faces_shown(page)
    assert chosen(page) == "1"
    page.locator(".box[data-face='4']").click()
    assert chosen(page) == "4"
    for key, face in (("ArrowRight", "5"), ("End", "6"), ("ArrowDown", "1"), ("ArrowLeft", "6"), ("Home", "1")):
        page.keyboard.press(key)
        assert chosen(page) == page.evaluate("document.activeElement.dataset.face") == face
    assert page.locator(".choice:focus").evaluate("choice => getComputedStyle(choice).outlineWidth") == "3px"
    page.locator(".choice[data-face='3']").click()
    assert chosen(page) == "3"
    assert page.locator(".face:visible .crop").evaluate("image => image.decode().then(() => image.naturalWidth)") > 90
    assert page.get_by_role("tab", selected=True).and_(page.locator(".choice")).count() == 1


def test_the_heat_map_comes_when_asked_for_and_stays_on_from_face_to_face(visit, served, photos):
    page = visit()
    choose(page, photos / "group.jpg")
    faces_shown(page)
    assert page.locator(".heat:visible").count() == 0
    page.get_by_role("button", name=TEXT["photo_look"]).click()
    page.locator(".heat:visible").wait_for()
    hide = page.get_by_role("button", name=TEXT["photo_unlook"])
    assert hide.get_attribute("aria-expanded") == "true"
    assert hide.get_attribute("aria-pressed") is None  # two states at once would contradict each other
    first = page.locator(".heat:visible img").get_attribute("src")
    assert page.locator(".heat:visible img").get_attribute("alt").startswith("Heat map of face 1")
    assert page.locator(".heat:visible .where").inner_text().endswith(("%).", TEXT["photo_look_flat"]))
    page.locator(".choice[data-face='2']").click()
    page.locator(".face[data-face='2'] .heat:visible").wait_for()
    assert page.locator(".heat:visible img").get_attribute("src") != first
    hide.click()
    assert page.locator(".heat:visible").count() == 0
    assert served.files() == []
    assert hosts_and_complaints(page, served) == (set(), [])


def test_every_download_opens_and_none_leaves_a_file_on_the_server(visit, served, photos, tmp_path):
    page = visit()
    choose(page, photos / "group.jpg")
    faces_shown(page)
    for kind, name in (("picture", "jpg"), ("csv", "csv"), ("json", "json")):
        with page.expect_download() as caught:
            page.get_by_role("button", name=TEXT[f"photo_save_{kind}"], exact=True).click()
        assert caught.value.suggested_filename == f"group-faces.{name}"
        caught.value.save_as(tmp_path / name)
    with Image.open(tmp_path / "jpg") as picture:
        assert picture.size == (1020, 680)
    rows = read_csv((tmp_path / "csv").read_bytes())
    [reading] = json.loads((tmp_path / "json").read_text(encoding="utf-8"))
    assert [row["label"] for row in rows] == [face["label"] for face in reading["faces"]]
    assert len(rows) == 6 and rows[0]["file"] == reading["file"] == "group.jpg"
    assert served.files() == []


def test_a_dropped_connection_is_said_plainly_and_the_page_recovers(visit, photos):
    page = visit()
    choose(page, photos / "group.jpg")
    faces_shown(page)
    page.context.set_offline(True)
    page.get_by_role("button", name=TEXT["photo_look"]).click()
    page.locator(".said", has_text=TEXT["no_answer"]).wait_for()
    astronaut = page.locator(f".example[title='{TEXT['photo_example_astronaut']}']")
    astronaut.click()
    alert = page.locator(".waiting.failed", has_text=TEXT["no_answer"])
    alert.wait_for()
    page.context.set_offline(False)
    astronaut.click()
    page.get_by_role("heading", name=TEXT["photo_faces_one"]).wait_for()
    assert alert.count() == 0


@pytest.mark.parametrize(("path", "scheme"), [("", "light"), ("de", "dark")])
def test_axe_finds_nothing_serious(visit, photos, path, scheme):
    node_tools.install()
    page = visit(path, color_scheme=scheme)
    choose(page, photos / "crowd.jpg")
    faces_shown(page)
    page.locator(".look button:visible").click()
    page.locator(".heat:visible").wait_for()
    page.add_script_tag(path=node_tools.FOLDER / "node_modules" / "axe-core" / "axe.min.js")
    found = page.evaluate("axe.run().then((result) => result.violations)")
    serious = [
        (rule["id"], [node["html"][:200] for node in rule["nodes"][:5]])
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]
    assert serious == []


@pytest.mark.parametrize("name", ["phone.heic", "phone.avif"])
def test_phone_formats_are_shown_though_the_browser_may_not_know_them(visit, photos, name):
    page = visit()
    choose(page, photos / name)
    assert faces_shown(page) == (1, 1)
    assert page.locator(".photo img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 512


def test_several_photos_are_sent_to_the_tab_that_takes_them(visit, photos):
    page = visit()
    page.locator(".picker").first.evaluate(
        """picker => {
            const transfer = new DataTransfer();
            for (const name of ["one.jpg", "two.jpg"]) transfer.items.add(new File(["photo"], name));
            picker.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
        }"""
    )
    page.locator(".waiting.failed", has_text=TEXT["photo_too_many"]).wait_for()
    choose(page, photos / "group.jpg")
    assert faces_shown(page) == (6, 6)
    assert page.locator(".waiting.failed").count() == 0


@pytest.mark.parametrize("way", ["paste", "drop"])
def test_photos_can_be_pasted_and_dropped(visit, photos, way):
    page = visit()
    data = list((photos / "group.jpg").read_bytes())
    page.evaluate(
        """([data, way]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(data)], "sent.jpg", { type: "image/jpeg" }));
            const event = way === "drop"
                ? new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true })
                : new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true });
            document.querySelector(".picker").dispatchEvent(event);
        }""",
        [data, way],
    )
    assert faces_shown(page) == (6, 6)


def test_an_example_without_a_face_is_an_honest_empty_answer(visit):
    page = visit()
    page.locator(f".example[title='{TEXT['photo_example_cat']}']").click()
    assert faces_shown(page) == (0, 0)
    assert page.get_by_role("heading", name=TEXT["photo_faces_none"]).is_visible()


def test_a_bad_file_is_one_plain_line_and_its_name_is_text(visit, photos):
    page = visit()
    choose(page, photos / "<b>words.jpg")
    alert = page.locator("#reading [role=alert]")
    alert.wait_for()
    assert "<b>words.jpg: not a picture" in alert.inner_text()
    assert "Traceback" not in page.content()
    choose(page, photos / "group.jpg")
    assert faces_shown(page) == (6, 6)


def test_a_file_over_the_limit_is_refused_before_it_is_sent(visit, tmp_path):
    (tmp_path / "big.jpg").write_bytes(bytes(21 * 2**20))
    page = visit()
    choose(page, tmp_path / "big.jpg")
    page.locator("#reading [role=alert]").wait_for()
    assert page.locator("#reading [role=alert] p").inner_text() == "big.jpg: the file is larger than 20 MB"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_crowd_on_a_phone_does_not_scroll_sideways(visit, photos, scheme):
    page = visit(viewport=PHONE, color_scheme=scheme)
    choose(page, photos / "crowd.jpg")
    assert faces_shown(page) == (50, 50)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    is_dark = page.evaluate("getComputedStyle(document.body).colorScheme.includes('dark')") or page.evaluate(
        "document.body.classList.contains('dark')"
    )
    assert is_dark == (scheme == "dark")


def test_the_keyboard_reaches_the_photo_button_and_its_focus_is_seen(visit):
    page = visit()
    page.locator(".picker input[type=file]").focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    outline = page.locator(".picker label .button").evaluate("choose => getComputedStyle(choose).outline")
    assert "3px" in outline and "solid" in outline


def test_the_webcam_takes_a_picture_and_stops_when_it_is_told_to(visit, served):
    page = visit(permissions=["camera"])
    page.get_by_role("button", name=TEXT["photo_camera_open"]).click()
    page.get_by_role("button", name=TEXT["photo_camera_take"]).click()
    assert faces_shown(page) == (0, 0)  # the fake camera shows a test card
    assert served.files() == []
    page.get_by_role("button", name=TEXT["photo_camera_stop"]).click()
    page.wait_for_function("document.querySelector('.camera video').srcObject === null")
    assert hosts_and_complaints(page, served) == (set(), [])


def test_the_promise_stands_and_nothing_is_stored_in_the_browser(visit, photos):
    page = visit()
    choose(page, photos / "group.jpg")
    faces_shown(page)
    assert page.get_by_text(TEXT["notice"]).is_visible()
    assert page.get_by_text(TEXT["privacy"]).is_visible()
    stored = page.evaluate("async () => [JSON.stringify({...localStorage}), (await indexedDB.databases()).length]")
    assert "data:image" not in json.dumps(stored)
    assert stored[1] == 0
    assert page.context.cookies() == []


def test_the_page_stands_in_german_one_link_away(visit):
    page = visit()
    assert page.evaluate("document.documentElement.lang") == "en"
    page.get_by_role("link", name="Deutsch").click()
    page.get_by_role("heading", name=TEXTS["de"]["title"]).wait_for()
    page.wait_for_function("document.documentElement.lang === 'de'")
    assert page.title() == TEXTS["de"]["title"]
    page.locator(f".example[title='{TEXTS['de']['photo_example_cat']}']").click()
    page.get_by_role("heading", name=TEXTS["de"]["photo_faces_none"]).wait_for()
    page.get_by_role("link", name="English").click()
    page.get_by_role("heading", name=TEXT["title"]).wait_for()


HELD = []


def test_an_answer_is_remembered_nowhere(visit, photos):
    """Looked for in the memory of this process, in which the page is served too."""
    HELD.append("group-faces.csv" * 1000)
    assert remembered("group-faces.csv") == 1
    HELD.clear()
    page = visit()
    choose(page, photos / "group.jpg")
    faces_shown(page)
    end = time.monotonic() + PATIENCE / 1000
    while remembered("group-faces.csv") and time.monotonic() < end:
        time.sleep(0.5)
    assert remembered("group-faces.csv") == 0


def remembered(words):
    """How many long texts with these words something holds."""
    gc.collect()
    held = gc.get_referents(*tracked())
    held += gc.get_referents(*(each for each in held if type(each) in (dict, tuple) and not gc.is_tracked(each)))
    return len({id(value) for value in held if type(value) in (str, bytes) and len(value) > 5000 and has(value, words)})


def has(value, words):
    return (words if isinstance(value, str) else words.encode()) in value


def test_the_newest_photo_wins_though_the_older_is_answered_last(visit):
    page = visit()
    older = []

    def answer(route):
        if older:
            route.continue_()
        else:
            older.append(route)

    page.route(re.compile("/component_server"), answer)
    page.locator(".example").first.click()
    page.locator(".waiting", has_text=TEXT["photo_reading"]).wait_for()
    page.locator(f".example[title='{TEXT['photo_example_cat']}']").click()
    nothing = page.get_by_role("heading", name=TEXT["photo_faces_none"])
    nothing.wait_for()
    with page.expect_response(re.compile("/component_server")):
        older[0].continue_()
    page.wait_for_timeout(500)
    assert nothing.is_visible()
    assert page.locator(".waiting").inner_text() == ""


def test_a_small_phone_shows_that_the_photo_is_read(visit):
    page = visit(viewport={"width": 390, "height": 600})
    page.route(re.compile("/component_server"), lambda route: None)
    page.locator(".example").first.click()
    line = page.locator(".waiting", has_text=TEXT["photo_reading"])
    line.wait_for()
    assert line.bounding_box()["y"] + line.bounding_box()["height"] <= 601


def test_a_picture_in_which_no_face_is_found_can_be_read_as_one(visit):
    page = visit()
    page.locator(f".example[title='{TEXT['photo_example_cat']}']").click()
    page.get_by_role("button", name=TEXT["photo_whole"]).click()
    page.get_by_role("heading", name=TEXT["photo_faces_one"]).wait_for()
    assert page.locator(".face:visible .bar").count() == 7
    page.get_by_role("button", name=TEXT["photo_look"]).click()
    page.locator(".heat:visible").wait_for()


@pytest.mark.parametrize(("width", "faces", "size"), [(128, 1, DESK), (1020, 6, PHONE)])
def test_no_label_is_cut_off_and_none_takes_the_clicks_of_its_neighbours(visit, tmp_path, width, faces, size):
    examples.group().resize((width, width * 2 // 3)).save(tmp_path / "group.png")
    page = visit(viewport=size)
    choose(page, tmp_path / "group.png")
    assert faces_shown(page) == (faces, faces)
    for number in range(1, faces + 1):
        page.locator(f".box[data-face='{number}']").click()
        cut = page.locator(".box.chosen b").evaluate(
            """label => {
                const { left, right } = label.getBoundingClientRect();
                const frame = label.closest(".frame").getBoundingClientRect();
                return Math.max(frame.left - left, right - frame.right);
            }"""
        )
        assert cut <= 1
    assert page.locator(".box.chosen b").evaluate("label => getComputedStyle(label).pointerEvents") == "none"


def test_errors_are_german_on_the_german_page(visit, photos):
    page = visit("de")
    choose(page, photos / "<b>words.jpg")
    alert = page.locator("#reading [role=alert]")
    alert.wait_for()
    assert "kein Bild in einem bekannten Format" in alert.inner_text()


# The permission is given after a second; every track that was ever opened is kept.
SLOW_CAMERA = """() => {
    window.tracks = [];
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        await new Promise((done) => setTimeout(done, 1000));
        const stream = await open(wanted);
        tracks.push(...stream.getTracks());
        return stream;
    };
}"""


def test_one_camera_is_opened_though_its_button_is_clicked_twice(visit):
    page = visit(permissions=["camera"])
    page.evaluate(SLOW_CAMERA)
    page.locator("[data-do=open]").evaluate("button => { button.click(); button.click(); }")
    page.get_by_role("button", name=TEXT["photo_camera_take"]).wait_for()
    page.wait_for_timeout(1500)  # in which a second camera would have started
    page.get_by_role("button", name=TEXT["photo_camera_stop"]).click()
    assert page.evaluate("tracks.map((track) => track.readyState)") == ["ended"]


def test_a_tab_that_is_left_while_permission_is_asked_never_shows_the_camera(visit):
    page = visit(permissions=["camera"])
    page.evaluate(SLOW_CAMERA)
    page.get_by_role("button", name=TEXT["photo_camera_open"]).click()
    page.get_by_role("tab", name=TEXT["about_tab"], exact=True).click()
    page.wait_for_function("tracks.length && tracks.every((track) => track.readyState === 'ended')")


def test_a_camera_that_is_pulled_out_gives_its_button_back_with_a_reason(visit):
    page = visit(permissions=["camera"])
    page.evaluate(SLOW_CAMERA)
    page.get_by_role("button", name=TEXT["photo_camera_open"]).click()
    page.get_by_role("button", name=TEXT["photo_camera_take"]).wait_for()
    page.evaluate("tracks[0].dispatchEvent(new Event('ended'))")
    page.locator(".camera .status", has_text=TEXT["camera_gone"]).wait_for()
    assert page.get_by_role("button", name=TEXT["photo_camera_open"]).is_visible()


@pytest.mark.parametrize(("error", "words"), [("NotAllowedError", "camera_denied"), ("NotFoundError", "camera_absent")])
def test_a_camera_that_is_not_there_is_told_from_one_that_is_not_allowed(visit, error, words):
    page = visit()
    page.evaluate(
        "error => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', error); }; }", error
    )
    page.get_by_role("button", name=TEXT["photo_camera_open"]).click()
    page.locator(".camera .status", has_text=TEXT[words]).wait_for()


def test_no_table_of_about_is_cut_on_a_phone_without_a_sign(visit):
    page = visit(viewport=PHONE)
    page.get_by_role("tab", name=TEXT["about_tab"], exact=True).click()
    page.locator(".about").wait_for()
    plain = """scroller => scroller.scrollWidth > scroller.clientWidth
        && !getComputedStyle(scroller).backgroundAttachment.includes("local")"""
    assert not any(scroller.evaluate(plain) for scroller in page.locator(".about .scroller").all())


def test_no_button_offers_a_clipboard_that_the_browser_does_not_lend(visit):
    page = visit("#about")
    buttons = page.locator(".code button")
    assert all(button.is_visible() for button in buttons.all())
    page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    page.reload()
    page.wait_for_selector("[data-ready] .about")
    assert buttons.count() and not any(button.is_visible() for button in buttons.all())
