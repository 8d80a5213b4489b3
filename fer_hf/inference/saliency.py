"""Where the model looked: a heat map over the face for the expression that it names.

    heat = explain(analyzer, [crop], ["happy"])[0]  # (S, S) in 0 to 1, S the model's picture size
    overlay(crop, heat).show()

`METHOD` is the one that is shown, the best of METHODS by the deletion curve on 500 faces: hide a face bit by bit, the
hottest parts first, and see how soon the expression is lost (`python -m benchmarks.saliency`).

A method is a function of (model, pixels (N, 3, S, S), classes (N,)) and gives heat (N, h, w), larger where the picture
mattered more; its docstring says how many passes it needs. A backward pass counts as two forward ones.
"""

from collections.abc import Callable, Sequence

import matplotlib
import numpy as np
import torch
from kornia.filters import gaussian_blur2d
from PIL import Image
from torch import Tensor
from torch.nn import functional as F
from transformers.modeling_utils import PreTrainedModel

from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.labels import LABEL_OF_NAME

Method = Callable[[PreTrainedModel, Tensor, Tensor], Tensor]

GRID = 16  # cells a side of the maps that are not made of patches
STEPS = 3  # of the integral in `integrated_gradients`; each is a forward and a backward pass
NOISE = 0.15  # standard deviation in `smooth_gradient`, of the picture's range
BATCH = 8  # faces at a time: the gradients of one take about 30 MB
COLOURS = matplotlib.colormaps["cividis"]  # its lightness only rises, so that it reads in grey and for the colour-blind


def explain(
    analyzer: FaceAnalyzer, crops: Sequence[Image.Image], labels: Sequence[str], method: Method | None = None
) -> np.ndarray:
    """Heat maps (n, S, S) in 0 to 1 for n pictures of one face each: what speaks for each one's label of LABELS."""
    method = method or METHOD
    classes = class_indices(analyzer, labels)
    heat = [np.empty((0, 1, 1), np.float32)] if not crops else []
    for start in range(0, len(crops), BATCH):
        rows = [crop.convert("RGB") for crop in crops[start : start + BATCH]]
        pixels = analyzer.processor(rows, return_tensors="pt")["pixel_values"]
        found = method(analyzer.model, pixels, classes[start : start + BATCH])
        heat.append(unit_heat(found, pixels.shape[-1]).numpy())
    return np.concatenate(heat)


def class_indices(analyzer: FaceAnalyzer, labels: Sequence[str]) -> Tensor:
    """Where the model's output holds each label, whatever it calls it and in whatever order."""
    names = analyzer.model.config.id2label
    index = {LABEL_OF_NAME[str(name).strip().lower()]: number for number, name in names.items()}
    return torch.tensor([index[label] for label in labels], dtype=torch.long)


def unit_heat(heat: Tensor, size: int) -> Tensor:
    """Heat (N, h, w) brought to (N, size, size), each map to 0 at its coldest and 1 at its hottest; a flat one to 0."""
    heat = heat.detach().float().unsqueeze(1)
    heat = F.interpolate(heat, (size, size), mode="bilinear", align_corners=False).squeeze(1)
    low, high = heat.amin((1, 2), keepdim=True), heat.amax((1, 2), keepdim=True)
    spread = high - low
    flat = spread <= 1e-5 * torch.maximum(high.abs(), low.abs())  # what is left is rounding
    return torch.where(flat, 0.0, (heat - low) / spread.clamp_min(1e-30))


def overlay(crop: Image.Image, heat: np.ndarray) -> Image.Image:
    """The face in grey, half covered by the heat's colours, in the crop's size."""
    grey = np.asarray(crop.convert("L").convert("RGB"), dtype=np.float32)
    warm = Image.fromarray((255 * COLOURS(heat)[..., :3]).astype(np.uint8)).resize(crop.size, Image.Resampling.BICUBIC)
    return Image.fromarray((0.5 * grey + 0.5 * np.asarray(warm, dtype=np.float32)).astype(np.uint8))


