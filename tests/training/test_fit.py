import math
from dataclasses import replace

import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import cnnlab
from cnnlab import data, models
from cnnlab.inference import choose
from cnnlab.training import History, StopTraining


def lenet(seed=0, **options):
    torch.manual_seed(seed)
    return models.build("lenet5", **options)


def quietly(*arguments, **options):
    return cnnlab.fit(*arguments, **{"progress": False, "precision": "float32", **options})


def equal_weights(first, second):
    return all(
        torch.equal(a, b) for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    )


def test_an_epoch_is_the_plain_loop(tiny):
    """The oracle is the loop that every PyTorch tutorial writes."""
    ours, theirs = lenet(num_classes=2), lenet(num_classes=2)
    history = quietly(
        ours, tiny, epochs=2, batch_size=16, optimizer=lambda parameters: torch.optim.SGD(parameters, 0.05)
    )

    optimizer = torch.optim.SGD(theirs.parameters(), 0.05)
    for epoch in (1, 2):
        feed, losses, correct = data.batches(tiny, 16, shuffle=True, seed=0), [], 0
        feed.set_epoch(epoch)
        for images, labels in feed:
            logits = theirs(images)
            loss = F.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            correct += (logits.argmax(1) == labels).sum().item()
        assert history.train_loss[epoch] == pytest.approx(sum(losses) / 4, rel=1e-5)
        assert history.train_accuracy[epoch] == correct / 64
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_the_history_is_a_table_that_survives_as_csv(tiny, tmp_path):
    history = quietly(lenet(num_classes=2), tiny, validation=tiny[:20], epochs=2)
    assert isinstance(history, pd.DataFrame)
    assert list(history.columns) == [
        "train_loss",
        "train_accuracy",
        "validation_loss",
        "validation_accuracy",
        "learning_rate",
        "seconds",
    ]
    history.save(tmp_path / "history.csv")
    pd.testing.assert_frame_equal(History.read(tmp_path / "history.csv"), history, check_exact=False)
    assert "float32" in history.runtime
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"other\.csv is not the CSV of a training history"):
        History.read(tmp_path / "other.csv")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(ValueError, match=r"empty\.csv is not the CSV of a training history: No columns"):
        History.read(tmp_path / "empty.csv")


def test_the_same_seed_gives_the_same_weights_and_leaves_the_users_random_numbers_alone(tiny):
    dropout = lambda: torch.manual_seed(3) and nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(784, 2))  # noqa: E731
    first, second, other = dropout(), dropout(), dropout()
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    quietly(first, tiny, epochs=2)
    assert torch.rand(1) == expected
    quietly(second, tiny, epochs=2)
    quietly(other, tiny, epochs=2, seed=1)
    assert equal_weights(first, second)
    assert not equal_weights(first, other)


def test_class_weights_weigh_the_cross_entropy(tiny):
    weights = torch.tensor([1.0, 3.0])
    by_weights, by_hand = lenet(num_classes=2), lenet(num_classes=2)
    quietly(by_weights, tiny, epochs=1, class_weights=weights)
    quietly(by_hand, tiny, epochs=1, loss=nn.CrossEntropyLoss(weight=weights))
    assert equal_weights(by_weights, by_hand)


def test_the_loss_of_an_epoch_is_weighted_as_the_loss_that_is_minimised(tiny):
    """The oracle is PyTorch's weighted mean over all pictures at once, with a network that stays as it is."""
    weights = torch.tensor([1.0, 9.0])
    split = tiny[torch.arange(64)[(tiny.labels == 0) | (torch.arange(64) < 10)]]  # 32 dark, 5 bright
    net = lenet(num_classes=2)
    history = quietly(net, split, validation=split, epochs=1, batch_size=5, class_weights=weights, optimizer=still)
    with torch.no_grad():
        expected = F.cross_entropy(net(data.to_float(split.images)), split.labels, weight=weights).item()
    assert history.train_loss[1] == pytest.approx(expected, rel=1e-5)
    assert history.validation_loss[1] == pytest.approx(expected, rel=1e-5)


