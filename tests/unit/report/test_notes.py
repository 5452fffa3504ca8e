"""What the boxes above the results say, and when."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from configured import configured
from targets import AGE
from test_page import Page

from contrage.report.elements import html_tables
from contrage.report.findings import Study, paragraph
from contrage.report.notes import Note, notes
from contrage.report.tables import cohort_table
from contrage.tables import read_tsv, write_tsv


def study(n_test: int = 40, scheme: str = "holdout", ridge=(6.0, 5.0, 7.0), **losses) -> Study:
    """A study of two losses that err by 4.0 and 5.6 years, beside ridge regression."""
    mae = {"loss": ["exp", "dynlocrep"], "mae_mean": [4.0, 5.6], "mae_baseline": 16.0}
    mae |= {"mae_sd": 0.2, "n_seeds": 3, "ci_low": [3.0, 4.6], "ci_high": [5.0, 6.6]}
    mae |= {"diff_to_best": [0.0, 1.6], "diff_ci_low": [np.nan, 0.5], "diff_ci_high": [np.nan, 2.6]}
    mae |= {"p_paired": [np.nan, 0.03], "p_holm": [np.nan, 0.15]}
    frame = pd.DataFrame([("ridge-blocks", *ridge)])
    frame.columns = ["baseline", "mae_mean", "ci_low", "ci_high"]
    cohort = cohort_table(pd.DataFrame({"participant_id": ["a", "b"], "age": [20.0, 30.0]}), AGE)
    frames = {"mae": pd.DataFrame(mae | losses), "baselines": frame, "cohort": cohort}
    frames |= {"excluded": pd.DataFrame(), "scans": pd.DataFrame()}
    whole = configured(dataset={"split": {"scheme": scheme, "folds": 5}})
    return Study(whole, frames, n_test, [])


def titled(told: Study, title: str) -> list[Note]:
    return [note for note in notes(told) if title in note.title]


@pytest.mark.parametrize("scheme", ["kfold", "leave-site-out"])
def test_cross_validation_is_no_advice_to_those_who_do_it(scheme) -> None:
    (note,) = titled(study(20, scheme), "Few participants were tested")
    assert note.text.startswith("20 participants tested in all")
    assert "kfold" not in note.text and not titled(study(20, scheme), "test set")
    (note,) = titled(study(20), "The test set is small")
    assert "cross-validation (dataset.split.scheme: kfold) would test" in note.text
    assert not titled(study(30, scheme), "Few") and not titled(study(30), "test set is small")


def test_an_interval_clear_of_zero_beside_a_large_p_is_explained() -> None:
    (note,) = titled(study(), "The best loss is not clearly the best")
    assert "may be zero" not in note.text, "the interval is clear of it"
    assert "the interval of the paired difference holds zero, or p is 0.05 or more" in note.text
    assert "only p is corrected for the number of losses" in note.text
    assert "0.50 to 2.60, corrected p = 0.15)" in paragraph(study())
    clear = study(p_holm=[np.nan, 0.03])
    assert not titled(clear, "not clearly the best")


def test_heading_note_and_glossary_say_alike_what_is_corrected(bare) -> None:
    bare.make_tables()
    bare.make_page()
    page = Page(bare.html)
    differences = page.tables["table-mae"][0][-3:-1]
    assert differences == ["difference to best [years]", "p (corrected)"]
    text = re.sub(r"\s+", " ", page.text)
    assert "their p is corrected for the number of losses, their intervals are not." in text
    glossary = text.partition("What each number means")[2]
    assert "corrected for the number of losses by Holm's method. The interval is not" in glossary
    assert "only where the interval is clear of zero and p is below 0.05" in glossary
    assert "holds zero means" not in glossary


@pytest.mark.parametrize(
    ("ridge", "title", "words"),
    [
        ((4.0, 3.0, 5.0), "A simple baseline does as well", "nothing was gained"),
        ((3.5, 3.0, 4.0), "A simple baseline does as well", "nothing was gained"),
        ((2.5, 2.0, 3.99), "A simple baseline does better", "made it worse here, by 1.50 years"),
        ((2.5, np.nan, np.nan), "A simple baseline does as well", "nothing was gained"),
    ],
)
def test_better_than_the_best_loss_is_not_as_well(ridge, title, words) -> None:
    (note,) = titled(study(ridge=ridge), "A simple baseline")
    assert note.title == title and words in note.text
    assert f"errs by {ridge[0]:.2f} years" in note.text


@pytest.mark.parametrize("image", ["desikan", "destrieux", "vbm_roi"])
def test_a_study_of_regions_is_told_as_one_of_values_not_of_voxels(image) -> None:
    of_regions = configured(cohort={"source": "arrays", "image": image}, dataset={"voxel_mm": 4})
    told = replace(study(ridge=(2.5, 2.0, 3.99)), config=of_regions)
    assert not titled(told, "A simple baseline")
    told.tables["baselines"]["baseline"] = "ridge-features"
    (note,) = titled(told, "A simple baseline does better")
    assert note.text.startswith("Ridge regression on the raw features errs by 2.50 years")
    assert " mm" not in paragraph(told)


def test_errors_have_the_decimals_that_the_bin_of_the_target_asks_for() -> None:
    told = study(mae_mean=[0.0131, 0.0152], mae_sd=0.0008, ci_low=0.0121, ci_high=0.0141)
    uptake = {"column": "uptake", "unit": "SUVR", "bin": 0.01, "range": None}
    told = replace(told, config=configured(target=uptake))
    cohort = told.tables["cohort"]
    told.tables["cohort"] = cohort.rename(columns=lambda name: name.replace("age_", "uptake_"))
    text = paragraph(told)
    assert "0.0131 ± 0.0008 SUVR (95 % interval 0.0121 to 0.0141)" in text
    cells = html_tables.mae(told).lines[0].cells
    assert cells[1:3] == ["0.0131 ± 0.0008", "0.0121 to 0.0141"]
    assert "4.00 ± 0.20 years (95 % interval 3.00 to 5.00)" in paragraph(study())


def test_a_baseline_that_does_worse_is_not_told() -> None:
    assert not titled(study(ridge=(4.01, 3.0, 5.0)), "A simple baseline")


def test_scans_of_no_study_are_no_study(bare) -> None:
    scans = read_tsv(bare.path("dataset", "scans.tsv"))
    scans["site"] = ["A"] * 30 + ["B"] * 20 + [None] * 10
    write_tsv(bare.path("dataset", "scans.tsv"), scans)
    bare.make_tables()
    bare.make_page()
    assert "from two studies, aged" in Page(bare.html).text


@pytest.mark.parametrize(
    ("run", "kept", "told"),
    [
        ([20, 22, 34], [17, 19, 31], "for up to 50 epochs, stopped early (kept: median 19, range"),
        (
            [20, 50, 34],
            [17, 50, 31],
            "for up to 50 epochs, stopped early in 2 of 3 trainings (kept",
        ),
        ([50, 50], [44, 48], "for 50 epochs (kept: median 46, range 44 to 48)"),
        ([12], [9], "for up to 50 epochs, stopped early (kept: 9)"),
        ([], [], "for up to 50 epochs;"),
    ],
)
def test_epochs_are_those_that_were_run_and_kept(run, kept, told) -> None:
    training = {"epochs": 50, "encoder": "small"}
    stops = {**training, "early_stop": {"patience": 3}}
    early = replace(study(), config=configured(training=stops))
    early.tables["epochs"] = pd.DataFrame({"run": run, "kept": kept})
    assert told in paragraph(early)
    whole = replace(early, config=configured(training=training))
    assert "and for 50 epochs; a ridge" in paragraph(whole)
