"""The common part of the page's own components.

To add a component, make a folder `components/NAME/` with

    __init__.py  its class, a `Component` whose docstring says what Gradio's own components lack
    *.html       its Jinja templates: `render("NAME/answer.html", text=text, ...)`; `macros.html` has what all share
    style.css    its rules, which hold within the component alone (page.css has what all share); Gradio takes them as
                 the inside of a rule and as a JavaScript template: no @keyframes, no backtick, no backslash, no "${"
    script.js    a module whose default export is called once with the component's {element, props, trigger, server,
                 upload, watch} as Gradio documents them; it may import ../shared.js and modules beside it

and put it on a tab as any of Gradio's. Only the scripts are served as files, under /scripts; everything else goes with
the page.
"""

from inspect import getfile
from pathlib import Path
from typing import Any

import gradio as gr
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fer_hf.inference.annotate import ink_on
from fer_hf.io import percent
from fer_hf.labels import COLOURS, EXPRESSIONS
from fer_hf.web.i18n import Text, reasons, shown, shown_because

COMPONENTS = Path(__file__).parent
LOAD = """\
import(new URL("scripts/components/FOLDER/script.js", document.baseURI)).then((script) => {
  script.default({ element, props, trigger, server, upload, watch });
  element.dataset.ready = "";
});"""


class Component(gr.HTML):
    """HTML made by Jinja, with the style and the script that lie in the folder of the subclass.

    Gradio's `html_template` is a JavaScript template that does not escape what it is given, so the HTML is rendered in
    Python and comes as the value.
    """

    def __init__(self, html: str, **options: Any) -> None:
        folder = Path(getfile(type(self))).parent
        style, code = folder / "style.css", folder / "script.js"
        super().__init__(
            html,
            css_template=style.read_text(encoding="utf-8") if style.exists() else "",
            js_on_load=LOAD.replace("FOLDER", folder.name) if code.exists() else None,
            apply_default_css=False,
            **options,
        )


def render(template: str, **values: Any) -> str:
    """The HTML of a template, named as in "photo/answer.html"; every value is escaped."""
    return _templates.get_template(template).render(values)


def message_html(words: str, title: str = "", problem: bool = False) -> str:
    """A line in place of an answer; a problem is announced."""
    return render("message.html", words=words, title=title, problem=problem)


def tint(label: str) -> str:
    """The colour of an expression and of the letters on it, as CSS variables."""
    return f"--tint:{COLOURS[label]};--ink:{ink_on(COLOURS[label])}"


def expressions(text: Text) -> list[dict[str, str]]:
    """The seven expressions for a script: name, word, colour, and the colour of letters on it."""
    return [{"name": e.name, "word": text[e.name], "colour": e.colour, "ink": ink_on(e.colour)} for e in EXPRESSIONS]


def _part_of(part: float, whole: float) -> str:
    """A length in CSS."""
    return f"{100 * part / whole:.2f}%"


_templates = Environment(
    loader=FileSystemLoader(COMPONENTS),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters |= {
    "fill": lambda words, **values: words.format(**values),
    "pairs": lambda table: table.items(),
    "percent": percent,
    "part_of": _part_of,
    "tint": tint,
    "shown": shown,
    "shown_because": shown_because,
    "reasons": reasons,
}
