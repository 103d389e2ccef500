"""What every network of the zoo keeps: shapes, gradients, state, independence, export, hooks, errors."""

import json

import pytest
import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from cnnlab.models import MODELS, build, small
from cnnlab.models.registry import SMALL

EXACT = {  # networks made for one size of picture: full widths, fewer pixels than the paper's
    "lenet5": (28, 28),
    "alexnet": (96, 96),
    **dict.fromkeys(("vgg11", "vgg11_lrn", "vgg13", "vgg16_c", "vgg16", "vgg19"), (64, 64)),
    "highway": (28, 28),
    "landmark_cnn": (64, 96),
    "face_baseline": (64, 64),
    "tronnet": (96, 96),
}
INCEPTIONS = ("inception_v2", "inception_v3", "inception_v4", "inception_resnet_v2")
CLASSES = 7


def options(name: str) -> dict:
    return {"num_classes": CLASSES} | ({"input_size": EXACT[name]} if name in EXACT else {})


def pictures(name: str, *, channels: int = 3, count: int = 2) -> torch.Tensor:
    height, width = EXACT.get(name, (75, 75) if name in INCEPTIONS else (64, 64))
    channels = 1 if name in ("lenet5", "highway") and channels == 3 else channels
    return torch.randn(count, channels, height, width, generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module", params=MODELS)
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def network(name) -> nn.Module:
    """One network for all tests of its name; they leave its weights as they are."""
    torch.manual_seed(0)
    return build(name, **options(name))


def test_there_is_a_logit_for_each_class_and_a_gradient_for_each_parameter(name, network):
    network.train()
    state = {key: value.clone() for key, value in network.state_dict().items()}
    logits = network(pictures(name))
    assert logits.shape == (2, CLASSES)
    nn.functional.cross_entropy(logits, torch.tensor([0, 1])).backward()
    for key, parameter in network.named_parameters():
        assert parameter.grad is not None, key
        assert parameter.grad.isfinite().all(), key
    assert next(network.parameters()).grad.abs().max() > 0  # the signal reaches the first layer
    network.zero_grad()
    network.load_state_dict(state)  # the batch statistics as they were


def test_the_state_moves_into_a_network_rebuilt_by_its_recipe(name, network):
    network.eval()
    recipe = json.loads(json.dumps(network.recipe))  # as a checkpoint's card keeps it
    twin = build(recipe["name"], **recipe["options"]).eval()
    twin.load_state_dict(network.state_dict())
    with torch.no_grad():
        assert torch.equal(twin(pictures(name)), network(pictures(name)))


def test_in_eval_a_picture_does_not_depend_on_its_batch(name, network):
    network.eval()
    x = pictures(name, count=3)
    with torch.no_grad():
        together, alone = network(x), network(x[1:2])
    assert (together[1:2] - alone).abs().max() <= 1e-4 * alone.abs().max()


def test_nothing_is_overwritten_in_place_and_torch_export_gives_equal_logits(name, network):
    network.eval()
    assert not any(getattr(layer, "inplace", False) for layer in network.modules())
    x = pictures(name)
    exported = torch.export.export(network, (x,))
    targets = {str(node.target) for node in exported.graph.nodes if node.op == "call_function"}
    assert not [target for target in targets if target.split(".")[1:2] and target.split(".")[1].endswith("_")]
    with torch.no_grad():
        ours, theirs = network(x), exported.module()(x)
    assert (ours - theirs).abs().max() <= 1e-5 * ours.abs().max()


def test_captums_grad_cam_explains_a_logit(name, network):
    captum = pytest.importorskip("captum.attr")
    network.eval()
    conv = [layer for layer in network.features.modules() if isinstance(layer, nn.Conv2d)][-1]
    x = pictures(name, count=1)
    shapes = []
    handle = conv.register_forward_hook(lambda layer, inputs, output: shapes.append(output.shape))
    heat = captum.LayerGradCam(network, conv).attribute(x, target=2)
    handle.remove()
    assert heat.shape == (1, 1, *shapes[0][2:])
    assert heat.isfinite().all()
    bigger = captum.LayerAttribution.interpolate(heat, x.shape[2:])
    assert bigger.shape[2:] == x.shape[2:]


def test_torchcams_extractor_sees_what_captum_sees_and_leaves_no_hook(name, network):
    captum, torchcam = pytest.importorskip("captum.attr"), pytest.importorskip("torchcam.methods")
    network.eval()
    layer, conv = [pair for pair in network.named_modules() if isinstance(pair[1], nn.Conv2d)][-1]
    x = pictures(name, count=1)
    with torchcam.GradCAM(network, layer) as extractor:
        (heat,) = extractor(2, network(x))
    expected = captum.LayerGradCam(network, conv).attribute(x, target=2, relu_attributions=True)[0].detach()
    expected = expected - expected.amin()
    expected = expected / (expected.amax() + 1e-8)  # as torchcam scales it
    assert heat.shape == expected.shape
    assert (heat - expected).abs().max() <= 1e-3
    assert not any(module._forward_hooks for module in network.modules())


def test_wrong_channels_are_refused_with_the_way_out(name, network):
    x = torch.zeros(2, 5, *pictures(name).shape[2:])
    with pytest.raises(ValueError, match=r"takes pictures of shape \(N, .*got \(2, 5, .*in_channels"):
        network(x)
    with pytest.raises(ValueError, match="takes pictures of shape"):
        network(x[0])


def test_the_smallest_pictures_are_taken_and_smaller_ones_refused_with_the_way_out(name, network):
    if name in EXACT:
        with pytest.raises(ValueError, match="at least .*enlarge the pictures"):
            build(name, input_size=(1, 1) if name == "highway" else (2, 2))
        with pytest.raises(ValueError, match=r"takes pictures of shape .*resize the pictures"):
            network(pictures(name)[:, :, :-1])
        return
    versions = (network, small(name, num_classes=CLASSES))
    for net in versions:
        least = getattr(net.eval(), "smallest", 1)
        with torch.no_grad():
            assert net(torch.zeros(1, 3, least, least + 5)).shape == (1, CLASSES)
        if least > 1:
            with pytest.raises(ValueError, match=rf"H and W of at least {least}, got .*resize the pictures"):
                net(torch.zeros(1, 3, least - 1, least + 5))


def test_on_meta_it_is_built_without_memory_for_any_tensor(name):
    made: list[torch.Tensor] = []

    class Seen(TorchFunctionMode):
        def __torch_function__(self, function, types, args=(), kwargs=None):
            result = function(*args, **(kwargs or {}))
            made.extend([result] if isinstance(result, torch.Tensor) else [])
            return result

    with torch.device("meta"), Seen():
        network = build(name)
    assert all(tensor.is_meta for tensor in (*network.parameters(), *network.buffers()))
    assert made
    assert all(tensor.is_meta for tensor in made)


def test_grey_pictures_and_small_ones_have_a_narrow_version(name):
    resized, full = "input_size" in SMALL[name], _on_meta(name)
    for side in (28, 32, 64):
        network = small(name, num_classes=CLASSES, in_channels=1, **({"input_size": (side, side)} if resized else {}))
        assert type(network) is type(full)
        network.train()
        logits = network(torch.randn(2, 1, side, side))
        assert logits.shape == (2, CLASSES)
        if side == 28:
            logits.sum().backward()
            assert all(parameter.grad.isfinite().all() for parameter in network.parameters())
            recipe = json.loads(json.dumps(network.recipe))
            build(recipe["name"], **recipe["options"]).load_state_dict(network.state_dict())
    assert sum(p.numel() for p in network.parameters()) < 7e6


def _on_meta(name: str) -> nn.Module:
    with torch.device("meta"):
        return build(name)
