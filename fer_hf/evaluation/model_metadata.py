"""What the files in a model's folder say: results, training, size. Each is checked before it is used.

A model's folder holds `config.json`, `preprocessor_config.json` and `model.safetensors`; `eval_results*.json` of
`python -m fer_hf evaluate`; and `training.json`, which is made from the report of train.py.
"""

import json
import math
import re
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open

from fer_hf.errors import FerError
from fer_hf.heads import VOTES
from fer_hf.io import sha256_of

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
PART_NAMES = {"whole": "whole", "clean": "clean", "ferplus": "FER+ majority"}
SCORES = ("n", "accuracy", "macro_f1", "ece", "nll", "brier", "coverage_80")  # that every part of the results has
# Arguments that say where things were and what was kept, not how the model was trained. The last line is version 0.1's.
PLACES = ("model_name_or_path", "data", "synthetic_faces", "votes", "output_dir", "resume_from_checkpoint", "threads")
PLACES += ("run_name", "project", "report_to", "trackio_space_id", "trackio_bucket_id", "trackio_static_space_id")
PLACES += ("push_to_hub", "hub_model_id", "hub_private_repo", "hub_strategy", "hub_revision", "disable_tqdm")
PLACES += ("logging_steps", "save_strategy", "save_steps", "save_total_limit", "label_names", "remove_unused_columns")
PLACES += ("restore_callback_states_from_checkpoint", "do_eval", "per_device_eval_batch_size", "dataloader_num_workers")
PLACES += ("model", "drawn_pictures", "resume", "hub_private")


def read_results(model: Path, weights: str) -> dict[str, dict]:
    """All results that stand in the model's folder, by path; `eval_results.json` first.

    Raises:
        FerError: they are broken, or of other weights than those with the sha256 `weights`.
    """
    paths = sorted(model.glob("eval_results*.json"), key=lambda path: (len(path.name), path.name))
    found = {str(path): read_json(path) for path in paths}
    for path, results in found.items():
        check_results(path, results)
        if results["sha256"] != weights:
            raise FerError("results_other_weights", path, weights=model / "model.safetensors")
    return found


def check_results(path: str, results: dict) -> None:
    """Refuse results that are not what `python -m fer_hf evaluate` writes."""
    for key, kind in (("command", str), ("sha256", str), ("split", str), ("views", int), ("whole", dict)):
        if not isinstance(results.get(key), kind):
            raise FerError("results_field", path, field=key, kind=kind.__name__)
    for part in ("whole", "clean", *(("ferplus",) if results.get("truth") == "ferplus" else ())):
        if part in results:
            bad = [key for key in SCORES if not isinstance(results[part].get(key), int | float)]
            bad += [key for key in ("interval_95", "per_class") if not isinstance(results[part].get(key), dict)]
            if bad:
                raise FerError("results_part_lacks", path, part=part, fields=", ".join(bad))


def read_training(model: Path, base_model: str | None = None, report: Path | None = None) -> dict | None:
    """How the model was trained: `training.json` in its folder, or made from train.py's report.

    Where it was trained on from an earlier model of ours, `before` tells the same of that one.

    Raises:
        FerError: what stands there is broken, or is of other weights; a `report` that was named is taken as it is.
    """
    kept, weights = model / "training.json", model / "model.safetensors"
    path = report or (kept if kept.is_file() else model.parent / "report.json")
    if not path.is_file():
        return None
    found = read_json(path)
    facts = found if path == kept else facts_of_report(found, path)
    sha256 = sha256_of(weights)
    if not report and facts.get("sha256", sha256) != sha256:
        raise FerError("report_other_weights", path, weights=weights)
    return facts | ({"base_model": base_model} if base_model else {}) | {"sha256": sha256}


