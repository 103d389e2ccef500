"""Inception v4 and Inception-ResNet v2: Szegedy, Ioffe, Vanhoucke and Alemi 2017, arXiv:1602.07261.

Both as the authors published them in code, which timm's checkpoints hold. The paper's figures and that code differ, and
the figures contradict one another:

    figure 3     (stem) has no stride at its last convolution, which must halve height and width as the pooling does
    figure 5     (Inception-B) has 1×7 after 1×7 in its second branch; the code has 1×7, then 7×1
    figure 17    (Inception-ResNet-B) ends in 1154 channels, but its input has 1152 = 384 + 384 + 384
    figure 19    (Inception-ResNet-C) ends in 2048 channels, but its input has 2144 = 1152 + 384 + 288 + 320
    figure 15    repeats the three residual modules 5, 10 and 5 times after v4's stem; the code 10, 20 and 10
                 times, after v3's stem and one module more, with 320, 1088 and 2080 channels
"""

from torch import Tensor, nn

from cnnlab.models.families.blocks import Branches, chain, require_one_of, stack
from cnnlab.models.families.classifier import Classifier, average_classifier

STEM: dict[str, str | tuple[str, ...]] = {
    "conv1": "3×3/2 32 V",
    "conv2": "3×3 32 V",
    "conv3": "3×3 64",
    "mixed3": ("max 3×3/2 V", "3×3/2 96 V"),
    "mixed4": ("1×1 64 → 3×3 96 V", "1×1 64 → 1×7 64 → 7×1 64 → 3×3 96 V"),
    "mixed5": ("3×3/2 192 V", "max 3×3/2 V"),
}
SMALL_STEM: dict[str, str | tuple[str, ...]] = {"conv1": "3×3 64", "conv2": "3×3/2 384"}
INCEPTION_A = ("1×1 96", "1×1 64 → 3×3 96", "1×1 64 → 3×3 96 → 3×3 96", "avg 3×3 → 1×1 96")
REDUCTION_A = ("3×3/2 384 V", "1×1 192 → 3×3 224 → 3×3/2 256 V", "max 3×3/2 V")
INCEPTION_B = (
    "1×1 384",
    "1×1 192 → 1×7 224 → 7×1 256",
    "1×1 192 → 7×1 192 → 1×7 224 → 7×1 224 → 1×7 256",
    "avg 3×3 → 1×1 128",
)
REDUCTION_B = ("1×1 192 → 3×3/2 192 V", "1×1 256 → 1×7 256 → 7×1 320 → 3×3/2 320 V", "max 3×3/2 V")
INCEPTION_C = (
    "1×1 256",
    "1×1 384 → (1×3 256 | 3×1 256)",
    "1×1 384 → 3×1 448 → 1×3 512 → (1×3 256 | 3×1 256)",
    "avg 3×3 → 1×1 256",
)
REPEATS = (4, 7, 3)  # figure 9

RESNET_STEM: dict[str, str | tuple[str, ...]] = {
    "conv1a": "3×3/2 32 V",
    "conv2a": "3×3 32 V",
    "conv2b": "3×3 64",
    "pool3a": "max 3×3/2 V",
    "conv3b": "1×1 80",
    "conv4a": "3×3 192 V",
    "pool5a": "max 3×3/2 V",
}
SMALL_RESNET_STEM: dict[str, str | tuple[str, ...]] = {"conv1a": "3×3 64", "conv2a": "3×3/2 192"}
MIXED_5B = ("1×1 96", "1×1 48 → 5×5 64", "1×1 64 → 3×3 96 → 3×3 96", "avg 3×3 → 1×1 64")
RESNET_A = ("1×1 32", "1×1 32 → 3×3 32", "1×1 32 → 3×3 48 → 3×3 64")
RESNET_REDUCTION_A = ("3×3/2 384 V", "1×1 256 → 3×3 256 → 3×3/2 384 V", "max 3×3/2 V")
RESNET_B = ("1×1 192", "1×1 128 → 1×7 160 → 7×1 192")
RESNET_REDUCTION_B = (
    "1×1 256 → 3×3/2 384 V",
    "1×1 256 → 3×3/2 288 V",
    "1×1 256 → 3×3 288 → 3×3/2 320 V",
    "max 3×3/2 V",
)
RESNET_C = ("1×1 192", "1×1 192 → 1×3 224 → 3×1 256")
RESNET_REPEATS = (10, 20, 10)
SCALES = (0.17, 0.10, 0.20)  # of the residuals; section 3.3: 0.1 to 0.3 keeps the training stable
SMALLEST = {"imagenet": 75, "small": 13}


