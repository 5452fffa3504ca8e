"""A merged cohort in the plan: members are cohorts by themselves, shared by their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from given import SCHEMA, config

from contrage.dataset.parts import make_folds
from contrage.errors import SettingsError, TableError
from contrage.plan import cohort as cohorts
from contrage.plan import folds, merged, run
from contrage.settings.door import load_schema

HEADER = "participant_id,age,site,group,{more}x,y,z"


def write(name: str, people: list[str], more: str = "") -> None:
    rng = np.random.default_rng(len(people))
    lines = [HEADER.format(more=f"{more}," if more else "")]
    for person in people:
        own = "p," if more else ""
        values = ",".join(f"{value:.3f}" for value in rng.normal(size=3))
        lines.append(f"{person},{rng.uniform(20, 80):.1f},1,HC,{own}{values}")
    Path(f"{name}.csv").write_text("\n".join(lines) + "\n")


@pytest.fixture(autouse=True)
def tables(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("a", [f"A{n}" for n in range(20)])
    write("b", [f"B{n}" for n in range(16)])


def whole(experiment: str = "both", **blocks: Any) -> dict[str, Any]:
    table = {"source": "table", "image": "table"}
    members = blocks.pop("members", {"a": {}, "b": {}})
    own = {name: {**table, "path": f"{name}.csv", **more} for name, more in members.items()}
    return config(
        **{
            "experiment": experiment,
            "cohorts": own,
            "cohort": list(own),
            "dataset": {"normalisation": "train", "split": {"scheme": "kfold", "folds": 2}},
            "training": {"encoder": "mlp", "batch_size": 4, "augmentation": []},
            "benchmark": {"losses": ["exp"], "norms": [], "pretrained": []},
            **blocks,
        }
    )


def plan(*configs: dict[str, Any]) -> run.Plan:
    schema = load_schema(SCHEMA)
    return run.read(list(configs), schema, is_first=True, keeps=False, trains=True)


def test_members_are_modules_of_their_own_before_what_is_merged_of_them():
    found = plan(whole())
    assert [(each.alias, each.file) for each in found.modules] == [
        ("cohort_a_*", run.COHORT),
        ("cohort_b_*", run.COHORT),
        ("*", run.MERGED),
        ("*", run.EXPERIMENT),
    ]
    assert [each.name for each in found.cohorts] == ["a", "b", "a-b"]
    assert [cohorts.of(each.config).name for each in found.modules] == ["a", "b", "a-b", "a-b"]
    assert found.cohorts[2].members == found.cohorts[:2]


def test_an_experiment_sees_the_people_of_all_members():
    (experiment,) = plan(whole()).experiments
    people = [scan.participant_id for scan in experiment.cohort.scans]
    assert len(people) == 36 and "sub-a-A0" in people and "sub-b-B0" in people
    assert {scan.site for scan in experiment.cohort.scans} == {"a-1", "b-1"}
    assert experiment.folds == [0, 1]


def test_a_member_is_made_once_for_those_who_are_on_it_alone_and_the_merged():
    alone = whole("alone") | {"cohort": whole()["cohort"]["members"][0]}
    found = plan(alone, whole())
    assert [each.file for each in found.modules].count(run.COHORT) == 2
    assert [each.file for each in found.modules].count(run.MERGED) == 1
    assert sorted(each.name for each in found.cohorts) == ["a", "a-b", "b"]
    assert {each.alias for each in found.modules} >= {"cohort_a_*", "cohort_b_*", "cohort_a_b_*"}


def test_nothing_but_the_members_stands_in_what_they_are_asked_for():
    plain = plan(whole("alone") | {"cohort": whole()["cohort"]["members"][0]}).cohorts[0]
    assert plan(whole()).cohorts[0].settings == plain.settings


def test_a_column_is_asked_of_the_members_that_name_it():
    write("b", [f"B{n}" for n in range(16)], more="part")
    found = plan(whole(members={"a": {}, "b": {"columns": ["part"]}}))
    assert [each.settings.columns for each in found.cohorts] == [(), ("part",), ("cohort", "part")]
    told = {scan.scan_id: scan.columns for scan in found.experiments[0].cohort.scans}
    assert told["sub-a-A0"] == {"cohort": "a", "part": None}
    assert told["sub-b-B0"] == {"cohort": "b", "part": "p"}


def test_a_column_of_roles_that_no_member_names_is_asked_of_all():
    roles = {"learn_from": {"group": ["HC"], "cohort": ["a", "b"]}}
    dataset = {"normalisation": "train", "split": {"scheme": "kfold", "folds": 2}, **roles}
    found = plan(whole(dataset=dataset))
    assert [each.settings.columns for each in found.cohorts] == [
        ("group",),
        ("group",),
        ("cohort", "group"),
    ]
    dataset["learn_from"] = {"diagnosis": ["HC"]}
    with pytest.raises(TableError, match=r"a\.csv: no column 'diagnosis' \(dataset\.learn_from\)"):
        plan(whole(dataset=dataset))


def test_a_mistake_of_a_member_names_it():
    with pytest.raises(SettingsError, match=r"^cohort\.path: no file 'c\.csv'.*\(cohort c\)$"):
        plan(whole(members={"a": {}, "c": {}}))


def test_a_readers_list_of_a_member_leaves_out_in_the_merged_cohort():
    Path("mine.tsv").write_text("scan_id\treason\nsub-A3\tmoved\n")
    own = whole(members={"a": {"exclude": "mine.tsv"}, "b": {}})
    (experiment,) = plan(own).experiments
    assert len(experiment.cohort.scans) == 35
    assert [each.scan_id for each in experiment.cohort.excluded] == ["sub-a-A3"]
    assert merged.lists_of_readers(own) == {"a": "mine.tsv"}


def test_the_step_is_told_names_columns_and_what_to_do_about_one_person():
    own = whole(merge={"same_ids": "other-people"}, members={"a": {"columns": ["group"]}, "b": {}})
    found = merged.step(own, plan(own).cohorts[2])
    assert (found.members, found.columns) == (("a", "b"), ("group",))
    assert (found.same_ids, found.duplicates) == ("other-people", "refuse")
    assert found.on_bad_scan == "fail"


def test_one_person_in_two_members_is_asked_about_before_the_first_job():
    write("b", ["A3", *(f"B{n}" for n in range(16))])
    with pytest.raises(SettingsError, match=r"^merge\.same_ids: sub-A3 of a, sub-A3 of b: is it"):
        plan(whole())
    found = plan(whole(merge={"same_ids": "same-people"}))
    assert any("1 person is in several cohorts" in line for line in found.notices)


@pytest.mark.parametrize("seed", range(5))
def test_one_person_of_two_members_never_has_two_roles(seed):
    write("b", [*(f"A{n}" for n in range(0, 20, 2)), *(f"B{n}" for n in range(6))])
    own = whole(merge={"same_ids": "same-people"})
    (experiment,) = plan(own).experiments
    seen = folds.visits(own, experiment.cohort)
    assert len({each.participant_id for each in seen}) == 26 and len(seen) == 36
    people = {each.scan_id: each.participant_id for each in seen}
    for fold in make_folds(seen, folds.roles_of(own), seed):
        train, test = ({people[name] for name in fold.scans(role)} for role in ("train", "test"))
        assert train and test and not train & test
        assert len(fold.scans("train")) + len(fold.scans("test")) == 36


def test_two_merged_cohorts_of_one_name_must_treat_one_person_alike():
    one = whole("one", merge={"same_ids": "same-people"})
    with pytest.raises(SettingsError, match=r"^merge\.same_ids: same-people in one, but refuse in"):
        plan(one, whole("two"))


def test_images_that_are_prepared_here_are_not_merged():
    phantoms = {name: {"source": "phantom", "name": name} for name in ("p", "q")}
    own = config(experiment="heads", cohorts=phantoms, cohort=["p", "q"])
    with pytest.raises(SettingsError, match=r"^cohort: stiffness images are prepared cohort by"):
        plan(own)


def test_a_members_column_may_not_be_called_cohort():
    with pytest.raises(SettingsError, match=r"^cohort\.columns: cohort, of b, is the column that"):
        plan(whole(members={"a": {}, "b": {"columns": ["cohort"]}}))


def test_names_of_cohorts_that_would_be_one_rules_are_refused():
    write("a-x", [f"C{n}" for n in range(9)])
    write("a_x", [f"D{n}" for n in range(9)])
    with pytest.raises(SettingsError, match=r"^cohort\.name: a-x and a_x would have the same"):
        plan(whole(members={"a-x": {}, "a_x": {}}))


def test_people_are_known_elsewhere_by_the_ids_of_their_own_cohort():
    own = whole()
    assert merged.people_before(own, plan(own).cohorts[:2])[:2] == ["sub-A0", "sub-A1"]
