"""The tables of a study and the points of its curves, out of finished tables."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest
from pytest import approx
from side_by_side import OVERLAYS, SIZES, curve, step, table

from contrage.errors import TableError
from contrage.study.cells import Finished
from contrage.study.tables import curve_points, exponents, n_train, study_table, tables
from contrage.tables import read_tsv

AGE = {
    "overlays": ["single-adni", "single-oasis", "merge"],
    "table": {"merge": "cohorts"},
    "columns": ["overlay", "cohort"],
    "values": ["mae", "r2"],
}


def cells(found: pd.DataFrame, keys: list[str], value: str) -> dict:
    return {tuple(line[k] for k in keys): line[value] for _, line in found.iterrows()}


def test_single_and_merged_cohorts_stand_side_by_side(finished):
    found = study_table("age", table(**AGE), step(), Finished(finished))
    got = cells(found, ["row", "overlay", "cohort"], "mae")
    assert got == {
        ("l1", "single-adni", "adni"): 4.0,
        ("exp", "single-adni", "adni"): 3.75,
        ("l1", "single-oasis", "oasis"): 5.0,
        ("exp", "single-oasis", "oasis"): 4.75,
        ("l1", "merge", "adni"): 3.5,
        ("l1", "merge", "oasis"): 4.5,
        ("exp", "merge", "adni"): 3.25,
        ("exp", "merge", "oasis"): 4.25,
    }
    assert list(found.columns) == ["row", "overlay", "cohort", "mae", "mae_sd", "r2"]
    assert cells(found, ["row", "overlay", "cohort"], "r2")["exp", "merge", "oasis"] == 0.7
    assert cells(found, ["row", "overlay"], "mae_sd")["exp", "single-adni"] == 0.25


def test_overlays_that_are_not_here_have_empty_cells_for_every_row_and_member(finished):
    away = tuple(replace(each, is_here=each.name != "merge") for each in OVERLAYS)
    found = study_table("age", table(**AGE), step(overlays=away), Finished(finished))
    own = found[found["overlay"] == "merge"]
    assert cells(own, ["row", "cohort"], "mae").keys() == {
        (row, cohort) for row in ("l1", "exp") for cohort in ("adni", "oasis")
    }
    assert own["mae"].isna().all() and found[found["overlay"] != "merge"]["mae"].notna().all()
    assert list(dict.fromkeys(found["overlay"])) == AGE["overlays"]


def test_values_of_another_table_stand_beside_their_row(finished):
    asked = table(overlays=list(SIZES), values=["mae", "site.bacc"])
    found = study_table("x", asked, step(), Finished(finished))
    assert cells(found, ["row", "overlay"], "site.bacc") == {
        (row, name): value for row, value in (("l1", 0.25), ("exp", 0.125)) for name in SIZES
    }


def test_lines_may_be_chosen_and_must_be_where_several_would_share_a_cell(finished):
    many = table(overlays=["merge"], table={"merge": "cohorts"})
    with pytest.raises(TableError, match=r"tables\.x: table cohorts of merge has several lines"):
        study_table("x", many, step(), Finished(finished))
    one = replace(many, where={"cohort": ("oasis",)})
    found = study_table("x", one, step(), Finished(finished))
    assert cells(found, ["row"], "mae") == {("l1",): 4.5, ("exp",): 4.25}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"values": ["mea"]}, "tables.x: table mae of merge has no column 'mea'; it has row, mae_"),
        ({"columns": ["group"]}, "tables.x: table mae of merge has no column 'group'"),
        (
            {"where": {"role": ["test"]}},
            "tables.x.where: no table that it reads has a column 'role'",
        ),
        ({"paper": {"r2": {}}}, "tables.x.paper: r2 is none of its values"),
        (
            {"paper": {"mae": {"merged": {"l1": 1.0}}}},
            "tables.x.paper.mae: no column is called 'merged'; there are merge",
        ),
    ],
)
def test_what_a_table_does_not_have_is_told(finished, asked, said):
    with pytest.raises(TableError) as error:
        study_table("x", table(overlays=["merge"], **asked), step(), Finished(finished))
    assert str(error.value).startswith(said)


def test_printed_numbers_stand_beside_those_found_under_the_labels_of_readers(finished):
    labels = {"single-*": "single", "adni": "ADNI", "oasis": "OASIS-3"}
    paper = {"mae": {"single/ADNI": {"exp": 3.44}, "merge/OASIS-3": {"l1": 4.08}}}
    asked = table(**AGE, paper=paper)
    found = study_table("age", asked, step(labels=labels), Finished(finished))
    printed = found.dropna(subset=["mae_paper"])
    assert cells(printed, ["row", "overlay", "cohort"], "mae_paper") == {
        ("exp", "single-adni", "adni"): 3.44,
        ("l1", "merge", "oasis"): 4.08,
    }


def test_a_table_by_values_of_several_columns_is_read_by_their_names(finished, tmp_path):
    file = tmp_path / "by.tsv"
    lines = ["cohort\tadni\tl1\t3.5", "cohort\toasis\tl1\t4.5", "site\tx\tl1\t9.0"]
    file.write_text("\n".join(["column\tvalue\trow\tmae_mean", *lines]) + "\n")
    asked = replace(table(**AGE), where={"column": ("cohort",)}, values=("mae",))
    given = Finished({**finished, "merge/cohorts": file})
    found = study_table("age", asked, step(), given)
    own = found[found["overlay"] == "merge"]
    assert cells(own, ["row", "cohort"], "mae") == {("l1", "adni"): 3.5, ("l1", "oasis"): 4.5}


def test_people_learned_from_are_counted_once_and_averaged_over_folds(tmp_path):
    lines = ["participant_id\tsplit\tscan_id\tfold"]
    lines += ["a\ttrain\ta1\t0", "a\ttrain\ta2\t0", "b\ttrain\tb\t0", "c\ttest\tc\t0"]
    lines += ["a\ttest\ta1\t1", "b\ttrain\tb\t1", "c\ttrain\tc\t1", "d\ttrain\td\t1"]
    lines += ["e\ttrain\te\t1", "f\texternal\tf\t1"]
    file = tmp_path / "seed-0.tsv"
    file.write_text("\n".join(lines) + "\n")
    assert n_train(file) == (2 + 4) / 2


def test_a_curve_has_a_point_for_each_size_and_the_exponent_of_its_line(finished):
    asked = curve(overlays=list(SIZES), y=["mae", "site.bacc"], log=["mae"])
    counts = {name: n for name, (n, _) in SIZES.items()}
    found = curve_points("c", asked, step(), Finished(finished), counts)
    assert cells(found, ["row", "n_train"], "mae") == {
        (row, n): mae for row in ("l1", "exp") for n, mae in SIZES.values()
    }
    law = exponents(found, asked)
    assert list(law["row"]) == ["l1", "exp"] and list(law["value"]) == ["mae", "mae"]
    assert list(law["exponent"]) == approx([-1, -1]) and list(law["n"]) == [2, 2]


def test_the_worked_exponent_is_found(finished):
    points = pd.DataFrame(
        {"row": "exp", "n_train": [400, 800, 1600, 3200], "mae": [5, 4.2, 3.6, 3.1]}
    )
    law = exponents(points, curve(overlays=[], y=["mae"], log=["mae"]))
    assert law["exponent"][0] == approx(-0.2291371, abs=1e-6)


def test_a_curve_may_be_over_the_values_of_a_grid(finished):
    asked = curve(overlays=list(SIZES), y=["mae"], x="dataset.subset.fraction")
    found = curve_points("c", asked, step(), Finished(finished), {})
    assert list(found.columns) == ["row", "overlay", "dataset.subset.fraction", "mae", "mae_sd"]
    assert set(found["dataset.subset.fraction"]) == {"0.5", "1"}


def test_the_step_writes_what_it_is_asked_for(finished, tmp_path):
    asked = step(
        tables={"age": table(**AGE)},
        curves={"scaling": curve(overlays=list(SIZES), y=["mae"], log=["mae"])},
    )
    people = tmp_path / "people.tsv"
    people.write_text("participant_id\tsplit\tfold\na\ttrain\t0\nb\ttrain\t0\n")
    names = ["age", "scaling", "scaling_exponents", "claims"]
    files = [tmp_path / "tables" / f"{name}.tsv" for name in names]
    counted = dict.fromkeys(SIZES, people)
    tables(asked, finished=finished, predictions=counted, outputs=files)
    assert len(read_tsv(files[0])) == 8
    assert set(read_tsv(files[1])["n_train"]) == {2}
    assert len(read_tsv(files[2])) == 0  # of one size there is no line
    assert list(read_tsv(files[3]).columns) == ["claim", "line", "found", "holds"]
    assert math.isclose(read_tsv(files[0])["mae"].sum(), 4 + 3.75 + 5 + 4.75 + 15.5)
