"""Choosing a device."""

from __future__ import annotations

import logging

import pytest
import torch

from contrage.errors import DeviceError, SettingsError
from contrage.learning.machine.device import choose, repeatable


def test_cuda_without_one_is_an_error(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match=r"training\.device is cuda"):
        choose("cuda")


def test_auto_falls_back_to_the_cpu_and_says_so(monkeypatch, caplog):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with caplog.at_level(logging.INFO):
        assert choose("auto").type == "cpu"
    assert "device: cpu" in caplog.text


def test_unknown_device_is_refused():
    with pytest.raises(SettingsError, match="tpu"):
        choose("tpu")


def test_repeatable_leaves_torch_as_it_was():
    threads = torch.get_num_threads()
    with repeatable(0, torch.device("cpu"), 1):
        assert torch.are_deterministic_algorithms_enabled()
    assert torch.get_num_threads() == threads
    assert not torch.are_deterministic_algorithms_enabled()
