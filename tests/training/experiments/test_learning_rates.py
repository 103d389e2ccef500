"""The range test against gradient descent that is solved on paper."""

import copy

import pytest
import torch
from torch import nn
from torch.optim import SGD

from cnnlab import data
from cnnlab.training import learning_rate_search

CURVATURE = 8.0  # of the loss ½ · 8 · w²: gradient descent diverges above a rate of 2 / 8


class OneWeight(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))

    def forward(self, x):
        return self.weight.expand(len(x), 2)


def parabola(logits, labels):
    return CURVATURE / 2 * logits.square().mean()


def descent(named):
    return SGD(named, 1.0)


def test_the_losses_are_those_of_gradient_descent_on_a_parabola(tiny):
    found = learning_rate_search(
        OneWeight(), tiny, low=1e-3, high=1.0, steps=40, optimizer=descent, loss=parabola, batch_size=16
    )
    rates = [1e-3 * 1000 ** (step / 39) for step in range(40)]
    weight, expected = 1.0, []
    for rate in rates[: len(found.curve)]:
        expected.append(CURVATURE / 2 * weight**2)
        weight *= 1 - rate * CURVATURE
    assert found.curve.index.tolist() == pytest.approx(rates[: len(found.curve)])
    assert found.curve.loss.tolist() == pytest.approx(expected, rel=1e-4, abs=1e-30)
    assert found.diverged
    assert found.curve.index[-1] > 2 / CURVATURE
    assert found.suggestion < 2 / CURVATURE


def test_the_network_is_left_alone(tiny):
    net = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(784, 2)).train()
    before = copy.deepcopy(net.state_dict())
    learning_rate_search(net, tiny, steps=20)
    assert net.training
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())


def test_groups_keep_the_ratio_of_their_rates(tiny):
    optimisers = []

    def make(named):
        optimisers.append(SGD([{"params": named[:1]}, {"params": named[1:], "lr": 0.4}], 0.1))
        return optimisers[0]

    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 2))
    learning_rate_search(net, tiny, low=1e-8, high=1e-6, steps=10, optimizer=make)
    first, second = (group["lr"] for group in optimisers[0].param_groups)
    assert second / first == pytest.approx(4)


def test_bad_ranges_and_a_loss_that_is_not_finite_from_the_start_are_refused(tiny):
    net = nn.Sequential(nn.Flatten(), nn.Linear(784, 2))
    for options in ({"low": 0}, {"low": 1, "high": 0.1}, {"steps": 9}):
        with pytest.raises(ValueError, match="needs 0 < low < high and 10 steps or more"):
            learning_rate_search(net, tiny, **options)
    broken = data.Split(tiny.images.float() * torch.nan, tiny.labels, tiny.classes)
    with pytest.raises(ValueError, match="not finite from the start.*NaN or infinite values"):
        learning_rate_search(net, broken)