def still(parameters):
    return torch.optim.SGD(parameters, 0.0)


def test_a_schedule_advances_every_step_to_the_end_of_the_run(tiny):
    rates = []
    quietly(
        lenet(num_classes=2),
        tiny,
        epochs=2,
        batch_size=16,
        schedule=lambda optimizer, steps: torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps),
        callbacks=[lambda step: rates.append(step.optimizer.param_groups[0]["lr"])],
    )
    assert rates == pytest.approx([0.001 * (1 - step / 8) for step in range(1, 9)])


def test_augmentation_changes_what_is_trained_on_and_repeats_by_seed(tiny):
    nets = [lenet(num_classes=2) for _ in range(3)]
    change = data.Augmentation(rotation=20, shift=0.1)
    for net, augment in zip(nets, (change, change, None), strict=True):
        quietly(net, tiny, epochs=1, augment=augment)
    assert equal_weights(nets[0], nets[1])
    assert not equal_weights(nets[0], nets[2])


def test_patience_ends_a_run_and_goes_back_to_the_best_weights(tiny):
    wrong = data.Split(tiny.images, 1 - tiny.labels, tiny.classes)  # the better the training, the worse this
    net, seen = lenet(num_classes=2), []
    history = quietly(net, tiny, validation=wrong, epochs=20, patience=2, learning_rate=0.01)
    assert len(history) < 20
    best = history.validation_loss.idxmin()
    assert len(history) == best + 2
    loss = cnnlab.evaluate(net, wrong, precision="float32").loss
    assert loss == pytest.approx(history.validation_loss[best], rel=1e-5), seen


def test_the_first_of_equally_good_epochs_is_the_best(tiny):
    assert len(quietly(lenet(num_classes=2), tiny, validation=tiny, epochs=9, patience=2, optimizer=still)) == 3


@pytest.mark.parametrize("stopped", [False, True])
def test_patience_goes_back_to_the_best_weights_however_the_run_ends(tiny, stopped):
    def stop(step):
        if stopped and step.epoch == 3 and step.step == 2:
            raise StopTraining

    wrong = replace(tiny, labels=1 - tiny.labels)  # the better the training, the worse this
    net = lenet(num_classes=2)
    history = quietly(
        net, tiny, validation=wrong, epochs=3, batch_size=16, patience=9, learning_rate=0.01, callbacks=[stop]
    )
    assert len(history) == 3 - stopped
    assert history.validation_loss.idxmin() == 1
    loss = cnnlab.evaluate(net, wrong, precision="float32").loss
    assert loss == pytest.approx(history.validation_loss[1], rel=1e-5)


def test_without_patience_a_stopped_run_leaves_the_weights_as_they_are(tiny):
    seen = []

    def stop(step):
        if step.epoch == 2:
            seen.append([parameter.clone() for parameter in step.model.parameters()])
            raise StopTraining

    net = lenet(num_classes=2)
    quietly(net, tiny, validation=tiny, epochs=3, callbacks=[stop])
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), seen[0], strict=True))


def test_a_frozen_batch_normalisation_keeps_its_statistics_and_the_others_learn_theirs(tiny):
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(2304, 2)
    )
    net.train()
    net[1].eval()
    quietly(net, tiny, epochs=2, batch_size=16)
    assert net[1].num_batches_tracked == 0
    assert torch.equal(net[1].running_mean, torch.zeros(4))
    assert net[3].num_batches_tracked == 8
    quietly(net, tiny, epochs=1, batch_size=16)  # now the whole network is in eval mode, and all of it trains
    assert net[1].num_batches_tracked == 4


def test_callbacks_see_every_step_and_may_stop_the_run(tiny):
    steps = []

    def stop(step):
        steps.append((step.epoch, step.step, step.steps, len(step.history)))
        if (step.epoch, step.step) == (2, 2):
            raise StopTraining

    history = quietly(lenet(num_classes=2), tiny, epochs=5, batch_size=16, callbacks=[stop])
    assert steps == [(1, 1, 4, 0), (1, 2, 4, 0), (1, 3, 4, 0), (1, 4, 4, 0), (2, 1, 4, 1), (2, 2, 4, 1)]
    assert len(history) == 1


