"""A GPU that is pretended: real values in the CPU's memory, each storage labelled with a device.

`.device` answers with the label, and every operation of forward and backward pass and update checks
that its operands share one, as PyTorch does on a GPU. What differs on a real one, the arithmetic of
its kernels above all, does not show.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from not_repeatable import is_refused
from torch import Tensor
from torch.autograd.function import BackwardCFunction
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from contrage.learning.machine import precision

FILE = Path(__file__)
ROOT = FILE.parents[3]
CPU, GPU = torch.device("cpu"), torch.device("cuda", 0)
# What copies from device to device, and what answers to the host with a value or with a shape.
COPIES = ("copy_", "_to_copy")
WAITS = ("_local_scalar_dense", "is_nonzero", "equal", "nonzero", "masked_select")
WAITS += ("_unique2", "unique_consecutive")
# What `precision.choose` sets for the whole process.
SWITCHES = (
    (torch.backends.mkldnn, "enabled"),
    (torch.backends.cudnn.conv, "fp32_precision"),
    (torch.backends.cuda.matmul, "fp32_precision"),
)


class RefusedError(AssertionError):
    """What would be refused on a real GPU."""


def label(tensor: Tensor) -> str:
    """Return cuda or cpu. Views share a storage, and so the label."""
    return getattr(tensor.untyped_storage(), "label", "cpu")


def device_of(tensor: Tensor) -> torch.device:
    """Return the device that a tensor's label stands for."""
    return GPU if label(tensor) == "cuda" else CPU


def put(tensor: Tensor, where: str) -> None:
    """Label a tensor's storage."""
    tensor.untyped_storage().label = where


def tensors(tree: Any) -> list[Tensor]:
    """Return the tensors in arguments, lists of them included."""
    return [leaf for leaf in tree_leaves(tree) if isinstance(leaf, Tensor)]


def source() -> str:
    """Return the innermost line of the repository that is being run, this file apart."""
    for frame, line in traceback.walk_stack(None):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(ROOT) and "site-packages" not in path.parts and path != FILE:
            return f"{path.relative_to(ROOT)}:{line}"
    return "nowhere"


class Generator(torch.Generator):
    """A source of chance with a label; the CPU's in truth."""

    def __new__(cls, device: Any = CPU) -> Generator:
        generator = super().__new__(cls)
        generator.label = torch.device(device).type
        return generator

    @property
    def device(self) -> torch.device:
        return GPU if self.label == "cuda" else CPU


