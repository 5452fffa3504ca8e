"""The images of a training within reach of the loop: on its device, or read ahead from disk.

No scan's file is opened here: the workflow has put all scans of the cohort into one array.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from contrage.errors import ContrageError
from contrage.learning.machine.precision import Precision
from contrage.settings.blocks.training import OneTrainingSettings

logger = logging.getLogger(__name__)

Load = Callable[[np.ndarray], np.ndarray]

CHUNK = 32
SHARE = 0.5


class Images(Protocol):
    """Normalised images of all scans of an experiment, by their place in its table of scans."""

    def batches(self, places: Sequence[Tensor]) -> Iterator[Tensor]:
        """Yield the images (n, channels, …), float32 on the device, of each batch of places."""
        ...


class OnDevice:
    """All images in one tensor on the device.

    Parameters
    ----------
    load : callable
        From rows of the cohort's array to normalised images (n, channels, …).
    rows : ndarray of shape (N,)
        Row of each scan.
    device : torch.device
    dtype : torch.dtype
        In which they are kept.
    """

    def __init__(
        self, load: Load, rows: np.ndarray, device: torch.device, dtype: torch.dtype
    ) -> None:
        parts = np.split(rows, range(CHUNK, len(rows), CHUNK))
        first = torch.from_numpy(load(parts[0]))
        self.images = torch.empty(len(rows), *first.shape[1:], dtype=dtype, device=device)
        for number, part in enumerate(parts):
            images = first if number == 0 else torch.from_numpy(load(part))
            self.images[number * CHUNK :][: len(part)] = images.to(device)

    def batches(self, places: Sequence[Tensor]) -> Iterator[Tensor]:
        """Yield the images of each batch; nothing leaves or enters the device but the places."""
        order = torch.cat(list(places)).to(self.images.device)
        for batch in order.split([len(each) for each in places]):
            yield self.images.index_select(0, batch).float()


class OnDisk:
    """Images read and normalised from the memory-mapped array, by processes that work ahead.

    Parameters
    ----------
    load, rows, device, dtype
        As of `OnDevice`, with equal results.
    workers : int
        Processes; 0 reads in the loop itself.
    """

    def __init__(
        self,
        load: Load,
        rows: np.ndarray,
        device: torch.device,
        dtype: torch.dtype,
        workers: int,
    ) -> None:
        from torch.utils.data import DataLoader

        self.device = device
        self.order: list[list[int]] = []
        self.loader = DataLoader(
            _Rows(load, rows, dtype),
            batch_sampler=_Order(self),
            num_workers=workers,
            collate_fn=_as_they_are,
            pin_memory=device.type == "cuda",
            persistent_workers=workers > 0,
            generator=torch.Generator(),  # its own: it draws a number that nothing here uses
        )

    def batches(self, places: Sequence[Tensor]) -> Iterator[Tensor]:
        """Yield the images of each batch."""
        self.order = [batch.tolist() for batch in places]
        try:
            for images in self.loader:
                yield images.to(self.device, non_blocking=True).float()
        except RuntimeError as error:
            if "DataLoader worker" not in str(error):
                raise
            raise ContrageError(
                "training.workers: a process that reads images ahead was killed, as happens where "
                "memory, or shared memory in a container, is short; set training.workers to 0"
            ) from None


class _Order:
    """The batches of the coming pass, looked up when it begins."""

    def __init__(self, images: OnDisk) -> None:
        self.images = images

    def __iter__(self) -> Iterator[list[int]]:
        return iter(self.images.order)

    def __len__(self) -> int:
        return len(self.images.order)


class _Rows(torch.utils.data.Dataset):
    """What a reading process does."""

    def __init__(self, load: Load, rows: np.ndarray, dtype: torch.dtype) -> None:
        self.load = load
        self.rows = rows
        self.dtype = dtype

    def __len__(self) -> int:
        return len(self.rows)

    def __getitems__(self, places: list[int]) -> Tensor:
        return torch.from_numpy(self.load(self.rows[places])).to(self.dtype)


def _as_they_are(images: Tensor) -> Tensor:
    return images


def reach(
    load: Load,
    rows: np.ndarray,
    shape: tuple[int, ...],
    training: OneTrainingSettings,
    precision: Precision,
    channels: int = 1,
) -> Images:
    """Return the images of some rows, on the device where they fit.

    Parameters
    ----------
    load : callable
        From rows of the array to normalised images (n, channels, …).
    rows : ndarray of shape (N,)
    shape : tuple of int
        Of one image, without channels.
    channels : int
        Of one image.
    training : OneTrainingSettings
        Of which it reads `storage` (auto, device, disk), `workers` and `gpus_per_job`.
    precision : Precision
        Says the device, and how images are kept.
    """
    wanted, workers = training.storage, training.workers
    device, dtype = precision.device, precision.storage
    size = len(rows) * channels * math.prod(shape) * dtype.itemsize
    free = free_memory(device)
    holders = training.gpus_per_job if device.type == "cpu" else 1  # in one memory
    fits = size * holders <= SHARE * free
    where = wanted if wanted != "auto" else "device" if fits else "disk"
    logger.info(
        "images: %d of %s voxels as %s, %.2f GB, %s (asked for %s; %.1f GB are free)",
        len(rows),
        "×".join(map(str, shape)),
        str(dtype).removeprefix("torch."),
        size / 1e9,
        "in the device's memory" if where == "device" else f"from disk by {workers} processes",
        wanted,
        free / 1e9,
    )
    if where == "device":
        return OnDevice(load, rows, device, dtype)
    return OnDisk(load, rows, device, dtype, workers)


def free_memory(device: torch.device) -> int:
    """Return the bytes that are free on a device; for the CPU those that this job may yet take."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    import psutil

    free, own = psutil.virtual_memory().available, psutil.Process().memory_info().rss
    return max(0, min([free, *(limit - own for limit in job_limits())]))


def job_limits(root: Path = Path("/"), environment: Mapping[str, str] = os.environ) -> list[int]:
    """Return the limits, in bytes, of the job's memory that Slurm and control groups set."""
    limits = []
    if asked := int(environment.get("SLURM_MEM_PER_NODE", 0)):  # 0: all that the node has
        limits.append(asked * 2**20)
    groups = root / "proc/self/cgroup"
    lines = groups.read_text(encoding="utf-8").splitlines() if groups.is_file() else []
    for line in lines:
        if line.startswith("0::/"):
            folder = root / "sys/fs/cgroup" / line.removeprefix("0::/")
            for parent in (folder, *folder.parents):
                file = parent / "memory.max"
                if file.is_file() and (limit := file.read_text(encoding="utf-8").strip()) != "max":
                    limits.append(int(limit))
    return limits
