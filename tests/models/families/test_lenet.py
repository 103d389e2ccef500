import pytest
import torch

from cnnlab import models


def test_a_picture_too_small_for_two_stages_is_refused_and_the_smallest_is_not():
    net = models.build("lenet5", input_size=(16, 16))
    assert net(torch.zeros(1, 1, 16, 16)).shape == (1, 10)
    with pytest.raises(ValueError, match="at least 16×16 pixels: .* leave nothing of 15×40; enlarge"):
        models.build("lenet5", input_size=(15, 40))


@pytest.mark.parametrize("shape", [(2, 3, 28, 28), (2, 1, 32, 32), (1, 28, 28)])
def test_a_batch_of_another_shape_is_named_with_the_right_one(shape):
    with pytest.raises(ValueError, match=r"takes pictures of shape \(N, 1, 28, 28\), got"):
        models.build("lenet5")(torch.zeros(shape))


def test_stage_one_of_the_landmark_project_fits():
    net = models.build("lenet5", in_channels=3, input_size=(128, 128), num_classes=1000)
    assert net(torch.zeros(2, 3, 128, 128)).shape == (2, 1000)
    assert net.classifier.fc1.in_features == 16 * 29 * 29  # (128 − 4) / 2 = 62, (62 − 4) / 2 = 29


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("lenet", {}, "no network is called 'lenet'; did you mean lenet5"),
        ("lenet5", {"classes": 3}, "lenet5 takes no option 'classes'; it takes num_classes, in_channels, input_size"),
    ],
)
def test_wrong_names_and_options_say_the_right_ones(name, options, message):
    with pytest.raises(ValueError, match=message):
        models.build(name, **options)
