"""Which evaluations an experiment has, what they read, and what is refused."""

from __future__ import annotations

import pytest
from cohorts import asked
from given import config
from targets import POINTS, SIDES, SIDES_BLOCK

from contrage.cohort.read import read_cohort
from contrage.errors import SettingsError
from contrage.layout import Results
from contrage.plan import evaluations, folds, jobs
from contrage.plan.experiment import Experiment
from contrage.plan.refuse import check

GROUPS = {"gap", "gap_people", "roc", "roc_pairs", "roc_curves", "slopes", "slopes_people"}


def experiment(**told) -> Experiment:
    phantom = {"participants": 12, "seed": 1}
    return Experiment.of(
        config(evaluations=told), read_cohort(asked(source="phantom", phantom=phantom))
    )


def test_an_evaluation_whose_block_is_null_is_left_out():
    assert not GROUPS & set(experiment().tables)
    assert {"gap", "gap_people"} == GROUPS & set(experiment(gap={}).tables)
    assert set(experiment(gap={}, roc={}, slopes={}).tables) >= GROUPS


def test_another_evaluations_settings_are_not_told():
    before, after = experiment(gap={}, roc={}), experiment(gap={}, roc={"positive": ["pMCI"]})
    for name in ("gap", "gap_people"):
        assert jobs.evaluation(before, name) == jobs.evaluation(after, name)
    assert jobs.evaluation(before, "roc") != jobs.evaluation(after, "roc")
    assert jobs.training(before, "exp", 0, 0) == jobs.training(experiment(), "exp", 0, 0)


def test_gaps_read_predictions_baselines_and_the_table_of_scans():
    of = experiment(gap={})
    read = jobs.evaluated(of, "gap")
    assert read["baselines"] == [of.results.baselines.format(seed=seed) for seed in of.seeds]
    assert read["scans"] == [of.results.scans] and read["features"] == []
    assert read["predictions"] and read["predictions"][0].startswith(str(Results.of("demo")))


def test_columns_of_groups_are_carried_with_the_key_that_asks():
    assert folds.carried_columns(config()) == []
    own = config(evaluations={"gap": {}, "groups": {"column": "dx", "cohort_column": "study"}})
    assert folds.carried_columns(own) == ["dx", "study"]
    assert folds.asked_by(own) == {
        "dx": "evaluations.groups.column",
        "study": "evaluations.groups.cohort_column",
    }
    off = config(evaluations={"groups": {"column": "dx"}})
    assert folds.carried_columns(off) == []


def test_columns_that_every_table_has_are_not_asked_for():
    own = config(evaluations={"slopes": {}, "groups": {"column": "sex", "cohort_column": "site"}})
    assert evaluations.columns(own) == {}
    merged = config(evaluations={"slopes": {}, "groups": {"cohort_column": "cohort"}})
    merged["cohort"]["source"] = "merged"
    assert evaluations.columns(merged) == {"group": "evaluations.groups.column"}


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"gap": {}, "groups": {"patients": ["HC", "AD"]}}, "evaluations.groups.patients: HC is"),
        ({"roc": {"positive": ["dementia"]}}, "evaluations.roc.positive: dementia is not among"),
        ({"roc": {}, "groups": {"patients": []}}, "evaluations.roc.positive: AD is not among"),
    ],
)
def test_groups_that_contradict_each_other_are_refused_by_their_key(told, message):
    with pytest.raises(SettingsError) as caught:
        check(config(evaluations=told))
    assert str(caught.value).startswith(message)
    check(config(evaluations={"groups": told.get("groups", {})}))


def test_the_gap_of_another_target_is_refused():
    with pytest.raises(SettingsError, match=r"^evaluations\.slopes: the brain-age gap is of ages"):
        evaluations.check(config(evaluations={"slopes": {}}), POINTS)


def test_the_site_in_the_embedding_is_no_matter_of_two_sides():
    with pytest.raises(SettingsError, match=r"^evaluations\.embedded_site: its score is of errors"):
        evaluations.check(config(evaluations={"embedded_site": {}}), SIDES)
    evaluations.check(config(evaluations={"embedded_site": {}, "cohorts": {}}), POINTS)


def test_evaluations_of_two_sides_are_refused_of_numbers_and_the_other_way_round():
    for name in ("calibration", "sides_by_fold"):
        with pytest.raises(SettingsError, match=rf"^evaluations\.{name}: is of a binary target"):
            check(config(evaluations={name: {}}))


