"""Auxiliary classifiers: their share of the loss, silence in eval mode, and the pictures that they need."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from cnnlab import data
from cnnlab.models import auxiliary_loss, build
from cnnlab.training import fit

SMALL = {"variant": "torchvision", "auxiliary": True, "width": 0.125, "stem": "small"}


def test_auxiliary_classifiers_count_in_training_and_are_silent_in_eval_mode():
    net = build("googlenet", num_classes=3, **SMALL)
    x, labels = torch.randn(4, 3, 32, 32), torch.tensor([0, 1, 2, 0])
    outputs = net(x)
    network, first, second = (cross_entropy(logits, labels) for logits in outputs)
    loss = auxiliary_loss(outputs, labels)
    torch.testing.assert_close(loss, network + 0.3 * (first + second))
    loss.backward()
    assert all(parameter.grad.isfinite().all() for parameter in net.parameters())
    assert torch.equal(outputs.detach(), outputs.logits)
    with torch.no_grad():
        logits = net.eval()(x)
    assert logits.shape == (4, 3)
    torch.testing.assert_close(auxiliary_loss(logits, labels), cross_entropy(logits, labels))


def test_fit_trains_a_network_with_auxiliary_classifiers():
    images = torch.randint(0, 255, (16, 3, 32, 32), dtype=torch.uint8)
    split = data.Split(images, torch.arange(16) % 2, ("a", "b"))
    net = build("googlenet", num_classes=2, **SMALL)
    history = fit(net, split, validation=split, epochs=1, batch_size=8, loss=auxiliary_loss, progress=False)
    assert history.train_loss.iloc[-1] > history.validation_loss.iloc[-1] > 0  # three losses against one


def test_the_width_counts_for_auxiliary_classifiers_too():
    with torch.device("meta"):
        head = build("googlenet", auxiliary=True, width=0.25).auxiliary["inception4a"]
    assert (head.conv.conv.out_channels, head.fc1.in_features, head.fc1.out_features) == (32, 32 * 4 * 4, 256)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("googlenet", r"need feature maps of 14×14 to 16×16 \(pictures of 224 pixels\), got 6×6; .*auxiliary=False"),
        ("inception_v3", r"at least 17×17 \(pictures of 299 pixels\), got 4×4; .*auxiliary=False"),
    ],
)
def test_auxiliary_classifiers_name_the_pictures_that_they_need(name, message):
    with torch.device("meta"):
        net = build(name, auxiliary=True)
        with pytest.raises(ValueError, match=message):
            net(torch.empty(2, 3, 96, 96))
