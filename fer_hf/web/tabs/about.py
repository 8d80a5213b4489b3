"""The About tab. Its numbers are read from the results files when the page starts."""

from fer_hf.web.components.about import About
from fer_hf.web.i18n import Text
from fer_hf.web.model_info import read_model_info
from fer_hf.web.service import Service


def build(service: Service, text: Text) -> None:
    """One page of text, no input."""
    analyzer = service.analyzer
    About(read_model_info(analyzer), analyzer.unsure_below, analyzer.unsure_limits, text, service.on_device)