def test_frozen_parameters_stay_and_a_frozen_network_is_refused(tiny):
    net = lenet(num_classes=2)
    net.features.requires_grad_(False)
    before = [parameter.clone() for parameter in net.features.parameters()]
    quietly(net, tiny, epochs=1)
    assert all(torch.equal(a, b) for a, b in zip(before, net.features.parameters(), strict=True))
    net.requires_grad_(False)
    with pytest.raises(ValueError, match="no parameter of this network has requires_grad=True"):
        quietly(net, tiny, epochs=1)


def test_a_loss_that_explodes_stops_with_step_and_cause_before_it_ruins_the_weights(tiny):
    net = lenet(num_classes=2)
    with pytest.raises(
        FloatingPointError, match=r"the loss became (nan|inf) by step \d+ of epoch \d+; .* learning rate"
    ):
        quietly(net, tiny, epochs=30, batch_size=4, optimizer=lambda p: torch.optim.SGD(p, 1e6))
    poisoned = data.Split(torch.full((8, 1, 28, 28), math.nan), torch.arange(8) % 2, ("a", "b"))
    net = lenet(num_classes=2)
    with pytest.raises(
        FloatingPointError, match="by step 1 of epoch 1; likely cause: the pictures of this batch hold NaN"
    ):
        quietly(net, poisoned, epochs=1)
    assert all(parameter.isfinite().all() for parameter in net.parameters())


def test_a_loss_that_is_not_finite_for_a_single_step_is_noticed_at_that_step(tiny):
    steps = []

    def loss(logits, labels):
        steps.append(1)
        return F.cross_entropy(logits, labels) * (math.nan if len(steps) == 2 else 1)

    with pytest.raises(
        FloatingPointError, match="the loss became nan by step 2 of epoch 1; .* a loss of your own divides"
    ):
        quietly(lenet(num_classes=2), tiny, epochs=1, batch_size=16, loss=loss)


def test_a_batch_in_which_no_picture_has_a_weight_is_named_as_the_cause(tiny):
    with pytest.raises(FloatingPointError, match="every picture of this batch is of a class whose weight .* is 0"):
        quietly(lenet(num_classes=2), tiny, epochs=9, batch_size=2, class_weights=torch.tensor([0.0, 1.0]))


