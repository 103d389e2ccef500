import math
from dataclasses import replace

import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import SGD
from torch.utils.data import DataLoader, TensorDataset

import cnnlab
from cnnlab import data
from cnnlab.training import History, StopTraining


def network(seed=0):
    """A network as small as can be: a convolution, a linear layer."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(1, 4, 5, stride=4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 2))


def train(model, pictures, **options):
    options = {"epochs": 1, "batch_size": 16, "progress": False, "precision": "float32", **options}
    return cnnlab.fit(model, pictures, **options)


def still(parameters):
    return SGD(parameters, 0.0)


def equal(first, second):
    pairs = zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


class Endless:
    """A loader without a length."""

    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        return iter(self.batches)


def loader(split, kind):
    batches = data.Batches(split, 40)
    return {
        "list": lambda: list(batches),
        "batches": lambda: batches,
        "DataLoader": lambda: DataLoader(TensorDataset(split.images, split.labels), batch_size=40),
        "no length": lambda: Endless(list(batches)),
    }[kind]()


@pytest.mark.parametrize("kind", ["split", "list", "batches", "DataLoader", "no length"])
def test_an_epoch_is_the_plain_loop(tiny, kind):
    """The oracle is the loop that every PyTorch tutorial writes; the last batch is smaller than the others."""
    ours, theirs = network(), network()
    history = train(
        ours,
        tiny if kind == "split" else loader(tiny, kind),
        validation=tiny if kind == "split" else loader(tiny, kind),
        epochs=2,
        batch_size=40,
        optimizer=lambda parameters: SGD(parameters, 0.05),
    )
    optimizer = SGD(theirs.parameters(), 0.05)
    feed = data.batches(tiny, 40, shuffle=kind == "split")
    for epoch in (1, 2):
        feed.set_epoch(epoch)
        losses, correct = [], 0
        for images, labels in feed:
            logits = theirs(images)
            loss = F.cross_entropy(logits, labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses += [loss.item()] * len(labels)
            correct += (logits.argmax(1) == labels).sum().item()
        assert history.train_loss[epoch] == pytest.approx(sum(losses) / 64, rel=1e-5)
        assert history.train_accuracy[epoch] == correct / 64
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)
    with torch.no_grad():
        logits = theirs(data.to_float(tiny.images))
    assert history.validation_loss[2] == pytest.approx(F.cross_entropy(logits, tiny.labels).item(), rel=1e-4)
    assert history.validation_accuracy[2] == (logits.argmax(1) == tiny.labels).double().mean().item()


def test_a_loader_may_be_augmented_and_its_random_order_depends_on_the_seed_and_the_epoch_alone(tiny):
    def order(epochs, seed):
        seen = []
        shuffled = DataLoader(TensorDataset(tiny.images, torch.arange(64) % 2, torch.arange(64)), 16, shuffle=True)

        class Numbered:
            def __iter__(self):
                for images, labels, numbers in shuffled:
                    seen.append(numbers.tolist())
                    yield images, labels

        train(network(), Numbered(), epochs=epochs, seed=seed)
        return seen[1:]  # without the look at the first batch

    assert order(2, seed=3) == order(2, seed=3)
    assert order(2, seed=3)[:4] != order(2, seed=3)[4:]
    assert order(2, seed=3) != order(2, seed=4)
    nets = [network() for _ in range(3)]
    for net, augment in zip(nets, (louder, louder, None), strict=True):
        train(net, loader(tiny, "list"), augment=augment)
    assert equal(nets[0], nets[1])
    assert not equal(nets[0], nets[2])


def louder(images, *, generator):
    return images * (1 + torch.rand(len(images), 1, 1, 1, generator=generator))


def test_the_history_is_a_table_that_survives_as_csv(tiny, tmp_path):
    history = train(network(), tiny, validation=tiny[:20], epochs=2)
    assert isinstance(history, pd.DataFrame)
    names = ["train_loss", "train_accuracy", "validation_loss", "validation_accuracy", "learning_rate", "seconds"]
    assert list(history.columns) == names
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
    nets = [network(3).append(nn.Dropout(0.5)) for _ in range(3)]
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    for net, seed in zip(nets, (0, 0, 1), strict=True):
        train(net, DataLoader(TensorDataset(tiny.images, tiny.labels), 16, shuffle=True), epochs=2, seed=seed)
    assert torch.rand(1) == expected
    assert equal(nets[0], nets[1])
    assert not equal(nets[0], nets[2])


def test_every_epoch_has_another_dropout():
    """All pictures are alike, so that their order, which is another in every epoch too, does not matter."""
    alike = data.Split(torch.full((64, 1, 8, 8), 200, dtype=torch.uint8), torch.zeros(64).long(), ("a", "b"))
    net = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(64, 2))
    losses = train(net, alike, epochs=5, optimizer=still).train_loss
    assert losses.nunique() == 5


def test_class_weights_weigh_the_loss_that_is_minimised_and_the_one_that_is_shown(tiny):
    """The oracles are PyTorch's weighted mean, and the same over all pictures at once."""
    weights = torch.tensor([1.0, 9.0])
    by_weights, by_hand = network(), network()
    train(by_weights, tiny, class_weights=weights)
    train(by_hand, tiny, loss=nn.CrossEntropyLoss(weight=weights))
    assert equal(by_weights, by_hand)

    split = tiny[torch.arange(64)[(tiny.labels == 0) | (torch.arange(64) < 10)]]  # 32 dark, 5 bright
    net = network()
    history = train(net, split, validation=split, batch_size=5, class_weights=weights, optimizer=still)
    with torch.no_grad():
        expected = F.cross_entropy(net(data.to_float(split.images)), split.labels, weight=weights).item()
    assert history.train_loss[1] == pytest.approx(expected, rel=1e-5)
    assert history.validation_loss[1] == pytest.approx(expected, rel=1e-5)


