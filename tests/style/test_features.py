"""Which layers, how pictures are normalised, and what is left as it was."""

import pytest
import torch
import torchvision
from torch import nn

from cnnlab import models
from cnnlab.style import Features, Layers, default_layers


def test_the_rule_gives_the_layers_of_gatys_et_al_for_vgg19():
    with torch.device("meta"):
        layers = default_layers(models.build("vgg19"))
    assert layers.content == ("features.relu4_2",)
    assert layers.style == tuple(f"features.relu{stage}_1" for stage in range(1, 6))


def test_torchvisions_vgg19_has_the_same_layers_by_number():
    """conv1_1 is features.0 and its ReLU features.1; conv4_2 is features.21."""
    with torch.device("meta"):
        layers = default_layers(torchvision.models.vgg19())
    assert layers.content == ("features.22",)
    assert layers.style == tuple(f"features.{place}" for place in (1, 6, 11, 20, 29))


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "nin", "inception_v3"])
def test_the_rule_finds_layers_in_other_families(name):
    with torch.device("meta"):
        layers = default_layers(models.build(name))
    assert len(layers.style) >= 3
    assert len(layers.content) == 1


def test_maps_are_those_of_the_network_on_the_normalised_picture():
    network = models.pretrained()
    features = Features(network, layers=Layers((), ("features.stage2_2",)), precision="float32")
    picture = torch.rand(1, 3, 80, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad(), models.Probe(network.model, ["features.stage2_2"]) as probe:
        network.model((nn.functional.pad(picture, [2] * 4, mode="replicate") - 0.5) / 0.5)
    maps = features(picture)["features.stage2_2"]
    assert torch.allclose(maps, probe["features.stage2_2"], atol=1e-3)  # batch normalisation is folded into weights


def test_the_network_is_left_as_it_is():
    model = torchvision.models.resnet18().train()
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    features = Features(model)
    features(torch.rand(1, 3, 64, 64).requires_grad_())["relu"].sum().backward()
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert model.training
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())


def test_an_unknown_layer_is_named_with_near_ones():
    with pytest.raises(ValueError, match="no layer is called 'features.relu9_1'; near ones: features.relu"):
        Features(models.build("vgg11", widths=(4,) * 5, units=(4, 4)), layers=Layers((), ("features.relu9_1",)))


def test_a_network_without_activations_asks_for_layers():
    with pytest.raises(ValueError, match="name layers=Layers"):
        Features(nn.Sequential(nn.Conv2d(3, 4, 3)))
