"""The phantom's files are read by the sources of their owners as the truth has them."""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from cohorts import asked

from contrage import modalities
from contrage.cohort.read import read_cohort
from contrage.cohort.register import register
from contrage.cohort.sources import load
from contrage.cohort.stored import where_arrays
from contrage.dataset.arrays import arrays
from contrage.settings.steps.dataset import ArraysStep
from contrage.tables import read_tsv

SOURCES = {"openbhb": "openbhb", "adni": "adni", "icbm": "loni", "oasis3": "oasis3"}
COLUMNS = ["diagnosis", "group", "date"]


@pytest.fixture(scope="module")
def truth(study):
    table = read_tsv(study / "truth.tsv", as_text=True)
    for name in ("run", "age", "years", "brain_age"):
        table[name] = table[name].astype(float)
    return table


def settings(folder, cohort, **others):
    told = {"image": "vbm_roi", "columns": COLUMNS, "openbhb": {"people": None}, **others}
    return asked(source=SOURCES[cohort.partition("/")[0]], path=str(folder / cohort), **told)


def read(folder, cohort, **others):
    return read_cohort(settings(folder, cohort, **others))


def scan_ids(rows: pd.DataFrame) -> pd.Series:
    """Return what the sources call the first runs of some rows of the truth."""
    people = rows["participant_id"].str.replace("_", "")
    return "sub-" + people + "_ses-" + rows["session"]


@pytest.mark.parametrize("cohort", ["adni", "icbm", "oasis3"])
def test_everybody_is_read_with_age_sex_and_group(study, truth, cohort):
    true = truth[(truth["cohort"] == cohort) & (truth["run"] == 1)]
    true = true.set_index(scan_ids(true))
    found = read(study, cohort)
    scans = {scan.scan_id: scan for scan in found.scans}
    left = {each.scan_id for each in found.excluded}
    assert set(scans) | left == set(true.index)
    years = 1.0 if cohort == "icbm" else 0.006  # ICBM has whole years
    for name, scan in scans.items():
        assert -0.006 < true.loc[name, "age"] - scan.age < years
        assert scan.sex == true.loc[name, "sex"]
        shown = true.loc[name, "group"]
        assert scan.columns["group"] == (None if shown in ("other", "contributing") else shown)


def test_no_scan_of_adni_lies_farther_from_a_visit_than_one(study, truth):
    found = read(study, "adni")
    undiagnosed = [scan.scan_id for scan in found.scans if scan.columns["diagnosis"] is None]
    people = truth[(truth["cohort"] == "adni") & (truth["group"] == "HC")][
        "participant_id"
    ].unique()
    near, far = (person.replace("_", "") for person in people[1:3])
    assert [name.partition("_ses-")[0] for name in undiagnosed] == [f"sub-{far}"]
    last = [scan for scan in found.scans if scan.participant_id == f"sub-{near}"][-1]
    assert last.columns["diagnosis"] == "HC"
    assert any("180 days" in note and "(1):" in note for note in found.notes)
    assert any("MCI-censored" in note for note in found.notes)
    assert any("MCI-reverted" in note for note in found.notes)


def test_ages_of_follow_ups_grow_by_a_year_a_year(study):
    of_person: dict[str, list] = {}
    for scan in read(study, "adni").scans:
        of_person.setdefault(scan.participant_id, []).append(scan)
    for scans in of_person.values():
        days = np.array([np.datetime64(scan.columns["date"]) for scan in scans])
        years = (days - days[0]).astype(float) / 365.25
        ages = np.array([scan.age for scan in scans])
        np.testing.assert_allclose(ages - ages[0], years, atol=1e-9)


@pytest.mark.parametrize("cohort", ["adni", "icbm"])
def test_of_two_images_in_one_session_the_first_is_taken(study, cohort):
    (choice,) = read(study, cohort).choices
    assert (choice.taken, choice.others) == ("I99999", ["I100000"])


def test_oasis3_leaves_conflicting_states_out_and_names_others(study):
    found = read(study, "oasis3")
    assert [each.reason.partition(":")[0] for each in found.excluded] == ["conflicting"]
    states = Counter(scan.columns["diagnosis"] for scan in found.scans)
    assert states == {"HC": 120, "AD": 40, "other": 2}


def test_openbhb_has_its_split_its_sites_and_a_zero_before_an_id(study, truth):
    roles = {"split": "dataset.split.column"}
    found = read(study, "openbhb", columns=["split"], asked_by=roles)
    true = truth[truth["cohort"] == "openbhb"].set_index("participant_id")
    assert found.scans[0].participant_id.startswith("sub-0")
    for scan in found.scans:
        row = true.loc[scan.participant_id.removeprefix("sub-")]
        assert (scan.columns["split"], scan.site) == (row["part"], row["site"])
        assert scan.sex == row["sex"] and abs(scan.age - row["age"]) < 1e-3
    assert len(found.scans) == len(true)


def test_the_challenges_packing_holds_the_same_regions(study):
    packed = settings(study, "openbhb/challenge", columns=[])
    people = read_cohort(packed).scans
    assert Counter(scan.site is None for scan in people) == {False: 4, True: 2}
    in_rows = load("openbhb").find(where_arrays(packed)).of_scan
    in_files = load("openbhb").find(where_arrays(settings(study, "openbhb"))).of_scan
    for scan in people:
        alone = np.load(in_files[scan.scan_id].path)[0, 0]
        np.testing.assert_array_equal(in_rows[scan.scan_id].part(), alone.astype(np.float32))


@pytest.mark.parametrize("cohort", SOURCES)
def test_regional_volumes_become_one_array_in_one_order(study, truth, tmp_path, cohort):
    step = settings(study, cohort, features_scale="none")
    tables = {name: tmp_path / f"{name}.tsv" for name in ("scans", "excluded")}
    register(step, **tables)
    kind = modalities.load("vbm_roi")
    asked_for = ArraysStep(
        source=step.source,
        path=step.path,
        on_bad_scan="fail",
        duplicates="refuse",
        kind=kind.prepared,
        reader=None,
        voxel_mm=1.5,
        regions=step.regions,
        features_scale=step.features_scale,
        own=None,
        images=None,
        echonet=None,
    )
    out = {"array": tmp_path / "a.npy", "rows": tmp_path / "a.tsv", "left_out": tmp_path / "o.tsv"}
    arrays(asked_for, **tables, **out)
    values, scans = np.load(out["array"]), read_tsv(tables["scans"])
    assert values.shape == (len(scans), 284)
    sidecar = json.loads((tmp_path / "a.json").read_text())["contrage"]
    grey = [name for name in sidecar["features"][:142] if name.endswith("_GM_Vol")]
    assert len(grey) == 142 and len(set(sidecar["features"])) == 284
    resources = json.loads((study / "openbhb/resource/resources.json").read_text())
    assert sidecar["features"] == resources["vbm_roi"]["features"]
    # Grey matter shrinks with age in every cohort, the fluid grows: no column has changed places.
    ages = scans["age"].to_numpy()
    slopes = np.polyfit(ages, values, 1)[0]
    assert np.median(slopes[:142]) < 0 < np.median(slopes[142:])


def test_regions_divided_by_the_intracranial_volume_are_those_of_the_table_divided(study):
    whole = load("adni").find(where_arrays(settings(study, "adni"))).of_scan
    divided = load("adni").find(where_arrays(settings(study, "adni", features_scale="tiv"))).of_scan
    name = next(iter(whole))
    ratio = whole[name].part() / divided[name].part()
    assert ratio.std() < 1e-9 * ratio.mean() and 500 < ratio.mean() < 3000
