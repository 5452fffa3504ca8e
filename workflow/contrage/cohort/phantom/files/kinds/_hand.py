"""A hand as an X-ray shows it: growth plates close with maturity, bones of the wrist appear."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HEIGHT, WIDTH = 64, 48
YOUNGEST, OLDEST = 12.0, 216.0
"""Bone age, in months."""
BOYS_LATER = 18.0
"""Months by which a boy's bones are behind those of a girl of the same bone age."""
FINGERS = ((9, 30, 17), (17, 24, 7), (24, 23, 4), (31, 24, 7), (39, 28, 14))
"""Column, row of the knuckle, and row of the tip of each; the thumb is the first."""
WRIST = 46
PLATES = (70, 95, 120, 145, 165)
"""Maturity in months at which the plates of a finger are half closed, from finger to finger."""
CARPALS = (
    (4, 20, 51), (10, 26, 50), (28, 31, 50), (40, 24, 55), (55, 19, 55), (65, 29, 55),
    (75, 16, 52), (110, 33, 54),
)  # fmt: skip
"""Maturity at which a bone of the wrist appears, its column and row."""


@dataclass(frozen=True)
class HandLook:
    """How a picture is taken: what its site, or the owner's machine, does to it.

    Attributes
    ----------
    dark, bright : float
        Grey of the background and of bone, 0 to 255.
    noise : float
        Standard deviation of a pixel.
    """

    dark: float
    bright: float
    noise: float


def hand(rng: np.random.Generator, maturity: float, look: HandLook) -> NDArray[np.uint8]:
    """Draw a hand of so many months of a girl's maturity: (64, 48), 8 bits.

    Place, size, brightness and noise are the person's own, and say nothing.
    """
    scale = rng.normal(1, 0.03)
    down, right = rng.normal(0, 1.0, 2)
    gain = rng.normal(1, 0.08)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    y = (rows - HEIGHT / 2 - down) / scale + HEIGHT / 2
    x = (columns - WIDTH / 2 - right) / scale + WIDTH / 2
    bone, tissue = np.zeros_like(x), np.zeros_like(x)
    for place, (column, knuckle, tip) in enumerate(FINGERS):
        root = WIDTH / 2 + 0.55 * (column - WIDTH / 2)
        closed = _sigmoid((maturity - PLATES[place] - rng.normal(0, 20)) / 22)
        bone = np.maximum(bone, _rod(y, x, (WRIST, root), (knuckle + 2, column), 1.7))
        middle = (knuckle + tip) / 2
        bone = np.maximum(bone, _rod(y, x, (knuckle - 1, column), (middle + 1, column), 1.4))
        bone = np.maximum(bone, _rod(y, x, (middle - 2, column), (tip, column), 1.2))
        for joint in (knuckle + 0.5, middle - 0.5):
            plate = np.exp(-((y - joint) ** 2) / 2.4 - (x - column) ** 2 / 5)
            bone = np.maximum(bone * (1 - (1 - closed) * plate), closed * plate)
        tissue = np.maximum(tissue, _rod(y, x, (WRIST, root), (tip - 1, column), 3.4))
    tissue = np.maximum(tissue, _rod(y, x, (HEIGHT, WIDTH / 2), (WRIST - 8, WIDTH / 2), 11))
    for onset, column, row in CARPALS:
        grown = np.clip((maturity - onset - rng.normal(0, 12)) / 60, 0, 1)
        if grown > 0:
            radius = 2.9 * np.sqrt(grown)
            away = np.hypot(y - row, x - column)
            bone = np.maximum(bone, np.clip(radius - away + 0.5, 0, 1))
    for column in (18, 30):
        bone = np.maximum(bone, _rod(y, x, (HEIGHT + 3, column), (60, column), 3.6))
    grey = look.dark + gain * (look.bright - look.dark) * (0.35 * tissue + 0.65 * bone)
    grey += rng.normal(0, look.noise, grey.shape)
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def _sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))


def _rod(
    y: Floats, x: Floats, one: tuple[float, float], other: tuple[float, float], radius: float
) -> Floats:
    """Return how far each pixel is inside a rod between two points: 0 to 1."""
    along = np.array(other) - np.array(one)
    part = ((y - one[0]) * along[0] + (x - one[1]) * along[1]) / (along @ along)
    part = np.clip(part, 0, 1)
    away = np.hypot(y - one[0] - part * along[0], x - one[1] - part * along[1])
    return np.clip(radius - away + 0.5, 0, 1)
