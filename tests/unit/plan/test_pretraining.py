"""What trainings start from, and the experiment that a pre-training is."""

from __future__ import annotations

import copy

import pytest
import yaml

from contrage import losses
from contrage.cohort.scans import Cohort, Scan
from contrage.errors import SettingsError
from contrage.plan import pretraining, refuse
from contrage.plan import rows as experiment
from contrage.settings import door as settings
from contrage.settings.steps.page import StartOfTrainings

PEOPLE = ["sub-01", "sub-02", "sub-03"]
T1 = {"source": "bids", "name": "t1", "path": "t1", "image": "T1w"}


@pytest.fixture
def real(config, tmp_path) -> dict:
    """A study of stiffness maps that starts from T1 scans."""
    config["cohort"] |= {"source": "bids", "name": "maps", "path": str(tmp_path / "maps")}
    config["pretraining"]["cohort"] |= {**T1, "path": str(tmp_path / "t1")}
    return config


def test_the_demo_shows_a_row_both_ways_side_by_side(config):
    rows = experiment.benchmark_rows(config)
    assert rows[rows.index("dynlocrep") + 1] == "dynlocrep-pretrained"
    assert set(rows) == {*losses.available("continuous"), "dynlocrep-pretrained"}
    own = experiment.loss_settings(config, "dynlocrep-pretrained")
    assert own == experiment.loss_settings(config, "dynlocrep")
    file = "results/demo-pretraining/training/exp/seed-0/fold-0/model.pt"
    assert pretraining.start_file(config, "dynlocrep-pretrained", 0) == file
    assert pretraining.start_file(config, "dynlocrep", 0) is None
    refuse.check_start(config)


def test_a_named_row_keeps_its_settings_when_pretrained(config):
    config["losses"]["exp-released"] = {"loss": "exp", "formulation": "released"}
    config["benchmark"] |= {"losses": ["exp", "exp-released"], "pretrained": ["exp-released"]}
    assert experiment.all_rows(config)[:3] == ["exp", "exp-released", "exp-released-pretrained"]
    settings = experiment.loss_settings(config, "exp-released-pretrained")
    assert settings == {"loss": "exp", "formulation": "released"}


def test_generated_heads_are_no_start_for_a_real_study_unless_it_asks(config):
    config["cohort"]["source"] = "bids"
    assert not pretraining.is_wanted(config)
    refuse.check_start(config)
    config["training"]["start_from"] = "pretraining"
    with pytest.raises(SettingsError, match="generated heads are no start for real scans"):
        refuse.check_start(config)


def test_all_rows_may_start_from_it_and_none_is_then_trained_twice(real):
    real["training"]["start_from"] = "pretraining"
    refuse.check_start(real)
    assert pretraining.is_wanted(real)
    assert experiment.pretrained_rows(real) == {}
    for row in experiment.all_rows(real):
        assert pretraining.start_file(real, row, 0) == pretraining.model_file(real, 0)


def test_its_people_are_compared_with_those_who_are_tested_unless_they_are_others(real):
    real["benchmark"]["pretrained"] = ["exp"]
    before = "results/demo-pretraining/dataset"
    files = [f"{before}/scans.tsv", f"{before}/splits/seed-0.json"]
    assert pretraining.people_files(real, "exp-pretrained", 2) == files
    assert pretraining.people_files(real, "exp", 2) == []
    real["pretraining"]["per_seed"] = True
    assert pretraining.people_files(real, "exp-pretrained", 2)[1] == f"{before}/splits/seed-2.json"
    real["pretraining"]["same_ids"] = "other-people"
    assert pretraining.people_files(real, "exp-pretrained", 2) == []


def test_all_rows_may_start_from_a_file(config, tmp_path):
    file = tmp_path / "theirs.pt"
    config["training"]["start_from"] = str(file)
    config["benchmark"]["pretrained"] = []
    with pytest.raises(SettingsError, match=r"training\.start_from: no file"):
        refuse.check_start(config)
    file.touch()
    refuse.check_start(config)
    assert not pretraining.is_wanted(config)
    assert pretraining.start_file(config, "rnc", 0) == str(file)
    assert pretraining.describe(config) == StartOfTrainings((), str(file), None)


