"""People beside training and test are counted on the page."""

from __future__ import annotations

import pandas as pd
from targets import BLOCK

from contrage.report.elements.html_tables import external
from contrage.report.findings import Study
from contrage.report.roles import others


def study(config: dict, scans: int = 20, **tables: pd.DataFrame) -> Study:
    whole = {"target": BLOCK, "cohort": {"source": "table", "image": "table"}, **config}
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
    line |= {"r": 0.7, "mae_baseline": 9.0, "n_participants": 12}
    found = external(study({}, external=pd.DataFrame([line, {**line, "site": "b"}])))
    assert [each.cells[1:4] for each in found.lines] == [
        ["all", "12", "3.14 ± 0.50"],
        ["b", "12", "3.14 ± 0.50"],
    ]
    assert found.file == "tables/external.tsv"
    assert external(study({})).lines == []
