"""Expectations of a study beside what was found."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from contrage.errors import TableError
from contrage.settings.build import build
from contrage.settings.steps.study import ClaimAsked
from contrage.study.claims import compared

GAP = pd.DataFrame(
    {
        "row": ["l1"] * 3 + ["exp"] * 3,
        "group": ["HC", "MCI", "AD"] * 2,
        "gap": [0.1, 1.0, 5.0, 0.2, 6.0, 5.5],
    }
)


def claim(**asked: Any) -> ClaimAsked:
    default = {"asked": "x", "table": "gap", "value": "gap", "rising": [], "within": [], "of": {}}
    return build(ClaimAsked, {**default, **asked})


def found(frame: pd.DataFrame = GAP, away: tuple[str, ...] = (), **asked: Any) -> list[tuple]:
    claims, rows, labels = {"one": claim(**asked)}, {"gap": ("row",)}, {"exp": "Exp"}
    table = compared(claims, {"gap": frame}, rows, labels, {"gap": away})
    return list(table[["line", "found", "holds"]].itertuples(index=False, name=None))


def test_an_order_is_looked_at_line_by_line():
    order = [{"group": group} for group in ("HC", "MCI", "AD")]
    assert found(rising=order) == [
        ("L1 regression", "0.100 < 1.00 < 5.00", "yes"),
        ("Exp", "0.200 < 6.00 ≥ 5.50", "no"),
    ]


def test_values_may_be_held_between_limits_one_of_which_may_be_none():
    assert [holds for *_, holds in found(within=[4, 5.2], of={"group": "AD"})] == ["yes", "no"]
    assert [holds for *_, holds in found(within=[None, 6], of={})] == ["yes", "yes"]
    assert found(within=[None, 5.7], of={})[1] == ("Exp", "0.200 to 6.00", "no")


def test_a_claim_may_say_its_line_itself():
    cells = [{"row": "l1", "group": "AD"}, {"row": "exp", "group": "AD"}]
    assert found(rising=cells) == [("", "5.00 < 5.50", "yes")]


def test_without_numbers_nothing_is_said():
    empty = GAP.assign(gap=float("nan"))
    order = [{"group": "HC"}, {"group": "AD"}]
    assert {holds for *_, holds in found(empty, rising=order)} == {None}
    assert {holds for *_, holds in found(empty, within=[0, 1], of={})} == {None}


def test_a_cell_without_a_line_is_refused_unless_an_experiment_that_is_not_here_may_have_it():
    two = GAP.assign(overlay="plain")
    cells = [{"overlay": "plain", "group": "HC"}, {"overlay": "merge", "group": "HC"}]
    with pytest.raises(
        TableError, match=r"claims\.one: no cell of gap fits overlay merge, group HC"
    ):
        found(two, rising=cells)
    assert {holds for *_, holds in found(two, away=("merge",), rising=cells)} == {None}
    with pytest.raises(TableError, match=r"no cell of gap fits overlay plain, group XX"):
        found(two, away=("merge",), within=[0, 1], of={"overlay": "plain", "group": "XX"})


def test_two_values_of_a_line_may_be_compared():
    both = GAP[GAP["group"] == "AD"].assign(external=[5.25, 5.25])
    cells = [{"value": "gap"}, {"value": "external"}]
    assert found(both, rising=cells) == [
        ("L1 regression", "5.00 < 5.25", "yes"),
        ("Exp", "5.50 ≥ 5.25", "no"),
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"value": "gaps", "within": [0, 1]}, "claims.one: gap has no value 'gaps'"),
        ({"within": [0, 1], "of": {"site": "a"}}, "claims.one: gap has no 'site'"),
        (
            {"rising": [{"group": "HC"}, {"group": "*"}]},
            "claims.one: 3 cells of gap fit group *",
        ),
    ],
)
def test_what_a_table_does_not_have_is_told(asked, said):
    with pytest.raises(TableError) as error:
        found(**asked)
    assert str(error.value).startswith(said)
