"""EfficientNet's Table 1 (Tan and Le 2019), which Lite0 shares with B0."""

import torch

from cnnlab.models import build

STAGES = [  # EfficientNet's Table 1: resolution that enters, channels, layers, kernel
    (112, 16, 1, 3),
    (112, 24, 2, 3),
    (56, 40, 2, 5),
    (28, 80, 3, 3),
    (14, 112, 3, 5),
    (14, 192, 4, 5),
    (7, 320, 1, 3),
]


def test_lite0_has_the_stages_of_efficientnets_table_1():
    with torch.device("meta"):
        net = build("efficientnet_lite0").eval()
    x, seen = torch.empty(1, 3, 224, 224, device="meta"), {}
    for name, block in net.features.named_children():
        entered, x = x.shape[2], block(x)
        if name.startswith("stage"):
            stage = int(name[5])
            first = seen.get(stage, (entered, 0, 0, 0))[0]
            seen[stage] = (first, x.shape[1], int(name.split("_")[1]), block.layers.depthwise.conv.kernel_size[0])
    assert list(seen.values()) == STAGES
    assert x.shape[1:] == (1280, 7, 7)
    assert round(sum(p.numel() for p in net.parameters()) / 1e6, 1) == 4.7  # as its authors print it
