"""Grey pictures: read by their bits, cropped, padded, resized; what is no such picture is named."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kind_readers import reader
from PIL import Image

from contrage.errors import BadScanError
from contrage.modalities.xray import _padded
from contrage.prepared import Cut


@pytest.fixture
def picture(tmp_path, rng):
    """A hand's worth of grey values, 24×16, its file and the values."""
    values = rng.integers(0, 256, (24, 16), dtype=np.uint8)
    path = tmp_path / "sub-1_xray.png"
    Image.fromarray(values).save(path)
    return path, values


def test_values_of_eight_bits_are_read_from_0_to_1(picture):
    path, values = picture
    read, told = reader("xray", size=[24, 16])(path)
    np.testing.assert_allclose(read[0], values / 255, atol=1e-6)
    assert told == []


def test_sixteen_bits_are_read_by_their_own_largest_number_and_told(tmp_path, rng):
    values = rng.integers(0, 65536, (8, 12), dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    read, told = reader("xray", size=[8, 12])(tmp_path / "a.png")
    np.testing.assert_allclose(read[0], values / 65535, atol=1e-6)
    assert told == ["pictures of 16 bits a pixel"]


def test_a_picture_may_have_its_own_least_and_largest_value(tmp_path):
    """Twelve bits in sixteen would be nearly black by the depth of the file."""
    values = np.linspace(300, 4095, 96).reshape(8, 12).astype(np.uint16)
    Image.fromarray(values).save(tmp_path / "a.png")
    dark, _ = reader("xray", size=[8, 12])(tmp_path / "a.png")
    own, _ = reader("xray", size=[8, 12], intensity="own")(tmp_path / "a.png")
    assert dark.max() < 0.07
    assert (own.min(), own.max()) == (0, 1)


def test_grey_that_is_stored_as_colours_is_grey_and_colours_are_refused_by_file(tmp_path, picture):
    path, values = picture
    for name in ("rgb.png", "alpha.png"):
        mode = "RGB" if name == "rgb.png" else "RGBA"
        Image.open(path).convert(mode).save(tmp_path / name)
        read, _ = reader("xray", size=[24, 16])(tmp_path / name)
        np.testing.assert_allclose(read[0], values / 255, atol=1e-6)
    tinted = np.stack([values, values, values // 2], axis=-1)
    Image.fromarray(tinted).save(tmp_path / "tinted.png")
    with pytest.raises(BadScanError, match=r"tinted\.png: is a picture in colours, where all are"):
        reader("xray", size=[24, 16])(tmp_path / "tinted.png")


def test_jpegs_are_read_as_their_camera_held_them(tmp_path):
    values = np.zeros((16, 32), np.uint8)
    values[:, :8] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down: turned by 180 degrees
    Image.fromarray(values).save(tmp_path / "a.jpg", quality=95, exif=exif)
    read, _ = reader("xray", size=[16, 32])(tmp_path / "a.jpg")
    assert read[0, :, -8:].mean() > 0.95 and read[0, :, :-8].mean() < 0.05


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"no picture", "cannot be read as a picture"), (b"", "cannot be read as a picture")],
)
def test_a_file_that_is_no_picture_is_named(tmp_path, content, said):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(BadScanError, match=rf"a\.png: {said}"):
        reader("xray")(tmp_path / "a.png")


def test_a_picture_that_was_cut_is_named(picture):
    path, _ = picture
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(BadScanError, match=r"sub-1_xray\.png: cannot be read as a picture"):
        reader("xray")(path)


def test_thirty_two_bits_are_refused_with_what_to_do(tmp_path):
    Image.fromarray(np.ones((6, 6), np.float32)).save(tmp_path / "a.tiff")
    with pytest.raises(BadScanError, match=r"32 bits a pixel.*save it as 16-bit PNG"):
        reader("xray")(tmp_path / "a.tiff")


