"""Errors where targets are missing in training."""

from __future__ import annotations

import numpy as np
import pytest
from tested_rows import RowsOnTest

AGES = np.array([40.0, 52, 70, 44.9, 45, 49.9, 50, 60, 64.9, 65])
FOLD = [{"train": np.arange(3), "test": np.arange(3, 10)}]
MISSING = [4, 5, 7, 8]


@pytest.fixture
def study(tmp_path):
    off = np.where(np.isin(np.arange(10), MISSING), 4.0, 1.0)
    told = {"dataset": {"missing_targets": [[45, 50], [60, 65]]}}
    told["evaluations"] = {"missing_range": {}}
    return RowsOnTest(tmp_path / "x", AGES, FOLD, {"exp": lambda ages, _: ages + off}, told=told)


def test_people_in_the_ranges_stand_apart_half_open(study):
    found = study.table("missing_range").set_index("part")
    assert found["n_participants"].to_dict() == {
        "all": 7, "missing": 4, "learned": 3, "45 to 50": 2, "60 to 65": 2,
    }  # fmt: skip
    assert found.loc["missing", "mae_mean"] == pytest.approx(4)
    assert found.loc["learned", "mae_mean"] == pytest.approx(1)
    assert found.loc["all", "mae_mean"] == pytest.approx((4 * 4 + 3) / 7)


def test_one_range_is_not_told_twice(study):
    told = {**study.told, "dataset": {"missing_targets": [[45, 50]]}}
    found = RowsOnTest(study.folder, AGES, FOLD, study.rows, told=told).table("missing_range")
    assert found["part"].tolist() == ["all", "missing", "learned"]
