"""How much accuracy is lost on pictures as bad as those of real photos? Corruptions at three strengths, on PublicTest.

    python -m benchmarks.corruptions --data D [--model M] [--faces 1000]

All see the same random faces. What is random in a corruption (direction, place, hue) depends on the number of the face,
so that a stronger corruption of a face goes further in the same direction. With two heads, the votes head is measured
against the FER+ majority, on the faces that have one, and the label head against FER2013's label.
"""

import argparse
import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from datasets import Dataset
from PIL import Image, ImageEnhance, ImageFilter

from benchmarks import record
from fer_hf.data.duplicates import pictures
from fer_hf.data.load import load_fer
from fer_hf.data.synthetic import draw_face
from fer_hf.evaluation import metrics
from fer_hf.evaluation.plots import figure
from fer_hf.evaluation.score import own_truth
from fer_hf.evaluation.views import score_pictures
from fer_hf.heads import LABEL, VOTES, has_label_head
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.runtime import weights_hash

SEED = 0


def tint(face: Image.Image, strength: float, rng: np.random.Generator) -> Image.Image:
    """Coloured light: the three channels are scaled differently, by at most `strength`."""
    angle = rng.uniform(0, 2 * math.pi)
    gains = [1 + strength * math.cos(angle + third * 2 * math.pi / 3) for third in range(3)]
    return Image.fromarray((np.asarray(face) * gains).clip(0, 255).round().astype(np.uint8))


def jpeg(face: Image.Image, strength: float, rng: np.random.Generator) -> Image.Image:
    """JPEG compression of the small picture at quality `strength`."""
    file = io.BytesIO()
    face.save(file, "JPEG", quality=int(strength))
    return Image.open(file).convert("RGB")


def blur(face: Image.Image, strength: float, rng: np.random.Generator) -> Image.Image:
    """Gaussian blur with a standard deviation of `strength` pixels."""
    return face.filter(ImageFilter.GaussianBlur(strength))


def noise(face: Image.Image, strength: float, rng: np.random.Generator) -> Image.Image:
    """Gaussian noise with a standard deviation of `strength` grey levels, the same in all channels."""
    pixels = np.asarray(face, dtype=float)
    pixels = pixels + strength * rng.standard_normal((*pixels.shape[:2], 1))
    return Image.fromarray(pixels.clip(0, 255).round().astype(np.uint8))


def small(face: Image.Image, strength: float, rng: np.random.Generator) -> Image.Image:
    """A face that is only `strength` pixels wide in the photo."""
    return face.resize((int(strength),) * 2, Image.Resampling.BOX)


def tilt(face: Image.Image, strength: float, rng: np.random.Generator) -> Image.Image:
    """The head tilted by `strength` degrees to one side."""
    return moved(face, angle=float(rng.choice((-1, 1)) * strength))


def shift(face: Image.Image, strength: float, rng: np.random.Generator) -> Image.Image:
    """A bad box: the face is displaced by `strength` of the side."""
    angle = rng.uniform(0, 2 * math.pi)
    return moved(face, x=strength * math.cos(angle), y=strength * math.sin(angle))


def boxed(face: Image.Image, strength: float, rng: np.random.Generator) -> Image.Image:
    """A bad box: its middle `strength` of the side, or so many sides; the picture's edge is repeated outside it."""
    return moved(face, zoom=1 / strength)


def lit(face: Image.Image, strength: float, rng: np.random.Generator) -> Image.Image:
    """Light times `strength`, clipped at white."""
    return ImageEnhance.Brightness(face).enhance(strength)


def flat(face: Image.Image, strength: float, rng: np.random.Generator) -> Image.Image:
    """Contrast reduced to `strength`."""
    return ImageEnhance.Contrast(face).enhance(strength)


