"""Highway networks: Srivastava, Greff and Schmidhuber 2015."""

import pytest
import torch
from torch import nn

from cnnlab.models import HighwayLayer, build


def on_meta(name: str, **options: object) -> nn.Module:
    with torch.device("meta"):
        return build(name, **options)


def count(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def test_a_highway_layer_is_formula_2_of_the_paper():
    torch.manual_seed(0)
    x = torch.randn(4, 5)

    def dense(layer: nn.Linear) -> torch.Tensor:
        return x @ layer.weight.T + layer.bias

    own = HighwayLayer(5, carry="own")
    h, t, c = dense(own.transform).clamp(min=0), dense(own.transform_gate).sigmoid(), dense(own.carry_gate).sigmoid()
    torch.testing.assert_close(own(x), h * t + x * c)  # y = H·T + x·C
    coupled = HighwayLayer(5)
    h, t = dense(coupled.transform).clamp(min=0), dense(coupled.transform_gate).sigmoid()
    torch.testing.assert_close(coupled(x), h * t + x * (1 - t))  # C = 1 − T


@pytest.mark.parametrize("convolution", [False, True])
def test_the_gates_open_and_close_by_their_bias(convolution):
    x = torch.randn(2, 6, 5, 5) if convolution else torch.randn(2, 6)
    shut = HighwayLayer(6, convolution=convolution, gate_bias=-100.0)
    torch.testing.assert_close(shut(x), x)
    opened = HighwayLayer(6, convolution=convolution, gate_bias=100.0)
    torch.testing.assert_close(opened(x), opened.transform(x).relu())
    plain = HighwayLayer(6, convolution=convolution, carry="none")
    torch.testing.assert_close(plain(x), plain.transform(x).relu())
    for carry in ("coupled", "own"):
        transform, kept = HighwayLayer(6, convolution=convolution, carry=carry, gate_bias=-3.0).gates(x * 0)
        assert transform.mean().item() == pytest.approx(0.047, abs=0.03)  # σ(−3)
        assert kept.mean().item() == pytest.approx(0.953, abs=0.03)


def test_50_highway_units_and_71_plain_ones_have_the_papers_5000_parameters_a_layer():
    assert count(HighwayLayer(50)) == 2 * 50 * 51 == 5100
    assert count(HighwayLayer(71, carry="none")) == 71 * 72 == 5112


@pytest.mark.parametrize(("width", "thousands"), [(16, 39), (32, 151)])
def test_the_convolutional_networks_for_mnist_have_the_parameters_of_table_1(width, thousands):
    assert round(count(on_meta("highway", width=width)) / 1e3) == thousands


def test_a_plain_network_has_no_gates():
    assert not [name for name, _ in on_meta("highway", carry="none").named_parameters() if "gate" in name]
    gates = [name for name, _ in on_meta("highway").named_parameters() if "transform_gate.weight" in name]
    assert len(gates) == 8  # ten layers with weights, of which the first and the last are plain


@pytest.mark.parametrize("depth", [10, 50, 100])
def test_depth_counts_every_layer_with_weights(depth):
    net = on_meta("highway", layers="dense", depth=depth, width=50)
    layers = [name for name, _ in net.features.named_children() if name.startswith("highway")]
    assert len(layers) + 2 == depth  # the first layer and the logits are plain


def test_a_gradient_passes_50_highway_layers_and_fades_in_50_plain_ones():
    norms = {}
    for carry in ("coupled", "none"):
        torch.manual_seed(0)
        net = build("highway", layers="dense", depth=50, width=50, carry=carry)
        for layer in net.modules():  # PyTorch's own first weights, so that the plain one is not helped by Kaiming's
            if isinstance(layer, nn.Linear) and layer.out_features == 50 and layer.in_features == 50:
                nn.init.uniform_(layer.weight, -(50**-0.5), 50**-0.5)
        logits = net(torch.randn(16, 1, 28, 28))
        nn.functional.cross_entropy(logits, torch.arange(16) % 10).backward()
        norms[carry] = net.features.fc1.weight.grad.norm().item()
    assert norms["coupled"] > 1e6 * norms["none"]
