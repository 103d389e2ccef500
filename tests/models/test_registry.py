"""The names that the course promises, and what an entry says of its network."""

import pytest

from cnnlab.models import MODELS, small
from cnnlab.models.registry import entry

DESIGNED = """
lenet5 alexnet vgg11 vgg11_lrn vgg13 vgg16_c vgg16 vgg19 nin googlenet inception_v2 inception_v3 inception_v4
inception_resnet_v2 resnet18 resnet34 resnet50 resnet101 resnet152 resnext50_32x4d resnext101_32x8d wide_resnet50_2
highway landmark_cnn face_baseline tronnet resnet20 plain20 resnext29_8x64d wide_resnet16_2 airbench94
efficientnet_lite0
"""


def test_every_name_of_the_course_is_there():
    assert set(DESIGNED.split()) <= set(MODELS)


def test_an_entry_builds_its_network_and_names_the_options_that_are_left():
    assert MODELS["resnext50_32x4d"](num_classes=3).classifier.fc.out_features == 3
    assert not {"depth", "cardinality", "base_width", "stride_in"} & set(MODELS["resnext50_32x4d"].defaults())
    assert MODELS["vgg16"].defaults()["input_size"] == (224, 224)


def test_an_unknown_name_lists_the_near_ones():
    for look_up in (entry, small):
        with pytest.raises(ValueError, match="no network is called 'vg16'; did you mean vgg16"):
            look_up("vg16")
