"""What the loss is told."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from contrage.errors import TableError
from contrage.files import read_json
from contrage.learning.state import load_loss, start
from contrage.learning.tables import read_fold, read_scans

PART = {"age_mean": 40.0, "age_sd": 20.0}


def test_schedule_lasts_as_long_as_the_training_unless_told_otherwise():
    assert load_loss({"loss": "dynlocrep"}, 17).max_epochs == 17
    assert load_loss({"loss": "dynlocrep", "max_epochs": 30}, 17).max_epochs == 30


def test_loss_that_predicts_gets_one_output_and_standardised_ages(settings):
    settings["loss"] = {"loss": "l1"}
    state = start(settings, PART, torch.device("cpu"))
    assert state.network.head[-1].out_features == 1
    assert state.targets(np.array([20.0, 60.0])).tolist() == [-1, 1]


def test_contrastive_loss_gets_ages_in_years(settings):
    state = start(settings, PART, torch.device("cpu"))
    assert state.network.head[-1].out_features == 8
    assert state.targets(np.array([20.0, 60.0])).tolist() == [20, 60]


def test_embeddings_have_the_length_that_the_loss_wants(settings):
    for loss in ("exp", "rnc"):
        state = start(settings | {"loss": {"loss": loss}}, PART, torch.device("cpu"))
        assert state.network.unit == getattr(state.loss, "unit_embeddings", False)


def test_epochs_are_counted_from_where_the_loss_starts(settings):
    paper = start(settings | {"loss": {"loss": "dynlocrep"}}, PART, torch.device("cpu"))
    released = {"loss": "dynlocrep", "formulation": "released"}
    assert paper.loss_epoch == 0
    assert start(settings | {"loss": released}, PART, torch.device("cpu")).loss_epoch == 1


def test_losses_start_from_the_same_weights(settings):
    found = []
    for loss in ("exp", "rnc"):
        torch.manual_seed(3)
        found.append(start(settings | {"loss": {"loss": loss}}, PART, torch.device("cpu")))
    for one, other in zip(
        found[0].network.parameters(), found[1].network.parameters(), strict=True
    ):
        assert torch.equal(one, other)


def test_table_without_ages_is_named(tmp_path):
    path = tmp_path / "scans.tsv"
    path.write_text("scan_id\tparticipant_id\tage\trow\nsub-1\tsub-1\tn/a\t0\n")
    with pytest.raises(TableError, match=r"scans\.tsv"):
        read_scans(path)


def test_fold_that_does_not_exist_is_named(cohort):
    with pytest.raises(TableError, match="no fold 3"):
        read_fold(cohort.inputs["split"], 3)
    assert read_fold(cohort.inputs["split"], 0) == read_json(cohort.inputs["split"])["folds"][0]
