"""What trainings need is asked for first."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from training_steps import feasible_step

from contrage.errors import ContrageError, DeviceError, SettingsError
from contrage.files import read_json
from contrage.learning import checkpoint
from contrage.learning.feasible import check_feasible
from contrage.learning.model import Model
from contrage.settings.build import as_plain
from contrage.settings.steps.learning import FeasibleStep


def test_a_full_batch_is_enough(tmp_path):
    settings = feasible_step(batch_size=16, training_scans=16)
    check_feasible(settings, output=tmp_path / "feasible.json")
    assert read_json(tmp_path / "feasible.json") == {**as_plain(settings), "warnings": []}


def test_fewer_scans_than_a_batch_are_named_with_both_numbers(tmp_path):
    with pytest.raises(SettingsError, match="batch_size: 16, but no more than 15 scans"):
        settings = feasible_step(batch_size=16, training_scans=15)
        check_feasible(settings, output=tmp_path / "feasible.json")
    assert not (tmp_path / "feasible.json").exists()


def test_losses_that_predict_need_a_head(tmp_path):
    """Whether adacon predicts follows from its settings, so that only loading it tells."""
    rows = {"exp": {"loss": "exp"}, "margin": {"loss": "adacon", "regression_weight": 0}}
    record = tmp_path / "feasible.json"
    check_feasible(feasible_step(without_head=rows), output=record)
    record.unlink()
    for row in ({"loss": "l1"}, {"loss": "adacon", "regression_weight": 1}):
        with pytest.raises(SettingsError, match=r"training\.head: \[\] .* losses\.mine"):
            check_feasible(feasible_step(without_head={**rows, "mine": row}), output=record)
        assert not record.exists()


def test_cuda_without_a_gpu_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"training\.device is cuda"):
        check_feasible(feasible_step(device="cuda"), output=tmp_path / "feasible.json")


def start(file: Path, **change: object) -> FeasibleStep:
    asked = {"file": str(file), "encoder": "small", "image": [1, [23, 28, 23]]}
    return feasible_step(start=asked | change)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A model file of an encoder for heads of 8 mm."""
    file = tmp_path_factory.mktemp("start") / "model.pt"
    weights = Model("small", (23, 28, 23), []).encoder.state_dict()
    checkpoint.save(file, {"settings": {"training": {"encoder": "small"}}, "encoder": weights})
    return file


def test_a_file_that_fits_is_started_from(tmp_path, model):
    check_feasible(start(model), output=tmp_path / "feasible.json")
    check_feasible(start(model, image=None), output=tmp_path / "feasible.json")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>login</html>", "no model file of contrage"),
        (b"", "it is cut short"),
        (None, "it is cut short"),
    ],
)
def test_a_file_that_is_no_model_is_named_by_the_first_job(tmp_path, model, content, reason):
    file = tmp_path / "page.pt"
    file.write_bytes(model.read_bytes()[:3000] if content is None else content)
    with pytest.raises(ContrageError, match=rf"^training\.start_from: .*page\.pt: .*{reason}"):
        check_feasible(start(file), output=tmp_path / "feasible.json")
    assert not (tmp_path / "feasible.json").exists()


def test_a_model_of_another_encoder_or_for_other_images_is_named_by_the_first_job(tmp_path):
    file = tmp_path / "vit.pt"
    saved = {"settings": {"training": {"encoder": "mlp"}}, "encoder": {}}
    checkpoint.save(file, saved)
    with pytest.raises(ContrageError, match=r"^training\.start_from: .*holds the encoder mlp"):
        check_feasible(start(file), output=tmp_path / "feasible.json")
    weights = Model("small", (23, 28), []).encoder.state_dict()
    saved = {"settings": {"training": {"encoder": "small"}}, "encoder": weights}
    checkpoint.save(file, saved)
    with pytest.raises(ContrageError, match=r"^training\.start_from: .*has the shape"):
        check_feasible(start(file), output=tmp_path / "feasible.json")
