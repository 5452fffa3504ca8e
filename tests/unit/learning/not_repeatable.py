"""Operations that PyTorch refuses on a GPU where it is told to be deterministic.

The documentation of `torch.use_deterministic_algorithms` names them as a user knows them; here
stand the names of the operations that run, of the backward pass where only that is refused.
"""

from __future__ import annotations

import re
from typing import Any

import torch

MODES = ("linear1d", "bilinear2d", "bicubic2d", "trilinear3d")
# By PyTorch's name; without operations: what takes more than a name to see, see `is_refused`.
OPERATIONS: dict[str, tuple[str, ...]] = {
    "torch.nn.AvgPool3d": ("avg_pool3d_backward",),
    "torch.nn.AdaptiveAvgPool2d": ("_adaptive_avg_pool2d_backward",),
    "torch.nn.AdaptiveAvgPool3d": ("_adaptive_avg_pool3d_backward",),
    "torch.nn.AdaptiveMaxPool2d": ("adaptive_max_pool2d_backward",),
    "torch.nn.FractionalMaxPool2d": ("fractional_max_pool2d_backward",),
    "torch.nn.FractionalMaxPool3d": ("fractional_max_pool3d_backward",),
    "torch.nn.MaxUnpool1d": ("max_unpool2d",),
    "torch.nn.MaxUnpool2d": ("max_unpool2d",),
    "torch.nn.MaxUnpool3d": ("max_unpool3d",),
    "torch.nn.functional.interpolate": tuple(f"upsample_{mode}_backward" for mode in MODES),
    "torch.nn.ReflectionPad1d": ("reflection_pad1d_backward",),
    "torch.nn.ReflectionPad2d": ("reflection_pad2d_backward",),
    "torch.nn.ReflectionPad3d": ("reflection_pad3d_backward",),
    "torch.nn.NLLLoss": ("nll_loss_forward", "nll_loss2d_forward"),
    "torch.nn.CTCLoss": ("_ctc_loss_backward",),
    "torch.nn.EmbeddingBag": ("_embedding_bag_backward", "_embedding_bag_dense_backward"),
    "torch.Tensor.put_": ("put", "put_"),
    "torch.histc": ("histc",),
    "torch.bincount": ("bincount",),
    "torch.median": (),
    "torch.nn.functional.grid_sample": ("grid_sampler_2d_backward", "grid_sampler_3d_backward"),
    "torch.cumsum": (),
    "torch.Tensor.scatter_reduce": (),
    "torch.Tensor.resize_": (),  # of quantised tensors alone, which nothing here has
}
REFUSED = {operation for operations in OPERATIONS.values() for operation in operations}


def is_refused(function: torch._ops.OpOverload, args: tuple[Any, ...]) -> bool:
    """Return whether PyTorch would refuse an operation with these operands on a GPU."""
    name = function._schema.name.removeprefix("aten::")
    if name.startswith("cumsum"):
        return args[0].is_floating_point()
    if name in ("median", "nanmedian"):
        return function._overloadname.startswith("dim")
    if name.startswith("scatter_reduce"):
        return "prod" in args
    return name in REFUSED


def documented() -> set[str]:
    """Return the names of what the installed PyTorch's documentation says is refused."""
    told = torch.use_deterministic_algorithms.__doc__
    _, refused = re.split(r"will throw a\s+:class:`RuntimeError` when ``mode=True``:", told)
    listed = refused[: refused.index("In addition")]
    return set(re.findall(r"^ *\* :(?:class|func):`([\w.]+)`", listed, re.MULTILINE))
