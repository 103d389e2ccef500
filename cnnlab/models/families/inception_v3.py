"""Inception v3: Szegedy, Vanhoucke, Ioffe et al. 2016, *Rethinking the inception architecture*, arXiv:1512.00567.

The network that the authors published as code and torchvision's checkpoint holds; its layers carry the names of that
code. The table that the paper prints is ``inception_v2.py``, which lists the differences.

    layers               output (H×W×C)
    input                299×299×3
    conv 1a, 2a, 2b      147×147×64
    pool1, conv 3b, 4a     71×71×192
    pool2                  35×35×192
    mixed 5b, 5c, 5d       35×35×256, 288, 288
    mixed 6a               17×17×768    reduction
    mixed 6b … 6e          17×17×768
    mixed 7a                8×8×1280    reduction
    mixed 7b, 7c            8×8×2048
"""

from cnnlab.models.families.inception_v2 import FIGURE_7, Rethought, figure_6


def mixed5(projection: int) -> tuple[str, ...]:
    """A module of the 35×35 grid: its 5×5 stays whole, unlike figure 5's.

    >>> mixed5(32)[3]
    'avg 3×3 → 1×1 32'
    """
    return ("1×1 64", "1×1 48 → 5×5 64", "1×1 64 → 3×3 96 → 3×3 96", f"avg 3×3 → 1×1 {projection}")


STEM = {
    "conv1a": "3×3/2 32 V",
    "conv2a": "3×3 32 V",
    "conv2b": "3×3 64",
    "pool1": "max 3×3/2 V",
    "conv3b": "1×1 80",
    "conv4a": "3×3 192 V",
    "pool2": "max 3×3/2 V",
}
SMALL_STEM = {"conv1a": "3×3 64", "conv2a": "3×3/2 192"}
TABLE: dict[str, str | tuple[str, ...]] = {
    "mixed5b": mixed5(32),
    "mixed5c": mixed5(64),
    "mixed5d": mixed5(64),
    "mixed6a": ("3×3/2 384 V", "1×1 64 → 3×3 96 → 3×3/2 96 V", "max 3×3/2 V"),
    "mixed6b": figure_6(128),
    "mixed6c": figure_6(160),
    "mixed6d": figure_6(160),
    "mixed6e": figure_6(192),
    "mixed7a": ("1×1 192 → 3×3/2 320 V", "1×1 192 → 1×7 192 → 7×1 192 → 3×3/2 192 V", "max 3×3/2 V"),
    "mixed7b": FIGURE_7,
    "mixed7c": FIGURE_7,
}


class InceptionV3(Rethought):
    """Inception v3 as published in code, and as torchvision's checkpoint has it.

    The checkpoint was trained on pixels scaled to −1 … 1, and ours takes such pictures; torchvision's network takes
    pictures that were normalised otherwise, and scales them back (``transform_input``).

    >>> net = InceptionV3(num_classes=10, width=0.25, stem="small")
    >>> net(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    stems, table, auxiliary_after = {"imagenet": STEM, "small": SMALL_STEM}, TABLE, "mixed6e"
