"""What papers and torchvision print about their networks, and who won ILSVRC: numbers to compare ours with.

Every number is printed in its source; what a source does not print is NaN. An accuracy is that on ImageNet's validation
set from one view of a picture; errors are converted (100 − error). The views differ from source to source, and change
the accuracies by more than the networks do:

    VGG, table 3            one scale (shorter side 256), the whole picture, evaluated densely, and its mirror image
    ResNet's authors        the centre crop of 224 pixels; the paper itself has ten crops
    Inception v2 to v4      the centre crop of 299 pixels of 48,238 pictures, without 1,762 blacklisted ones
    torchvision             the centre crop of 224 pixels, 299 for Inception v3; its first checkpoints
"""

from typing import NamedTuple

import pandas as pd

NAN = float("nan")
TORCHVISION = "torchvision's checkpoint documentation"
VGG = "Simonyan and Zisserman 2015, tables 2 and 3 (dense, one scale of 256)"
RESNET = "He et al. 2016, table 1; accuracy: the authors' page of their models"
RETHINKING = "Szegedy et al. 2016, table 3"
INCEPTION_V4 = "Szegedy et al. 2017, table of single crops and single models"


class Row(NamedTuple):
    """What one source says about one network."""

    name: str
    year: int  # of the network
    source: str
    parameters: float  # at 1000 classes
    multiply_adds: float  # for one picture
    top1: float  # %
    top5: float  # %


ROWS = (
    Row("alexnet", 2012, TORCHVISION, 61_100_840, 0.714e9, 56.522, 79.066),
    Row("vgg11", 2014, VGG, 133e6, NAN, 70.4, 89.6),
    Row("vgg11", 2014, TORCHVISION, 132_863_336, 7.609e9, 69.02, 88.628),
    Row("vgg11_lrn", 2014, VGG, 133e6, NAN, 70.3, 89.5),
    Row("vgg13", 2014, VGG, 133e6, NAN, 71.3, 90.1),
    Row("vgg13", 2014, TORCHVISION, 133_047_848, 11.308e9, 69.928, 89.246),
    Row("vgg16_c", 2014, VGG, 134e6, NAN, 71.9, 90.6),
    Row("vgg16", 2014, VGG, 138e6, NAN, 73.0, 91.2),
    Row("vgg16", 2014, TORCHVISION, 138_357_544, 15.47e9, 71.592, 90.382),
    Row("vgg19", 2014, VGG, 144e6, NAN, 72.7, 91.0),
    Row("vgg19", 2014, TORCHVISION, 143_667_240, 19.632e9, 72.376, 90.876),
    Row("googlenet", 2014, "Szegedy et al. 2015, sections 1 and 7, table 3", NAN, 1.5e9, NAN, 89.93),
    Row("googlenet", 2014, TORCHVISION, 6_624_904, 1.498e9, 69.778, 89.53),
    Row("inception_v2", 2015, f"{RETHINKING}, line 'factorized 7×7'", NAN, 4.8e9, 78.4, 94.2),
    Row("inception_v3", 2015, f"{RETHINKING}, last line", NAN, 4.8e9, 78.8, 94.4),
    Row("inception_v3", 2015, TORCHVISION, 27_161_264, 5.713e9, 77.294, 93.45),
    Row("inception_v4", 2016, INCEPTION_V4, NAN, NAN, 80.0, 95.0),
    Row("inception_resnet_v2", 2016, INCEPTION_V4, NAN, NAN, 80.1, 95.1),
    Row("resnet18", 2015, TORCHVISION, 11_689_512, 1.814e9, 69.758, 89.078),
    Row("resnet34", 2015, TORCHVISION, 21_797_672, 3.664e9, 73.314, 91.42),
    Row("resnet50", 2015, RESNET, NAN, 3.8e9, 75.3, 92.2),
    Row("resnet50", 2015, TORCHVISION, 25_557_032, 4.089e9, 76.13, 92.862),
    Row("resnet101", 2015, RESNET, NAN, 7.6e9, 76.4, 92.9),
    Row("resnet101", 2015, TORCHVISION, 44_549_160, 7.801e9, 77.374, 93.546),
    Row("resnet152", 2015, RESNET, NAN, 11.3e9, 77.0, 93.3),
    Row("resnet152", 2015, TORCHVISION, 60_192_808, 11.514e9, 78.312, 94.046),
    Row("resnext50_32x4d", 2016, "Xie et al. 2017, tables 1 and 3", 25.0e6, 4.2e9, 77.8, NAN),
    Row("resnext50_32x4d", 2016, TORCHVISION, 25_028_904, 4.23e9, 77.618, 93.698),
    Row("resnext101_32x8d", 2016, TORCHVISION, 88_791_336, 16.414e9, 79.312, 94.526),
    # its table 9 prints 5.79 % for the 6.03 % of top-5 errors in table 8
    Row("wide_resnet50_2", 2016, "Zagoruyko and Komodakis 2016, table 8", 68.9e6, NAN, 78.1, 93.97),
    Row("wide_resnet50_2", 2016, TORCHVISION, 68_883_240, 11.398e9, 78.468, 94.086),
    Row("efficientnet_lite0", 2020, "the authors' page of EfficientNet-lite", 4.7e6, 0.407e9, 75.1, NAN),
)


class Submission(NamedTuple):
    """A line of the challenge's table."""

    year: int
    place: str
    team: str
    network: str
    top5_error: float  # %


ILSVRC = (
    Submission(2012, "–", "SuperVision (Toronto)", "AlexNet", 16.4),
    Submission(2013, "–", "Clarifai (New York)", "Clarifai", 11.7),
    Submission(2014, "2nd", "VGG (Oxford)", "VGG", 7.32),
    Submission(2014, "1st", "GoogLeNet (Google)", "GoogLeNet", 6.67),
    Submission(2015, "1st", "MSRA (Microsoft)", "ResNet", 3.57),
    Submission(2014, "–", "a trained human", "–", 5.1),
)


def published() -> pd.DataFrame:
    """Published ImageNet accuracies of the zoo's networks, a row a network and source, by name.

    Columns: ``year``, ``source``, ``parameters`` and ``multiply_adds`` (of one picture) as the source prints them, and
    ``top1`` and ``top5``, in percent, from one view of a picture. NaN: the source does not say. A network whose paper
    and torchvision both publish an accuracy has two rows, the paper's first.

    >>> table = published()
    >>> table.loc["vgg16", ["parameters", "multiply_adds", "top1"]]
            parameters  multiply_adds    top1
    name
    vgg16  138000000.0            NaN  73.000
    vgg16  138357544.0   1.547000e+10  71.592
    """
    return pd.DataFrame(ROWS, columns=list(Row._fields)).set_index("name")


def ilsvrc() -> pd.DataFrame:
    """ImageNet's challenge in classification, 2012 to 2015: top-5 errors on the test set in percent, by year.

    Every row is a team's submission without external data: an ensemble of several networks, and many crops.
    SuperVision and Clarifai won with other submissions, also trained on ImageNet's 22,000 classes: 15.3 % and 11.2 %.
    The human of the last row is A. Karpathy, on 1,500 pictures (Russakovsky et al. 2015, section 6.4).

    >>> ilsvrc()[["network", "top5_error"]].tail(3)
            network  top5_error
    year
    2014  GoogLeNet        6.67
    2015     ResNet        3.57
    2014          –        5.10
    """
    return pd.DataFrame(ILSVRC, columns=list(Submission._fields)).set_index("year")
