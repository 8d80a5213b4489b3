"""The page's heading: what it is, what it promises, and the same page in other languages."""

from fer_hf.web.components.base import Component, render
from fer_hf.web.i18n import LANGUAGES, TEXTS, Text


class Masthead(Component):
    """Gradio always says that its page is English, and names neither the language nor the title of a page of several;
    its own navigation bar lists pages, not languages.
    """

    def __init__(self, text: Text) -> None:
        paths = {language: "/" if language == LANGUAGES[0] else f"/{language}" for language in LANGUAGES}
        super().__init__(
            render("masthead/masthead.html", text=text, texts=TEXTS, paths=paths),
            language=text["code"],
            title=text["title"],
            warning=text["languages_warning"],
        )
