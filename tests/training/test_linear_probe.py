"""The linear probe, on a tiny random model and drawn faces."""

import torch
from torch import nn

from fer_hf.data.synthetic import synthetic_splits
from fer_hf.training.arguments import TARGETS
from fer_hf.training.checkpoints import newest_checkpoint
from fer_hf.training.collator import Collator
from fer_hf.training.linear_probe import fit_classifier, logistic_regression, read_features
from tests.training.test_trainer import StopAfter, arguments_in, one_thread, trainer_of, weights_of

__all__ = ["one_thread"]  # a fixture


def made_classes(count=700):
    """Features whose class is told apart by a line, and targets of two heads that name different classes."""
    torch.manual_seed(0)
    classes = torch.arange(count) % 7
    features = torch.eye(7)[classes] * 6 + torch.randn(count, 7)
    return features, torch.cat([torch.eye(7)[classes], torch.eye(7)[(classes + 1) % 7]], 1)


def test_each_head_learns_its_own_target():
    features, targets = made_classes()
    logits = logistic_regression(features, targets)(features)
    for head in (slice(0, 7), slice(7, 14)):
        assert (logits[:, head].argmax(1) == targets[:, head].argmax(1)).float().mean() > 0.98


def test_features_need_not_lie_around_zero():
    features, targets = made_classes()
    torch.manual_seed(1)
    shift = 20 * torch.randn(7)
    logits = logistic_regression(features, targets)(features)
    torch.testing.assert_close(
        logistic_regression(features + shift, targets)(features + shift), logits, atol=0.05, rtol=0
    )


def test_heads_do_not_share_a_softmax():
    features, targets = made_classes()
    alone = logistic_regression(features, targets[:, :7])
    both = logistic_regression(features, targets)
    torch.testing.assert_close(both.weight[:7], alone.weight, atol=2e-2, rtol=0)


def test_what_is_fitted_is_what_the_classifier_is_given(tmp_path):
    trainer = trainer_of(arguments_in(tmp_path))
    batch = Collator(28)(list(synthetic_splits(14)["train"]))
    before = {name: value.clone() for name, value in weights_of(trainer.model).items()}
    features, targets = read_features(trainer.model, [batch], trainer.processing_class, bf16=False)
    assert torch.equal(targets, batch[TARGETS])
    with torch.no_grad():
        trainer.model.eval()
        logits = trainer.compute_loss(trainer.model, batch, return_outputs=True)[1]["logits"]
    torch.testing.assert_close(trainer.model.classifier(features), logits)
    trainer.model.train()
    fit_classifier(trainer.model, [batch], trainer.processing_class)
    assert trainer.model.training
    changed = {name for name, value in weights_of(trainer.model).items() if not torch.equal(value, before[name])}
    assert changed == {"classifier.weight", "classifier.bias"}


def test_a_run_starts_from_a_fitted_classifier_and_a_resumed_one_is_not_fitted_again(tmp_path, monkeypatch):
    fitted = []

    def noted(model, *rest):
        fitted.append(model)
        nn.init.ones_(model.classifier.bias)

    monkeypatch.setattr("fer_hf.training.trainer.fit_classifier", noted)
    arguments = arguments_in(tmp_path, linear_probe=True, learning_rate=0.0)
    trainer = trainer_of(arguments, [StopAfter(5)])
    trainer.train()
    assert torch.equal(trainer.average.module.classifier.bias, torch.ones(7))
    trainer_of(arguments).train(resume_from_checkpoint=newest_checkpoint(arguments.training.output_dir))
    assert len(fitted) == 1


def test_a_classifier_that_is_fitted_again_is_fitted_to_the_finished_backbone(tmp_path):
    trainer = trainer_of(arguments_in(tmp_path, refit_classifier=True, load_best_model_at_end=False))
    trainer.train()
    trained = weights_of(trainer.average.module)
    batch = Collator(28)(list(trainer.train_dataset))
    features, targets = read_features(trainer.model, [batch], trainer.processing_class, bf16=False)
    expected = logistic_regression(features, targets)
    torch.testing.assert_close(trainer.model.classifier.weight, expected.weight, atol=1e-2, rtol=0)
    for name, value in weights_of(trainer.model).items():
        assert name.startswith("classifier.") or torch.equal(value, trained[name])
