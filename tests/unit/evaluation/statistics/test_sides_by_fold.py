"""Accuracy of a diagnosis, fold by fold and by person."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from contrage.errors import TableError
from contrage.evaluation.statistics.sides_by_fold import over_folds, scores_by_fold

CLASSES = ("HC", "AD")


def people(truth, probability, fold=0) -> pd.DataFrame:
    names = [f"p{fold}-{i}" for i in range(len(truth))]
    told = {"participant_id": names, "fold": fold, "target": truth, "predicted": probability}
    return pd.DataFrame(told)


def test_worked_numbers():
    truth = [1] * 40 + [0] * 100
    probability = [0.9] * 30 + [0.1] * 10 + [0.2] * 80 + [0.8] * 20
    (found,) = scores_by_fold(people(truth, probability), CLASSES).to_dict("records")
    assert found["bacc"] == pytest.approx(0.775, abs=1e-6)
    assert (found["sensitivity"], found["specificity"]) == pytest.approx((0.75, 0.8))
    assert found["n_participants"] == 140


def test_each_fold_is_scored_by_itself_as_scikit_learn_does(rng):
    frames = []
    for fold in range(4):
        truth = np.arange(25) % 3 == 0
        frames.append(people(truth.astype(int), np.clip(rng.normal(0.4 + 0.2 * truth, 0.2), 0, 1)))
        frames[-1]["fold"] = fold
    found = scores_by_fold(pd.concat(frames), CLASSES)
    for line, frame in zip(found.itertuples(), frames, strict=True):
        said = frame["predicted"] >= 0.5
        assert line.bacc == pytest.approx(balanced_accuracy_score(frame["target"], said))
        assert line.auc == pytest.approx(roc_auc_score(frame["target"], frame["predicted"]))
    means = over_folds(found)
    assert means["bacc_mean"] == pytest.approx(np.mean(found["bacc"]))
    assert means["bacc_sd"] == pytest.approx(np.std(found["bacc"], ddof=1))
    assert means["auc_mean"] == pytest.approx(np.mean(found["auc"]))


def test_a_person_counts_once_by_the_mean_of_the_scans():
    """Five scans of one patient, three of them recognised with little, two missed by much."""
    frame = people([1] * 5 + [1, 0], [0.6, 0.6, 0.6, 0.1, 0.1, 0.9, 0.2])
    frame.loc[:4, "participant_id"] = "patient"
    (found,) = scores_by_fold(frame, CLASSES).to_dict("records")
    assert (found["sensitivity"], found["n_participants"]) == (0.5, 3)


def test_of_another_cohort_every_folds_model_predicts_everyone(rng):
    truth = np.arange(20) % 2
    models = [people(truth, rng.random(20)).assign(fold=fold) for fold in range(5)]
    found = scores_by_fold(pd.concat(models), CLASSES)
    assert found["n_participants"].tolist() == [20] * 5
    assert found["bacc"].nunique() > 1


def test_constant_predictions_are_chance_and_a_wrong_threshold_is_told_by_the_area():
    truth = [0, 0, 1, 1]
    blind = scores_by_fold(people(truth, [0.3] * 4), CLASSES).iloc[0]
    assert (blind["bacc"], blind["auc"]) == (0.5, 0.5)
    low = scores_by_fold(people(truth, [0.1, 0.2, 0.3, 0.4]), CLASSES).iloc[0]
    assert (low["bacc"], low["auc"]) == (0.5, 1)


def test_one_fold_has_no_spread():
    assert math.isnan(over_folds(scores_by_fold(people([0, 1], [0, 1]), CLASSES))["bacc_sd"])


@pytest.mark.parametrize(("side", "name"), [(0, "AD"), (1, "HC")])
def test_a_fold_of_one_class_is_named_with_the_class_that_is_missing(side, name):
    frame = pd.concat([people([0, 1], [0.1, 0.8]), people([side, side], [0.1, 0.8], fold=3)])
    with pytest.raises(TableError, match=f"fold 3 .*{name}"):
        scores_by_fold(frame, CLASSES)
