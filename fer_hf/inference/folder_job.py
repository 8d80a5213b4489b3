"""Reading folders of millions of photos: several processes, results in parquet shards, safe to stop and start.

    python -m fer_hf predict-folder photos --output readings --workers 8
    torchrun --nnodes 4 --nproc_per_node 8 ... -m fer_hf predict-folder photos --output readings

The sorted photos are cut into shards, and shard i belongs to process i modulo their number. A shard's file appears
whole or not at all, and what is there is never read again: after a stop, the same command goes on. Read the result with
`datasets.load_dataset("parquet", data_files="readings/*.parquet")`: a row a photo, with its faces or the error.
"""

import argparse
import hashlib
import json
import logging
import math
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from PIL import Image
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.launcher.api import LaunchConfig, elastic_launch
from tqdm import tqdm
from transformers.utils.logging import disable_progress_bar

from fer_hf.environment import default_model
from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.image_io import FORMATS, open_photo
from fer_hf.inference.runtime import weights_hash
from fer_hf.io import replacing, write_json
from fer_hf.labels import LABELS

SUFFIXES = {suffix for suffix, name in Image.registered_extensions().items() if name in FORMATS}
RESTARTS = 3  # of workers that were killed, before the command gives up
FACE = pa.struct(
    {
        "box": pa.list_(pa.int32(), 4),  # x1, y1, x2, y2 in pixels of the upright photo
        "confidence": pa.float32(),
        "label": pa.string(),
        "unsure": pa.list_(pa.string()),  # the two best labels where it is not sure, else empty
        "scores": pa.struct({label: pa.float32() for label in LABELS}),
    }
)
SCHEMA = pa.schema(
    {"file": pa.string(), "width": pa.int32(), "height": pa.int32(), "faces": pa.list_(FACE), "error": pa.string()}
)


@dataclass(frozen=True)
class Job:
    """All photos of a folder, read by one model."""

    folder: Path
    output: Path
    model: str
    shard: int  # photos a file

    def photos(self) -> list[str]:
        """Paths inside the folder, sorted, of all files with a picture's suffix; hidden ones are left out."""
        paths = (path.relative_to(self.folder) for path in self.folder.rglob("*") if path.suffix.lower() in SUFFIXES)
        return sorted(str(path) for path in paths if not any(part.startswith(".") for part in path.parts))

    def shards(self) -> list[Path]:
        return [self.output / f"shard-{i:06}.parquet" for i in range(math.ceil(len(self.photos()) / self.shard))]


def begin(job: Job) -> None:
    """Note in the output folder what is read there, or check that it is what was noted: two jobs must not mix.

    Raises:
        FerError: there is nothing to read, or the folder, the model or the shards have changed.
    """
    if not job.folder.is_dir():
        raise FerError("folder_missing", job.folder)
    photos = job.photos()
    if not photos:
        raise FerError("folder_without_photos", job.folder, suffixes=", ".join(sorted(SUFFIXES)))
    FaceAnalyzer.from_pretrained(job.model)  # a model that cannot be loaded is refused before anything is written
    names = hashlib.sha256("\0".join(photos).encode("utf-8", "surrogateescape")).hexdigest()
    now = {"photos": len(photos), "names_sha256": names, "model_sha256": weights_hash(job.model), "shard": job.shard}
    note = job.output / "job.json"
    if not note.exists():
        write_json(note, now)
    noted = json.loads(note.read_text(encoding="utf-8"))
    changed = [field for field, value in now.items() if noted.get(field) != value]
    if changed:
        raise FerError("job_changed", job.output, fields=", ".join(changed))


def read_part(job: Job) -> str | None:
    """Read the missing shards of this process: all, or its share under torchrun. Returns what went wrong, if it did."""
    rank, world = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    disable_progress_bar()
    cv2.setNumThreads(torch.get_num_threads())
    photos, shards = job.photos(), job.shards()
    restarts = int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))
    if restarts and rank == 0:
        print(
            f"a worker was killed; all go on with what is missing (restart {restarts} of {RESTARTS})", file=sys.stderr
        )
    mine = [i for i in range(rank, len(shards), world) if not shards[i].exists()]
    try:
        analyzer = FaceAnalyzer.from_pretrained(job.model)
        for i in tqdm(mine, desc=f"process {rank}", unit="shard", position=rank, leave=False):
            write_shard(analyzer, job.folder, photos[i * job.shard : (i + 1) * job.shard], shards[i])
    except FerError as error:
        return str(error)
    return None


def write_shard(analyzer: FaceAnalyzer, folder: Path, photos: list[str], path: Path) -> None:
    """Read some photos into one parquet file."""
    rows = [read_row(analyzer, folder, photo) for photo in photos]
    with replacing(path) as temporary:
        pq.write_table(pa.Table.from_pylist(rows, SCHEMA), temporary)


def read_row(analyzer: FaceAnalyzer, folder: Path, photo: str) -> dict:
    """The row of one photo; a photo that cannot be read is a row too, with its reason."""
    name = os.fsencode(photo).decode("utf-8", "backslashreplace")
    try:
        return analyzer.analyze(open_photo(folder / photo)).to_dict(name)
    except FerError as error:
        return {"file": name, "error": str(error)}


def launch(job: Job, workers: int) -> None:
    """Run `read_part` in several processes under torchrun's agent, which starts killed ones again."""
    for part in ("agent.server.api", "multiprocessing.api"):  # they log tracebacks; `read_part` tells of restarts
        logging.getLogger(f"torch.distributed.elastic.{part}").disabled = True
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=workers,
        max_restarts=RESTARTS,
        monitor_interval=0.5,
        run_id="predict-folder",
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        local_addr="localhost",
    )
    try:
        failures = elastic_launch(config, read_part)(job)
    except ChildFailedError as error:
        raise FerError("job_workers_killed", job.output, times=RESTARTS + 1) from error
    for failure in filter(None, failures.values()):
        raise FerError(failure)


def finish(job: Job) -> str:
    """What stands in the output folder, in a line; once nothing is missing, leftovers of killed processes go."""
    shards = job.shards()
    missing = sum(not shard.exists() for shard in shards)
    if missing:
        return f"{job.output}: {missing} of {len(shards)} shards are still missing (other processes may be at them)"
    for leftover in job.output.glob(".*.parquet.tmp"):
        leftover.unlink(missing_ok=True)
    photos = sum(pq.read_metadata(shard).num_rows for shard in shards)
    return f"{job.output}: {photos} photos in {len(shards)} shards"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="photos, in subfolders too")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder of the parquet shards")
    parser.add_argument("--model", default=default_model(), help="model folder or Hub id (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=1, help="processes on this machine (default: %(default)s)")
    parser.add_argument("--shard", type=int, default=1000, help="photos a file (default: %(default)s)")


def run(arguments: argparse.Namespace) -> None:
    for field in ("workers", "shard"):
        if getattr(arguments, field) < 1:
            raise FerError("at_least_one", f"--{field}", value=getattr(arguments, field))
    job = Job(arguments.folder, arguments.output, arguments.model, arguments.shard)
    begin(job)
    if "WORLD_SIZE" in os.environ or arguments.workers == 1:
        failure = read_part(job)
        if failure:
            raise FerError(failure)
    else:
        launch(job, arguments.workers)
    print(finish(job))