class InceptionV4(Classifier):
    """Inception v4 (figure 9): the stem, 4 modules A, 7 B and 3 C, with a reduction between.

    ``width`` multiplies every number of channels, ``repeats`` sets the number of modules of each kind, and
    ``stem="small"`` halves height and width once, for pictures of 28 to 64 pixels.

    Shape: (N, in_channels, H, W) -> (N, num_classes), for pictures of 75 pixels a side or more; the paper's have 299.

    >>> net = InceptionV4(num_classes=10, width=0.25, repeats=(1, 1, 1), stem="small")
    >>> net(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        *,
        num_classes: int = 1000,
        in_channels: int = 3,
        dropout: float = 0.2,  # the paper keeps 0.8 of the units
        width: float = 1.0,
        repeats: tuple[int, int, int] = REPEATS,
        stem: str = "imagenet",
    ) -> None:
        require_one_of("stem", stem, ("imagenet", "small"))
        super().__init__(in_channels=in_channels, smallest=SMALLEST[stem])
        layers = dict(STEM if stem == "imagenet" else SMALL_STEM)
        modules = (("a", INCEPTION_A), ("b", INCEPTION_B), ("c", INCEPTION_C))
        for (kind, module), times in zip(modules, repeats, strict=True):
            layers |= {f"inception_{kind}{number}": module for number in range(1, times + 1)}
            if kind != "c":
                layers[f"reduction_{kind}"] = REDUCTION_A if kind == "a" else REDUCTION_B
        self.features, channels = stack(in_channels, layers, width=width, count_padding=False)
        self.classifier = average_classifier(channels, num_classes, dropout=dropout)


class Residual(nn.Module):
    """A residual inception module: x + scale · (1×1 without activation of the branches), then ReLU.

    Shape: (N, channels, H, W) -> the same.

    >>> Residual(320, RESNET_A, scaling=0.17)(torch.zeros(1, 320, 35, 35)).shape
    torch.Size([1, 320, 35, 35])
    """

    def __init__(
        self, channels: int, branches: tuple[str, ...], *, scaling: float, relu: bool = True, width: float = 1.0
    ) -> None:
        super().__init__()
        self.scaling = scaling
        self.branches = Branches(channels, branches, width=width)
        self.linear = nn.Conv2d(self.branches.out_channels, channels, 1)
        self.relu = nn.ReLU() if relu else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """The module's output."""
        return self.relu(x + self.scaling * self.linear(self.branches(x)))


class InceptionResNetV2(Classifier):
    """Inception-ResNet v2: residual modules A, B and C with a reduction between.

    The last module C has no ReLU, as in the published code. ``width``, ``repeats`` and ``stem`` as in ``InceptionV4``.

    Shape: (N, in_channels, H, W) -> (N, num_classes), for pictures of 75 pixels a side or more; the published have 299.

    >>> net = InceptionResNetV2(num_classes=10, width=0.25, repeats=(1, 1, 1), stem="small")
    >>> net(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        *,
        num_classes: int = 1000,
        in_channels: int = 3,
        dropout: float = 0.2,
        width: float = 1.0,
        repeats: tuple[int, int, int] = RESNET_REPEATS,
        stem: str = "imagenet",
    ) -> None:
        require_one_of("stem", stem, ("imagenet", "small"))
        super().__init__(in_channels=in_channels, smallest=SMALLEST[stem])
        layers = {**(RESNET_STEM if stem == "imagenet" else SMALL_RESNET_STEM), "mixed5b": MIXED_5B}
        self.features, channels = stack(in_channels, layers, width=width, count_padding=False)
        stages = (("a", RESNET_A, RESNET_REDUCTION_A), ("b", RESNET_B, RESNET_REDUCTION_B), ("c", RESNET_C, None))
        for (kind, module, reduction), scaling, times in zip(stages, SCALES, repeats, strict=True):
            for number in range(1, times + 1):
                last = kind == "c" and number == times
                self.features.add_module(
                    f"inception_resnet_{kind}{number}",
                    Residual(channels, module, scaling=1.0 if last else scaling, relu=not last, width=width),
                )
            if reduction:
                reduced = Branches(channels, reduction, width=width)
                self.features.add_module(f"reduction_{kind}", reduced)
                channels = reduced.out_channels
        last_conv, channels = chain(channels, "1×1 1536", width=width)
        self.features.add_module("conv7b", last_conv)
        self.classifier = average_classifier(channels, num_classes, dropout=dropout)
