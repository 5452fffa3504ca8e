"""What the loss is told."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from targets import AGE

from contrage.errors import SettingsError, TableError
from contrage.files import read_json
from contrage.learning.folds import Scans, read_fold, read_scans
from contrage.learning.loop.state import load_loss, start
from contrage.learning.machine.precision import Precision
from contrage.losses._pairs import exact

CPU = Precision("float32", torch.device("cpu"))
PART = {"age_mean": 40.0, "age_sd": 20.0}
AGES = np.array([20.0, 60.0])
SHAPE = (10, 12, 8)


def test_schedule_lasts_as_long_as_the_training_unless_told_otherwise():
    assert load_loss({"loss": "dynlocrep"}, 17).max_epochs == 17
    assert load_loss({"loss": "dynlocrep", "max_epochs": 30}, 17).max_epochs == 30


def test_loss_that_predicts_gets_one_output_and_standardised_ages(settings):
    settings["loss"] = {"loss": "l1"}
    state = start(settings, PART, AGES, CPU, SHAPE)
    assert state.network.head[-1].out_features == 1
    assert state.targets(np.array([20.0, 60.0])).tolist() == [-1, 1]


def test_contrastive_loss_gets_ages_in_years(settings):
    state = start(settings, PART, AGES, CPU, SHAPE)
    assert state.network.head[-1].out_features == 8
    assert state.targets(np.array([20.0, 60.0])).tolist() == [20, 60]


def test_embeddings_have_the_length_that_the_loss_wants(settings):
    for loss in ("exp", "rnc"):
        state = start(settings | {"loss": {"loss": loss}}, PART, AGES, CPU, SHAPE)
        assert state.network.unit == getattr(state.loss, "unit_embeddings", False)


def test_loss_that_fits_is_told_the_training_ages(settings):
    settings["loss"] = {"loss": "supremix"}
    state = start(settings, PART, np.array([20.0, 33.0, 60.0]), CPU, SHAPE)
    assert state.loss.label_range == 40


def test_share_of_ages_counts_ages_with_many_decimals_themselves(settings):
    settings["loss"] = {"loss": "adacon"}
    ages = np.array([20.123456, 33.0, 60.765432])
    state = start(settings, PART, ages, CPU, SHAPE)
    shares = state.loss._distribution(exact(state.targets(ages)))
    assert shares.tolist() == pytest.approx([1 / 3, 2 / 3, 1])


def test_prediction_beside_the_embedding_keeps_its_length(settings):
    settings["loss"] = {"loss": "adacon", "regression_weight": 1.0}
    state = start(settings, PART, AGES, CPU, SHAPE)
    with torch.no_grad():
        embeddings = state.network(torch.randn(6, 1, 10, 12, 8), views=2)
    assert embeddings.shape == (6, 2, 9)
    torch.testing.assert_close(embeddings[..., :8].norm(dim=-1), torch.ones(6, 2))
    assert embeddings[..., 8].abs().max() < 1
    assert state.predicts
    assert state.targets(AGES).tolist() == [20, 60]


def scans_of(sexes: tuple[str | None, ...]) -> Scans:
    names = tuple(f"sub-{i}" for i in range(len(sexes)))
    sites = tuple("A" for _ in sexes)
    return Scans(names, names, sites, sexes, np.arange(len(sexes)), np.arange(len(sexes)))


def test_loss_that_mixes_within_a_group_is_told_the_groups(settings, caplog):
    settings["loss"] = {"loss": "supremix", "group_by": "sex"}
    state = start(settings, PART, AGES, CPU, SHAPE)
    assert state.groups(scans_of(("F", "M", None, "F", None))).tolist() == [0, 1, 2, 0, 2]
    assert "sex unknown for 2 of 5 scans" in caplog.text
    with pytest.raises(SettingsError, match="group_by: sex"):
        state.groups(scans_of((None, None)))


def test_other_losses_ask_for_no_group(settings):
    state = start(settings, PART, AGES, CPU, SHAPE)
    assert state.groups(scans_of((None, "F"))) is None


def test_epochs_are_counted_from_where_the_loss_starts(settings):
    paper = start(settings | {"loss": {"loss": "dynlocrep"}}, PART, AGES, CPU, SHAPE)
    released = {"loss": "dynlocrep", "formulation": "released"}
    assert paper.loss_epoch == 0
    assert start(settings | {"loss": released}, PART, AGES, CPU, SHAPE).loss_epoch == 1


def test_losses_start_from_the_same_weights(settings):
    found = []
    for loss in ("exp", "rnc"):
        torch.manual_seed(3)
        found.append(start(settings | {"loss": {"loss": loss}}, PART, AGES, CPU, SHAPE))
    for one, other in zip(
        found[0].network.parameters(), found[1].network.parameters(), strict=True
    ):
        assert torch.equal(one, other)


def test_table_without_ages_is_named(tmp_path):
    path = tmp_path / "scans.tsv"
    path.write_text("scan_id\tparticipant_id\tage\trow\nsub-1\tsub-1\tn/a\t0\n")
    with pytest.raises(TableError, match=r"scans\.tsv"):
        read_scans(path, AGE)


def test_fold_that_does_not_exist_is_named(cohort):
    with pytest.raises(TableError, match="no fold 3"):
        read_fold(cohort.inputs["split"], 3)
    assert read_fold(cohort.inputs["split"], 0) == read_json(cohort.inputs["split"])["folds"][0]
