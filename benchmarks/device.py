"""Does the browser read what the server reads, and how fast? The same pictures through both, with the same weights.

    python -m benchmarks.device --data D --photos P [--yunet FILE]

Python and the browser's modules read 60 faces of PublicTest and the photos of a folder. Then Chromium times a face that
is cut out already, frames of 640x480 with one face and four as Live reads them, and the same frames as photos, with one
thread and two, beside a random ViT-B/16 at 224 px in the same runtime; PyTorch does the same beside its own ViT-B/16.
With YuNet's file its net is timed beside CenterFace's, and the faces that both find are counted.
"""

import argparse
import os
import shutil
from collections.abc import Callable
from io import BytesIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import torch
from PIL import Image
from transformers import ViTConfig, ViTForImageClassification

from benchmarks import record
from benchmarks.browser import chromium
from benchmarks.device_page import serve, write_page
from benchmarks.device_parity import LIMITS as PARITY
from benchmarks.device_parity import compare_pictures, export, install_runtime
from benchmarks.moving_faces import moving_faces
from benchmarks.record import ROOT
from benchmarks.timing import against, interleaved, reference_pass
from fer_hf.data.load import load_fer
from fer_hf.hub.onnx import INT8, write_float32
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.cropping import crop_face
from fer_hf.inference.detection import CenterFaceDetector, YuNetDetector
from fer_hf.inference.image_io import open_photo
from fer_hf.inference.runtime import weights_hash
from fer_hf.inference.stream import SIDE, LiveSession, detect_small
from fer_hf.labels import LABELS
from fer_hf.site.device_files import DETECTOR, WASM
from fer_hf.web.isolation import ISOLATION

FACES = 60  # of PublicTest
FRAMES = 8  # of the moving faces
SECONDS = 10.0  # for which frames are read through the worker
LIMITS = {"frame_ratio": 0.2, "frames_a_second": 10.0, "draws_a_second": 30.0}
VIT, YUNET = "vit.onnx", "yunet.onnx"
FILES = {"runtime": WASM, "detector": DETECTOR, "classifier": INT8}


def time_browser(folder: Path, threads: int, rounds: int, yunet: bool) -> dict:
    """Milliseconds of each task in Chromium, and the pace of frames through the worker."""
    frames = {}
    for faces in (1, 4):
        frames[faces] = [f"{faces}-{number}.png" for number in range(FRAMES)]
        for name, frame in zip(frames[faces], moving_faces(faces, FRAMES), strict=True):
            Image.fromarray(frame).save(folder / name)
    shape = [1, 3, 256, 320]  # of a 640x480 frame at 320 px
    nets = {"centerface": {"file": DETECTOR, "shape": shape}}
    nets |= {"yunet": {"file": YUNET, "shape": shape}} if yunet else {}
    task = {"threads": threads, "rounds": rounds, "frames": frames, "nets": nets}
    task["vit"] = {"file": VIT, "shape": [1, 3, 224, 224]}
    with chromium() as browser, serve(folder, ISOLATION if threads > 1 else None) as site:
        page = browser.new_page()
        page.set_default_timeout(0)
        page.goto(site.url)
        page.wait_for_function("Boolean(window.DeviceReader)")
        milliseconds = page.evaluate("async (task) => (await import('./speed.js')).measure(task)", task)
        task = {"threads": threads, "seconds": SECONDS, "frames": frames[1]}
        pace = page.evaluate("async (task) => (await import('./speed.js')).pace(task)", task)
    met = all(pace[name] >= LIMITS[name] for name in pace)
    return {"tasks": rows(milliseconds), **{name: round(value, 1) for name, value in pace.items()}, "pace_met": met}


def rows(milliseconds: dict[str, float]) -> dict:
    """Each task's time, and its ratio to the ViT-B/16's pass."""
    limits = {"frame_1": LIMITS["frame_ratio"]}
    return {
        name: against(each / 1000, milliseconds["vit"] / 1000, limits.get(name)) for name, each in milliseconds.items()
    }


