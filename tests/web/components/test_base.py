"""Components: what their files may hold, and that every value is escaped."""

import re
import urllib.error
import urllib.request

import pytest

from fer_hf.web.components.base import COMPONENTS, message_html
from fer_hf.web.device import FOLDER as DEVICE


@pytest.mark.parametrize("path", sorted(COMPONENTS.rglob("style.css")), ids=lambda path: path.parent.name)
def test_a_style_is_what_gradios_template_of_styles_takes(path):
    style = path.read_text(encoding="utf-8")
    assert re.findall(r"[`\\]|\$\{|\{\{|@keyframes|@import", style) == []
    assert style.count("{") == style.count("}")


def test_messages_are_escaped():
    html = message_html("<img src=x onerror=alert(1)>.jpg: not a picture", "Problem", problem=True)
    assert "<img" not in html and "&lt;img" in html
    assert 'role="alert"' in html


def test_scripts_are_served_and_asked_for_anew_and_nothing_else_of_the_package_is(served):
    for script in (*COMPONENTS.rglob("*.js"), *DEVICE.glob("*.js")):
        with urllib.request.urlopen(f"{served.url}scripts/{script.relative_to(DEVICE.parent)}", timeout=60) as answer:
            assert answer.headers["Cache-Control"] == "no-cache"
            assert "javascript" in answer.headers["Content-Type"]
            assert answer.read() == script.read_bytes()
    others = ("components/base.py", "components/about/about.html", "components/about", "components/../theme.py", "")
    for other in (*others, "device/__init__.py", "device/package.json", "device/files/config.json"):
        assert status(f"{served.url}scripts/{other}") == 404
    assert status(f"{served.url}gradio_api/file={COMPONENTS / 'shared.js'}") == 403


def status(url):
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(url, timeout=60)
    return caught.value.code


def test_a_script_that_has_not_changed_is_not_sent_again(served):
    url = f"{served.url}scripts/components/shared.js"
    with urllib.request.urlopen(url, timeout=60) as answer:
        known = {"If-None-Match": answer.headers["ETag"]}
    with pytest.raises(urllib.error.HTTPError, match="304") as caught:
        urllib.request.urlopen(urllib.request.Request(url, headers=known), timeout=60)
    assert caught.value.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["", "de"])
def test_the_page_tells_no_folder_of_the_server(served, path):
    with urllib.request.urlopen(served.url + path, timeout=60) as answer:
        html = answer.read().decode()
    assert "scripts/components/photo/script.js" in html
    assert str(COMPONENTS.parents[2]) not in html
