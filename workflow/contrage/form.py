"""What learning must know of a cohort's array, beside what is in its shape.

It stands apart from `contrage.modalities`, which says it of each kind of data: how a kind is called
or pictured decides no training.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Form:
    """What whoever reads the cohort's array must know of it; the rest is in its shape.

    Attributes
    ----------
    layout : str
        volume, regions, table, or what a kind's own file calls it.
    axes : int
        Number of axes of one image, channels aside.
    channels : int or None
        Their number; None: as many as the data have. An array is (scans, channels, *axes).
    background : bool
        Whether 0 is no value but the place outside the image, which is neither scored nor changed.
    scored : str
        channel: z-scores have one mean and SD per channel. value: one for each value, and missing
        values (NaN) get the median; the array has no axis of channels, (scans, values).
    """

    layout: str
    axes: int
    channels: int | None
    background: bool
    scored: str

    @property
    def has_channels(self) -> bool:
        """Whether the array has an axis of channels."""
        return self.scored == "channel"

    def image_shape(self, array: tuple[int, ...]) -> tuple[int, tuple[int, ...]]:
        """Return channels and shape of one image, of an array (scans, channels, …).

        Raises
        ------
        ValueError
            If the array has another number of axes or channels. The message says which.
        """
        wanted = 1 + self.has_channels + self.axes
        if len(array) != wanted:
            names = "scans, channels" if self.has_channels else "scans"
            raise ValueError(
                f"has {len(array)} axes {array}, where a {self.layout} has {wanted}: {names} and "
                f"{self.axes} more"
            )
        channels = array[1] if self.has_channels else 1
        if self.has_channels and self.channels not in (None, channels):
            raise ValueError(f"has {channels} channels, where there are {self.channels}")
        return channels, tuple(array[1 + self.has_channels :])