def facts_of_report(report: dict, path: Path) -> dict[str, Any]:
    """What may be published of a training run: nothing about the machine's folders."""
    try:
        recipe = report["recipe"]
        model = recipe["model_name_or_path"] if "model_name_or_path" in recipe else recipe["model"]
        data, drawn = recipe["data"], bool(recipe.get("synthetic_faces", recipe.get("drawn_pictures")))
        before = report["before"] if "before" in report else read_training(Path(model)) if model else None
        told = {key: report[key] for key in ("validation", "temperature", "biases", "best_step", "steps", "seconds")}
        told |= {key: report[key] for key in ("machine", "evaluations", "sha256") if key in report}
        if "label_head" in report:
            label = report["label_head"]["validation"]
            told["heads"] = {"votes": report["ferplus"]["accuracy"], "label": label["accuracy"]}  # each against its own
        return {
            "base_model": model if is_hub_id(model) else before and before["base_model"],
            "data": "drawn faces" if drawn else data if is_hub_id(data) else Path(data).name,
            "drawn": drawn,
            "recipe": {
                key: value for key, value in recipe.items() if key not in PLACES and value not in ("", {}, None)
            },
            **told,
            "before": before,
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise FerError("report_lacks", path, details=error) from error


def parts_of(training: dict | None) -> list[dict]:
    """The runs that made the model, the earliest first."""
    return [*parts_of(training.get("before")), training] if training else []


def is_hub_id(name: str) -> bool:
    """Whether a name is a Hub id rather than a file or folder here."""
    return HUB_ID.fullmatch(name) is not None and not Path(name).exists()


def is_fer2013(training: dict | None, results: dict) -> bool:
    """Whether the model was scored on FER2013's own PrivateTest, or trained on a file of its name."""
    return bool(results.get("private_test")) or "fer2013" in ((training or {}).get("data") or "").lower()


def own_part(results: dict) -> dict:
    """The part of a results file that is against the truth that the head was trained to tell."""
    return results["ferplus" if results.get("truth") == "ferplus" else "whole"]


def rows_of(results: dict) -> list[dict]:
    """The lines of the results table for one results file: against the truth that the head was trained to tell."""
    parts = ("ferplus",) if results.get("truth") == "ferplus" else ("whole", "clean")
    return [results[part] | titles(results) | {"part_name": PART_NAMES[part]} for part in parts if part in results]


def titles(results: dict) -> dict[str, str]:
    """How a table names the head, the split and the views."""
    return {
        "head": results.get("head", VOTES),
        "name": results["split"],
        "split": "FER2013's PrivateTest" if results.get("private_test") else f"{results['split']} split",
        "views": "one view" if results["views"] == 1 else f"{results['views']} views",
    }


def read_corruptions(path: Path | None, weights: str) -> dict | None:
    """The corruption table, if there is one and it was measured on these weights."""
    found = read_json(path) if path and path.is_file() else {}
    return found if found.get("sha256") == weights else None


def count_test_evaluations(model: Path, weights: str) -> int:
    """For how many weight files PrivateTest was scored, if these are among them."""
    path = model / "test_evaluations.json"
    evaluations = read_json(path, list) if path.is_file() else []
    files = {each["sha256"] for each in evaluations}
    return len(files) if weights in files else 0


def unsure_below(model: Path) -> float | None:
    """The confidence below which the package says that it is not sure, where the model's config names one."""
    path = model / "config.json"
    value = read_json(path).get("unsure_below") if path.is_file() else None
    if value is not None and not (isinstance(value, int | float) and 0 <= value <= 1):
        raise FerError("config_unsure_below", path, value=repr(value))
    return value


def picture_size(model: Path) -> int:
    """Pixels a side that the image processor makes."""
    path = model / "preprocessor_config.json"
    try:
        return int(read_json(path)["size"]["height"])
    except (KeyError, TypeError, ValueError) as error:
        raise FerError("processor_size", path) from error


def read_json(path: Path, kind: type = dict) -> Any:
    """The file's one value, which must be of this kind."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FerError("not_json", path, details=error) from error
    if not isinstance(value, kind):
        raise FerError("json_kind", path, kind=kind.__name__, found=type(value).__name__)
    return value


def parameters(weights: Path) -> str:
    """The number of parameters, in words."""
    try:
        with safe_open(weights, framework="numpy") as file:
            shapes = [file.get_slice(name).get_shape() for name in file.keys()]  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise FerError("not_safetensors", weights, details=error) from error
    count = sum(map(math.prod, shapes))
    return f"{count / 1e6:.1f} million" if count >= 1e5 else f"{count:,}"
