"""The main job in seconds, from data to metrics: runs first."""

import torch

import cnnlab
from cnnlab import data, models


def test_lenet_learns_real_digits_and_comes_back_from_the_disk(digits, tmp_path):
    torch.manual_seed(0)
    net = models.build("lenet5")
    before = cnnlab.evaluate(net, digits.test).accuracy
    history = cnnlab.fit(net, digits.train, validation=digits.validation, epochs=3, progress=False)
    report = cnnlab.evaluate(net, digits.test)

    assert before < 0.3
    assert report.accuracy > 0.85
    assert history.train_loss.is_monotonic_decreasing
    assert report.confusion.diag().sum().item() / 1000 == report.accuracy

    cnnlab.save(tmp_path / "lenet.safetensors", net, classes=digits.train.classes)
    again = cnnlab.load(tmp_path / "lenet.safetensors")
    assert torch.equal(cnnlab.predict(again, digits.test.images), cnnlab.predict(net, digits.test.images))


def test_the_public_names_are_all_there():
    for name in cnnlab.__all__:
        assert getattr(cnnlab, name) is not None
    for room in (data, models):
        for name in room.__all__:
            assert getattr(room, name) is not None
