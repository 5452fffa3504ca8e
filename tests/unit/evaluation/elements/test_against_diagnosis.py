"""Error of age against accuracy of the diagnosis, by checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from evaluation_steps import evaluation_of
from forms import TABLE
from given import block, config

from contrage.evaluation.elements import element
from contrage.evaluation.evaluate import evaluate
from contrage.layout import Results
from contrage.plan.evaluations import setting
from contrage.tables import read_tsv, write_rows

EPOCHS = (5, 10, 20)


def same(names, values):
    return values


@pytest.fixture
def run(tmp_path):
    """Write 80 controls and 40 patients; half of both are tested, or predicted, in each fold."""

    def table(noise: dict[int, float], patients: int = 40, swap=same, stopped=99, cohorts="x"):
        rng = np.random.default_rng(3)
        place = Results.at(str(tmp_path / "x"))
        names = [f"sub-{n:03d}" for n in range(80 + patients)]
        is_ill = np.arange(len(names)) >= 80
        ages = rng.uniform(55, 90, len(names)).round(1)
        keys = ("scan_id", "participant_id", "age", "group", "row", "cohort")
        group = np.where(is_ill, "AD", "HC")
        owner = [cohorts[n // 2 % len(cohorts)] for n in range(len(names))]
        lines = zip(names, names, ages, group, range(len(names)), owner, strict=True)
        Path(place.scans).parent.mkdir(parents=True, exist_ok=True)
        scans = [dict(zip(keys, line, strict=True)) for line in lines]
        write_rows(Path(place.scans), list(keys), scans)
        folds = []
        for k in range(2):
            train, test = names[40 * (1 - k) : 40 * (2 - k)], names[40 * k : 40 * (k + 1)]
            folds.append({"fold": k, "train": train, "test": test, "predict": names[80 + k :: 2]})
        files = {"splits": [Path(place.split.format(seed=0))], "snapshots": []}
        files["splits"][0].parent.mkdir(parents=True, exist_ok=True)
        files["splits"][0].write_text(json.dumps({"folds": folds}))
        for k in range(2):
            made = {}
            for epoch in EPOCHS:
                spread = rng.normal(0, 1, (len(names), 4))
                values = np.c_[ages + 5 * is_ill, 10 * is_ill] + noise[epoch] * spread[:, :2]
                values = swap(names, np.c_[values, spread[:, 2:]])
                file = Path(place.snapshot.format(row="exp", seed=0, fold=k, epoch=epoch))
                file.parent.mkdir(parents=True, exist_ok=True)
                made[epoch] = values
                reached = min(epoch, stopped)
                told = {"scan_id": np.array(names), "features": made[reached]}
                np.savez(file, **told, **({"epoch": reached} if stopped < 99 else {}))
                files["snapshots"].append(file)
        asked = config(evaluations={"against_diagnosis": {}})
        told = {key: setting(asked, key) for key in element("against_diagnosis").settings}
        told["statistics"] = block("statistics", bootstrap=200)
        step = evaluation_of("against_diagnosis", TABLE, ("exp",), told)
        evaluate(step, table=tmp_path / "t.tsv", scans=Path(place.scans), **files)
        return read_tsv(tmp_path / "t.tsv")

    return table


def test_checkpoints_that_know_age_better_tell_the_diagnosis_better(run):
    found = run({5: 20.0, 10: 8.0, 20: 1.0})
    assert found[["fold", "epoch"]].to_numpy().tolist() == [[k, e] for k in (0, 1) for e in EPOCHS]
    assert (found["n_controls"] == 40).all() and (found["n_patients"] == 20).all()
    by_epoch = found.groupby("epoch")[["mae", "bacc"]].mean()
    assert by_epoch["mae"].is_monotonic_decreasing and by_epoch["bacc"].is_monotonic_increasing
    assert by_epoch.loc[20, "bacc"] > 0.95 and by_epoch.loc[20, "mae"] < 2
    first = found.iloc[0]
    assert first["n"] == 6 and first["n_clusters"] == 2
    assert first["r"] == pytest.approx(np.corrcoef(found["mae"], found["bacc"])[0, 1])
    assert found["r"].nunique() == 1 and first["slope"] < 0


def test_those_whom_the_encoder_learned_from_have_no_part_in_the_accuracy(run):
    """Their features may say what they like: accuracies stay, errors of age do not."""
    noise = dict.fromkeys(EPOCHS, 4.0)
    before = run(noise)

    def shifted(names, values):
        return values + 50 * (np.arange(len(names)) < 40)[:, None]

    after = run(noise, swap=shifted)
    of_second = before["fold"] == 1  # whose training scans are the first forty
    columns = ["bacc", "auc"]
    assert before.loc[of_second, columns].equals(after.loc[of_second, columns])
    assert not before["mae"].equals(after["mae"])


def test_too_few_patients_are_told(run):
    found = run(dict.fromkeys(EPOCHS, 4.0), patients=6)
    assert found["bacc"].isna().all() and found["mae"].notna().all() and (found["n"] == 0).all()
    assert (found["note"] == "fewer than 5 controls or patients in the fold").all()


def test_what_an_early_stop_kept_is_one_point_and_those_left_out_are_counted(run):
    found = run({5: 20.0, 10: 8.0, 20: 1.0}, stopped=10)
    points = [[k, e] for k in (0, 1) for e in (5, 10)]
    assert found[["fold", "epoch"]].to_numpy().tolist() == points
    assert (found["n"] == 4).all()
    left = "2 checkpoints after an early stop are another one again, and left out"
    assert found["note"].str.endswith(left).all()


def test_each_cohort_has_points_and_a_correlation_of_its_own(run):
    both = run({5: 20.0, 10: 8.0, 20: 1.0}, cohorts=("adni", "oasis3"))
    assert both.groupby("cohort").size().to_dict() == {"adni": 6, "oasis3": 6}
    assert (both["n_controls"] == 20).all() and (both["n_patients"] == 10).all()
    for _, part in both.groupby("cohort"):
        assert part["r"].nunique() == 1
        assert part["r"].iloc[0] == pytest.approx(np.corrcoef(part["mae"], part["bacc"])[0, 1])
    assert both["r"].nunique() == 2


def test_too_few_trainings_for_a_bootstrap_are_told(run):
    found = run({5: 20.0, 10: 8.0, 20: 1.0})
    assert found["r"].notna().all() and found["r_low"].isna().all()
    told = "no interval over trainings: 2 of the 5 trainings that a bootstrap needs"
    assert (found["note"] == told).all()
