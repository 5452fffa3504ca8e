"""deepbet (Fisch et al. 2024): networks in a Python package that brings their weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from contrage.errors import BadScanError
from contrage.files import sha256, versions
from contrage.imaging.skull_strip import Backend

if TYPE_CHECKING:
    from contrage.imaging.images import Image
    from contrage.imaging.skull_strip._result import Stripped

BACKEND = Backend(
    words="deepbet",
    reference=("deepbet", "Fisch et al. (2024), Comput Biol Med 179:108845, arXiv:2308.07003"),
    advice="install it into the environment (contrage's folder: "
    "uv pip install --constraint constraints.txt --editable '.[deepbet]')",
    packages=("deepbet", "torch"),
    mem_mb=4000,
)


def mask(reference: Image, path: Path, options: dict) -> Stripped:
    """Run deepbet's two networks on one thread of the CPU, on the image as contrage has read it.

    deepbet turns the image to the nearest canonical axes, and its mask back.

    Raises
    ------
    BadScanError
        deepbet found nothing that might be a brain.
    """
    import deepbet
    import nibabel as nib
    from deepbet.utils import DATA_PATH

    from contrage.imaging.skull_strip._result import Stripped

    image = nib.Nifti1Image(reference.array.astype(np.float32), reference.affine)
    image.header.set_xyzt_units("mm")
    try:
        with _one_thread():
            _, found, _ = deepbet.BrainExtraction(no_gpu=True).run(image, **options)
    except (AssertionError, ValueError) as error:  # no brain: it has nothing to cut to or to keep
        reason = f"skull stripping (deepbet) failed: {' '.join(str(error).split())}"
        raise BadScanError(path, reason) from error
    weights = sorted(Path(DATA_PATH, "models").glob("*.pt"))
    return Stripped(
        np.asanyarray(found.dataobj) > 0,
        command="deepbet.BrainExtraction(no_gpu=True).run",
        version=versions("deepbet")["deepbet"],
        weights={file.name: sha256(file) for file in weights},
    )


@contextmanager
def _one_thread() -> Iterator[None]:
    """Keep PyTorch to one thread, so that results do not depend on how many there are."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
