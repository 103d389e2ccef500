"""L2-SP against autograd, and learning rates by name."""

import pytest
import torch
from torch import nn

from cnnlab.training import L2SP
from cnnlab.training.transfer_learning.groups import groups


def test_the_gradient_that_is_added_is_that_of_the_penalty():
    torch.manual_seed(0)
    weight = nn.Parameter(torch.randn(4, 3))
    penalty = L2SP([(weight, torch.randn(4, 3))], alpha=0.3)
    (expected,) = torch.autograd.grad(penalty.value(), weight)
    weight.grad = torch.ones(4, 3)
    optimizer = torch.optim.SGD([weight], lr=0.5)
    optimizer.register_step_pre_hook(penalty)
    before = weight.detach().clone()
    optimizer.step()
    torch.testing.assert_close(weight, before - 0.5 * (1 + expected))


def test_the_penalty_is_half_alpha_times_the_squared_distance():
    pairs = [(nn.Parameter(torch.tensor([3.0, 0.0])), torch.tensor([0.0, 4.0])), (nn.Parameter(torch.ones(1)),) * 2]
    assert L2SP(pairs, alpha=0.1).value().item() == pytest.approx(0.1 / 2 * 25)


def test_the_longest_name_that_fits_gives_the_rate_and_the_others_have_the_common_one():
    net = nn.ModuleDict({"stem": nn.Linear(1, 1), "stages": nn.ModuleList([nn.Linear(1, 1), nn.Linear(1, 1)])})
    rates = {"stages": 1e-3, "stages.1": 1e-4}
    found = {
        group["lr"]: [name for name, _ in group["params"]] for group in groups([*net.named_parameters()], 0.1, rates)
    }
    assert found == {
        0.1: ["stem.weight", "stem.bias"],
        1e-3: ["stages.0.weight", "stages.0.bias"],
        1e-4: ["stages.1.weight", "stages.1.bias"],
    }
    with pytest.raises(
        ValueError, match="a learning rate must be above 0, got 0 for stem; freeze what must not change"
    ):
        groups([*net.named_parameters()], 0.1, {"stem": 0})
