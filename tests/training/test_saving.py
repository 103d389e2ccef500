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
    assert again.input_shape == (3, 32, 32)
    assert again.card == json.loads(path.with_suffix(".json").read_text())
    assert again.card["classes"] == ["a", "b", "c"]
    assert all(torch.equal(a, b) for a, b in zip(net.parameters(), again.parameters(), strict=True))
    assert all(parameter.requires_grad for parameter in again.parameters())
    cnnlab.save(path, again)  # and can be saved again


def test_the_weights_are_plain_safetensors(saved):
    path, net = saved
    assert set(load_file(path)) == set(net.state_dict())


def card(path, change):
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
        (lambda path: save_file(load_file(path), path), "has no card of cnnlab"),
        (lambda path: save_file(load_file(path), path, metadata={"cnnlab": "{"}), "its card is not JSON"),
        (lambda path: card(path, {"name": 7}), "does not name a network and its options"),
        (lambda path: card(path, {"name": "resnet999"}), "no network is called 'resnet999'"),
        (lambda path: card(path, {"options": {"evil": 1}}), "lenet5 takes no option 'evil'"),
        (lambda path: card(path, {"options": {"num_classes": 10**9}}), "the weights are not those of lenet5"),
        (lambda path: card(path, {"options": {"num_classes": "ten"}}), "does not describe a network"),
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

    monkeypatch.setattr("cnnlab.training.saving.save_file", full)
    with pytest.raises(OSError, match="No space left"):
        cnnlab.save(path, net)
    assert path.read_bytes() == before
    assert sorted(file.suffix for file in path.parent.iterdir()) == [".json", ".safetensors"]


def test_a_network_changed_after_it_was_built_and_the_name_of_a_card_are_refused(tmp_path):
    net = models.build("lenet5")
    with pytest.raises(ValueError, match=r"net\.json is the name of a card; .*net\.safetensors"):
        cnnlab.save(tmp_path / "net.json", net)
    net.classifier.fc3 = nn.Linear(84, 3)
    with pytest.raises(ValueError, match=r"lenet5 was changed after it was built \(classifier\.fc3"):
        cnnlab.save(tmp_path / "net.safetensors", net)
    assert list(tmp_path.iterdir()) == []
