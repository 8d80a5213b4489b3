"""The model: a pretrained backbone with seven outputs, its image processor, and what is done once to its checkpoint.

What plain `pipeline("image-classification")` cannot be told is written into the weights here: the picture size (the
position table), grey sight (the patch embedding) and half precision on disk. A `pipeline` user needs none of our code.
"""

import json
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoModelForImageClassification,
    BaseImageProcessor,
    PreTrainedModel,
)
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from fer_hf.errors import FerError
from fer_hf.io import write_json
from fer_hf.labels import ID2LABEL, LABEL2ID
from fer_hf.training.arguments import Recipe

FAMILIES = ("vit", "deit", "dinov2", "convnext", "convnextv2")
TRANSFORMERS = ("vit", "deit", "dinov2")  # the families with a position table
STOCHASTIC_DEPTH = ("dinov2", "convnext", "convnextv2")  # the families with drop path
ANY_SIZE = ("dinov2", "convnext", "convnextv2")  # the families that take any picture size by themselves
LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, what Pillow's mode "L" is made of
BICUBIC = 3  # Pillow's code
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # mean and standard deviation of RGB in 0..1


def load_backbone(recipe: Recipe) -> PreTrainedModel:
    """The recipe's pretrained model with a new head for the seven expressions, set to the recipe's picture size.

    Raises:
        FerError: it cannot be loaded, is of another family, or cannot do what the recipe asks.
    """
    config = _read_config(recipe)
    _check_family(config.model_type, recipe)
    if recipe.start_share and config.id2label != ID2LABEL:
        raise FerError(f"start_share: {recipe.model} has no head for our seven expressions; expected 0")
    config.id2label, config.label2id = dict(ID2LABEL), dict(LABEL2ID)
    if config.model_type in STOCHASTIC_DEPTH:
        config.drop_path_rate = recipe.drop_path
    # PyTorch's fused attention is slower than plain matrix products on a CPU at these few tokens: 21 against 28
    # pictures a second in training at 112 px.
    attention = "sdpa" if torch.cuda.is_available() and not recipe.use_cpu else "eager"
    if recipe.model_config:
        model = AutoModelForImageClassification.from_config(config, attn_implementation=attention)
    else:
        model = AutoModelForImageClassification.from_pretrained(
            recipe.model,
            config=config,
            attn_implementation=attention,
            ignore_mismatched_sizes=True,
            use_safetensors=True,
            dtype=torch.float32,
        )
    set_image_size(model, recipe.image_size)
    freeze(model, recipe.frozen_layers)
    return model


def _read_config(recipe: Recipe) -> AutoConfig:
    try:
        if recipe.model_config:
            return AutoConfig.for_model(**recipe.model_config)
        return AutoConfig.from_pretrained(recipe.model)
    except (OSError, ValueError, TypeError, KeyError) as error:
        name = recipe.model or f"model_config {recipe.model_config}"
        raise FerError(f"model: {name} cannot be loaded ({str(error).splitlines()[0]})") from error


def _check_family(family: str, recipe: Recipe) -> None:
    name = recipe.model or "model_config"
    if family not in FAMILIES:
        raise FerError(f"model: {name} is a {family}; expected one of {', '.join(FAMILIES)}")
    if recipe.drop_path and family not in STOCHASTIC_DEPTH:
        raise FerError(f"drop_path: {name} is a {family}, which has none; expected 0")
    if recipe.early_size and family not in ANY_SIZE:
        raise FerError(f"early_size: {name} is a {family}, which takes one picture size; expected 0")


