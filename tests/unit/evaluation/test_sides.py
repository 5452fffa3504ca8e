"""How well two sides are told apart: by person, with a threshold and without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from evaluation_steps import statistics

from contrage.errors import TableError
from contrage.evaluation.elements.external import external_sides
from contrage.evaluation.statistics.sides import (
    area,
    bacc_table,
    balanced_accuracy,
    by_person,
    side_baselines,
    side_scores,
)

SETTINGS = statistics(bootstrap=400, permutations=200)


def frame(true, probability, people=None, **more) -> pd.DataFrame:
    names = people or [f"sub-{n}" for n in range(len(true))]
    scans = [f"{name}_ses-{n}" for n, name in enumerate(names)]
    columns = {"participant_id": names, "scan_id": scans, "target": true, "predicted": probability}
    return pd.DataFrame({**columns, "split": "test", "fold": 0, **more})


def test_balanced_accuracy_is_the_mean_of_sensitivity_and_specificity():
    """30 of 40 and 80 of 100 recognised: .775 (the accuracy is .786)."""
    true = [1] * 40 + [0] * 100
    probability = [0.9] * 30 + [0.2] * 10 + [0.1] * 80 + [0.7] * 20
    assert balanced_accuracy(true, probability) == pytest.approx(0.775)
    found = side_scores(frame(true, probability))
    assert (found["sensitivity"], found["specificity"]) == (0.75, 0.8)


def test_half_is_positive_and_ties_count_half_in_the_area():
    assert balanced_accuracy([1, 0], [0.5, 0.4999]) == 1
    assert area([1, 1, 1, 0, 0, 0, 0], [5, 3, 8, 1, 3, 4, 0]) == pytest.approx(0.875)


def test_the_same_for_everyone_is_one_half():
    found = side_scores(frame([1, 1, 0, 0, 0], [0.9] * 5))
    assert (found["bacc"], found["auc"]) == (0.5, 0.5)


def test_a_person_counts_once_with_the_mean_probability():
    people = ["a", "a", "a", "b", "c", "c"]
    told = frame([1, 1, 1, 0, 0, 0], [0.3, 0.6, 0.9, 0.1, 0.9, 0.3], people)
    assert by_person(told)["predicted"].tolist() == pytest.approx([0.6, 0.1, 0.6])
    assert side_scores(told)["bacc"] == 0.75


def test_a_side_without_anybody_has_no_measure():
    found = side_scores(frame([1, 1], [0.9, 0.2]))
    assert np.isnan(found["bacc"])
    assert np.isnan(found["auc"])


def rows(rng, seeds=3, people=60):
    true = np.arange(people) % 2

    def of(noise):
        return [
            frame(true, 1 / (1 + np.exp(-(4 * true - 2 + noise * rng.normal(size=people)))))
            for _ in range(seeds)
        ]

    return {"good": of(1.0), "bad": of(20.0)}


def test_the_table_has_means_and_spread_over_seeds_and_an_interval_over_people(rng):
    made = rows(rng)
    table = bacc_table(made, SETTINGS).set_index("loss")
    assert list(table)[:8] == [
        *("bacc_mean", "bacc_sd", "auc_mean", "auc_sd", "n_seeds", "n_participants"),
        *("ci_low", "ci_high"),
    ]
    each = pd.DataFrame([side_scores(seed) for seed in made["good"]])
    good = table.loc["good"]
    assert good["bacc_mean"] == pytest.approx(each["bacc"].mean())
    assert good["bacc_sd"] == pytest.approx(each["bacc"].std(ddof=1))
    assert good["auc_mean"] == pytest.approx(each["auc"].mean())
    assert (good["n_seeds"], good["n_participants"], good["bacc_baseline"]) == (3, 60, 0.5)
    assert good["ci_low"] < good["bacc_mean"] <= good["ci_high"] <= 1
    assert good["ci_low"] > table.loc["bad", "ci_high"]
    assert bacc_table(made, SETTINGS).equals(bacc_table(made, SETTINGS))


def test_the_interval_is_as_wide_as_the_binomial_one(rng):
    true = np.repeat([1, 0], 400)
    right = rng.uniform(size=800) < 0.8
    told = frame(true, np.where(right, true, 1 - true))
    (line,) = bacc_table({"one": [told]}, replace(SETTINGS, bootstrap=4000)).to_dict("records")
    half = 1.96 * np.sqrt(0.8 * 0.2 / 800)
    assert (line["ci_high"] - line["ci_low"]) / 2 == pytest.approx(half, rel=0.1)


def test_one_person_of_a_side_has_no_interval():
    (line,) = bacc_table({"one": [frame([1, 0, 0], [1, 0, 0])]}, SETTINGS).to_dict("records")
    assert line["bacc_mean"] == 1
    assert np.isnan(line["ci_low"])


def test_seeds_with_test_people_of_their_own_are_taken_together(rng):
    first = frame([1, 1, 0, 0], [1, 0, 0, 0], list("abcd"))
    second = frame([1, 1, 0, 0], [1, 1, 0, 0], list("efgh"))
    (line,) = bacc_table({"one": [first, second]}, SETTINGS).to_dict("records")
    assert line["bacc_mean"] == pytest.approx((0.75 + 1) / 2)
    assert line["n_participants"] == 8
    assert 0 < line["ci_low"] <= line["ci_high"] == 1


def test_rows_tested_on_different_scans_are_refused(rng):
    made = {"one": [frame([1, 0], [1, 0])], "two": [frame([1, 0], [1, 0], ["x", "y"])]}
    with pytest.raises(TableError, match="'two' and 'one' were tested on different scans"):
        bacc_table(made, SETTINGS)


def test_external_people_are_told_by_site_and_by_person():
    site = {"site": ["a", "a", "b", "b"]}
    away = frame([1, 0, 1, 0], [0.9, 0.1, 0.2, 0.1], list("efgh"), **site)
    told = pd.concat([frame([1, 0], [0.9, 0.1]), away.assign(split="external")])
    table = external_sides({"supcon": [told, told]}).set_index("site")
    assert list(table.index) == ["all", "a", "b"]
    assert table["bacc"].tolist() == [0.75, 1.0, 0.5]
    assert table["auc"].tolist() == [1.0, 1.0, 1.0]
    assert table.loc["all", ["bacc_sd", "bacc_baseline", "n_seeds"]].tolist() == [0, 0.5, 2]
    assert table["n_participants"].tolist() == [4, 2, 2]


def test_baselines_stand_best_first():
    plain = pd.concat(
        [
            frame([1, 1, 0, 0], [0.5] * 4, baseline="mean"),
            frame([1, 1, 0, 0], [0.9, 0.2, 0.1, 0.1], baseline="logistic-features"),
        ]
    )
    null = frame([1, 1, 0, 0], [0.1, 0.2, 0.9, 0.1])
    table = side_baselines([plain], SETTINGS, {"bce-null": [null]})
    assert table["baseline"].tolist()[-1] == "bce-null" and table["bacc_mean"].iloc[-1] == 0.25
    table = table.iloc[:-1]
    assert table["baseline"].tolist() == ["logistic-features", "mean"]
    assert table["bacc_mean"].tolist() == [0.75, 0.5]


def test_each_fold_has_its_own_model_of_external_people():
    """Folds that recognise 2 of 2 and 1 of 2 of the sick, all and one of two of the healthy."""
    one = frame([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.3], list("abcd"), site="x")
    two = frame([1, 1, 0, 0], [0.9, 0.4, 0.6, 0.3], list("abcd"), site="x").assign(fold=1)
    told = pd.concat([one, two]).assign(split="external")
    (line,) = external_sides({"bce": [told]}).to_dict("records")
    assert (line["bacc"], line["sensitivity"], line["specificity"]) == (0.75, 0.75, 0.75)
    assert line["bacc_fold_sd"] == pytest.approx(np.std([1, 0.5], ddof=1))
    assert line["auc"] == pytest.approx(np.mean([1, 0.75]))
    assert line["auc_fold_sd"] == pytest.approx(np.std([1, 0.75], ddof=1))
    counts = [line[name] for name in ("n_seeds", "n_participants", "n_scans", "n_folds")]
    assert counts == [1, 4, 4, 2] and np.isnan(line["bacc_sd"])
