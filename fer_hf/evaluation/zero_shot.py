"""Scores on a labelled folder of another data set, of which nothing was trained on: `fer-hf evaluate --data FOLDER`.

Each head is scored as it is, and with the class prior taken out of it: other data sets name other expressions more
often than the training data do. A photo's largest face is read where the faces are to be found first (`detect`); where
none is found, the photo is counted as missed, and `found_and_right` counts it as wrong.
"""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from fer_hf.data.class_folders import ClassFolders
from fer_hf.evaluation.summary import summarise
from fer_hf.evaluation.views import BATCH
from fer_hf.heads import HEADS, VOTES, has_label_head
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.cropping import crop_face
from fer_hf.inference.image_io import open_photo
from fer_hf.labels import LABELS


def score_class_folders(model: str, folders: ClassFolders, detect: bool = False, device: str = "auto") -> dict:
    """The results of both heads, or of the only one, on the pictures of these folders.

    Raises:
        FerError: a picture cannot be opened, or no face was found in any.
    """
    heads = HEADS if has_label_head(model) else (VOTES,)
    analyzers = {head: FaceAnalyzer.from_pretrained(model, device=device, head=head) for head in heads}
    scores, found = read_faces(analyzers, folders.pictures, detect)
    labels = np.asarray(folders.labels)
    results = {
        "pictures": len(labels),
        "missed": int((~found).sum()),
        "left_out": folders.left_out,
        "classes": {name: int((labels == index).sum()) for index, name in enumerate(LABELS)},
        "heads": {},
    }
    priors = analyzers[VOTES].config.to_dict().get("log_prior") or {}
    for head in heads:
        rows = {"as it is": scores[head]}
        if head in priors:
            rows["without the prior"] = without_prior(scores[head], np.asarray(priors[head]))
        results["heads"][head] = {
            name: (summarise(each, labels[found], mean_recall) if found.any() else {"n": 0})
            | {"found_and_right": float((each.argmax(1) == labels[found]).sum() / len(labels))}
            for name, each in rows.items()
        }
    return results


def read_faces(
    analyzers: dict[str, FaceAnalyzer], pictures: list[Path], detect: bool
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Each head's probabilities (n, 7) of the faces found, and in which pictures one was found, (N,)."""
    detector = next(iter(analyzers.values())).detector
    scores, found = {head: [np.empty((0, len(LABELS)))] for head in analyzers}, np.ones(len(pictures), dtype=bool)
    for start in tqdm(range(0, len(pictures), BATCH), desc="scoring", unit="batch", delay=2):
        crops = []
        for number, path in enumerate(pictures[start : start + BATCH], start):
            photo = open_photo(path)
            detections = detector.detect(photo) if detect else []
            found[number] = bool(detections) or not detect
            if found[number]:
                crops.append(crop_face(photo, detections[0]) if detect else photo)
        for head, analyzer in analyzers.items():
            scores[head].append(analyzer.scores(crops))
    return {head: np.concatenate(parts) for head, parts in scores.items()}, found


def without_prior(scores: np.ndarray, log_prior: np.ndarray) -> np.ndarray:
    """Probabilities (n, 7) whose class prior is taken out (Menon et al., 2021)."""
    powers = scores / np.exp(log_prior - log_prior.max())
    return powers / powers.sum(1, keepdims=True)


def mean_recall(scores: np.ndarray, labels: np.ndarray) -> float:
    """Mean recall of the classes that occur: what the literature calls unweighted average recall."""
    right = scores.argmax(1) == labels
    return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))


def table(results: dict) -> str:
    """The results in a few lines, in percent."""
    lines = [f"{results['pictures']} pictures, {results['missed']} without a face that was found"]
    if results["left_out"]:
        lines.append(f"left out, because they are none of the seven: {', '.join(results['left_out'])}")
    for head, rows in results["heads"].items():
        if "without the prior" not in rows:
            lines.append(f"{head} head: its prior is not taken out, because config.json has no log_prior for it")
        for name, row in rows.items():
            if row["n"]:
                scores = "  ".join(f"{key} {100 * row[key]:.2f} %" for key in ("accuracy", "mean_recall", "ece"))
                lines.append(f"{head} head, {name} (n = {row['n']}): {scores}")
    return "\n".join(lines)
