"""A phantom of region tables is made by the first process of a run, once for all its cohorts."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from given import SCHEMA, config

from contrage.cohort.phantom.tables import study
from contrage.errors import SettingsError
from contrage.plan import phantoms, pretraining, run
from contrage.run import code
from contrage.settings.door import load_schema

SMALL = {
    "name": "small",
    "parts": {
        "adni": {"HC": {"people": 8}, "AD": {"people": 6, "gap": 6, "pattern": 1}},
        "icbm": {"HC": {"people": 9}},
    },
}
STAMP = Path("results/phantom/small/made_of.json")


def experiment(name="a", source="adni", phantom=SMALL, **cohort):
    own = {"source": source, "name": f"{source}-{name}", "image": "vbm_roi", **cohort}
    own |= {"phantom_tables": phantom, "on_bad_scan": "exclude"}
    return config(
        experiment=name,
        cohort=own,
        training={"encoder": "mlp", "batch_size": 4},
        benchmark={"losses": ["l1"], "norms": [], "pretrained": []},
        report={"embedding_rows": []},
    )


def plan(*configs, first=True, keeps=True):
    schema = load_schema(SCHEMA)
    return run.read(list(configs), schema, is_first=first, keeps=keeps, trains=True)


@pytest.fixture
def writes(tmp_path, monkeypatch):
    """Return the list that grows with every phantom that is written."""
    monkeypatch.chdir(tmp_path)
    made, write = [], study.write_study

    def noted(settings, folder):
        made.append(settings.seed)
        write(settings, folder)

    monkeypatch.setattr(study, "write_study", noted)
    return made


def test_it_is_written_once_and_read_from_the_owners_folder(writes):
    (own,) = plan(experiment()).experiments
    assert own.config["cohort"]["path"] == "results/phantom/small/adni"
    assert len({scan.participant_id for scan in own.cohort.scans}) == 14
    plan(experiment())
    assert writes == [2025] and STAMP.is_file()
    assert (STAMP.parent / "truth.tsv").is_file()


def test_cohorts_with_equal_settings_share_one_folder(writes):
    found = plan(experiment("a"), experiment("b", "loni"), experiment("c"))
    paths = [each.config["cohort"]["path"] for each in found.experiments]
    assert [Path(path).name for path in paths] == ["adni", "icbm", "adni"]
    assert writes == [2025]


def test_members_of_a_merged_cohort_and_a_pretraining_have_theirs_too(writes):
    own = experiment()
    members = [own["cohort"], {**own["cohort"], "source": "loni", "name": "icbm"}]
    merged = {**own["cohort"], "source": "merged", "phantom_tables": None, "members": members}
    before = {**own["pretraining"], "cohort": own["cohort"]}
    asked = [{**own, "cohort": merged, "pretraining": before}]
    (found,) = phantoms.placed(asked, is_first=True, keeps=True)
    paths = [each["path"] for each in found["cohort"]["members"]]
    assert paths == ["results/phantom/small/adni", "results/phantom/small/icbm"]
    assert found["pretraining"]["cohort"]["path"] == paths[0]
    assert asked[0]["cohort"]["members"][0]["path"] == "" and writes == [2025]


def test_another_seed_makes_it_anew_and_the_cohort_is_found_to_be_another(writes):
    (before,) = plan(experiment()).cohorts
    stray = STAMP.with_name("stray.txt")
    stray.write_text("of the one before")
    (after,) = plan(experiment(phantom={**SMALL, "seed": 7})).cohorts
    assert writes == [2025, 7] and not stray.exists()
    assert before.found.of_cohort() != after.found.of_cohort()
    assert before.found.of_images() != after.found.of_images()


def test_another_code_makes_it_anew(writes, monkeypatch):
    plan(experiment())
    monkeypatch.setattr(code, "digest", lambda *modules: "other")
    phantoms.placed([experiment()], is_first=True, keeps=True)
    assert len(writes) == 2


def test_processes_of_jobs_write_nothing(writes):
    plan(experiment())
    (found,) = plan(experiment(phantom={**SMALL, "seed": 7}), first=False, keeps=False).experiments
    assert writes == [2025] and len({scan.participant_id for scan in found.cohort.scans}) == 14


def test_a_killed_run_leaves_nothing_that_would_be_read(writes, monkeypatch):
    def dies(settings, folder):
        folder.mkdir(parents=True)
        (folder / "half.tsv").write_text("half")
        raise KeyboardInterrupt

    whole = study.write_study
    monkeypatch.setattr(study, "write_study", dies)
    with pytest.raises(KeyboardInterrupt):
        plan(experiment())
    assert not STAMP.parent.exists()
    monkeypatch.setattr(study, "write_study", whole)
    plan(experiment())
    assert sorted(each.name for each in STAMP.parent.parent.iterdir()) == ["small"]
    assert not list(STAMP.parent.glob("half*"))


def test_beside_a_run_that_works_it_is_not_made_anew(writes):
    plan(experiment())
    plan(experiment(), keeps=False)
    with pytest.raises(SettingsError, match=r"^cohort\.phantom_tables: results/phantom/small must"):
        plan(experiment(phantom={**SMALL, "seed": 7}), keeps=False)
    assert writes == [2025]


def test_a_folder_with_something_else_is_left_alone(writes):
    STAMP.parent.mkdir(parents=True)
    STAMP.with_name("mine.txt").write_text("mine")
    with pytest.raises(
        SettingsError, match=r"^cohort\.phantom_tables\.name: results/phantom/small"
    ):
        plan(experiment())
    assert STAMP.with_name("mine.txt").is_file() and writes == []
    shutil.rmtree(STAMP.parent)
    plan(experiment())


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ([experiment(source="bids", image="T1w")],
         r"^cohort\.phantom_tables: it is in the layouts of openbhb, adni, loni, oasis3"),
        ([experiment(source="oasis3")],
         r"^cohort\.phantom_tables\.parts: no oasis3, which cohort\.source: oasis3 reads"),
        ([experiment(path="/data/adni")], r"^cohort\.path: /data/adni, but cohort\.phantom_tables"),
        ([experiment("a"), experiment("b", phantom={**SMALL, "seed": 7})],
         r"^cohort\.phantom_tables\.seed: 2025 and 7 in phantoms of the name small"),
        ([experiment(phantom={**SMALL, "parts": {"adni": {"CN": {"people": 3}}}})],
         r"^cohort\.phantom_tables\.parts\.adni: no 'CN'"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_key(writes, asked, told):
    with pytest.raises(SettingsError, match=told):
        plan(*asked)


def test_a_run_writes_to_its_folder_too():
    assert "results/phantom/small" in pretraining.folders([experiment()])


def test_by_default_it_is_the_specifications(settings_of_phantom):
    block = experiment(phantom={"name": "x"})["cohort"]["phantom_tables"]
    assert {key: value for key, value in block.items() if key != "name"} == settings_of_phantom


@pytest.fixture
def settings_of_phantom():
    def part(people, gap=0, slope=0, pattern=0):
        return {"people": people, "gap": gap, "slope": slope, "pattern": pattern}

    return {
        "seed": 2025,
        "ageing": 1,
        "effect": 0.018,
        "brain_age_sd": 1.5,
        "pattern": 0.35,
        "pattern_features": 40,
        "factor": 0.35,
        "factor_lean": 0.3,
        "between_people": 0.8,
        "between_scans": 0.25,
        "site": 0.35,
        "external_shift": 5,
        "oasis3_shift": 1.5,
        "packed": 0,
        "parts": {
            "openbhb": {"train": part(400), "internal_test": part(96), "external_test": part(96)},
            "adni": {
                "HC": part(160),
                "sMCI": part(100, 1, 0, 0.2),
                "pMCI": part(100, 4, 1, 0.6),
                "AD": part(140, 6, 1.5, 1),
                "MCI-censored": part(1, 1, 0, 0.2),
                "MCI-reverted": part(1, 1, 0, 0.2),
            },
            "icbm": {"HC": part(120)},
            "oasis3": {
                "HC": part(120),
                "AD": part(40, 5, 0, 1),
                "other": part(1),
                "contributing": part(1, 5, 0, 1),
                "conflicting": part(1),
            },
        },
    }
