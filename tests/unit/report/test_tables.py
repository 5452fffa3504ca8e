"""The TSV files of the report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import synthetic
from targets import AGE, POINTS

from contrage.errors import TableError
from contrage.report.first_scans import first_scans
from contrage.report.runtimes import runtime_table
from contrage.report.tables import cohort_table, exclusion_table
from contrage.settings.steps.report import MeasuredRule
from contrage.tables import read_tsv, write_tsv


def test_the_error_of_a_loss_is_the_mean_over_seeds_of_its_test_errors(whole) -> None:
    table = read_tsv(whole.path("tables", "mae.tsv")).set_index("loss")
    assert set(table.index) == set(synthetic.LOSSES)
    for loss in table.index:
        seeds = []
        for seed in synthetic.SEEDS:
            errors = [
                abs(line.predicted_age - line.age)
                for line in read_tsv(
                    whole.path("predictions", loss, f"seed-{seed}.tsv")
                ).itertuples()
                if line.split == "test"
            ]
            seeds.append(sum(errors) / len(errors))
        assert table.loc[loss, "mae_mean"] == pytest.approx(np.mean(seeds))
        assert table.loc[loss, "mae_sd"] == pytest.approx(np.std(seeds, ddof=1))
        assert table.loc[loss, "n_seeds"] == len(seeds)


def test_the_ablation_has_a_line_per_norm(whole) -> None:
    table = read_tsv(whole.path("tables", "norms.tsv"))
    assert dict(zip(table["norm"], table["loss"], strict=True)) == synthetic.NORMS


def test_without_an_ablation_the_table_of_norms_is_empty(bare) -> None:
    bare.make_tables()
    assert len(read_tsv(bare.path("tables", "norms.tsv"))) == 0


def test_a_missing_file_of_predictions_is_named(bare) -> None:
    bare.path("predictions", "exp", "seed-1.tsv").unlink()
    with pytest.raises(TableError, match=r"predictions/exp/seed-1\.tsv is missing"):
        bare.make_tables()


def test_the_cohort_table_counts_people_and_scans_by_study() -> None:
    scans = pd.DataFrame(
        {
            "participant_id": ["sub-1", "sub-1", "sub-2", "sub-3"],
            "age": [20.0, 22.0, 30.0, 70.0],
            "sex": ["F", "F", "male", "m"],
            "site": ["A", "A", "A", "B"],
            "coverage": [0.9, 0.8, 1.0, 0.7],
        }
    )
    table = cohort_table(scans, AGE).set_index("site")
    assert list(table.index) == ["A", "B", "all"]
    assert table.loc["A", ["n_participants", "n_scans"]].tolist() == [2, 3]
    assert table.loc["A", "age_mean"] == 25
    assert table.loc["A", "age_sd"] == pytest.approx(np.std([20, 30], ddof=1))
    assert table.loc["all", ["n_female", "n_male"]].tolist() == [1, 2]
    assert table.loc["A", "coverage_median"] == pytest.approx(0.9)
    assert np.isnan(table.loc["B", "age_sd"])


def test_the_range_of_ages_is_that_of_all_scans() -> None:
    scans = pd.DataFrame(
        {"participant_id": ["sub-1", "sub-2", "sub-2"], "age": [30.0, 79.8, 81.3], "site": "A"}
    )
    (line,) = cohort_table(scans, AGE).to_dict("records")
    assert (line["age_min"], line["age_max"]) == (30.0, 81.3)
    assert line["age_mean"] == pytest.approx((30 + 79.8) / 2), "each participant counts once"


def test_a_cohort_without_studies_sexes_and_coverage_is_one_line() -> None:
    table = cohort_table(pd.DataFrame({"participant_id": ["sub-1"], "age": [20.0]}), AGE)
    assert table["site"].tolist() == ["all"]
    assert "n_female" not in table


def test_scans_without_a_study_are_counted_as_such() -> None:
    scans = pd.DataFrame(
        {"participant_id": ["sub-1", "sub-2"], "age": [20.0, 30.0], "site": ["A", None]}
    )
    assert cohort_table(scans, AGE)["site"].tolist() == ["(not given)", "A", "all"]


def test_no_exclusions_give_a_table_of_headings() -> None:
    empty = pd.DataFrame(columns=["scan_id", "participant_id", "stage", "reason"])
    assert list(exclusion_table(empty).columns) == list(empty.columns)


PLANNED = [
    MeasuredRule("derivatives", "benchmarks/check/{folder}/{scan}.tsv", {}),
    MeasuredRule("derivatives", "benchmarks/screen/all.tsv", {}),
    MeasuredRule(
        "results",
        "benchmarks/train/{row}/seed-{seed}_fold-{fold}.tsv",
        {"row": ("exp",), "seed": (0, 2), "fold": (0,)},
    ),
]


def measured(folder, *names: str, seconds: float = 1.0, memory: str = "10") -> None:
    """Write what Snakemake does of a job, of several alike."""
    line = {"s": [seconds], "h:m:s": ["0"], "max_rss": [memory], "cpu_time": ["NA"]}
    for name in names:
        write_tsv(folder / "benchmarks" / f"{name}.tsv", pd.DataFrame(line))


def test_run_times_are_summed_by_rule(tmp_path) -> None:
    folders = {"derivatives": tmp_path / "d", "results": tmp_path / "r"}
    measured(folders["results"], "train/exp/seed-0_fold-0", seconds=2.0)
    measured(folders["results"], "train/exp/seed-2_fold-0", seconds=4.0, memory="-")
    measured(folders["derivatives"], "screen/all", memory="30")
    table = runtime_table(PLANNED, folders)
    assert table["step"].tolist() == ["train", "screen"]
    assert table.loc[0, ["jobs", "total_s", "median_s", "max_s", "peak_mb"]].tolist() == [
        2, 6, 3, 4, 10,
    ]  # fmt: skip
    assert table["cpu_s"].isna().all()


def test_run_times_of_what_is_in_the_plan_no_longer_do_not_count(tmp_path) -> None:
    folders = {"derivatives": tmp_path / "d", "results": tmp_path / "r"}
    measured(folders["derivatives"], "check/sub-1/sub-1", "check/sub-2/ses-a/sub-2_ses-a")
    measured(folders["derivatives"], "screen/all", "phantom/sub-1/sub-1")
    measured(folders["results"], *(f"train/exp/seed-{seed}_fold-0" for seed in range(4)))
    measured(folders["results"], "train/exp/seed-0_fold-1", "train/l1/seed-0_fold-0")
    table = runtime_table(PLANNED, folders, ["sub-2_ses-a", "sub-3"]).set_index("step")
    assert table["jobs"].to_dict() == {"check": 1, "screen": 1, "train": 2}


def test_without_benchmarks_the_table_of_run_times_is_empty(tmp_path) -> None:
    assert len(runtime_table(PLANNED, {"derivatives": tmp_path, "results": tmp_path}, ["a"])) == 0


def test_the_first_scan_is_that_of_the_first_session_whatever_the_target_says() -> None:
    people = pd.DataFrame(
        {
            "participant_id": ["sub-1", "sub-1", "sub-2", "sub-2", "sub-2"],
            "session": ["10", "2", "b", "a", "c"],
            "progression": [10.0, 40.0, 3.0, 2.0, 1.0],
            "age": [np.nan, 50.0, 41.0, 42.0, 40.0],
        }
    )
    scans = people.assign(target=people["progression"])
    first = first_scans(scans, POINTS).set_index("participant_id")
    assert list(first.columns) == ["session", "progression", "age", "target"]
    assert dict(first["session"]) == {"sub-1": "2", "sub-2": "c"}  # by age where all are known
    by_session = first_scans(scans.drop(columns="age"), POINTS).set_index("participant_id")
    assert dict(by_session["session"]) == {"sub-1": "2", "sub-2": "a"}
    (line,) = cohort_table(people, POINTS).to_dict("records")
    assert line["progression_mean"] == pytest.approx((40 + 1) / 2)


def test_of_age_the_first_scan_is_that_of_the_least_age() -> None:
    scans = pd.DataFrame({"participant_id": ["sub-1"] * 2, "session": ["a", "b"], "age": [40, 30]})
    assert first_scans(scans.assign(target=scans["age"]), AGE)["session"].tolist() == ["b"]
