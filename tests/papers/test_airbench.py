"""airbench94 against Jordan 2024, arXiv:2404.00498."""

import pytest
import torch
from torch import nn

from cnnlab.models import build
from cnnlab.models.families.airbench import AirBench94


def test_it_has_the_papers_parameters() -> None:
    assert round(sum(parameter.numel() for parameter in build("airbench94").parameters()) / 1e6, 2) == 1.97


def test_the_whitening_layer_decorrelates_and_normalises_the_patches() -> None:
    torch.manual_seed(0)
    smooth = nn.functional.interpolate(torch.randn(300, 3, 8, 8), size=(32, 32), mode="bilinear")
    images = 0.3 + 0.5 * smooth + 0.1 * torch.randn(300, 3, 32, 32)
    net = AirBench94().whiten(images, eps=0.0)
    outputs = net.features.whiten(images).movedim(1, 0).flatten(1).double()
    assert torch.allclose(outputs[:12].cov(), torch.eye(12, dtype=torch.float64), atol=1e-3)
    assert outputs.mean(dim=1).abs().max() < 1e-3
    assert torch.equal(outputs[:12], -outputs[12:])


def test_the_whitening_weights_are_frozen_and_their_biases_are_trained() -> None:
    net = build("airbench94")
    frozen = {name for name, parameter in net.named_parameters() if not parameter.requires_grad}
    scales = {f"features.bn{block}_{layer}.weight" for block in (1, 2, 3) for layer in (1, 2)}
    assert frozen == {"features.whiten.weight"} | scales


def test_convolutions_begin_as_the_identity() -> None:
    net = build("airbench94")
    x = torch.randn(1, 64, 7, 7)
    assert torch.allclose(net.features.conv2_1(x)[:, :64], x, atol=1e-6)
    assert torch.allclose(net.features.conv1_2(x), x, atol=1e-6)


def test_the_smallest_pictures_leave_one_position() -> None:
    with pytest.raises(ValueError, match=r"this AirBench94 takes .* of at least 9, got \(1, 3, 8, 8\)"):
        build("airbench94")(torch.zeros(1, 3, 8, 8))
    assert build("airbench94").eval()(torch.zeros(1, 3, 9, 9)).shape == (1, 10)
