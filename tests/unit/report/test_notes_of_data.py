"""What the page says of people and images that the tables leave open."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from configured import configured
from targets import AGE

from contrage.files import write_json
from contrage.report.dominant import dominant_scans
from contrage.report.findings import Study, paragraph
from contrage.report.notes import notes
from contrage.report.page import _noticed
from contrage.report.tables import cohort_table


def study(scans: pd.DataFrame, **tables: pd.DataFrame) -> Study:
    empty = {name: pd.DataFrame() for name in ("mae", "norms", "baselines", "excluded", "scans")}
    mae = pd.DataFrame(columns=["loss", "mae_mean", "mae_baseline", "ci_high"])
    frames = {**empty, "mae": mae, "cohort": cohort_table(scans, AGE), **tables}
    return Study(configured(), frames, 0, [])


def people(sexes: list[str | None]) -> pd.DataFrame:
    ids = [f"sub-{k}" for k in range(len(sexes))]
    return pd.DataFrame(
        {"participant_id": ids, "age": np.arange(20.0, 20 + len(ids)), "sex": sexes}
    )


def test_women_men_and_those_of_whom_it_is_not_told_add_up() -> None:
    text = paragraph(study(people(["F"] * 6 + ["M"] * 6 + ["2", "1", "O", None] * 3)))
    assert "24 participants (6 women, 6 men, 12 not told)" in text
    assert "(2 women, 1 man)" in paragraph(study(people(["F", "M", "F"])))


def test_codes_that_nobody_explains_are_said_to_be_not_told() -> None:
    assert "(sex not told)" in paragraph(study(people(["1", "2"])))
    assert "told" not in paragraph(study(people([None, None])))


def test_what_was_noticed_in_the_tables_stands_on_the_page() -> None:
    told = dataclasses.replace(study(people(["F"])), noticed=["ids were matched: 1 is sub-01"])
    (note,) = [each for each in notes(told) if "noticed" in each.title]
    assert note.text == "ids were matched: 1 is sub-01."


def test_files_that_had_to_be_changed_to_fit_are_counted_beside_them(tmp_path) -> None:
    (tmp_path / "notes.txt").write_text("ids were matched: 1 is sub-01\n")
    beside = {"contrage": {"told": {"videos with fewer frames": ["sub-1", "sub-2"]}}}
    write_json(tmp_path / "array.json", beside)
    assert _noticed(tmp_path / "notes.txt", tmp_path / "array.json") == [
        "ids were matched: 1 is sub-01",
        "videos with fewer frames: 2 (sub-1, sub-2)",
    ]
    write_json(tmp_path / "array.json", {"contrage": {}})
    assert _noticed(None, tmp_path / "array.json") == _noticed(None, None) == []


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("xray", "padded with black to the ratio of height and width and resized to 520×400"),
        ("series", "Of the time series 478 points were taken"),
        ("video", "Of each video 32 frames were taken, one of every 2 about the middle"),
        ("pet", "This workflow stripped, corrected and registered nothing."),
        ("vbm", "The grey-matter maps (VBM) were prepared elsewhere and are read as they are."),
    ],
)
def test_the_page_says_what_was_prepared_and_what_was_not(image, said) -> None:
    cohort = {"source": "arrays", "name": "own", "image": image}
    told = dataclasses.replace(study(people(["F"])), config=configured(cohort=cohort))
    assert said in paragraph(told)
    assert "did not run" not in paragraph(study(people(["F"])))


def test_the_page_says_how_many_scans_had_a_choice_and_what_was_taken() -> None:
    taken = ["sub-0_run-1_T1w.nii.gz", "sub-1_ses-a_run-1_T1w.nii.gz", "sub-2_run-2_T1w.nii.gz"]
    choices = pd.DataFrame({"scan_id": ["sub-0", "sub-1_ses-a", "sub-2"], "image": "T1w",
                            "taken": taken, "others": "x"})  # fmt: skip
    (note,) = [
        each for each in notes(study(people(["F"] * 3), choices=choices)) if "chosen" in each.title
    ]
    assert "3 scans had several T1w images: run-1_T1w.nii.gz (2), run-2_T1w.nii.gz (1)" in note.text
    assert not [
        each for each in notes(study(people(["F"]), choices=choices[:0])) if "chosen" in each.title
    ]


def test_a_scan_that_decides_the_normalisation_is_a_warning_with_its_largest_share(
    tmp_path,
) -> None:
    entries = [[{"scan_id": "sub-1", "share": 0.4}], [], [{"scan_id": "sub-1", "share": 0.934}]]
    splits = []
    for seed in (0, 1):
        folds = [{"fold": k, "dominant": found} for k, found in enumerate(entries[seed : seed + 2])]
        splits.append(tmp_path / f"seed-{seed}.json")
        write_json(splits[-1], {"folds": folds})
    told = dataclasses.replace(study(people(["F"])), dominant=dominant_scans(splits))
    (note,) = [each for each in notes(told) if "normalisation" in each.title]
    assert (note.level, note.title) == ("warning", "One scan decides the normalisation")
    assert note.text.startswith("sub-1 (93%) alone brings that part of the squares")
    assert "quality page" in note.text and "dataset.normalisation: image" in note.text


def test_splits_without_such_a_scan_make_no_note(tmp_path) -> None:
    write_json(tmp_path / "seed-0.json", {"folds": [{"dominant": []}, {"mean": [1.0]}]})
    assert dominant_scans([tmp_path / "seed-0.json"]) == {}
    assert not [each for each in notes(study(people(["F"]))) if "normalisation" in each.title]
