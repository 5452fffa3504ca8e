"""Videos: which frames are taken, in grey; the decoder is stood in for where it can be."""

from __future__ import annotations

import importlib.util
import sys

import numpy as np
import pytest
from kind_readers import check_needs, reader

from contrage import modalities
from contrage.errors import BadScanError, SettingsError
from contrage.modalities import video
from contrage.modalities.video import span, taken

HAS_AV = importlib.util.find_spec("av") is not None


@pytest.fixture
def film(monkeypatch):
    """Stand for the decoder: frames of 6×8 pixels, each with its own number as value."""

    def of(frames, shape=(6, 8)):
        def decoded(path, numbers):
            return {number: np.full(shape, number, np.float32) for number in numbers}

        monkeypatch.setattr(video, "count", lambda path: frames)
        monkeypatch.setattr(video, "decoded", decoded)

    return of


def read(tmp_path, **own):
    values, told = reader("video", **{"pixels": [6, 8], **own})(tmp_path / "a.avi")
    return np.round(values[0, :, 0, 0] * 255).astype(int).tolist(), told


def test_every_second_frame_about_the_middle_is_taken(tmp_path, film):
    film(20)
    assert read(tmp_path, frames=4) == ([6, 8, 10, 12], [])
    film(7)
    assert read(tmp_path, frames=4) == ([0, 2, 4, 6], [])
    assert span(32, 2) == 63


def test_a_shorter_video_is_reflected_at_both_ends_and_told(tmp_path, film):
    film(4)
    numbers, told = read(tmp_path, frames=6)
    assert numbers == [2, 2, 0, 2, 2, 0]
    assert told == ["videos with fewer frames than asked for, reflected at both ends"]


@pytest.mark.parametrize("there", [1, 2, 3, 9, 30, 62, 63, 64, 200])
def test_frames_that_are_taken_are_there_and_lie_about_the_middle(there):
    numbers = taken(there, 32, 2)
    assert len(numbers) == 32 and min(numbers) >= 0 and max(numbers) < there
    if there >= span(32, 2):
        assert set(np.diff(numbers)) == {2}
        assert abs((numbers[0] + numbers[-1]) / 2 - (there - 1) / 2) <= 0.5


def test_reflection_runs_as_numpys(there=5, frames=9):
    expected = np.pad(np.arange(there), (2, 2), mode="reflect").tolist()
    assert taken(there, frames, 1) == expected


def test_frames_of_another_size_are_resized_and_told(tmp_path, film):
    film(9, (12, 16))
    numbers, told = read(tmp_path, frames=3)
    assert numbers == [2, 4, 6] and told == ["videos of another size, resized"]


def test_a_video_without_frames_is_named(tmp_path, film):
    film(0)
    with pytest.raises(BadScanError, match=r"a\.avi: has no frame"):
        read(tmp_path)


def test_without_the_decoder_it_is_said_what_to_install_before_the_first_job(tmp_path, monkeypatch):
    monkeypatch.setattr(video.importlib.util, "find_spec", lambda name: None)
    said = r"cohort\.image: video needs PyAV.*uv pip install .* --editable '\.\[video\]'"
    with pytest.raises(SettingsError, match=said):
        check_needs(image="video")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(SettingsError, match=r"a\.avi: PyAV is not there; install it, in contr"):
        video.count(tmp_path / "a.avi")


def test_no_other_kind_asks_for_it():
    for name in modalities.learned():
        if name != "video":
            check_needs(image=name)


@pytest.mark.skipif(not HAS_AV, reason="PyAV is not there")
def test_an_avi_is_decoded_as_the_mean_of_its_colours(tmp_path):
    import av

    with av.open(str(tmp_path / "a.avi"), "w") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = 32, 16, "yuvj444p"
        for number in range(9):
            colour = np.full(
                (16, 32, 3), (20 * number, 20 * number + 10, 20 * number + 20), np.uint8
            )
            container.mux(stream.encode(av.VideoFrame.from_ndarray(colour, format="rgb24")))
        container.mux(stream.encode())
    assert video.count(tmp_path / "a.avi") == 9
    frames = video.decoded(tmp_path / "a.avi", {1, 4, 8})
    assert {number: frame.shape for number, frame in frames.items()} == dict.fromkeys(
        (1, 4, 8), (16, 32)
    )
    means = [float(frame.mean()) for frame in frames.values()]
    np.testing.assert_allclose(means, [20 * number + 10 for number in (1, 4, 8)], atol=3)


@pytest.mark.skipif(not HAS_AV, reason="PyAV is not there")
@pytest.mark.parametrize("content", [b"", b"no video", b"RIFF\x00\x00\x00\x00AVI LIST"])
def test_a_file_that_is_no_video_is_named(tmp_path, content):
    (tmp_path / "a.avi").write_bytes(content)
    with pytest.raises(BadScanError, match=r"a\.avi: (cannot be read as a video|has no frame)"):
        reader("video")(tmp_path / "a.avi")
