"""A run is a plan of cohorts and experiments, each loaded once as a module of the workflow."""

from __future__ import annotations

from pathlib import Path

import pytest
from given import SCHEMA, config

from contrage.errors import SettingsError
from contrage.plan import cohort as cohorts
from contrage.plan import jobs, run
from contrage.settings.door import load_schema

WORKFLOW = Path(__file__).resolve().parents[3] / "workflow"


def plan(first=True, trains=True, **blocks):
    return run.read(
        [config(**blocks)], load_schema(SCHEMA), is_first=first, keeps=False, trains=trains
    )


def test_the_demo_is_two_cohorts_and_two_experiments(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = plan()
    assert [each.config["experiment"] for each in found.experiments] == [
        "demo",
        "demo-pretraining",
    ]
    assert [each.alias for each in found.modules] == ["*", "*", "pretraining_*", "pretraining_*"]
    assert [each.file for each in found.modules] == [
        run.COHORT,
        run.EXPERIMENT,
        run.COHORT,
        run.START,
    ]
    assert len({each.slug for each in found.modules}) == 4
    assert all(each.slug.isidentifier() for each in found.modules)
    assert list(tmp_path.iterdir()) == []


def test_without_a_pretraining_there_is_one_of_each(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = plan(benchmark={"losses": ["exp"], "pretrained": [], "norms": []})
    assert len(found.experiments) == len(found.cohorts) == 1 and len(found.modules) == 2


def test_a_run_asks_for_its_page_its_tables_and_a_description_of_each_cohort(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    results = plan().results
    assert "results/demo/report.html" in results and "results/demo/tables/mae.tsv" in results
    described = [file for file in results if file.endswith("dataset_description.json")]
    assert described == [
        "results/derivatives/phantom/dataset_description.json",
        "results/derivatives/phantom-t1/dataset_description.json",
    ]
    assert not any("pretraining" in file for file in results)


def test_the_files_of_all_modules_are_there():
    for file in (run.COHORT, run.EXPERIMENT, run.START):
        assert (WORKFLOW / file).is_file()


def test_a_module_gets_the_cohort_that_the_plan_has_read(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = plan()
    module = found.modules[2]
    assert cohorts.of(module.config) is found.cohorts[1]


def test_a_page_takes_the_words_of_the_image_and_of_every_map(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = {"losses": ["exp"], "pretrained": [], "norms": []}
    (found,) = plan(cohort={"maps": ["stiffness"], "image": "T1w"}, benchmark=own).cohorts
    assert found.kind_modules == ("contrage.modalities.T1w", "contrage.modalities.stiffness")


def test_a_cohort_that_no_plan_has_read_is_read_when_it_is_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = config(cohort={"phantom": {"participants": 11, "seed": 5}})
    assert len(cohorts.of(own).scans) == 11
    assert cohorts.of(own) is cohorts.of(own)


def test_people_are_looked_at_by_the_first_process_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    few = {"cohort": {"phantom": {"participants": 10}}, "training": {"batch_size": 32}}
    with pytest.raises(SettingsError, match="batch_size"):
        plan(**few)
    assert plan(first=False, **few).notices == ()


def test_an_experiment_that_is_called_a_pretraining_still_has_a_report(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = {"losses": ["exp"], "pretrained": [], "norms": []}
    found = plan(experiment="my-pretraining", benchmark=own)
    assert found.modules[1].file == run.EXPERIMENT


def test_what_a_pretraining_asks_for_in_vain_is_told_with_its_own_key(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    asked = {"dataset": {"split": {"column": "part"}}}
    with pytest.raises(SettingsError, match=r"^pretraining\.dataset\.split\.column: does nothing"):
        plan(pretraining=asked)


def test_too_few_people_to_pretrain_on_are_told_with_the_pretrainings_key(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = {"participants": 10, "seed": 7}
    few = {"cohort": {"name": "t1s", "image": "T1w", "phantom": own}}
    with pytest.raises(SettingsError, match=r"^pretraining\.training\.batch_size: 16, but no more"):
        plan(pretraining=few | {"training": {"epochs": 2, "batch_size": 16}})


def test_an_experiment_that_is_called_a_pretraining_is_refused_with_its_own_key(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    own = {"losses": ["exp"], "pretrained": [], "norms": []}
    with pytest.raises(SettingsError, match=r"^training\.batch_size: 1000"):
        plan(experiment="my-pretraining", benchmark=own, training={"batch_size": 1000})


def test_a_stage_may_start_from_another_experiment_of_the_plan(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    plain = {"norms": [], "pretrained": []}
    rows = {"tuned": {"from": {"row": "exp", "experiment": "one"}, "stage": {"loss": "l1"}}}
    own = config(experiment="two", benchmark={"losses": ["tuned"], **plain}, rows=rows)

    def read(*losses):
        other = config(experiment="one", benchmark={"losses": [*losses], **plain})
        schema = load_schema(SCHEMA)
        return run.read([own, other], schema, is_first=True, keeps=False, trains=True)

    two, one = read("exp").experiments
    file = one.results.model.format(row="exp", seed=1, fold=0)
    assert jobs.start_of_training(two, "tuned", 1, 0) == [file]
    with pytest.raises(SettingsError, match=r"rows\.tuned\.from\.row: one does not train exp"):
        read("rnc")
