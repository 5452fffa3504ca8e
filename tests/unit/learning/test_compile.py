"""torch.compile: another way to the same training."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
from training_steps import AS_TRAINED, asked

from contrage.learning.embed import embed
from contrage.learning.train import train


@pytest.mark.skipif(not shutil.which("g++"), reason="PyTorch compiles with g++, which is not here")
def test_compiled_encoder_learns_what_it_learns_otherwise(cohort, settings, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "compiled"))
    settings["training"] |= {"epochs": 2, "batch_size": 9, "ema": 0.9}
    found = []
    for wanted in (False, True):
        settings["training"]["compile"] = wanted
        outputs = cohort.outputs(f"compiled-{wanted}")
        train(asked(settings), **cohort.inputs, **outputs)
        with np.load(outputs["features"]) as arrays:
            found.append(arrays["features"])
    np.testing.assert_allclose(found[0], found[1], atol=2e-3)
    assert not np.array_equal(found[0], found[1])
    names = torch.load(outputs["model"], weights_only=True)["encoder"]
    assert not [name for name in names if "orig_mod" in name]
    embed(AS_TRAINED, **cohort.inputs, model=outputs["model"], features=tmp_path / "again.npz")
    with np.load(tmp_path / "again.npz") as arrays:
        np.testing.assert_allclose(arrays["features"], found[1], atol=1e-5)
