"""Networks by name, and the errors of names and options."""

import pytest
import torch

from cnnlab.models import MODELS, Highway, ResNet, auxiliary_loss, build, small

DESIGNED = """
lenet5 alexnet vgg11 vgg11_lrn vgg13 vgg16_c vgg16 vgg19 nin googlenet inception_v2 inception_v3 inception_v4
inception_resnet_v2 resnet18 resnet34 resnet50 resnet101 resnet152 resnext50_32x4d resnext101_32x8d wide_resnet50_2
highway landmark_cnn face_baseline tronnet resnet20 plain20 efficientnet_lite0
"""


def test_every_name_of_the_course_is_there():
    assert set(MODELS) == set(DESIGNED.split())


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("vgg17", {}, r"no network is called 'vgg17'; did you mean vgg1.*`cnnlab models` lists them all"),
        ("", {}, "no network is called ''"),
        ("vgg16", {"colum": "D"}, r"vgg16 takes no option 'colum'; it takes num_classes, in_channels, input_size"),
        ("vgg16", {"column": "E"}, "vgg16 takes no option 'column'"),  # the name says it
        ("resnet50", {"depth": 101}, "resnet50 takes no option 'depth'"),
        ("alexnet", {"num_classes": 0}, "num_classes must be a whole number of at least 1, got 0"),
        ("alexnet", {"num_classes": 2.5}, "num_classes must be a whole number of at least 1, got 2.5"),
        ("nin", {"in_channels": -3}, "in_channels must be a whole number of at least 1, got -3"),
        ("alexnet", {"num_classes": True}, "num_classes must be a whole number of at least 1, got True"),
        ("resnet18", {"num_classes": 0}, "num_classes must be a whole number of at least 1, got 0"),
        ("resnet18", {"widths": (8, 0, 8, 8)}, r"widths must be whole numbers of at least 1, got \(8, 0, 8, 8\)"),
        ("resnet18", {"widths": (8, 8)}, r"widths must name the 4 stages of depth 18, got \(8, 8\)"),
        ("alexnet", {"input_size": 224}, "input_size must be 2 whole numbers of at least 1, got 224"),
        ("alexnet", {"widths": (8, 16)}, r"widths must name the 5 convolutions, got \(8, 16\)"),
        ("alexnet", {"first": (5, 1)}, r"first must be 3 whole numbers of at least 0, got \(5, 1\)"),
        ("lenet5", {"input_size": (28,)}, r"input_size must be 2 whole numbers of at least 1, got \(28,\)"),
        ("tronnet", {"pool": 0}, "pool must be a whole number of at least 1, got 0"),
        ("highway", {"width": 0}, "width must be a whole number of at least 1, got 0"),
        ("nin", {"width": -5}, r"width must be above 0 \(1 is the paper's\), got -5"),
        ("inception_v4", {"repeats": (1, 2)}, r"repeats must be 3 whole numbers of at least 1, got \(1, 2\)"),
        ("vgg11", {"widths": (0,) * 5}, r"widths must be whole numbers of at least 1, got \(0, 0, 0, 0, 0\)"),
        ("vgg11", {"widths": (8,) * 6}, "widths must name 1 to 5 stages, got 6"),
        ("googlenet", {"variant": "mine"}, "variant must be one of paper, batch_norm, torchvision, got 'mine'"),
        ("googlenet", {"stem": "big"}, "stem must be one of imagenet, small, got 'big'"),
        ("inception_v3", {"stem": "big"}, "stem must be one of imagenet, small, got 'big'"),
        ("resnet18", {"shortcut": "D"}, "shortcut must be one of A, B, C, none, got 'D'"),
        ("resnet50", {"stride_in": "5x5"}, "stride_in must be one of 1x1, 3x3, got '5x5'"),
        ("resnet18", {"cardinality": 32}, "cardinality and base_width need bottlenecks.*got 18"),
        ("highway", {"layers": "round"}, "layers must be one of convolution, dense, got 'round'"),
        ("highway", {"carry": "all"}, "carry must be one of coupled, own, none, got 'all'"),
        ("highway", {"depth": 2}, "depth must be at least 3 .*got 2"),
        ("landmark_cnn", {"run": 12}, "run must be one of 1, 2, 3, .*11, got 12"),
        ("landmark_cnn", {"batch_norm": True}, "batch_norm must be one of none, before, after, got True"),
        ("landmark_cnn", {"input_size": (16, 64)}, "at least 32×32 pixels for its 5 poolings"),
        ("tronnet", {"input_size": (28, 28)}, "tronnet needs pictures of at least 29×29 pixels"),
        ("alexnet", {"input_size": (28, 28)}, r"at least 63×63 pixels.*first=\(5, 1, 2\)"),
        ("vgg16", {"input_size": (28, 28)}, "at least 32×32 pixels.*name fewer stages in widths"),
        ("resnet18", {"weights": "coco"}, "weights must be None or 'imagenet', got 'coco'"),
    ],
)
def test_a_wrong_name_or_option_gets_the_rule_and_the_way_out(name, options, message):
    with pytest.raises(ValueError, match=message):
        build(name, **options)


