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


BY_SIDE = """row\trole\tbacc
l1\ttest\t0.75
l1\texternal\t0.5
"""
SIDES = {
    "columns": ["overlay", "role"],
    "values": ["bacc"],
    "paper": {"bacc": {"single/same": {"l1": 0.8}, "merge/other": {"l1": 0.6}}},
}
SIDE_LABELS = {"single-*": "single", "test": "same", "external": "other"}


def sides(tmp_path, here: str, **asked) -> pd.DataFrame:
    """A table of two overlays, of which one is here or none."""
    file = tmp_path / "sides.tsv"
    file.write_text(BY_SIDE)
    names = ["single-adni", "merge"]
    away = tuple(replace(each, is_here=each.name == here) for each in OVERLAYS)
    own = table(**{**SIDES, **asked}, overlays=names, table=dict.fromkeys(names, "sides"))
    given = Finished({f"{here}/sides": file})
    return study_table("x", own, step(overlays=away, labels=SIDE_LABELS), given)


def test_numbers_of_two_overlays_for_one_cell_are_refused_not_the_last_one_taken(finished):
    two = table(overlays=["single-adni", "single-oasis"], columns=[])
    with pytest.raises(TableError) as error:
        study_table("x", two, step(), Finished(finished))
    assert str(error.value) == (
        "tables.x.columns: single-adni, single-oasis have a number each for row l1; add "
        "overlay, or what else they differ in, to columns or rows"
    )


def test_an_overlay_that_is_not_here_wipes_no_number_of_another(finished):
    away = tuple(replace(each, is_here=each.name != "single-oasis") for each in OVERLAYS)
    two = table(overlays=["single-adni", "single-oasis"], columns=[])
    found = study_table("x", two, step(overlays=away), Finished(finished))
    assert list(found["row"]) == ["l1", "exp"] and list(found["mae"]) == [4.0, 3.75]


def test_cells_of_overlays_that_are_not_here_are_those_of_the_others(tmp_path):
    found = sides(tmp_path, "single-adni")
    assert cells(found, ["overlay", "role"], "bacc_paper") == approx(
        {
            ("single-adni", "test"): 0.8,
            ("single-adni", "external"): float("nan"),
            ("merge", "test"): float("nan"),
            ("merge", "external"): 0.6,
        },
        nan_ok=True,
    )
    assert list(found["bacc"].notna()) == [True, True, False, False]


def test_where_no_overlay_is_here_cells_are_as_printed(tmp_path):
    found = sides(tmp_path, "none")
    assert cells(found, ["row", "overlay", "role"], "bacc_paper") == {
        ("l1", "single-adni", "test"): 0.8,
        ("l1", "merge", "external"): 0.6,
    }
    assert found["bacc"].isna().all()


def test_a_heading_of_no_overlay_is_refused_also_in_a_part_of_a_study(tmp_path):
    with pytest.raises(
        TableError, match=r"tables\.x\.paper\.bacc: no column is called 'singel/same'"
    ):
        sides(tmp_path, "single-adni", paper={"bacc": {"singel/same": {"l1": 0.8}}})


def test_a_printed_number_is_of_all_that_says_its_row(finished, tmp_path):
    file = tmp_path / "gap.tsv"
    file.write_text("row\tgroup\tmae\nl1\tHC\t1\nl1\tAD\t5\nexp\tAD\t6\n")
    asked = table(overlays=["merge"], table={"merge": "gap"}, rows=["row", "group"])
    asked = replace(asked, paper={"mae": {"merge": {"l1/AD": 4.5}}})
    found = study_table("x", asked, step(), Finished({**finished, "merge/gap": file}))
    printed = found.dropna(subset=["mae_paper"])
    assert cells(printed, ["row", "group"], "mae_paper") == {("l1", "AD"): 4.5}
    asked = replace(asked, paper={"mae": {"merge": {"l1": 4.5}}})
    with pytest.raises(TableError) as error:
        study_table("x", asked, step(), Finished({**finished, "merge/gap": file}))
    assert str(error.value) == (
        "tables.x.paper.mae: merge has no row 'l1'; it has l1/HC, l1/AD, exp/AD"
    )


def test_a_printed_number_of_a_heading_of_two_overlays_is_refused(finished):
    asked = table(overlays=["single-adni", "single-oasis"], paper={"mae": {"single": {"l1": 4.0}}})
    with pytest.raises(TableError) as error:
        study_table("x", asked, step(labels={"single-*": "single"}), Finished(finished))
    assert str(error.value) == (
        "tables.x.paper.mae: single-adni and single-oasis are called 'single' alike; give them "
        "labels of their own"
    )


def test_a_value_of_where_that_no_line_has_is_refused(finished):
    asked = table(overlays=["merge"], table={"merge": "cohorts"}, where={"cohort": ["adnii"]})
    with pytest.raises(TableError) as error:
        study_table("x", asked, step(), Finished(finished))
    assert str(error.value) == (
        "tables.x.where: no table that it reads has 'adnii' in its column cohort; there are adni, "
        "oasis"
    )


def test_numbers_of_where_are_numbers(finished, tmp_path):
    file = tmp_path / "alphas.tsv"
    file.write_text("row\talpha\tmae\nl1\t10.0\t3\nl1\t0.5\t4\n")
    given = Finished({**finished, "merge/alphas": file})
    asked = table(overlays=["merge"], table={"merge": "alphas"})
    found = study_table("x", replace(asked, where={"alpha": ("10",)}), step(), given)
    assert list(found["mae"]) == [3]
    found = study_table("x", replace(asked, where={"alpha": (".50",)}), step(), given)
    assert list(found["mae"]) == [4]


@pytest.mark.parametrize(("sites", "people"), [(["a\t3", "b\t4", "all\t7"], 7), (["ICBM\t5"], 5)])
def test_all_is_the_whole_also_where_there_is_one_part_alone(finished, tmp_path, sites, people):
    file = tmp_path / "cohort.tsv"
    file.write_text("\n".join(["site\tn", *sites]) + "\n")
    asked = table(overlays=["single-adni"], table={"single-adni": "cohort"}, rows=["cohort"])
    asked = replace(asked, columns=(), values=("n",), where={"site": ("all",)})
    found = study_table("x", asked, step(), Finished({"single-adni/cohort": file}))
    assert list(found["n"]) == [people]


def test_a_value_of_all_cohorts_does_not_stand_beside_each_one_as_nothing(finished):
    asked = table(
        overlays=["merge"],
        table={"merge": "cohorts"},
        columns=["cohort"],
        values=["mae", "mae.r2"],
    )
    with pytest.raises(TableError) as error:
        study_table("x", asked, step(), Finished(finished))
    assert str(error.value) == (
        "tables.x: tables cohorts and mae of merge have no cohort in common (adni, oasis; "
        "adni-oasis); show values of mae in a table of their own"
    )


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
