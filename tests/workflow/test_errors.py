"""What a user can get wrong is said before hours are spent, without a traceback."""

from __future__ import annotations

import copy

import pytest
import yaml
from small_study import CONFIG, Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("errors")]


def said(workflow: Workflow, change: dict, *arguments: str) -> str:
    """Run with a changed config; return what is printed, having failed."""
    config = copy.deepcopy(CONFIG)
    for part, values in change.items():
        if isinstance(values, dict):
            config.setdefault(part, {}).update(values)
        else:
            config[part] = values
    (workflow.folder / "wrong.yaml").write_text(yaml.safe_dump(config))
    done = workflow.run(*arguments, config="wrong.yaml")
    printed = done.stdout + done.stderr
    assert done.returncode != 0, printed
    assert "Traceback" not in printed
    return printed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"losses": {"exp": {"sigmo": 1}}}, "losses.exp: exp has no setting sigmo"),
        ({"benchmark": {"losses": ["expo"]}}, "no loss 'expo'"),
        ({"training": {"epoch": 3}}, "epoch"),
        ({"cohort": {"path": "elsewhere"}}, "cohort.path: no folder 'elsewhere'"),
        ({"preprocessing": {"skull_strip": {"method": "bet"}}}, "bet"),
        ({"preprocessing": {"skull_strip": {"method": "hdbet"}}}, "needs the program 'hd-bet'"),
        (
            {"preprocessing": {"template": {"source": "templateflow", "name": "NoSuch"}}},
            "contrage fetch-template",
        ),
        (
            {"dataset": {"split": {"scheme": "kfold", "folds": 20}}},
            "dataset.split.folds: 20 folds need 20 participants, there are 14",
        ),
        (
            {"dataset": {"leave_out": {"sub-021": "a typo"}}},
            "dataset.leave_out: nobody in the cohort study has the id 'sub-021' (did you mean",
        ),
        (
            {
                "cohort": {"source": "phantom", "name": "heads"},
                "pretraining": {"training": {"batch_size": 32}},
            },
            "pretraining.training.batch_size: 32, but no more than 16 scans are for training",
        ),
        (
            {"preprocessing": {"template": {"source": "files", "anatomical": "gone.nii"}}},
            "preprocessing.template: there is no file gone.nii",
        ),
    ],
)
def test_a_mistake_in_the_config_is_named_before_the_first_job(fresh, change, message):
    assert message in said(fresh, change, "-n")


def test_all_bad_scans_are_named_at_once_before_most_others_are_preprocessed(fresh):
    printed = said(fresh, {"cohort": {"on_bad_scan": "fail", "name": "strict"}})
    assert "2 of 15 scans cannot be used" in printed
    assert "sub-05" in printed
    assert "sub-06" in printed
    assert len(list(fresh.folder.glob("results/derivatives/strict/sub-*/mre"))) < 13 / 2


@pytest.mark.parametrize(
    ("training", "message"),
    [
        ({"device": "cuda"}, "training.device is cuda, but this machine offers no CUDA device"),
        ({"batch_size": 64}, "training.batch_size: 64, but no more than"),
    ],
)
def test_what_trainings_need_is_asked_for_before_any_scan_is_preprocessed(fresh, training, message):
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    change = {"training": training, "experiment": "early", "cohort": {"name": "early"}}
    assert message in said(fresh, change)
    assert not list(fresh.folder.glob("results/derivatives/early/sub-*/*preproc.json"))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("sub-01\t30\tF\tsite1", "sub-01 stands there twice"),
        ("../up\t30\tF\tsite1", "participant_id '../up'"),
    ],
)
def test_a_wrong_row_of_the_table_is_named(fresh, row, message):
    table = fresh.folder / "study/participants.tsv"
    before = table.read_text()
    table.write_text(f"{before}{row}\n")
    try:
        assert message in said(fresh, {}, "-n")
    finally:
        table.write_text(before)


def test_an_age_in_words_is_named(fresh):
    table = fresh.folder / "study/participants.tsv"
    before = table.read_text()
    head, first, *others = before.splitlines()
    cells = first.split("\t")
    table.write_text("\n".join([head, "\t".join([cells[0], "old", *cells[2:]]), *others]) + "\n")
    try:
        assert f"{cells[0]}: age 'old' is not a number" in said(
            fresh, {"cohort": {"on_bad_scan": "fail"}}, "-n"
        )
    finally:
        table.write_text(before)
