"""In which numbers a network computes: full, TF32, or mixed precision."""

from __future__ import annotations

import logging
from contextlib import AbstractContextManager
from dataclasses import dataclass

import torch

logger = logging.getLogger(__name__)

HALVES = {"bfloat16": torch.bfloat16, "float16": torch.float16}
# PyTorch's own 65536 overflows at first and costs a short training its first steps.
FIRST_SCALE = 2.0**10
WORDS = {
    "float32": "float32 throughout",
    "tf32": "float32, convolutions in TF32",
    "bfloat16": "network in bfloat16, weights and loss in float32",
    "float16": "network in float16 with gradient scaling, weights and loss in float32",
}


@dataclass(frozen=True)
class Precision:
    """The numbers of a training.

    Weights, the optimiser, the loss and all sums over a batch are in float32 whatever is chosen.
    Features are extracted in float32 (with TF32 convolutions on a GPU unless `float32` is asked
    for): they are what ages are read off.

    Attributes
    ----------
    name : {"float32", "tf32", "bfloat16", "float16"}
        Of the network's products while it trains.
    device : torch.device
    """

    name: str
    device: torch.device

    @property
    def storage(self) -> torch.dtype:
        """How images are kept: in half precision (11 bits) where the network reads them so."""
        return torch.float16 if self.name in HALVES else torch.float32

    def network(self) -> AbstractContextManager:
        """Return the context in which the network's forward pass runs."""
        half = HALVES.get(self.name)
        return torch.autocast(self.device.type, dtype=half, enabled=half is not None)

    def scaler(self) -> torch.amp.GradScaler:
        """Return what keeps small gradients alive in float16, by scaling the loss.

        It finds the scale by itself: a step whose gradients are not finite is left out, on the
        device, and the scale halved.
        """
        enabled = self.name == "float16"
        return torch.amp.GradScaler(self.device.type, init_scale=FIRST_SCALE, enabled=enabled)


def choose(wanted: str, device: torch.device) -> Precision:
    """Return the precision that `training.precision` asks for, and set TF32 accordingly.

    Parameters
    ----------
    wanted : {"auto", "float32", "tf32", "bfloat16", "float16"}
        "auto" is bfloat16 on a GPU that computes with it, float16 on an older one, and float32 on
        the CPU.
    device : torch.device
    """
    name = wanted
    if wanted == "auto" and device.type == "cuda":
        name = "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    elif wanted == "auto":
        name = "float32"
    # Similarities of embeddings are products of matrices: they stay exact in every case.
    torch.backends.cuda.matmul.fp32_precision = "ieee"
    torch.backends.cudnn.conv.fp32_precision = "ieee" if name == "float32" else "tf32"
    # oneDNN 3 reads memory that nobody wrote where a convolution's output is one voxel wide: weight
    # gradients of 1e30 on processors with bfloat16 instructions. PyTorch's own is slower and right.
    torch.backends.mkldnn.enabled = not (name == "bfloat16" and device.type == "cpu")
    logger.info("precision: %s, asked for %s", WORDS[name], wanted)
    return Precision(name, device)
