"""Ridge regression finds the planted ages, shifts and gaps again (STUDIES: the recovery table)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import region_tables as rt
from sklearn.metrics import roc_auc_score

from contrage.cohort.phantom.tables.study import write_study


@pytest.fixture(scope="module")
def planted(study):
    return rt.read(study)


@pytest.fixture(scope="module")
def challenge(planted):
    """Errors of everybody's age by the model of OpenBHB's training part."""
    train = planted.where(cohort="openbhb", part="train")
    model = rt.ridge(planted.values[train], planted.ages[train], planted.people[train])
    return model.predict(planted.values) - planted.ages


@pytest.fixture(scope="module")
def patients(planted):
    return planted.where(cohort="adni", group=rt.GROUPS)


@pytest.fixture(scope="module")
def controls(planted):
    return planted.where(cohort="adni", group="HC")


@pytest.fixture(scope="module")
def alone(planted, patients, controls):
    """Gaps where ADNI's controls alone are learned from."""
    folds = rt.folds_of(planted, controls, patients)
    told = rt.predicted(planted, controls, folds, planted.ages)
    return rt.gaps(planted, told, controls, folds, planted.ages)


@pytest.fixture(scope="module")
def merged(planted, patients, controls):
    """Gaps where the healthy people of all cohorts are learned from, tests of OpenBHB aside."""
    healthy = planted.where(group="HC") & ~planted.where(part=("internal_test", "external_test"))
    folds = rt.folds_of(planted, healthy, patients)
    told = rt.predicted(planted, healthy, folds, planted.ages)
    return rt.gaps(planted, told, controls, folds, planted.ages)


def test_age_is_found_inside_and_less_well_outside(planted, challenge):
    inside, outside = (
        np.abs(challenge[planted.where(part=f"{name}_test")]).mean()
        for name in ("internal", "external")
    )
    assert inside < 3.3
    assert outside - inside > 1.4


def test_external_sites_are_apart_by_what_was_planted(planted, challenge):
    outside = planted.where(part="external_test")
    odd = outside & (planted.truth["shift"] > 0).to_numpy()
    assert challenge[odd].mean() - challenge[outside & ~odd].mean() == pytest.approx(10, abs=2)


def test_a_quarter_of_the_training_set_gives_larger_errors(settings, tmp_path):
    """Seen in 960 people of the test part: in 96 the difference (0.3 years) has an SD of 0.2."""
    parts = dict(settings.parts["openbhb"])
    parts["internal_test"] = replace(parts["internal_test"], people=960)
    write_study(replace(settings, packed=0, parts={"openbhb": parts}), tmp_path)
    planted = rt.read(tmp_path)
    train, tested = planted.where(part="train"), planted.where(part="internal_test")
    errors = []
    for fraction in (0.25, 1.0):
        rows = rt.nested(planted, train, fraction)
        model = rt.ridge(planted.values[rows], planted.ages[rows], planted.people[rows])
        found = model.predict(planted.values[tested]) - planted.ages[tested]
        errors.append(np.abs(found).mean())
    assert errors[0] - errors[1] > 0.1


def test_one_cohort_alone_shrinks_ages_and_others_help(alone, merged, controls):
    assert 0.65 < alone.beta < 0.9
    assert merged.beta > 0.85
    assert np.abs(merged.raw[controls]).mean() < np.abs(alone.raw[controls]).mean()


def test_nobody_beats_the_one_who_knows_brain_age(planted, alone, merged, controls):
    oracle = np.abs(planted.truth["brain_age"] - planted.ages)[controls]
    by_person = oracle.groupby(planted.people[controls]).mean()
    assert by_person.mean() == pytest.approx(1.5 * np.sqrt(2 / np.pi), abs=0.2)
    limit = oracle.mean() - by_person.std() / np.sqrt(len(by_person))
    assert min(np.abs(each.raw[controls]).mean() for each in (alone, merged)) > limit


def test_gaps_of_groups_are_found(planted, alone, merged):
    for found, limit in ((alone, 1.9), (merged, 1.3)):
        gap = rt.mean_by_group(planted, found.cole)
        assert gap["AD"] - gap["HC"] == pytest.approx(6, abs=limit)
        assert gap["pMCI"] - gap["HC"] == pytest.approx(4, abs=1.5)
        assert gap["sMCI"] - gap["HC"] == pytest.approx(1, abs=1.2)
        assert gap["HC"] < gap["sMCI"] < gap["pMCI"] < gap["AD"]
        assert gap["HC"] == pytest.approx(0, abs=0.25)


def test_residual_gaps_are_smaller_by_the_slope_of_the_line(planted, alone):
    cole, residual = (rt.mean_by_group(planted, each) for each in (alone.cole, alone.residual))
    told = residual["AD"] - residual["HC"]
    assert told < 5.5
    assert told / (cole["AD"] - cole["HC"]) == pytest.approx(alone.beta, abs=0.08)


def test_the_gap_tells_dementia_and_age_does_not(planted, alone, merged):
    first = planted.where(cohort="adni", group=("HC", "AD")) & planted.first
    is_ill = planted.where(group="AD")[first]
    for score in (alone.raw, alone.cole, merged.raw, merged.cole):
        assert roc_auc_score(is_ill, score[first]) > 0.80
    assert 0.4 < roc_auc_score(is_ill, planted.ages[first]) < 0.6


def test_slopes_of_groups_are_found_by_the_gap_on_the_scale_of_age(planted, alone, merged):
    for found in (alone, merged):
        slope = rt.slope_by_group(planted, found.cole)
        assert slope["AD"] - slope["HC"] == pytest.approx(1.5, abs=0.25)
        assert slope["pMCI"] - slope["HC"] == pytest.approx(1, abs=0.2)
        assert slope["sMCI"] - slope["HC"] == pytest.approx(0, abs=0.15)


def test_raw_slopes_are_attenuated(planted, alone):
    slope = rt.slope_by_group(planted, alone.raw)
    assert slope["AD"] - slope["HC"] < 1.35


def test_age_at_entry_taken_for_age_at_scan_makes_controls_age(planted, alone, patients, controls):
    assert rt.slope_by_group(planted, alone.cole)["HC"] == pytest.approx(0, abs=0.15)
    ages = planted.ages - planted.truth["years"].to_numpy()
    folds = rt.folds_of(planted, controls, patients)
    told = rt.predicted(planted, controls, folds, ages)
    found = rt.gaps(planted, told, controls, folds, ages)
    assert rt.slope_by_group(planted, found.raw)["HC"] > 0.4
    assert rt.slope_by_group(planted, found.cole)["HC"] > 0.7
