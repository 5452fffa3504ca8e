"""What a training's job asks of memory, from encoder, grid, batch and number of scans."""

from __future__ import annotations

from math import inf, prod

from contrage.learning import encoders
from contrage.plan import rows
from contrage.plan.experiment import Experiment
from contrage.plan.kinds import image_seen

UNMEASURED_MB = 4000
"""Of a process on a GPU, or with an encoder or images of which nobody knows more."""
LIBRARIES_MB = 450
"""PyTorch, and what else a training imports."""
STATES = 4
"""Of each weight: itself, its gradient, and two means of the optimiser."""
MOST_IMAGES_MB = {"auto": 4000, "device": inf, "disk": 0}
"""By `storage`: how many MiB of images are kept in memory; where they are more, none are."""
LOADED_AT_ONCE = 32
"""Images that are read and normalised together, of which there are two copies meanwhile."""
ROOM = 1.25
"""For what was not measured: losses, another processor's convolutions."""


def of_training(of: Experiment, row: str) -> int:
    """Return the MiB that a training of a row asks for, all of its processes together."""
    block = rows.training_of(of.config, row)
    processes, encoder, seen = block["gpus_per_job"], block["encoder"], image_seen(of.config)
    known = seen is not None and seen[0] is not None and encoders.memory(encoder) is not None
    if block["device"] != "cpu" or not known:
        return UNMEASURED_MB * processes
    views = block["views"] if block["augmentation"] else 1  # identical ones are encoded once
    batch = -(-block["batch_size"] // processes)
    image, scans = (seen[0], *seen[1]), len(of.cohort.scans)
    return processes * training_mb(encoder, image, views * batch, scans, block["storage"])


def training_mb(
    encoder: str, image: tuple[int, ...], batch: int, scans: int, storage: str = "auto"
) -> int:
    """Return the MiB of one process that trains on the CPU.

    Parameters
    ----------
    encoder : str
        One that states its `MEMORY`.
    image : tuple of int
        Channels and shape of one.
    batch : int
        Images per step that go through the encoder.
    scans : int
        Of the experiment, whose images are all kept in memory, float32.
    storage : str
        Whether they are: auto, device or disk.
    """
    per_voxel, weights_mb = encoders.memory(encoder)
    mib = 2.0**20
    each = 4 * prod(image) / mib
    images = min(MOST_IMAGES_MB[storage], scans * each)
    loading = 2 * min(LOADED_AT_ONCE, scans) * each
    step = STATES * weights_mb + batch * per_voxel * prod(image[1:]) / mib
    # Images stay in memory where they fill no more than half of what is free.
    kept = LIBRARIES_MB + 2 * images
    return round(max(ROOM * (LIBRARIES_MB + images + max(loading, step)), kept))
