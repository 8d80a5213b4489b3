"""Do the ONNX files answer as PyTorch does? The same pictures through PyTorch, float32 ONNX and 8-bit ONNX.

    python -m benchmarks.onnx --data D [--model M] [--split validation]

The truth is the label; with two heads it is the FER+ majority, on the faces that have one.
Times are for one picture, measured in turns with the same number of threads, and given as ratios to PyTorch's and to
the pass of a random ViT-B/16 over 224 px, in float32 by PyTorch and in 8 bits by ONNX Runtime.
"""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch
from scipy.special import softmax
from tqdm import tqdm
from transformers import ViTConfig, ViTForImageClassification

from benchmarks import record
from benchmarks.timing import against, forward_pass, interleaved, onnx_session, reference_pass
from fer_hf.data.load import SPLITS, load_fer
from fer_hf.evaluation.metrics import accuracy
from fer_hf.evaluation.score import own_truth
from fer_hf.hub.onnx import FLOAT32, INT8, export_onnx, write_float32, write_int8
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.runtime import weights_hash
from fer_hf.labels import LABELS

BATCH = 64
ROUNDS = 30
LIMIT = 1 / 7  # of the ViT-B/16's pass

Forward = Callable[[np.ndarray], np.ndarray]  # pixel values (N, 3, S, S) to logits (N, 7)


def onnx_forward(file: Path) -> Forward:
    """The pass of ONNX Runtime with the same number of threads."""
    session = onnx_session(file, torch.get_num_threads())
    return lambda pixels: session.run(["logits"], {"pixel_values": pixels})[0]


def compare(expected: np.ndarray, got: np.ndarray, labels: np.ndarray) -> dict:
    """Compare the logits (N, 7) of two runtimes on the same pictures."""
    one, other = softmax(expected, axis=1), softmax(got, axis=1)
    return {
        "agreement": float((one.argmax(1) == other.argmax(1)).mean()),
        "largest_score_difference": float(np.abs(one - other).max()),
        "mean_score_difference": float(np.abs(one - other).mean()),
        "accuracy": accuracy(other, labels),
    }


def measure(analyzer: FaceAnalyzer, files: dict[str, Path], pictures: list, labels: np.ndarray) -> dict:
    """Accuracy, agreement, size and speed of each runtime."""
    forwards = {"torch": analyzer.runtime.logits, **{name: onnx_forward(file) for name, file in files.items()}}
    logits = {name: [] for name in forwards}
    for start in tqdm(range(0, len(pictures), BATCH), desc="scoring", unit="batch"):
        batch = [picture.convert("RGB") for picture in pictures[start : start + BATCH]]
        pixels = analyzer.processor(batch, return_tensors="np")["pixel_values"].astype(np.float32)
        for name, forward in forwards.items():
            logits[name].append(forward(pixels))
    logits = {name: np.concatenate(parts) for name, parts in logits.items()}
    one = pixels[:1]
    seconds = interleaved({name: lambda f=forward: f(one) for name, forward in forwards.items()}, ROUNDS)
    results = {name: compare(logits["torch"], logits[name], labels) for name in forwards}
    for name, result in results.items():
        result["milliseconds"] = round(1000 * seconds[name], 2)
        result["time_ratio"] = round(seconds[name] / seconds["torch"], 3)
        if name in files:
            result["megabytes"] = round(files[name].stat().st_size / 1e6, 2)
    return results


def time_passes(analyzer: FaceAnalyzer, int8: Path) -> dict:
    """The model's pass over one face as a ratio to that of a random ViT-B/16."""
    with TemporaryDirectory() as folder:
        whole, quantised = Path(folder, "vit.onnx"), Path(folder, "vit_int8.onnx")
        write_float32(ViTForImageClassification(ViTConfig(num_labels=len(LABELS))), whole)
        write_int8(whole, quantised)
        passes = {"ours": onnx_forward(int8), "vit": onnx_forward(quantised)}
    size = analyzer.processor.size["height"]
    pixels = {"ours": np.zeros((1, 3, size, size), np.float32), "vit": np.zeros((1, 3, 224, 224), np.float32)}
    tasks = {name: lambda name=name: passes[name](pixels[name]) for name in passes}
    tasks |= {"torch": forward_pass(analyzer.model, size), "torch_vit": reference_pass()}
    seconds = interleaved(tasks, ROUNDS)
    return {
        "torch": against(seconds["torch"], seconds["torch_vit"], LIMIT),
        "onnx_int8": against(seconds["ours"], seconds["vit"], LIMIT),
    }


def main(argv: list[str]) -> None:
    parser = record.build_parser("benchmarks.onnx", __doc__, device=False)
    parser.add_argument("--split", default="validation", choices=SPLITS, help="default: %(default)s")
    arguments = record.parse(parser, argv)
    split = load_fer(arguments.data)[arguments.split]
    truth = own_truth(split, arguments.model)
    known = np.flatnonzero(truth >= 0)
    split = split.select(known)
    with TemporaryDirectory() as folder:
        export_onnx(arguments.model, folder, "int8")
        files = {"onnx": Path(folder) / FLOAT32, "onnx_int8": Path(folder) / INT8}
        analyzer = FaceAnalyzer.from_pretrained(arguments.model, device="cpu")
        results = {
            "runtimes": measure(analyzer, files, list(split["image"]), truth[known]),
            "passes": time_passes(analyzer, files["onnx_int8"]),
        }
    sha256 = weights_hash(arguments.model)
    record.keep("benchmarks.onnx", {"sha256": sha256, "split": arguments.split, "n": len(split), **results})


if __name__ == "__main__":
    record.run(main)
