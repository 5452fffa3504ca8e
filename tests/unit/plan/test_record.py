"""What is written down beside a page: the files and settings that the rules give each job."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from given import config
from rules_read import all_rules, section

from contrage.cohort.scans import Cohort, Scan
from contrage.dataset import schemes
from contrage.errors import SettingsError
from contrage.layout import Derivatives, filled
from contrage.plan import dataset_settings, jobs, record, refuse
from contrage.plan.experiment import Experiment
from contrage.run.code import digest
from contrage.settings.build import as_plain, build
from contrage.settings.steps.record import Recorded

ARRAY = "results/derivatives/people/array/stiffness_res-2"
EVALUATIONS = {
    "embedded_site": {},
    "shots": {},
    "site_offset": {},
    "harmonised": {},
    "lipschitz": {},
    "ordinality": {},
    "logits": {},
    "saliency": {},
}


@pytest.fixture
def of() -> Experiment:
    asked = config(
        experiment="x",
        cohort={"source": "bids", "name": "people", "path": "people"},
        benchmark={"losses": ["l1", "exp", "second"], "null": ["exp"], "norms": []},
        rows={"second": {"from": {"row": "exp"}, "stage": {"loss": "l1"}}},
        training={"seeds": [3, 5], "logits": {}},
        dataset={"split": {"scheme": "kfold", "folds": 3}},
        search={
            "draws": 2,
            "rows": {"exp": {"temperature": {"low": 0.01, "high": 1.0, "kind": "log"}}},
        },
        evaluations=EVALUATIONS,
    )
    scans = [Scan(f"sub-{n:02d}", None, 20.0 + n, None, "A") for n in range(20)]
    return Experiment.of(asked, Cohort(scans, [], []))


@pytest.fixture
def cohort() -> SimpleNamespace:
    return SimpleNamespace(
        derivatives=Derivatives.of("people"),
        source_module="contrage.cohort.sources.bids",
        kind_module="contrage.modalities.stiffness",
        kind_modules=("contrage.modalities.stiffness",),
        stripper=("contrage.imaging.skull_strip.bet",),
        is_merged=False,
        is_table=False,
        is_arrays=False,
    )


def files(kinds) -> list[str]:
    return [path for each in kinds for path in filled(each.pattern, each.values)]


def test_an_evaluation_is_recorded_with_every_file_that_its_rule_gives_it(of, cohort):
    found = record.record(of, cohort, ARRAY)
    assert set(found.tables) == {"tables", "search", *of.evaluations}
    assert set(EVALUATIONS) <= set(found.tables)
    for name in of.evaluations:
        job = found.tables[name]
        given = {option: paths for option, paths in jobs.evaluated(of, name).items() if paths}
        if jobs.reads_array(name):
            given["array"] = [f"{ARRAY}.npy"]
        assert {option: files(kinds) for option, kinds in job.reads.items()} == given, name
        assert job.settings == as_plain(jobs.evaluation(of, name))
        assert job.writes == {"table": of.results.table(name)}


def test_each_row_is_recorded_with_its_first_training(of, cohort):
    whole = record.record(of, cohort, ARRAY)
    found = whole.trainings
    assert list(found) == of.all_rows
    assert found["second"].step == "train-stage" and found["exp"].step == "train"
    for row in of.all_rows:
        asked = (jobs.stage if row == "second" else jobs.training)(of, row, 3, 0)
        assert whole.common | found[row].settings == as_plain(asked)
    assert {"row", "loss"} <= set(found["exp"].settings)
    assert not {"dataset", "cohort", "target"} & set(found["exp"].settings)
    assert files(found["second"].reads["start-from"]) == jobs.start_of_training(of, "second", 3, 0)
    assert files(found["exp"].reads["best"]) == jobs.best_of_search(of, "exp", 3, 0)
    assert files(found["exp-null"].reads["scans"]) == [jobs.scans_of_training(of, "exp-null", 3, 0)]
    assert {job.told["fold"] for job in found.values()} == {"0"}


def test_code_is_recorded_by_the_digests_that_rules_compare(of, cohort):
    found = record.record(of, cohort, ARRAY).code
    for row in of.all_rows:
        modules = (jobs.stage_modules if row == "second" else jobs.training_modules)(of, row)
        assert found[f"train {row}"].digest == digest(*modules)
    assert found["split"].modules[1] == "contrage.dataset.schemes.kfold"
    assert found["strip"].digest == digest("contrage.imaging.strip", *cohort.stripper)
    cohort.is_table, cohort.stripper = True, ()
    names = set(record.record(of, cohort, ARRAY).code)
    assert "features" in names and not {"strip", "register", "stack", "arrays"} & names
    cohort.is_merged = True
    assert {"merge"} == set(record.record(of, cohort, ARRAY).code) - names


DECIDE_NOTHING = {
    *("phantom_tables", "phantom"),  # make raw files, whose checksums are proof
    *("quality_page", "same_person_page", "describe", "runtimes", "export"),
    *("predict_part", "join_predictions", "study_tables", "study_figures", "study_page"),
    *("feasible", "search_feasible"),  # ask before, and decide nothing
}
"""Rules of which no number of an experiment's page is."""
AS_TRAIN = {"search_train", "unseen_train"}
"""Train as the row's own trainings do."""
AS_PROBE = {"search_probe"}