def set_image_size(model: PreTrainedModel, size: int) -> None:
    """Resize the position table once, so that pictures of `size` pixels a side go in without interpolation."""
    config = model.config
    if config.model_type in TRANSFORMERS:
        if size % config.patch_size:
            raise FerError(f"image_size: expected a multiple of the patch size {config.patch_size}, got {size}")
        embeddings = model.base_model.embeddings
        old = embeddings.position_embeddings
        extra = old.shape[1] - (config.image_size // config.patch_size) ** 2
        tokens = torch.zeros(1, extra + (size // config.patch_size) ** 2, old.shape[2])
        with torch.no_grad():  # the family's own interpolation; the old size comes back as it is
            table = embeddings.interpolate_pos_encoding(tokens, size, size).clone()
        embeddings.position_embeddings = nn.Parameter(table)
        embeddings.image_size = embeddings.patch_embeddings.image_size = (size, size)
    config.image_size = size


def blocks(model: PreTrainedModel) -> list[nn.Module]:
    """The encoder's layers from the picture upwards."""
    base = model.base_model
    if model.config.model_type == "dinov2":
        return list(base.encoder.layer)
    if model.config.model_type in TRANSFORMERS:
        return list(base.layers)
    return [layer for stage in base.encoder.stages for layer in stage.layers]


def freeze(model: PreTrainedModel, count: int) -> None:
    """Keep the weights of the embeddings and the lowest `count` encoder layers; 0 keeps none."""
    layers = blocks(model)
    if count >= len(layers):
        raise FerError(f"frozen_layers: the model has {len(layers)} layers; expected less than that, got {count}")
    for module in [model.base_model.embeddings, *layers[:count]] if count else []:
        module.requires_grad_(False)


@torch.no_grad()
def mix(model: PreTrainedModel, start: PreTrainedModel, share: float) -> None:
    """Move the weights back by `share` towards those that training started from (WiSE-FT; Wortsman et al., 2022)."""
    for own, first in zip(model.parameters(), start.parameters(), strict=True):
        own.lerp_(first.to(own), share)


def parameter_groups(model: PreTrainedModel, recipe: Recipe) -> list[dict]:
    """Optimiser groups with layer-wise learning rates (as in BEiT and MAE) and no weight decay on vectors.

    The embeddings are the lowest layer; norms after the encoder learn at the top layer's rate, the classifier at
    `head_rate` times it. What stands between ConvNeXt's stages learns with the layer below it.
    """
    layers = blocks(model)
    depth = {id(p): i + 1 for i, layer in enumerate(layers) for p in layer.parameters()}
    below = 0
    groups: dict[tuple[float, float], dict] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.startswith("classifier."):
            scale = recipe.head_rate
        else:
            below = depth.get(id(parameter), below)
            after = "encoder" not in name and "layers" not in name and "embeddings" not in name
            scale = recipe.layer_decay ** (0 if after else len(layers) - below)
        decay = recipe.weight_decay if parameter.ndim > 1 and "position" not in name and "token" not in name else 0.0
        group = groups.setdefault(
            (scale, decay), {"params": [], "lr": recipe.learning_rate * scale, "weight_decay": decay}
        )
        group["params"].append(parameter)
    return list(groups.values())


def make_processor(recipe: Recipe) -> ViTImageProcessorPil:
    """The image processor that is saved with the model: bicubic resize to a square, the backbone's normalisation."""
    mean, std = IMAGENET
    if recipe.model:
        try:
            pretrained = AutoImageProcessor.from_pretrained(recipe.model, backend="pil")
            mean, std = pretrained.image_mean, pretrained.image_std
        except (OSError, ValueError) as error:
            raise FerError(f"model: {recipe.model} has no image processor ({str(error).splitlines()[0]})") from error
    return ViTImageProcessorPil(
        size={"height": recipe.image_size, "width": recipe.image_size},
        resample=BICUBIC,
        image_mean=list(mean),
        image_std=list(std),
        do_convert_rgb=True,
    )


def normalise(pictures: Tensor, processor: BaseImageProcessor) -> Tensor:
    """Grey pictures (N, 1, S, S) in 0..1 as the model's input (N, 3, S, S)."""
    mean, std = (pictures.new_tensor(each).view(1, 3, 1, 1) for each in (processor.image_mean, processor.image_std))
    return (pictures - mean) / std


@torch.no_grad()
def see_grey(model: PreTrainedModel, processor: BaseImageProcessor) -> None:
    """Make the model see the grey picture whatever colours it is given; grey pictures give the same logits as before.

    The first convolution is linear, so luma can be folded into it: with x_c = (p_c - mean_c) / std_c and grey
    g = sum(luma_c p_c), the response to (g, g, g) is sum(w_k (g - mean_k) / std_k) = sum(luma_c std_c v x_c) +
    v sum(luma_c mean_c) - sum(w_k mean_k / std_k), where v = sum(w_k / std_k).
    """
    patches = model.base_model.embeddings.patch_embeddings
    convolution = patches if isinstance(patches, nn.Conv2d) else getattr(patches, "projection", patches)
    convolution = getattr(convolution, "patch_embeddings", convolution)
    weight = convolution.weight.double()  # (out, 3, height, width)
    luma, mean, std = (
        torch.tensor(each, dtype=torch.float64).view(1, 3, 1, 1)
        for each in (LUMA, processor.image_mean, processor.image_std)
    )
    grey = (weight / std).sum(1, keepdim=True)
    offset = (grey * (luma * mean).sum() - (weight * mean / std).sum(1, keepdim=True)).sum((1, 2, 3))
    convolution.weight.copy_(luma * std * grey)
    convolution.bias.add_(offset.to(convolution.bias.dtype))


def save_model(
    model: PreTrainedModel, processor: BaseImageProcessor, folder: str | Path, half_precision: bool = True
) -> None:
    """Save model and processor for `pipeline`: safetensors, float16 on disk if asked, loaded as float32 again."""
    folder = Path(folder)
    state = {name: value.half() if half_precision else value for name, value in model.state_dict().items()}
    if "drop_path_rate" in model.config.to_dict():
        model.config.drop_path_rate = 0.0
    model.save_pretrained(folder, state_dict=state)
    processor.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    write_json(folder / "config.json", config | {"dtype": "float32"})