def time_server(model: str, threads: int, rounds: int) -> dict:
    """Milliseconds of the same tasks on the server, in PyTorch; a frame's picture is decoded there."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    analyzer = FaceAnalyzer.from_pretrained(model, device="cpu")
    tasks = {}
    for faces in (1, 4):
        frame = next(moving_faces(faces, 1))
        tasks[f"frame_{faces}"] = live_task(analyzer, frame)
        tasks[f"find_{faces}"] = lambda frame=frame: detect_small(analyzer, frame, SIDE)
        tasks[f"photo_{faces}"] = lambda frame=frame: analyzer.analyze(Image.fromarray(frame))
    photo = Image.fromarray(next(moving_faces(1, 1)))
    crop = crop_face(photo, detect_small(analyzer, np.asarray(photo), SIDE)[0])
    tasks |= {"face": lambda: analyzer.scores([crop]), "vit": reference_pass()}
    return {"tasks": rows({name: 1000 * seconds for name, seconds in interleaved(tasks, rounds).items()})}


def live_task(analyzer: FaceAnalyzer, frame: np.ndarray) -> Callable[[], object]:
    """Read the next frame of a live session."""
    file = BytesIO()
    Image.fromarray(frame).save(file, "JPEG", quality=80)
    session, times = LiveSession(analyzer), count(1)
    return lambda: session.analyze(np.asarray(open_photo(BytesIO(file.getvalue()))), float(next(times)))


def compare_detectors(yunet: Path, pictures: dict[str, list[Image.Image]]) -> dict:
    """How many faces each detector finds in each group of pictures."""
    detectors = {"centerface": CenterFaceDetector(), "yunet": YuNetDetector(yunet)}
    return {
        group: {name: sum(len(each.detect(picture)) for picture in of) for name, each in detectors.items()}
        for group, of in pictures.items()
    }


def build_parser() -> argparse.ArgumentParser:
    parser = record.build_parser("benchmarks.device", __doc__, device=False)
    parser.add_argument("--photos", type=Path, required=True, metavar="P", help="folder of photos, JPEG or PNG")
    parser.add_argument("--yunet", type=Path, metavar="FILE", help="YuNet's ONNX file, to be timed beside CenterFace")
    parser.add_argument("--rounds", type=int, default=15, help="of each task that is timed (default: %(default)s)")
    return parser


def main(argv: list[str]) -> None:
    arguments = record.parse(build_parser(), argv)
    load = os.getloadavg()[0]  # of other programs: it tells what the times are worth
    install_runtime()
    photos = [path for path in sorted(arguments.photos.iterdir()) if path.suffix.lower() in (".jpg", ".jpeg", ".png")]
    pictures = {
        "faces": [face.convert("RGB") for face in load_fer(arguments.data)["validation"][:FACES]["image"]],
        "photos": [open_photo(path) for path in photos],
    }
    with TemporaryDirectory() as name:
        folder = Path(name)
        analyzer = export(arguments.model, folder)
        results = {group: compare_pictures(folder, analyzer, each) for group, each in pictures.items()}
        write_page(folder)
        megabytes = {part: round((folder / file).stat().st_size / 1e6, 1) for part, file in FILES.items()}
        shutil.copyfile(ROOT / "benchmarks" / "device_speed.mjs", folder / "speed.js")
        write_float32(ViTForImageClassification(ViTConfig(num_labels=len(LABELS))), folder / VIT)
        if arguments.yunet:
            shutil.copyfile(arguments.yunet, folder / YUNET)
            results["detectors"] = compare_detectors(arguments.yunet, pictures)
        speed = {
            "browser": {n: time_browser(folder, n, arguments.rounds, bool(arguments.yunet)) for n in (1, 2)},
            "server": {n: time_server(arguments.model, n, arguments.rounds) for n in (1, 2)},
        }
    record.keep(
        "benchmarks.device",
        {
            "sha256": weights_hash(arguments.model),
            **results,
            "megabytes": megabytes,
            "load_before": round(load, 2),
            "speed": speed,
            "limits": PARITY | LIMITS,
        },
    )


if __name__ == "__main__":
    record.run(main)
