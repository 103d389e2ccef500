"""Ten figures as a lecture has them stay under a megabyte of notebook."""

import torch

from cnnlab import Probe, data, look, models
from cnnlab.evaluation import Report


def test_ten_figures_of_a_lecture_stay_under_a_megabyte(digits):
    import pandas as pd

    net = models.build("lenet5")
    with Probe(net) as probe:
        logits = net(data.to_float(digits.test.images))
    report = Report(logits.detach(), digits.test.labels, digits.test.classes)
    losses = [2 / epoch for epoch in range(1, 11)]
    history = pd.DataFrame({"train_loss": losses, "validation_loss": losses}, index=range(1, 11)).assign(
        train_accuracy=0.9, validation_accuracy=0.8
    )
    photo = data.photo("chelsea")
    figures = [
        look.samples(digits.train, count=30),
        look.class_counts(digits.train),
        look.curves(history),
        look.confusion(report),
        look.mistakes(report, digits.test),
        look.kernels(net.features.conv1),
        look.kernels(net.features.conv2, mode="rgba"),
        look.activations(probe),
        look.pictures([photo, torch.flip(photo, [2])]),
        look.scores(logits[0], report.classes),
    ]
    assert sum(len(figure.html()) for figure in figures) < 1_000_000
