"""What the steps of a study are asked for, and which finished tables they read."""

from __future__ import annotations

from pathlib import Path

import pytest
from cohorts import asked

from contrage.cohort.read import read_cohort
from contrage.errors import SettingsError
from contrage.plan import study
from contrage.plan.experiment import Experiment
from contrage.plan.study_steps import StudySteps
from contrage.settings.door import load_schema
from contrage.settings.yaml_door import read_text

STUDY = """
study: small
title: Small
base:
  cohort: {phantom: {participants: 12, seed: 1}}
  benchmark: {losses: [l1, exp], norms: [], pretrained: [], "null": []}
overlays: {plain: {}, long: {training: {epochs: 9}}}
grids: {size: {overlay: long, dataset.subset.fraction: [.25, .5]}}
tables: {age: {overlays: [long, plain], values: [mae, alphas.mae], where: {alpha: 1.0}}}
curves: {scaling: {grid: size, overlays: long, y: mae, log: mae}}
figures:
  errors: {kind: report, table: mae, overlays: plain}
  alphas: {kind: line, table: alphas, x: alpha, y: mae_mean, overlays: long}
claims: {one: {asked: x, table: age, value: mae, within: [null, 9]}}
"""


@pytest.fixture
def steps(root: Path):
    """The steps of a study of that text and what is laid over it."""
    names = ("config", "study")
    schemas = [load_schema(root / f"workflow/schemas/{name}.schema.yaml") for name in names]
    people = read_cohort(asked(source="phantom", phantom={"participants": 12, "seed": 1}))

    def of(*texts: str) -> StudySteps:
        given = [read_text(text, "study.yaml") for text in (STUDY, *texts)]
        plan = study.expand(given, {}, *schemas)
        return StudySteps.of(plan, [Experiment.of(each, people) for each in plan.configs])

    return of


def test_tables_read_those_of_their_overlays_and_no_other_file(steps):
    results = "results/small-{}/tables/{}.tsv"
    assert steps().finished("tables") == {
        f"{name}/{table}": results.format(name, table)
        for name in ("long", "plain")
        for table in ("mae", "alphas")
    }
    assert set(steps().finished("curves")) == {"size-0.25/mae", "size-0.5/mae", "long/mae"}
    assert steps().finished("figures") == {
        "plain/figures": "results/small-plain/figures",
        "long/alphas": results.format("long", "alphas"),
    }


def test_people_are_counted_where_a_curve_is_over_them(steps):
    file = "results/small-{}/predictions/l1/seed-0.tsv"
    names = ("size-0.25", "size-0.5", "long")
    assert steps().counted() == {name: file.format(name) for name in names}
    grid = "curves: {scaling: {x: dataset.subset.fraction, overlays: []}}"
    assert steps(grid).counted() == {}


def test_a_table_says_its_overlays_by_name_and_the_rest_as_lists(steps):
    asked = steps().tables()
    assert asked.tables["age"].overlays == ("long", "plain")
    assert asked.tables["age"].table == {"long": "mae", "plain": "mae"}
    assert asked.tables["age"].rows == ("row",) and asked.tables["age"].where == {"alpha": ("1.0",)}
    assert asked.curves["scaling"].overlays == ("size-0.25", "size-0.5", "long")
    assert asked.claims["one"].within == (None, 9)
    by_name = {each.name: each for each in asked.overlays}
    assert by_name["size-0.5"].values == {"dataset.subset.fraction": "0.5"}
    assert by_name["size-0.5"].experiment == "small-size-0.5"
    assert by_name["plain"].members == ("phantom",)
    assert steps().page().title == "Small" and set(steps().figures().figures) == {
        "errors",
        "alphas",
    }


def test_a_claim_of_two_values_says_the_value_of_each_cell(steps):
    rising = "[mae, {value: alphas.mae, overlay: long}]"
    text = f"claims: {{one: {{value: null, within: null, of: {{row: exp}}, rising: {rising}}}}}"
    claim = steps(text).tables().claims["one"]
    assert claim.value == "mae" and claim.rising == (
        {"row": "exp", "value": "mae"},
        {"row": "exp", "value": "alphas.mae", "overlay": "long"},
    )


def test_of_a_part_of_a_study_only_what_is_there_is_read(steps):
    own = steps("study_only: long")
    assert set(own.finished("tables")) == {"long/mae", "long/alphas"}
    assert set(own.counted()) == {"long"}
    here = {each.name for each in own.tables().overlays if each.is_here}
    assert here == {"long"} and len(own.tables().overlays) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tables: {age: {table: gap}}", "tables.age.table: long has no table gap, only mae, norms"),
        (
            "tables: {age: {values: [mae, gap.mean]}}",
            "tables.age.values: long has no table gap, only",
        ),
        (
            "curves: {scaling: {y: [mae, roc.auc]}}",
            "curves.scaling.y: size-0.25 has no table roc, only",
        ),
        ("figures: {alphas: {table: gap}}", "figures.alphas.table: long has no table gap, only"),
    ],
)
def test_a_table_that_an_overlay_does_not_have_is_refused(steps, text, said):
    with pytest.raises(SettingsError) as error:
        steps(text).finished("tables", "curves", "figures")
    assert str(error.value).startswith(said)
