"""`classify`: real photographs, and what else may be in a folder."""

import warnings
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cnnlab.data import decode, photo
from cnnlab.inference import classify
from cnnlab.models import Pretrained, pretrained

CATS = {"tabby", "tiger cat", "Egyptian cat"}


@pytest.fixture(scope="module")
def network() -> Pretrained:
    return pretrained()


@pytest.fixture
def cat() -> Image.Image:
    return Image.fromarray(photo("chelsea").permute(1, 2, 0).numpy())


def test_scores_are_the_networks_logits_and_their_softmax(network):
    path = Path(str(files("skimage.data") / "coffee.png"))
    (guesses,) = classify(network, [path], top=15, precision="float32").guesses.values()
    with torch.no_grad():
        logits = network.model(network.preprocess(decode(path))[None])[0]
    order = np.argsort(-logits.numpy())[:15]
    assert [guess.name for guess in guesses] == [network.classes[i] for i in order]
    np.testing.assert_allclose([guess.score for guess in guesses], logits[order.copy()], rtol=1e-4)
    np.testing.assert_allclose([guess.probability for guess in guesses], logits.softmax(0)[order.copy()], rtol=1e-3)


@pytest.mark.parametrize("kind", ["jpg", "cmyk", "16-bit", "rotated", "grey"])
def test_a_cat_is_a_cat_in_every_kind_of_file(network, cat, tmp_path, kind):
    path = tmp_path / "cat"
    exif = Image.Exif()
    if kind == "cmyk":
        cat = cat.convert("CMYK")
    elif kind == "grey":
        cat = cat.convert("L")
    elif kind == "rotated":
        exif[0x0112] = 6  # shown after a quarter turn to the right
        cat = cat.rotate(90, expand=True)
    if kind == "16-bit":
        Image.fromarray(np.asarray(cat.convert("L")).astype(np.uint16) * 257).save(path, "png")
    else:
        cat.save(path, "jpeg", exif=exif, quality=95)
    (guesses,) = classify(network, [path], top=5).guesses.values()
    assert CATS & {guess.name for guess in guesses}


def test_a_folder_with_bad_files_has_the_rest_classified_in_order_and_lists_them(network, cat, tmp_path):
    good = [tmp_path / f"{number:02}.jpg" for number in range(17)]
    for path in good:
        cat.save(path, "jpeg")
    (tmp_path / "cut.jpg").write_bytes(good[0].read_bytes()[:5000])
    cat.save(tmp_path / "dim.avif")
    (tmp_path / "dim.avif").write_bytes((tmp_path / "dim.avif").read_bytes()[:3000])
    cat.convert("RGB").save(tmp_path / "drawn.eps")
    (tmp_path / "empty.png").touch()
    (tmp_path / "letter.jpg").write_text("Dear student")
    Image.new("1", (20_000, 20_000)).save(tmp_path / "vast.png")
    Image.new("1", (10_000, 10_000)).save(tmp_path / "wide.png")
    Image.new("1", (1_000_000, 1)).save(tmp_path / "zz-line.png")
    seen: list[int] = []
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        result = classify(network, sorted(tmp_path.iterdir()), top=1, progress=seen.append)
    assert not [warning for warning in warned if issubclass(warning.category, Image.DecompressionBombWarning)]
    assert list(result.guesses) == [*good, tmp_path / "zz-line.png"]
    assert {result.guesses[path][0].name for path in good} <= CATS
    bad = ["cut.jpg", "dim.avif", "drawn.eps", "empty.png", "letter.jpg", "vast.png", "wide.png"]
    assert sorted(Path(entry.path).name for entry in result.unreadable) == bad
    reasons = {Path(entry.path).name: entry.reason for entry in result.unreadable}
    assert reasons["drawn.eps"].startswith("it is PostScript")
    assert reasons["empty.png"] == "the file is empty"
    assert reasons["letter.jpg"] == "it is no picture that Pillow can read"
    assert "more pixels than the limit, 80,000,000" in reasons["vast.png"]
    assert "10000×10000 pixels; the limit is 80,000,000" in reasons["wide.png"]  # where Pillow itself only warns
    assert seen == list(range(1, 26))


def test_bad_arguments_name_value_and_rule(network):
    with pytest.raises(ValueError, match="top must be between 1 and 1000, got 0"):
        classify(network, ["a.jpg"], top=0)
    with pytest.raises(ValueError, match="there is no photograph to classify; name one or more files"):
        classify(network, [])


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_callers_network_stays_as_it_is_however_it_runs(cat, tmp_path, precision):
    network = pretrained()
    cat.save(tmp_path / "cat.jpg")
    addresses = [parameter.data_ptr() for parameter in network.model.parameters()]
    (guesses,) = classify(network, [tmp_path / "cat.jpg"], precision=precision).guesses.values()
    assert CATS & {guess.name for guess in guesses}
    assert [parameter.data_ptr() for parameter in network.model.parameters()] == addresses
    assert all(parameter.is_contiguous() for parameter in network.model.parameters())
