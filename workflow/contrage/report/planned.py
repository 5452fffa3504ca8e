"""Which files a run asks for, by its rows, seeds and folds.

Files of other seeds, folds and rows stay where an earlier run has left them: whoever looked into
the folders would tell of them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any


def seed_files(folder: Path, settings: dict[str, Any], end: str) -> list[Path]:
    """Return ``seed-<n><end>`` in a folder for the run's seeds, as far as they are there.

    Parameters
    ----------
    folder : Path
        Of one row.
    settings : dict
        `seeds`.
    end : str
        What the name ends in.
    """
    files = (folder / f"seed-{seed}{end}" for seed in settings["seeds"])
    return [file for file in files if file.exists()]


def curve_files(results: Path, settings: dict[str, Any], row: str) -> list[Path]:
    """Return the curves of a row's trainings, by `seeds` and `folds` of the settings."""
    folders = seed_files(results / "training" / row, settings, "")
    files = (each / f"fold-{k}" / "curve.tsv" for each in folders for k in settings["folds"])
    return [file for file in files if file.is_file()]


def snapshot_files(results: Path, settings: dict[str, Any], row: str) -> dict[int, Path]:
    """Return the features of the first seed's first fold by epoch, in order, as far as they are."""
    folder = results / "features" / row / f"seed-{settings['seeds'][0]}"
    epochs = (settings.get("embedding") or {}).get("epochs") or []
    files = {epoch: folder / f"fold-0_epoch-{epoch}.npz" for epoch in sorted(epochs)}
    return {epoch: file for epoch, file in files.items() if file.is_file()}
