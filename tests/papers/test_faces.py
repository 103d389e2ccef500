"""The face report (Gjerde, Tron and Ryfetten 2019): tables 1 and 2."""

import pytest
import torch
from torch import nn

from cnnlab.models import build

TABLES = {  # in, out, kernel, stride, padding, followed by batch normalisation, by a 3×3 maximum
    "face_baseline": [
        (3, 21, 3, 2, 0, False, False),
        (21, 20, 3, 2, 0, True, False),
        (20, 15, 3, 2, 1, True, False),
        (15, 7, 5, 2, 1, True, False),
    ],
    "tronnet": [
        (3, 21, 3, 1, 0, False, False),
        (21, 30, 3, 1, 1, True, True),
        (30, 35, 3, 1, 1, True, False),
        (35, 25, 3, 1, 1, True, True),
        (25, 20, 3, 1, 1, True, False),
        (20, 15, 3, 1, 1, True, False),
        (15, 10, 5, 1, 1, True, False),  # stride 1 as printed
    ],
}


def on_meta(name: str, **options: object) -> nn.Module:
    with torch.device("meta"):
        return build(name, **options)


@pytest.mark.parametrize("name", TABLES)
def test_the_face_networks_are_tables_1_and_2(name):
    net = on_meta(name, **({"last_stride": 1} if name == "tronnet" else {}))
    layers = list(net.features.children())
    found = []
    for place, layer in enumerate(layers):
        if isinstance(layer, nn.Conv2d):
            after = [type(item).__name__ for item in layers[place + 1 : place + 4]]
            after = after[: after.index("Conv2d")] if "Conv2d" in after else after
            shape = (layer.in_channels, layer.out_channels, layer.kernel_size[0], layer.stride[0], layer.padding[0])
            found.append((*shape, "BatchNorm2d" in after, "MaxPool2d" in after))
            assert "ReLU" in after
    assert found == TABLES[name]
    assert all(pool.kernel_size == 3 for pool in layers if isinstance(pool, nn.MaxPool2d))
    assert (net.classifier.fc1.out_features, net.classifier.fc2.out_features) == (300, 201)  # for 200 identities


def test_the_baseline_flattens_to_the_printed_1183_features():
    net = on_meta("face_baseline")
    assert net.features(torch.empty(1, 3, 224, 224, device="meta")).shape[1:] == (7, 13, 13)
    assert net.classifier.fc1.in_features == 7 * 13 * 13 == 1183


def test_tronnets_printed_1210_features_need_stride_2_where_its_table_says_1():
    printed_stride, printed_features = 1, 1210
    as_printed, ours = on_meta("tronnet", last_stride=printed_stride), on_meta("tronnet")
    x = torch.empty(1, 3, 224, 224, device="meta")
    assert as_printed.features(x).shape[1:] == (10, 22, 22)
    assert as_printed.classifier.fc1.in_features == 4840
    assert ours.features(x).shape[1:] == (10, 11, 11)
    assert ours.features.conv7.stride == (2, 2)
    assert ours.classifier.fc1.in_features == printed_features == 10 * 11 * 11


def test_tronnet_starts_as_glorot_and_bengio_say():
    torch.manual_seed(0)
    conv = build("tronnet").features.conv3
    assert conv.weight.var().item() == pytest.approx(2 / (9 * 30 + 9 * 35), rel=0.05)  # section 3.3
    assert conv.bias.eq(0).all()
