"""Reading on the visitor's own device: JavaScript modules that answer as `fer_hf.inference` does, and their settings.

The model, the detector and what comes from npm lie in `files/`, where `fer-hf build-device` puts them; they are no part
of the source, and the page reads on the server where they are missing.

The detector is CenterFace here too, although YuNet's file is thirty times smaller: the same net finds the same faces,
and what was measured of crops, limits and close-ups was measured with its boxes. Its 7 MB come once, beside the
classifier's 23 MB and the runtime's 14 MB.
"""

import json
from pathlib import Path
from typing import NamedTuple

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.labels import LABELS

RESAMPLE = (2, 3)  # Pillow's bilinear and bicubic
FOLDER = Path(__file__).parent
FILES = FOLDER / "files"
MANIFEST = "device.json"


class OnDevice(NamedTuple):
    """That a page can read on the visitor's own device."""

    megabytes: int  # that the browser fetches once
    choice: bool  # whether there is a server that could read instead


def offer(folder: Path, sha256: str) -> OnDevice | None:
    """What a page with a server can offer: nothing where the files are missing or were made of other weights."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return OnDevice(megabytes(manifest), choice=True) if manifest["weights"] == sha256 else None
    except (OSError, ValueError, KeyError):
        return None


def megabytes(manifest: dict) -> int:
    """What a browser fetches before the first picture."""
    fetched = (manifest["runtime"]["wasm"], manifest["detector"], manifest["classifier"])
    return round(sum(entry["bytes"] for entry in fetched) / 2**20)


def device_config(analyzer: FaceAnalyzer) -> dict:
    """The model's settings as plain values: `Config` in manifest.js.

    Raises:
        FerError: its pictures are resized in a way that the browser's modules do not know.
    """
    processor = analyzer.processor
    if processor.resample not in RESAMPLE:
        raise FerError("device_resample", value=processor.resample, known=" or ".join(map(str, RESAMPLE)))
    return {
        "labels": list(LABELS),
        "order": list(analyzer.order),
        "image_size": processor.size["height"],
        "resample": int(processor.resample),
        "image_mean": list(processor.image_mean),
        "image_std": list(processor.image_std),
        "unsure_below": analyzer.unsure_below,
        "unsure_limits": analyzer.unsure_limits._asdict(),
        "neutral_logits": None if analyzer.neutral_logits is None else analyzer.neutral_logits.tolist(),
    }
