"""The tab stands in the address, in both languages. In a real browser."""

import re

import pytest
from playwright.sync_api import expect

from fer_hf.web.i18n import TEXT, TEXTS
from tests.conftest import PATIENCE, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.slow]
expect.set_options(timeout=PATIENCE)


def tab(page, name, text=TEXT):
    return page.get_by_role("tab", name=text[f"{name}_tab"], exact=True)


def is_open(page, name, text=TEXT):
    expect(tab(page, name, text)).to_have_attribute("aria-selected", "true")


@pytest.mark.parametrize(
    ("path", "name"), [("", "photo"), ("#live", "live"), ("de#about", "about"), ("#none", "photo")]
)
def test_an_address_opens_its_tab(visit, path, name):
    page = visit(path)
    is_open(page, name, TEXTS["de" if path.startswith("de") else "en"])
    assert page.url.endswith("/" + path)
    assert page.complaints == []


def test_a_chosen_tab_stands_in_the_address_and_back_and_forward_work(visit):
    page = visit()
    tab(page, "photo").click()
    assert "#" not in page.url  # nothing to go back from
    tab(page, "video").click()
    tab(page, "batch").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/#batch$"))
    for step, name in ((page.go_back, "video"), (page.go_back, "photo"), (page.go_forward, "video")):
        step()
        is_open(page, name)
    assert page.url.endswith("/#video")


@pytest.mark.parametrize("path", ["", "de"])
def test_every_tab_has_its_address_in_a_narrow_window_too(visit, path):
    text = TEXTS[path or "en"]
    page = visit(path, viewport={"width": 320, "height": 700})
    tab(page, "about", text).click()
    expect(page).to_have_url(re.compile("#about$"))
    tab(page, "live", text).click()
    page.go_back()
    is_open(page, "about", text)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


def test_a_finger_meets_the_tab_that_it_aims_at(visit):
    page = visit(viewport=PHONE)
    for name in ("photo", "live", "video", "batch", "about"):
        box = tab(page, name).bounding_box()
        assert box["height"] >= 40 and box["width"] >= 40


def test_another_language_keeps_the_tab(visit):
    page = visit()
    tab(page, "video").click()
    page.get_by_role("link", name="Deutsch").click()
    is_open(page, "video", TEXTS["de"])
    tab(page, "about", TEXTS["de"]).click()
    page.get_by_role("link", name="English").click()
    is_open(page, "about")
    assert page.url.endswith("/#about")


def test_a_tab_that_is_chosen_before_the_page_is_ready_stays_open(visit):
    page, held = visit(), []

    def hold(route):
        held.append(route)

    page.route("**/masthead/script.js*", hold)
    page.reload()
    tab(page, "about").click()
    is_open(page, "about")
    for route in held:
        route.continue_()
    expect(page).to_have_url(re.compile("/#about$"))
    is_open(page, "about")
    assert held


@pytest.mark.parametrize("path", ["", "de"])
def test_a_photo_comes_along_to_another_language_and_no_further(visit, path):
    text, (other,) = TEXTS[path or "en"], {*TEXTS} - {path or "en"}
    page = visit(path)
    page.locator(f".example[title='{text['photo_example_cat']}']").click()
    page.get_by_role("button", name=text["photo_whole"]).click()
    expect(page.locator("#reading h2")).to_have_text(text["photo_faces_one"])
    page.locator(".languages a").press("Enter")
    expect(page.locator("#reading h2")).to_have_text(TEXTS[other]["photo_faces_one"])
    assert page.locator("#reading [data-save]").count() == 3
    assert page.evaluate("window.name") == ""
    page.reload()
    expect(page.locator("#reading .sample")).to_be_visible()
    assert page.complaints == []


def test_the_panel_of_the_api_is_offered_where_its_language_is_spoken(visit):
    page = visit()
    assert page.locator("footer .show-api").is_visible()
    page.get_by_role("link", name="Deutsch").click()
    page.wait_for_function("document.documentElement.lang === 'de'")
    expect(page.locator("footer")).to_be_hidden()
