"""The page's heading: what it is, what it promises, and the same page in other languages."""

from collections.abc import Mapping

from fer_hf.web.components.base import Component, render
from fer_hf.web.i18n import LANGUAGES, TEXTS, Text


class Masthead(Component):
    """Gradio always says that its page is English, and names neither the language nor the title of a page of several;
    its own navigation bar lists pages, not languages.
    """

    def __init__(self, text: Text) -> None:
        paths = {language: "/" if language == LANGUAGES[0] else f"/{language}" for language in LANGUAGES}
        super().__init__(masthead_html(text, paths), **script_settings(text))


def masthead_html(text: Text, paths: Mapping[str, str]) -> str:
    """The heading, with the page's addresses by their languages."""
    return render("masthead/masthead.html", text=text, texts=TEXTS, paths=paths)


def script_settings(text: Text) -> dict[str, str]:
    """What the script needs: the language, the title, and the question before another language."""
    return {"language": text["code"], "title": text["title"], "warning": text["languages_warning"]}