def filled(root, config, people=()) -> dict:
    """The pre-training's configuration as the workflow validates and fills it."""
    schema = settings.load_schema(root / "workflow/schemas/config.schema.yaml")
    own = settings.complete(pretraining.experiment_config(config, people), schema)
    refuse.check_rows_and_data(own)
    refuse.check_start(own)
    return own


def test_the_pretraining_is_an_experiment_that_pretrains_nothing_itself(root, config):
    before = copy.deepcopy(config)
    own = filled(root, config)
    assert config == before
    assert own["experiment"] == "demo-pretraining"
    assert (
        own["cohort"]["phantom"] | {"participants": 60, "seed": 2024}
        == (config["cohort"]["phantom"])
    )
    assert own["cohort"]["image"] == "T1w"
    assert experiment.all_rows(own) == ["exp"]
    assert not pretraining.is_wanted(own)
    assert own["training"]["seeds"] == [0]
    assert own["training"]["epochs"] == 10
    assert own["training"]["encoder"] == config["training"]["encoder"]
    assert own["dataset"]["split"]["scheme"] == "holdout"


def test_an_early_stop_by_people_of_a_role_is_by_held_out_ones_before(root, config):
    config["training"]["early_stop"] = {"on": "val", "fraction": 0.2, "every": 1, "patience": 5}
    assert filled(root, config)["training"]["early_stop"] == {
        **config["training"]["early_stop"],
        "on": "inner",
    }
    assert config["training"]["early_stop"]["on"] == "val"


def test_it_starts_at_random_where_everything_starts_from_it(root, real):
    real["training"]["start_from"] = "pretraining"
    own = filled(root, real)
    assert own["training"]["start_from"] is None
    assert pretraining.start_file(own, "exp", 0) is None


@pytest.mark.parametrize(
    ("part", "change", "same"),
    [
        ("losses", {"dynlocrep": {"sigma": 9.0}}, True),
        ("benchmark", {"losses": ["dynlocrep"]}, True),
        ("dataset", {"split": {"scheme": "kfold"}}, True),
        ("report", {"embedding_rows": []}, True),
        ("losses", {"exp": {"sigma": 9.0}}, False),
        ("training", {"learning_rate": 0.5}, False),
        ("pretraining", {"training": {"epochs": 99}}, False),
        ("pretraining", {"loss": "rnc"}, False),
    ],
)
def test_what_changes_the_pretraining_and_what_does_not(config, part, change, same):
    changed = pretraining.merged(config, {part: change})
    both = [pretraining.experiment_config(each, PEOPLE) for each in (config, changed)]
    assert (both[0] == both[1]) is same


def test_participants_of_the_cohort_itself_are_left_out(root, real):
    own = filled(root, real, PEOPLE)
    cohort = Cohort([Scan(f"sub-0{n}", 40.0, session=s) for n in range(1, 6) for s in "ab"])
    left = {scan.participant_id for scan in experiment.used_scans(own, cohort)}
    assert left == {"sub-04", "sub-05"}
    assert "maps" in own["dataset"]["leave_out"]["sub-01"]


@pytest.mark.parametrize("own", [{}, {"sub-1": "moved"}, {"sub-2": "moved"}])
def test_participants_whose_ids_differ_by_zeros_or_capitals_are_left_out_too(root, real, own):
    real["pretraining"]["dataset"] = {"leave_out": own}
    whole = filled(root, real, ["sub-1", "sub-02", "sub-a3"])
    names = ["sub-01", "sub-001", "sub-2", "sub-A03", "sub-11"]
    used = experiment.used_scans(whole, Cohort([Scan(name, 40.0) for name in names]))
    assert [scan.participant_id for scan in used] == ["sub-11"]


def test_nobody_left_is_an_error_before_the_first_job(root, real):
    own = filled(root, real, PEOPLE)
    cohort = Cohort([Scan("sub-02", 40.0)])
    with pytest.raises(SettingsError, match=r"nobody of the cohort t1 .* use another cohort"):
        experiment.check_people(own, cohort)
    experiment.check_people(own, Cohort([Scan("sub-09", 40.0)]))


def test_equal_ids_are_other_peoples_only_where_it_is_so(config, real):
    assert pretraining.left_out(real, PEOPLE), "real cohorts: the same people unless said"
    real["pretraining"]["same_ids"] = "other-people"
    assert not pretraining.left_out(real, PEOPLE)


