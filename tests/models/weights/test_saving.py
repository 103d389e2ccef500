import json

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

import cnnlab
from cnnlab import models


@pytest.fixture
def saved(tmp_path):
    net = models.build("lenet5", num_classes=3, in_channels=3, input_size=(32, 32))
    path = tmp_path / "net.safetensors"
    cnnlab.save(path, net, classes=("a", "b", "c"), notes="after 2 epochs")
    return path, net


def test_a_network_comes_back_by_name_options_and_weights(saved):
    path, net = saved
    again = cnnlab.load(path)
    assert (again.in_channels, again.input_size) == (3, (32, 32))
    assert again.card == json.loads(path.with_suffix(".json").read_text())
    assert again.card["classes"] == ["a", "b", "c"]
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))
    assert all(parameter.requires_grad for parameter in again.parameters())
    cnnlab.save(path, again)  # and can be saved again


def test_the_weights_are_plain_safetensors(saved):
    path, net = saved
    assert set(load_file(path)) == set(net.state_dict())


def changed(path, change):
    tensors = load_file(path)
    text = json.loads(path.with_suffix(".json").read_text()) | change
    save_file(tensors, path, metadata={"cnnlab": json.dumps(text)})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (
            lambda path: path.write_bytes(path.read_bytes()[:3000]),
            r"net\.safetensors is damaged or no safetensors file",
        ),
        (lambda path: path.write_bytes(b"\xff" * 64), "is damaged or no safetensors file"),
        (lambda path: save_file(load_file(path), path), "has no metadata of cnnlab"),
        (lambda path: save_file(load_file(path), path, metadata={"cnnlab": "{"}), "its metadata is not JSON"),
        (lambda path: changed(path, {"name": 7}), "does not name a network and its options"),
        (lambda path: changed(path, {"name": "resnet999"}), "no network is called 'resnet999'"),
        (lambda path: changed(path, {"options": {"evil": 1}}), "lenet5 takes no option 'evil'"),
        (lambda path: changed(path, {"options": {"num_classes": 10**9}}), "the weights are not those of lenet5"),
        (lambda path: changed(path, {"options": {"num_classes": "ten"}}), "does not describe a network"),
        (
            lambda path: changed(path, {"classes": ["a"]}),
            r"net\.safetensors: this network has 3 outputs, and classes names 1",
        ),
        (lambda path: changed(path, {"notes": "long " * 300_000}), "has no metadata of cnnlab"),
        (lambda path: path.unlink(), "there is no file"),
    ],
)
def test_a_damaged_or_hostile_file_is_refused_by_name(saved, damage, message):
    path, _ = saved
    damage(path)
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        cnnlab.load(path)


def test_a_network_that_nobody_could_rebuild_is_not_saved(tmp_path):
    with pytest.raises(ValueError, match=r"Sequential was not made by cnnlab\.models\.build"):
        cnnlab.save(tmp_path / "x.safetensors", nn.Sequential(nn.Linear(1, 1)))


def test_a_failed_save_keeps_the_old_file(saved, monkeypatch):
    path, net = saved
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cnnlab.models.weights.saving.save_file", full)
    with pytest.raises(OSError, match="No space left"):
        cnnlab.save(path, net)
    assert path.read_bytes() == before
    assert sorted(file.suffix for file in path.parent.iterdir()) == [".json", ".safetensors"]


def test_a_network_changed_after_it_was_built_and_the_name_of_the_metadata_are_refused(tmp_path):
    net = models.build("lenet5")
    with pytest.raises(ValueError, match=r"net\.json: \.json is for the metadata; .*net\.safetensors"):
        cnnlab.save(tmp_path / "net.json", net)
    net.classifier.fc3 = nn.Linear(84, 3)
    with pytest.raises(ValueError, match=r"lenet5 was changed after it was built \(classifier\.fc3"):
        cnnlab.save(tmp_path / "net.safetensors", net)
    assert list(tmp_path.iterdir()) == []


def test_metadata_replace_metadata_and_nothing_else(tmp_path):
    net = models.build("lenet5")
    for content in ('{"accuracy": 0.9}', "[1]", "no JSON"):
        (tmp_path / "results.json").write_text(content)
        with pytest.raises(FileExistsError, match=r"results\.json is not metadata of cnnlab, .* under another name"):
            cnnlab.save(tmp_path / "results.safetensors", net)
        assert (tmp_path / "results.json").read_text() == content
        assert len(list(tmp_path.iterdir())) == 1
    (tmp_path / "results.json").unlink()
    for notes in ("first", "second"):
        cnnlab.save(tmp_path / "results.safetensors", net, notes=notes)
    assert json.loads((tmp_path / "results.json").read_text())["notes"] == "second"


def test_a_number_in_a_files_name_stays_in_that_of_its_metadata(tmp_path):
    for name in ("lenet-0.95", "lenet-0.96.safetensors"):
        cnnlab.save(tmp_path / name, models.build("lenet5"))
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        "lenet-0.95",
        "lenet-0.95.json",
        "lenet-0.96.json",
        "lenet-0.96.safetensors",
    ]


def test_a_loaded_network_is_in_eval_mode_and_does_not_change_with_its_file(saved):
    path, net = saved
    again = cnnlab.load(path)
    assert not any(module.training for module in again.modules())
    with open(path, "rb+") as file:  # in place, as a file that is mapped into memory would show
        file.seek(-400, 2)
        file.write(bytes(400))
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))


def test_preprocessing_is_kept_and_files_without_it_load_as_before(tmp_path):
    net, path = models.build("lenet5", num_classes=2), tmp_path / "net.safetensors"
    for size in (28, (28, 30)):
        prepare = models.Preprocess(size, size, (0.5,), (0.25,), "bicubic")
        cnnlab.save(path, net, classes=("a", "b"), preprocess=prepare)
        assert models.load_pretrained(path).preprocess == prepare
    cnnlab.save(path, net, classes=("a", "b"))
    assert "preprocess" not in cnnlab.load(path).card
    with pytest.raises(ValueError, match=r"net\.safetensors does not say how photographs are prepared"):
        models.load_pretrained(path)


@pytest.mark.parametrize(
    "change",
    [
        {"resize": 10**9},
        {"crop": [0, 5]},
        {"std": [0.0]},
        {"mean": [0.5] * 4},
        {"interpolation": "magic"},
        {"mean": "x"},
    ],
)
def test_a_preprocessing_that_is_none_is_refused(tmp_path, change):
    path, prepare = tmp_path / "net.safetensors", models.Preprocess(28, 28, (0.5,), (0.5,), "bilinear")
    cnnlab.save(path, models.build("lenet5", num_classes=1), classes=("a",), preprocess=prepare)
    card = json.loads(path.with_suffix(".json").read_text())
    changed(path, {"preprocess": card["preprocess"] | change})
    with pytest.raises(ValueError, match=r"net\.safetensors: its metadata does not describe a preprocessing"):
        models.load_pretrained(path)
