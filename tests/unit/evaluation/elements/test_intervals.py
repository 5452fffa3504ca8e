"""What intervals hold of people whom the models have not seen."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evaluation_steps import evaluation_of
from forms import TABLE
from given import config

from contrage.dataset.roles import APART
from contrage.evaluation import elements
from contrage.evaluation.covered import AskedIntervals, intervals
from contrage.evaluation.evaluate import evaluate
from contrage.evaluation.held_out import held_out
from contrage.evaluation.statistics.conformal import half_width, half_width_of_new_sites
from contrage.layout import Results
from contrage.plan.evaluations import setting
from contrage.tables import read_tsv, write_tsv

LEVEL = 0.8
SITES = tuple("abcdefg")
ASKED = AskedIntervals(LEVEL, None, 10.0, 0.95)


def people(count: int = 140) -> pd.DataFrame:
    """People at seven sites, tested in two folds by models that learned from the other half."""
    rng = np.random.default_rng(5)
    number = np.arange(count)
    frame = pd.DataFrame({"scan_id": [f"sub-{n:03d}" for n in number]})
    frame["participant_id"] = frame["scan_id"]
    frame["age"] = rng.uniform(20, 79.9, count).round(1)
    frame["site"] = [SITES[(n // 2) % len(SITES)] for n in number]
    offset = frame["site"].map(dict(zip(SITES, (0, 0, 1, -2, 3, 0, 9), strict=True)))
    frame["predicted_age"] = frame["age"] + rng.normal(0, 3, count) + offset
    return frame.assign(fold=number % 2, split="test")


def predictions(tested: pd.DataFrame, learned: pd.DataFrame | None = None) -> pd.DataFrame:
    """Add the lines of whom each fold learned from: the people whom the other one tests."""
    learned = tested[tested["split"] == "test"] if learned is None else learned
    train = learned.assign(fold=1 - learned["fold"], split="train", predicted_age=learned["age"])
    return pd.concat([tested, train], ignore_index=True)


@dataclass
class Run:
    """Files of rows, and what evaluates them."""

    folder: Path
    told: dict = field(default_factory=lambda: {"level": LEVEL})

    def table(self, rows: dict[str, list[pd.DataFrame]], scans: pd.DataFrame) -> pd.DataFrame:
        place, files = Results.at(str(self.folder / "x")), []
        for row, seeds in rows.items():
            for seed, frame in enumerate(seeds):
                files.append(Path(place.predictions.format(row=row, seed=seed)))
                files[-1].parent.mkdir(parents=True, exist_ok=True)
                write_tsv(files[-1], frame)
        Path(place.scans).parent.mkdir(parents=True, exist_ok=True)
        write_tsv(Path(place.scans), scans[["scan_id", "participant_id", "age"]])
        asked = config(evaluations={"intervals": self.told})
        told = {key: setting(asked, key) for key in elements.element("intervals").settings}
        step = evaluation_of("intervals", TABLE, tuple(rows), told)
        evaluate(step, table=self.folder / "t.tsv", predictions=files, scans=Path(place.scans))
        return read_tsv(self.folder / "t.tsv")


@pytest.fixture
def run(tmp_path) -> Run:
    return Run(tmp_path)


def residual(frame: pd.DataFrame) -> pd.Series:
    return (frame["predicted_age"] - frame["age"]).abs()


def pick(table: pd.DataFrame, kind: str, new: str, part: str = "all") -> pd.DataFrame:
    return table[(table["interval"] == kind) & (table["new"] == new) & (table["part"] == part)]


def test_each_person_is_held_by_the_interval_of_all_others(run):
    tested = people()
    table = run.table({"exp": [predictions(tested)]}, tested)
    errors = residual(tested)
    held = [error <= half_width(errors.drop(at), LEVEL) for at, error in errors.items()]
    whole = pick(table, "people", "person").iloc[0]
    assert whole["covered"] == sum(held) == math.ceil(LEVEL * len(tested))
    assert whole["share"] == pytest.approx(np.mean(held)) and whole["people"] == len(tested)
    assert whole["low"] < whole["share"] < whole["high"] and whole["sites"] == len(SITES)
    assert whole["half_width"] == pytest.approx(half_width(errors, LEVEL), abs=1e-5)
    by_site = pick(table, "people", "person", "site").set_index("value")
    for site, own in tested.assign(held=held).groupby("site"):
        assert by_site.loc[site, "covered"] == own["held"].sum()
    assert by_site["share"].idxmin() == "g"


def test_each_site_is_held_by_the_intervals_of_all_other_sites(run):
    tested = people()
    table = run.table({"exp": [predictions(tested)]}, tested)
    errors, counted = residual(tested), {"people": 0, "site": 0}
    for kind in counted:
        found = pick(table, kind, "site", "site").set_index("value")
        assert list(found.index) == list(SITES)
        for site in SITES:
            own = tested["site"] == site
            width = half_width(errors[~own], LEVEL)
            if kind == "site":
                width = half_width_of_new_sites(errors[~own], tested["site"][~own], LEVEL)
            assert found.loc[site, "half_width"] == pytest.approx(width, abs=1e-5)
            assert found.loc[site, "covered"] == (errors[own] <= width).sum()
            counted[kind] += (errors[own] <= width).sum()
        assert pick(table, kind, "site")["covered"].item() == counted[kind]
    assert counted["people"] < counted["site"]


def test_bands_of_the_target_add_up_to_everybody(run):
    tested = people()
    table = run.table({"exp": [predictions(tested)]}, tested)
    for kind, new in (("people", "person"), ("people", "site"), ("site", "site")):
        parts, whole = pick(table, kind, new, "band"), pick(table, kind, new).iloc[0]
        assert parts["people"].sum() == whole["people"]
        assert parts["covered"].sum() == whole["covered"]
        assert parts["value"].tolist() == [f"{low} to {low + 10}" for low in range(20, 80, 10)]
    run.told = {"level": LEVEL, "bands": [50]}
    table = run.table({"exp": [predictions(tested)]}, tested)
    assert pick(table, "people", "person", "band")["value"].tolist() == ["below 50", "50 and over"]


def test_it_is_said_whether_the_models_had_learned_from_the_sites(run):
    tested = people()
    known = run.table({"exp": [predictions(tested)]}, tested)
    assert set(known["seen"]) == {"all"}
    apart = tested.assign(fold=tested["site"].isin(["a", "b", "c"]).astype(int))
    unknown = run.table({"exp": [predictions(apart)]}, tested)
    assert set(unknown["seen"]) == {"none"}
    some = apart.assign(fold=np.where(apart["site"] == "a", tested["fold"], apart["fold"]))
    mixed = run.table({"exp": [predictions(some)]}, tested)
    assert pick(mixed, "people", "site")["seen"].item() == "some"
    by_site = pick(mixed, "people", "site", "site").set_index("value")["seen"]
    assert by_site["a"] == "all" and by_site["g"] == "none"


def test_external_people_are_tried_apart_with_the_intervals_of_test_people(run):
    tested = people()
    outside = tested.iloc[:40].copy()
    outside["participant_id"] = outside["scan_id"] = [f"sub-x{n:02d}" for n in range(40)]
    outside["site"] = np.where(np.arange(40) < 25, "x", "y")
    outside = outside.assign(split="external", predicted_age=outside["age"] + 5.0)
    twice = [outside.assign(fold=f, predicted_age=outside["age"] + e) for f, e in ((0, 2), (1, 8))]
    frame = pd.concat([predictions(tested), *twice], ignore_index=True)
    scans = pd.concat([tested, outside], ignore_index=True)
    table = run.table({"exp": [frame]}, scans)
    errors = residual(tested)
    for kind, width in (
        ("people", half_width(errors, LEVEL)),
        ("site", half_width_of_new_sites(errors, tested["site"], LEVEL)),
    ):
        found = pick(table, kind, "external").iloc[0]
        assert found["people"] == 40 and found["sites"] == 2 and found["seen"] == "none"
        assert found["half_width"] == pytest.approx(width, abs=1e-5)
        assert found["covered"] == 40 * (width >= 5)  # the mean of both folds is 5 years off
        assert pick(table, kind, "external", "site")["value"].tolist() == ["x", "y"]
    without = run.table({"exp": [predictions(tested)]}, tested)
    rest = table[table["new"] != "external"].reset_index(drop=True)
    pd.testing.assert_frame_equal(rest, without)


def test_a_person_counts_once_by_the_first_scan(run):
    tested = people()
    later = tested.assign(age=tested["age"] + 3, predicted_age=tested["predicted_age"] + 40)
    later["scan_id"] = "sub-" + (1000 - tested.index).astype(str)
    both = pd.concat([later, tested], ignore_index=True)
    table = run.table({"exp": [predictions(both)]}, both)
    alone = run.table({"exp": [predictions(tested)]}, tested)
    pd.testing.assert_frame_equal(table, alone)


def test_of_several_seeds_the_mean_prediction_counts(run):
    tested, shift = people(), np.linspace(-6, 6, 140)
    seeds = [
        predictions(tested.assign(predicted_age=tested["predicted_age"] + sign * shift))
        for sign in (1, -1)
    ]
    told = run.table({"exp": seeds}, tested).drop(columns="n_seeds")
    alone = run.table({"exp": [predictions(tested)]}, tested).drop(columns="n_seeds")
    pd.testing.assert_frame_equal(told, alone, atol=1e-4)


def test_of_too_few_sites_there_is_no_number_and_a_note(run):
    tested = people()
    run.told = {"level": 0.9}
    table = run.table({"exp": [predictions(tested)]}, tested)
    lacking = table[table["interval"] == "site"]
    assert len(lacking) and lacking[["share", "low", "high"]].isna().all(axis=None)
    assert set(lacking["note"]) == {"too few sites for an interval of this level"}
    assert pick(table, "people", "site")["share"].notna().all()


def test_of_too_few_people_there_is_no_number_either(run):
    tested = people(8)
    run.told = {"level": 0.9}
    table = run.table({"exp": [predictions(tested)]}, tested)
    assert table["share"].isna().all() and table["half_width"].isna().all()
    notes = set(table.loc[table["interval"] == "people", "note"])
    assert notes == {"too few people for an interval of this level"}


def test_without_sites_there_are_people_alone(run):
    tested = people().assign(site=None)
    table = run.table({"exp": [predictions(tested)]}, tested)
    assert set(table["new"]) == {"person"} and set(table["part"]) == {"all", "band"}
    assert set(table["sites"]) == {0} and set(table["seen"]) == {"none"}


def test_whose_site_is_not_told_has_a_part_in_the_interval_of_people_alone(run):
    tested = people()
    tested.loc[:9, "site"] = None
    table = run.table({"exp": [predictions(tested)]}, tested)
    assert pick(table, "people", "person")["people"].item() == 140
    assert pick(table, "people", "site")["people"].item() == 130


def test_rows_have_lines_of_their_own(run):
    tested = people()
    worse = tested.assign(
        predicted_age=tested["age"] + 2 * (tested["predicted_age"] - tested["age"])
    )
    table = run.table({"exp": [predictions(tested)], "l1": [predictions(worse)]}, tested)
    whole = pick(table, "people", "person").set_index("row")
    assert list(whole.index) == ["exp", "l1"] and set(table["level"]) == {LEVEL}
    assert whole.loc["l1", "half_width"] == pytest.approx(
        2 * whole.loc["exp", "half_width"], abs=1e-4
    )


def test_what_a_bundle_stores_is_what_the_table_says(run):
    tested = people()
    frame = predictions(tested)
    table = run.table({"exp": [frame]}, tested)
    read = frame.rename(columns={"age": "target", "predicted_age": "predicted"})
    own, nobody = held_out([read], tested), held_out([read], tested, APART)
    assert len(nobody) == 0
    stored = intervals(own, nobody, ASKED)
    assert (stored.level, stored.people, stored.sites) == (LEVEL, 140, 7)
    widths = [pick(table, kind, "site")["half_width"].item() for kind in ("people", "site")]
    assert [stored.half_width, stored.half_width_of_new_sites] == pytest.approx(widths, abs=1e-5)
    told = table["share"].tolist()
    assert [each.share for each in stored.measured] == pytest.approx(told)