def test_a_schedule_advances_every_step_to_the_end_of_the_run(tiny):
    rates = []
    train(
        network(),
        tiny,
        epochs=2,
        schedule=lambda optimizer, steps: torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, total_iters=steps),
        callbacks=[lambda step: rates.append(step.optimizer.param_groups[0]["lr"])],
    )
    assert rates == pytest.approx([0.001 * (1 - step / 8) for step in range(1, 9)])


def test_layers_get_learning_rates_of_their_own_by_name(tiny):
    """The last layer alone learns; a plain function of the parameters goes on working."""

    def by_layer(named):
        last = [(name, parameter) for name, parameter in named if name.startswith("3.")]
        return SGD([{"params": last, "lr": 0.1}, {"params": [pair for pair in named if pair not in last]}], lr=0.0)

    net, before = network(), network()
    train(net, tiny, optimizer=by_layer)
    assert torch.equal(net[0].weight, before[0].weight)
    assert not torch.equal(net[3].weight, before[3].weight)
    with pytest.raises(TypeError, match=r"has no attribute 'ndim'\); it is called with a list of pairs \(name, param"):
        train(net, tiny, optimizer=lambda parameters: SGD([p for p in parameters if p.ndim > 1], 0.1))


def wrong(tiny):
    """The better the training on `tiny`, the worse this."""
    return replace(tiny, labels=1 - tiny.labels)


@pytest.mark.parametrize("stopped", [False, True])
def test_patience_goes_back_to_the_best_weights_however_the_run_ends(tiny, stopped):
    def stop(step):
        if stopped and (step.epoch, step.step) == (3, 2):
            raise StopTraining

    net = network()
    history = train(net, tiny, validation=wrong(tiny), epochs=9, patience=4, learning_rate=0.01, callbacks=[stop])
    assert history.validation_loss.idxmin() == 1
    assert len(history) == (2 if stopped else 5)
    loss = cnnlab.evaluate(net, wrong(tiny), precision="float32").loss
    assert loss == pytest.approx(history.validation_loss[1], rel=1e-5)


def test_the_first_of_equally_good_epochs_is_the_best(tiny):
    assert len(train(network(), tiny, validation=tiny, epochs=9, patience=2, optimizer=still)) == 3


def test_without_patience_a_stopped_run_leaves_the_weights_as_they_are(tiny):
    seen = []

    def stop(step):
        if step.epoch == 2:
            seen.append([parameter.clone() for parameter in step.model.parameters()])
            raise StopTraining

    net = network()
    train(net, tiny, validation=tiny, epochs=3, callbacks=[stop])
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), seen[0], strict=True))


def test_a_frozen_batch_normalisation_keeps_its_statistics_and_the_others_learn_theirs(tiny):
    norms = nn.BatchNorm2d(4), nn.BatchNorm2d(4)
    net = nn.Sequential(nn.Conv2d(1, 4, 3, 4), norms[0], nn.Conv2d(4, 4, 3), norms[1], nn.Flatten(), nn.Linear(100, 2))
    net.train()
    norms[0].eval()
    train(net, tiny, epochs=2)
    assert norms[0].num_batches_tracked == 0
    assert torch.equal(norms[0].running_mean, torch.zeros(4))
    assert norms[1].num_batches_tracked == 8
    train(net, tiny)  # now the whole network is in eval mode, and all of it trains
    assert norms[0].num_batches_tracked == 4


