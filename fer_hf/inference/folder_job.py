"""Folders of millions of photos: several processes, results in parquet shards, safe to stop and start again.

    fer-hf predict-folder photos --output results --workers 8
    RANK=0 WORLD_SIZE=4 fer-hf predict-folder photos --output results --workers 8     # on the first of four machines
    torchrun --nnodes 4 --nproc_per_node 8 ... -m fer_hf predict-folder photos --output results

The sorted photos are cut into shards; with RANK and WORLD_SIZE in the environment, shard i belongs to the machine or
process i modulo WORLD_SIZE, and under torchrun each process of a machine takes an accelerator of its own (not run on a
GPU). The file of a shard appears whole or not at all, and an existing one is never computed
again: after a stop, the same command continues. Read the results with
`datasets.load_dataset("parquet", data_files="results/*.parquet")`: one row per photo, with its faces or its error.
"""

import argparse
import hashlib
import json
import math
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Thread
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image
from tqdm import tqdm

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.image_io import FORMATS, register_heif
from fer_hf.inference.predict import add_model_arguments
from fer_hf.inference.process_settings import configure_process
from fer_hf.inference.runtime import weights_hash
from fer_hf.inference.unsure import Pose
from fer_hf.io import replacing, write_json
from fer_hf.labels import LABELS

RESTARTS = 3  # of workers that were killed, before the command gives up
FACE = pa.struct(
    {
        "box": pa.list_(pa.int32(), 4),  # x1, y1, x2, y2 in pixels of the upright photo
        "confidence": pa.float32(),
        "label": pa.string(),
        "unsure": pa.list_(pa.string()),  # the two best labels where it is not sure, else empty
        "unsure_because": pa.list_(pa.string()),  # of unsure.REASONS
        "pose": pa.struct({name: pa.float32() for name in Pose._fields}),
        "scores": pa.struct({label: pa.float32() for label in LABELS}),
    }
)
SCHEMA = pa.schema(
    {"file": pa.string(), "width": pa.int32(), "height": pa.int32(), "faces": pa.list_(FACE), "error": pa.string()}
)


class Loading(NamedTuple):
    """How each process loads the model."""

    model: str
    device: str
    backend: str

    def analyzer(self) -> FaceAnalyzer:
        return FaceAnalyzer.from_pretrained(self.model, device=self.device, backend=self.backend)


class Shard(NamedTuple):
    """Some photos of the folder, and the file of their results."""

    folder: Path
    photos: list[str]  # paths inside the folder
    path: Path


@dataclass(frozen=True)
class Job:
    """All photos of a folder, analyzed by one model."""

    folder: Path
    output: Path
    loading: Loading
    shard: int  # photos per file

    @cached_property
    def photos(self) -> list[str]:
        """Paths inside the folder, sorted, of all files with a picture's suffix; hidden ones are left out."""
        known = suffixes()
        paths = (path.relative_to(self.folder) for path in self.folder.rglob("*") if path.suffix.lower() in known)
        return sorted(str(path) for path in paths if not any(part.startswith(".") for part in path.parts))

    @property
    def shards(self) -> list[Path]:
        return [self.output / f"shard-{i:06}.parquet" for i in range(math.ceil(len(self.photos) / self.shard))]

    def missing(self) -> list[Shard]:
        """The shards that are still to be computed: all, or this process's part of them."""
        rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        paths = self.shards
        return [
            Shard(self.folder, self.photos[i * self.shard : (i + 1) * self.shard], paths[i])
            for i in range(rank, len(paths), world)
            if not paths[i].exists()
        ]


def suffixes() -> set[str]:
    """Suffixes of the picture files that are opened."""
    register_heif()
    return {suffix for suffix, name in Image.registered_extensions().items() if name in FORMATS}


def begin(job: Job) -> None:
    """Note in the output folder what is computed there, or check that it is what was noted: two jobs must not mix.

    Raises:
        FerError: there are no photos, or the folder, the model or the shards have changed.
    """
    if not job.folder.is_dir():
        raise FerError("folder_is_file" if job.folder.exists() else "folder_missing", job.folder)
    if not job.photos:
        raise FerError("folder_without_photos", job.folder, suffixes=", ".join(sorted(suffixes())))
    job.loading.analyzer()  # a model that cannot be loaded is refused before anything is written
    names = hashlib.sha256("\0".join(job.photos).encode("utf-8", "surrogateescape")).hexdigest()
    now = {
        "photos": len(job.photos),
        "names_sha256": names,
        "model_sha256": weights_hash(job.loading.model),
        "shard": job.shard,
    }
    note = job.output / "job.json"
    if not note.exists():
        write_json(note, now)
    noted = json.loads(note.read_text(encoding="utf-8"))
    changed = [field for field, value in now.items() if noted.get(field) != value]
    if changed:
        raise FerError("job_changed", job.output, fields=", ".join(changed))


