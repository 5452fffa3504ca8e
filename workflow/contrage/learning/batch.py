"""How small a batch can be. Light: a plan asks this before its first job."""

from __future__ import annotations

from contrage.errors import SettingsError

SMALLEST_SHARE = 4
"""Scans of a batch in each process: batch norm and rankings of fewer are noise."""


def check_batch(size: int, processes: int) -> None:
    """Raise `SettingsError` if a batch is too small for the processes that share it."""
    if size < SMALLEST_SHARE * processes:
        shared = f"{processes} process{'' if processes == 1 else 'es'}"
        raise SettingsError(
            f"training.batch_size: {size} scans are too few to share among {shared}; "
            f"make it {SMALLEST_SHARE * processes} or more"
        )