@pytest.mark.parametrize(("kind", "first"), [("split", 4), ("no length", 0)])
def test_callbacks_see_every_step_and_may_stop_the_run(tiny, kind, first):
    steps = []

    def stop(step):
        steps.append((step.epoch, step.step, step.steps, len(step.history)))
        if (step.epoch, step.step) == (2, 2):
            raise StopTraining

    pictures = tiny if kind == "split" else Endless(list(data.Batches(tiny, 16)))
    history = train(network(), pictures, epochs=5, callbacks=[stop])
    assert steps == [(1, 1, first, 0), (1, 2, first, 0), (1, 3, first, 0), (1, 4, first, 0), (2, 1, 4, 1), (2, 2, 4, 1)]
    assert len(history) == 1


def test_frozen_parameters_stay_and_a_frozen_network_is_refused(tiny):
    net, before = network(), network()
    net[0].requires_grad_(False)
    train(net, tiny)
    assert equal(net[0], before[0])
    assert not equal(net[3], before[3])
    net.requires_grad_(False)
    with pytest.raises(ValueError, match="no parameter of this network has requires_grad=True"):
        train(net, tiny)


def test_a_loss_that_explodes_stops_with_step_and_cause_before_it_ruins_the_weights(tiny):
    with pytest.raises(
        FloatingPointError, match=r"the loss became (nan|inf) by step \d+ of epoch \d+; .* learning rate"
    ):
        train(network(), tiny, epochs=30, optimizer=lambda parameters: SGD(parameters, 1e25))
    poisoned = replace(tiny, images=torch.full((64, 1, 28, 28), math.nan))
    net = network()
    with pytest.raises(
        FloatingPointError, match="by step 1 of epoch 1; likely cause: the pictures of this batch hold NaN"
    ):
        train(net, poisoned)
    assert equal(net, network())
    with pytest.raises(FloatingPointError, match="every picture of this batch is of a class whose weight .* is 0"):
        train(net, tiny, epochs=9, batch_size=2, class_weights=torch.tensor([0.0, 1.0]))


def test_a_loss_that_is_not_finite_for_a_single_step_is_noticed_at_that_step(tiny):
    steps = []

    def loss(logits, labels):
        steps.append(1)
        return F.cross_entropy(logits, labels) * (math.nan if len(steps) == 2 else 1)

    with pytest.raises(
        FloatingPointError, match="the loss became nan by step 2 of epoch 1; .* a loss of your own divides"
    ):
        train(network(), tiny, loss=loss)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 2.5}, "epochs and batch_size must be whole numbers, 1 or more, got 2.5 and 16"),
        ({"batch_size": 0}, "epochs and batch_size must be whole numbers, 1 or more, got 1 and 0"),
        ({"patience": 2}, "patience must be 1 or more and needs validation pictures, got patience=2 and None"),
        ({"class_weights": [1.0, 2.0]}, r"class_weights must be a tensor \(classes,\) of numbers .* got \[1.0, 2.0\]"),
        ({"class_weights": torch.zeros(2)}, r"0 or more, and not all of them 0, got tensor\(\[0., 0.\]\)"),
        ({"class_weights": torch.ones(3)}, r"class_weights must be a tensor \(classes,\) .* got tensor\(\[1., 1., 1."),
        ({"class_weights": torch.ones(2), "loss": F.cross_entropy}, "give them, or a loss of your own, not both"),
        ({"precision": "float61"}, "precision must be one of auto, float32, bfloat16, got 'float61'"),
        ({"optimizer": torch.optim.LBFGS}, "LBFGS computes the loss several times a step, .* as torch.optim.Adam"),
        (
            {"schedule": lambda optimizer, steps: torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer)},
            "ReduceLROnPlateau waits for a validation loss, .* take one that needs none, .* or patience",
        ),
        (
            {"train": Endless([(torch.zeros(2, 1, 28, 28), torch.zeros(2).long())]), "schedule": lambda o, n: None},
            "a schedule needs the number of steps, and this loader has no length",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused_before_anything_runs(tiny, options, message):
    with pytest.raises(ValueError, match=message):
        train(network(), options.pop("train", tiny), **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda tiny: {"train": data.Splits(tiny, tiny, tiny)}, r"all parts .* pass one of them, as its part \.train"),
        (lambda tiny: {"train": iter(data.batches(tiny, 8))}, "loader that gives its batches again .* got a generator"),
        (lambda tiny: {"validation": 3}, r"must be a Split or a loader, got a int; cnnlab\.data\.Split\("),
        (lambda tiny: {"train": tiny.images}, "a loader must give batches of pictures .* the first was a Tensor"),
        (
            lambda tiny: {"train": replace(tiny, images=tiny.images / torch.tensor(255, dtype=torch.float64))},
            r"the pictures are float64 and the network's weights are not; give it pictures\.float\(\)",
        ),
        (
            lambda tiny: {"optimizer": SGD([torch.zeros(1)])},
            r"must be a function that makes one, got a finished SGD; .*: torch\.optim\.SGD\(parameters, lr=0\.01\)",
        ),
    ],
)
def test_an_argument_of_another_kind_is_refused_with_the_way_out(tiny, change, message):
    options = change(tiny)
    with pytest.raises(TypeError, match=message):
        train(network(), options.pop("train", tiny), **options)


