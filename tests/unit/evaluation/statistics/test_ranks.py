"""How often each row has each place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from given import given

from contrage.evaluation.statistics.ranks import places, rank_table
from contrage.settings.blocks.statistics import StatisticsSettings


def test_places_are_counted_draw_by_draw(rng):
    mae = rng.integers(1, 5, (200, 4)).astype(float)  # with many that are equal
    found = places(mae)
    wanted = np.zeros((4, 4))
    for draw in mae:
        for row, error in enumerate(draw):
            first = sum(other < error for other in draw)
            equal = sum(other == error for other in draw)
            for place in range(first, first + equal):
                wanted[row, place] += 1 / equal / len(mae)
    np.testing.assert_allclose(found, wanted)
    np.testing.assert_allclose(found.sum(0), 1)
    np.testing.assert_allclose(found.sum(1), 1)


def frame(errors: np.ndarray) -> pd.DataFrame:
    people = [f"sub-{n}" for n in range(len(errors))]
    told = {"participant_id": people, "scan_id": people, "fold": 0, "split": "test"}
    # Whoever was learned from predicts nothing here, however well.
    test = pd.DataFrame(told | {"target": 50.0, "predicted": 50.0 + errors})
    return pd.concat([test, test.assign(split="train", predicted=50.0, scan_id="sub-x")])


def test_a_row_that_errs_less_for_everybody_is_always_first():
    errors = np.linspace(1, 9, 20)
    rows = {"b": [frame(errors + 1), frame(errors + 2)], "a": [frame(errors), frame(errors)]}
    found = rank_table(rows, given(StatisticsSettings, "statistics", bootstrap=50))
    assert found["loss"].tolist() == ["b", "a"]
    assert found[["place_1", "place_2"]].to_numpy().tolist() == [[0, 1], [1, 0]]
    assert found[["n_participants", "draws"]].drop_duplicates().to_numpy().tolist() == [[20, 50]]


def test_rows_that_differ_by_chance_alone_share_the_first_place(rng):
    errors = rng.normal(0, 5, (2, 400))
    settings = given(StatisticsSettings, "statistics", bootstrap=400)
    found = rank_table({"a": [frame(errors[0])], "b": [frame(errors[1])]}, settings)
    draws = np.abs(errors).T[rng.integers(0, 400, (4000, 400))].mean(1)
    wanted = (draws[:, 0] < draws[:, 1]).mean()
    assert found["place_1"][0] == pytest.approx(wanted, abs=0.08)