def test_what_is_recorded_of_code_is_what_every_rule_says(of, cohort):
    """The expressions of the rules, with the names that they use."""
    asked = {**of.config, "probe": {**of.config["probe"], "alpha": "unseen"}}
    unseen = Experiment.of(asked, of.cohort)
    known = {"COHORT": cohort, "EXPERIMENT": unseen, "jobs": jobs}
    scheme = schemes.module("kfold")
    known |= {"SPLIT_MODULES": ("contrage.dataset.split", scheme)}
    known |= {"digest": lambda *modules: modules, "digest_of_job": lambda modules: modules}
    seen: set[str] = set()
    for state in ({}, {"is_arrays": True}, {"is_table": True}, {"is_merged": True}):
        own = SimpleNamespace(**{**vars(cohort), "array_modules": ("contrage.dataset.arrays",)})
        vars(own).update(state)
        found = record.record(unseen, own, ARRAY).code
        for name, rule in all_rules().items():
            text = section(rule, "params").get("code")
            if not text or name in DECIDE_NOTHING | AS_TRAIN | AS_PROBE or rule.parent:
                continue
            said = eval(text.rstrip(","), {**known, "COHORT": own})
            if name == "evaluate":
                mine = {each: said(unseen, each) for each in unseen.evaluations}
            elif name in ("train", "train_stage"):
                chosen = [r for r in unseen.all_rows if (r == "second") is (name != "train")]
                mine = {f"train {row}": said(unseen, row) for row in chosen}
            else:
                mine = {"attributions" if name == "saliency" else name: said}
            for each, modules in mine.items():
                if each in found:
                    seen.add(name)
                    assert found[each].modules == tuple(modules), each
    with_code = {n for n, r in all_rules().items() if section(r, "params").get("code")}
    alone = {name for name in with_code if not all_rules()[name].parent}
    missed = alone - DECIDE_NOTHING - AS_TRAIN - AS_PROBE - seen - {"same_person_before"}
    assert missed == set(), "rules that no record knows"


def test_the_record_is_read_back_as_it_was_written(of, cohort):
    found = record.record(of, cohort, ARRAY)
    assert build(Recorded, as_plain(found)) == found
    written = files(found.files)
    assert of.results.table("mae") in written and of.results.table("site_offset") in written
    assert f"{ARRAY}.json" in written and Derivatives.of("people").usable in written
    assert sum("/predictions/" in path for path in written) == 2 * len(of.all_rows)


def started(image: str, name: str = "others", **more) -> dict:
    before = {"source": "bids", "name": name, "path": "others", "image": image}
    return config(
        experiment="x",
        cohort={"source": "bids", "name": "people", "path": "people", **more},
        benchmark={"losses": ["exp"], "norms": [], "pretrained": ["exp"]},
        pretraining={"cohort": before, "same_ids": "other-people"},
    )


def test_maps_of_a_pretraining_are_compared_where_they_are_of_one_kind():
    own = started("stiffness")
    place = "results/derivatives/others/array/stiffness_res-4"
    assert dataset_settings.array_before(own) == place
    asked = dataset_settings.same_person_before(own)
    assert asked.before == "others" and not asked.same_ids
    assert dataset_settings.same_person(own).before is None
    for other in (started("T1w"), started("stiffness", "people")):
        assert dataset_settings.array_before(other) is None


def test_what_is_no_scan_cannot_be_told_by_its_maps():
    told = {"source": "table", "name": "t", "path": "t.csv", "image": "table"}
    with pytest.raises(SettingsError, match=r"^cohort\.same_person: same, but only scans"):
        asked = {"cohort": told | {"same_person": "same"}, "training": {"encoder": "mlp"}}
        refuse.check(config(experiment="x", **asked))
