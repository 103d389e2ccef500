import pytest
import torch
from torch import nn

from cnnlab import models


def hooks(model):
    return sum(len(module._forward_hooks) for module in model.modules())


def test_activations_are_the_layers_outputs():
    net = models.build("lenet5").eval()
    x = torch.rand(3, 1, 28, 28)
    with models.Probe(net, ["features.conv1", "classifier.fc3"]) as probe:
        logits = net(x)
    assert torch.equal(probe["features.conv1"], net.features.conv1(x))
    assert torch.equal(probe["classifier.fc3"], logits)
    assert not probe["classifier.fc3"].requires_grad
    assert list(probe) == ["features.conv1", "classifier.fc3"]


def test_no_hook_stays_even_when_the_block_fails():
    net = models.build("lenet5")
    with pytest.raises(ValueError, match="takes pictures"), models.Probe(net):
        assert hooks(net) == 11
        net(torch.zeros(1, 1, 5, 5))
    assert hooks(net) == 0


def test_an_in_place_relu_does_not_change_what_was_recorded():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True))
    x = torch.rand(1, 1, 8, 8) - 0.5
    with models.Probe(net, ["0"]) as probe:
        net(x)
    assert torch.equal(probe["0"], net[0](x))
    assert probe["0"].min() < 0


def test_an_unknown_layer_lists_near_ones_and_one_that_did_not_run_is_said():
    net = models.build("lenet5")
    with pytest.raises(ValueError, match=r"no layer is called 'conv1'; near ones: features\.conv1"):
        models.Probe(net, ["conv1"])
    with models.Probe(net, ["features.conv1"]) as probe:
        pass
    with pytest.raises(KeyError, match="run the model inside the with block"):
        probe["features.conv1"]
