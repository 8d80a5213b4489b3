"""The command that finds the faces in photos and scores them.

fer-hf predict PHOTO... [--model M] [--detector D] [--crop] [--device D] [--backend B] [--json F] [--csv F]
"""

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from fer_hf.environment import default_model
from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.csv_export import csv_text
from fer_hf.inference.detection import YuNetDetector
from fer_hf.inference.process_settings import configure_process, lasting
from fer_hf.inference.results import CSV_COLUMNS, PhotoResult, csv_rows
from fer_hf.inference.runtime import BACKENDS
from fer_hf.io import percent, printable, write_json, write_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photos", nargs="+", metavar="PHOTO", help="picture files")
    add_model_arguments(parser)
    parser.add_argument("--detector", metavar="D", help="YuNet as an ONNX file or Hub id (default: CenterFace)")
    parser.add_argument("--crop", action="store_true", help="each picture already is one face: do not look for faces")
    parser.add_argument("--json", metavar="F", help="write all results to this file")
    parser.add_argument("--csv", metavar="F", help="write one row per face to this file")


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of every command that loads a model."""
    parser.add_argument("--model", default=default_model(), help="model folder or Hub id (default: %(default)s)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, ... (default: an accelerator if there is one)")
    parser.add_argument("--backend", default="torch", choices=BACKENDS, help="what computes (default: %(default)s)")


def run(arguments: argparse.Namespace) -> None:
    for path in (arguments.json, arguments.csv):
        if path:
            _check_writable(Path(path))
    with lasting():
        configure_process()
        analyzer = FaceAnalyzer.from_pretrained(
            arguments.model,
            device=arguments.device,
            backend=arguments.backend,
            detector=YuNetDetector(arguments.detector) if arguments.detector else None,
        )
    outcomes = (_analyze_crops if arguments.crop else FaceAnalyzer.analyze_batch)(analyzer, arguments.photos)
    bar = tqdm(outcomes, unit="photo", total=len(arguments.photos), disable=len(arguments.photos) < 4)
    results, failed = {}, 0
    for file, outcome in zip(arguments.photos, bar, strict=True):
        if isinstance(outcome, FerError):
            failed += 1
            tqdm.write(f"error: {outcome}", file=sys.stderr)
        else:
            results[file] = replace(outcome, photo=None)  # the photos would pile up
    _report(results, arguments.json, arguments.csv)
    if failed:
        raise FerError("photos_failed", failed=failed, photos=len(arguments.photos))


def _analyze_crops(analyzer: FaceAnalyzer, photos: Iterable[str]) -> Iterator[PhotoResult | FerError]:
    for photo in photos:
        try:
            yield analyzer.analyze_crop(photo)
        except FerError as error:
            yield error


def _check_writable(path: Path) -> None:
    """Refuse an output that cannot be written before any work is done."""
    if path.is_dir():
        raise FerError("output_is_folder", path)
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise FerError("output_folder", path, folder=folder)


def _report(results: dict[str, PhotoResult], json_file: str | None, csv_file: str | None) -> None:
    if json_file:
        write_json(json_file, [result.to_dict(_printable(file)) for file, result in results.items()])
    if csv_file:
        rows = [row for file, result in results.items() for row in csv_rows(_printable(file), result)]
        write_text(csv_file, csv_text(CSV_COLUMNS, rows))
    if not json_file and not csv_file:
        print(_table(results), end="")


def _printable(file: str) -> str:
    """A file name as text that can be encoded and does not command a terminal."""
    return printable(os.fsencode(file).decode("utf-8", "replace"))


def _table(results: dict[str, PhotoResult]) -> str:
    lines = []
    for file, result in results.items():
        lines.append(f"{_printable(file)}  {result.width} x {result.height}")
        for number, face in enumerate(result.faces, start=1):
            best = sorted(face.scores.items(), key=lambda pair: -pair[1])[:3]
            scores = "  ".join(f"{name} {percent(score):>5}" for name, score in best)
            because = f" ({', '.join(face.unsure_because).replace('_', ' ')})" if face.unsure_because else ""
            unsure = f"unsure{because}: {' or '.join(face.unsure)}  " if face.unsure else ""
            lines.append(f"  {number:>3}  {unsure}{scores}  at {face.box}")
        if not result.faces:
            lines.append("  no face found")
    return "".join(f"{line}\n" for line in lines)
