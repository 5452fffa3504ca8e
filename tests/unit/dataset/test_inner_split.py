"""Settings are searched inside the training split, with no test scan in sight."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from forms import TABLE, VOLUME
from parts import ALL
from targets import LEARNED

from contrage.dataset.inner_split import inner_split
from contrage.dataset.split import split
from contrage.errors import SettingsError
from contrage.files import read_json
from contrage.tables import write_tsv

OUTER = {
    "scheme": "kfold",
    "folds": 3,
    "test_fraction": 0.2,
    "seed": 42,
    "new_split_per_seed": False,
    "stratify_by_age": False,
}
SETTINGS = {
    "purpose": "search",
    "target": LEARNED,
    "fraction": 0.25,
    "seed": 0,
    "normalisation": "train",
    "field_of_view": "own",
    "form": VOLUME,
    "batch_size": 4,
}


def cohort(people: int = 24) -> pd.DataFrame:
    """Two scans of everyone, each a row of the array."""
    rng = np.random.default_rng(1)
    names = [f"sub-{number // 2:02d}" for number in range(2 * people)]
    return pd.DataFrame(
        {
            "scan_id": [f"{name}_ses-{i % 2}" for i, name in enumerate(names)],
            "participant_id": names,
            "age": rng.uniform(18, 90, 2 * people),
            "site": "A",
            "row": range(2 * people),
        }
    )


@pytest.fixture
def images(rng) -> np.ndarray:
    images = rng.normal(3, 1, (48, 1, 3, 4, 5)).astype(np.float32)
    images[:, :, 0] = 0
    return images


def run(folder, table, images, fold=1, **changes):
    """Split as the experiment does, then inside the fold; return outer fold, inner fold, table."""
    settings = SETTINGS | changes
    folder.mkdir(exist_ok=True)
    write_tsv(folder / "scans.tsv", table)
    np.save(folder / "array.npy", images)
    inputs = {"scans": folder / "scans.tsv", "array": folder / "array.npy"}
    outer = folder / "split.json"
    split({**settings, "split": OUTER, **ALL, "seed": 0}, **inputs, output=outer)
    inner = {"inner_scans": folder / "inner.tsv", "output": folder / "inner.json"}
    inner_split(settings, **inputs, split=outer, fold=fold, **inner)
    (entry,) = read_json(inner["output"])["folds"]
    return read_json(outer)["folds"][fold], entry, inner["inner_scans"].read_text()


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_both_sides_are_whole_participants_of_the_training_split(tmp_path, images, fold):
    table = cohort()
    outer, inner, text = run(tmp_path, table, images, fold)
    person = table.set_index("scan_id")["participant_id"]
    sides = {side: set(person[inner[side]]) for side in ("train", "test")}
    assert not sides["train"] & sides["test"]
    assert len(sides["test"]) == 4
    assert sorted([*inner["train"], *inner["test"]]) == sorted(outer["train"])
    assert inner["fold"] == fold
    assert not any(scan in text for scan in outer["test"])
    assert len(text.splitlines()) == 1 + len(outer["train"])


def test_lines_of_the_table_are_copied_digit_by_digit(tmp_path, images):
    _, _, text = run(tmp_path, cohort(), images)
    assert set(text.splitlines()) <= set((tmp_path / "scans.tsv").read_text().splitlines())


def test_the_statistics_are_those_of_what_is_learned_from(tmp_path, images):
    table = cohort()
    _, inner, _ = run(tmp_path, table, images)
    rows = table.set_index("scan_id").loc[inner["train"], "row"]
    voxels = images[rows][images[rows] != 0]
    assert inner["train_rows"] == rows.tolist()
    assert inner["mean"] == pytest.approx([voxels.mean()], rel=1e-6)
    assert inner["sd"] == pytest.approx([voxels.std()], rel=1e-6)
    assert inner["age_mean"] == pytest.approx(
        table.set_index("scan_id").loc[inner["train"], "age"].mean()
    )


@pytest.mark.parametrize("normalisation", ["train", "cohort", "image"])
@pytest.mark.parametrize("field_of_view", ["own", "common"])
def test_other_test_scans_change_no_byte(tmp_path, images, normalisation, field_of_view):
    """With "cohort" too, which lets test scans into the statistics of the main run."""
    table = cohort()
    settings = {"normalisation": normalisation, "field_of_view": field_of_view}
    outer, *_ = run(tmp_path / "before", table, images, **settings)
    tested = table["scan_id"].isin(outer["test"])
    table.loc[tested, "age"] = 99.0
    images[tested] = -7.0
    run(tmp_path / "after", table, images, **settings)
    for name in ("inner.tsv", "inner.json"):
        before, after = (tmp_path / side / name for side in ("before", "after"))
        assert before.read_bytes() == after.read_bytes()


def test_features_of_a_table_have_statistics_of_their_own(tmp_path, rng):
    table, values = cohort(), rng.normal(0, 1, (48, 6))
    _, inner, _ = run(tmp_path, table, values, form=TABLE)
    rows = table.set_index("scan_id").loc[inner["train"], "row"]
    np.testing.assert_allclose(inner["mean"], values[rows].mean(0))


def test_another_seed_of_the_search_holds_others_out(tmp_path, images):
    first, second = (run(tmp_path, cohort(), images, seed=seed)[1]["test"] for seed in (0, 1))
    assert first != second


def test_the_penalty_is_chosen_on_others_than_the_settings(tmp_path, images):
    both = ("search", "unseen")
    first, second = (run(tmp_path, cohort(), images, purpose=each)[1]["test"] for each in both)
    assert first != second


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"purpose": "unseen", "fraction": 0.05},
            r"probe.unseen.fraction: 0.05 of the 16 training part.* are 1",
        ),
        (
            {"fraction": 0.05},
            r"validation_fraction: 0.05 of the 16 training part.* are 1",
        ),
        (
            {"batch_size": 25},
            "batch_size: 25 is more than the 24 scans that the search learns from",
        ),
    ],
)
def test_too_few_on_a_side_is_said(tmp_path, images, change, message):
    with pytest.raises(SettingsError, match=message):
        run(tmp_path, cohort(), images, **change)
