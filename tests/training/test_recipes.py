"""The recipes that ship: each parses, and each trains a tiny random model of its own class."""

from pathlib import Path

import pytest
import torch
import yaml
from accelerate.commands.config.config_args import load_config_from_file
from transformers import (
    AutoModelForImageClassification,
    ConvNextConfig,
    ConvNextForImageClassification,
    Dinov2Config,
    Dinov2Model,
    ViTConfig,
    ViTImageProcessorPil,
    ViTModel,
)

import train
from fer_hf.labels import LABELS
from fer_hf.training.parsing import read_arguments

RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))
NAMED = [path for path in RECIPES if "model_name_or_path" in yaml.safe_load(path.read_text())]
LAYERS = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}


def checkpoint(name):
    """A tiny random checkpoint of the same class as the one on the Hub, and the recipe's picture size for it."""
    torch.manual_seed(0)
    if name == "facebook/convnext-tiny-224":  # with ImageNet's classifier, which must go
        config = ConvNextConfig(hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1], num_labels=1000)
        return ConvNextForImageClassification(config), 64, 32
    if name == "google/vit-base-patch16-224-in21k":  # without a classifier
        return ViTModel(ViTConfig(**LAYERS, intermediate_size=32, image_size=32, patch_size=16)), 48, 0
    if name == "facebook/dinov2-small":  # without a classifier
        return Dinov2Model(Dinov2Config(**LAYERS, mlp_ratio=2, image_size=28, patch_size=14)), 28, 0
    raise AssertionError(f"{name}: say what it is")


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_parses(path):
    data = [] if "synthetic_faces" in yaml.safe_load(path.read_text()) else ["--data", "fer2013.csv"]
    arguments = read_arguments([str(path), *data])
    assert arguments.training.output_dir == f"runs/{path.stem}"


@pytest.mark.parametrize("path", NAMED, ids=lambda path: path.stem)
def test_every_recipe_trains_a_model_of_its_class(path, tmp_path):
    model, size, early_size = checkpoint(yaml.safe_load(path.read_text())["model_name_or_path"])
    model.save_pretrained(tmp_path / "pretrained")
    ViTImageProcessorPil(image_mean=[0.5] * 3, image_std=[0.5] * 3).save_pretrained(tmp_path / "pretrained")
    smaller = {
        "model_name_or_path": tmp_path / "pretrained",
        "image_size": size,
        "early_size": early_size,
        "synthetic_faces": 14,
        "max_steps": 2,
        "per_device_train_batch_size": 7,
        "gradient_accumulation_steps": 1,
        "eval_steps": 0.999999,
        "torch_compile": False,  # minutes, for two steps
        "use_cpu": True,
        "output_dir": tmp_path / "run",
    }
    train.main([str(path), *(f"--{name}={value}" for name, value in smaller.items())])
    trained = AutoModelForImageClassification.from_pretrained(tmp_path / "run" / "model")
    assert type(trained).__name__.removesuffix("ForImageClassification") in type(model).__name__
    assert (trained.config.image_size, list(trained.config.id2label.values())) == (size, list(LABELS))
    assert trained(pixel_values=torch.zeros(1, 3, size, size)).logits.isfinite().all()


def test_the_fsdp_configuration_is_one_that_accelerate_reads():
    config = load_config_from_file(str(RECIPES[0].parent / "accelerate" / "fsdp.yaml"))
    assert (config.distributed_type, config.num_processes) == ("FSDP", 2)
    assert config.fsdp_config["fsdp_transformer_layer_cls_to_wrap"] == "ViTLayer"
