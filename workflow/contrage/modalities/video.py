"""Videos in shades of grey (AVI), such as echocardiograms; PyAV decodes them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrage.errors import BadScanError, SettingsError
from contrage.modalities._modality import Modality
from contrage.prepared import Cut, Prepared
from contrage.settings.blocks.kinds import VideoSettings

if TYPE_CHECKING:
    import numpy as np

SETTINGS = VideoSettings
MODALITY = Modality(
    many="videos",
    title="video",
    one="video",
    layout="video",
    axes=("t", "y", "x"),
    channels=1,
    group="site",
    ending="video.avi or video.mp4",
    augmentations=("jitter", "brightness", "intensity", "noise"),
    encoders=("r2plus1d",),
)
ADVICE = (
    "install it, in contrage's folder, with uv pip install --constraint constraints.txt "
    "--editable '.[video]'"
)


def configured(modality: Modality, settings: VideoSettings) -> Modality:
    """Return the kind with the frames and pixels that are asked for."""
    return replace(modality, shape=(settings.frames, *settings.pixels))


def prepares(settings: VideoSettings) -> str:
    """Say what is done to the videos."""
    height, width = settings.pixels
    return (
        f"Of each video {settings.frames} frames were taken, one of every {settings.every} about "
        "the middle, shorter ones reflected at both ends, as grey (the mean of the colours) in "
        f"{height}×{width} pixels, 0 to 1; skull stripping, bias correction and registration are "
        "not for them and did not run."
    )


def needs(settings: VideoSettings) -> None:
    """Raise `SettingsError` if there is no PyAV."""
    if importlib.util.find_spec("av") is None:
        raise SettingsError(f"cohort.image: video needs PyAV, which is not there; {ADVICE}")


def reading(
    kind: Prepared, settings: VideoSettings
) -> Callable[[Path, Cut | None, Callable[[str], None]], np.ndarray]:
    """Return what reads a video: float32 of shape (1, frames, height, width), 0 to 1."""

    def read(path: Path, cut: Cut | None, tell: Callable[[str], None]) -> np.ndarray:
        import numpy as np

        there = count(path)
        if not there:
            raise BadScanError(path, "has no frame; copy it again")
        _compare(path, there, cut, tell)
        chosen = taken(there, settings.frames, settings.every)
        if there < span(settings.frames, settings.every):
            tell("videos with fewer frames than asked for, reflected at both ends")
        grey = decoded(path, set(chosen))
        if grey[chosen[0]].shape != settings.pixels:
            tell("videos of another size, resized")
            grey = {number: _resized(frame, settings.pixels) for number, frame in grey.items()}
        return np.stack([grey[number] for number in chosen])[None] / np.float32(255)

    return read


def _compare(path: Path, there: int, cut: Cut | None, tell: Callable[[str], None]) -> None:
    """Refuse a video that is shorter than its owner says; decoders differ by one at the end."""
    if cut is None or cut.size is None or there == cut.size[0]:
        return
    if there < cut.size[0] - 1:
        raise BadScanError(
            path, f"has {there} frames where its owner's table says {cut.size[0]}; copy it again"
        )
    tell("videos with another number of frames than their owner's table says")


def span(frames: int, every: int) -> int:
    """Return how many frames a video must have, so that none is reflected."""
    return (frames - 1) * every + 1


def taken(there: int, frames: int, every: int) -> list[int]:
    """Return which frames are taken, in their order: every so many-th about the middle.

    The span of those that are taken has the middle frame in its middle. Where a video is shorter
    than that, it is continued by its reflections at both ends.
    """
    start = (there - span(frames, every)) // 2
    return [_reflected(start + number * every, there) for number in range(frames)]


def _reflected(place: int, there: int) -> int:
    """Return the frame at a place of a video that runs forwards and backwards without end."""
    if there == 1:
        return 0
    place %= 2 * (there - 1)
    return min(place, 2 * (there - 1) - place)


def count(path: Path) -> int:
    """Return how many frames a video has; what its header says of them may be wrong."""
    return sum(1 for _ in _frames(path))


def decoded(path: Path, numbers: set[int]) -> dict[int, np.ndarray]:
    """Return some frames of a video, each the mean of its colours, float32 of (height, width).

    Only these are kept: a long video of many pixels would fill the memory.
    """
    import numpy as np

    return {
        number: frame.to_ndarray(format="rgb24").mean(axis=2, dtype=np.float32)
        for number, frame in enumerate(_frames(path))
        if number in numbers
    }


def _frames(path: Path) -> Iterator[Any]:
    """Yield the frames of a video as PyAV has them, one after the other.

    Raises
    ------
    BadScanError
        If it is no video, or cut short within a frame.
    """
    try:
        import av
    except ImportError:
        raise SettingsError(f"{path}: PyAV is not there; {ADVICE}") from None
    try:
        with av.open(str(path)) as container:
            yield from container.decode(video=0)
    except (OSError, IndexError, ValueError, av.FFmpegError) as error:
        message = " ".join(str(error).split())[:100]
        raise BadScanError(path, f"cannot be read as a video ({message}); copy it again") from None


def _resized(frame: np.ndarray, pixels: tuple[int, ...]) -> np.ndarray:
    import numpy as np
    from PIL import Image

    height, width = pixels
    made = Image.fromarray(frame).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(made, dtype=np.float32)