def test_a_runtime_is_chosen_for_the_batches_that_there_are(tiny, monkeypatch):
    from cnnlab.training import fitting

    shapes = []

    def chosen(model, shape, **options):
        shapes.append(shape)
        return choose(model, shape, **options)

    monkeypatch.setattr(fitting, "choose", chosen)
    quietly(lenet(num_classes=2), tiny, epochs=1, batch_size=1000)
    assert shapes == [(64, 1, 28, 28)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "epochs and batch_size must be whole numbers, 1 or more, got 0 and 64"),
        ({"epochs": 2.5}, "epochs and batch_size must be whole numbers, 1 or more, got 2.5 and 64"),
        ({"patience": 2}, "patience must be 1 or more and needs a validation split"),
        ({"class_weights": torch.ones(3)}, r"class_weights must have shape \(2,\), a weight a class, got \(3,\)"),
        ({"class_weights": torch.ones(2), "loss": F.cross_entropy}, "give them, or a loss of your own, not both"),
        ({"precision": "float61"}, "precision must be one of auto, float32, bfloat16, got 'float61'"),
        ({"batch_size": 0}, "epochs and batch_size must be whole numbers, 1 or more, got 1 and 0"),
        (
            {"class_weights": torch.zeros(2)},
            r"class_weights must be 0 or more, and not all of them 0, got \[0.0, 0.0\]",
        ),
        ({"class_weights": torch.tensor([1.0, -1.0])}, r"class_weights must be 0 or more, .* got \[1.0, -1.0\]"),
        ({"class_weights": torch.tensor([1.0, math.nan])}, "class_weights must be 0 or more"),
        ({"optimizer": torch.optim.LBFGS}, "LBFGS computes the loss several times a step, .* as torch.optim.Adam"),
        (
            {"schedule": lambda optimizer, steps: torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)},
            "ReduceLROnPlateau waits for a validation loss, .* take one that needs none, .* or patience",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused_before_anything_runs(tiny, options, message):
    with pytest.raises(ValueError, match=message):
        quietly(lenet(num_classes=2), tiny, **{"epochs": 1, **options})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tiny: {"train": data.Splits(tiny, tiny, tiny)}, r"train must be one part .* pass its part \.train"),
        (
            lambda tiny: {"validation": data.Splits(tiny, tiny, tiny)},
            r"validation must be one part of a data set, got all of them; pass its part \.validation",
        ),
        (
            lambda tiny: {"train": DataLoader(TensorDataset(tiny.images, tiny.labels))},
            r"train must be a Split, got a DataLoader; cnnlab\.data\.Split\(images, labels, classes\) makes one",
        ),
        (
            lambda tiny: {"train": replace(tiny, images=tiny.images / torch.tensor(255, dtype=torch.float64))},
            r"the pictures are float64 and the network's weights are not; give it pictures\.float\(\)",
        ),
        (
            lambda tiny: {"class_weights": [1.0, 2.0]},
            "class_weights must be a tensor, got a list; torch.tensor makes one",
        ),
        (
            lambda tiny: {"optimizer": torch.optim.SGD([torch.zeros(1)])},
            r"must be a function that makes one, got a finished SGD; .*: torch\.optim\.SGD\(parameters, lr=0\.01\)",
        ),
    ],
)
def test_an_argument_of_another_kind_is_refused_with_the_way_out(tiny, change, message):
    arguments = {"train": tiny, "epochs": 1} | change(tiny)
    with pytest.raises(TypeError, match=message):
        quietly(lenet(num_classes=2), **arguments)


def test_a_network_and_pictures_in_double_precision_train(tiny):
    split = replace(tiny, images=tiny.images.double() / 255)
    assert quietly(lenet(num_classes=2).double(), split, epochs=1).train_loss[1] < 1


def test_a_layer_without_a_shape_is_named(tiny):
    net = nn.Sequential(nn.LazyConv2d(4, 3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(2))
    with pytest.raises(
        ValueError, match=r"0\.weight has no shape yet, .* call the network once on a batch of pictures"
    ):
        quietly(net, tiny, epochs=1)
    net(torch.zeros(2, 1, 28, 28))
    assert len(quietly(net, tiny, epochs=1)) == 1


def normed(*shrink):
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), *shrink, nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )


def test_batch_normalisation_of_single_values_is_refused_by_name_and_rule(tiny):
    alone = nn.AdaptiveAvgPool2d(1)
    with pytest.raises(
        ValueError, match=r"^2 normalises over the values of a channel, and batch_size=1 leaves it a single"
    ):
        quietly(normed(alone), tiny, epochs=1, batch_size=1)
    with pytest.raises(
        ValueError, match=r"a split of one picture leaves it a single one; train on batches of 2 pictures"
    ):
        quietly(normed(alone), tiny[:1], epochs=1)
    frozen = normed(alone).train()
    frozen[2].eval()
    for net in (normed(), frozen):
        assert len(quietly(net, tiny[:3], epochs=1, batch_size=1)) == 1


def test_a_network_with_too_few_outputs_says_so(tiny):
    with pytest.raises(ValueError, match=r"puts out \(64, 1\) and the data has 2 classes; build it with num_classes"):
        quietly(lenet(num_classes=1), tiny, epochs=1)


