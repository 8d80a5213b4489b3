"""The backbone: a pretrained model with seven outputs, its picture size, its parameter groups and image processor."""

from pathlib import Path

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoImageProcessor,
    AutoModelForImageClassification,
    BaseImageProcessor,
    PreTrainedConfig,
    PreTrainedModel,
    ViTImageProcessorPil,
)

from fer_hf.environment import check_hub_id
from fer_hf.errors import FerError, first_line
from fer_hf.labels import LABELS
from fer_hf.training.arguments import FerTrainingArguments, ModelArguments
from fer_hf.training.two_heads import OUTPUTS

FAMILIES = ("vit", "deit", "dinov2", "convnext", "convnextv2")
TRANSFORMERS = ("vit", "deit", "dinov2")  # the families with a position table
STOCHASTIC_DEPTH = ("dinov2", "convnext", "convnextv2")  # the families with drop path
ANY_SIZE = ("dinov2", "convnext", "convnextv2")  # the families that take any picture size by themselves
BICUBIC = 3  # Pillow's code
IMAGENET = ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # mean and standard deviation of RGB in 0..1


def load_backbone(arguments: ModelArguments, device: str | torch.device = "cpu") -> PreTrainedModel:
    """The pretrained model with a head for the seven expressions, set to the picture size; its weights are on the CPU.

    A head for the same outputs is kept; any other is replaced by one of zeros. A random one would, before it has learnt
    anything, teach the backbone to tell faces apart less: its features had shrunk to a third after 150 steps.

    Args:
        device: where the model is going to run.

    Raises:
        FerError: it cannot be loaded, is of another family, or cannot do what the arguments ask for.
    """
    config = read_config(arguments)
    check_family(config.model_type, arguments)
    names = OUTPUTS if arguments.two_heads else LABELS
    id2label = dict(enumerate(names))
    is_new = config.id2label != id2label
    config.id2label, config.label2id = id2label, {name: index for index, name in id2label.items()}
    if config.model_type in STOCHASTIC_DEPTH:
        config.drop_path_rate = arguments.drop_path_rate
    # PyTorch's fused attention is slower than plain matrix products on a CPU at these few tokens: 21 against 28
    # pictures per second in training at 112 px.
    attention = "eager" if torch.device(device).type == "cpu" else "sdpa"
    if arguments.model_config:
        model = AutoModelForImageClassification.from_config(config, attn_implementation=attention)
    else:
        model = read_weights(arguments.model_name_or_path, config, attention)
    if is_new:
        nn.init.zeros_(model.classifier.weight)
        nn.init.zeros_(model.classifier.bias)
    set_image_size(model, arguments.image_size)
    freeze(model, arguments.frozen_layers)
    if arguments.patch_drop_rate:
        drop_patches(model, arguments.patch_drop_rate)
    return model


def read_config(arguments: ModelArguments) -> PreTrainedConfig:
    """The configuration of the model that the arguments name.

    Raises:
        FerError: there is none that can be read.
    """
    if arguments.model_name_or_path and not Path(arguments.model_name_or_path).is_dir():
        check_hub_id(arguments.model_name_or_path)
    try:
        if arguments.model_config:
            return AutoConfig.for_model(**arguments.model_config)
        return AutoConfig.from_pretrained(arguments.model_name_or_path)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise FerError("backbone_unreadable", name_of(arguments), details=first_line(error)) from error


def read_weights(name: str, config: PreTrainedConfig, attention: str) -> PreTrainedModel:
    """The pretrained model as float32; a head of another size is left out.

    Raises:
        FerError: it has no weights as safetensors that can be read.
    """
    try:
        return AutoModelForImageClassification.from_pretrained(
            name,
            config=config,
            attn_implementation=attention,
            ignore_mismatched_sizes=True,
            use_safetensors=True,
            dtype=torch.float32,
        )
    except (OSError, ValueError, RuntimeError, SafetensorError) as error:
        raise FerError("backbone_weights", name, details=first_line(error)) from error


def check_family(family: str, arguments: ModelArguments) -> None:
    """Refuse a family that is not supported, or that lacks the drop path or the patches to drop that are asked for."""
    if family not in FAMILIES:
        raise FerError("backbone_family", name_of(arguments), family=family, families=", ".join(FAMILIES))
    if arguments.drop_path_rate and family not in STOCHASTIC_DEPTH:
        raise FerError("drop_path_family", "drop_path_rate", family=family)
    if arguments.patch_drop_rate and family not in TRANSFORMERS:
        raise FerError("patch_drop_family", "patch_drop_rate", family=family)


