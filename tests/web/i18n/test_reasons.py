"""Reasons in the page's language: found by their English words, with their values."""

import inspect

import pytest

from fer_hf import io
from fer_hf.inference import batch, image_io, video, zip_safety
from fer_hf.web.i18n import TEXT, TEXTS
from fer_hf.web.i18n.reasons import translated

DE = TEXTS["de"]
SOURCES = "\n".join(inspect.getsource(module) for module in (zip_safety, io, image_io, batch, video))


@pytest.mark.parametrize(
    ("message", "german"),
    [
        ("a.jpg: the file is empty", "a.jpg: die Datei ist leer"),
        ("not read within 600 seconds", "nicht innerhalb von 600 Sekunden gelesen"),
        ("a: b.jpg: 9 x 8 is more than 50 million pixels", "a: b.jpg: 9 x 8 sind mehr als 50 Millionen Pixel"),
        ("a.jpg: the picture is damaged (x (y))", "a.jpg: das Bild ist beschädigt (x (y))"),
        ("what nobody has said yet", "what nobody has said yet"),
    ],
)
def test_a_reason_keeps_its_file_and_values(message, german):
    assert translated(message, DE) == german
    assert translated(message, TEXT) == message


@pytest.mark.parametrize("key", [key for key in TEXT if key.startswith("reason_")])
def test_every_reason_stands_in_the_code_that_says_it(key):
    words = max(TEXT[key].replace("{", "}").split("}")[::2], key=len).strip(" ()")
    assert words in SOURCES
