"""The About tab. Its numbers are read from the results files when the page starts."""

from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.web.components.about import About
from fer_hf.web.i18n import Text
from fer_hf.web.model_info import measured


def build(analyzer: FaceAnalyzer, text: Text) -> None:
    """One page of text, no input."""
    About(measured(analyzer), analyzer.unsure_below, text)
