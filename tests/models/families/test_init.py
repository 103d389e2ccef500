"""First weights: the variances of the papers, and signals that neither fade nor explode."""

import pytest
import torch
from torch import nn

from cnnlab.models import HighwayLayer, build, initialise


def test_xavier_is_the_lectures_formula_5():
    for layer in (nn.Linear(400, 100), nn.Conv2d(32, 64, 3)):
        initialise(layer, "xavier")
        cells = layer.weight[0, 0].numel()
        n_in, n_out = layer.weight.shape[1] * cells, layer.weight.shape[0] * cells
        assert layer.weight.var().item() == pytest.approx(1 / ((n_in + n_out) / 2), rel=0.05)
        assert layer.bias.eq(0).all()


def test_kaiming_is_two_over_the_inputs():
    for layer, n_in in ((nn.Linear(400, 100), 400), (nn.Conv2d(32, 64, 3), 288), (nn.Conv2d(32, 64, 3, groups=4), 72)):
        initialise(layer, "kaiming")
        assert layer.weight.var().item() == pytest.approx(2 / n_in, rel=0.06)


@pytest.mark.parametrize(
    ("method", "activation", "keeps"),
    [("xavier", nn.Identity, True), ("kaiming", nn.ReLU, True), ("xavier", nn.ReLU, False)],
)
def test_through_20_layers_the_variance_stays_where_the_derivation_says(method, activation, keeps):
    torch.manual_seed(0)
    layers = [part for _ in range(20) for part in (nn.Linear(500, 500), activation())]
    net = initialise(nn.Sequential(*layers), method)
    with torch.no_grad():
        power = net(torch.randn(200, 500)).pow(2).mean().item()
    if keeps:
        assert 0.2 < power < 5
    else:  # a ReLU passes half of the power: 2⁻²⁰
        assert power < 1e-5


def test_alexnets_own_rule_has_ones_in_five_biases():
    net = initialise(build("alexnet", input_size=(96, 96), units=(64, 64)), "paper")
    ones = {name for name, parameter in net.named_parameters() if parameter.eq(1).all()}
    assert {name.split(".")[1] for name in ones} == {"conv2", "conv4", "conv5", "fc6", "fc7"}
    assert net.features.conv3.weight.std().item() == pytest.approx(0.01, rel=0.02)


@pytest.mark.parametrize(
    ("name", "layer", "std"),
    [
        ("lenet5", "features.conv2", 2.4 / 150 / 3**0.5),  # uniform within ±a has σ = a / √3
        ("vgg11", "features.conv3_1", 0.1),
        ("resnet20", "features.conv3_2.conv1", (2 / 288) ** 0.5),
        ("tronnet", "features.conv3", (2 / (9 * 30 + 9 * 35)) ** 0.5),
        ("highway", "features.highway5.transform", (2 / 144) ** 0.5),
    ],
)
def test_a_papers_own_rule_has_its_spread(name, layer, std):
    options = {"input_size": (32, 32)} if name == "vgg11" else {}
    net = initialise(build(name, **options), "paper")
    assert net.get_submodule(layer).weight.std().item() == pytest.approx(std, rel=0.06)


def test_gates_and_batch_normalisation_keep_what_they_have():
    layer = HighwayLayer(6, carry="own", gate_bias=-3.0)
    initialise(layer, "xavier")
    assert layer.transform_gate.bias.eq(-3).all()
    assert layer.carry_gate.bias.eq(3).all()
    norm = nn.BatchNorm2d(3)
    nn.init.constant_(norm.bias, 5)
    assert initialise(nn.Sequential(norm), "kaiming")[0].bias.eq(5).all()


def test_a_wrong_method_and_a_paper_without_a_rule_are_refused():
    with pytest.raises(ValueError, match="method must be one of xavier, kaiming, paper, got 'zeros'"):
        initialise(nn.Linear(2, 2), "zeros")
    with pytest.raises(ValueError, match="the paper of NiN prints no rule for its weights; take 'xavier' or 'kaiming'"):
        initialise(build("nin", width=0.25), "paper")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("vgg19", {"input_size": (32, 32), "dropout": 0.0}),
        ("googlenet", {"dropout": 0.0}),
        ("nin", {"dropout": 0.0}),
        ("highway", {}),
        ("alexnet", {"input_size": (96, 96), "dropout": 0.0}),
    ],
)
def test_without_batch_normalisation_the_first_weights_tell_pictures_apart(name, options):
    torch.manual_seed(0)
    net = build(name, **options).eval()
    channels = next(net.features.parameters()).shape[1]
    side = options.get("input_size", (28, 28) if name == "highway" else (64, 64))
    x = torch.rand(4, channels, *side) * torch.tensor([0.2, 0.5, 1.0, 2.0])[:, None, None, None]
    with torch.no_grad():
        logits = net(x)
    assert logits.std(dim=0).mean() > 1e-3
