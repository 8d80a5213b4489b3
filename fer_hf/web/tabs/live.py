"""The Live tab: what the camera shows, read as it comes."""

from fer_hf.web.components.live import Live
from fer_hf.web.i18n import Text
from fer_hf.web.service import Service


def build(service: Service, text: Text) -> None:
    """The tab. Its frames reach the analyzer over the page's own route `/live`."""
    Live(text, service.analyzer.neutral_logits is not None, service.on_device)
