"""Fixtures that several test files share."""

import pytest
import torch
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessorPil

from fer_hf.labels import ID2LABEL


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """Folder of a random ViT of seven expressions that looks at 32 px."""
    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=32,
        patch_size=8,
        id2label=ID2LABEL,
        label2id={name: index for index, name in ID2LABEL.items()},
        initializer_range=0.5,
    )
    folder = tmp_path_factory.mktemp("models") / "tiny"
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder
