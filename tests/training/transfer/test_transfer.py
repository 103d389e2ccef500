"""`transfer`: what is frozen stays, what is asked for is trained, and what does not fit is refused."""

import copy

import pytest
import torch
import torchvision
from PIL import Image
from torch import nn

import cnnlab
from cnnlab import data, models, training
from cnnlab.training import fit, layers, train_only, transfer, with_head

EXACT = {"progress": False, "precision": "float32"}


def coloured(classes: int, *, side: int = 32, count: int = 4) -> data.Split:
    """Noisy pictures whose class is their brightness."""
    labels = torch.arange(count * classes) % classes
    noise = torch.randint(0, 40, (len(labels), 3, side, side), generator=torch.Generator().manual_seed(0))
    images = noise + (labels * 200 // classes)[:, None, None, None]
    return data.Split(images.to(torch.uint8), labels, tuple("abcdefgh"[:classes]))


@pytest.fixture
def source() -> nn.Module:
    torch.manual_seed(0)
    return models.build("resnet20").eval()


CASES = {
    "vgg16, five frozen": (lambda: models.build("vgg16", input_size=(32, 32)), {"freeze": 5}, 32, 5),
    "vgg16, two frozen": (lambda: models.build("vgg16", input_size=(32, 32), batch_norm=True), {"freeze": 2}, 32, 2),
    "resnet50, last five": (lambda: models.build("resnet50"), {"last": 5}, 32, 54 - 5),
    "torchvision's resnet50": (lambda: torchvision.models.resnet50(), {"last": 5}, 32, 54 - 5),
    "efficientnet_lite0": (lambda: models.pretrained().model, {"last": 5}, 64, 50 - 5),
}


@pytest.mark.parametrize("case", CASES)
def test_frozen_parameters_and_statistics_are_unchanged_bit_for_bit_and_the_others_are_not(case):
    build, options, side, frozen = CASES[case]
    torch.manual_seed(0)
    source = build()
    found = layers(source, (3, side, side))
    model = transfer(source, coloured(2, side=side), epochs=1, **options, **EXACT).network.model
    before, after = source.state_dict(), model.state_dict()
    names = {module: name for name, module in source.named_modules()}
    kept = {names[module] for layer in found[:frozen] for module in layer.modules}
    for name in before:
        if name.rpartition(".")[0] in kept:
            assert torch.equal(before[name], after[name]), name
    last = found[-2]  # under the head
    assert not torch.equal(before[f"{last.name}.weight"], after[f"{last.name}.weight"])
    assert not any(module.training for module in model.modules())


def test_a_frozen_base_drifts_once_somebody_calls_train(source):
    """The mistake of exercise 12: requires_grad=False does not hold the statistics of batch normalisation."""
    model, name = with_head(source, 2, (3, 32, 32))
    wrong = copy.deepcopy(model)
    wrong.requires_grad_(False)
    wrong.get_submodule(name).requires_grad_(True)
    fit(wrong, coloured(2), epochs=1, **EXACT)
    train_only(model, layers(model, (3, 32, 32))[-1:])
    fit(model, coloured(2), epochs=1, **EXACT)
    before = source.features.bn1.running_mean
    assert torch.equal(model.features.bn1.running_mean, before)
    assert not torch.equal(wrong.features.bn1.running_mean, before)
    assert torch.equal(wrong.features.conv1.weight, source.features.conv1.weight)


def test_a_head_on_kept_features_learns_what_it_learns_through_the_frozen_network(source):
    split = coloured(3)
    identity = _Unchanged()  # an augmentation, so that features are not kept
    kept = transfer(source, split, epochs=3, **EXACT)
    through = transfer(source, split, epochs=3, augment=identity, **EXACT)
    ours, theirs = (cnnlab.predict(result.network.model, split, precision="float32") for result in (kept, through))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)
    torch.testing.assert_close(
        torch.tensor(kept.history.train_loss.to_numpy()), torch.tensor(through.history.train_loss.to_numpy())
    )


class _Unchanged:
    def __call__(self, images, *, generator):
        return images


def test_the_result_is_classified_saved_and_read_with_its_preprocessing(source, tmp_path):
    network, history = transfer(source, coloured(2), epochs=2, progress=False)
    assert list(history.index) == [1, 2]
    assert network.classes == ("a", "b")
    picture = coloured(2).images[0]
    torch.testing.assert_close(network.preprocess(picture), data.to_float(picture))  # as it was trained
    path = tmp_path / "net.safetensors"
    cnnlab.save(path, network.model, classes=network.classes, preprocess=network.preprocess)
    again = models.load_pretrained(path)
    assert (again.classes, again.preprocess) == (network.classes, network.preprocess)
    x = data.to_float(coloured(2).images)
    with torch.inference_mode():
        assert torch.equal(again.model(x), network.model(x))


def test_gradual_unfreezing_trains_more_layers_from_stage_to_stage(source):
    weights = []
    for gradual in ((1,), (1, 3), (1, 3, 20)):
        network, history = transfer(source, coloured(2), gradual=gradual, epochs=2, **EXACT)
        assert list(history.index) == list(range(1, 2 * len(gradual) + 1))
        state = network.model.state_dict()
        weights.append([state["features.conv4_3.conv2.weight"], state["features.conv1.weight"]])
    before = source.state_dict()
    start = [before["features.conv4_3.conv2.weight"], before["features.conv1.weight"]]
    changed = [[not torch.equal(now, then) for now, then in zip(stage, start, strict=True)] for stage in weights]
    assert changed == [[False, False], [True, False], [True, True]]


def test_layer_transfer_copies_and_freezes_the_first_layers_and_draws_the_others_anew(source):
    result = transfer(source, coloured(2), copied=4, freeze=4, epochs=1, learning_rate=1e-9, **EXACT)
    before, after = source.state_dict(), result.network.model.state_dict()
    assert torch.equal(before["features.conv2_1.conv2.weight"], after["features.conv2_1.conv2.weight"])
    # With so small a learning rate, only other initial weights make a difference.
    assert (before["features.conv4_1.conv1.weight"] - after["features.conv4_1.conv1.weight"]).abs().mean() > 0.01
    with pytest.raises(ValueError, match="with copied=4, features.conv2_2.conv2 starts from random weights"):
        transfer(source, coloured(2), copied=4, freeze=6, progress=False)


def test_the_four_scenarios_train_what_their_description_says(source):
    unchanged = {}
    before = source.state_dict()
    for scenario in (1, 2, 3, 4):
        # Without a step to speak of, the copied weights are recognised.
        after = transfer(source, coloured(2), scenario=scenario, epochs=1, learning_rate=1e-9, **EXACT)[0].model
        convs = [name for name in before if name.startswith("features") and before[name].ndim == 4]
        grads = [parameter.requires_grad for name, parameter in after.named_parameters() if name in convs]
        copied = [torch.allclose(before[name], after.state_dict()[name], atol=1e-5) for name in convs]
        unchanged[scenario] = (sum(grads), sum(copied))
    assert unchanged == {1: (0, 19), 2: (19 - 20 // 3, 19), 3: (19, 0), 4: (19, 19)}


def test_copied_layers_learn_at_a_tenth_and_rates_by_name_replace_that(source):
    seen = {}

    def moved(name, **options):
        after = transfer(source, coloured(2, count=1), freeze=0, epochs=1, batch_size=2, **options, **EXACT)[0].model
        difference = after.get_parameter(name) - source.get_parameter(name)
        return difference.abs().max().item()

    # The first step of Adam moves every weight with a gradient by the learning rate.
    seen = moved("features.conv1.weight", learning_rate=1e-2)
    assert seen == pytest.approx(1e-3, rel=0.01)
    assert moved("features.conv1.weight", rates={"features": 1e-4}) == pytest.approx(1e-4, rel=0.01)
    with pytest.raises(ValueError, match="rates names 'feature', and no module or parameter of this network"):
        transfer(source, coloured(2), freeze=0, rates={"feature": 1e-4}, progress=False)


def test_conservative_training_stays_nearer_to_the_source(source):
    def distance(alpha):
        after = transfer(source, coloured(2), freeze=0, epochs=5, conservative=alpha, **EXACT)[0].model
        pairs = zip(source.features.parameters(), after.features.parameters(), strict=True)
        return sum((now - then).square().sum().item() for then, now in pairs)

    assert distance(100.0) < 0.5 * distance(0.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scenario": 5}, r"scenario must be 1, 2, 3 or 4, got 5; advise\(network, data\) recommends one"),
        ({"last": 2, "freeze": 3}, "exclude one another, got freeze=3 and last=2; give one"),
        ({"scenario": 3, "copied": 2}, "scenario 3 copies no layer, got copied=2"),
        ({"last": 99}, "a number of layers must be from 0 to 20"),
        ({"gradual": ()}, "gradual must name a number of layers for each stage"),
        (
            {"last": 5, "copies": 2, "augment": data.Augmentation(flip=True)},
            "copies=2 are kept as features, for a head",
        ),
        ({"head": "svm", "last": 5}, "a classifier of scikit-learn learns from the features of a frozen network"),
        ({"head": "svm", "augment": data.Augmentation(flip=True)}, "learns only once: say with copies how many"),
        ({"conservative": -1.0, "freeze": 0}, "the weight of the penalty must be 0 or more, got -1.0"),
    ],
)
def test_options_that_do_not_fit_together_are_refused(source, options, message):
    with pytest.raises(ValueError, match=message):
        transfer(source, coloured(2), epochs=1, progress=False, **options)


def test_another_normalisation_than_the_sources_is_refused_and_prepared_pictures_are_taken(source):
    imagenet = models.Preprocess(32, 32, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "bilinear")
    network = models.Pretrained(source, imagenet, ("x",) * 10, "a test")
    split = coloured(2)
    with pytest.raises(
        ValueError, match=r"was trained on pictures with mean \(0\.485, 0\.456, 0\.406\) .*0\.5 and 0\.5"
    ):
        transfer(network, split, progress=False)
    floats = data.Split(imagenet(split.images), split.labels, split.classes)
    with pytest.raises(ValueError, match="these pictures are floats, and a module alone does not tell"):
        transfer(source, floats, progress=False)
    result = transfer(network, floats, epochs=1, progress=False)
    assert result.network.preprocess == imagenet


def test_prepared_pictures_are_what_the_preprocessing_makes_of_each_file(source, tmp_path):
    for label in "ab":
        (tmp_path / label).mkdir()
        for number in range(3):
            Image.new("RGB", (90, 60), (60 * number, 99, 7)).save(tmp_path / label / f"{number}.png")
    imagenet = models.Preprocess(36, 32, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "bilinear")
    network = models.Pretrained(source, imagenet, ("x",) * 10, "a test")
    split = data.folder(tmp_path, size=(32, 32), validation=0.3, test=0.3).train
    found = training.prepared(network, split)
    assert torch.equal(found.images[0], imagenet(data.decode(split.images.paths[0])))
    assert torch.equal(found.labels, split.labels)
    # A black pixel by hand: (0 - mean) / deviation.
    black = data.Split(torch.zeros(2, 3, 40, 40, dtype=torch.uint8), torch.arange(2), ("a", "b"))
    assert training.prepared(network, black).images[0, 0, 0, 0].item() == pytest.approx(-0.485 / 0.229)


def test_a_single_class_is_refused(source):
    one = data.Split(torch.zeros(2, 3, 32, 32, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64), ("a",))
    with pytest.raises(ValueError, match=r"tells two or more classes apart, and the data has \('a',\)"):
        transfer(source, one, progress=False)