def test_validation_with_other_classes_or_a_network_with_too_few_outputs_is_refused(tiny):
    with pytest.raises(ValueError, match="the same classes in the same order"):
        train(network(), tiny, validation=replace(tiny, classes=("bright", "dark")))
    with pytest.raises(ValueError, match=r"puts out \(16, 2\) and the data has 3 classes; build it with num_classes"):
        train(network(), replace(tiny, classes=("a", "b", "c")))


def test_a_network_and_pictures_in_double_precision_train(tiny):
    split = replace(tiny, images=tiny.images.double() / 255)
    assert train(network().double(), split, epochs=1).train_loss[1] < 1


def test_pictures_on_demand_train_as_those_in_memory(tmp_path):
    from PIL import Image

    paths = [tmp_path / f"{number}.png" for number in range(21)]
    for number, path in enumerate(paths):
        Image.new("L", (28, 28), 10 * number).save(path)
    files, labels = data.Pictures(tuple(paths), (28, 28), channels=1), torch.arange(21) // 11
    memory = torch.stack([files[i] for i in range(len(files))])
    nets = [network() for _ in range(2)]
    for net, images in zip(nets, (files, memory), strict=True):
        train(net, data.Split(images, labels, ("a", "b")), epochs=2, batch_size=5)
    assert equal(*nets)


def test_predicting_in_a_callback_does_not_change_the_training(tiny):
    nets = [network(), network()]
    for net, callbacks in zip(nets, ([], [lambda step: cnnlab.predict(step.model, tiny.images)]), strict=True):
        train(net, tiny, epochs=2, precision="bfloat16", callbacks=callbacks)
    assert equal(*nets)


def test_an_interrupted_run_leaves_the_network_in_eval_mode(tiny):
    def interrupt(step):
        raise KeyboardInterrupt

    net = network()
    with pytest.raises(KeyboardInterrupt):
        train(net, tiny, callbacks=[interrupt])
    assert not net.training


class TwoHeads(nn.Module):
    """Puts out two things, always or in training alone."""

    def __init__(self, always):
        super().__init__()
        self.always, self.main, self.auxiliary = always, nn.Linear(784, 2), nn.Linear(784, 2)

    def forward(self, x):
        x = x.flatten(1)
        return (self.main(x), self.auxiliary(x)) if self.always or self.training else self.main(x)


def both(output, labels):
    if isinstance(output, torch.Tensor):
        return F.cross_entropy(output, labels)
    return F.cross_entropy(output[0], labels) + 0.3 * F.cross_entropy(output[1], labels)


@pytest.mark.parametrize("always", [False, True])
def test_several_outputs_need_their_loss_and_then_train_and_are_validated_by_it(tiny, always):
    with pytest.raises(TypeError, match=r"puts out a tuple, .* pass loss=cnnlab\.models\.auxiliary_loss"):
        train(TwoHeads(always), tiny)
    net = TwoHeads(always)
    history = train(net, tiny, validation=tiny[:40], epochs=3, loss=both)
    assert history.train_accuracy[3] > 0.9
    with torch.no_grad():
        output = net(data.to_float(tiny.images[:40]))
    assert history.validation_loss[3] == pytest.approx(both(output, tiny.labels[:40]).item(), rel=1e-5)
