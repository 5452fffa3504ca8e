"""People beside training and test are counted on the page."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import synthetic
from configured import configured

from contrage.report.elements import embedding
from contrage.report.elements.html_tables import external
from contrage.report.findings import Study
from contrage.report.roles import others
from contrage.tables import read_table, read_tsv, write_rows, write_tsv


def study(changes: dict, scans: int = 20, **tables: pd.DataFrame) -> Study:
    whole = configured(cohort={"source": "table", "image": "table"}, **changes)
    return Study(whole, {"scans": pd.DataFrame(index=range(scans)), **tables}, 0, [])


def predicted(**counts: int) -> pd.DataFrame:
    lines = [
        {"participant_id": f"{role}-{n}", "scan_id": f"{role}-{n}", "split": role}
        for role, number in counts.items()
        for n in range(number)
    ]
    return pd.DataFrame(lines)


GIVEN = {"split": {"scheme": "given", "roles": {"a": "train", "b": "test", "c": "external"}}}


def test_nothing_is_said_of_a_split_with_two_sides():
    assert others(study({}), predicted(train=16, test=4)) == []
    assert others(study({}), pd.DataFrame()) == []


def test_who_chose_epochs_who_is_external_and_who_is_only_predicted_is_counted():
    table = predicted(train=10, test=4, val=1, external=2, predict=3)
    table["out_of_range"] = table["scan_id"].isin(["predict-0", "train-1"])
    stop = {"training": {"early_stop": {"on": "val"}}}
    said = others(study({"dataset": GIVEN, **stop}), table)
    assert said == [
        "1 participant of role val chose the epochs.",
        "2 participants of role external were predicted as external people; their errors stand in "
        "a table of their own.",
        "3 participants of role predict were predicted alone; no error of theirs stands in a "
        "table. Of 1 scan the target lies outside the range that was learned from (column "
        "out_of_range of the predictions).",
    ]


def test_a_role_without_people_is_announced():
    said = others(study({"dataset": GIVEN}), predicted(train=16, test=4))
    assert said == ["Nobody has the role external, which the configuration asks for."]
    learned = {"dataset": {"learn_from": {"diagnosis": ["HC"]}}}
    assert "role predict" in others(study(learned), predicted(train=16, test=4))[0]


def test_scans_without_a_part_are_counted():
    chosen = {"dataset": {"missing_targets": [[45, 50]]}}
    assert others(study(chosen), predicted(train=10, test=4)) == [
        "6 scans of the data set had no part: role none, dataset.subset or dataset.missing_targets."
    ]


def test_the_table_of_external_people_has_a_line_by_site():
    line = {"row": "exp", "site": "all", "mae": 3.14159, "mae_sd": 0.5, "rmse": 4, "r2": 0.5}
    line |= {"r": 0.7, "mae_baseline": 9.0, "n_participants": 12, "n_folds": 1, "mae_fold_sd": 0.2}
    found = external(study({}, external=pd.DataFrame([line, {**line, "site": "b"}])))
    assert [each.cells[1:4] for each in found.lines] == [
        ["all", "12", "3.14 ± 0.50"],
        ["b", "12", "3.14 ± 0.50"],
    ]
    assert found.file == "tables/external.tsv"
    assert external(study({})).lines == []
    several = external(study({}, external=pd.DataFrame([{**line, "n_folds": 5}])))
    assert several.head[-1] == "SD over folds (years)" and several.lines[0].cells[-1] == "0.20"
    assert found.head == several.head[:-1]


def with_others(report) -> None:
    """Add people of every further role to all files of predictions, as wrong as can be."""
    for file in (*report.results.glob("predictions/*/*.tsv"), *report.results.glob("base*/*.tsv")):
        table = read_table(file)
        extra = []
        for role in ("val", "external", "predict"):
            for row in [row for row in table.rows if row["split"] == "test"][:5]:
                name = f"{row['participant_id']}{role}"
                wrong = str(float(row["age"]) + 500)
                told = {"participant_id": name, "scan_id": name, "split": role}
                extra.append({**row, **told, "predicted_age": wrong})
        write_rows(file, table.columns, [*table.rows, *extra])


def test_nothing_of_other_people_enters_a_table_or_figure_of_errors(bare):
    def made() -> dict[str, bytes]:
        bare.make_tables()
        bare.make_figures("mae", "predicted_vs_true")
        tables = [*bare.path("tables").glob("*.tsv")]
        drawn = [bare.path("figures", f"{name}.png") for name in ("mae", "predicted_vs_true")]
        return {file.name: file.read_bytes() for file in (*tables, *drawn)}

    before = made()
    with_others(bare)
    assert made() == before
    bare.make_page()
    text = " ".join(re.sub(r"<[^>]+>", "", bare.html).split())
    assert "5 participants of role predict were predicted alone" in text


def test_people_without_a_part_are_not_drawn_among_those_learned_from(bare):
    scans = read_tsv(bare.path("dataset", "scans.tsv"))
    synthetic.write_features(bare.results, scans, np.random.default_rng(2))
    shown = []

    def flattened(features: np.ndarray) -> np.ndarray:
        shown.append(len(features))
        return features[:, :2]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedding, "flatten", flattened)
        bare.make_figures("embedding", drawn=False)
        everyone = shown.copy()
        for file in bare.results.glob("predictions/dynlocrep/*.tsv"):
            frame = read_tsv(file)
            frame.loc[frame.index[:4], "split"] = ["val", "external", "predict", "predict"]
            write_tsv(file, frame.iloc[:-3])
        bare.make_figures("embedding", drawn=False)
    assert shown == [*everyone, *(number - 7 for number in everyone)]
