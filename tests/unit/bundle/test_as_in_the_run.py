"""Who was tested in a run is predicted alike by its model, however the run was configured."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from finished_rows import Finished, finish

from contrage.bundle import predict
from contrage.bundle.images import ImageOfScan
from contrage.bundle.opened import Bundle
from contrage.bundle.predict import Prediction, predict_subjects
from contrage.bundle.subject import Subject
from contrage.learning.machine.precision import Precision

SHAPE, PEOPLE = (9, 11, 8), 16
TUNED = {"exp-tuned": {"from": {"row": "exp"}, "stage": {"loss": "l1", "epochs": 2}}}
FROZEN = {
    "exp-tuned": {"from": {"row": "exp"}, "stage": {"loss": "l1", "train": "head", "head": [4, 1]}}
}
CASES = {
    "as usual": ("exp", {}),
    "several seeds": ("exp", {"training": {"seeds": [0, 3]}}),
    "averaged weights": ("exp", {"training": {"ema": 0.5}}),
    "each image by itself": ("exp", {"dataset": {"normalisation": "image"}}),
    "scores of the cohort": ("exp", {"dataset": {"normalisation": "cohort"}}),
    "a common field of view": ("exp", {"dataset": {"field_of_view": "common"}}),
    "the head of a stage": ("exp-tuned", {"rows": TUNED}),
    "the head on a frozen encoder": ("exp-tuned", {"rows": FROZEN}),
    "l1, read by the probe": ("l1", {}),
}


@pytest.fixture(scope="module")
def ages() -> np.ndarray:
    return np.random.default_rng(5).uniform(20, 80, PEOPLE).round(1)


@pytest.fixture(scope="module")
def maps(ages) -> np.ndarray:
    """Maps in kPa, 0 outside a box that is another one for everybody."""
    rng = np.random.default_rng(6)
    values = 3.3 - 0.015 * ages[:, None, None, None] + rng.normal(0, 0.2, (PEOPLE, *SHAPE))
    for image in values:
        image[: rng.integers(1, 4)] = 0
        image[:, :, rng.integers(5, 8) :] = 0
    return values[:, None].astype(np.float32)


def run(folder: Path, maps: np.ndarray, ages: np.ndarray, row: str, blocks: dict) -> Finished:
    losses = {"benchmark": {"losses": list(dict.fromkeys(["exp", "l1", row])), "norms": []}}
    return finish(folder, maps, ages, row, **losses, **blocks)


def predicted(
    bundle: Bundle, maps: np.ndarray, names: list[str], monkeypatch, member: int
) -> list[Prediction]:
    """Predict rows of the array, as if they had been preprocessed a moment ago."""

    def seen(bundle, subject, *others):
        return ImageOfScan(maps[int(subject.name.removeprefix("sub-"))], {}, [], {})

    monkeypatch.setattr(predict, "seen", seen)
    return list(predict_subjects(bundle, [Subject(name) for name in names], members=[member]))


def farthest(of: Finished, bundle: Bundle, maps: np.ndarray, monkeypatch) -> float:
    """Return how far the model is from the run's predictions, of everybody who was tested."""
    off = []
    for number, member in enumerate(bundle.facts.members):
        tested = of.tested(member.seed, member.fold)
        again = predicted(bundle, maps, tested["scan_id"].tolist(), monkeypatch, number)
        assert all(each.refused is None for each in again), again[0].refused
        off += [
            abs(e.predicted - age) for e, age in zip(again, tested["predicted_age"], strict=True)
        ]
    assert len(off) == PEOPLE * len(of.of.seeds)
    return max(off)


@pytest.mark.parametrize("case", CASES)
def test_everybody_who_was_tested_gets_the_same_number(case, maps, ages, tmp_path, monkeypatch):
    done = run(tmp_path, maps, ages, *CASES[case])
    bundle = done.exported()
    assert len(bundle.members) == 2 * len(done.of.seeds)
    assert bundle.facts.network.reads == ("head" if "tuned" in done.row else "probe")
    assert farthest(done, bundle, maps, monkeypatch) < 1e-4


def test_images_that_a_training_kept_in_half_precision_are_rounded_alike(
    maps, ages, tmp_path, monkeypatch
):
    half = property(lambda self: torch.float16)
    monkeypatch.setattr(Precision, "storage", half)  # as on a GPU that computes in bfloat16
    done = run(tmp_path, maps, ages, "exp", {})
    bundle = done.exported()
    assert {member.stored for member in bundle.facts.members} == {"float16"}
    rounded = farthest(done, bundle, maps, monkeypatch)
    exact = [replace(each, facts=replace(each.facts, stored="float32")) for each in bundle.members]
    in_full = farthest(done, replace(bundle, members=tuple(exact)), maps, monkeypatch)
    assert rounded < 1e-4
    assert rounded < in_full < 0.5  # years: what was off before, and no more than rounding is


def test_the_range_of_half_precision_is_no_limit_for_a_scan_in_another_unit(
    maps, ages, tmp_path, monkeypatch
):
    monkeypatch.setattr(Precision, "storage", property(lambda self: torch.float16))
    bundle = run(tmp_path, maps, ages, "exp", {}).exported()
    (found,) = predicted(bundle, maps * 1e6, ["sub-00"], monkeypatch, 0)
    assert found.predicted is None and "another unit" in found.refused
