"""The page in a real browser: the Chromium or Chrome that the system has, driven by Playwright. Skipped without one."""

import csv
import json
import time

import pytest
from PIL import Image

from fer_hf.web import examples
from fer_hf.web.i18n import TEXT, TEXTS
from tests.conftest import PATIENCE, PHONE
from tests.support import node_tools

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
    page.wait_for_selector("#reading .reading", state="visible")
    return page.locator("#reading .box").count(), page.locator("#reading .face").count()


def chosen(page):
    """The number of the face that is shown."""
    return page.locator("#reading .face:visible").get_attribute("data-face")


def hosts_and_complaints(page, served):
    strangers = {host for host in page.hosts if host not in served.url and ";base64," not in host}
    return strangers, page.complaints


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
    rows = list(csv.DictReader((tmp_path / "csv").open(newline="", encoding="utf-8")))
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
    page.locator(".example").first.click()
    alert = page.locator(".waiting.failed", has_text=TEXT["no_answer"])
    alert.wait_for()
    page.context.set_offline(False)
    page.locator(".example").first.click()
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


def test_what_the_server_remembers_of_a_visitor_goes_with_them(visit, served, photos):
    before = set(served.sessions())
    page = visit()
    choose(page, photos / "group.jpg")
    faces_shown(page)
    assert set(served.sessions()) - before
    page.close()
    end = time.monotonic() + PATIENCE / 1000
    while set(served.sessions()) - before and time.monotonic() < end:
        time.sleep(0.1)
    assert set(served.sessions()) <= before