def test_columns_of_cohorts_are_carried_but_that_of_a_merged_one():
    own = config(evaluations={"cohorts": {"columns": ["cohort", "site", "scanner"]}})
    asked = "evaluations.cohorts.columns"
    assert evaluations.columns(own) == {"cohort": asked, "scanner": asked}
    own["cohort"]["source"] = "merged"
    assert evaluations.columns(own) == {"scanner": asked}


OF_ERRORS = ("shots", "missing_range", "lipschitz", "ordinality", "paired_t")
OF_ERRORS += ("site_offset", "harmonised")


@pytest.mark.parametrize("name", OF_ERRORS)
def test_evaluations_of_errors_and_distances_are_no_matter_of_two_sides(name):
    own = config(evaluations={name: {}}, dataset={"missing_targets": [[45, 50]]})
    told = rf"^evaluations\.{name}: its? .* target\.kind is binary"
    with pytest.raises(SettingsError, match=told):
        evaluations.check(own, SIDES)
    evaluations.check(own, POINTS)


def test_a_missing_range_must_be_named():
    with pytest.raises(
        SettingsError, match=r"^evaluations\.missing_range: dataset\.missing_targets"
    ):
        check(config(evaluations={"missing_range": {}}))
    check(config(evaluations={"missing_range": {}}, dataset={"missing_targets": [[45, 50]]}))


def test_the_oracle_knows_ages_and_is_of_phantoms_alone():
    with pytest.raises(SettingsError, match=r"^evaluations\.oracle: it knows brain ages, and"):
        evaluations.check(config(evaluations={"oracle": {}}), POINTS)
    assert "oracle" not in experiment(oracle={}).evaluations
    planted = config(evaluations={"oracle": {}})
    planted["cohort"]["phantom_tables"] = {"name": "x"}
    of = Experiment(**{**vars(experiment()), "config": planted})
    assert "oracle" in of.evaluations
    assert jobs.evaluated(of, "oracle")["truth"] == ["results/phantom/x/truth.tsv"]
    assert jobs.evaluated(of, "gap")["truth"] == []


def test_cosines_of_pairs_are_noted_by_trainings_or_not_told():
    with pytest.raises(SettingsError, match=r"^evaluations\.logits: no training notes cosines"):
        check(config(evaluations={"logits": {}}))
    check(config(evaluations={"logits": {}}, training={"logits": {}}))


def test_few_shots_are_no_more_than_many():
    with pytest.raises(SettingsError, match=r"^evaluations\.shots\.few: 20 is more than"):
        check(config(evaluations={"shots": {"many": 10}}))


def test_rows_are_compared_with_one_that_is_trained():
    own = {"losses": ["exp"], "norms": [], "pretrained": []}
    with pytest.raises(SettingsError, match=r"^evaluations\.lipschitz\.reference: l1 is not among"):
        check(config(evaluations={"lipschitz": {}}, benchmark=own))
    check(config(evaluations={"lipschitz": {"reference": None}}, benchmark=own))
    told = {"ordinality": {"permuted": {"exp": "exp-permuted"}}}
    with pytest.raises(SettingsError, match=r"^evaluations\.ordinality\.permuted: exp-permuted is"):
        check(config(evaluations=told, benchmark=own))
    check(config(evaluations={"lipschitz": {}}, benchmark={**own, "losses": ["exp", "l1"]}))


def test_the_order_of_a_row_is_compared_with_one_that_permutes_labels():
    told = {"ordinality": {"permuted": {"exp": "other"}}}
    own = {"benchmark": {"losses": ["exp", "other"], "norms": [], "pretrained": []}}
    rows = {"other": {"loss": "exp", "epochs": 3}}
    with pytest.raises(SettingsError, match=r"permuted: other, which exp is compared with, permut"):
        check(config(evaluations=told, rows=rows, **own))
    check(config(evaluations=told, rows={"other": {"loss": "exp", "permute_labels": True}}, **own))


def test_intervals_are_made_unless_they_are_switched_off_and_of_numbers_alone():
    assert "intervals" in experiment().tables
    assert "intervals" not in experiment(intervals=None).tables
    read = jobs.evaluated(experiment(), "intervals")
    assert {name for name, files in read.items() if files} == {"predictions", "scans"}
    of = experiment()
    sides = {**of.config, "target": SIDES_BLOCK}
    assert "intervals" not in Experiment(**{**vars(of), "config": sides}).tables


def test_intervals_change_nothing_that_is_trained():
    on, off = experiment(intervals={"level": 0.5, "bands": [40, 60]}), experiment(intervals=None)
    assert jobs.training(on, "exp", 0, 0) == jobs.training(off, "exp", 0, 0)
    assert jobs.probe(on, "exp") == jobs.probe(off, "exp")
    assert jobs.evaluation(on, "intervals") != jobs.evaluation(experiment(), "intervals")
