"""What every network of the zoo keeps, each shown on its small version for grey pictures of 32 pixels."""

import re
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

import cnnlab
from cnnlab.models import MODELS, blueprint, build, small

CLASSES = 7
ONE_A_FAMILY = {entry.constructor: name for name, entry in reversed(MODELS.items())}.values()


class Run(NamedTuple):
    """A network in eval mode, and what it computed; the tests leave it as it is."""

    network: nn.Module
    pictures: Tensor
    logits: Tensor
    gradients: dict[str, Tensor | None]


@pytest.fixture(scope="module", params=MODELS)
def run(request) -> Run:
    torch.manual_seed(0)
    network = small(request.param, num_classes=CLASSES, in_channels=1)
    pictures = torch.randn(3, 1, 32, 32)
    nn.functional.cross_entropy(network(pictures), torch.tensor([0, 1, 2])).backward()
    gradients = {name: weight.grad for name, weight in network.named_parameters() if weight.requires_grad}
    with torch.no_grad():
        return Run(network.eval(), pictures, network(pictures), gradients)


def test_there_is_a_logit_for_each_class_and_a_gradient_for_each_parameter(run):
    assert run.logits.shape == (3, CLASSES)
    for name, gradient in run.gradients.items():
        assert gradient is not None, name
        assert gradient.isfinite().all(), name
    assert next(iter(run.gradients.values())).abs().max() > 0  # the signal reaches the first layer
    assert sum(parameter.numel() for parameter in run.network.parameters()) < 7e6


def test_the_classifier_takes_the_features(run):
    features = run.network.features(run.pictures)
    assert torch.equal(run.network.classifier(features), run.logits)


def test_in_eval_mode_a_picture_does_not_depend_on_its_batch(run):
    with torch.no_grad():
        alone = run.network(run.pictures[1:2])
    assert (run.logits[1:2] - alone).abs().max() <= 1e-4 * alone.abs().max()


def test_it_comes_back_from_a_file_with_its_options_and_logits(run, tmp_path):
    cnnlab.save(tmp_path / "net.safetensors", run.network, classes=tuple("abcdefg"))
    again = cnnlab.load(tmp_path / "net.safetensors")
    with torch.no_grad():
        assert torch.equal(again(run.pictures), run.logits)
    with pytest.raises(ValueError, match="this network has 7 outputs, and classes names 2; name each output, or none"):
        cnnlab.save(tmp_path / "net.safetensors", run.network, classes=("a", "b"))


def test_no_layer_works_in_place(run):
    assert not any(getattr(layer, "inplace", False) for layer in run.network.modules())


def test_pictures_with_other_channels_or_without_a_batch_are_refused(run):
    with pytest.raises(ValueError, match=r"takes pictures of shape \(N, 1, .*got \(2, 5, 32, 32\).*in_channels"):
        run.network(torch.zeros(2, 5, 32, 32))
    with pytest.raises(ValueError, match="takes pictures of shape"):
        run.network(run.pictures[0])


@pytest.mark.parametrize("name", MODELS)
def test_the_smallest_pictures_are_taken_and_smaller_ones_refused_with_the_way_out(name):
    for construct in (build, small):
        with torch.device("meta"):
            network = construct(name, num_classes=CLASSES).eval()

            def logits(height, width, network=network):
                return network(torch.empty(1, network.in_channels, height, width, device="meta"))

            if network.input_size is None:
                least = network.smallest
                assert construct is build or least <= 28  # pixels of a digit
                assert logits(least, least + 5).shape == (1, CLASSES)
                if least > 1:
                    with pytest.raises(ValueError, match=rf"H and W of at least {least}, got .*resize the pictures"):
                        logits(least + 5, least - 1)
                    with pytest.raises(RuntimeError, match="too small|greater than actual input"):  # as PyTorch says it
                        network.features(torch.empty(1, network.in_channels, least - 1, least - 1))
                continue
            with pytest.raises(ValueError, match="at least .*input_size=.*; enlarge the pictures") as refused:
                construct(name, input_size=(1, 1))
            least = int(re.search(r"at least (\d+)×", str(refused.value))[1])
            assert construct is build or least <= 28
            smallest = construct(name, num_classes=CLASSES, input_size=(least, least + 5)).eval()
            assert logits(least, least + 5, smallest).shape == (1, CLASSES)
            with pytest.raises(ValueError, match=f"at least {least}×{least} pixels, got"):
                construct(name, input_size=(least, least - 1))
            with pytest.raises(ValueError, match=r"takes pictures of shape .*resize the pictures"):
                logits(least, least + 6, smallest)


@pytest.mark.parametrize("name", MODELS)
def test_a_blueprint_has_no_memory_for_any_tensor_and_takes_other_pictures_and_classes(name):
    network = blueprint(name, (2, 96, 107), num_classes=5).eval()
    assert all(tensor.is_meta for tensor in (*network.parameters(), *network.buffers()))
    assert network(torch.empty(1, 2, 96, 107, device="meta")).shape == (1, 5)


@pytest.mark.parametrize("name", ONE_A_FAMILY)
def test_torch_export_gives_equal_logits_and_no_operation_in_place(name):
    network, x = small(name, num_classes=CLASSES, in_channels=1).eval(), torch.randn(2, 1, 32, 32)
    exported = torch.export.export(network, (x,))
    operations = {str(node.target) for node in exported.graph.nodes if node.op == "call_function"}
    assert not [operation for operation in operations if operation.partition(".")[2].partition(".")[0].endswith("_")]
    with torch.no_grad():
        ours, theirs = network(x), exported.module()(x)
    assert (ours - theirs).abs().max() <= 1e-5 * ours.abs().max()