def test_phantoms_of_one_seed_are_the_same_people(config):
    assert not pretraining.left_out(config, PEOPLE)
    config["pretraining"]["cohort"]["phantom"]["seed"] = config["cohort"]["phantom"]["seed"]
    assert set(pretraining.left_out(config, PEOPLE)) == set(PEOPLE)
    config["pretraining"]["same_ids"] = "other-people"
    with pytest.raises(SettingsError, match="both cohorts are the same scans"):
        refuse.check_start(config)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pretraining": {"training": {"encoder": "vit"}}}, r"pretraining\.training\.encoder: vit"),
        ({"pretraining": {"dataset": {"voxel_mm": 8}}}, r"pretraining\.dataset\.voxel_mm: 8"),
        ({"pretraining": {"training": {"seeds": [1]}}}, r"pretraining\.training\.seeds"),
        ({"pretraining": {"training": {"start_from": "x"}}}, r"pretraining\.training\.start_from"),
        ({"pretraining": {"dataset": {"split": {"scheme": "kfold"}}}}, "only holdout"),
        ({"pretraining": {"cohort": {"source": "table"}}}, "cannot be pre-trained, images can"),
        ({"pretraining": {"cohort": {"name": "maps"}}}, "maps is the name of the cohort itself"),
        ({"benchmark": {"pretrained": ["rnk"]}}, r"benchmark\.pretrained: rnk is not among"),
        ({"losses": {"dynlocrep-pretrained": {"loss": "exp"}}}, "is the name of a row of"),
    ],
)
def test_what_cannot_work_is_named_with_its_key(real, change, message):
    refuse.check_start(real)
    with pytest.raises(SettingsError, match=message):
        refuse.check_start(pretraining.merged(real, change))


def test_a_table_cannot_start_from_images(config):
    config["cohort"] |= {"source": "table", "image": "table"}
    refuse.check_start(config)
    config["training"]["start_from"] = "pretraining"
    with pytest.raises(SettingsError, match="a table of features cannot be pre-trained"):
        refuse.check_start(config)


def test_the_same_folder_is_the_same_people(real):
    real["pretraining"]["cohort"]["path"] = real["cohort"]["path"] + "/../maps"
    refuse.check_start(real)
    real["pretraining"]["same_ids"] = "other-people"
    with pytest.raises(SettingsError, match="both cohorts are the same scans"):
        refuse.check_start(real)


def test_the_default_row_need_not_be_trained(config):
    config["benchmark"]["losses"] = ["exp"]
    refuse.check_start(config)
    assert not pretraining.is_wanted(config)


def test_each_training_seed_may_have_a_pretraining_of_its_own(root, config):
    config["training"]["seeds"] = [3, 5]
    config["pretraining"]["per_seed"] = True
    row = "dynlocrep-pretrained"
    assert [pretraining.start_file(config, row, seed) for seed in (3, 5)] == [
        f"results/demo-pretraining/training/exp/seed-{seed}/fold-0/model.pt" for seed in (3, 5)
    ]
    assert filled(root, config)["training"]["seeds"] == [3, 5]
    assert pretraining.describe(config).pretraining.seeds == (3, 5)


def test_no_experiment_of_the_repository_pretrains_unless_it_says_so(root, config):
    says_so = {"config.yaml", "paper-pretrained.yaml"}
    for file in (root / "config").glob("*.yaml"):
        whole = pretraining.merged(config, yaml.safe_load(file.read_text()))
        refuse.check_start(whole)
        assert pretraining.is_wanted(whole) == (file.name in says_so), file.name


def test_the_papers_pretraining_is_exp_for_300_epochs(root, config):
    file = root / "config/paper-pretrained.yaml"
    whole = pretraining.merged(config, yaml.safe_load(file.read_text()))
    own = filled(root, whole)
    assert experiment.all_rows(own) == ["exp"]
    assert own["training"]["epochs"] == 300
    assert own["training"]["encoder"] == "resnet18"
    assert own["cohort"]["image"] == "T1w"
    assert {pretraining.start_file(whole, row, 0) for row in experiment.all_rows(whole)} == {
        "results/paper-pretrained-pretraining/training/exp/seed-0/fold-0/model.pt"
    }
