"""The About tab's component: what this is, how well it reads, what it cannot do, the law, privacy, and for programs."""

import os

from fer_hf.evaluation import model_metadata
from fer_hf.inference.unsure import UNLIMITED, Limits
from fer_hf.labels import LABELS
from fer_hf.web.components.base import Component, render
from fer_hf.web.device import OnDevice
from fer_hf.web.i18n import Text
from fer_hf.web.limits import MEGABYTES
from fer_hf.web.model_info import ModelInfo
from fer_hf.web.temp_files import AGE, FREQUENCY

MINUTES = (AGE + FREQUENCY) // 60  # after which an upload is gone at the latest
# What a program sends; the page's address goes where {address} stands.
PROGRAMS = {
    "gradio_client": """\
from gradio_client import Client, handle_file

page = Client("{address}")
page.predict(handle_file("party.jpg"), api_name="/read_photo")
page.predict(handle_file("face.jpg"), api_name="/read_face")""",
    "curl": """\
file=$(curl -s -F files=@party.jpg {address}gradio_api/upload)
curl -s -H "Content-Type: application/json" -d "{\\"data\\": $file}" {address}gradio_api/run/read_photo""",
    "MCP": """\
{
  "mcpServers": {
    "faces": { "url": "{address}gradio_api/mcp/" },
    "upload": {
      "command": "uvx",
      "args": ["--from", "gradio[mcp]", "gradio", "upload-mcp", "{address}", "FOLDER"]
    }
  }
}""",
}


class About(Component):
    """A page of text, tables and one picture, all from the results files. Gradio's `DataFrame` makes a spreadsheet of
    each table, without headers of rows or notes in small print, and its `Code` cannot name the page's own address.
    """

    def __init__(
        self, known: ModelInfo, unsure_below: float, limits: Limits, text: Text, device: OnDevice | None = None
    ) -> None:
        super().__init__(about_html(known, unsure_below, text, limits, device), elem_id="about")


def about_html(
    known: ModelInfo, unsure_below: float, text: Text, limits: Limits = UNLIMITED, device: OnDevice | None = None
) -> str:
    """All sections; what was not measured of these weights is said so.

    Args:
        device: that photos can be read in the browser, if they can.
    """

    def share(value: float, digits: int = 1) -> str:
        """Per cent, with the language's decimal sign and a space that does not break."""
        return f"{100 * value:.{digits}f}\N{NO-BREAK SPACE}%".replace(".", text["about_decimal"])

    def number(value: float) -> str:
        return format(value, "g").replace(".", text["about_decimal"])

    def count(value: int) -> str:
        """A whole number, its thousands apart."""
        return f"{value:,}".replace(",", text["about_thousands"])

    return render(
        "about/about.html",
        known=known,
        unsure_below=unsure_below,
        limited=limits != UNLIMITED,
        text=text,
        device=device,
        share=share,
        number=number,
        count=count,
        labels=LABELS,
        is_fer2013=model_metadata.is_fer2013(known.training, known.results or {}),
        minutes=MINUTES,
        megabytes=MEGABYTES,
        links=_links(known),
        programs={title: program.split("{address}") for title, program in PROGRAMS.items()},
    )


def _links(known: ModelInfo) -> dict[str, str]:
    """The model's card, where it is on the Hub; the page's code and where to write, where the page is a Space."""
    links = {"card": f"https://huggingface.co/{known.name}"} if "/" in known.name else {}
    if space := os.environ.get("SPACE_ID"):
        address = f"https://huggingface.co/spaces/{space}"
        links |= {"code": f"{address}/tree/main", "contact": f"{address}/discussions"}
    return links
