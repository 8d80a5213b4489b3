"""fer-hf: facial expression recognition on the Hugging Face stack.

    from fer_hf import FaceAnalyzer

    analyzer = FaceAnalyzer.from_pretrained()
    result = analyzer.analyze("party.jpg")

Importing the package loads nothing heavy; PyTorch comes with the first use of a name below (PEP 562).
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fer_hf.errors import FerError
    from fer_hf.inference.analyzer import FaceAnalyzer
    from fer_hf.inference.results import Face, PhotoResult
    from fer_hf.labels import LABELS

__version__ = "0.2.0"  # the only place: pyproject.toml reads it from here
__all__ = ["LABELS", "Face", "FaceAnalyzer", "FerError", "PhotoResult", "__version__"]

_MODULES = {
    "FaceAnalyzer": "fer_hf.inference.analyzer",
    "PhotoResult": "fer_hf.inference.results",
    "Face": "fer_hf.inference.results",
    "FerError": "fer_hf.errors",
    "LABELS": "fer_hf.labels",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'fer_hf' has no attribute {name!r}")
    return getattr(importlib.import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return __all__
