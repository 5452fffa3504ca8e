"""Every number in a cell of the page is that of the table that the cell is of."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from test_page import Page

from contrage.files import read_json
from contrage.report.style import baseline_name, loss_name
from contrage.tables import read_tsv

NUMBER = re.compile(r"[−-]?\d[\d\u202f]*(?:\.\d+)?")
SIGNS = {"\u202f": "", "−": "-"}
MINUTES = re.compile(r"(\d+) min (\d+) s")
BOUND = re.compile(r"< 0\.001")


@pytest.fixture(scope="module")
def page(whole) -> Page:
    return Page(whole.html)


def plain(text: str) -> str:
    for sign, meant in SIGNS.items():
        text = text.replace(sign, meant)
    return text


def is_told(token: str, values: list[float]) -> bool:
    """Return whether a number of the page is one of the table's, rounded as it is printed."""
    digits = len(token.partition(".")[2])
    told = float(token)
    return any(abs(value - told) <= 0.5000001 * 10**-digits for value in values)


def untold(cells: list[str], line: pd.Series) -> list[str]:
    """Return the numbers of cells that are in no column of a table's line."""
    values = [float(v) for v in pd.to_numeric(line, errors="coerce").dropna()]
    values += [100 * v for v in values]  # a part is printed in per cent
    tokens = [plain(each) for cell in cells for each in NUMBER.findall(BOUND.sub("", cell))]
    return [token for token in tokens if not is_told(token, values)]


LINES = {
    "norms": ("norms", "norm", str.capitalize, 1),
    "cohort": ("cohort", "site", str, 1),
}


@pytest.mark.parametrize("name", LINES)
def test_cells_of_a_table_are_the_files_numbers(whole, page, name):
    file, key, shown, words = LINES[name]
    table = read_tsv(whole.path("tables", f"{file}.tsv"))
    named = {shown(line[key]): line for _, line in table.iterrows()}
    lines = page.tables[f"table-{name}"][1:]
    assert {line[0] for line in lines} == set(named)
    for line in lines:
        assert untold(line[words:], named[line[0]]) == []


def test_cells_of_errors_are_those_of_losses_and_baselines(whole, page):
    errors = read_tsv(whole.path("tables", "mae.tsv"))
    baselines = read_tsv(whole.path("tables", "baselines.tsv"))
    named = {loss_name(line["loss"]): line for _, line in errors.iterrows()}
    named |= {baseline_name(line["baseline"]): line for _, line in baselines.iterrows()}
    lines = page.tables["table-mae"][1:]
    assert [line[0] for line in lines][: len(errors)] == [
        loss_name(row) for row in errors.sort_values("mae_mean")["loss"]
    ]
    assert {line[0] for line in lines} == set(named)
    for line in lines:
        assert untold(line[1:], named[line[0]]) == [], line
        assert sum(bool(cell) for cell in line) >= 5


def test_cells_of_penalties_are_those_of_the_file(whole, page):
    table = read_tsv(whole.path("tables", "alphas.tsv"))
    head, *lines = page.tables["table-penalties"]
    assert len(head) == 1 + table["alpha"].nunique()
    for line in lines:
        own = table[table["loss"].map(loss_name) == line[0]]
        flat = own.select_dtypes("number").to_numpy().ravel()
        assert len(own) and untold(line[1:], pd.Series(flat)) == []


def test_cells_of_quality_are_those_of_the_scans(whole, page):
    scans = read_tsv(whole.path("dataset", "scans.tsv"))
    for line, name in zip(
        page.tables["table-quality"][1:], ("coverage", "overlap", "correlation"), strict=True
    ):
        told = scans[name].agg(["count", "min", "median", "max"])
        assert untold(line[1:], told) == []


def test_a_number_of_another_line_would_be_noticed(whole, page):
    table = read_tsv(whole.path("tables", "mae.tsv")).sort_values("mae_mean")
    lines = page.tables["table-mae"][1:]
    assert untold(lines[0][1:], table.iloc[-1]) != []


POOLS = {
    "control": ["tables/site.tsv", "tables/baselines.tsv", "tables/mae.tsv"],
    "runtimes": ["tables/runtimes.tsv"],
    "flagged": ["dataset/scans.tsv"],
}
"""Tables of the page whose lines are no lines of a file: each number is somewhere in these."""


def numbers_of(report, files: list[str]) -> pd.Series:
    """Return every number of some tables, and of their columns the middle, ends and count."""
    found: list[float] = []
    for file in files:
        if report.path(file).is_file():
            table = read_tsv(report.path(file)).select_dtypes("number")
            found += table.to_numpy().ravel().tolist()
            found += (
                table.agg(["count", "min", "median", "max", "mean"]).to_numpy().ravel().tolist()
            )
    return pd.Series(found)


def in_seconds(found: re.Match) -> str:
    return f"{60 * int(found[1]) + int(found[2])} s"


@pytest.mark.parametrize("name", POOLS)
def test_each_number_of_other_tables_is_one_of_their_files(whole, page, name):
    pool = numbers_of(whole, POOLS[name])
    for line in page.tables[f"table-{name}"][1:]:
        cells = [
            MINUTES.sub(lambda found: f"{60 * int(found[1]) + int(found[2])} s", cell)
            for cell in line
        ]
        assert untold(cells[1:], pool) == [], line


def test_cells_of_the_phantoms_truth_are_those_of_the_records(whole, page):
    records = [read_json(file) for file in sorted(whole.derivatives.rglob("*_desc-quality.json"))]
    told = pd.DataFrame(records)[["mask_dice", "transform_error_mm", "coverage_error"]]
    pool = told.agg(["count", "min", "median", "max"]).to_numpy().ravel().tolist()
    pool += told.quantile([0.05, 0.25, 0.75, 0.95]).to_numpy().ravel().tolist()
    for line in page.tables["table-truth"][1:]:
        assert untold(line[1:], pd.Series(pool)) == [], line
