"""The search of settings in the report: there where one was made, and saying what was chosen."""

from __future__ import annotations

import numpy as np
import pytest
from targets import AGE

from contrage.evaluation.choose import choose, search_table
from contrage.files import read_json, write_json
from contrage.plan.draws import draw_settings
from contrage.report.elements.html_tables import search
from contrage.report.elements.searched import choices, over_places, read_draws, searched_settings
from contrage.settings.build import build
from contrage.settings.steps.evaluation import ChooseStep, SearchTableStep
from contrage.settings.steps.report import FiguresStep

WHOLE = {"low": 1, "high": 5, "kind": "integer"}
LOG = {"low": 0.01, "high": 1.0, "kind": "log"}
NORMS = ["manhattan", "cosine"]


def write_search(results, rows: dict, folds: int = 1, draws: int = 30) -> None:
    """Write the table of a search with made-up errors; draws that are alike score alike."""
    best = []
    for row, ranges in rows.items():
        drawn = draw_settings(ranges, draws, 0, row)
        for fold in range(folds):
            rng, errors, paths = np.random.default_rng(fold), {}, []
            for number, one in enumerate(drawn):
                error = errors.setdefault(str(one), 8 + rng.uniform(0, 2))
                paths.append(results / "search" / row / f"{fold}-{number}.json")
                write_json(paths[-1], {"mae": error})
            best.append(results / "search" / row / f"{fold}-best.json")
            where = {"row": row, "split": 0, "fold": fold, "draws": drawn}
            choose(build(ChooseStep, where), metrics=paths, output=best[-1])
    search_table(SearchTableStep(), best=best, output=results / "tables" / "search.tsv")


@pytest.fixture
def searched(bare):
    """An experiment in which the settings of two losses were searched."""
    rows = {"dynlocrep": {"nn_final": WHOLE, "nn_step_size": WHOLE}, "exp": {"temperature": LOG}}
    bare.make_tables()
    write_search(bare.results, rows, folds=2)
    bare.config["search"]["rows"] = rows
    return bare


def test_the_section_says_what_was_chosen_and_not_to_quote_it(searched):
    searched.make_figures("search")
    searched.make_page()
    html = searched.html
    assert 'id="search"' in html and 'id="table-search"' in html and 'id="figure-search"' in html
    assert "do not quote it" in html
    figures = {entry["name"]: entry for entry in read_json(searched.path("figures/figures.json"))}
    assert "30 draws, mean over 2 searches of DynLocRep" in figures["search"]["alt"]
    assert searched.path("figures/search.svg").is_file()


def test_without_a_search_there_is_no_section_though_an_old_table_lies_there(searched):
    searched.config["search"]["rows"] = {}
    searched.make_figures(drawn=False)
    searched.make_page()
    assert 'id="search"' not in searched.html
    assert not searched.path("figures/search.png").exists()


@pytest.mark.parametrize(
    "ranges",
    [
        {"nn_final": WHOLE},
        {"norm": NORMS},
        {"temperature": LOG, "nn_final": WHOLE},
        {"nn_final": WHOLE, "norm": NORMS},
        {"nn_final": WHOLE, "temperature": LOG, "norm": NORMS},
        {"nn_final": {**WHOLE, "high": 1}, "temperature": {**LOG, "high": 0.01}},
        {"nn_final": {**WHOLE, "high": 1}, "norm": ["cosine"]},
    ],
)
@pytest.mark.parametrize("draws", [1, 30])
def test_every_kind_of_search_can_be_drawn(bare, ranges, draws):
    write_search(bare.results, {"dynlocrep": ranges}, draws=draws)
    bare.config["search"]["rows"] = {"dynlocrep": ranges}
    from contrage.report.elements.ingredients import gather
    from contrage.report.elements.search import search as draw
    from contrage.report.style import use_style

    use_style()
    scans, folder = bare.path("dataset", "scans.tsv"), bare.root
    given = bare.asked(FiguresStep)
    entry = draw(gather(given, scans, folder, bare.path("figures"), tables=bare.tables()))
    assert entry.name == "search"
    assert bare.path("figures", entry.file).stat().st_size > 5000


def test_draws_that_are_alike_are_one_line_with_their_number(tmp_path):
    write_search(tmp_path, {"dynlocrep": {"nn_final": WHOLE}}, folds=3)
    draws = read_draws(tmp_path / "tables/search.tsv", ["dynlocrep"])
    assert searched_settings(draws) == ["nn_final"]
    found = over_places(draws, ["nn_final"])
    assert len(found) == 5
    assert found["count"].sum() == 30
    for line in found.itertuples():
        alike = draws[draws["nn_final"] == line.nn_final]
        assert line.validation_mae == pytest.approx(alike["validation_mae"].mean())
        assert line.chosen == alike["chosen"].sum()


def test_the_table_has_a_line_per_search(searched):
    draws = read_draws(searched.path("tables/search.tsv"), ["dynlocrep", "exp"])
    lines = choices(draws)
    assert [(line["row"], line["fold"]) for line in lines] == [
        *(("dynlocrep", 0), ("dynlocrep", 1)),
        *(("exp", 0), ("exp", 1)),
    ]
    for line in lines:
        mine = draws[(draws["row"] == line["row"]) & (draws["fold"] == line["fold"])]
        assert line["validation_mae"] == mine["validation_mae"].min()
        assert line["median"] == pytest.approx(mine["validation_mae"].median())
    table = search(draws, AGE)
    assert table.head[:3] == ["loss", "fold", "best settings"]
    assert table.lines[0].cells[2].startswith("nn_final ")
    assert "repeated" in table.lines[0].cells[3]
