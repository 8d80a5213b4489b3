"""What axe-core, the usual checker of accessibility, finds on every tab: nothing serious. In a real browser."""

import pytest

from fer_hf.web.i18n import LANGUAGES
from tests.conftest import PHONE
from tests.support import node_tools

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DESK = {"width": 1440, "height": 900}
VIEWS = [(size, scheme) for size in (PHONE, DESK) for scheme in ("light", "dark")]


def looked_at(page, language):
    """The page of a language, with axe in it, and its tabs."""
    if language != LANGUAGES[0]:
        page.goto(f"{page.url.rstrip('/')}/{language}")
        page.wait_for_selector("[data-ready] .picker")
    page.add_script_tag(path=node_tools.FOLDER / "node_modules" / "axe-core" / "axe.min.js")
    return page.locator("[data-tab-id]").all()


def serious(page):
    """Each serious or critical finding: its rule, its place and why."""
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        (rule["id"], node["target"], node["failureSummary"][:300])
        for rule in found["violations"]
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"][:3]
    ]


@pytest.mark.parametrize(("size", "scheme"), VIEWS, ids=[f"{size['width']} {scheme}" for size, scheme in VIEWS])
def test_every_tab_is_free_of_serious_findings_and_does_not_scroll_sideways(visit, size, scheme):
    node_tools.install()
    language = "en" if scheme == "light" else "de"
    page = visit(viewport=size, color_scheme=scheme, reduced_motion="reduce")  # so that no colour is caught fading
    findings = {}
    for tab in looked_at(page, language):
        tab.click()
        page.wait_for_timeout(300)
        name = tab.inner_text()
        findings[name] = serious(page)
        if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
            findings[name].append("scrolls sideways")
    assert len(findings) > 1
    assert {name: found for name, found in findings.items() if found} == {}


def test_nothing_moves_for_those_who_asked_for_that(visit):
    page = visit(reduced_motion="reduce")
    assert page.locator(".picker").first.evaluate("picker => getComputedStyle(picker).transitionProperty") == "none"
