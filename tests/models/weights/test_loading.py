"""Foreign checkpoints are refused by name."""

import sys

import pytest
import torch
import torchvision
from torch import nn

from cnnlab.downloads import HASH
from cnnlab.models import build, load_in_order, load_timm, load_torchvision
from cnnlab.models.weights.loading import PUBLISHED


@pytest.fixture(scope="module")
def theirs() -> dict[str, torch.Tensor]:
    return torchvision.models.resnet18(num_classes=4).state_dict()


def ours(**options: object) -> nn.Module:
    return build("resnet18", **{"num_classes": 4} | options)


def test_a_checkpoint_may_hold_its_tensors_in_any_order_and_lack_the_counters_of_old_files(theirs):
    shuffled = {key: theirs[key] for key in sorted(theirs, reverse=True) if "num_batches" not in key}
    net = load_torchvision(ours(), shuffled)
    assert torch.equal(net.features.conv5_2.conv2.weight, theirs["layer4.1.conv2.weight"])
    assert torch.equal(net.features.conv3_1.shortcut.bn.running_var, theirs["layer2.0.downsample.1.running_var"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("layer3.0.bn1.weight"), "is not torchvision's resnet18: it lacks 'layer3.0.bn1.weight', our"),
        (lambda d: d.update(extra=torch.zeros(1)), "it has 'extra', which ours does not have"),
        (
            lambda d: d.update({"fc.weight": torch.zeros(9, 512)}),
            r"'fc.weight' has shape \(9, 512\), our .*\(4, 512\); ",
        ),
    ],
)
def test_a_foreign_checkpoint_is_refused_and_nothing_is_copied(theirs, change, message):
    changed = dict(theirs)
    change(changed)
    net = ours()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        load_torchvision(net, changed)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


def test_another_networks_checkpoint_is_refused(theirs):
    deeper = torchvision.models.resnet34(num_classes=4).state_dict()
    with pytest.raises(ValueError, match="it has 'layer1.2.conv1.weight', which ours does not have"):
        load_torchvision(ours(), deeper)
    with pytest.raises(ValueError, match="this checkpoint is not torchvision's resnet34: it lacks"):
        load_torchvision(build("resnet34", num_classes=4), theirs)


def test_options_that_are_not_torchvisions_are_refused_where_shapes_would_not_tell(theirs):
    with torch.device("meta"):
        net = build("resnet50")
    with pytest.raises(ValueError, match=r"stride_in='3x3', this one 'the default'; build it with build\('resnet50'"):
        load_torchvision(net, theirs)
    with pytest.raises(ValueError, match="torchvision's googlenet has variant='torchvision'"):
        load_torchvision(build("googlenet", width=0.25), theirs)
    with pytest.raises(ValueError, match="tensors, ours .*: another network or other options"):
        load_torchvision(ours(shortcut="A"), theirs)


def test_what_nobody_publishes_is_refused_with_the_list(theirs):
    with pytest.raises(ValueError, match="torchvision has no nin; it has alexnet, vgg11"):
        load_torchvision(build("nin", width=0.25), theirs)
    with pytest.raises(ValueError, match="load_timm knows inception_v4, inception_resnet_v2, efficientnet_lite0"):
        load_timm(ours(), theirs)
    with pytest.raises(ValueError, match="nobody publishes ImageNet weights for tronnet"):
        build("tronnet", weights="imagenet")
    with pytest.raises(ValueError, match="does not know its name; build it with cnnlab.models.build"):
        load_torchvision(nn.Linear(2, 2), theirs)
    with pytest.raises(ValueError, match="a state_dict maps names to tensors, got list"):
        load_in_order(nn.Linear(2, 2), [1, 2])


def test_without_timm_the_error_says_what_to_install(theirs, monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with torch.device("meta"):
        net = build("efficientnet_lite0")
    with pytest.raises(ImportError, match="pip install timm"):
        load_timm(net, theirs)


def test_auxiliary_weights_are_left_out_where_ours_has_no_such_heads():
    with torch.device("meta"):
        full = torchvision.models.googlenet(aux_logits=True, init_weights=False)
    full.to_empty(device="cpu")
    state = {key: torch.full_like(value, 2) for key, value in full.state_dict().items()}
    net = load_torchvision(build("googlenet", variant="torchvision"), state)
    assert net.classifier.fc.weight.eq(2).all()
    bare = {key: value for key, value in state.items() if not key.startswith("aux")}
    load_torchvision(net, bare)
    with pytest.raises(ValueError, match="it lacks 'aux1"):
        load_torchvision(build("googlenet", variant="torchvision", auxiliary=True), bare)


def test_every_published_file_names_its_hash():
    for name in PUBLISHED:
        url = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].url
        assert HASH.search(url), name