def occlusion(face: Image.Image, strength: float, rng: np.random.Generator) -> Image.Image:
    """A grey square over `strength` of the picture."""
    side = round(math.sqrt(strength) * face.width)
    x, y = (round(float(rng.random()) * (length - side)) for length in face.size)
    covered = face.copy()
    covered.paste((128, 128, 128), (x, y, x + side, y + side))
    return covered


def moved(face: Image.Image, angle: float = 0.0, x: float = 0.0, y: float = 0.0, zoom: float = 1.0) -> Image.Image:
    """Turn a face (degrees), shift it (fraction of the side) and zoom it about its middle; its edges are repeated."""
    margin = max(face.size)
    pixels = np.pad(np.asarray(face), ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    cosine, sine = math.cos(math.radians(angle)) / zoom, math.sin(math.radians(angle)) / zoom
    right, down = (0.5 + x) * face.width, (0.5 + y) * face.height  # where the middle goes
    table = (  # from a place in the result to the place in `pixels` that it shows
        *(cosine, sine, face.width / 2 + margin - cosine * right - sine * down),
        *(-sine, cosine, face.height / 2 + margin + sine * right - cosine * down),
    )
    return Image.fromarray(pixels).transform(face.size, Image.Transform.AFFINE, table, Image.Resampling.BICUBIC)


class Corruption(NamedTuple):
    """What is done to a face (RGB), and how strongly, from mild to strong."""

    apply: Callable[[Image.Image, float, np.random.Generator], Image.Image]
    strengths: tuple[float, float, float]
    unit: str


CORRUPTIONS = {
    "tint": Corruption(tint, (0.15, 0.3, 0.6), "channels scaled apart by"),
    "JPEG": Corruption(jpeg, (50, 25, 10), "quality"),
    "blur": Corruption(blur, (0.7, 1.2, 2.0), "px"),
    "noise": Corruption(noise, (8, 16, 32), "grey levels"),
    "small face": Corruption(small, (32, 24, 16), "px wide"),
    "tilt": Corruption(tilt, (10, 20, 35), "degrees"),
    "shifted box": Corruption(shift, (0.05, 0.1, 0.2), "of the side"),
    "tight box": Corruption(boxed, (0.9, 0.8, 0.7), "of the side"),
    "loose box": Corruption(boxed, (1.15, 1.3, 1.6), "of the side"),
    "dark": Corruption(lit, (0.6, 0.4, 0.2), "of the light"),
    "bright": Corruption(lit, (1.4, 1.8, 2.5), "of the light"),
    "low contrast": Corruption(flat, (0.6, 0.4, 0.2), "of the contrast"),
    "occlusion": Corruption(occlusion, (0.1, 0.2, 0.35), "of the picture"),
}


def corrupted(face: Image.Image, number: int, corruption: Corruption, strength: float) -> Image.Image:
    """The corrupted face; its `number` is the seed of what is random."""
    return corruption.apply(face.convert("RGB"), strength, np.random.default_rng((SEED, number)))


def measure_head(arguments: argparse.Namespace, data: Dataset, head: str, truth: np.ndarray) -> dict:
    """What one head keeps of its accuracy against its own truth (N,), -1 where that is not known."""
    analyzer = FaceAnalyzer.from_pretrained(arguments.model, device=arguments.device, head=head)
    known = np.flatnonzero(truth >= 0)
    faces = list(pictures(data.select(known), f"faces, {head} head"))
    return {"faces": len(faces)} | measure(analyzer, faces, truth[known])


def measure(analyzer: FaceAnalyzer, faces: list[Image.Image], labels: np.ndarray) -> dict:
    """Accuracy on the clean faces and under each corruption and strength."""
    jobs = [(name, strength) for name, each in CORRUPTIONS.items() for strength in each.strengths]
    clean = accuracy(analyzer, faces, labels, "clean")
    rows = {name: {"unit": each.unit, "strengths": []} for name, each in CORRUPTIONS.items()}
    for name, strength in jobs:
        worse = [corrupted(face, number, CORRUPTIONS[name], strength) for number, face in enumerate(faces)]
        result = accuracy(analyzer, worse, labels, f"{name} {strength:g}")
        rows[name]["strengths"].append({"strength": strength, **result, "kept": result["accuracy"] / clean["accuracy"]})
    return {"clean": clean, "corruptions": rows}


def accuracy(analyzer: FaceAnalyzer, faces: list[Image.Image], labels: np.ndarray, what: str) -> dict:
    """Accuracy with its interval, and mean confidence, which should fall as the errors grow."""
    scores = score_pictures(analyzer, faces, what=what)
    return {
        "accuracy": metrics.accuracy(scores, labels),
        "interval_95": metrics.interval(metrics.accuracy, scores, labels),
        "confidence": float(scores.max(1).mean()),
    }


def draw(results: dict, path: Path) -> None:
    """A table that is shaded by the share of the accuracy that is kept."""
    rows = results["corruptions"]
    kept = np.array([[each["kept"] for each in row["strengths"]] for row in rows.values()])
    with figure(path, 6.5, 0.8 + 0.4 * len(rows)) as axes:
        axes.imshow(kept, cmap="YlOrRd_r", vmin=0.2, vmax=1.0, aspect="auto")
        for (place, column), share in np.ndenumerate(kept):
            row = list(rows.values())[place]
            text = f"{100 * share:.0f} %   ({row['strengths'][column]['strength']:g})"
            colour = "white" if share < 0.6 else "black"
            axes.text(column, place, text, ha="center", va="center", fontsize=8, color=colour)
        axes.set_xticks(range(3), ("mild", "medium", "strong"))
        axes.set_yticks(range(len(rows)), [f"{name} ({row['unit']})" for name, row in rows.items()], fontsize=8)
        clean = 100 * results["clean"]["accuracy"]
        axes.set_title(f"Share kept of {clean:.1f} % accuracy, {results['faces']} faces", fontsize=10)


def draw_examples(path: Path) -> None:
    """What each strength does to a synthetic face."""
    face = draw_face("happy").convert("RGB")
    cells = [[face, *(corrupted(face, 0, each, s) for s in each.strengths)] for each in CORRUPTIONS.values()]
    rows = [np.hstack([np.asarray(cell.resize((96, 96), Image.Resampling.BICUBIC)) for cell in row]) for row in cells]
    with figure(path, 4.5, 11) as axes:
        axes.imshow(np.vstack(rows))
        axes.set_xticks([48 + 96 * column for column in range(4)], ("clean", "mild", "medium", "strong"))
        axes.set_yticks([48 + 96 * row for row in range(len(rows))], list(CORRUPTIONS), fontsize=8)


def beside(model: str) -> Path | None:
    """Where the card and the page look for the table: beside the weights, if they are in a folder here."""
    return Path(model) / "corruptions.json" if Path(model).is_dir() else None


def main(argv: list[str]) -> None:
    parser = record.build_parser("benchmarks.corruptions", __doc__)
    parser.add_argument("--faces", type=int, default=1000, help="random faces, 0: all (default: %(default)s)")
    arguments = record.parse(parser, argv)
    data = load_fer(arguments.data)["validation"]
    count = min(arguments.faces or len(data), len(data))
    data = data.select(sorted(np.random.default_rng(SEED).permutation(len(data))[:count]))
    results = measure_head(arguments, data, VOTES, own_truth(data, arguments.model))
    if has_label_head(arguments.model):
        results["label_head"] = measure_head(arguments, data, LABEL, np.asarray(data["label"]))
    about = {"split": "validation", "seed": SEED, "sha256": weights_hash(arguments.model)}
    record.keep("benchmarks.corruptions", about | results, beside(arguments.model))
    draw(about | results, record.path_of("benchmarks.corruptions", ".png"))
    draw_examples(record.path_of("benchmarks.corruption_examples", ".png"))


if __name__ == "__main__":
    record.run(main)
