"""Encoders by name: images in, feature vectors out. One family = one file in this folder.

=============  ====  ======  ============================================================
name           axes  width   what it is
=============  ====  ======  ============================================================
small          1-3   128     own: three convolutions, for coarse grids without a GPU
resnet10 …34   1-3   512     ResNet of basic blocks (He et al. 2016; MONAI)
resnet50       1-3   2048    ResNet of bottleneck blocks (MONAI)
densenet121    1-3   1024    DenseNet-121 (Huang et al. 2017; MONAI)
vit            1-3   192     Vision Transformer of the size "tiny" (MONAI)
sfcn           1-3   64      Simple Fully Convolutional Network (Peng et al. 2021)
r2plus1d       3     512     R(2+1)D-18, for videos (Tran et al. 2018; as torchvision's)
glt, …-cover   2-3   512     global-local transformer on slices (He et al. 2022)
mlp            1     128     perceptron for features, and for regions with channels
=============  ====  ======  ============================================================

A new file here is a new family; beside it, the schema's list of `training.encoder` gets its names
(a test holds that both agree). Files whose name starts with an underscore are helpers. A file has

- ``NAMES``: the encoders that it builds, with a sentence on each;
- ``TAKES``: of arrays scored by ``"channel"`` and of those scored by ``"value"`` (see
  `contrage.form.Form`), how many axes an image may have. Both are written as plain values:
  they are read without running the file;
- ``MEMORY``, where it was measured (benchmarks/memory.py): of each name the bytes that a training
  step on the CPU holds per voxel of an image that is encoded, and the MiB of its weights; plain
  values as well;
- ``build(name, shape, channels)``, which returns a `torch.nn.Module` with an attribute ``width``,
  and one ``seen``, a shape, where its layers have fewer dimensions than the images.

Importing this package imports neither PyTorch nor any encoder: the workflow asks it for `module`
when it is parsed, and MONAI's networks take 10 s.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrage.errors import SettingsError

if TYPE_CHECKING:
    from torch import nn

    from contrage.form import Form


def families() -> dict[str, dict[str, Any]]:
    """Return what the families' files state, name of the file → `NAMES`, `TAKES` and `MEMORY`."""
    files = (file for folder in __path__ for file in sorted(Path(folder).glob("*.py")))
    return {file.stem: _stated(file) for file in files if not file.stem.startswith("_")}


@cache
def _stated(file: Path) -> dict[str, Any]:
    body = ast.parse(file.read_text(encoding="utf-8")).body
    found = {
        target.id: node.value
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    found.setdefault("MEMORY", ast.Dict([], []))
    return {name: ast.literal_eval(found[name]) for name in ("NAMES", "TAKES", "MEMORY")}


def available() -> list[str]:
    """Name the encoders that exist."""
    return [name for stated in families().values() for name in stated["NAMES"]]


def module(name: str) -> str:
    """Return the dotted name of the module that an encoder is in, as "contrage.….resnet".

    Raises
    ------
    SettingsError
        For an unknown encoder.
    """
    for family, stated in families().items():
        if name in stated["NAMES"]:
            return f"{__name__}.{family}"
    raise SettingsError(
        f"training.encoder: there is no encoder '{name}', choose from {', '.join(available())}"
    )


def memory(name: str) -> tuple[float, float] | None:
    """Return what was measured of an encoder's memory, see `MEMORY`; None where nobody has."""
    found = (stated["MEMORY"].get(name) for stated in families().values())
    return next((each for each in found if each is not None), None)


def fitting(form: Form, named: Sequence[str] = ()) -> list[str]:
    """Name the encoders that take arrays of a form, and those that a kind of data names itself."""
    return [
        name
        for stated in families().values()
        for name in stated["NAMES"]
        if name in named or form.axes in stated["TAKES"].get(form.scored, ())
    ]


def build(name: str, shape: tuple[int, ...], channels: int = 1) -> nn.Module:
    """Build an encoder.

    Parameters
    ----------
    name : str
        One of `available()`.
    shape : tuple of int
        Of one image, without channels: (X, Y, Z), (X, Y) or (X,), or (features,) for mlp. The
        number of axes decides between 1-, 2- and 3-D layers.
    channels : int
        Of one image.

    Returns
    -------
    torch.nn.Module
        Maps float32 images (batch, channels, *shape) to features (batch, width); `width` is an
        attribute.

    Raises
    ------
    SettingsError
        For an unknown name, and for a shape that the encoder has no use for.
    """
    home = module(name)
    if not 1 <= len(shape) <= 3:
        raise SettingsError(f"training.encoder: {name} takes images of 1 to 3 axes, not {shape}")
    return importlib.import_module(home).build(name, tuple(shape), channels)


NAMES = tuple(available())
