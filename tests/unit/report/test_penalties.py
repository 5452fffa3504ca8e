"""What tables and page tell of the probe's penalty, and of rows that learned permuted ages."""

from __future__ import annotations

import pandas as pd
import pytest
import synthetic
from configured import configured

from contrage.files import read_json, write_json
from contrage.report.alphas import at_the_edge, chosen, fixed, power, words
from contrage.report.findings import Study, paragraph
from contrage.report.notes import notes
from contrage.tables import read_tsv, write_tsv

CANDIDATES = [0.01, 0.1, 1.0, 10.0, 100.0]


def metrics(*alphas: float, at: float = 3.0, candidates=CANDIDATES) -> dict:
    return {
        "alpha": list(alphas),
        "alpha_candidates": candidates,
        "mae_at_alpha": [[1.0, at], [100.0, at + 1]],
    }


def test_penalties_are_counted_over_seeds_and_folds() -> None:
    table = chosen({"exp": [metrics(100.0, 10.0), metrics(100.0, 0.01)], "l1": [metrics(1.0, 1.0)]})
    exp, l1 = table.to_dict("records")
    assert (exp["alpha_median"], exp["alpha_min"], exp["alpha_max"]) == (10.0, 0.01, 100.0)
    assert (exp["n_fits"], exp["n_alpha_lowest"], exp["n_alpha_highest"]) == (4, 1, 2)
    assert (l1["n_alpha_lowest"], l1["n_alpha_highest"]) == (0, 0)
    assert words(exp) == "10 (0.01–100)"
    assert words(l1) == "1"


def test_one_candidate_has_no_end() -> None:
    (line,) = chosen({"exp": [metrics(1.0, candidates=[1.0])]}).to_dict("records")
    assert line["n_alpha_lowest"] == line["n_alpha_highest"] == 0


def test_errors_at_fixed_penalties_are_means_over_seeds() -> None:
    table = fixed({"exp": [metrics(1.0, at=3.0), metrics(1.0, at=4.0)]})
    assert table.to_dict("records") == [
        {"loss": "exp", "alpha": 1.0, "mae_mean": 3.5},
        {"loss": "exp", "alpha": 100.0, "mae_mean": 4.5},
    ]


def test_large_penalties_are_written_as_powers() -> None:
    assert [power(alpha) for alpha in (0.01, 1.0, 100.0, 1e3, 1e4, 1e6, 31623.0)] == [
        "0.01", "1", "100", "1000", "10⁴", "10⁶", "31623",
    ]  # fmt: skip


def test_an_end_of_the_list_is_told_with_the_key_and_the_number_of_fits() -> None:
    table = chosen({"exp": [metrics(100.0, 10.0)], "l1": [metrics(1.0, 0.01)]})
    names = {"exp": "Exponential", "l1": "L1 regression"}
    assert at_the_edge(table, names, "probe.alphas") == (
        "the largest penalty of probe.alphas in fits of Exponential (1 of 2) and the smallest "
        "penalty of probe.alphas in fits of L1 regression (1 of 2)"
    )
    assert at_the_edge(chosen({"l1": [metrics(1.0)]}), names, "probe.alphas") == ""


def study(mae: dict, baselines: dict, **config) -> Study:
    return Study(
        configured(**config),
        {
            "mae": pd.DataFrame(mae),
            "baselines": pd.DataFrame(baselines),
            "cohort": pd.DataFrame(
                [{"site": "all", "n_participants": 60, "n_scans": 60, "age_mean": 30.0,
                  "age_sd": 5.0, "age_min": 18.0, "age_max": 35.0}]
            ),
            "excluded": pd.DataFrame(),
        },
        60,
        [],
    )  # fmt: skip


LINE = {"mae_sd": 0.1, "n_seeds": 3, "mae_baseline": 3.4, "diff_to_best": [0.0, 0.3]}
LINE |= {"diff_ci_low": [0.0, 0.1], "diff_ci_high": [0.0, 0.5], "p_holm": [None, 0.01]}


def compared(errors: list[float], null: float | None = None, **config) -> Study:
    mae = LINE | {"loss": ["rnc", "exp"], "mae_mean": errors}
    mae |= {"ci_low": [e - 0.05 for e in errors], "ci_high": [e + 0.05 for e in errors]}
    names, values = ["mean"], [3.4]
    if null is not None:
        names, values = [*names, "exp-null"], [*values, null]
    return study(mae, {"baseline": names, "mae_mean": values}, **config)


def test_the_first_sentence_crowns_no_loss_that_is_worse_than_the_mean() -> None:
    text = paragraph(compared([3.5, 3.8]))
    assert "had the lowest" not in text
    assert (
        "No loss was better than predicting the mean age of the training set, which errs by 3.40 "
        "years: the lowest mean absolute error, 3.50 ± 0.10 years"
    ) in text
    assert "is clear of" not in text
    assert "Rank-N-Contrast had the lowest" in paragraph(compared([3.3, 3.8]))


def test_what_chance_reaches_is_told_where_it_was_tried() -> None:
    said = "Trained on permuted ages, so with nothing to learn, Exponential errs by 3.73 years."
    assert said in paragraph(compared([3.3, 3.8], null=3.73))
    assert "permuted" not in paragraph(compared([3.3, 3.8]))


