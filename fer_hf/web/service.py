"""What all tabs share, in every language: the analyzer, the uploads, and the queues for long work."""

from pathlib import Path

from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.web import device
from fer_hf.web.jobs import JobQueue
from fer_hf.web.model_info import read_model_info
from fer_hf.web.temp_files import Uploads
from fer_hf.web.zero_gpu import for_many


class Service:
    """One model, one folder of uploads; one video and one batch of photos are read at a time.

    Args:
        device_files: where the files are that browsers need to read by themselves, if they have been built.
    """

    def __init__(self, analyzer: FaceAnalyzer, uploads: Uploads, device_files: Path = device.FILES) -> None:
        self.analyzer = analyzer
        self.analyzer_for_many = for_many(analyzer)
        self.uploads = uploads
        self.videos = JobQueue(uploads)
        self.batches = JobQueue(uploads)
        self.device_files = device_files
        self.on_device = device.offer(device_files, read_model_info(analyzer).sha256)
