"""Photos in, the expression of every face out.

analyzer = FaceAnalyzer.from_pretrained()
result = analyzer.analyze("party.jpg")
result.faces[0].label, result.annotate().show()
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from PIL import Image

from fer_hf.environment import default_model
from fer_hf.errors import FerError
from fer_hf.heads import VOTES
from fer_hf.inference.baseline import read_neutral_logits
from fer_hf.inference.cropping import crop_face
from fer_hf.inference.detection import CenterFaceDetector, Detection, Detector
from fer_hf.inference.image_io import MAX_PIXELS, open_photo
from fer_hf.inference.results import PhotoResult, make_face, whole_picture
from fer_hf.inference.runtime import Runtime, TorchRuntime, load_runtime
from fer_hf.inference.unsure import Measures, measure, read_limits
from fer_hf.labels import LABEL_OF_NAME, LABELS

if TYPE_CHECKING:
    from transformers import BaseImageProcessor, PreTrainedConfig, PreTrainedModel

BATCH = 64  # faces in one forward pass: bounds the memory that a photo of a crowd needs

Photo = str | Path | BinaryIO | Image.Image


class FaceAnalyzer:
    """A face detector and a classifier of seven expressions. Safe to use from several threads.

    Attributes:
        config: of the classifier.
        processor: resizes and normalises faces for the classifier.
        detector: finds faces.
        unsure_below: a face whose best score is lower is called unsure; 0 for a model whose config states no threshold
            (see `evaluation.calibration`).
        unsure_limits: beyond which a face is unsure whatever its score; none in a model whose config states none (see
            `inference.unsure`).
        neutral_logits: (7,), what Live's personal baseline needs (see `inference.baseline`); None in a model whose
            config states none.
        order: index in the classifier's output for each of LABELS.
        gather: faces of several frames or photos that are worth a forward pass; what reads many waits for so many.
    """

    def __init__(
        self, runtime: Runtime, config: "PreTrainedConfig", processor: "BaseImageProcessor", detector: Detector
    ) -> None:
        self.runtime = runtime
        self.config = config
        self.processor = processor
        self.detector = detector
        self.unsure_below = _unsure_below(config.to_dict())
        self.unsure_limits = read_limits(config.to_dict())
        self.neutral_logits = read_neutral_logits(config.to_dict())
        self.order = _order_of_labels(config.id2label)
        self.gather = runtime.gather

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path | None = None,
        *,
        device: str = "auto",
        backend: str = "torch",
        detector: Detector | None = None,
        head: str = VOTES,
    ) -> "FaceAnalyzer":
        """Load a model.

        Args:
            model: a folder or a Hub id; without one, the model that ships with this package.
            device: "auto", the accelerator that PyTorch finds, else the CPU; or a name such as "cpu" or "cuda:1". On an
                accelerator the classifier runs in float16. Not run on a GPU.
            backend: "torch", or "onnx" for the exported model that lies beside the weights, which needs onnxruntime.
            detector: finds the faces; CenterFace if there is none.
            head: "votes", the model's classifier; or "label", the head that predicts FER2013's label, in PyTorch alone
                (see fer_hf/heads.py).

        Raises:
            FerError: the model is missing, incomplete, or its labels are not the seven expressions; or there is no such
                device, backend or head.
        """
        name = str(model or default_model())
        runtime, config, processor = load_runtime(name, device, backend, head)
        try:
            return cls(runtime, config, processor, detector or CenterFaceDetector())
        except FerError as error:
            raise FerError(error.code, name, **error.params) from None

    @property
    def model(self) -> "PreTrainedModel":
        """The classifier in PyTorch.

        Raises:
            FerError: it runs in ONNX Runtime.
        """
        if isinstance(self.runtime, TorchRuntime):
            return self.runtime.model
        raise FerError("backend_not_torch", "backend")

    def analyze(self, photo: Photo) -> PhotoResult:
        """Find all faces in a photo and score them in batches of BATCH.

        Args:
            photo: a path, an open binary file, or a picture; an upright RGB picture is shared with the result, not
                copied.

        Raises:
            FerError: the photo cannot be opened.
        """
        return self._score_faces([self._find_faces(photo)], BATCH)[0]

    def analyze_batch(self, photos: Iterable[Photo], batch_size: int = BATCH) -> Iterator[PhotoResult | FerError]:
        """Analyze many photos; the faces of all photos share batches.

        For a photo that cannot be opened its FerError is yielded, not raised, as `asyncio.gather` does with
        `return_exceptions`: the other photos go on, and results stay in the order of the photos, one for each. Photos
        are opened as they are needed, and no more are held than a batch of faces or MAX_PIXELS pixels takes.

        Args:
            photos: as `analyze` takes them.
            batch_size: faces in one forward pass, at most.

        Raises:
            FerError: `batch_size` is less than 1.
        """
        if batch_size < 1:
            raise FerError("at_least_one", "batch_size", value=batch_size)
        return self._analyze_batch(photos, batch_size)

    def _analyze_batch(self, photos: Iterable[Photo], batch_size: int) -> Iterator[PhotoResult | FerError]:
        waiting: list[_FoundFaces | FerError] = []
        faces = pixels = 0
        for photo in photos:
            try:
                waiting.append(found := self._find_faces(photo))
                faces += len(found.crops)
                pixels += found.photo.width * found.photo.height
            except FerError as error:
                waiting.append(error)
            if faces >= batch_size or pixels >= MAX_PIXELS:
                yield from self._score_faces(waiting, batch_size)
                waiting, faces, pixels = [], 0, 0
        yield from self._score_faces(waiting, batch_size)

    def analyze_crop(self, photo: Photo) -> PhotoResult:
        """Score a picture that already is one face, framed closely; its box is the whole picture."""
        crop = open_photo(photo)
        return self._score_faces([_FoundFaces(crop, [whole_picture(crop)], [crop])], BATCH)[0]

    def scores(self, crops: list[Image.Image], batch_size: int = BATCH) -> np.ndarray:
        """Probabilities (n, 7), float32, in the order of LABELS for n pictures of one face each."""
        starts = range(0, len(crops), batch_size)
        return _joined([self._forward(self.pixels(crops[start : start + batch_size])) for start in starts])

    def pixels(self, crops: list[Image.Image]) -> np.ndarray:
        """What the classifier is shown (n, 3, S, S) for n pictures of one face each."""
        if not crops:
            return np.empty((0, 3, 0, 0), np.float32)
        return self.processor([crop.convert("RGB") for crop in crops], return_tensors="np")["pixel_values"]

    def classify(self, faces: Sequence[np.ndarray], batch_size: int = BATCH) -> np.ndarray:
        """Probabilities (n, 7) as `scores` gives them, for n faces (3, S, S) of what `pixels` gave."""
        starts = range(0, len(faces), batch_size)
        return _joined([self._forward(np.stack(faces[start : start + batch_size])) for start in starts])

    def result(
        self,
        size: tuple[int, int],
        detections: list[Detection],
        measures: list[Measures],
        scores: Iterable[np.ndarray],
    ) -> PhotoResult:
        """The result of a photo of this width and height, without the photo, from each face's row of probabilities."""
        faces = zip(detections, measures, scores, strict=True)
        return PhotoResult(
            *size,
            tuple(make_face(face, row, size, self.unsure_below, of, self.unsure_limits) for face, of, row in faces),
        )

    def _forward(self, pixels: np.ndarray) -> np.ndarray:
        logits = self.runtime.logits(pixels)[:, self.order]
        powers = np.exp(logits - logits.max(1, keepdims=True))
        return powers / powers.sum(1, keepdims=True)

    def _find_faces(self, photo: Photo) -> "_FoundFaces":
        picture = open_photo(photo)
        detections = self.detector.detect(picture)
        return _FoundFaces(picture, detections, [crop_face(picture, detection) for detection in detections])

    def _score_faces(self, found: "list[_FoundFaces | FerError]", batch_size: int) -> list[PhotoResult | FerError]:
        """The results of some photos in their order, all their faces scored together."""
        crops = [crop for each in found if isinstance(each, _FoundFaces) for crop in each.crops]
        scores = iter(self.scores(crops, batch_size))
        return [each if isinstance(each, FerError) else self._result(each, scores) for each in found]

    def _result(self, found: "_FoundFaces", scores: Iterator[np.ndarray]) -> PhotoResult:
        rows = islice(scores, len(found.detections))
        measures = [measure(crop, face.landmarks) for crop, face in zip(found.crops, found.detections, strict=True)]
        return replace(self.result(found.photo.size, found.detections, measures, rows), photo=found.photo)


@dataclass(frozen=True)
class _FoundFaces:
    """A photo whose faces are found but not scored yet."""

    photo: Image.Image
    detections: list[Detection]
    crops: list[Image.Image]  # of the detections


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """The rows of all batches, of which there may be none."""
    return np.concatenate(parts) if parts else np.empty((0, len(LABELS)), np.float32)


def _order_of_labels(id2label: dict[int, str]) -> list[int]:
    """Index in the model's output for each of LABELS."""
    found = [LABEL_OF_NAME.get(str(id2label[index]).strip().lower()) for index in sorted(id2label)]
    if len(found) != len(LABELS) or set(found) != set(LABELS):
        names = ", ".join(str(id2label[index]) for index in sorted(id2label)[:10])
        more = ", ..." if len(id2label) > 10 else ""
        raise FerError("model_other_labels", found=names + more, expected=", ".join(LABELS))
    return [found.index(name) for name in LABELS]


def _unsure_below(config: dict) -> float:
    threshold = config.get("unsure_below", 0.0)
    if not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise FerError("model_threshold", value=repr(threshold))
    return float(threshold)
