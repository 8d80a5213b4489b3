"""What all tabs share, in every language: the analyzer, the uploads, and the queues for long work."""

from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.web.jobs import JobQueue
from fer_hf.web.temp_files import Uploads
from fer_hf.web.zero_gpu import for_many


class Service:
    """One model, one folder of uploads; one video and one batch of photos are read at a time."""

    def __init__(self, analyzer: FaceAnalyzer, uploads: Uploads) -> None:
        self.analyzer = analyzer
        self.analyzer_for_many = for_many(analyzer)
        self.uploads = uploads
        self.videos = JobQueue(uploads)
        self.batches = JobQueue(uploads)
