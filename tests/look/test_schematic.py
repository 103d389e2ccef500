"""Schematics: what is described is drawn, what a module does is drawn, and it can be read."""

from itertools import combinations, pairwise

import pytest
import torch
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from torch import nn

from cnnlab import Probe, look, models
from cnnlab.look.schematics._graph import Graph
from cnnlab.look.schematics._layers import layered
from cnnlab.look.schematics._modules import followed
from cnnlab.look.schematics._notation import described
from cnnlab.look.schematics._rows import rows
from cnnlab.look.schematics._words import in_words
from cnnlab.look.schematics.schematic import FILL, FROZEN
from cnnlab.models.families.blocks import Branches
from cnnlab.models.families.googlenet import Inception, Widths
from cnnlab.models.families.inception_v2 import FIGURE_5, FIGURE_7, TO_17, figure_6
from cnnlab.models.families.inception_v4 import RESNET_A, Residual
from cnnlab.models.families.resnet import Block
from tests.look.reading import check_texts

RESIDUAL = "x → (3×3 64, bn, relu → 3×3 64, bn | identity) → + → relu → y"
PATH = "1×1 4, relu → 3×3 4, relu → 1×1 256"
RESNEXT = [([(PATH, PATH, "… 32 paths in all", PATH), "+"], "identity"), "+", "relu"]
HIGHWAY = """
x → H: 3×3 16, relu → a: × → y: +
x → T: 3×3 16, sigmoid → a
T → 1 − T → b: × → y
x → b
"""
LENET = (
    "1×28×28 → conv1: 5×5 6 V, relu → pool1: max 2×2/2 → conv2: 5×5 16 V, relu → pool2: max 2×2/2 → flatten → "
    "fc1: linear 120, relu → fc2: linear 84, relu → fc3: linear 10 → logits"
)
TRANSFER = {
    "source": "photo → features: conv1 to conv5 [256×6×6] → classifier: linear 1000 → logits",
    "target": "photo → features: conv1 to conv5, frozen [256×6×6] → classifier: linear 10, new → logits",
}
DESCRIBED = {  # what the lectures draw, and the shape of the input
    "lenet": (LENET, None),
    "mlp convolution": ("x → 5×5 192, relu → 1×1 160, relu → 1×1 96, relu → y", (3, 32, 32)),
    "inception, naive": (("1×1 64", "3×3 128", "5×5 32", "max 3×3"), (192, 28, 28)),
    "inception": (("1×1 64", "1×1 96 → 3×3 128", "1×1 16 → 5×5 32", "max 3×3 → 1×1 32"), (192, 28, 28)),
    "figure 5": (FIGURE_5, (288, 35, 35)),
    "figure 6": (figure_6(128), (768, 17, 17)),
    "figure 7": (FIGURE_7, (1280, 8, 8)),
    "reduction": (TO_17, (288, 35, 35)),
    "highway": (HIGHWAY, (16, 14, 14)),
    "residual": (RESIDUAL, (64, 56, 56)),
    "resnext": (RESNEXT, (256, 56, 56)),
    "dense prediction": ("photo → features [256×8×10] → 6×6 4096 V, relu → 1×1 1000 → class maps", (3, 288, 352)),
    "transfer": (TRANSFER["target"], (3, 224, 224)),
}
MODULES = {
    "basic": (Block(8, 8), (8, 6, 6)),
    "zero-padded": (Block(8, 16, stride=2, shortcut="A"), (8, 6, 6)),
    "projection": (Block(8, 16, stride=2), (8, 6, 6)),
    "bottleneck": (Block(32, 8, bottleneck=True), (32, 6, 6)),
    "resnext": (Block(32, 8, bottleneck=True, cardinality=4), (32, 6, 6)),
    "inception": (Inception(16, Widths(8, 4, 8, 2, 4, 4)), (16, 6, 6)),
    "inception, naive": (Inception(16, Widths(8, 0, 8, 0, 4, 0)), (16, 6, 6)),
    "figure 5": (Branches(16, FIGURE_5), (16, 9, 9)),
    "figure 7": (Branches(16, FIGURE_7), (16, 8, 8)),
    "reduction": (Branches(16, TO_17), (16, 9, 9)),
    "scaled residual": (Residual(16, RESNET_A, scaling=0.17), (16, 6, 6)),
    "highway": (models.HighwayLayer(8, convolution=True), (8, 6, 6)),
    "dense highway": (models.HighwayLayer(8, carry="own"), (8,)),
    "two blocks": (nn.Sequential(Block(8, 8), Block(8, 16, stride=2)), (8, 6, 6)),
    "lenet": (models.build("lenet5"), (1, 28, 28)),
    "alexnet": (models.blueprint("alexnet"), (3, 224, 224)),
    "resnet20": (models.build("resnet20"), (3, 32, 32)),
}


