"""The published numbers are those of their sources: torchvision's metadata, the seeds' tables, the papers' errors."""

import math

import pytest
import torchvision

from cnnlab.models import MODELS, catalogue, ilsvrc, published
from cnnlab.models.published import TORCHVISION
from cnnlab.models.weights.loading import PUBLISHED


def rows(name: str, source: str):
    table = published()
    return table[(table.index == name) & table.source.str.contains(source, regex=False)]


@pytest.mark.parametrize("name", PUBLISHED)
def test_torchvisions_rows_are_what_its_checkpoints_say_of_themselves(name):
    meta = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].meta
    accuracy = meta["_metrics"]["ImageNet-1K"]
    (row,) = rows(name, TORCHVISION).itertuples()
    assert (row.top1, row.top5) == (accuracy["acc@1"], accuracy["acc@5"])
    assert (row.parameters, row.multiply_adds / 1e9) == (meta["num_params"], pytest.approx(meta["_ops"], abs=1e-9))


def test_nothing_else_claims_to_be_torchvisions():
    assert set(published().query("source == @TORCHVISION").index) == set(PUBLISHED)


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


@pytest.mark.parametrize(("name", "source"), ERRORS)
def test_a_papers_row_is_a_hundred_minus_the_error_that_it_prints(name, source):
    (row,) = rows(name, source).itertuples()
    for accuracy, error in zip((row.top1, row.top5), ERRORS[name, source], strict=True):
        assert math.isnan(accuracy) if error is None else accuracy == pytest.approx(100 - error)


def test_every_row_is_checked_above():
    table = published()
    papers = table[table.source != TORCHVISION]
    assert sorted(papers.index) == sorted(name for name, _ in ERRORS)
    assert table.groupby(level=0).size().max() == 2
    assert list(dict.fromkeys(table.index)) == [name for name in MODELS if name in table.index]


def test_the_counts_that_papers_print_are_near_ours():
    ours = catalogue()
    table = published().query("source != @TORCHVISION")
    for name, row in table.iterrows():
        assert row.year == ours.year[name]
        if row.parameters == row.parameters:
            assert row.parameters == pytest.approx(ours.parameters[name], rel=0.011)  # a million, or two digits
        if row.multiply_adds == row.multiply_adds and name not in ("inception_v2", "inception_v3"):
            assert row.multiply_adds == pytest.approx(ours.multiply_adds[name], rel=0.06)


def test_the_inceptions_cost_more_than_their_paper_prints():
    """4.8·10⁹ in table 3, "5 billion" in the abstract: the layers of table 1 and of the published code need more."""
    ours, table = catalogue().multiply_adds, published()
    printed = table[table.source.str.contains("Szegedy et al. 2016")].multiply_adds
    for name in ("inception_v2", "inception_v3"):
        assert printed[name] == 4.8e9
        assert ours[name] > 5.6e9  # torchvision counts 5.7·10⁹ for v3 too


def test_every_network_has_accuracies_in_percent_or_gaps():
    table = published()
    assert table.top1.dropna().between(50, 85).all()
    assert (table.top5 > table.top1)[table.top1.notna() & table.top5.notna()].all()
    assert table[["top1", "top5"]].notna().any(axis=1).all()


def test_gaps_can_be_filled_with_our_own_counts():
    table = published()
    filled = table.fillna(catalogue().loc[table.index])
    assert filled[["parameters", "multiply_adds"]].notna().all().all()
    assert filled.multiply_adds["vgg16"].iloc[0] == 15_470_264_320
    assert filled.parameters["vgg16"].iloc[0] == 138e6


def test_the_challenges_winners_are_the_lectures():
    table = ilsvrc()
    assert dict(zip(table.network, table.top5_error, strict=True)) == {
        "AlexNet": 16.4,
        "Clarifai": 11.7,
        "VGG": 7.32,
        "GoogLeNet": 6.67,
        "ResNet": 3.57,
        "–": 5.1,
    }
    assert table.index.tolist() == [2012, 2013, 2014, 2014, 2015, 2014]
    assert table.team.iloc[-1] == "a trained human"