def take_accelerator() -> None:
    """Under torchrun, make "auto" mean another accelerator in each process of a machine."""
    import torch

    if "LOCAL_RANK" in os.environ and torch.accelerator.is_available():
        torch.accelerator.set_device_index(int(os.environ["LOCAL_RANK"]) % torch.accelerator.device_count())


def compute_here(job: Job) -> None:
    """Compute the missing shards in this process."""
    analyzer = job.loading.analyzer()
    for shard in tqdm(job.missing(), unit="shard"):
        write_shard(analyzer, shard)


def compute_in_pool(job: Job, workers: int) -> None:
    """Compute the missing shards in several processes; killed ones are started again, RESTARTS times.

    Raises:
        FerError: workers are killed again and again, or a shard cannot be written.
    """
    for restart in range(RESTARTS + 1):
        if restart:
            print(f"a worker was killed; what is missing goes on (restart {restart} of {RESTARTS})", file=sys.stderr)
        try:
            _run_pool(job, workers)
            return
        except BrokenProcessPool:
            continue
    raise FerError("job_workers_killed", job.output, times=RESTARTS + 1)


def _run_pool(job: Job, workers: int) -> None:
    shards, spawn = job.missing(), multiprocessing.get_context("spawn")  # a fork would copy PyTorch's locked threads
    threads = max(1, (os.cpu_count() or 1) // workers)
    with ProcessPoolExecutor(workers, spawn, _start_worker, (job.loading, threads)) as pool:
        futures = [pool.submit(_compute, shard) for shard in shards]
        try:
            for future in tqdm(as_completed(futures), total=len(futures), unit="shard"):
                future.result()
        except FerError:
            pool.shutdown(cancel_futures=True)
            raise
        except KeyboardInterrupt:
            for worker in multiprocessing.active_children():  # in the midst of a shard, which is then computed again
                worker.terminate()
            raise


def _start_worker(loading: Loading, threads: int) -> None:
    """Load the model once in a worker, which ends with the command, however that ends."""
    global _analyzer  # noqa: PLW0603  (a worker of a pool has no other place for what it keeps)
    import cv2
    import torch

    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches all processes: no traceback from each
    Thread(target=_end_with_command, daemon=True).start()
    configure_process()
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    _analyzer = loading.analyzer()


def _end_with_command() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)


def _compute(shard: Shard) -> None:
    write_shard(_analyzer, shard)


def write_shard(analyzer: FaceAnalyzer, shard: Shard) -> None:
    """Analyze the photos of a shard, whose faces share batches, into one parquet file."""
    table = pa.Table.from_pylist(list(rows(analyzer, shard)), SCHEMA)
    with replacing(shard.path) as temporary:
        pq.write_table(table, temporary)


def rows(analyzer: FaceAnalyzer, shard: Shard) -> Iterator[dict]:
    """One row per photo; a photo that cannot be opened is a row too, with its error."""
    results = analyzer.analyze_batch(shard.folder / photo for photo in shard.photos)
    for photo, result in zip(shard.photos, results, strict=True):
        name = os.fsencode(photo).decode("utf-8", "backslashreplace")
        yield {"file": name, "error": str(result)} if isinstance(result, FerError) else result.to_dict(name)


def finish(job: Job) -> str:
    """What stands in the output folder, in a line; once nothing is missing, leftovers of killed processes go.

    Raises:
        FerError: nothing is missing, and no photo at all could be read.
    """
    missing = sum(not shard.exists() for shard in job.shards)
    if missing:
        return f"{job.output}: {missing} of {len(job.shards)} shards are still missing (other processes may be at them)"
    for leftover in job.output.glob(".*.parquet.tmp"):
        leftover.unlink(missing_ok=True)
    errors = [pq.read_table(shard, columns=["error"])["error"] for shard in job.shards]
    photos, failed = sum(map(len, errors)), sum(len(column) - column.null_count for column in errors)
    if failed == photos:
        raise FerError("photos_failed", job.output, failed=failed, photos=photos)
    return f"{job.output}: {photos} photos ({failed} unreadable) in {len(job.shards)} shards"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="photos, in subfolders too")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder of the parquet shards")
    add_model_arguments(parser)
    parser.add_argument("--workers", type=int, default=1, help="processes on this machine (default: %(default)s)")
    parser.add_argument("--shard", type=int, default=1000, help="photos per file (default: %(default)s)")


def run(arguments: argparse.Namespace) -> None:
    for field in ("workers", "shard"):
        if getattr(arguments, field) < 1:
            raise FerError("at_least_one", f"--{field}", value=getattr(arguments, field))
    configure_process()
    take_accelerator()
    loading = Loading(arguments.model, arguments.device, arguments.backend)
    job = Job(arguments.folder, arguments.output, loading, arguments.shard)
    begin(job)
    if arguments.workers == 1:
        compute_here(job)
    else:
        compute_in_pool(job, arguments.workers)
    print(finish(job))