def graphs() -> list:
    drawn = {name: lambda case=case: described(*case) for name, case in DESCRIBED.items()}
    drawn |= {f"module: {name}": lambda case=case: followed(*case) for name, case in MODULES.items()}
    return [pytest.param(make, id=name) for name, make in drawn.items()]


def arrows(graph: Graph) -> set[tuple[str, str]]:
    """Each arrow as the first lines of both its boxes."""
    return {(graph.boxes[start].text[0], graph.boxes[end].text[0]) for start, end in graph.arrows}


def test_a_residual_block_is_drawn_as_described():
    graph = described(RESIDUAL, (64, 56, 56))
    assert [box.text for box in graph.boxes] == [
        ("x",),
        ("3×3 conv, 64", "batch norm", "ReLU"),
        ("3×3 conv, 64", "batch norm"),
        ("identity",),
        ("+",),
        ("ReLU",),
        ("y",),
    ]
    assert graph.arrows == [(0, 1), (1, 2), (0, 3), (2, 4), (3, 4), (4, 5), (5, 6)]
    patches = look.schematic(RESIDUAL, (64, 56, 56)).axes[0].patches
    drawn = {kind: sum(type(patch) is kind for patch in patches) for kind in (FancyBboxPatch, Circle, FancyArrowPatch)}
    assert drawn == {FancyBboxPatch: 5, Circle: 1, FancyArrowPatch: 7}  # "identity" is a word on its arrow


def test_a_further_line_leads_on_from_a_box_with_a_name():
    graph = described(HIGHWAY, (16, 14, 14))
    kinds = [box.text[0] for box in graph.boxes]
    transform, product, other = kinds.index("1 − T"), kinds.index("×"), len(kinds) - 1 - kinds[::-1].index("×")
    gate = graph.sources(transform)[0]
    assert graph.boxes[gate].name == "T"
    assert set(graph.targets(gate)) == {transform, product}
    assert set(graph.sources(other)) == {transform, 0}
    assert set(graph.sources(kinds.index("+"))) == {product, other}


def test_branches_without_a_join_are_concatenated_and_a_split_goes_into_the_same_concatenation():
    graph = described(FIGURE_7, (1280, 8, 8))
    (concat,) = (number for number, box in enumerate(graph.boxes) if box.kind == "concat")
    channels = [graph.boxes[source].shape[0] for source in graph.sources(concat)]
    assert channels == [320, 384, 384, 384, 384, 192]  # Szegedy et al. 2016, figure 7 and table 1
    assert graph.boxes[concat].shape == (2048, 8, 8)


@pytest.mark.parametrize(
    "description", [FIGURE_5, figure_6(128), FIGURE_7, TO_17], ids=["figure 5", "figure 6", "figure 7", "reduction"]
)
def test_shapes_that_follow_from_a_description_are_those_of_the_built_module(description):
    module, seen = Branches(16, description), []
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            layer.register_forward_hook(lambda _layer, _inputs, output: seen.append(tuple(output.shape[1:])))
    whole = tuple(module(torch.zeros(2, 16, 17, 17)).shape[1:])
    graph = described(description, (16, 17, 17))
    assert [box.shape for box in graph.boxes if box.kind in ("convolution", "pooling")] == seen
    assert graph.boxes[-1].shape == whole


def test_lenets_shapes_are_the_papers():
    shapes = [box.shape for box in described(LENET).boxes]
    stages = [(6, 24, 24), (6, 12, 12), (16, 8, 8), (16, 4, 4), (256,), (120,), (84,), (10,), (10,)]
    assert shapes == [(1, 28, 28), *stages]


@pytest.mark.parametrize("name", MODULES)
def test_shapes_on_a_modules_arrows_are_those_of_its_layers(name):
    module, shape = MODULES[name]
    graph = followed(module, shape)
    full = {path.removeprefix("features.").removeprefix("classifier."): path for path, _ in module.named_modules()}
    layers = {}  # the last of each box
    for box in graph.boxes:
        if box.name:
            first, *rest = box.name.split(", ")
            layers[".".join([*full[first].split(".")[:-1], rest[-1]]) if rest else full[first]] = box.shape
    device = next(module.parameters()).device
    with torch.no_grad(), Probe(module.eval(), list(layers)) as probe:
        whole = module(torch.zeros(2, *shape, device=device))
    assert layers
    assert layers == {path: tuple(output.shape[1:]) for path, output in probe.items()}
    assert graph.boxes[-1].shape == tuple(whole.shape[1:])