def test_a_wrong_column_or_depth_gets_those_of_the_paper():
    from cnnlab.models import VGG

    with pytest.raises(ValueError, match="column must be one of A, A-LRN, B, C, D, E, got 'F'"):
        VGG(column="F")
    with pytest.raises(ValueError, match=r"depth must be one of 18, 34, 50, 101, 152 or, .* 6n \+ 2 .*got 21"):
        ResNet(depth=21)


def test_a_small_network_of_an_unknown_name_lists_the_near_ones():
    with pytest.raises(ValueError, match="no network is called 'vg16'; did you mean vgg16"):
        small("vg16")


def test_the_recipe_of_a_small_network_holds_what_makes_it_small():
    recipe = small("vgg16", num_classes=3).recipe
    assert recipe["name"] == "vgg16"
    assert recipe["options"]["num_classes"] == 3
    assert recipe["options"]["widths"] == (16, 32, 64, 64)


def test_the_options_of_published_weights_are_defaults_only(monkeypatch):
    monkeypatch.setattr("cnnlab.models.registry.imagenet", lambda network: network)  # which would refuse the second
    with torch.device("meta"):
        for options, stride_in in (({}, "3x3"), ({"stride_in": "1x1"}, "1x1")):
            assert build("resnet50", weights="imagenet", **options).stride_in == stride_in


@pytest.mark.parametrize("shortcut", ["A", "B", "C", "none"])
def test_each_shortcut_learns_its_own_parameters_and_no_others(shortcut):
    net = ResNet(depth=18, widths=(8, 16, 32, 64), num_classes=3, stem="small", shortcut=shortcut)
    projections = [name for name, _ in net.named_parameters() if "shortcut.conv" in name]
    assert len(projections) == {"A": 0, "B": 3, "C": 8, "none": 0}[shortcut]
    assert net(torch.randn(2, 3, 32, 32)).shape == (2, 3)


def test_a_residual_block_adds_its_input_and_a_plain_one_does_not():
    from cnnlab.models.families.resnet import Block

    x = torch.randn(2, 8, 6, 6)
    for shortcut, expected in (("B", x.relu()), ("none", torch.zeros_like(x))):
        block = Block(8, 8, shortcut=shortcut).eval()
        torch.nn.init.zeros_(block.bn2.weight)  # F(x) = 0
        torch.testing.assert_close(block(x), expected)


def test_auxiliary_classifiers_count_in_training_and_are_silent_in_eval():
    net = build("googlenet", variant="torchvision", auxiliary=True, num_classes=3, width=0.25, stem="small")
    x, labels = torch.randn(4, 3, 32, 32), torch.tensor([0, 1, 2, 0])
    outputs = net(x)
    parts = [torch.nn.functional.cross_entropy(logits, labels) for logits in outputs]
    loss = auxiliary_loss(outputs, labels)
    torch.testing.assert_close(loss, parts[0] + 0.3 * (parts[1] + parts[2]))
    loss.backward()
    assert all(parameter.grad.isfinite().all() for parameter in net.parameters())
    assert torch.equal(outputs.detach(), outputs.logits)
    with torch.no_grad():
        logits = net.eval()(x)
    assert logits.shape == (4, 3)
    torch.testing.assert_close(auxiliary_loss(logits, labels), torch.nn.functional.cross_entropy(logits, labels))


def test_fit_trains_a_network_with_auxiliary_classifiers():
    from cnnlab import data
    from cnnlab.training import fit

    images = torch.randint(0, 255, (16, 3, 32, 32), dtype=torch.uint8)
    split = data.Split(images, torch.arange(16) % 2, ("a", "b"))
    net = build("googlenet", variant="torchvision", auxiliary=True, num_classes=2, width=0.125, stem="small")
    history = fit(net, split, validation=split, epochs=1, batch_size=8, loss=auxiliary_loss, progress=False)
    assert history.train_loss.iloc[-1] > history.validation_loss.iloc[-1] > 0  # three losses against one


def test_the_width_counts_for_auxiliary_classifiers_too():
    with torch.device("meta"):
        head = build("googlenet", auxiliary=True, width=0.25).auxiliary["inception4a"]
    assert (head.conv.conv.out_channels, head.fc1.in_features, head.fc1.out_features) == (32, 32 * 4 * 4, 256)


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("googlenet", 96, r"need a map of 14×14 to 16×16 cells \(pictures of 224 pixels\), got 6×6; .*auxiliary=False"),
        ("inception_v3", 96, r"at least 17×17 cells \(pictures of 299 pixels\), got 4×4; .*auxiliary=False"),
    ],
)
def test_auxiliary_classifiers_name_the_pictures_they_need(name, size, message):
    with torch.device("meta"):
        net = build(name, auxiliary=True)
    with pytest.raises(ValueError, match=message):
        net(torch.empty(2, 3, size, size, device="meta"))


def test_the_highways_of_the_zoo_are_highways_and_plain_ones_have_no_gates():
    net = Highway(carry="none")
    assert not [name for name, _ in net.named_parameters() if "gate" in name]
    assert len([name for name, _ in Highway().named_parameters() if "transform_gate" in name]) == 2 * 8


def test_the_notation_of_the_modules_refuses_what_it_does_not_have():
    from cnnlab.models.families.blocks import Branches

    with pytest.raises(ValueError, match=r"a step is drawn like '3×3/2 96 V'.*got '3x3 96' in '1×1 64 → 3x3 96'"):
        Branches(3, ("1×1 64 → 3x3 96",))
