"""Where the model looked: a heat map over the face for the expression that it names.

    heat = explain(analyzer, [crop], ["happy"])[0]  # (S, S) in 0 to 1, S the model's picture size
    overlay(crop, heat).show()

The method is integrated gradients: of seven, it was the best by the deletion curve on 500 faces, which hides a face bit
by bit, the hottest parts first, and measures how soon the expression is lost (`python -m benchmarks.saliency`). Captum
has the same method, at more lines than the dozen here.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.labels import LABELS

GRID = 16  # cells per side, of which the map is made
STEPS = 3  # of the integral in `integrated_gradients`; each is a forward and a backward pass
BATCH = 8  # faces at a time: the gradients of one take about 30 MB


def explain(analyzer: FaceAnalyzer, crops: Sequence[Image.Image], labels: Sequence[str]) -> np.ndarray:
    """Heat maps (n, S, S) in 0 to 1 for n pictures of one face each: what speaks for each one's label of LABELS.

    Raises:
        FerError: the analyzer runs in ONNX Runtime, which has no gradients.
    """
    model = analyzer.model
    classes = torch.tensor([analyzer.order[LABELS.index(label)] for label in labels], dtype=torch.long)
    heat = [np.empty((0, 1, 1), np.float32)] if not crops else []
    for start in range(0, len(crops), BATCH):
        batch = torch.from_numpy(analyzer.pixels(crops[start : start + BATCH])).to(model.device, model.dtype)
        found = integrated_gradients(model, batch, classes[start : start + BATCH].to(model.device))
        heat.append(unit_heat(found, batch.shape[-1]).cpu().numpy())
    return np.concatenate(heat)


def integrated_gradients(model: nn.Module, pixels: Tensor, classes: Tensor) -> Tensor:
    """Gradients summed on the way from the hidden picture to the picture (Sundararajan et al., 2017), evidence for the
    class only: (N, GRID, GRID). STEPS forward and backward passes.
    """
    base = hidden(pixels)
    points = (base + (step + 0.5) / STEPS * (pixels - base) for step in range(STEPS))
    total = sum(gradient(model, point, classes) for point in points)
    return to_cells(((pixels - base) * total).sum(1)).relu()


def hidden(pixels: Tensor) -> Tensor:
    """The picture with the expression blurred away: what a hidden part is replaced by. Brightness and skin remain."""
    from kornia.filters import gaussian_blur2d  # slow to import, and nobody may ask where the model looked

    size = pixels.shape[-1]
    kernel = 2 * (size // 4) + 1
    return gaussian_blur2d(pixels, (kernel, kernel), (size / 8, size / 8))


def gradient(model: nn.Module, pixels: Tensor, classes: Tensor) -> Tensor:
    """Gradient (N, 3, S, S) of the class's score by the pixels; the model's own gradients stay untouched."""
    with torch.enable_grad():
        pixels = pixels.detach().clone().requires_grad_()
        return torch.autograd.grad(score(model(pixels).logits, classes).sum(), pixels)[0]


def score(logits: Tensor, classes: Tensor) -> Tensor:
    """Log-probability (N,) of the class: unlike the logit, it also falls when another class rises."""
    return logits.log_softmax(-1).gather(1, classes[:, None])[:, 0]


def to_cells(heat: Tensor) -> Tensor:
    """Pixels (N, S, S) summed up to cells (N, GRID, GRID) that a person can see."""
    return F.adaptive_avg_pool2d(heat, GRID)


def unit_heat(heat: Tensor, size: int) -> Tensor:
    """Heat (N, h, w) scaled to (N, size, size), each map from 0 at its coldest to 1 at its hottest; a flat map to 0."""
    heat = heat.detach().float().unsqueeze(1)
    heat = F.interpolate(heat, (size, size), mode="bilinear", align_corners=False).squeeze(1)
    low, high = heat.amin((1, 2), keepdim=True), heat.amax((1, 2), keepdim=True)
    spread = high - low
    flat = spread <= 1e-5 * torch.maximum(high.abs(), low.abs())  # what is left is rounding
    return torch.where(flat, 0.0, (heat - low) / spread.clamp_min(1e-30))


def overlay(crop: Image.Image, heat: np.ndarray) -> Image.Image:
    """The face in grey, half covered by the heat's colours, in the crop's size.

    The colours are cividis: its lightness only rises, so it reads in grey and for colour-blind people.
    """
    colours = cv2.applyColorMap((255 * heat).astype(np.uint8), cv2.COLORMAP_CIVIDIS)[..., ::-1]  # OpenCV gives BGR
    warm = Image.fromarray(np.ascontiguousarray(colours)).resize(crop.size, Image.Resampling.BICUBIC)
    return Image.blend(crop.convert("L").convert("RGB"), warm, 0.5)
