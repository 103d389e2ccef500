"""The landmark report (Kim 2018): Table 2 and Fig. 6."""

import pytest
import torch
from torch import nn

from cnnlab.models import build, summary
from cnnlab.models.families.landmark_cnn import RUNS

FIG_6 = [  # layer, output shape (H, W, C), parameters
    ("conv1", (192, 256, 16), 784),
    ("pool1", (96, 128, 16), 0),
    ("conv2", (96, 128, 32), 4640),
    ("pool2", (48, 64, 32), 0),
    ("conv3", (48, 64, 64), 18496),
    ("pool3", (24, 32, 64), 0),
    ("conv4", (24, 32, 128), 32896),
    ("pool4", (12, 16, 128), 0),
    ("conv5", (12, 16, 256), 131328),
    ("pool5", (6, 8, 256), 0),
    ("flatten", (12288,), 0),
    ("dense1", (1024,), 12583936),
    ("dropout1", (1024,), 0),
    ("dense2", (512,), 524800),
    ("dropout2", (512,), 0),
    ("dense3", (100,), 51300),
]
TABLE_2 = """
1   0.2361  (16,32,64)          (3,3,3)      (512,100)       64
2   0.3461  (16,32,64,128)      (3,3,3,3)    (512,100)       64
3   0.2917  (16,32,64,128)      (3,3,3,3)    (512,100)       128
4   0.3004  (16,32,64,128)      (3,3,3,3)    (512,100)       32
5   0.3337  (16,32,64,128)      (4,4,3,3)    (512,100)       64
6   0.3696  (16,32,64,128)      (4,3,3,2)    (512,100)       64
7   0.3523  (16,32,64,128)      (4,3,3,2)    (1024,512,100)  64
8   0.2930  (16,32,64,128)      (4,3,3,2)    (256,100)       64
9   0.3337  (16,32,64,128)      (4,3,3,2)    (512,256,100)   64
10  0.3498  (16,32,64,128,256)  (3,3,3,3,3)  (512,100)       64
11  0.4227  (16,32,64,128,256)  (4,3,3,2,2)  (1024,512,100)  64
"""
ROWS = {int(line.split()[0]): line.split() for line in TABLE_2.strip().splitlines()}


def on_meta(name: str, **options: object) -> nn.Module:
    with torch.device("meta"):
        return build(name, **options)


def test_run_11_has_the_shapes_and_parameters_of_fig_6():
    table = summary(on_meta("landmark_cnn"), (3, 192, 256)).set_index("name")
    table.index = table.index.str.rpartition(".").get_level_values(-1)
    for layer, (*size, channels), parameters in FIG_6:
        assert table.output_shape[layer] == (channels, *size), layer
        assert table.parameters[layer] == parameters, layer
    assert table.parameters.sum() == sum(row[2] for row in FIG_6) == 13_348_180


def test_run_11_can_be_built_from_its_row_of_table_2_as_well():
    net = on_meta("landmark_cnn", run=1, filters=(16, 32, 64, 128, 256), kernels=(4, 3, 3, 2, 2), dense=(1024, 512))
    assert sum(parameter.numel() for parameter in net.parameters()) == 13_348_180


@pytest.mark.parametrize("dense", [(), (40, 30, 20)])
def test_other_layers_are_counted_by_hand(dense):
    net = build("landmark_cnn", filters=(4, 6), kernels=[2, 5], dense=dense, num_classes=3, input_size=(16, 24))
    assert net(torch.zeros(2, 3, 16, 24)).shape == (2, 3)
    count, units = 4 * (3 * 4 + 1) + 6 * (4 * 25 + 1), 6 * 4 * 6
    for width in (*dense, 3):
        count, units = count + width * (units + 1), width
    assert sum(parameter.numel() for parameter in net.parameters()) == count


def test_files_of_the_version_before_call_no_batch_normalisation_by_a_word():
    named = [[name for name, _ in on_meta("landmark_cnn", batch_norm=none).named_modules()] for none in (None, "none")]
    assert named[0] == named[1]
    assert not any("bn" in name for name in named[0])


def test_the_text_gives_two_map_sizes_that_the_figure_contradicts():
    table = summary(on_meta("landmark_cnn"), (3, 192, 256))
    sizes = [shape[1:] for shape in table.output_shape[table.kind == "MaxPool2d"]]
    text = [(96, 128), (48, 64), (24, 32), (12, 18), (6, 9)]
    assert [size for size in text if size not in sizes] == [(12, 18), (6, 9)]


def test_it_starts_with_the_variance_of_keras_default():
    torch.manual_seed(0)
    layer = build("landmark_cnn", run=8, input_size=(64, 64)).classifier.dense1
    assert layer.weight.var().item() == pytest.approx(2 / (layer.in_features + 256), rel=0.05)
    assert layer.bias.eq(0).all()


@pytest.mark.parametrize("run", ROWS)
def test_each_run_has_the_settings_of_table_2(run):
    _, accuracy, filters, kernels, dense, batch_size = ROWS[run]
    filters, kernels, dense = (eval(text) for text in (filters, kernels, dense))
    net = on_meta("landmark_cnn", run=run)
    convs = [layer for layer in net.features.children() if isinstance(layer, nn.Conv2d)]
    assert tuple(conv.out_channels for conv in convs) == filters
    assert tuple(conv.kernel_size[0] for conv in convs) == kernels
    linear = [layer for layer in net.classifier.children() if isinstance(layer, nn.Linear)]
    assert tuple(layer.out_features for layer in linear) == dense
    assert sum(isinstance(layer, nn.Dropout) and layer.p == 0.3 for layer in net.classifier) == len(dense) - 1
    assert (RUNS[run].batch_size, RUNS[run].accuracy) == (int(batch_size), float(accuracy))
    channels, count = 3, 0
    for maps, kernel in zip(filters, kernels, strict=True):  # by hand
        count, channels = count + maps * (channels * kernel**2 + 1), maps
    units = channels * (192 >> len(filters)) * (256 >> len(filters))
    for width in dense:
        count, units = count + width * (units + 1), width
    assert sum(p.numel() for p in net.parameters()) == count


def test_same_padding_keeps_the_size_for_even_kernels_as_keras_does():
    net = build("landmark_cnn", run=11, input_size=(32, 32))
    for stage, kernel in ((1, 4), (4, 2)):
        pad, conv = getattr(net.features, f"pad{stage}"), getattr(net.features, f"conv{stage}")
        x = torch.zeros(1, conv.in_channels, 7, 9)
        assert conv(pad(x)).shape[2:] == (7, 9)
        left, right, top, bottom = pad.padding
        assert (left, right, top, bottom) == ((kernel - 1) // 2, kernel // 2) * 2  # TensorFlow: the odd one goes last


@pytest.mark.parametrize(("place", "order"), [("before", ["conv", "bn", "relu"]), ("after", ["conv", "relu", "bn"])])
def test_batch_normalisation_stands_as_in_the_reports_two_listings(place, order):
    net = on_meta("landmark_cnn", run=7, batch_norm=place)
    names = [name for name, _ in net.features.named_children() if not name.startswith(("pad", "pool"))]
    assert names == [f"{kind}{stage}" for stage in range(1, 5) for kind in order]
    assert all(layer.bias is None for layer in net.features.children() if isinstance(layer, nn.Conv2d))