def test_a_row_worse_than_the_mean_is_compared_with_its_own_null() -> None:
    study = compared([3.75, 3.8], null=3.73)
    study.tables["baselines"]["ci_low"] = [3.0, 3.6]
    study.tables["mae"]["diff_to_null"] = [None, -0.23]
    study.tables["mae"]["null_ci_low"] = [None, -0.4]
    study.tables["mae"]["null_ci_high"] = [None, -0.05]
    (box,) = [note for note in notes(study) if "Worse than" in note.title]
    assert "nothing to learn err by 3.73 years" in box.text
    assert (
        "Exponential against its own null: −0.23 years (95 % interval −0.40 to −0.05)." in box.text
    )
    assert "Rank-N-Contrast against" not in box.text


def test_a_null_that_is_not_clear_of_the_mean_is_no_other_bar() -> None:
    study = compared([3.75, 3.8], null=3.5)
    study.tables["baselines"]["ci_low"] = [3.0, 3.1]
    (box,) = [note for note in notes(study) if "Worse than" in note.title]
    assert "chance" not in box.text


def test_on_whom_the_penalty_was_chosen_is_told() -> None:
    text = paragraph(compared([3.3, 3.8], probe={"alpha": "unseen"}))
    assert "its penalty chosen on people from whom a second encoder had not learned" in text
    assert "penalty" not in paragraph(compared([3.3, 3.8], probe={"alpha": "training"}))


@pytest.fixture
def with_null(bare):
    """The made-up experiment with a row that learned permuted ages."""
    bare.settings["null_rows"] = ["exp-null"]
    for seed in synthetic.SEEDS:
        frame = read_tsv(bare.path("predictions", "exp", f"seed-{seed}.tsv"))
        mean = frame.loc[frame["split"] == "train", "age"].mean()
        null = frame.assign(predicted_age=0.9 * mean + 0.1 * frame["predicted_age"])
        write_tsv(bare.path("predictions", "exp-null", f"seed-{seed}.tsv"), null)
        found = read_json(bare.path("metrics", "exp", f"seed-{seed}.json"))
        found |= {"alpha": [100.0] * len(found["alpha"])}
        write_json(bare.path("metrics", "exp-null", f"seed-{seed}.json"), found)
        write_json(bare.path("metrics", "dynlocrep", f"seed-{seed}.json"), found)
    bare.make_tables()
    bare.make_figures(drawn=False)
    bare.make_page()
    return bare


def test_the_null_stands_beside_the_baselines_and_not_among_the_losses(with_null) -> None:
    losses = read_tsv(with_null.path("tables", "mae.tsv"))
    baselines = read_tsv(with_null.path("tables", "baselines.tsv")).set_index("baseline")
    assert "exp-null" not in set(losses["loss"])
    errors = []
    for seed in synthetic.SEEDS:
        frame = read_tsv(with_null.path("predictions", "exp-null", f"seed-{seed}.tsv"))
        test = frame[frame["split"] == "test"]
        errors.append((test["predicted_age"] - test["age"]).abs().mean())
    assert baselines.loc["exp-null", "mae_mean"] == pytest.approx(sum(errors) / len(errors))
    assert set(read_tsv(with_null.path("tables", "alphas.tsv"))["loss"]) >= {"exp-null", "exp"}


def test_a_row_is_compared_with_its_own_null_person_by_person(with_null) -> None:
    losses = read_tsv(with_null.path("tables", "mae.tsv")).set_index("loss")
    baselines = read_tsv(with_null.path("tables", "baselines.tsv")).set_index("baseline")
    gap = losses.loc["exp", "mae_mean"] - baselines.loc["exp-null", "mae_mean"]
    assert losses.loc["exp", "diff_to_null"] == pytest.approx(gap)
    assert losses.loc["exp", "null_ci_low"] < gap < losses.loc["exp", "null_ci_high"] < 0
    assert losses.loc["dynlocrep", ["diff_to_null", "null_ci_low"]].isna().all()


def test_without_an_interval_no_overlap_is_told_and_nothing_is_sure() -> None:
    study = compared([3.3, 3.8])
    study.tables["mae"][["ci_low", "ci_high", "diff_ci_low", "diff_ci_high"]] = float("nan")
    study.tables["mae"]["p_holm"] = [None, 0.5]
    boxes = {note.title: note.text for note in notes(study)}
    assert (
        "With so few participants there is no interval."
        in boxes["The best loss is not clearly the best"]
    )
    assert "overlap" not in boxes["The best loss is not clearly the best"]
    assert "is not known" in boxes["Perhaps no better than predicting the mean"]


def test_the_page_has_the_null_its_words_and_the_penalties(with_null) -> None:
    html = with_null.html
    assert "Exponential on permuted ages" in html
    assert "On permuted ages (the null)" in html
    assert "A penalty at the end of its list" in html
    assert "probe.alphas in fits of DynLocRep (3 of 3)" in html
    assert "Whatever penalty had been chosen" in html
    assert "has learned nothing" not in html
