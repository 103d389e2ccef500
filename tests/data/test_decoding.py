"""`decode` and `ahead`: Pillow in full, hand arithmetic and files that were damaged on purpose are the oracles."""

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageOps

from cnnlab import data

ORIENTATION, RESOLUTION = 0x0112, 0x011A  # EXIF


def damaged_exif():
    """A JPEG whose pixels are whole, and whose resolution claims to be a text: Pillow's EXIF writer trips over it."""
    exif, file = Image.Exif(), io.BytesIO()
    exif[ORIENTATION], exif[RESOLUTION] = 6, 72.0
    Image.new("RGB", (40, 30)).save(file, "jpeg", exif=exif)
    fraction, text = (struct.pack(">HH", RESOLUTION, kind) for kind in (5, 2))
    assert file.getvalue().count(fraction) == 1
    return file.getvalue().replace(fraction, text)


def endless_box():
    """A JPEG 2000 file whose header says that it is 2⁶² bytes long."""
    return b"\0\0\0\x0cjP  \r\n\x87\n" + struct.pack(">I4sQ", 1, b"jp2h", 2**62)


@pytest.mark.parametrize(
    ("name", "content", "why"), [("turned.jpg", damaged_exif, "TypeError"), ("long.jp2", endless_box, "MemoryError")]
)
def test_whatever_pillow_raises_the_file_is_named(tmp_path, name, content, why):
    (tmp_path / name).write_bytes(content())
    with pytest.raises(data.UnreadablePictureError, match=rf"{name}: it is damaged \({why}"):
        data.decode(tmp_path / name)


@pytest.mark.parametrize("orientation", [1, 6])
@pytest.mark.parametrize("size", [(192, 256), (256, 192), (96, 96)])
def test_a_jpeg_is_decoded_at_a_fraction_but_never_smaller_than_wanted(tmp_path, monkeypatch, orientation, size):
    exif, decoded, fit = Image.Exif(), [], ImageOps.fit
    exif[ORIENTATION] = orientation
    Image.new("RGB", (1024, 768)).save(tmp_path / "a.jpg", exif=exif)
    monkeypatch.setattr(ImageOps, "fit", lambda picture, *rest: decoded.append(picture.size) or fit(picture, *rest))
    assert data.decode(tmp_path / "a.jpg", size=size).shape == (3, *size)
    ((width, height),) = decoded
    assert width >= size[1]
    assert height >= size[0]
    assert width * height <= 512 * 384  # JPEG offers halves, quarters and eighths


def test_sixteen_bits_are_scaled_to_eight(tmp_path):
    values = np.array([[0, 128, 257, 32768, 65535]], np.uint16)
    for name in ("grey.png", "grey.tif", "grey.pgm"):
        Image.fromarray(values).save(tmp_path / name)
        assert data.decode(tmp_path / name, channels=1)[0, 0].tolist() == [0, 0, 1, 128, 255]  # values / 257


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_pixels_of_thirty_two_bits_have_no_known_white_and_are_refused(tmp_path, kind):
    Image.fromarray(np.array([[0, 1]], kind)).save(tmp_path / "f.tif")
    with pytest.raises(data.UnreadablePictureError, match=r"f\.tif: its pixels have 32 bits, .* save it with 8 or 16"):
        data.decode(tmp_path / "f.tif")


def test_channels_other_than_one_and_three_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"channels must be 3 \(RGB\) or 1 \(grey\), got 4"):
        data.decode(tmp_path / "a.png", channels=4)


@pytest.mark.parametrize("size", [(0, 5), (0, 0), 32, (32,), (2.5, 3), "32"])
def test_a_size_that_is_none_is_refused_at_once(tmp_path, size):
    for call in (data.decode, data.folder):
        with pytest.raises(ValueError, match=r"size must be \(height, width\), two whole .* got .*; a square is \(64,"):
            call(tmp_path, size=size)


def test_items_are_taken_no_further_ahead_than_asked():
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    for given, result in enumerate(data.ahead(abs, items(), pending=3), start=1):
        assert result == given - 1
        assert len(taken) <= given + 3
    assert len(taken) == given == 100
