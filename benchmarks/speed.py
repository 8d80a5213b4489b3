"""Is it fast enough? Each figure is a ratio to one pass of a random ViT-B/16 at 224 px, measured in the same run.

    python -m benchmarks.speed [--data D] [--parts predict train page] [--photo P ...]

ViT-B/16 is what the most downloaded expression model on the Hub is. Beside prediction: what `train.py` keeps of the
speed of bare training steps, and how soon and in how much memory the page answers.
"""

import argparse
from pathlib import Path

from PIL import Image

from benchmarks import page_speed, record, training_speed
from benchmarks.timing import against, forward_pass, interleaved, reference_pass
from fer_hf.data.synthetic import draw_face
from fer_hf.evaluation.plots import figure
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.image_io import open_photo
from fer_hf.inference.runtime import weights_hash
from fer_hf.labels import LABELS
from fer_hf.web.examples import astronaut

PHOTO = (640, 480)
GROUP = 29  # faces
GRID = (6, 5)  # columns and rows of the group photo; the last cell stays empty
PARTS = ("predict", "train", "page")
# The most that each may take, in passes of the reference. None: reported without a limit.
LIMITS = {
    "one face, the model's pass": 1 / 8,
    "one face, with resizing": None,
    "64 faces, with resizing": None,
    "photo with 1 face": 0.8,
    f"photo with {GROUP} faces": 4.0,
}


def photo_of_one() -> Image.Image:
    """The astronaut, 640 x 480."""
    return astronaut().crop((0, 0, 512, 384)).resize(PHOTO, Image.Resampling.BICUBIC)


def photo_of_group() -> Image.Image:
    """The astronaut 29 times, 640 x 480."""
    columns, rows = GRID
    cell = (PHOTO[0] // columns, PHOTO[1] // rows)
    tile = astronaut().crop((100, 0, 345, 222)).resize(cell, Image.Resampling.BICUBIC)
    photo = Image.new("RGB", PHOTO, (200, 200, 205))
    for number in range(GROUP):
        photo.paste(tile, (number % columns * cell[0], number // columns * cell[1]))
    return photo


def measure_predictions(analyzer: FaceAnalyzer, extra: dict[str, Image.Image], rounds: int) -> dict:
    """Faces and photos through the whole path, beside the reference."""
    crops = [draw_face(LABELS[i % len(LABELS)], i) for i in range(64)]
    photos = {"photo with 1 face": photo_of_one(), f"photo with {GROUP} faces": photo_of_group(), **extra}
    size = analyzer.processor.size["height"]
    tasks = {
        "reference": reference_pass(analyzer.model.device),
        "one face, the model's pass": forward_pass(analyzer.model, size),
        "one face, with resizing": lambda: analyzer.scores(crops[:1]),
        "64 faces, with resizing": lambda: analyzer.scores(crops),
        **{name: (lambda photo=photo: analyzer.analyze(photo)) for name, photo in photos.items()},
    }
    seconds = interleaved(tasks, rounds)
    reference = seconds.pop("reference")
    rows = {name: against(value, reference, LIMITS.get(name)) for name, value in seconds.items()}
    for name, photo in photos.items():
        rows[name] |= {"faces_found": len(analyzer.analyze(photo).faces), "pixels": list(photo.size)}
    return {"reference_milliseconds": round(1000 * reference, 2), "image_size": size, "rows": rows}


def draw(rows: dict[str, dict], path: Path) -> None:
    """Each ratio as a bar, its limit as a mark."""
    with figure(path, 7, 0.6 + 0.5 * len(rows)) as axes:
        for place, row in enumerate(reversed(rows.values())):
            colour = "#D55E00" if row["met"] is False else "#0072B2"
            axes.barh(place, row["ratio"], color=colour, height=0.6)
            text = f" {row['ratio']:.2f} ({row['milliseconds']:.0f} ms)"
            if row["limit"] is not None:
                axes.plot([row["limit"]] * 2, [place - 0.42, place + 0.42], color="black", linewidth=2)
                text += f", limit {row['limit']:g}"
            axes.text(max(row["ratio"], row["limit"] or 0), place, text, va="center", fontsize=8)
        axes.set_yticks(range(len(rows)), list(reversed(rows)))
        axes.set(xlabel="time, in passes of ViT-B/16 at 224 px (black: limit)", xscale="log")
        axes.set_xlim(right=axes.get_xlim()[1] * 6)


def build_parser() -> argparse.ArgumentParser:
    parser = record.bare_parser("benchmarks.speed", __doc__, model=True)
    parser.add_argument("--data", default="", metavar="D", help="a FER2013 source to train on (default: drawn faces)")
    parser.add_argument(
        "--recipe", default="recipes/dinov2-small.yaml", help="recipe to train by (default: %(default)s)"
    )
    parser.add_argument("--photo", nargs="+", default=[], metavar="P", help="photos to time beside the two tiled ones")
    parser.add_argument("--parts", nargs="+", default=PARTS, choices=PARTS, help="what to measure (default: all)")
    parser.add_argument("--device", default="auto", help="of prediction (default: the accelerator, if any)")
    parser.add_argument("--threads", type=int, default=2, help="of the CPU (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=15, help="timed rounds of prediction (default: %(default)s)")
    parser.add_argument("--blocks", type=int, default=6, help="timed blocks of training (default: %(default)s)")
    return parser


def main(argv: list[str]) -> None:
    arguments = record.parse(build_parser(), argv)
    results = {}
    if "predict" in arguments.parts:
        extra = {Path(path).name: open_photo(path) for path in arguments.photo}
        analyzer = FaceAnalyzer.from_pretrained(arguments.model, device=arguments.device)
        results["predict"] = measure_predictions(analyzer, extra, arguments.rounds)
        draw(results["predict"]["rows"], record.path_of("benchmarks.speed", ".png"))
    if "train" in arguments.parts:
        results["train"] = training_speed.measure(
            arguments.recipe, arguments.model, arguments.data, arguments.threads, arguments.blocks
        )
    if "page" in arguments.parts:
        results["page"] = page_speed.measure(arguments.model, [photo_of_one(), photo_of_group()])
    record.keep("benchmarks.speed", {"sha256": weights_hash(arguments.model), **results})
    print(summary(results))


def summary(results: dict) -> str:
    """The figures in a few lines."""
    lines = [
        f"{name}: {row['ratio']:.3f} passes, {row['milliseconds']:.1f} ms"
        + (f" (limit {row['limit']:g}: {'met' if row['met'] else 'NOT MET'})" if row["limit"] is not None else "")
        for name, row in results.get("predict", {}).get("rows", {}).items()
    ]
    if "train" in results:
        train = results["train"]
        lines.append(f"training keeps {100 * train['share']:.1f} % ({'met' if train['met'] else 'NOT MET'})")
    if "page" in results:
        page = results["page"]
        lines.append(
            f"page: first answer after {page['first_answer_seconds']} s, {page['resident_gigabytes']} GB"
            f" ({'met' if page['met'] else 'NOT MET'})"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    record.run(main)
