"""What is known of the model that the page serves: its name, its weights' hash, what was measured of them.

The results files lie beside the weights, in the model's folder or on the Hub. Those of other weights are left out, as
are broken ones, of which the log and the About tab tell.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from transformers.utils import cached_file

from fer_hf.errors import FerError
from fer_hf.evaluation import model_metadata
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.io import sha256_of
from fer_hf.labels import LABELS
from fer_hf.web.request_log import log


@dataclass(frozen=True)
class ModelInfo:
    """A model and what stands in its results files."""

    name: str  # the Hub id, or the folder's name without the rest of its path
    sha256: str  # of the weights
    parameters: int
    size: int  # pixels per side of the pictures that the model takes
    results: dict | None  # eval_results.json of `python -m fer_hf evaluate`
    label_results: dict | None  # eval_results_label.json: those of the label head, if there is one
    corruptions: dict | None  # corruptions.json of `python -m benchmarks.corruptions`
    training: dict | None  # training.json of `python -m fer_hf card`
    broken: tuple[str, ...] = ()  # names of those files that are there and cannot be read


@cache
def read_model_info(analyzer: FaceAnalyzer) -> ModelInfo:
    """What is known of the analyzer's model; read once per process.

    Raises:
        FerError: the weights are not where they were loaded from.
    """
    model, broken = analyzer.model.name_or_path, []
    sha256 = sha256_of(_file(model, "model.safetensors") or Path(model, "model.safetensors"))

    def read(name: str, reader: Callable[[Path], dict]) -> dict | None:
        try:
            path = _file(model, name)
            return path and reader(path)
        except FerError as error:
            log.warning("left out of the page: %s", error)
            broken.append(name)
            return None

    return ModelInfo(
        name=Path(model).resolve().name if Path(model).is_dir() else model,
        sha256=sha256,
        parameters=analyzer.model.num_parameters(),
        size=analyzer.processor.size["height"],
        results=read("eval_results.json", lambda path: _results(path, sha256)),
        label_results=read("eval_results_label.json", lambda path: _results(path, sha256)),
        corruptions=read("corruptions.json", lambda path: model_metadata.read_corruptions(path, sha256)),
        training=read("training.json", model_metadata.read_json),
        broken=tuple(broken),
    )


def _file(model: str, name: str) -> Path | None:
    """A file of the model, in its folder or on the Hub."""
    if Path(model).is_dir():
        return Path(model, name) if Path(model, name).is_file() else None
    found = cached_file(
        model, name, _raise_exceptions_for_missing_entries=False, _raise_exceptions_for_connection_errors=False
    )
    return found and Path(found)


def _results(path: Path, sha256: str) -> dict | None:
    results = model_metadata.read_json(path)
    model_metadata.check_results(str(path), results)
    _check_numbers(path, results)
    return results if results["sha256"] == sha256 else None


def _check_numbers(path: Path, results: dict) -> None:
    """Refuse results without the numbers that the page shows beside those of `model_metadata.check_results`."""
    try:
        shown = [results[name] for name in ("whole", "clean") if name in results]
        for part in [*shown, model_metadata.own_part(results)]:
            numbers = [part["per_class"][label][key] for label in LABELS for key in ("n", "precision", "recall", "f1")]
            numbers += [point[key] for point in part["reliability"] for key in ("n", "confidence", "accuracy")]
            sum(numbers, part["ece_floor"] + sum(part["interval_95"]["accuracy"]))
        if "unsure" in results:
            sum(results["unsure"][key] for key in ("share", "accuracy_sure", "accuracy_unsure", "one_of_two_unsure"))
    except (KeyError, TypeError) as error:
        raise FerError("results_lack_field", path, details=error) from error
