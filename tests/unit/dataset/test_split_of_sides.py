"""Folds of a target with two sides: both are learned from, or the fold is named."""

from __future__ import annotations

import numpy as np
import pytest
from forms import VOLUME
from parts import ALL
from targets import SIDES_LEARNED

from contrage.dataset.split import split
from contrage.errors import SettingsError
from contrage.files import read_json
from contrage.tables import write_rows


def run(folder, sides: list[str], folds: list[str]):
    """Split by a column that says in which part everyone is."""
    scans, array, output = (folder / name for name in ("scans.tsv", "a.npy", "split.json"))
    lines = [
        {"scan_id": f"sub-{n}", "participant_id": f"sub-{n}", "site": "s", "row": n}
        | {"diagnosis": side, "part": part}
        for n, (side, part) in enumerate(zip(sides, folds, strict=True))
    ]
    write_rows(scans, list(lines[0]), lines)
    np.save(array, np.random.default_rng(1).normal(size=(len(sides), 1, 4, 5, 3)))
    scheme = {"scheme": "given", "column": "part", "allow_shared_sites": True}
    scheme |= {"roles": {"train": "train", "test": "test"}}
    settings = {**ALL, "split": scheme, "target": SIDES_LEARNED, "seed": 0, "batch_size": 2}
    settings |= {"normalisation": "train", "field_of_view": "own", "form": VOLUME}
    split(settings, scans=scans, array=array, output=output)
    (fold,) = read_json(output)["folds"]
    return fold


def test_mean_and_sd_are_those_of_zeros_and_ones(tmp_path):
    fold = run(tmp_path, ["AD", "HC", "HC", "HC", "AD", "HC"], ["train"] * 4 + ["test"] * 2)
    assert fold["diagnosis_mean"] == 0.25
    assert fold["diagnosis_sd"] == pytest.approx(np.sqrt(3) / 4)


@pytest.mark.parametrize("side", ["AD", "HC"])
def test_a_training_part_of_one_side_names_fold_and_side(tmp_path, side):
    with pytest.raises(SettingsError) as told:
        run(tmp_path, [side] * 4 + ["AD", "HC"], ["train"] * 4 + ["test"] * 2)
    assert str(told.value) == (
        f"dataset.split: all 4 training scans of fold 0 have the diagnosis {side}, so there is "
        "nothing to learn; split otherwise, or add people"
    )
