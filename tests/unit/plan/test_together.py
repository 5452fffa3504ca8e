"""Experiments on one cohort share its module; what they cannot share is refused."""

from __future__ import annotations

import json

import pytest
from given import SCHEMA, config

from contrage.errors import SettingsError
from contrage.plan import cohort as cohorts
from contrage.plan import dataset_settings, run, together
from contrage.settings.build import as_plain
from contrage.settings.door import load_schema

SIDES = {"column": "group", "kind": "binary", "positive": "AD", "negative": "HC"}


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Return the block `cohort` of a table of 40 people, one without age, one of neither group."""
    monkeypatch.chdir(tmp_path)
    lines = ["participant_id,age,site,group,lh,rh"]
    for at in range(40):
        age, group = ("", "HC") if at == 3 else (20 + at, ("HC", "AD")[at % 2])
        group = "MCI" if at == 5 else group
        lines.append(f"p{at:02},{age},s{at % 3},{group},{at * 7 % 11}.5,{at * 5 % 13}.1")
    (tmp_path / "table.csv").write_text("\n".join(lines) + "\n")
    return {
        "source": "table",
        "name": "people",
        "path": "table.csv",
        "image": "table",
        "on_bad_scan": "exclude",
    }


def experiment(name, cohort, **blocks):
    own = {
        "experiment": name,
        "cohort": cohort,
        "training": {"encoder": "mlp", "batch_size": 4},
        "benchmark": {"losses": ["l1"], "norms": [], "pretrained": []},
        "report": {"embedding_rows": []},
    }
    return config(**{**own, **blocks})


def plan(*configs, first=True, is_study=False, beside=()):
    return run.read(
        list(configs),
        load_schema(SCHEMA),
        is_first=first,
        keeps=False,
        trains=True,
        is_study=is_study,
        beside=beside,
    )


def test_a_cohort_is_loaded_once_and_rules_are_called_by_their_experiment(table):
    found = plan(
        experiment("s-a", table),
        experiment("s-b", table),
        experiment("s-c", {**table, "name": "other-people"}),
    )
    assert [(each.alias, each.file) for each in found.modules] == [
        ("cohort_people_*", run.COHORT),
        ("s_a_*", run.EXPERIMENT),
        ("s_b_*", run.EXPERIMENT),
        ("cohort_other_people_*", run.COHORT),
        ("s_c_*", run.EXPERIMENT),
    ]
    slugs = [each.slug for each in found.modules]
    assert len(set(slugs)) == 5 and all(each.isidentifier() for each in slugs)
    assert [each.name for each in found.cohorts] == ["people", "other-people"]
    assert {"results/s-a/report.html", "results/s-c/tables/mae.tsv"} <= set(found.results)


def test_the_only_experiment_of_a_study_is_called_by_its_name_too(table):
    assert [each.alias for each in plan(experiment("s-a", table), is_study=True).modules] == [
        "cohort_people_*",
        "s_a_*",
    ]
    assert [each.alias for each in plan(experiment("s-a", table)).modules] == ["*", "*"]


def test_every_module_gets_the_one_cohort(table):
    found = plan(experiment("a", table), experiment("b", {**table, "columns": ["rh", "group"]}))
    assert all(cohorts.of(each.config) is found.cohorts[0] for each in found.modules)


def test_a_cohort_carries_the_columns_of_all_its_experiments(table):
    roles = {"learn_from": {"group": ["HC"]}}
    one = experiment("a", table, dataset=roles)
    other = experiment("b", {**table, "columns": ["rh"]})
    settings = plan(one, other).cohorts[0].settings
    assert settings.columns == ("group", "rh")
    assert settings.asked_by == {"group": "dataset.learn_from"}
    assert plan(other, one).cohorts[0].settings == settings


def test_each_experiment_has_the_people_with_its_own_target(table):
    found = plan(experiment("a", table), experiment("b", table, target=SIDES))
    (cohort,), (age, sides) = found.cohorts, found.experiments
    assert len(cohort.scans) == 40 and len(age.cohort.scans) == len(sides.cohort.scans) == 39
    assert [each.scan_id for each in age.cohort.excluded] == ["sub-p03"]
    assert [each.scan_id for each in sides.cohort.excluded] == ["sub-p05"]
    asked = dataset_settings.select(sides, cohort.has_several_targets)
    assert asked.target == sides.target.limited


def test_alone_an_experiment_asks_for_nothing_that_it_did_not_ask_for_before(table):
    found = plan(experiment("a", table, target=SIDES))
    (cohort,), (own,) = found.cohorts, found.experiments
    assert own.cohort is cohort.found.cohort
    asked = as_plain(dataset_settings.select(own, cohort.has_several_targets))
    assert asked == {"quality_action": None, "leave_out": {}}
    assert "also" not in json.dumps(as_plain(cohort.settings))


@pytest.mark.parametrize(
    ("key", "here", "there", "change"),
    [
        ("cohort.duplicates", "refuse", "keep", {"cohort": {"duplicates": "keep"}}),
        ("cohort.table.age", "age", "rh", {"cohort": {"table": {"age": "rh"}}}),
        ("container", "empty", "docker://x", {"container": "docker://x"}),
    ],
)
def test_another_cohort_of_the_same_name_is_refused(table, key, here, there, change):
    other = {"cohort": {**table, **change.get("cohort", {})}}
    other |= {name: value for name, value in change.items() if name != "cohort"}
    told = f"{key}: {here} in a, but {there} in b, and both are on the cohort people"
    with pytest.raises(SettingsError, match=f"^{told}"):
        plan(experiment("a", table), experiment("b", **({"cohort": table} | other)))


@pytest.mark.parametrize(
    ("key", "block"),
    [
        ("dataset.voxel_mm", {"dataset": {"voxel_mm": 8}}),
        ("preprocessing.bias_correction.target",
         {"preprocessing": {"bias_correction": {"target": "none"}}}),
    ],
)  # fmt: skip
def test_other_images_under_one_name_are_refused(tmp_path, monkeypatch, key, block):
    monkeypatch.chdir(tmp_path)
    own = {"benchmark": {"losses": ["exp"], "pretrained": [], "norms": []}}
    with pytest.raises(SettingsError, match=f"^{key}: "):
        plan(config(experiment="a", **own), config(experiment="b", **own, **block))


def test_preprocessing_decides_nothing_of_a_table(table):
    quality = {"preprocessing": {"quality": {"min_coverage": 0.1}}, "dataset": {"voxel_mm": 8}}
    assert len(plan(experiment("a", table), experiment("b", table, **quality)).cohorts) == 1


@pytest.mark.parametrize("names", [("a", "a"), ("a-b", "a_b")])
def test_two_experiments_of_one_name_are_refused(table, names):
    with pytest.raises(SettingsError, match=f"^experiment: {names[0]} and {names[1]} would have"):
        plan(*(experiment(name, table) for name in names))


def test_a_sentence_says_which_of_several_experiments_it_is_about(table):
    wrong = experiment("b", table, dataset={"split": {"column": "part"}})
    with pytest.raises(SettingsError, match=r"^dataset\.split\.column.* \(experiment b\)$"):
        plan(experiment("a", table), wrong)


def test_two_pretrainings_on_one_cohort_share_its_module(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = {"benchmark": {"losses": ["dynlocrep"], "norms": []}}
    found = plan(config(experiment="a", **small), config(experiment="b", **small))
    assert [each.alias for each in found.modules] == [
        "cohort_phantom_*",
        "a_*",
        "b_*",
        "cohort_phantom_t1_*",
        "a_pretraining_*",
        "b_pretraining_*",
    ]
    assert not any("pretraining" in file for file in found.results)


def test_experiments_on_one_cohort_have_pairs_each_with_its_own_pretraining(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = {"name": "p", "same_person": "same", "image": "T1w"}
    small = {"losses": ["dynlocrep"], "norms": []}
    one = config(experiment="a", benchmark=small, cohort=own)
    other = config(experiment="b", benchmark=small | {"pretrained": []}, cohort=own)
    found = plan(one, other)
    first, second = found.experiments[:2]
    assert dataset_settings.pairs(first, "array/T1w") == ["results/a/dataset/same_person.tsv"]
    assert dataset_settings.pairs(second, "array/T1w") == ["array/T1w_same_person.tsv"]
    assert "results/a/same_person.html" in found.results
    assert "results/b/same_person.html" not in found.results


def test_a_pretraining_on_the_cohort_of_another_experiment_shares_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    heads = config()["pretraining"]["cohort"]
    plain = {"benchmark": {"losses": ["exp"], "pretrained": [], "norms": []}}
    one = config(experiment="a", benchmark={"losses": ["dynlocrep"], "norms": []})
    other = config(experiment="b", cohort=heads, **plain)
    other["dataset"] = one["dataset"]
    found = plan(one, other)
    assert [each.name for each in found.cohorts] == ["phantom", "phantom-t1"]
    assert [each.alias for each in found.modules if each.file == run.COHORT] == [
        "cohort_phantom_*",
        "cohort_phantom_t1_*",
    ]


def test_a_part_of_a_study_asks_a_cohort_for_what_the_whole_asks_it_for(table):
    """Otherwise a run of some overlays would make the table of scans, and all after it, anew."""
    age = experiment("s-age", table)
    sides = experiment("s-sides", table, target=SIDES)
    kept = experiment("s-kept", {**table, "columns": ["group"]})
    whole = plan(age, sides, kept).cohorts[0]
    part = plan(age, is_study=True, beside=[sides, kept]).cohorts[0]
    assert as_plain(part.asked_of_step) == as_plain(whole.asked_of_step)
    assert part.has_several_targets
    alone = plan(age, is_study=True).cohorts[0]
    assert as_plain(alone.asked_of_step) != as_plain(whole.asked_of_step)


def test_who_asks_for_a_column_decides_no_file(table):
    """A column that the cohort carries anyway may be asked for by another key as well."""
    carried = {**table, "columns": ["group"]}
    plain = plan(experiment("a", carried)).cohorts[0]
    learned = {"learn_from": {"group": ["HC"]}}
    asked = plan(experiment("a", carried, dataset=learned)).cohorts[0]
    assert asked.settings.asked_by != plain.settings.asked_by
    assert as_plain(asked.asked_of_step) == as_plain(plain.asked_of_step)


def test_experiments_on_one_cohort_agree_whether_its_quality_page_names_scans():
    one, other = config(experiment="a"), config(experiment="b", report={"show_ids": True})
    with pytest.raises(SettingsError, match=r"^report\.show_ids: .*phantom"):
        together.check([one, other])
