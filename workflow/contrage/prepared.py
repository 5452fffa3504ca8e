"""What the step that reads prepared arrays must know of a kind of them.

It stands apart from `contrage.modalities`, as `contrage.form` does: how a kind is called or
pictured decides no array.
"""

from __future__ import annotations

from dataclasses import dataclass

from contrage.form import Form


@dataclass(frozen=True)
class Cut:
    """Which part of a picture is meant, or of any file how large its owner says it is.

    Attributes
    ----------
    half : str
        left, right or whole.
    box : tuple of float or None
        Left and upper edge, width and height in the whole picture, pixels; None for all of the
        half.
    size: tuple[int, ...] | None
        Of all of it as its owner tells it: width and height of a picture, frames of a video; None
        where nobody tells it.
    """

    half: str
    box: tuple[float, ...] | None
    size: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Prepared:
    """What is known of the files of a kind of prepared arrays (`contrage.modalities`).

    Attributes
    ----------
    name : str
        The kind's name.
    ending : str
        The end of its files' names after "sub-X_".
    shape : tuple of int
        Of one image, channels aside.
    voxel_mm : float or None
        Edge of a voxel; None where there are none.
    form : Form
        Its channels are a number.
    """

    name: str
    ending: str
    shape: tuple[int, ...]
    voxel_mm: float | None
    form: Form

    @property
    def whole(self) -> tuple[int, ...]:
        """Shape of one image with its channels, where it has an axis of them."""
        return (*([self.form.channels] if self.form.has_channels else []), *self.shape)

    @property
    def is_single(self) -> bool:
        """Whether a file may leave out the axis of channels, for there is one."""
        return self.form.channels == 1

    @property
    def expected(self) -> str:
        """What a file's shape must be, in words."""
        shown = tuple(self.shape) if self.is_single else self.whole
        return f"{shown} (or with axes of length one before), as {self.name} has"
