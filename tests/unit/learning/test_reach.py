"""Images within reach of the loop: the same ones wherever they are kept."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import torch
from training_steps import asked
from training_steps import training as training_with

from contrage.errors import ContrageError
from contrage.learning import images as module
from contrage.learning.images import OnDevice, OnDisk, job_limits, reach
from contrage.learning.machine.precision import Precision
from contrage.learning.train import train

CPU = torch.device("cpu")
ROWS = np.array([4, 0, 3, 1, 5])
PLACES = [torch.tensor([2, 0]), torch.tensor([4, 3, 1])]


@pytest.fixture
def array(rng) -> np.ndarray:
    return rng.normal(size=(6, 1, 5, 7, 3)).astype(np.float32)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=str)
@pytest.mark.parametrize("workers", [0, 2])
def test_batches_from_disk_are_those_on_the_device_pass_after_pass(array, dtype, workers):
    on_device = OnDevice(array.__getitem__, ROWS, CPU, dtype)
    on_disk = OnDisk(array.__getitem__, ROWS, CPU, dtype, workers)
    for places in (PLACES, PLACES[::-1], PLACES[:1]):
        pairs = list(zip(on_device.batches(places), on_disk.batches(places), strict=True))
        assert len(pairs) == len(places)
        for (one, other), place in zip(pairs, places, strict=True):
            assert one.dtype == other.dtype == torch.float32
            assert torch.equal(one, other)
            wanted = torch.from_numpy(array[ROWS[place]]).to(dtype).float()
            assert torch.equal(one, wanted)


def test_more_scans_than_are_loaded_at_once_stay_in_their_order(array, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 2)
    stored = OnDevice(array.__getitem__, ROWS, CPU, torch.float32)
    (images,) = stored.batches([torch.arange(5)])
    assert np.array_equal(images.numpy(), array[ROWS])


def test_reading_ahead_draws_no_random_number(array):
    torch.manual_seed(0)
    wanted = torch.rand(3)
    torch.manual_seed(0)
    list(OnDisk(array.__getitem__, ROWS, CPU, torch.float32, 1).batches(PLACES))
    assert torch.equal(torch.rand(3), wanted)


@pytest.mark.parametrize(
    ("wanted", "free", "found"),
    [
        ("auto", 2 * 4200, OnDevice),
        ("auto", 2 * 4200 - 1, OnDisk),
        ("device", 0, OnDevice),
        ("disk", 10**12, OnDisk),
    ],
)
def test_images_are_on_the_device_if_half_of_what_is_free_holds_them(
    array, monkeypatch, caplog, wanted, free, found
):
    monkeypatch.setattr(module, "free_memory", lambda device: free)
    rows = np.arange(6).repeat(2)[:10]
    training = training_with(storage=wanted, workers=0)
    with caplog.at_level(logging.INFO):
        kept = reach(array.__getitem__, rows, (5, 7, 3), training, Precision("float32", CPU))
    assert isinstance(kept, found)
    assert f"asked for {wanted}" in caplog.text
    assert "10 of 5×7×3 voxels as float32" in caplog.text


def test_half_precision_halves_what_the_images_take(array, monkeypatch):
    monkeypatch.setattr(module, "free_memory", lambda device: 6 * 105 * 4)
    for name, found in (("float32", OnDisk), ("bfloat16", OnDevice), ("float16", OnDevice)):
        training = training_with(storage="auto", workers=0)
        numbers = Precision(name, CPU)
        kept = reach(array.__getitem__, np.arange(6), (5, 7, 3), training, numbers)
        assert isinstance(kept, found)


def test_processes_that_share_a_training_on_the_cpu_share_its_memory(array, monkeypatch):
    monkeypatch.setattr(module, "free_memory", lambda device: 2 * 6 * 105 * 4)
    for processes, found in ((1, OnDevice), (2, OnDisk)):
        training = training_with(storage="auto", workers=0, gpus_per_job=processes)
        numbers = Precision("float32", CPU)
        kept = reach(array.__getitem__, np.arange(6), (5, 7, 3), training, numbers)
        assert isinstance(kept, found)


def test_half_precision_keeps_a_z_score_to_three_digits(rng):
    scores = rng.normal(size=(1, 1, 4000)).astype(np.float32) * 5
    stored = OnDevice(scores.__getitem__, np.array([0]), CPU, torch.float16)
    (images,) = stored.batches([torch.tensor([0])])
    np.testing.assert_allclose(images[0], scores[0], rtol=2**-11, atol=1e-7)


def test_limits_of_a_job_are_those_of_slurm_and_of_all_control_groups(tmp_path):
    group = tmp_path / "sys/fs/cgroup/slurm/job_7"
    group.mkdir(parents=True)
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text("1:name=systemd:/x\n0::/slurm/job_7\n")
    (group / "memory.max").write_text("max\n")
    (group.parent / "memory.max").write_text("5000000\n")
    assert job_limits(tmp_path, {}) == [5000000]
    assert job_limits(tmp_path, {"SLURM_MEM_PER_NODE": "3"}) == [3 * 2**20, 5000000]
    assert job_limits(tmp_path / "nothing", {}) == []
    assert job_limits(tmp_path / "nothing", {"SLURM_MEM_PER_NODE": "0"}) == []


def test_free_memory_is_no_more_than_the_job_may_take(monkeypatch):
    free = module.free_memory(CPU)
    assert free > 2**20
    monkeypatch.setattr(module, "job_limits", lambda: [2**62])
    assert module.free_memory(CPU) == pytest.approx(free, rel=0.5)
    monkeypatch.setattr(module, "job_limits", lambda: [1])
    assert module.free_memory(CPU) == 0


def test_killed_reader_is_an_error_that_says_what_to_do(array):
    class Deadly:
        def __call__(self, rows):
            import os
            import signal

            os.kill(os.getpid(), signal.SIGKILL)

    stored = OnDisk(Deadly(), ROWS, CPU, torch.float32, 1)
    with pytest.raises(ContrageError, match=r"training\.workers: .*set training\.workers to 0"):
        list(stored.batches(PLACES))


@pytest.mark.parametrize("field_of_view", ["own", "common"])
def test_storage_changes_no_bit_of_a_training(cohort, settings, field_of_view):
    settings["dataset"]["field_of_view"] = field_of_view
    settings["training"] |= {
        "early_stop": {"on": "inner", "fraction": 0.2, "patience": 9, "every": 1}
    }
    settings["probe"] = {"alphas": [0.1, 1.0, 10.0]}
    settings["training"] |= {"augmentation": ["crop", "noise"]}
    found = []
    for storage, workers in (("device", 0), ("disk", 0), ("disk", 2)):
        settings["training"] |= {"storage": storage, "workers": workers}
        outputs = cohort.outputs(f"{storage}-{workers}")
        train(asked(settings), **cohort.inputs, **outputs)
        with np.load(outputs["features"]) as arrays:
            found.append(arrays["features"])
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def test_no_image_file_is_opened_while_training(cohort, settings, monkeypatch):
    import nibabel

    monkeypatch.setattr(nibabel, "load", lambda *_: pytest.fail("a NIfTI file was opened"))
    train(asked(settings), **cohort.inputs, **cohort.outputs("run"))
    assert cohort.outputs("run")["model"].is_file()
