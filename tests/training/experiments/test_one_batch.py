"""One batch is learnt by a sound network; of a broken one, the check names what is broken."""

import copy

import pytest
import torch
from torch import nn

from cnnlab import data
from cnnlab.training import overfit_one_batch


def net(*after):
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Dropout(0.9), nn.Linear(784, 16), nn.ReLU(), nn.Linear(16, 2), *after)


def test_random_labels_of_noise_are_learnt_and_the_network_is_left_alone(tiny):
    noise = torch.randint(0, 256, tiny.images.shape, generator=torch.Generator().manual_seed(1)).to(torch.uint8)
    model = net()
    before = copy.deepcopy(model.state_dict())
    found = overfit_one_batch(model, data.Split(noise, tiny.labels, tiny.classes))
    assert found.learnt
    assert found.findings == ()
    assert found.history.train_accuracy.iloc[-1] == 1
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert model[1].p == 0.9


def frozen():
    model = net()
    model[2].requires_grad_(False)
    return model


def dead():
    model = net()
    nn.init.constant_(model[2].bias, -1e4)
    return model


@pytest.mark.parametrize(
    ("model", "finding"),
    [
        (net(nn.Softmax(dim=1)), "the outputs are probabilities: leave out the softmax"),
        (frozen(), "2 of 4 parameters did not change, the first is 2.weight"),
        (dead(), "the outputs are the same for all pictures"),
    ],
    ids=["softmax", "frozen", "dead"],
)
def test_what_is_wrong_with_a_network_is_named(tiny, model, finding):
    found = overfit_one_batch(model, tiny, steps=8)
    assert any(finding in text for text in found.findings)
    assert finding in repr(found)


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (
            lambda s: data.Split(s.images[:1].expand(64, -1, -1, -1), s.labels, s.classes),
            "pictures of the batch are the",
        ),
        (lambda s: data.Split(s.images, torch.zeros_like(s.labels), s.classes), "all labels of the batch are 0"),
        (
            lambda s: data.Split(s.images[:2].repeat(32, 1, 1, 1), torch.arange(64) // 2 % 2, s.classes),
            "of the batch are the same, and their labels are",
        ),
    ],
    ids=["one picture", "one label", "two labels"],
)
def test_what_is_wrong_with_the_batch_is_named(tiny, change, finding):
    found = overfit_one_batch(net(), change(tiny), steps=8)
    assert finding in found.findings[0]


def test_a_rate_that_is_too_low_or_too_high_is_told(tiny):
    low = overfit_one_batch(net(), tiny, learning_rate=1e-9, steps=8)
    assert not low.learnt
    assert "the loss stays at about" in low.findings[-1]
    high = overfit_one_batch(net(), tiny, learning_rate=1e38, steps=8)
    assert not high.learnt
    assert "learning rate 1e+38 is too high" in high.findings[-1]
    with pytest.raises(ValueError, match="steps must be 8 or more, got 7"):
        overfit_one_batch(net(), tiny, steps=7)
