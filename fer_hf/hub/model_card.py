"""The model card, written from results files and never by hand: `python -m fer_hf card --model DIR`.

The card says what has not been measured; results of other weights are refused. Its text is `model_card_template.md`;
`fer_hf.evaluation.model_metadata` reads the numbers.
"""

import argparse
import io
import json
import re
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import EvalResult, ModelCardData
from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError
from PIL import Image

from fer_hf.data.synthetic import draw_face
from fer_hf.errors import FerError
from fer_hf.evaluation import model_metadata
from fer_hf.heads import LABEL_HEAD
from fer_hf.io import replacing, sha256_of
from fer_hf.labels import LABELS

HERE = Path(__file__).parent
PICTURES = ("eval_results.png", "eval_results_reliability.png")  # as `python -m fer_hf evaluate` names them
LICENCE = """\
The weights in this repository are derived from

- a pretrained backbone ({backbone}), under its own licence, and
- training data under their own terms; FER2013 comes from a Kaggle competition without an open licence.

Use them for research, and only as far as the terms of both allow it. The code that made them is under the Apache
License 2.0. They come without any warranty.
"""


def card_files(
    model: Path, name: str, base_model: str | None = None, report: Path | None = None
) -> dict[str, Path | bytes]:
    """README.md and what belongs to it, by file name, for the model in folder `model`, known as `name`.

    Raises:
        FerError: the folder holds no model, or results that are broken or of other weights.
    """
    training = model_metadata.read_training(model, base_model, report)
    card = about(model, name, training)
    files = {
        "README.md": render(card).encode(),
        "LICENSE.md": LICENCE.format_map(card | {"backbone": card["base_model"] or "unknown"}).encode(),
        "examples.png": png(face_strip()),
    }
    if training:
        files["training.json"] = (json.dumps(training, indent=2) + "\n").encode()
    return files


def about(model: Path, name: str, training: dict | None) -> dict[str, Any]:
    """All that the card tells, by the template's names."""
    weights = sha256_of(model / "model.safetensors")
    results = model_metadata.read_results(model, weights)
    main = next(iter(results.values()), {})
    own = model_metadata.own_part(main) if main else None
    return {
        "name": name.rpartition("/")[2],
        "model_id": name,
        "labels": LABELS,
        "parameters": model_metadata.parameters(model / "model.safetensors"),
        "size": model_metadata.picture_size(model),
        "base_model": training and training["base_model"],
        "data": training and training["data"],
        "fer2013": model_metadata.is_fer2013(training, main),
        "onnx": (model / "onnx" / "model.onnx").is_file(),
        "results": results,
        "rows": [row for each in results.values() for row in model_metadata.rows_of(each)],
        "agreements": [each["ferplus"] | model_metadata.titles(each) for each in results.values() if "ferplus" in each],
        "two_heads": (model / LABEL_HEAD).is_file(),
        "several_views": any(each["views"] > 1 for each in results.values()),
        "whole": main.get("whole"),
        "clean": main.get("clean"),
        "own": own,
        "own_clean": main.get("clean") if own is main.get("whole") else None,
        "sha256": weights,
        "test_evaluations": model_metadata.count_test_evaluations(model, weights),
        "pictures": [name for name in PICTURES if (model / name).is_file()],
        "corruptions": model_metadata.read_corruptions(model / "corruptions.json", weights),
        "unsure_below": model_metadata.unsure_below(model),
        "training": training,
        "parts": model_metadata.parts_of(training),
    }


def render(card: dict[str, Any]) -> str:
    """README.md: metadata and text."""
    environment = Environment(
        loader=FileSystemLoader(HERE), trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
    )
    environment.filters |= {"percent": percent, "duration": duration, "recipe": recipe}
    try:
        text = environment.get_template("model_card_template.md").render(card)
    except (UndefinedError, TypeError, KeyError) as error:
        raise FerError("results_lack_field", card["model_id"], details=error) from error
    text = re.sub(r"\n{3,}", "\n\n", text)
    return f"---\n{metadata(card).to_yaml()}\n---\n\n{text}\n"


def metadata(card: dict[str, Any]) -> ModelCardData:
    """The YAML at the card's head, with the model-index."""
    dataset = (
        card["data"] if model_metadata.HUB_ID.fullmatch(card["data"] or "") else "fer2013" if card["fer2013"] else None
    )
    found = [result for row in card["rows"] for result in eval_results(row, dataset)]
    return ModelCardData(
        license="other",
        license_name="research-use",
        license_link="LICENSE.md",
        library_name="transformers",
        pipeline_tag="image-classification",
        base_model=card["base_model"] or None,
        datasets=[dataset] if dataset else None,
        metrics=["accuracy", "f1"],
        tags=["facial-expression-recognition", "emotion-recognition", *(["fer2013"] if card["fer2013"] else [])],
        model_name=card["name"] if found else None,
        eval_results=found or None,
    )


def eval_results(row: dict[str, Any], dataset: str | None) -> list[EvalResult]:
    """A line of the results table for the model-index."""
    metrics = (("accuracy", "Accuracy", "accuracy"), ("f1", "Macro F1", "macro_f1"), ("ece", "ECE", "ece"))
    return [
        EvalResult(
            task_type="image-classification",
            task_name="Facial expression recognition",
            dataset_type=dataset or "other",
            dataset_name=f"{row['split']} ({row['part_name']}, {row['views']})",
            dataset_config=f"{row['part_name']}, {row['views']}",
            dataset_split=row["name"],
            metric_type=kind,
            metric_name=name,
            metric_value=round(row[key], 4),
        )
        for kind, name, key in metrics
    ]


def face_strip(side: int = 96, gap: int = 8) -> Image.Image:
    """Seven drawn faces in a row, one for each expression."""
    strip = Image.new("L", (gap + (side + gap) * len(LABELS), side + 2 * gap), 255)
    for place, label in enumerate(LABELS):
        strip.paste(draw_face(label, size=side), (gap + place * (side + gap), gap))
    return strip


def png(image: Image.Image) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    return stream.getvalue()


def recipe(fields: dict[str, Any]) -> str:
    """A recipe as YAML, without what is off in it."""
    on = {name: value for name, value in fields.items() if name == "seed" or value not in (0, -1)}
    return yaml.safe_dump(on, sort_keys=False)


def percent(value: float, digits: int = 1) -> str:
    return f"{100 * value:.{digits}f} %"


def duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, type=Path, metavar="DIR", help="folder of the finished model")
    parser.add_argument("--name", metavar="ID", help="what readers call the model: its Hub id (default: the folder)")
    parser.add_argument("--report", type=Path, metavar="F", help="report.json of train.py (default: beside the folder)")
    parser.add_argument("--base_model", metavar="ID", help="Hub id of the backbone, where training named a folder")


def run(arguments: argparse.Namespace) -> None:
    model = arguments.model
    if arguments.report and not arguments.report.is_file():
        raise FerError("report_missing", arguments.report)
    files = card_files(model, arguments.name or model.as_posix(), arguments.base_model, arguments.report)
    for name, content in files.items():
        with replacing(model / name) as temporary:
            temporary.write_bytes(content)
    print(f"{model}: wrote {', '.join(files)}")
