"""What is wrong with a model's folder."""

from __future__ import annotations

from pathlib import Path

from contrage.errors import ContrageError


class BundleError(ContrageError):
    """A model's folder that cannot be used.

    Parameters
    ----------
    path : Path
        The folder, or the file in it.
    reason : str
        What is wrong with it, and what to do.
    """

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = Path(path)
