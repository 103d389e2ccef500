"""With few pictures, transfer beats training from random weights."""

import statistics

import numpy as np
import pytest
import torch

from cnnlab import data, evaluate, fit, models
from cnnlab.data.landmarks.world.drawing import draw_landmark
from cnnlab.training import transfer

CLASSES, SIZE = 5, (64, 64)


def landmarks(numbers: range) -> data.Split:
    """So many pictures of each of five drawn landmarks."""
    images, labels = [], []
    for landmark in range(CLASSES):
        for number in numbers:
            picture = draw_landmark(landmark, number).resize(SIZE[::-1])
            images.append(torch.from_numpy(np.array(picture)).permute(2, 0, 1))
            labels.append(landmark)
    return data.Split(torch.stack(images), torch.tensor(labels), tuple("abcde"))


@pytest.mark.slow
def test_with_twenty_pictures_a_class_transfer_beats_training_from_scratch_over_three_seeds():
    test, gains = landmarks(range(100, 120)), []
    for seed in range(3):
        train = landmarks(range(20 * seed, 20 * seed + 20))
        network = transfer(models.pretrained(), train, seed=seed, progress=False).network
        torch.manual_seed(seed)
        scratch = models.build("resnet18", widths=(16, 32, 64, 128), num_classes=CLASSES)
        augment = data.Augmentation(flip=True, shift=0.1)
        fit(scratch, train, epochs=40, batch_size=20, augment=augment, seed=seed, progress=False)
        gains.append(evaluate(network.model, test).accuracy - evaluate(scratch, test).accuracy)
    assert min(gains) > 0, gains
    assert statistics.mean(gains) > 0.05, gains