def hidden(pixels: Tensor) -> Tensor:
    """The picture with the expression blurred away: what a hidden part is replaced by. Brightness and skin remain."""
    size = pixels.shape[-1]
    kernel = 2 * (size // 4) + 1
    return gaussian_blur2d(pixels, (kernel, kernel), (size / 8, size / 8))


def integrated_gradients(model: PreTrainedModel, pixels: Tensor, classes: Tensor) -> Tensor:
    """Gradients summed on the way from the hidden picture to the picture (Sundararajan et al., 2017), evidence for the
    class only. STEPS forward and backward passes.
    """
    base = hidden(pixels)
    total = torch.zeros_like(pixels)
    for step in range(STEPS):
        point = base + (step + 0.5) / STEPS * (pixels - base)
        total += _gradient(model, point, classes)
    return _cells(((pixels - base) * total).sum(1)).relu()


def smooth_gradient(model: PreTrainedModel, pixels: Tensor, classes: Tensor) -> Tensor:
    """SmoothGrad (Smilkov et al., 2017): the size of the gradient, averaged over noisy copies. STEPS forward and
    backward passes.
    """
    generator = torch.Generator().manual_seed(0)
    spread = NOISE * (pixels.amax((1, 2, 3), keepdim=True) - pixels.amin((1, 2, 3), keepdim=True))
    total = torch.zeros_like(pixels)
    for _ in range(STEPS):
        noise = torch.randn(pixels.shape, generator=generator)
        total += _gradient(model, pixels + spread * noise, classes).abs()
    return _cells(total.sum(1))


def occlusion(model: PreTrainedModel, pixels: Tensor, classes: Tensor) -> Tensor:
    """How much the class loses when a third of the picture's height and width is hidden (Zeiler & Fergus, 2014). Nine
    forward passes.
    """
    base, size = hidden(pixels), pixels.shape[-1]
    edges = [round(i * size / 3) for i in range(4)]
    heat = torch.zeros(len(pixels), 3, 3)
    for row in range(3):
        for column in range(3):
            covered = pixels.clone()
            part = (..., slice(edges[row], edges[row + 1]), slice(edges[column], edges[column + 1]))
            covered[part] = base[part]
            with torch.no_grad():
                heat[:, row, column] = -_score(model(covered).logits, classes)
    return heat


def grad_cam(model: PreTrainedModel, pixels: Tensor, classes: Tensor) -> Tensor:
    """Grad-CAM (Selvaraju et al., 2017) on the last feature map, or the tokens before the last layer: channels weighted
    by their mean gradient. One forward and one backward pass.
    """
    features, gradient = _features(model, pixels, classes)
    weights = gradient.mean((2, 3), keepdim=True)
    return (weights * features).sum(1).relu()


def layer_cam(model: PreTrainedModel, pixels: Tensor, classes: Tensor) -> Tensor:
    """LayerCAM (Jiang et al., 2021): as Grad-CAM, each place weighted by its own positive gradient. One forward and one
    backward pass.
    """
    features, gradient = _features(model, pixels, classes)
    return (gradient.relu() * features).sum(1).relu()


def attention_rollout(model: PreTrainedModel, pixels: Tensor, classes: Tensor) -> Tensor:
    """Attention followed from the classifier down to the patches (Abnar & Zuidema, 2020); the same for all classes.
    One forward pass. Transformers with eager attention only.
    """
    with torch.no_grad():
        layers = model(pixels, output_attentions=True).attentions
    flow = _same(layers[0])
    for layer in layers:
        flow = (layer.mean(1) + _same(layer)) / 2 @ flow
    return _patches(model, _read_out(model, flow))


def gradient_attention(model: PreTrainedModel, pixels: Tensor, classes: Tensor) -> Tensor:
    """Attention weighted by its positive gradient, followed through the layers (Chefer et al., 2021). One forward and
    one backward pass. Transformers with eager attention only.
    """
    with torch.enable_grad():
        outputs = model(pixels.clone().requires_grad_(), output_attentions=True)
        gradients = torch.autograd.grad(_score(outputs.logits, classes).sum(), outputs.attentions)
    flow = _same(outputs.attentions[0])
    for layer, gradient in zip(outputs.attentions, gradients, strict=True):
        flow = flow + (gradient * layer.detach()).relu().mean(1) @ flow
    return _patches(model, _read_out(model, flow))


METHODS: dict[str, Method] = {
    "integrated_gradients": integrated_gradients,
    "smooth_gradient": smooth_gradient,
    "occlusion": occlusion,
    "grad_cam": grad_cam,
    "layer_cam": layer_cam,
    "attention_rollout": attention_rollout,
    "gradient_attention": gradient_attention,
}
ATTENTION = ("attention_rollout", "gradient_attention")  # of METHODS; they need a transformer with eager attention
METHOD = integrated_gradients


def _score(logits: Tensor, classes: Tensor) -> Tensor:
    """Log-probability (N,) of the class: unlike the logit, it also falls when another class rises."""
    return logits.log_softmax(-1).gather(1, classes[:, None])[:, 0]


def _gradient(model: PreTrainedModel, pixels: Tensor, classes: Tensor) -> Tensor:
    """Gradient (N, 3, S, S) of the class's score by the pixels; the model's own gradients stay untouched."""
    with torch.enable_grad():
        pixels = pixels.detach().clone().requires_grad_()
        return torch.autograd.grad(_score(model(pixels).logits, classes).sum(), pixels)[0]


def _features(model: PreTrainedModel, pixels: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """The deepest map that still has places, (N, C, h, w), and the score's gradient by it.

    In a transformer that is what goes into the last layer: after it, a classifier on the class token sees no patch.
    """
    with torch.enable_grad():
        outputs = model(pixels.clone().requires_grad_(), output_hidden_states=True)
        last = outputs.hidden_states[-1]
        layer = last if last.ndim == 4 else outputs.hidden_states[-2]
        gradient = torch.autograd.grad(_score(outputs.logits, classes).sum(), layer)[0]
    if layer.ndim == 4:
        return layer.detach(), gradient
    return _patches(model, layer.detach().mT), _patches(model, gradient.mT)


def _patches(model: PreTrainedModel, tokens: Tensor) -> Tensor:
    """(..., tokens) to (..., h, w), without the class token and its like, which come first."""
    side = model.config.image_size // model.config.patch_size
    return tokens[..., -side * side :].unflatten(-1, (side, side))


def _read_out(model: PreTrainedModel, flow: Tensor) -> Tensor:
    """What the classifier takes of a flow (N, to, from): the class token's, in DINOv2 also the mean patch's."""
    return flow[:, 0] + flow[:, 1:].mean(1) if model.config.model_type == "dinov2" else flow[:, 0]


def _same(layer: Tensor) -> Tensor:
    """The identity (N, tokens, tokens) beside an attention layer (N, heads, tokens, tokens)."""
    return torch.eye(layer.shape[-1]).expand(len(layer), -1, -1)


def _cells(heat: Tensor) -> Tensor:
    """Pixels (N, S, S) summed up to cells that a person can see."""
    return F.adaptive_avg_pool2d(heat, GRID)