class Move(torch.autograd.Function):
    """A copy on another device, whose gradient comes back to the first."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, where: str) -> Tensor:
        ctx.origin = label(tensor)
        copy = tensor.clone()
        put(copy, where)
        return copy

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return Move.apply(gradient, ctx.origin), None


class Operations(TorchDispatchMode):
    """Checks each operation's operands, and labels its results.

    Attributes
    ----------
    place : str
        Where an operation without operands puts its result.
    waits : list of str
        Lines on which the host waited for the device, as "epoch.py:114 _local_scalar_dense".
    """

    def __init__(self) -> None:
        super().__init__()
        self.place = "cpu"
        self.waits: list[str] = []

    def __torch_dispatch__(
        self, function: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = kwargs or {}
        operands = tensors((args, kwargs))
        labels = {label(operand) for operand in operands} or {self.place}
        where = "cuda" if "cuda" in labels else "cpu"
        name = function._schema.name.removeprefix("aten::")
        if len(labels) > 1 and name not in COPIES:
            check(function, args, operands)
        if where == "cuda":
            if torch.are_deterministic_algorithms_enabled() and is_refused(function, args):
                raise RefusedError(f"{function} is not deterministic on a GPU, {source()}")
            if name in WAITS:
                self.waits.append(f"{source()} {name}")
        known = {operand.untyped_storage()._cdata for operand in operands}
        result = function(*args, **kwargs)
        for tensor in tensors(result):
            if tensor.untyped_storage()._cdata not in known:
                put(tensor, where)
        return result


def check(function: Any, args: tuple, operands: list[Tensor]) -> None:
    """Raise `RefusedError` unless what is on the CPU are single numbers, read and in no list."""
    strict = [
        value
        for argument, value in zip(function._schema.arguments, args, strict=False)
        if isinstance(value, (list, tuple))
        or (argument.alias_info is not None and argument.alias_info.is_write)
    ]
    kept = {id(each) for each in tensors(strict)}
    strays = [
        f"{tuple(each.shape)} {str(each.dtype).removeprefix('torch.')}"
        for each in operands
        if label(each) == "cpu" and (each.ndim or id(each) in kept)
    ]
    if strays:
        raise RefusedError(f"{function} on cuda with {', '.join(strays)} on cpu, {source()}")


class Devices(TorchFunctionMode):
    """Answers what asks for a device, and takes the device from what asks for one."""

    def __init__(self, operations: Operations) -> None:
        super().__init__()
        self.operations = operations

    def __torch_function__(
        self, function: Any, types: Any, args: tuple = (), kwargs: dict | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        if function in ANSWERS:
            return ANSWERS[function](*args, **kwargs)
        asked = kwargs.pop("device", None)
        asked = None if asked is None else torch.device(asked).type
        own = "cuda" if "cuda" in map(label, tensors((args, kwargs))) else "cpu"
        place = asked or own
        for chance in (*args, *kwargs.values()):
            if isinstance(chance, Generator) and chance.label != place:
                name = function.__name__
                raise RefusedError(f"{name} on {place}, generator on {chance.label}, {source()}")
        before, self.operations.place = self.operations.place, place
        try:
            result = function(*args, **kwargs)
        finally:
            self.operations.place = before
        if function is Tensor.__deepcopy__:
            put(result, own)
        return result if asked is None else to(result, asked)


def to(tensor: Tensor, *args: Any, copy: bool = False, **kwargs: Any) -> Tensor:
    """Do what `Tensor.to` does."""
    if args and isinstance(args[0], Tensor):
        args = (label(args[0]), args[0].dtype, *args[1:])
    device, dtype, _, layout = torch._C._nn._parse_to(*args, **kwargs)
    if device is not None and device.type != label(tensor):
        tensor, copy = Move.apply(tensor, device.type), False
    layout = layout or torch.preserve_format
    return tensor.to(dtype or tensor.dtype, copy=copy, memory_format=layout)


def for_the_host(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what hands a tensor's memory to NumPy, for tensors of the CPU alone."""

    def checked(tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
        if label(tensor) == "cuda":
            raise RefusedError(f"{function.__name__} of a tensor on cuda, {source()}")
        return function(tensor, *args, **kwargs)

    return checked


ANSWERS = {
    Tensor.device.__get__: lambda tensor, *_: device_of(tensor),
    Tensor.is_cuda.__get__: lambda tensor, *_: label(tensor) == "cuda",
    Tensor.to: to,
    Tensor.cuda: lambda tensor, *_, **__: to(tensor, GPU),
    Tensor.cpu: lambda tensor, **__: to(tensor, CPU),
    Tensor.pin_memory: lambda tensor, *_: tensor,
    Tensor.numpy: for_the_host(Tensor.numpy),
    Tensor.__array__: for_the_host(Tensor.__array__),
}


@contextmanager
def labelled_device(monkeypatch: pytest.MonkeyPatch) -> Iterator[Operations]:
    """Have PyTorch find a GPU, the pretended one; all is as before afterwards."""
    operations = Operations()
    devices = Devices(operations)
    backward, autocast, choose = BackwardCFunction.apply, torch.autocast, precision.choose
    group = torch._C._group_tensors_by_device_and_dtype

    def apply(self: Any, *gradients: Tensor) -> Any:
        with devices:  # a backward pass of the repository's own runs below PyTorch's
            return backward(self, *gradients)

    def grouped(lists: list[list[Tensor]], *rest: Any) -> dict:
        """Name the device that a group, of an optimiser or of clipping, is on."""
        found = group(lists, *rest).items()
        return {(device_of(kept[0][0][0]), dtype): kept for (_, dtype), kept in found}

    def without_onednn(*args: Any) -> precision.Precision:
        chosen = choose(*args)
        torch.backends.mkldnn.enabled &= chosen.name != "bfloat16"  # its reason holds here too
        return chosen

    with monkeypatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: True)
        patch.setattr(torch.cuda, "get_device_name", lambda *_: "pretended")
        patch.setattr(torch.cuda, "mem_get_info", lambda *_: (2**34, 2**34))
        patch.setattr(torch.cuda, "is_bf16_supported", lambda **_: True)
        patch.setattr(torch, "Generator", Generator)
        patch.setattr(torch, "autocast", lambda _, **settings: autocast("cpu", **settings))
        patch.setattr(BackwardCFunction, "apply", apply)
        patch.setattr(torch._C, "_group_tensors_by_device_and_dtype", grouped)
        patch.setattr(precision, "choose", without_onednn)
        patch.setenv("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # set by what is tested, for good
        for switches, name in SWITCHES:
            patch.setattr(switches, name, getattr(switches, name))  # to have it back
        with operations, devices:
            yield operations
