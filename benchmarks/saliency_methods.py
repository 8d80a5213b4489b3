"""Heat-map methods that `benchmarks.saliency` sets against the one that the page shows.

A method is a function of (model, pixels (N, 3, S, S), classes (N,)) and gives heat (N, h, w), larger where the picture
mattered more; its docstring says how many passes it needs. A backward pass counts as two forward ones.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from transformers.modeling_utils import PreTrainedModel

from fer_hf.inference.saliency import STEPS, gradient, hidden, integrated_gradients, score, to_cells

Method = Callable[[PreTrainedModel, Tensor, Tensor], Tensor]

NOISE = 0.15  # standard deviation in `smooth_gradient`, as a share of the picture's range


def smooth_gradient(model: PreTrainedModel, pixels: Tensor, classes: Tensor) -> Tensor:
    """SmoothGrad (Smilkov et al., 2017): the size of the gradient, averaged over noisy copies. STEPS forward and
    backward passes.
    """
    generator = torch.Generator().manual_seed(0)
    spread = NOISE * (pixels.amax((1, 2, 3), keepdim=True) - pixels.amin((1, 2, 3), keepdim=True))
    total = torch.zeros_like(pixels)
    for _ in range(STEPS):
        noise = torch.randn(pixels.shape, generator=generator)
        total += gradient(model, pixels + spread * noise, classes).abs()
    return to_cells(total.sum(1))


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
                heat[:, row, column] = -score(model(covered).logits, classes)
    return heat


def grad_cam(model: PreTrainedModel, pixels: Tensor, classes: Tensor) -> Tensor:
    """Grad-CAM (Selvaraju et al., 2017) on the last feature map, or the tokens before the last layer: channels weighted
    by their mean gradient. One forward and one backward pass.
    """
    features, slope = _features(model, pixels, classes)
    weights = slope.mean((2, 3), keepdim=True)
    return (weights * features).sum(1).relu()


def layer_cam(model: PreTrainedModel, pixels: Tensor, classes: Tensor) -> Tensor:
    """LayerCAM (Jiang et al., 2021): as Grad-CAM, each place weighted by its own positive gradient. One forward and one
    backward pass.
    """
    features, slope = _features(model, pixels, classes)
    return (slope.relu() * features).sum(1).relu()


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
        gradients = torch.autograd.grad(score(outputs.logits, classes).sum(), outputs.attentions)
    flow = _same(outputs.attentions[0])
    for layer, slope in zip(outputs.attentions, gradients, strict=True):
        flow = flow + (slope * layer.detach()).relu().mean(1) @ flow
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


def _features(model: PreTrainedModel, pixels: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """The deepest map that still has places, (N, C, h, w), and the score's gradient by it.

    In a transformer that is what goes into the last layer: after it, a classifier on the class token sees no patch.
    """
    with torch.enable_grad():
        outputs = model(pixels.clone().requires_grad_(), output_hidden_states=True)
        last = outputs.hidden_states[-1]
        layer = last if last.ndim == 4 else outputs.hidden_states[-2]
        slope = torch.autograd.grad(score(outputs.logits, classes).sum(), layer)[0]
    if layer.ndim == 4:
        return layer.detach(), slope
    return _patches(model, layer.detach().mT), _patches(model, slope.mT)


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
