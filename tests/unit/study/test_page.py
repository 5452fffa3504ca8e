"""The page of a study and its figures, over small tables."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from side_by_side import OVERLAYS, figure, step, table
from study_pages import AGE, CLAIMS, FIGURES, LABELS, made, with_people

from contrage.errors import TableError
from contrage.settings.steps.study import StudyFiguresStep
from contrage.study import draw
from contrage.study.figures import figures
from contrage.study.wide import _cell, widened
from contrage.study.words import shown
from contrage.tables import read_tsv


@pytest.fixture
def people(finished, tmp_path) -> dict[str, Path]:
    """The finished tables, with the gap of every person besides."""
    return with_people(finished, tmp_path)


def test_the_page_says_what_was_asked_and_what_was_found(people, tmp_path):
    html = made(people, tmp_path)
    assert "Merging lowers the error on ADNI." in html and "yes, all 2" in html
    assert "Of 2 expectations: 1 met by every line, 1 by some." in html
    assert "Tables, not images." in html and "Tables stand in." in html
    assert "forecast for twice the people of the largest training" in html
    text = re.sub(r"<[^>]+>", " ", html)
    assert "3.44" in text and "3.75 ± 0.250" in text
    assert 'href="../s-merge/report.html"' in html
    assert not re.search(r'(src|href)="https?:', html)
    assert html.count("<img") == 5


def test_everything_stands_in_the_order_of_the_file(people, tmp_path):
    html = made(people, tmp_path)
    places = [html.index(f'id="{name}"') for name in ("scaling", *reversed(FIGURES), "age")]
    assert places == sorted(places)
    asked = [html.index(claim.asked) for claim in reversed(CLAIMS.values())]
    assert asked == sorted(asked)


def test_every_figure_that_is_asked_for_is_drawn_and_described(people, tmp_path):
    made(people, tmp_path)
    listed = json.loads((tmp_path / "figures/figures.json").read_text())
    assert [each["name"] for each in listed] == ["scaling", *FIGURES]
    by_name = {each["name"]: each for each in listed}
    assert "Exponents of the lines: of MAE L1 regression −1.00" in by_name["scaling"]["caption"]
    assert "exp AD" in by_name["gap"]["alt"] and "n = 20" in by_name["cloud"]["alt"]
    assert all((tmp_path / "figures" / f"{name}.svg").is_file() for name in by_name)


def test_a_curve_of_roc_is_of_the_first_group_against_the_last(people, tmp_path):
    from sklearn.metrics import roc_auc_score

    made(people, tmp_path)
    listed = json.loads((tmp_path / "figures/figures.json").read_text())
    said = next(each["alt"] for each in listed if each["name"] == "told")
    frame = read_tsv(people["merge/gap_people"])
    two = frame[(frame["row"] == "exp") & frame["group"].isin(["HC", "AD"])]
    three = frame[frame["row"] == "exp"]
    areas = [roc_auc_score(each["group"] == "AD", each["cole"]) for each in (two, three)]
    assert f"Exponential {areas[0]:.2f}" in said
    assert f"{areas[0]:.2f}" != f"{areas[1]:.2f}"


def test_where_of_a_figure_compares_numbers_and_refuses_a_column_that_there_is_not(people):
    from contrage.study.cells import Finished
    from contrage.study.figures import _panels

    asked = figure(kind="scatter", x="years", y="cole", where={"years": ["3.0"]})
    drawn = StudyFiguresStep(OVERLAYS, {}, curves={}, figures={})
    panels = list(_panels(asked, drawn, Finished(people)))
    assert [len(each.lines) for each in panels] == [3, 3]
    with pytest.raises(TableError, match=r"table gap_people of merge has no column 'site'"):
        list(_panels(replace(asked, where={"site": ("a",)}), drawn, Finished(people)))


def test_what_is_not_in_a_run_is_named_first_and_leaves_empty_cells(people, tmp_path):
    away = tuple(replace(each, is_here=each.name != "merge") for each in OVERLAYS)
    html = made(people, tmp_path, away)
    assert "1 of 5 experiments is not in this run" in html
    assert html.index("Cells of merge are empty") < html.index("<table")
    assert 'href="../s-merge/report.html"' not in html and "not in this run" in html
    found = read_tsv(tmp_path / "age.tsv")
    assert found[found["overlay"] == "merge"]["mae"].isna().all()
    assert json.loads((tmp_path / "figures/figures.json").read_text())[0]["name"] == "scaling"


def test_a_figure_of_an_experiment_s_own_report_can_stand_there(people, tmp_path):
    folder = tmp_path / "report"
    folder.mkdir()
    for suffix in ("png", "svg"):
        (folder / f"mae.{suffix}").write_bytes(suffix.encode())
    entry = {"name": "mae", "title": "Error", "caption": "Dots.", "alt": "x", "file": "mae.png"}
    (folder / "figures.json").write_text(json.dumps([{**entry, "width": 4, "height": 2}]))
    asked = figure(kind="report", table="mae", x="", y="", title="Table 3", asked="Which is best?")
    drawn = StudyFiguresStep(OVERLAYS, {}, curves={}, figures={"best": asked})
    given = {"merge/figures": folder}
    figures(drawn, finished=given, curves=[], output=tmp_path / "figures")
    (listed,) = json.loads((tmp_path / "figures/figures.json").read_text())
    assert (listed["name"], listed["title"], listed["file"]) == ("best", "Table 3", "best.png")
    assert listed["caption"] == "Which is best? Dots." and listed["width"] == 4
    assert (tmp_path / "figures/best.png").read_bytes() == b"png"


def test_headings_of_a_wide_table_stand_over_their_columns(finished, tmp_path):
    from contrage.study.cells import Finished
    from contrage.study.tables import study_table

    found = study_table("age", AGE, step(labels=LABELS), Finished(finished))
    wide = widened(AGE, found, LABELS)
    assert [[(head.text, head.span) for head in line] for line in wide.heads] == [
        [("single", 4), ("merge", 4)],
        [("ADNI", 2), ("OASIS-3", 2), ("ADNI", 2), ("OASIS-3", 2)],
        [("MAE", 1), ("R²", 1)] * 4,
    ]
    (name, _, cells) = wide.lines[1]
    assert name == ("Exponential",)
    assert [cell.text for cell in cells][:3] == ["3.75 ± 0.250", "0.600", "4.75 ± 0.250"]
    assert [cell.paper for cell in cells] == ["3.44", *[""] * 7]


def test_a_table_may_have_no_columns_but_its_values(finished):
    from contrage.study.cells import Finished
    from contrage.study.tables import study_table

    asked = table(
        overlays=["merge"], columns=[], values=["mae", "r2"], paper={"mae": {"": {"l1": 2}}}
    )
    found = study_table("x", asked, step(), Finished(finished))
    assert list(found["mae_paper"].dropna()) == [2]
    wide = widened(asked, found, {})
    assert [[head.text for head in line] for line in wide.heads] == [["MAE", "R²"]]
    assert [cell.text for cell in wide.lines[0][2]] == ["4.00", "0.500"]


def panel(lines: dict) -> draw.Panel:
    return draw.Panel("merge", "adni", "exp", pd.DataFrame(lines))


def of_seeds(seeds: int = 2) -> dict:
    """People of two groups, each with a gap of every seed; seeds are on other scales."""
    rng = np.random.default_rng(3)
    people = [f"sub-{n}" for n in range(20)] * seeds
    gap = np.concatenate([rng.normal(0, 1, 20) + np.arange(20) / 10 + 50 * s for s in range(seeds)])
    return {
        "seed": np.repeat(range(seeds), 20),
        "participant_id": people,
        "group": (["HC"] * 10 + ["AD"] * 10) * seeds,
        "age": np.tile(np.arange(60.0, 80), seeds),
        "cole": gap,
    }


def test_an_area_of_several_seeds_is_the_mean_of_theirs_with_a_curve_for_each():
    from sklearn.metrics import roc_auc_score

    lines = pd.DataFrame(of_seeds())
    areas = [roc_auc_score(s["group"] == "AD", s["cole"]) for _, s in lines.groupby("seed")]
    pooled = roc_auc_score(lines["group"] == "AD", lines["cole"])
    assert f"{pooled:.2f}" != f"{np.mean(areas):.2f}"
    asked = figure(kind="roc", x="group", y="cole", order=("HC", "AD"))
    canvas, said = draw.roc(asked, [panel(of_seeds())], {})
    assert said.endswith(f"{np.mean(areas):.2f}")
    assert len(canvas.axes[0].lines) == 1 + 2  # the diagonal is one
    assert len(canvas.axes[0].get_legend().get_texts()) == 1


def test_a_violin_is_of_people_and_not_of_people_times_seeds():
    lines = of_seeds()
    seen = draw._of_people(pd.DataFrame(lines), ["group"], ["cole"])
    assert len(seen) == 20
    wanted = pd.DataFrame(lines).groupby("participant_id")["cole"].mean()
    assert seen.set_index("participant_id")["cole"].to_dict() == pytest.approx(wanted.to_dict())
    asked = figure(kind="violin", x="group", y="cole", order=("HC", "AD"))
    _, said = draw.violin(asked, [panel(lines)], {})
    assert "exp AD" in said


def test_each_seed_has_a_line_of_its_own_under_one_name():
    bins = {
        "seed": [0, 0, 0, 1, 1, 1],
        "p": [0.1, 0.5, 0.9] * 2,
        "seen": [0.1, 0.4, 1, 0, 0.6, 0.8],
    }
    asked = figure(kind="line", x="p", y="seen")
    canvas, _ = draw.line(asked, [panel(bins)], {})
    drawn = [each.get_ydata().tolist() for each in canvas.axes[0].lines]
    assert drawn == [[0.1, 0.4, 1], [0, 0.6, 0.8]]
    assert len(canvas.legends[0].get_texts()) == 1


def test_a_scatter_says_of_how_many_trainings_its_points_are_and_what_its_interval_takes():
    rng = np.random.default_rng(0)
    points = {"seed": [0] * 8, "fold": np.repeat([0, 1], 4), "mae": rng.normal(3, 1, 8)}
    points["bacc"] = 1 - 0.1 * points["mae"] + rng.normal(0, 0.01, 8)
    asked = figure(kind="scatter", x="mae", y="bacc")
    _, said = draw.scatter(asked, [panel(points)], {})
    assert "as if points were independent" in said and "n = 8 of 2 trainings" in said
    _, said = draw.scatter(figure(kind="scatter", x="age", y="cole"), [panel(of_seeds())], {})
    assert "n = 20" in said and "trainings" not in said


def test_numbers_have_two_digits_at_least():
    said = [shown(value) for value in (0.00048, -0.0062, 0.0, 0.0147, 0.5671, 4.556, 1284.0)]
    assert said == ["0.00048", "−0.0062", "0.000", "0.015", "0.567", "4.56", "1284"]
    assert shown(float("nan")) == "–"


@pytest.mark.parametrize("column", ["p", "p_holm", "x.p_t"])
def test_a_p_that_is_small_is_below_a_thousandth(column):
    frame = pd.DataFrame({column: [0.0004, 0.03], "power": [0.0004, 0.03]})
    assert _cell(frame, 0, column, False).text == "< 0.001"
    assert _cell(frame, 1, column, False).text == "0.030"
    assert _cell(frame, 0, "power", False).text == "0.00040"


def test_people_are_counted_in_whole_numbers():
    frame = pd.DataFrame({"n_female": [7.0], "all.n_scans": [12.0], "age_min": [7.0]})
    told = [_cell(frame, 0, column, False).text for column in frame]
    assert told == ["7", "12", "7.00"]