def test_of_a_cut_the_box_within_the_half_is_read(picture):
    path, values = picture
    read, _ = reader("xray", size=[10, 6])(path, Cut("left", (2, 5, 6, 10)))
    np.testing.assert_allclose(read[0], values[5:15, 2:8] / 255, atol=1e-6)
    half, _ = reader("xray", size=[24, 8])(path, Cut("right", None))
    np.testing.assert_allclose(half[0], values[:, 8:] / 255, atol=1e-6)
    beyond, _ = reader("xray", size=[10, 6])(path, Cut("left", (2, 5, 12, 10)))
    np.testing.assert_allclose(beyond[0], values[5:15, 2:8] / 255, atol=1e-6)


def test_a_box_outside_of_the_picture_is_named(picture):
    path, _ = picture
    with pytest.raises(BadScanError, match=r"sub-1_xray\.png: has 16×24 pixels.*lies outside"):
        reader("xray")(path, Cut("left", (40, 5, 6, 10)))


def test_padding_keeps_the_ratio_of_a_picture_and_stretching_does_not(tmp_path):
    square = np.full((12, 12), 255, np.uint8)
    square[5, 5] = 254  # of one value it would be refused
    Image.fromarray(square).save(tmp_path / "a.png")
    padded, _ = reader("xray", size=[24, 12])(tmp_path / "a.png")
    assert (
        (padded[0, 6:18] > 0.99).all()
        and (padded[0, :5] == 0).all()
        and (padded[0, 19:] == 0).all()
    )
    stretched, _ = reader("xray", size=[24, 12], fit="stretch")(tmp_path / "a.png")
    assert (stretched > 0.99).all()


@settings(max_examples=50, deadline=None)
@given(st.integers(4, 60), st.integers(4, 60), st.floats(0.3, 3))
def test_padding_adds_black_evenly_and_reaches_the_ratio(height, width, ratio):
    padded = _padded(np.ones((height, width), np.float32), ratio, "pad")
    assert padded.sum() == height * width
    assert padded.shape[0] == height or padded.shape[1] == width
    assert abs(padded.shape[0] - padded.shape[1] * ratio) <= max(1, ratio)
    rows, columns = np.flatnonzero(padded.any(axis=1)), np.flatnonzero(padded.any(axis=0))
    for first, last, size in (
        (*rows[[0, -1]], padded.shape[0]),
        (*columns[[0, -1]], padded.shape[1]),
    ):
        assert 0 <= (size - 1 - last) - first <= 1


def test_a_smaller_picture_is_a_mean_over_what_its_pixels_cover(tmp_path):
    """A chequerboard that is made smaller is grey: no pixel is picked by chance."""
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    Image.fromarray(board).save(tmp_path / "a.png")
    read, _ = reader("xray", size=[8, 8])(tmp_path / "a.png")
    np.testing.assert_allclose(read[0], 0.5, atol=0.02)


@pytest.mark.parametrize("intensity", ["own", "depth"])
def test_a_picture_of_one_value_is_named_although_it_would_be_padded(tmp_path, intensity):
    Image.fromarray(np.full((60, 60), 128, np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(BadScanError, match=r"a\.png: has one value in all pixels"):
        reader("xray", size=[130, 100], intensity=intensity)(tmp_path / "a.png")


def test_sixteen_bits_of_which_eight_would_be_read_are_refused(tmp_path):
    """Grey with transparency: Pillow opens it as colours of 8 bits, and writes none of 16."""
    width, height = 12, 8
    lines = b"".join(
        b"\0" + b"".join(struct.pack(">HH", 700 * x, 65535) for x in range(width))
        for _ in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 16, 4, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    told = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    ]
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(told))
    with pytest.raises(BadScanError, match=r"has 16 bits of colours or with transparency"):
        reader("xray", size=[8, 12])(tmp_path / "a.png")


def test_a_box_that_ends_outside_of_the_picture_is_of_another_size(picture):
    path, _ = picture
    with pytest.raises(BadScanError, match=r"its box ends outside of them"):
        reader("xray", size=[24, 16])(path, Cut("whole", (4, 2, 20, 10)))
