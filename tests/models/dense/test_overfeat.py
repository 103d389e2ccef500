"""OverFeat's dense evaluation: every offset of the last pooling against crops shifted by as much, and table 5."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from cnnlab import models
from cnnlab.models import AtScale, OverFeat, at_scales, convolutionize, voted
from cnnlab.models.dense.overfeat import SIDES

TABLE_5 = {  # pictures -> unpooled maps of layer 5, answers
    (245, 245): ((17, 17), (3, 3)),
    (281, 317): ((20, 23), (6, 9)),
    (317, 389): ((23, 29), (9, 15)),
    (389, 461): ((29, 35), (15, 21)),
    (425, 497): ((32, 38), (18, 24)),
    (461, 569): ((35, 44), (21, 30)),
}


def pictures(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def accurate(padding: int = 1, channels: int = 4) -> nn.Module:
    """The geometry of table 3, with few channels: 221 pixels leave 5×5 positions after a pooling of 3×3, stride 3."""
    convs = (nn.Conv2d(channels, channels, 3, padding=padding) for _ in range(4))
    return nn.Sequential(
        *(nn.Conv2d(3, channels, 7, stride=2), nn.ReLU(), nn.MaxPool2d(3)),
        *(nn.Conv2d(channels, channels, 7), nn.ReLU(), nn.MaxPool2d(2)),
        *(layer for conv in convs for layer in (conv, nn.ReLU())),
        *(nn.MaxPool2d(3), nn.Flatten(), nn.Dropout(), nn.Linear(channels * 25, 8), nn.ReLU(), nn.Linear(8, 4)),
    )


def assert_equals_shifted_crops(model: nn.Module, fine: OverFeat, x: Tensor) -> None:
    """Every answer that has a whole window in the picture."""
    (height, width), (down, right) = fine.input_size, fine.stride
    compared = 0
    with torch.no_grad():
        maps = fine(x)
        for row in range(maps.shape[2]):
            for column in range(maps.shape[3]):
                crop = x[:, :, row * down : row * down + height, column * right : column * right + width]
                if crop.shape[2:] == fine.input_size:
                    torch.testing.assert_close(maps[:, :, row, column], model(crop), atol=1e-5, rtol=0)
                    compared += 1
    assert compared >= 0.6 * maps.shape[2] * maps.shape[3]


@pytest.mark.parametrize(
    ("pool", "values"),
    [
        (nn.MaxPool2d(3), 9),
        (nn.MaxPool2d(3, stride=2), 16),
        (nn.AvgPool2d((2, 3)), 15),
        (nn.MaxPool2d(2, (1, 2)), 45),
    ],
)
def test_every_answer_equals_that_of_the_shifted_crop(pool, values):
    features = nn.Conv2d(3, 4, 5, stride=2), nn.ReLU(inplace=True), nn.Conv2d(4, 6, 2), nn.ReLU()
    layers = nn.Dropout(), nn.Flatten(), nn.Linear(6 * values, 8), nn.ReLU(), nn.Linear(8, 3)
    model = nn.Sequential(*features, pool, *layers).eval()
    fine = OverFeat(model, (26, 26))  # 10×10 positions before the pooling
    assert fine.stride == (2, 2)
    assert fine(pictures(1, 3, 26, 26)).shape == (1, 3, 1, 1)
    assert_equals_shifted_crops(model, fine, pictures(2, 3, 44, 35))


def test_lenets_grid_becomes_twice_as_fine():
    model = models.build("lenet5").eval()
    coarse, fine = convolutionize(model, (28, 28)), OverFeat(model, (28, 28))
    assert (coarse.stride, fine.stride, fine.offsets) == ((4, 4), (2, 2), (2, 2))
    x = pictures(2, 1, 45, 38)
    assert_equals_shifted_crops(model, fine, x)
    with torch.no_grad():
        torch.testing.assert_close(fine(x)[:, :, ::2, ::2], coarse(x))


def test_all_offsets_of_the_papers_geometry():
    model = models.initialise(accurate(padding=0)).eval()
    fine = OverFeat(model, (317, 317))
    assert (fine.stride, fine.offsets) == ((12, 12), (3, 3))
    assert_equals_shifted_crops(model, fine, pictures(1, 3, 317 + 48, 317 + 36))


@pytest.mark.parametrize("size", TABLE_5)
def test_the_maps_have_the_sizes_of_table_5(size):
    with torch.device("meta"):
        fine = OverFeat(accurate(), (221, 221))
        x = torch.empty(1, 3, *size)
    features, answers = TABLE_5[size]
    assert fine.trunk(x).shape[2:] == features
    assert fine(x).shape == (1, 4, *answers)


def test_the_six_scales_are_the_papers_for_windows_of_221_pixels():
    assert sorted(min(size) for size in TABLE_5) == sorted(SIDES)
    with torch.device("meta"):
        fine = OverFeat(accurate(), (221, 221))
        answers = at_scales(fine, torch.empty(2, 3, 500, 600))
    assert [min(answer.size) for answer in answers] == list(SIDES)
    assert all(answer.logits.shape[:2] == (2, 4) for answer in answers)
    assert all(abs(answer.size[1] / answer.size[0] - 1.2) < 0.005 for answer in answers)
    with pytest.raises(ValueError, match="slides a window of 221×221 pixels .* enlarge the pictures"):
        at_scales(fine, torch.empty(1, 3, 40, 60), sides=[20])


def test_the_scales_of_a_window_that_is_no_square_go_by_its_longer_side():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(2 * 20 * 9, 2))
    dense = convolutionize(model, (22, 11))
    wanted = [24, 28, 32, 39, 42, 46]  # of 245/221, 281/221 … of 22 pixels; of 11 they would begin with 12
    assert [min(answer.size) for answer in at_scales(dense, torch.zeros(1, 1, 30, 40))] == wanted


def test_pictures_are_made_smaller_as_pillow_does_with_every_pixel_counted():
    model = nn.Sequential(nn.Conv2d(1, 1, 4, bias=False), nn.Flatten(), nn.Linear(25, 25, bias=False)).eval()
    with torch.no_grad():
        model[0].weight.zero_()[0, 0, 0, 0] = 1
        model[2].weight.copy_(torch.eye(25))  # so that the answers are the resized picture
        stripes = torch.zeros(1, 1, 40, 40)
        stripes[..., ::5] = 5
        (answer,) = at_scales(convolutionize(model, (8, 8)), stripes, sides=[8])
    resized = Image.fromarray(stripes[0, 0].numpy()).resize((8, 8), Image.Resampling.BILINEAR)
    expected = torch.from_numpy(np.array(resized))[:5, :5]
    assert expected.min() > 0  # four columns of five are dark, and none is left out
    torch.testing.assert_close(answer.logits.view(5, 5), expected, atol=1e-4, rtol=0)


def test_the_vote_is_the_mean_over_scales_of_the_best_place_of_each_class():
    first = torch.tensor([[0.9, 0.2], [0.1, 0.8]]).log().view(1, 2, 1, 2)  # places: (0.9, 0.1) and (0.2, 0.8)
    second = torch.tensor([[0.3], [0.7]]).log().view(1, 2, 1, 1)
    vote = voted([AtScale((1, 2), first), AtScale((1, 1), second)])
    torch.testing.assert_close(vote, torch.tensor([[(0.9 + 0.3) / 2, (0.8 + 0.7) / 2]]))
    with pytest.raises(ValueError, match="at least one scale, got none"):
        voted([])


def test_the_parameters_are_the_networks_own_and_can_be_trained():
    model = models.small("alexnet", num_classes=3)
    fine = OverFeat(model, (32, 32))
    assert {*map(id, fine.parameters())} == {*map(id, model.parameters())}
    assert fine.training
    fine(pictures(1, 3, 48, 48)).square().mean().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


class Student(nn.Module):
    """A pooling that runs twice; the second time it is the last with a stride."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.pool, self.conv2, self.fc = (
            nn.Conv2d(1, 4, 3),
            nn.MaxPool2d(2),
            nn.Conv2d(4, 4, 3),
            nn.Linear(16, 2),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(F.relu(self.conv1(x)))
        return self.fc(self.pool(F.relu(self.conv2(x))).flatten(1))


def test_a_students_network():
    model = Student().eval()
    fine = OverFeat(model, (14, 14))
    assert (fine.stride, fine.offsets) == ((2, 2), (2, 2))
    assert_equals_shifted_crops(model, fine, pictures(2, 1, 24, 21))


@pytest.mark.parametrize(
    ("model", "size", "message"),
    [
        (
            nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(16, 2)),
            (4, 4),
            "features of this network have none",
        ),
        (models.small("efficientnet_lite0"), (32, 32), "features of this network have none"),
        (models.build("resnet18"), (224, 224), "nothing has a stride, and after features.pool1, this network's last"),
        (nn.Sequential(nn.Conv2d(1, 4, 3)), (8, 8), "must return logits"),
    ],
    ids=["no pooling", "Lite0", "strides after it", "no classifier"],
)
def test_networks_without_such_a_pooling_are_refused(model, size, message):
    with pytest.raises(ValueError, match=message):
        OverFeat(model, size)
