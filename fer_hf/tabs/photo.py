"""The Photo tab: choose, drop, paste or take a photo, or try an example; its faces and their scores come below."""

import io
from html import escape

import gradio as gr

from fer_hf import examples
from fer_hf.errors import FerError
from fer_hf.intake import MEGABYTES, READERS, in_turn, opened, sent_file
from fer_hf.markup import data_uri, message_html, reading_html
from fer_hf.predict import Reader
from fer_hf.texts import Text
from fer_hf.theme import script

EXAMPLES = {"astronaut": examples.astronaut, "group": examples.group, "cat": examples.cat}
EXAMPLE_PIXELS = 960


def build(reader: Reader, text: Text) -> None:
    """The place to send a photo from, and the place where the answer comes."""
    source = gr.HTML(html_template=_source(text), js_on_load=script("picker"), apply_default_css=False)
    answer = gr.HTML(
        message_html(text["photo_nothing_yet"]),
        js_on_load=script("reading"),
        apply_default_css=False,
        elem_id="reading",
    )

    def read(event: gr.EventData) -> str:
        try:
            return in_turn(_answer, reader, sent_file(event._data, text), text)
        except FerError as error:
            return message_html(str(error), text["problem"], "problem")

    source.upload(read, None, answer, api_visibility="private", concurrency_id="read", concurrency_limit=READERS)


def _answer(reader: Reader, file: io.BytesIO, text: Text) -> str:
    with opened(file) as photo:
        return reading_html(photo, reader.read(photo), text)


def _source(text: Text) -> str:
    """The button, the camera and the examples. An example's button holds the whole example."""
    more = text["photo_choose_more"].format(megabytes=MEGABYTES)
    pictures = "".join(_example(name, text) for name in EXAMPLES)
    return (
        f'<div class="picker" data-bytes="{MEGABYTES * 2**20}"><div class="ways"><label>'
        f'<input type="file" accept="image/*,.heic,.heif,.avif"><span class="choose">{escape(text["photo_choose"])}'
        f'</span></label><button type="button" data-do="open">{escape(text["photo_camera_open"])}</button>'
        f'<p>{escape(more)}</p></div><div class="examples"><span>{escape(text["photo_examples"])}</span>{pictures}'
        f'</div>{_camera(text)}</div><p class="credit">{escape(text["photo_credit"])}</p>'
    )


def _example(name: str, text: Text) -> str:
    caption = escape(text[f"photo_example_{name}"])
    picture = data_uri(EXAMPLES[name](), EXAMPLE_PIXELS)
    return f'<button type="button" class="example" title="{caption}"><img src="{picture}" alt="{caption}"></button>'


def _camera(text: Text) -> str:
    """The webcam, closed until it is asked for, and what is said when it cannot be opened."""
    words = {key: escape(text[f"photo_camera_{key}"]) for key in ("take", "stop", "mirror", "view", "name")}
    said = " ".join(f'data-{key}="{escape(text[f"photo_camera_{key}"])}"' for key in ("on", "denied", "absent"))
    return (
        f'<div class="camera" data-name="{words["name"]}" {said}>'
        f'<video class="mirrored" muted playsinline aria-label="{words["view"]}"></video><div class="row">'
        f'<button type="button" data-do="take">{words["take"]}</button>'
        f'<button type="button" data-do="stop">{words["stop"]}</button>'
        f'<label><input type="checkbox" checked>{words["mirror"]}</label></div>'
        '<p class="status" role="status"></p></div>'
    )