def name_of(arguments: ModelArguments) -> str:
    """What an error calls the model."""
    return arguments.model_name_or_path or "model_config"


def set_image_size(model: PreTrainedModel, size: int) -> None:
    """Resize the position table once, so that pictures of `size` pixels per side go in without interpolation."""
    config = model.config
    if config.model_type in TRANSFORMERS:
        if size % config.patch_size:
            raise FerError("image_size_patches", "image_size", patch=config.patch_size, value=size)
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
    """The encoder's layers, from the picture upwards."""
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
        raise FerError("frozen_layers_all", "frozen_layers", layers=len(layers), value=count)
    for module in [model.base_model.embeddings, *layers[:count]] if count else []:
        module.requires_grad_(False)


def drop_patches(model: PreTrainedModel, rate: float) -> None:
    """Let the encoder see a random 1 - `rate` of each picture's patches in training (as in FLIP; Li et al., 2023).

    `model.base_model.embeddings.patch_drop_rate` is the rate from then on, and may be changed.
    """
    config, embeddings = model.config, model.base_model.embeddings
    extra = embeddings.position_embeddings.shape[1] - (config.image_size // config.patch_size) ** 2

    def keep_some(module: nn.Module, inputs: tuple, tokens: Tensor) -> Tensor:
        """Tokens (N, extra + patches, D) without some of the patches; CLS, and what else is no patch, stays."""
        if not module.training or not module.patch_drop_rate:  # of the module that the hook is on: the average's, too
            return tokens
        patches = tokens[:, extra:]
        count = max(1, round((1 - module.patch_drop_rate) * patches.shape[1]))
        kept = torch.rand(patches.shape[:2], device=tokens.device).argsort(1)[:, :count]
        return torch.cat([tokens[:, :extra], patches.take_along_dim(kept.unsqueeze(-1), 1)], 1)

    embeddings.patch_drop_rate = rate
    embeddings.register_forward_hook(keep_some)


def parameter_groups(model: PreTrainedModel, arguments: FerTrainingArguments) -> list[dict]:
    """Optimiser groups with layer-wise learning rates (as in BEiT and MAE) and no weight decay on vectors.

    The embeddings count as the lowest layer. Norms after the encoder learn at the top layer's rate, the classifier at
    `head_lr_multiplier` times that rate. What stands between ConvNeXt's stages learns with the layer below it.
    """
    layers = blocks(model)
    depth = {id(p): i + 1 for i, layer in enumerate(layers) for p in layer.parameters()}
    below = 0
    groups: dict[tuple[float, float], dict] = {}
    for name, parameter in model.named_parameters():
        if not parameter.requires_grad:
            continue
        if name.startswith("classifier."):
            scale = arguments.head_lr_multiplier
        else:
            below = depth.get(id(parameter), below)
            after = "encoder" not in name and "layers" not in name and "embeddings" not in name
            scale = arguments.layer_decay ** (0 if after else len(layers) - below)
        matrix = parameter.ndim > 1 and "position" not in name and "token" not in name
        decay = arguments.weight_decay if matrix else 0.0
        rate = arguments.learning_rate * scale
        group = groups.setdefault((scale, decay), {"params": [], "lr": rate, "weight_decay": decay})
        group["params"].append(parameter)
    return list(groups.values())


def make_processor(arguments: ModelArguments) -> ViTImageProcessorPil:
    """The image processor that is saved with the model: bicubic resize to a square, the backbone's normalisation."""
    mean, std = IMAGENET
    if arguments.model_name_or_path:
        try:
            pretrained = AutoImageProcessor.from_pretrained(arguments.model_name_or_path, backend="pil")
            mean, std = pretrained.image_mean, pretrained.image_std
        except (OSError, ValueError) as error:
            name = arguments.model_name_or_path
            raise FerError("backbone_no_processor", name, details=first_line(error)) from error
    return ViTImageProcessorPil(
        size={"height": arguments.image_size, "width": arguments.image_size},
        resample=BICUBIC,
        image_mean=list(mean),
        image_std=list(std),
        do_convert_rgb=True,
    )


def normalise(pictures: Tensor, processor: BaseImageProcessor) -> Tensor:
    """The model's input (N, 3, S, S) for grey pictures (N, 1, S, S) in 0..1."""
    mean, std = (pictures.new_tensor(each).view(1, 3, 1, 1) for each in (processor.image_mean, processor.image_std))
    return (pictures - mean) / std
