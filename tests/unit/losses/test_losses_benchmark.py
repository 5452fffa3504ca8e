"""The benchmark of the losses: it times equals, and writes its table and figure."""

from __future__ import annotations

import importlib
import math
import subprocess
import sys

import pandas as pd
import pytest

from contrage.losses import available


@pytest.fixture
def benchmark(root, monkeypatch):
    monkeypatch.syspath_prepend(root / "benchmarks")
    return importlib.import_module("losses")


@pytest.mark.parametrize("views", [1, 2])
@pytest.mark.parametrize("epoch", [0, 49])
@pytest.mark.parametrize("name", available())
def test_naive_formula_and_loss_agree(benchmark, name, views, epoch):
    assert name in benchmark.NAIVE
    if name == "simclr" and views == 1:
        pytest.skip("attracts nothing in one view")
    benchmark.assert_agreement(name, views, epoch)


def test_disagreement_is_noticed(benchmark, monkeypatch):
    wrong = benchmark.NAIVE["exp"]
    monkeypatch.setitem(benchmark.NAIVE, "yaware", wrong)
    with pytest.raises(AssertionError, match="yaware"):
        benchmark.assert_agreement("yaware")


def test_naive_version_that_would_not_fit_is_skipped_and_says_why(benchmark):
    job = {"loss": "threshold", "naive": True, "anchors": 2048, "features": 128}
    assert benchmark.measure_apart(job, 4, 60) == {"note": "skipped: needs 77 GB"}
    job = {"loss": "somebody's own", "naive": True}
    assert benchmark.measure_apart(job, 4, 60) == {"note": "none written"}


def test_limits_are_held_against_the_least_time(benchmark):
    table = pd.DataFrame(
        {
            "loss": ["quick"] * 2 + ["slow"] * 2,
            "anchors": [1024, 4096] * 2,
            "samples": [512, 2048] * 2,
            "seconds_min": [0.1, 1.6, 0.1, 2.1],
            "peak_mb": 10.0,
        }
    )
    assert benchmark.growth(table, "quick") == pytest.approx(16)
    assert math.isnan(benchmark.growth(table[:1], "quick"))
    quick, slow = benchmark.verdicts(table)
    assert quick.startswith("holds")
    assert slow.startswith("EXCEEDED")


def test_script_writes_table_and_figure(root, tmp_path):
    script = root / "benchmarks" / "losses.py"
    command = [sys.executable, str(script), "--sizes", "8", "16", "--losses", "yaware"]
    command += ["--repeats", "1", "--features", "8", "--output", str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    table = pd.read_csv(tmp_path / "losses.tsv", sep="\t")
    assert list(table["anchors"]) == [8, 16]
    assert (table[["seconds_min", "naive_seconds_min", "ratio"]] > 0).all(axis=None)
    assert "| yaware | 16 | 8 |" in done.stdout
    for suffix in ("png", "svg"):
        assert (tmp_path / f"losses-benchmark.{suffix}").stat().st_size > 1000
