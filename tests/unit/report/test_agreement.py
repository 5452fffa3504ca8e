"""Figures of predictions person by person, and of the order of losses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import synthetic
from test_figures import canvas

from contrage.files import read_json
from contrage.report.elements import agreement, outcome, ranks
from contrage.report.style import loss_name
from contrage.tables import read_tsv, write_tsv


@pytest.fixture
def drawn(bare):
    bare.make_tables()
    return bare


def every_test(report, row: str) -> pd.DataFrame:
    files = sorted(report.path("predictions", row).glob("*.tsv"))
    both = pd.concat(map(read_tsv, files))
    return both[both["split"] == "test"]


def test_limits_of_agreement_are_those_of_the_mean_predictions(drawn, monkeypatch):
    axes = canvas(drawn, agreement.bland_altman, monkeypatch).axes
    order = read_tsv(drawn.path("tables", "mae.tsv")).sort_values("mae_mean")["loss"]
    assert len(axes) == len(order) == 2
    for panel, row in zip(axes, order, strict=True):
        people = every_test(drawn, row).groupby("scan_id")[["age", "predicted_age"]].mean()
        apart = people["predicted_age"] - people["age"]
        middle, sd = apart.mean(), apart.std()
        lines = sorted(line.get_ydata()[0] for line in panel.lines)
        wanted = sorted([0, middle, middle - 1.96 * sd, middle + 1.96 * sd])
        assert lines == pytest.approx(wanted)
        found = np.asarray(panel.collections[0].get_offsets())
        wanted = np.column_stack([people.mean(axis=1), apart])
        np.testing.assert_allclose(found[found[:, 1].argsort()], wanted[wanted[:, 1].argsort()])


def make_many(report) -> None:
    """Test everybody, so that bands have people."""
    rng = np.random.default_rng(3)
    scans = read_tsv(report.path("dataset", "scans.tsv"))
    for row in report.settings["rows"]:
        for seed in synthetic.SEEDS:
            frame = synthetic.predictions_table(scans, 4.0, rng).assign(split="test")
            learned = frame.assign(split="train", scan_id="sub-x", participant_id="sub-x")
            path = report.path("predictions", row, f"seed-{seed}.tsv")
            write_tsv(path, pd.concat([frame, learned.head(5)]))


def test_errors_by_band_are_means_over_people_of_their_mean_errors(bare, monkeypatch):
    make_many(bare)
    (axes,) = canvas(bare, agreement.error_by_band, monkeypatch).axes
    ticks = [text.get_text().split("\nn = ") for text in axes.get_xticklabels()]
    assert sum(int(size) for _, size in ticks) == 60 and all(int(size) >= 10 for _, size in ticks)
    found = {loss_name(row): {} for row in bare.settings["rows"]}
    for row in bare.settings["rows"]:
        tests = every_test(bare, row)
        tests = tests.assign(error=(tests["predicted_age"] - tests["age"]).abs())
        people = tests.groupby("participant_id")[["error", "age"]].mean()
        for name, size in ticks:
            low, high = map(float, name.split(" to "))
            part = people[(people["age"] >= low) & (people["age"] < high)]
            assert len(part) == int(size)
            found[loss_name(row)][name] = part["error"].mean()
    shown = np.sort(np.concatenate([np.atleast_1d(line.get_ydata()) for line in axes.lines
                                    if len(line.get_ydata()) == len(ticks)]))  # fmt: skip
    wanted = np.sort([each for of_row in found.values() for each in of_row.values()])
    assert shown == pytest.approx(wanted)


def test_of_a_dozen_test_people_no_bands_are_drawn(drawn, monkeypatch):
    assert canvas(drawn, agreement.error_by_band, monkeypatch) is None


def test_the_places_in_the_figure_are_those_of_its_table(drawn):
    drawn.make_figures("ranks", drawn=False)
    table = read_tsv(drawn.path("figures", "ranks.tsv"))
    told = {e["name"]: e for e in read_json(drawn.path("figures", "figures.json"))}["ranks"]
    assert "200 bootstrap draws of the 12 test participants" in told["caption"]
    for line in table.itertuples():
        assert f"{loss_name(line.loss)} {100 * line.place_1:.0f} %" in told["alt"]


def test_one_loss_alone_has_no_order(drawn, monkeypatch):
    drawn.settings["rows"] = ["exp"]
    drawn.path("tables", "mae.tsv").unlink()
    assert canvas(drawn, ranks.ranks, monkeypatch) is None


def test_the_density_of_many_points_is_drawn_and_said(bare, monkeypatch):
    make_many(bare)
    bare.make_figures("predicted_vs_true", drawn=False)
    axes = canvas(bare, outcome.predicted_vs_true, monkeypatch).axes
    assert all(len(panel.collections) == 3 for panel in axes), "points, seeds, contours"
    entry = {e["name"]: e for e in read_json(bare.path("figures", "figures.json"))}
    assert "60 test scans per panel" in entry["predicted_vs_true"]["caption"]
    assert "Contours: density" in entry["predicted_vs_true"]["caption"]


def test_curves_of_all_rows_are_drawn_those_of_other_norms_too(bare, monkeypatch):
    bare.settings["norm_rows"] = {"manhattan": "dynlocrep", "cosine": "dynlocrep-cosine"}
    axes = canvas(bare, outcome.training_curves, monkeypatch).axes
    titles = {panel.get_title(loc="left") for panel in axes}
    assert titles == {loss_name(row) for row in ("exp", "dynlocrep", "dynlocrep-cosine")}


def test_numbers_beside_the_errors_touch_neither_lines_nor_each_other(whole, monkeypatch):
    drawn = canvas(whole, outcome.mae, monkeypatch)
    drawn.set_layout_engine("constrained")
    drawn.canvas.draw()
    (axes,) = drawn.axes
    area = axes.get_window_extent()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert len(boxes) == len(synthetic.LOSSES)
    assert all(box.x0 > area.x1 for box in boxes)
    assert all(not one.overlaps(other) for at, one in enumerate(boxes) for other in boxes[:at])
