"""On what is computed: equal bits are promised between equal processors alone."""

from __future__ import annotations

import platform
from contextlib import suppress
from pathlib import Path

import torch

CPUINFO = Path("/proc/cpuinfo")


def computed_on(device: torch.device) -> dict[str, str]:
    """Return what of this machine may decide the last bits of a training.

    Returns
    -------
    dict
        processor, system, torch (its version) and device (cpu, or the name of the GPU).
    """
    named = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    return {
        "processor": processor(),
        "system": f"{platform.system()} {platform.machine()}",
        "torch": str(torch.__version__),
        "device": named,
    }


def processor() -> str:
    """Return the type of this machine's processor, as far as the system tells it."""
    with suppress(OSError):
        for line in CPUINFO.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
