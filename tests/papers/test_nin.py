"""Network in network: Lin, Chen and Yan 2014."""

import torch
from torch import nn

from cnnlab.models import build, summary


def test_nin_is_three_mlp_convolutions_and_a_mean_without_a_linear_layer():
    with torch.device("meta"):
        net = build("nin")
    table = summary(net, (3, 32, 32))
    convs = table[table.kind == "Conv2d"]
    assert list(convs.name.str.split(".").str[1]) == [
        *("conv1", "cccp1", "cccp2"),
        *("conv2", "cccp3", "cccp4"),
        *("conv3", "cccp5", "cccp6"),
    ]
    assert convs.output_shape.tolist()[-1] == (10, 8, 8)
    assert not any(isinstance(layer, nn.Linear) for layer in net.modules())
    by_hand = (192 * 76 + 160 * 193 + 96 * 161) + (192 * 2401 + 2 * 192 * 193) + (192 * 1729 + 192 * 193 + 10 * 193)
    assert table.parameters.sum() == by_hand == 966_986
    assert [convs.parameters[i : i + 3].sum() for i in (0, 3, 6)] == [60_928, 535_104, 370_954]


def test_half_of_the_maps_are_dropped_after_the_first_two_poolings():
    with torch.device("meta"):
        features = build("nin").features
    names = list(dict(features.named_children()))
    for number in (1, 2):  # section 4.1: after all but the last MLP convolution
        assert features[names.index(f"pool{number}") + 1] is getattr(features, f"dropout{number}")
        assert getattr(features, f"dropout{number}").p == 0.5
    assert sum(isinstance(layer, nn.Dropout) for layer in features) == 2


def test_a_1x1_convolution_is_a_linear_layer_for_each_pixel():
    conv = nn.Conv2d(192, 160, 1)
    linear = nn.Linear(192, 160)
    linear.load_state_dict({"weight": conv.weight[:, :, 0, 0], "bias": conv.bias})
    x = torch.randn(2, 192, 4, 5)
    torch.testing.assert_close(conv(x), linear(x.movedim(1, -1)).movedim(-1, 1), rtol=1e-4, atol=1e-5)