def test_pictures_on_demand_train_as_those_in_memory(tmp_path):
    from PIL import Image

    for name, colour in (("dark", 40), ("light", 220)):
        (tmp_path / name).mkdir()
        for number in range(12):
            Image.new("L", (28, 28), colour + number).save(tmp_path / name / f"{number:02}.png")
    parts = data.folder(tmp_path, size=(28, 28), validation=0.2, test=0.2)
    memory = data.Split(
        torch.stack([parts.train.images[i] for i in range(len(parts.train))]), parts.train.labels, ("a", "b")
    )
    nets = [lenet(num_classes=2, in_channels=3) for _ in range(2)]
    for net, split in zip(nets, (parts.train, memory), strict=True):
        quietly(net, split, epochs=2, batch_size=5)
    assert equal_weights(*nets)


def test_predicting_in_a_callback_does_not_change_the_training(digits):
    nets = [lenet(), lenet()]
    for net, callbacks in zip(nets, ([], [lambda step: cnnlab.predict(step.model, digits.test[:50])]), strict=True):
        cnnlab.fit(net, digits.train[:256], epochs=2, precision="bfloat16", callbacks=callbacks, progress=False)
    assert equal_weights(*nets)


def test_an_interrupted_run_leaves_the_network_in_eval_mode(tiny):
    def interrupt(step):
        raise KeyboardInterrupt

    net = lenet(num_classes=2)
    with pytest.raises(KeyboardInterrupt):
        quietly(net, tiny, epochs=1, callbacks=[interrupt])
    assert not net.training


def test_validation_with_other_classes_is_refused(tiny):
    other = data.Split(tiny.images, tiny.labels, ("bright", "dark"))
    with pytest.raises(ValueError, match="the same classes in the same order"):
        quietly(lenet(num_classes=2), tiny, validation=other, epochs=1)


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.main, self.auxiliary = nn.Linear(784, 2), nn.Linear(784, 2)

    def forward(self, x):
        x = x.flatten(1)
        return (self.main(x), self.auxiliary(x)) if self.training else self.main(x)


def test_auxiliary_heads_need_their_loss_and_then_train(tiny):
    with pytest.raises(TypeError, match=r"puts out a tuple, .* pass loss=cnnlab\.models\.auxiliary_loss"):
        quietly(TwoHeads(), tiny, epochs=1)

    def both(output, labels):
        return F.cross_entropy(output[0], labels) + (0.3 * F.cross_entropy(output[1], labels))

    history = quietly(TwoHeads(), tiny, epochs=3, loss=both)
    assert history.train_accuracy[3] > 0.9


class TwoOutputs(TwoHeads):
    def forward(self, x):
        x = x.flatten(1)
        return self.main(x), self.auxiliary(x)


class Named(TwoHeads):
    def forward(self, x):
        return {"logits": self.main(x.flatten(1))}


def test_a_network_with_two_outputs_is_validated_by_its_own_loss_and_predicts_by_the_first(tiny):
    def both(outputs, labels):
        return F.cross_entropy(outputs[0], labels) + F.cross_entropy(outputs[1], labels)

    net = TwoOutputs()
    history = quietly(net, tiny, validation=tiny[:40], epochs=2, loss=both)
    with torch.no_grad():
        outputs = net(data.to_float(tiny.images[:40]))
    assert history.validation_loss[2] == pytest.approx(both(outputs, tiny.labels[:40]).item(), rel=1e-5)
    torch.testing.assert_close(cnnlab.predict(net, tiny.images[:40], batch_size=7), outputs[0])


def test_a_network_whose_outputs_do_not_begin_with_logits_is_refused_before_it_changes(tiny):
    net = Named()
    before = [parameter.clone() for parameter in net.parameters()]
    with pytest.raises(
        TypeError, match=r"must put out its logits \(N, classes\), or a tuple that begins .* got a dict"
    ):
        quietly(net, tiny, epochs=1, loss=lambda outputs, labels: F.cross_entropy(outputs["logits"], labels))
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
    with pytest.raises(TypeError, match="got a dict"):
        cnnlab.predict(net, tiny.images)
