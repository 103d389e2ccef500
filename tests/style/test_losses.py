"""The losses against arithmetic on pictures that one can check by hand, and their gradients by finite differences."""

import pytest
import torch
from torch import nn

from cnnlab.style import Features, Layers, Objective, Weights, content_loss, gram, style_loss, total_variation
from cnnlab.style.losses import mixed_grams

CHEQUERBOARD = torch.tensor([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]])[None, None]  # (1, 1, 2, 4)


def test_total_variation_by_hand():
    """Of one colour 0; of a chequerboard 1 to the right plus 1 below; of a vertical edge one of three to the right."""
    edge = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 1.0]])[None, None]
    assert total_variation(torch.full((1, 3, 5, 5), 0.7)).item() == 0
    assert total_variation(CHEQUERBOARD).item() == 2
    assert total_variation(edge).item() == pytest.approx(1 / 3)
    assert total_variation(0.5 * edge).item() == pytest.approx(1 / 12)


def test_the_content_loss_sees_a_shift_and_the_style_loss_does_not():
    """Four of eight values are 1; shifted by a column, all eight differ by 1: 8 / 4 = 2."""
    shifted = CHEQUERBOARD.roll(1, dims=3)
    assert content_loss(shifted, CHEQUERBOARD).item() == 2
    assert style_loss(shifted, gram(CHEQUERBOARD)[0]).item() == 0


def test_losses_of_a_constant_by_hand():
    """Twice the maps: the content differs by its own norm, 1; the Gram matrix is 4 times as large, (4 − 1)² = 9."""
    maps = torch.full((1, 2, 3, 3), 0.5)
    assert content_loss(2 * maps, maps).item() == pytest.approx(1)
    assert style_loss(2 * maps, gram(maps)[0]).item() == pytest.approx(9)


def test_losses_are_shares_whatever_the_scale_of_the_maps():
    generator = torch.Generator().manual_seed(0)
    maps, target = torch.rand(1, 4, 5, 5, generator=generator), torch.rand(1, 4, 5, 5, generator=generator)
    for scale in (1e-3, 1e3):
        scaled = content_loss(scale * maps, scale * target), style_loss(scale * maps, gram(scale * target)[0])
        assert scaled[0].item() == pytest.approx(content_loss(maps, target).item(), rel=1e-4)
        assert scaled[1].item() == pytest.approx(style_loss(maps, gram(target)[0]).item(), rel=1e-4)


def test_the_mean_gram_matrix_differs_from_several_styles_by_a_constant():
    """Σ wᵢ‖G − Aᵢ‖² − ‖G − Σ wᵢAᵢ‖² is the same for every G."""
    generator = torch.Generator().manual_seed(1)
    a, b, *candidates = torch.rand(5, 3, 3, generator=generator)
    mean = mixed_grams([{"x": a}, {"x": b}], [3.0, 1.0])["x"]
    gaps = [
        0.75 * (g - a).square().sum() + 0.25 * (g - b).square().sum() - (g - mean).square().sum() for g in candidates
    ]
    assert torch.stack(gaps).std() < 1e-6


class Smooth(nn.Module):
    """A network whose gradients finite differences approximate well."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Tanh(), nn.Conv2d(4, 5, 3, stride=2), nn.Tanh())


@pytest.mark.parametrize("weights", [Weights(1, 0, 0), Weights(0, 1, 0), Weights(0, 0, 1), Weights(1, 100, 20)])
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_equal_finite_differences(weights, masked):
    network = Smooth().double()
    features = Features(network, layers=Layers(("features.3",), ("features.1", "features.3")), precision="float32")
    generator = torch.Generator().manual_seed(1)
    content, style, start, direction = torch.rand(4, 1, 3, 12, 12, dtype=torch.float64, generator=generator)
    mask = torch.ones(1, 1, 12, 12, dtype=torch.float64)
    mask[..., :5] = 0.25
    objective = Objective(features, content, [style], [1.0], weights, mask if masked else None)
    start.requires_grad_()
    objective(start).total.backward()
    step = 3e-3
    with torch.no_grad():
        above, below = objective(start + step * direction).total, objective(start - step * direction).total
    assert (start.grad * direction).sum().item() == pytest.approx(((above - below) / (2 * step)).item(), rel=5e-3)
