"""What Video and Many photos still take from here until they are components of their own."""

from fer_hf.inference.annotate import ink_on
from fer_hf.web.components import base
from fer_hf.web.components.base import percent, tint
from fer_hf.web.components.data_url import data_url as data_address

__all__ = ["data_address", "ink_on", "message_html", "percent", "tint"]


def message_html(words: str, title: str = "", kind: str = "hint") -> str:
    return base.message_html(words, title, kind == "problem")
