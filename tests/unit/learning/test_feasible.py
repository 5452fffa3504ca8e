"""What trainings need is asked for first."""

from __future__ import annotations

import pytest
import torch

from contrage.errors import DeviceError, SettingsError
from contrage.files import read_json
from contrage.learning.feasible import check_feasible

SETTINGS = {"device": "auto", "batch_size": 16, "training_scans": 16}


def test_a_full_batch_is_enough(tmp_path):
    check_feasible(SETTINGS, output=tmp_path / "feasible.json")
    assert read_json(tmp_path / "feasible.json") == SETTINGS


def test_fewer_scans_than_a_batch_are_named_with_both_numbers(tmp_path):
    with pytest.raises(SettingsError, match="batch_size: 16, but no more than 15 scans"):
        check_feasible({**SETTINGS, "training_scans": 15}, output=tmp_path / "feasible.json")
    assert not (tmp_path / "feasible.json").exists()


def test_losses_that_predict_need_a_head(tmp_path):
    """Whether adacon predicts follows from its settings, so that only loading it tells."""
    rows = {"exp": {"loss": "exp"}, "margin": {"loss": "adacon", "regression_weight": 0}}
    record = tmp_path / "feasible.json"
    check_feasible({**SETTINGS, "without_head": rows}, output=record)
    record.unlink()
    for row in ({"loss": "l1"}, {"loss": "adacon", "regression_weight": 1}):
        with pytest.raises(SettingsError, match=r"training\.head: \[\] .* losses\.mine"):
            check_feasible({**SETTINGS, "without_head": {**rows, "mine": row}}, output=record)
        assert not record.exists()


def test_cuda_without_a_gpu_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"training\.device is cuda"):
        check_feasible({**SETTINGS, "device": "cuda"}, output=tmp_path / "feasible.json")
