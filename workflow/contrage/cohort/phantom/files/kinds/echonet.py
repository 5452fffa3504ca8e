"""Echocardiograms in EchoNet-Dynamic's layout: an AVI per person, and the list of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contrage.cohort.phantom.files.kinds._parts import dealt_part, of_person
from contrage.errors import SettingsError
from contrage.files import atomic
from contrage.modalities.video import ADVICE
from contrage.tables import write_csv

SOURCE = "echonet"
PEOPLE = 160
PARTS = ("TEST", "VAL", "TRAIN", "TRAIN", "TEST", "TRAIN", "TRAIN", "TRAIN")
TABLE, VIDEOS = "FileList.csv", "Videos"
COLUMNS = ["FileName", "EF", "ESV", "EDV", "FrameHeight", "FrameWidth", "FPS", "NumberOfFrames"]
COLUMNS += ["Split"]
FRAMES, SIZE, RATE = 32, 32, 50
LEAST, MOST, MEAN, SD = 12.0, 85.0, 55.0, 12.0
"""Ejection fractions, in per cent."""
PERIOD = (12.0, 20.0)
"""Frames of a beat."""
LENGTH = 1.6
"""Long axis over the short one."""
VOLUME_ML = 120.0
"""Of a ventricle of seven pixels' radius."""
RADIUS = (6.0, 0.25)
"""Mean and SD of the short half-axis at its widest, in pixels."""
QUALITY = "2"
"""Of each frame, of 1 to 31: a bit rate would spoil the later ones."""
DARK, BRIGHT, NOISE = 35.0, 150.0, 14.0


def write(seed: int, people: int, folder: Path) -> list[dict[str, Any]]:
    """Write videos of 32 frames of 32×32 pixels (mjpeg) and the list; EF is planted.

    Raises
    ------
    SettingsError
        If PyAV is not there.
    """
    truth, rows = [], []
    for number in range(people):
        rng = of_person(seed, "echonet", number)
        name = f"0X{rng.integers(16**12):012X}{number:04X}"
        ejected = float(np.clip(rng.normal(MEAN, SD), LEAST, MOST))
        frames, widest = _beats(rng, ejected / 100)
        write_avi(folder / VIDEOS / f"{name}.avi", frames)
        full = VOLUME_ML * (widest / 7) ** 3
        told = {"EF": ejected, "ESV": full * (1 - ejected / 100), "EDV": full}
        size = {"FrameHeight": SIZE, "FrameWidth": SIZE, "FPS": RATE, "NumberOfFrames": FRAMES}
        part = dealt_part(number, PARTS)
        numbers = {key: f"{value:.4f}" for key, value in told.items()}
        rows.append({"FileName": name, **numbers, **size, "Split": part})
        truth.append({"participant_id": name, "part": part, "target": f"{ejected:.4f}"})
    write_csv(folder / TABLE, COLUMNS, rows)
    return truth


def _beats(rng: np.random.Generator, ejected: float) -> tuple[NDArray[np.uint8], float]:
    """Return frames (32, 32, 32) of a beating ventricle, and its radius at its widest.

    Its volume goes as the cube of the radius, and falls by the ejected part in each beat.
    """
    widest = float(rng.normal(*RADIUS))
    period, phase = rng.uniform(*PERIOD), rng.uniform(0, 2 * np.pi)
    times = np.arange(FRAMES)
    volume = 1 - ejected * (0.5 - 0.5 * np.cos(2 * np.pi * times / period + phase))
    y, x = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2 - rng.normal(0, 0.7, 2)[:, None, None]
    outside = np.hypot(y / (1.25 * LENGTH), x / 1.25) - 7.0
    gain, texture = rng.normal(1, 0.05), rng.normal(0, 6, (SIZE, SIZE))
    frames = []
    for radius in widest * np.cbrt(volume):
        inside = np.clip(radius - np.hypot(y / LENGTH, x) + 0.5, 0, 1)
        wall = BRIGHT * np.clip(1.5 - outside / 4, 0.25, 1) + texture
        grey = gain * (DARK * inside + wall * (1 - inside)) + rng.normal(0, NOISE, y.shape)
        frames.append(np.clip(np.rint(grey), 0, 255))
    return np.array(frames, dtype=np.uint8), widest


def write_avi(path: Path, frames: NDArray[np.uint8]) -> None:
    """Write grey frames (n, height, width) as an AVI of motion JPEG."""
    try:
        import av
    except ImportError:
        raise SettingsError(
            f"cohort.phantom_files.of: echonet needs PyAV, which is not there; {ADVICE}"
        ) from None
    with atomic(path) as temporary, av.open(str(temporary), "w", format="avi") as container:
        stream = container.add_stream("mjpeg", rate=RATE)
        stream.height, stream.width = frames.shape[1:]
        stream.pix_fmt = "yuvj420p"
        stream.options = {"qmin": QUALITY, "qmax": QUALITY, "flags": "+bitexact"}
        for frame in frames:
            packets = stream.encode(av.VideoFrame.from_ndarray(frame, format="gray"))
            container.mux(packets)
        container.mux(stream.encode())
