"""Weights, balanced sampling and logit adjustment against scikit-learn, PyTorch and arithmetic by hand."""

import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_class_weight
from torch import nn
from torch.nn import functional as F

import cnnlab
from cnnlab import data, evaluation, training
from cnnlab.data import Split


def unbalanced(counts: list[int], *, side: int = 4) -> Split:
    """A class a brightness, with noise as large as the difference between two classes."""
    labels = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    noise = torch.randint(-40, 41, (len(labels), 1, side, side), generator=torch.Generator().manual_seed(0))
    images = (90 + 20 * labels[:, None, None, None] + noise).clip(0, 255).to(torch.uint8)
    return Split(images, labels, tuple("abcdefgh"[: len(counts)]))


def test_weights_are_scikit_learns_balanced_weights():
    split = unbalanced([70, 20, 10])
    theirs = compute_class_weight("balanced", classes=np.arange(3), y=split.labels.numpy())
    np.testing.assert_allclose(training.class_weights(split).numpy(), theirs, rtol=1e-6)


def test_a_class_without_pictures_is_named():
    split = Split(torch.zeros(2, 1, 2, 2, dtype=torch.uint8), torch.tensor([0, 2]), ("a", "b", "c"))
    for make in (training.class_weights, training.BalancedBatches, training.LogitAdjustment):
        with pytest.raises(ValueError, match="these have none: b; take them out"):
            make(split)


def test_balanced_batches_have_all_classes_alike_and_pictures_of_the_split():
    split = unbalanced([900, 90, 10])
    loader = training.BalancedBatches(split, 100)
    images, labels = (torch.cat(parts) for parts in zip(*loader, strict=True))
    counts = torch.bincount(labels)
    assert len(labels) == 1000
    # Binomial: 333 ± 5 standard deviations of √(1000 · 1/3 · 2/3) = 15.
    assert ((counts - 1000 / 3).abs() < 75).all()
    rare = data.to_float(split.images[split.labels == 2])
    assert all((rare == image).flatten(1).all(1).any() for image in images[labels == 2])


def test_a_balanced_epoch_depends_on_seed_and_epoch_alone():
    split = unbalanced([30, 10])

    def labels(epoch, seed=0):
        loader = training.BalancedBatches(split, 8, seed=seed)
        loader.set_epoch(epoch)
        return [batch.tolist() for _, batch in loader]

    assert labels(3) == labels(3)
    assert labels(3) != labels(4)
    assert labels(3) != labels(3, seed=1)
    assert [len(batch) for batch in labels(1)] == [8] * 5


def test_adjusted_loss_is_the_papers_sum():
    split = unbalanced([6, 3, 1])
    logits, labels = torch.randn(5, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1, 2, 2, 0])
    prior = torch.tensor([0.6, 0.3, 0.1])
    # Equation 11: log(1 + Σ (π_y' / π_y)^τ · exp(f_y' − f_y)) over the other classes y'.
    ratios = (prior[None] / prior[labels][:, None]) ** 2 * (logits - logits.gather(1, labels[:, None])).exp()
    expected = ratios.sum(dim=1).log().mean()
    assert training.LogitAdjustment(split, tau=2)(logits, labels).item() == pytest.approx(expected.item(), rel=1e-5)
    plain = training.LogitAdjustment(split, tau=0)(logits, labels)
    assert torch.allclose(plain, F.cross_entropy(logits, labels))


def test_each_of_the_three_raises_the_recall_of_the_rare_class(tmp_path):
    train, held_out = unbalanced([600, 30]), unbalanced([300, 300], side=4)

    def recall_of_the_rare(source=train, **options):
        torch.manual_seed(0)
        net = nn.Sequential(nn.Flatten(), nn.Linear(16, 2))
        cnnlab.fit(net, source, epochs=8, batch_size=30, learning_rate=0.02, progress=False, **options)
        return evaluation.class_scores(cnnlab.evaluate(net, held_out)).recall["b"]

    plain = recall_of_the_rare()
    assert recall_of_the_rare(class_weights=training.class_weights(train)) > plain + 0.1
    assert recall_of_the_rare(training.BalancedBatches(train, 30)) > plain + 0.1
    assert recall_of_the_rare(loss=training.LogitAdjustment(train), resume=tmp_path / "run.pt") > plain + 0.1
    with pytest.raises(ValueError, match="belongs to a run with other settings: loss"):
        recall_of_the_rare(loss=training.LogitAdjustment(train, tau=0.5), resume=tmp_path / "run.pt")