def test_a_bottleneck_is_drawn_with_the_names_of_its_code():
    graph = followed(Block(32, 8, bottleneck=True), (32, 6, 6))
    assert [box.name for box in graph.boxes] == [
        "",
        "conv1, bn1, relu1",
        "conv2, bn2, relu2",
        "conv3, bn3",
        "shortcut",
        "",
        "relu",
        "",
    ]
    assert arrows(graph) >= {("1×1 conv, 32", "+"), ("identity", "+"), ("input", "identity"), ("+", "ReLU")}


def test_a_projection_takes_the_place_of_the_identity_and_groups_are_told():
    texts = {box.name: box.text for box in followed(Block(8, 16, stride=2), (8, 6, 6)).boxes}
    assert texts["shortcut"] == ("1×1 conv, 16", "stride 2", "batch norm")
    texts = {box.name: box.text for box in followed(Block(32, 8, bottleneck=True, cardinality=4), (32, 6, 6)).boxes}
    assert "4 groups" in texts["conv2, bn2, relu2"]


def test_the_gate_of_a_highway_layer_is_used_twice():
    graph = followed(models.HighwayLayer(8), (8,))
    (gate,) = (number for number, box in enumerate(graph.boxes) if box.name == "transform_gate")
    assert sorted(graph.boxes[target].text[0] for target in graph.targets(gate)) == ["1 − …", "×"]


