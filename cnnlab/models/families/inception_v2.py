"""Inception v2: Szegedy, Vanhoucke, Ioffe et al. 2016, *Rethinking the inception architecture*, arXiv:1512.00567.

Table 1 of the paper (the lecture's "Inception v2/v3"): three modules of figure 5, five of figure 6, two of figure 7.

    type           patch / stride   input size (H×W×C)
    conv           3×3/2            299×299×3
    conv           3×3/1            149×149×32
    conv padded    3×3/1            147×147×32
    pool           3×3/2            147×147×64
    conv           3×3/1             73×73×64
    conv           3×3/2             71×71×80
    conv           3×3/1             35×35×192     padded too, or figure 5 would not get its 35×35
    3 × figure 5                     35×35×288
    5 × figure 6                     17×17×768
    2 × figure 7                      8×8×1280
    pool           8×8                8×8×2048
    linear                            1×1×2048

The table leaves two things open. Where height and width are halved between the figures, ours has a module of its own,
after figure 10. And the paper's widths inside the modules are in a file that was never printed: ours are those of
Inception v3 (``inception_v3.py``), whose code the same authors published; every module then has the table's output.

``inception_v3`` differs in the stem (a 1×1 for the first 3×3 after the pooling, no third convolution, a second
pooling), in 5×5 convolutions that stay whole, in four modules for five of 7×1 and 1×7, and in both reductions.
"""

from typing import ClassVar

from torch import Tensor, nn

from cnnlab.models.families.auxiliary import AuxiliaryClassifier
from cnnlab.models.families.blocks import chain, require_one_of, stack
from cnnlab.models.families.classifier import average_classifier

FIGURE_5 = (  # each 5×5 as two 3×3
    "1×1 64",
    "1×1 48 → 3×3 64",
    "1×1 64 → 3×3 96 → 3×3 96",
    "avg 3×3 → 1×1 64",
)
FIGURE_7 = (  # wide, at the lowest resolution
    "1×1 320",
    "1×1 384 → (1×3 384 | 3×1 384)",
    "1×1 448 → 3×3 384 → (1×3 384 | 3×1 384)",
    "avg 3×3 → 1×1 192",
)
TO_17 = ("1×1 64 → 3×3/2 384 V", "1×1 64 → 3×3 96 → 3×3/2 96 V", "max 3×3/2 V")  # figure 10: 288 + 480 = 768 channels
TO_8 = ("1×1 192 → 3×3/2 320 V", "1×1 192 → 3×3 192 → 3×3/2 192 V", "max 3×3/2 V")  # 768 + 512 = 1280


def figure_6(inner: int) -> tuple[str, ...]:
    """The module of figure 6: every n×n (n = 7) as n×1 and 1×n; 768 channels.

    >>> figure_6(128)[1]
    '1×1 128 → 1×7 128 → 7×1 192'
    """
    return (
        "1×1 192",
        f"1×1 {inner} → 1×7 {inner} → 7×1 192",
        f"1×1 {inner} → 7×1 {inner} → 1×7 {inner} → 7×1 {inner} → 1×7 192",
        "avg 3×3 → 1×1 192",
    )


STEM = {
    "conv1": "3×3/2 32 V",
    "conv2": "3×3 32 V",
    "conv3": "3×3 64",
    "pool3": "max 3×3/2 V",
    "conv4": "3×3 80 V",
    "conv5": "3×3/2 192 V",
    "conv6": "3×3 288",
}
SMALL_STEM = {"conv1": "3×3 64", "conv2": "3×3/2 288"}
TABLE: dict[str, str | tuple[str, ...]] = {
    "figure5a": FIGURE_5,
    "figure5b": FIGURE_5,
    "figure5c": FIGURE_5,
    "to17": TO_17,
    "figure6a": figure_6(128),
    "figure6b": figure_6(160),
    "figure6c": figure_6(160),
    "figure6d": figure_6(160),
    "figure6e": figure_6(192),
    "to8": TO_8,
    "figure7a": FIGURE_7,
    "figure7b": FIGURE_7,
}
SMALLEST = {"imagenet": 75, "small": 13}  # pixels a side that the last reduction needs


class Rethought(AuxiliaryClassifier):
    """What v2 and v3 share: a stem and modules in the notation of ``blocks``, and a classifier over their average.

    ``auxiliary=True`` adds a classifier after the last module of figure 6 (section 4); while it trains, the network
    then returns ``Outputs``. ``width`` multiplies every number of channels; ``stem="small"`` halves height and width
    once, for pictures of 28 to 64 pixels.

    Shape: (N, in_channels, H, W) -> (N, num_classes), for pictures of 75 pixels a side or more; the table's have 299.
    """

    stems: ClassVar[dict[str, dict[str, str]]]
    table: ClassVar[dict[str, str | tuple[str, ...]]]
    auxiliary_after: ClassVar[str]

    def __init__(
        self,
        *,
        num_classes: int = 1000,
        in_channels: int = 3,
        auxiliary: bool = False,
        dropout: float = 0.5,
        width: float = 1.0,
        stem: str = "imagenet",
    ) -> None:
        require_one_of("stem", stem, self.stems)
        super().__init__(in_channels=in_channels, smallest=SMALLEST[stem])
        self.features, channels = stack(in_channels, {**self.stems[stem], **self.table}, width=width)
        self.classifier = average_classifier(channels, num_classes, dropout=dropout)
        if auxiliary:
            after = getattr(self.features, self.auxiliary_after)
            self.auxiliary = AuxiliaryHead(after.out_channels, num_classes, width=width)

    def heads(self) -> dict[str, nn.Module]:
        """The auxiliary classifier, if there is one."""
        return {self.auxiliary_after: self.auxiliary} if hasattr(self, "auxiliary") else {}


class AuxiliaryHead(nn.Module):
    """The auxiliary classifier over the last 17×17 feature maps (figure 8): pooled to 5×5, then a 5×5 convolution.

    Shape: (N, in_channels, 17, 17) -> (N, num_classes).
    """

    def __init__(self, in_channels: int, num_classes: int, *, width: float = 1.0) -> None:
        super().__init__()
        self.convs, channels = chain(in_channels, "avg 5×5/3 V → 1×1 128 → 5×5 768 V", width=width)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits from inner feature maps."""
        if min(x.shape[2:]) < 17:
            raise ValueError(
                f"the auxiliary classifier needs feature maps of at least 17×17 (pictures of 299 pixels), got "
                f"{x.shape[2]}×{x.shape[3]}; enlarge the pictures, or build it with auxiliary=False"
            )
        return self.fc(self.pool(self.convs(x)).flatten(1))


class InceptionV2(Rethought):
    """Inception v2 as the table prints it.

    >>> net = InceptionV2(num_classes=10, width=0.25, stem="small")
    >>> net(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    stems, table, auxiliary_after = {"imagenet": STEM, "small": SMALL_STEM}, TABLE, "figure6e"
