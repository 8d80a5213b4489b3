"""Components: what their files may hold, and that every value is escaped."""

import re
import urllib.error
import urllib.request

import pytest

from fer_hf.web.components.base import COMPONENTS, message_html


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
    for script in COMPONENTS.rglob("*.js"):
        with urllib.request.urlopen(f"{served.url}gradio_api/file={script}", timeout=60) as answer:
            assert answer.headers["Cache-Control"] == "no-cache"
            assert answer.read() == script.read_bytes()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{served.url}gradio_api/file={COMPONENTS / 'base.py'}", timeout=60)
