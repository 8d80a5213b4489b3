"""Every word that the page says, a YAML table a language: another language is another file beside these."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from fer_hf.inference.results import Face

Text = Mapping[str, str]


def _read(language: str) -> Text:
    return yaml.safe_load((Path(__file__).parent / f"{language}.yaml").read_text(encoding="utf-8"))


LANGUAGES = ("en", *sorted({path.stem for path in Path(__file__).parent.glob("*.yaml")} - {"en"}))
TEXTS: dict[str, Text] = {language: _read(language) for language in LANGUAGES}
TEXT = TEXTS["en"]


def on_device(text: Text) -> Text:
    """The words of a page that reads on the visitor's own device: those that begin with device_ take others' places."""
    return {**text, **{key.removeprefix("device_"): words for key, words in text.items() if key.startswith("device_")}}


def shown(face: Face, text: Text) -> str:
    """What a face shows, in words: "happy", or "sad or fear?" where the model is unsure."""
    if not face.unsure:
        return text[face.label]
    return text["either"].format(first=text[face.unsure[0]], second=text[face.unsure[1]])


def shown_because(face: Face, text: Text) -> str:
    """What a face shows, and why that is unsure: "sad or fear? (turned away)"."""
    words = shown(face, text)
    return text["with_reasons"].format(words=words, reasons=reasons(face, text)) if face.unsure_because else words


def reasons(face: Face, text: Text) -> str:
    """Why it is unsure what a face shows, in words."""
    return ", ".join(text[reason] for reason in face.unsure_because)
