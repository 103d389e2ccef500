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


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(72, 3))


def test_with_its_graph_a_loss_of_activations_has_gradients_and_logits_have_gradients_in_them():
    net, x = network(), torch.randn(1, 1, 8, 8, requires_grad=True)
    with models.Probe(net, ["0", "1"], keep_graph=True) as probe:
        logits = net(x)
    assert torch.equal(logits, net(x))
    assert torch.equal(probe["0"], net[0](x))  # the in-place ReLU behind it has not changed it
    assert torch.equal(probe["1"], net[0](x).relu())

    (ours,) = torch.autograd.grad(probe["1"].square().sum(), x, retain_graph=True)
    (expected,) = torch.autograd.grad(net[0](x).relu().square().sum(), x)
    torch.testing.assert_close(ours, expected)

    (ours,) = torch.autograd.grad(logits[0, 2], probe["1"])
    torch.testing.assert_close(ours.flatten(), net[3].weight[2])


@pytest.mark.parametrize("layers", [["1"], ["1", "0"], ["0", "1"]])
def test_run_computes_no_further_than_the_deepest_layer_and_leaves_no_hook(layers):
    net, ran = network(), []
    for layer in net:
        layer.register_forward_hook(lambda layer, inputs, output: ran.append(layer))
    with models.Probe(net, layers) as probe:
        probe.run(torch.rand(1, 1, 8, 8))
        probe.run(torch.rand(5, 1, 8, 8))
    assert ran == [net[0], net[1]] * 2
    assert len(probe["1"]) == 5
    assert hooks(net) == 4  # our own


def test_outside_of_run_the_network_runs_to_its_end_and_errors_are_its_own():
    net, x = network(), torch.rand(1, 1, 8, 8)
    with models.Probe(net, ["0"]) as probe:
        probe.run(x)
        assert net(x).shape == (1, 3)
        with pytest.raises(RuntimeError, match="expected input"):
            probe.run(torch.rand(1, 5, 8, 8))
        assert net(x).shape == (1, 3)
    assert hooks(net) == 0