def test_a_residual_block_written_by_a_student_is_followed():
    class Residual(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(4, 4, 3, padding=1)

        def forward(self, x):
            return (x + 0.5 * self.conv(x).relu()).relu()

    graph = followed(Residual(), (4, 5, 5))
    assert [box.text for box in graph.boxes[1:-1]] == [("3×3 conv, 4", "ReLU"), ("× 0.5",), ("+",), ("ReLU",)]
    assert (0, 3) in graph.arrows


def test_a_large_network_shows_its_blocks_closed_and_a_larger_one_is_refused():
    graph = followed(models.build("resnet20"), (3, 32, 32))
    assert sum(box.text == ("Block",) for box in graph.boxes) == 9
    with pytest.raises(ValueError, match="holds 30 boxes, and this ResNet needs 5.; draw .* with look.architecture"):
        look.schematic(models.blueprint("resnet152"), (3, 224, 224))


def test_frozen_layers_say_so():
    net = models.build("lenet5")
    net.features.requires_grad_(False)
    figure = look.schematic(net, (1, 28, 28))
    assert figure.alt.count("frozen") == 2  # two convolutions; poolings have no parameters
    assert [text.get_text() for text in figure.axes[0].texts].count("❄ frozen") == 2
    dashed = [patch for patch in figure.axes[0].patches if patch.get_linestyle() not in ("-", "solid")]
    assert len(dashed) == 2
    assert "conv1 to conv5, frozen" in look.schematic(TRANSFER, (3, 224, 224)).alt


def test_the_alternative_text_says_the_structure():
    assert look.schematic(("1×1 64", "1×1 96 → 3×3 128", "max 3×3"), (192, 28, 28)).alt == (
        "Schematic: input 192×28×28; branch 1: 1×1 convolution, 64 channels; branch 2: 1×1 convolution, 96 channels, "
        "then 3×3 convolution, 128 channels; branch 3: 3×3 max pooling; concatenation of branches 1, 2 and 3; "
        "output 384×28×28"
    )
    highway = look.schematic(HIGHWAY).alt
    assert "branch 2: T: 3×3 convolution, 16 channels, sigmoid" in highway
    assert "product 1 of branches 1 and 2a" in highway
    assert highway.endswith("sum of product 1 and product 2; output")
    two = look.schematic(
        {"plain": "x → 3×3 8 → y", "residual": "x → (3×3 8 | identity) → + → y"}, (8, 4, 4), title="Two"
    )
    assert two.alt.startswith("Two: plain: x 8×4×4; 3×3 convolution, 8 channels; y 8×4×4. residual: x 8×4×4; branch 1")


@pytest.mark.parametrize("make", graphs())
def test_every_branch_is_named_in_the_alternative_text(make):
    graph = make()
    words = in_words(graph)
    for box in graph.boxes:
        assert (box.text[1] if box.kind == "ellipsis" else box.spoken()) in words
    forks = [len(graph.targets(number)) for number in range(len(graph.boxes))]
    hidden = sum(box.kind == "ellipsis" for box in graph.boxes)
    assert words.count("branch ") >= sum(count for count in forks if count > 1) - hidden


@pytest.mark.parametrize("make", graphs())
def test_nothing_is_drawn_over_anything_else(make):
    graph = make()
    layout = rows(graph) if graph.is_chain else layered(graph)
    places = layout.places
    for first, second in combinations(places.values(), 2):
        apart_x = abs(first.x - second.x) - (first.width + second.width) / 2
        apart_y = abs(first.y - second.y) - (first.height + second.height) / 2
        assert max(apart_x, apart_y) > 4
    for (start, end), course in layout.arrows.items():
        for (x, y), place in ((course[0], places[start]), (course[-1], places[end])):
            beyond = max(abs(x - place.x) - place.width / 2, abs(y - place.y) - place.height / 2)
            assert beyond == pytest.approx(0, abs=0.01)  # on the border
        for (x1, y1), (x2, y2) in pairwise(course):
            assert x1 == pytest.approx(x2) or y1 == pytest.approx(y2)
            for number, place in places.items():
                inside_x = min(x1, x2) < place.x + place.width / 2 - 1 and max(x1, x2) > place.x - place.width / 2 + 1
                inside_y = min(y1, y2) < place.y + place.height / 2 - 1 and max(y1, y2) > place.y - place.height / 2 + 1
                assert not (inside_x and inside_y), (start, end, graph.boxes[number].text)


@pytest.mark.parametrize("name", DESCRIBED)
def test_labels_are_large_enough_inside_the_page_and_apart(name):
    description, shape = DESCRIBED[name]
    figure = look.schematic(description, shape, title=name)
    assert figure.get_figwidth() <= 9  # 900 CSS pixels, a notebook's column
    check_texts(figure)


def test_a_shortcut_leaves_the_line_of_the_block_straight():
    graph = followed(nn.Sequential(Block(8, 8), Block(8, 16, stride=2)), (8, 6, 6))
    layout = layered(graph)
    line = {place.x for number, place in layout.places.items() if "shortcut" not in graph.boxes[number].name}
    assert max(line) - min(line) < 0.01


def test_text_stands_out_from_every_fill():
    def luminance(colour):  # WCAG 2.2
        channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), channels, strict=True))

    for fill in (*FILL.values(), FROZEN):
        assert (luminance(fill) + 0.05) / 0.05 > 7


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ("", "needs a step"),
        ("x", "needs a step"),
        ("x → → y", "a step is missing beside an arrow"),
        ("x → (3×3 8 → y", r"parentheses do not match in 'x → \(3×3 8 → y'"),
        ("x → (3×3 8) → y", r"branches are two or more, as in \(a \| b\), got '\(3×3 8\)'"),
        (("3×3 8",), "branches are two or more"),
        ("x → 3×3 8 → + → y", r"\+ joins two branches or more, got 1"),
        ("x → a: 3×3 8 → a: 1×1 8 → y", "the name 'a' is given twice"),
        ("x → a: 3×3 8 → y\nb → 1×1 8", r"begins at a box that has a name \(x, a\), got 'b'"),
        ("x → a: 3×3 8 → 1×1 8 → a → y", "'a' has its input already"),
        ("x → a: + → b: + → y\nb → a\nx → b", "the arrows lead round in a circle"),
        ("x [64x56] → 3×3 8", r"a shape is written like 64×56×56, got '64x56'"),
        ("x → 3×3 8 → [8×4×4] → y", "a shape follows the step"),
        ("x [3×8×8] → (3×3 8 | 1×1 16) → + → y", r"\+ takes equal shapes, got 8×8×8 and 16×8×8"),
        ("x [3×8×8] → (3×3/2 8 | 1×1 16) → y", "concat takes feature maps of one size, got 8×4×4 and 16×8×8"),
        ("x [3×4×4] → 5×5 8 V → y", "the kernel of '5×5 8 V' is larger than its input, 3×4×4"),
        ("x [3×4×4] → flatten → 3×3 8 → y", "'3×3 8' takes feature maps"),
        ("x → (3×3 8 | identity) → +, relu → y", r"\+ stands alone, got '\+, relu'; write \+ → relu"),
        ({}, "holds at least one"),
    ],
)
def test_a_wrong_description_is_refused_with_what_is_wrong(description, message):
    with pytest.raises(ValueError, match=message):
        look.schematic(description)


def test_what_is_no_description_is_refused():
    with pytest.raises(TypeError, match="a description is a text, a tuple of branches or a list of steps, got 3"):
        look.schematic(3)
    with pytest.raises(ValueError, match="a module needs input_shape"):
        look.schematic(Block(8, 8))
    with pytest.raises(ValueError, match="this Block takes no pictures of 4 channels"):
        look.schematic(Block(8, 8), (4, 6, 6))
