import struct

import pytest
import torch
from PIL import Image

from cnnlab import data


def make(folder, name, count, size=(20, 20)):
    (folder / name).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        Image.new("RGB", size, (number * 9 % 256, 0, 0)).save(folder / name / f"{number}.png")


def bitmap_header(width, height):
    """The head of a BMP file of 24 bits a pixel, without the pixels."""
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)


def test_folders_are_classes_and_files_their_pictures(tmp_path):
    make(tmp_path, "cat", 20)
    make(tmp_path, "dog", 10)
    make(tmp_path, "dog/of another breed", 10)
    (tmp_path / "dog" / ".hidden").write_text("not a picture, and hidden")
    parts = data.folder(tmp_path, size=(8, 8), validation=0.1, test=0.2)
    assert parts.train.classes == ("cat", "dog")
    assert [len(part) for part in parts[:3]] == [28, 4, 8]
    assert parts.unreadable == ()
    for path, label in zip(parts.train.images.paths, parts.train.labels, strict=True):
        assert path.relative_to(tmp_path).parts[0] == parts.train.classes[label]


def test_unreadable_files_are_counted_and_listed(tmp_path):
    make(tmp_path, "cat", 10)
    (tmp_path / "cat" / "empty.jpg").touch()
    (tmp_path / "cat" / "text.jpg").write_text("a text")
    (tmp_path / "cat" / "huge.bmp").write_bytes(bitmap_header(20_000, 20_000))
    with pytest.warns(UserWarning, match=r"3 of 13 files in .* cannot be read and are left out: cat/empty.jpg, "):
        parts = data.folder(tmp_path, size=(8, 8), validation=0.2, test=0.2)
    reasons = {entry.path: entry.reason for entry in parts.unreadable}
    assert reasons["cat/empty.jpg"] == "the file is empty"
    assert reasons["cat/text.jpg"] == "it is no picture that Pillow can read"
    assert reasons["cat/huge.bmp"] == "far more pixels than the limit, 80,000,000: make it smaller"
    assert sum(len(part) for part in parts[:3]) == 10


@pytest.mark.parametrize(
    ("prepare", "error", "message"),
    [
        (lambda folder: folder / "missing", FileNotFoundError, "there is no folder .*missing"),
        (lambda folder: (folder / "file").touch() or folder / "file", NotADirectoryError, "is a file"),
        (lambda folder: folder, ValueError, "holds no class folders; put the pictures in"),
        (lambda folder: (folder / "cat").mkdir() or folder, ValueError, "no readable picture in cat"),
        (lambda folder: make(folder, "cat", 1) or folder, ValueError, r"too few: cat \(1\)"),
    ],
)
def test_a_folder_that_is_no_data_set_is_refused(tmp_path, prepare, error, message):
    with pytest.raises(error, match=message):
        data.folder(prepare(tmp_path), size=(8, 8))


def test_pictures_keep_their_proportions(tmp_path):
    picture = Image.new("L", (40, 20), 0)  # wide: a bright square in the middle, dark wings
    picture.paste(255, (10, 0, 30, 20))
    picture.save(tmp_path / "wide.png")
    square = data.decode(tmp_path / "wide.png", size=(10, 10), channels=1)
    assert square[0, :, 1:-1].min() == 255  # the wings are cropped, but for what interpolation brings in at the edge


def save_as(mode, path, colour, **options):
    Image.new(mode, (12, 10), colour).save(path, **options)
    return data.decode(path)


def test_every_common_mode_becomes_rgb(tmp_path):
    red = torch.tensor([255, 0, 0], dtype=torch.uint8)
    assert torch.equal(save_as("RGB", tmp_path / "a.png", "red")[:, 5, 5], red)
    Image.new("RGB", (12, 10), "red").convert("P", palette=Image.Palette.ADAPTIVE).save(tmp_path / "b.gif")
    assert torch.equal(data.decode(tmp_path / "b.gif")[:, 5, 5], red)
    cmyk = save_as("CMYK", tmp_path / "c.jpg", (0, 255, 255, 0), quality=100)[:, 5, 5].int()
    assert (cmyk - red.int()).abs().max() < 8
    assert save_as("RGBA", tmp_path / "d.png", (0, 0, 0, 0)).min() == 255  # transparent is paper
    grey = save_as("I;16", tmp_path / "e.png", 32768)
    assert grey.unique().tolist() == [128]  # sixteen bits are scaled, not cut off
    assert save_as("L", tmp_path / "f.png", 7).shape == (3, 10, 12)


def test_an_animated_picture_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "two.gif", save_all=True, append_images=frames[1:])
    assert data.decode(tmp_path / "two.gif")[:, 0, 0].tolist() == [255, 0, 0]
