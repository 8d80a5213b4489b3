"""The arguments of a training run from one flat table, as a recipe has them."""

from dataclasses import fields

from fer_hf.training.arguments import (
    Arguments,
    AugmentationArguments,
    DataArguments,
    FerTrainingArguments,
    ModelArguments,
)

GROUPS = (ModelArguments, DataArguments, AugmentationArguments, FerTrainingArguments)


def arguments_of(**values) -> Arguments:
    """Each value in the group that has a field of its name."""
    groups = []
    for group in GROUPS:
        names = [each.name for each in fields(group) if each.name in values]
        groups.append(group(**{name: values.pop(name) for name in names}))
    assert not values
    return Arguments(*groups)
