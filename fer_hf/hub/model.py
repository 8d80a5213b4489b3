"""Putting a model on the Hub, with its card: `python -m fer_hf publish --model DIR --to user/name`.

Only what a user of the model needs goes up: configuration, safetensors, ONNX files, results and pictures. Never a
checkpoint, never `training_args.bin` or another pickle.
"""

import argparse
import json
from pathlib import Path

from safetensors.torch import load_file, save

from fer_hf.errors import FerError
from fer_hf.heads import LABEL_HEAD, load_label_head
from fer_hf.hub.model_card import card_files
from fer_hf.hub.upload import NEXT_TAG, check_repo_id, upload
from fer_hf.labels import LABELS

NEEDED = ("config.json", "preprocessor_config.json", "model.safetensors")
ALLOWED = (*NEEDED, LABEL_HEAD, "eval_results*.json", "eval_results*.png", "corruptions.json", "onnx/*.onnx")
LABEL_REVISION = "fer2013"
OF_VOTES_HEAD = ("unsure_limits", "neutral_logits")  # fields of the config that were fitted to the votes head
MADE_BY_TRAINING = ("trainer_state.json", "training_args.bin", "optimizer.pt")


def publish(
    model: Path,
    to: str,
    *,
    private: bool = False,
    tag: str | None = NEXT_TAG,
    base_model: str | None = None,
    dry_run: bool = False,
) -> None:
    """Make the Hub's model `to` hold the model in folder `model`, its card and a version tag.

    Of a model with two heads, the branch LABEL_REVISION holds one whose classifier is the label head.

    Raises:
        FerError: no finished model; results of other weights; whatever the Hub refuses.
    """
    files = model_files(model) | card_files(model, check_repo_id(to), base_model)
    label_files = label_model_files(model, files) if LABEL_HEAD in files else None
    message = f"Publish {Path(to).name}"
    upload(to, "model", files, message, private=private, tag=tag, dry_run=dry_run)
    if label_files:
        options = {"private": private, "tag": None, "branch": LABEL_REVISION, "dry_run": dry_run}
        upload(to, "model", label_files, f"{message}: the label head as its classifier", **options)


def model_files(model: Path) -> dict[str, Path]:
    """The files of a finished model that may be published, by their path in the repository."""
    if not model.is_dir():
        raise FerError("publish_no_folder", model)
    if any((model / name).exists() for name in MADE_BY_TRAINING):
        raise FerError("publish_is_checkpoint", model)
    missing = [name for name in NEEDED if not (model / name).is_file()]
    if missing:
        inside = (model / "model" / NEEDED[0]).is_file()
        code = "publish_stands_inside" if inside else "publish_lacks_files"
        raise FerError(code, model, files=", ".join(missing), inside=model / "model")
    check_labels(model / "config.json")
    found = sorted(path for pattern in ALLOWED for path in model.glob(pattern) if path.is_file())
    return {path.relative_to(model).as_posix(): path for path in found}


def label_model_files(model: Path, files: dict[str, Path | bytes]) -> dict[str, Path | bytes]:
    """The same model with the label head as its classifier: plain `pipeline` then reads FER2013's label."""
    head = load_label_head(str(model))
    weights = load_file(model / "model.safetensors")
    for name, value in (("classifier.weight", head.weight), ("classifier.bias", head.bias)):
        found, expected = tuple(value.shape), tuple(weights[name].shape)
        if found != expected:
            raise FerError("label_head_shape", model / LABEL_HEAD, found=found, expected=expected)
        weights[name] = value.to(weights[name])
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    config = {name: value for name, value in config.items() if name not in OF_VOTES_HEAD}
    config["unsure_below"] = head.unsure_below
    return {
        "README.md": files["README.md"],
        "LICENSE.md": files["LICENSE.md"],
        "examples.png": files["examples.png"],
        "preprocessor_config.json": files["preprocessor_config.json"],
        "config.json": (json.dumps(config, indent=2) + "\n").encode(),
        "model.safetensors": save(weights, {"format": "pt"}),
    }


def check_labels(config: Path) -> None:
    """Refuse a model whose outputs are not the seven, in their order."""
    try:
        names = json.loads(config.read_text(encoding="utf-8"))["id2label"]
        names = tuple(names[str(index)] for index in range(len(names)))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FerError("publish_no_labels", config, details=type(error).__name__) from error
    if names != LABELS:
        found = ", ".join(map(str, names))
        raise FerError("publish_other_labels", config, expected=", ".join(LABELS), found=found)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", required=True, type=Path, metavar="DIR", help="folder of the finished model")
    parser.add_argument("--to", required=True, metavar="USER/NAME", help="the model's name on the Hub")
    parser.add_argument("--private", action="store_true", help="create it as a private model")
    parser.add_argument(
        "--tag", default=NEXT_TAG, metavar="T", help="version to tag (default: the next of v1, v2, ...)"
    )
    parser.add_argument("--base_model", metavar="ID", help="Hub id of the backbone, where training named a folder")
    parser.add_argument("--dry_run", action="store_true", help="say what would be done, and do nothing")


def run(arguments: argparse.Namespace) -> None:
    publish(
        arguments.model,
        arguments.to,
        private=arguments.private,
        tag=arguments.tag,
        base_model=arguments.base_model,
        dry_run=arguments.dry_run,
    )
