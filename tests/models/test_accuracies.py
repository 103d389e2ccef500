"""The published numbers are those of their sources: torchvision's metadata and the papers' errors."""

import math

import pytest
import torchvision

from cnnlab.models import MODELS, published
from cnnlab.models.published import TORCHVISION

TABLE = published()
ERRORS = {  # top-1 and top-5 errors in percent as the papers' tables print them
    ("vgg11", "Simonyan"): (29.6, 10.4),
    ("vgg11_lrn", "Simonyan"): (29.7, 10.5),
    ("vgg13", "Simonyan"): (28.7, 9.9),
    ("vgg16_c", "Simonyan"): (28.1, 9.4),
    ("vgg16", "Simonyan"): (27.0, 8.8),
    ("vgg19", "Simonyan"): (27.3, 9.0),
    ("googlenet", "Szegedy et al. 2015"): (None, 10.07),
    ("inception_v2", "Szegedy et al. 2016"): (21.6, 5.8),
    ("inception_v3", "Szegedy et al. 2016"): (21.2, 5.6),
    ("inception_v4", "Szegedy et al. 2017"): (20.0, 5.0),
    ("inception_resnet_v2", "Szegedy et al. 2017"): (19.9, 4.9),
    ("resnet50", "He et al."): (24.7, 7.8),
    ("resnet101", "He et al."): (23.6, 7.1),
    ("resnet152", "He et al."): (23.0, 6.7),
    ("resnext50_32x4d", "Xie et al."): (22.2, None),
    ("wide_resnet50_2", "Zagoruyko"): (21.9, 6.03),
    ("efficientnet_lite0", "authors"): (24.9, None),
}


@pytest.mark.parametrize("row", list(TABLE[TABLE.source == TORCHVISION].itertuples()), ids=lambda row: row.Index)
def test_torchvisions_rows_are_what_its_checkpoints_say_of_themselves(row):
    meta = torchvision.models.get_model_weights(row.Index)["IMAGENET1K_V1"].meta
    accuracy = meta["_metrics"]["ImageNet-1K"]
    assert (row.top1, row.top5) == (accuracy["acc@1"], accuracy["acc@5"])
    assert (row.parameters, row.multiply_adds / 1e9) == (meta["num_params"], pytest.approx(meta["_ops"], abs=1e-9))


@pytest.mark.parametrize(("name", "source"), ERRORS)
def test_a_papers_row_is_a_hundred_minus_the_error_that_it_prints(name, source):
    (row,) = TABLE[(TABLE.index == name) & TABLE.source.str.contains(source, regex=False)].itertuples()
    for accuracy, error in zip((row.top1, row.top5), ERRORS[name, source], strict=True):
        assert math.isnan(accuracy) if error is None else accuracy == pytest.approx(100 - error)


def test_every_row_is_checked_above_and_in_the_order_of_the_zoo():
    assert sorted(TABLE[TABLE.source != TORCHVISION].index) == sorted(name for name, _ in ERRORS)
    assert list(dict.fromkeys(TABLE.index)) == [name for name in MODELS if name in TABLE.index]


def test_the_counts_that_papers_print_are_near_ours(zoo):
    for name, row in TABLE[TABLE.source != TORCHVISION].iterrows():
        assert row.year == zoo.year[name]
        if not math.isnan(row.parameters):
            assert row.parameters == pytest.approx(zoo.parameters[name], rel=0.011)  # a million, or two digits
        if name in ("inception_v2", "inception_v3"):  # their paper prints 4.8·10⁹, "5 billion" in the abstract
            assert zoo.multiply_adds[name] > 5.6e9  # torchvision counts 5.7·10⁹ for v3 too
        elif not math.isnan(row.multiply_adds):
            assert row.multiply_adds == pytest.approx(zoo.multiply_adds[name], rel=0.06)
