"""The one command for whoever has a GPU, as far as a processor can tell."""

from __future__ import annotations

import importlib

import pytest
import torch


@pytest.fixture
def script(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "benchmarks")
    return importlib.import_module("gpu")


@pytest.fixture
def cohort(script):
    return script.make_cohort(script.SMALL["train"], script.SMALL["voxel_mm"])


def test_a_training_through_a_checkpoint_has_the_bits_of_one_without(script, cohort):
    options = script.options_of(script.SMALL, "cpu", 1)
    whole = script.weights(cohort, "small", options, 2)
    assert script.same_bits(whole, script.weights(cohort, "small", options, 2, stop=1))
    assert not script.same_bits(whole, script.weights(cohort, "small", options, 1))


def test_errors_are_alike_within_what_seeds_differ_by(script):
    assert script.alike([5.0, 6.0, 7.0], [6.0, 7.0, 8.0]) is True
    assert script.alike([5.0, 5.0], [5.2, 5.2]) is True
    assert script.alike([5.0, 5.1], [7.0, 7.1]) is False  # no NumPy's, which JSON does not know


def test_one_gpu_alone_is_not_compared_with_two(script, cohort, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert script.shared_alike(cohort, script.options_of(script.SMALL, "cuda", 1)) is None


def test_the_table_says_what_failed_what_was_missed_and_that_there_is_no_gpu(script):
    found = {
        "device": script.device_name(torch.device("cpu")),
        "torch": "2",
        "checks": {"same_bits": False, "two_devices_alike": None, "mae_cpu": [5.0, 7.0]},
        "measured": {"one_training_s": 31.0, "times_plain": 9.0, "peak_memory_gb": None},
    }
    table = script.markdown(found)
    assert table.startswith("no CUDA device")
    for line in (
        "| same_bits | NO | yes |",
        "| two_devices_alike | not checked | yes |",
        "| mae_cpu | 6.00 ± 1.00 years | |",
        "| one_training_s | 31 | ≤ 30 |",
        "| times_plain | 9 | ≥ 8 |",
        "| peak_memory_gb | not measured |  |",
    ):
        assert line in table.splitlines()


def test_the_papers_scale_is_refused_without_a_gpu(script, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["gpu.py"])
    monkeypatch.setattr(script, "choose", lambda name: torch.device("cpu"))
    assert script.main() == 2
    assert "no CUDA device" in capsys.readouterr().err
