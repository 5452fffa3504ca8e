"""Where to compute, and how to make it repeatable."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from contrage.errors import DeviceError, SettingsError

logger = logging.getLogger(__name__)


def choose(name: str) -> torch.device:
    """Return the device for auto, cuda or cpu.

    Raises
    ------
    DeviceError
        If cuda is asked for and there is none.
    """
    if name not in ("auto", "cuda", "cpu"):
        raise SettingsError(f"training.device: '{name}' is none of auto, cuda, cpu")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise DeviceError(
            "training.device is cuda, but this machine offers no CUDA device to PyTorch "
            f"{torch.__version__}: use auto or cpu, or a PyTorch built for CUDA"
        )
    device = torch.device("cuda" if available and name != "cpu" else "cpu")
    where = f" ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else ""
    logger.info("device: %s%s, asked for %s", device.type, where, name)
    return device


@contextmanager
def repeatable(
    seed: int, device: torch.device, threads: int, deterministic: bool = False
) -> Iterator[None]:
    """Fix the seeds, the number of threads and the algorithms; undo it afterwards.

    Sums of floats depend on how many threads share them, so the thread count is part of the
    result and comes from the settings, not from the machine. On the CPU equal inputs always give
    equal bits. On a GPU they do where `deterministic` asks for it; else cuDNN tries its algorithms
    and takes the fastest.
    """
    import torch.utils.deterministic as memory

    fixed = deterministic or device.type == "cpu"
    threads_before = torch.get_num_threads()
    mode_before = torch.get_deterministic_debug_mode()
    fill_before = memory.fill_uninitialized_memory
    search_before = torch.backends.cudnn.benchmark
    if fixed and device.type == "cuda":
        # cuBLAS reads this when it is first used, which is later.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    # The same switch as torch.use_deterministic_algorithms, which imports the compiler (2.5 s).
    torch.set_deterministic_debug_mode("error" if fixed else "default")
    torch.backends.cudnn.benchmark = not fixed
    # Deterministic mode also overwrites all fresh memory: a seventh of the time, for nothing here.
    memory.fill_uninitialized_memory = False
    try:
        yield
    finally:
        torch.set_num_threads(threads_before)
        torch.set_deterministic_debug_mode(mode_before)
        torch.backends.cudnn.benchmark = search_before
        memory.fill_uninitialized_memory = fill_before
