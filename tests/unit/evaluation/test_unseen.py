"""The probe's penalty chosen on people unseen by the encoder: chance is the mean, signal stays."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evaluation_steps import probe_of
from forms import TABLE
from parts import ALL
from targets import LEARNED

from contrage.dataset.inner_split import inner_split
from contrage.dataset.null_ages import null_ages
from contrage.dataset.split import split
from contrage.errors import TableError
from contrage.evaluation.probe import probe_training
from contrage.files import read_json, write_json
from contrage.learning.train import train
from contrage.tables import read_tsv, write_tsv

PEOPLE, FEATURES = 240, 30
DATASET = {"normalisation": "train", "field_of_view": "own", "form": TABLE}
SPLIT = {"scheme": "kfold", "folds": 2, "seed": 42, "test_fraction": 0.2}
SPLIT |= {"new_split_per_seed": False, "stratify_by_age": False}
TRAINING = {
    "device": "cpu", "encoder": "mlp", "head": [32, 16], "epochs": 30, "batch_size": 32, "views": 2,
    "augmentation": [], "optimiser": "adam", "learning_rate": 3e-3, "lr_decay": 0.9,
    "lr_decay_every": 10, "weight_decay": 5e-5, "threads": 1, "precision": "float32",
    "storage": "device",
    "schedule": {"name": "constant", "warmup_epochs": 0, "final_fraction": 0.0},
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of people in which age shows, their folds, and the same with permuted ages."""
    place, rng = tmp_path_factory.mktemp("unseen"), np.random.default_rng(3)
    ages = rng.uniform(20, 80, PEOPLE).round(1)
    signal = np.outer((ages - 50) / 30, rng.normal(0, 1, FEATURES))
    np.save(place / "array.npy", signal + rng.normal(0, 1.5, (PEOPLE, FEATURES)))
    people = [f"sub-{number:03d}" for number in range(PEOPLE)]
    write_tsv(
        place / "scans.tsv",
        pd.DataFrame(
            {"scan_id": people, "participant_id": people, "age": ages, "row": range(PEOPLE)}
        ).assign(site="n/a"),
    )
    common = {"scans": place / "scans.tsv", "array": place / "array.npy"}
    settings = {"split": SPLIT, "seed": 0, "batch_size": 32, "target": LEARNED, **DATASET}
    split({**settings, **ALL}, **common, output=place / "split.json")
    for fold in (0, 1):
        null_ages(
            {"seed": 0, "target": LEARNED},
            scans=place / "scans.tsv",
            split=place / "split.json",
            fold=fold,
            output=place / f"null-{fold}.tsv",
        )
    return place


def trained(folder: Path, name: str, fold: int, scans: Path, split: Path) -> Path:
    outputs = {key: folder / f"{name}-{fold}.{key}" for key in ("model", "curve", "resume")}
    settings = {"row": "exp", "loss": {"loss": "exp"}, "training": TRAINING}
    features = folder / f"{name}-{fold}.npz"
    train(
        settings | {"target": LEARNED, "dataset": DATASET, "seed": 0, "snapshot_epochs": []},
        array=folder / "array.npy",
        scans=scans,
        split=split,
        fold=fold,
        features=features,
        **outputs,
    )
    return features


@pytest.fixture(scope="module", params=["given", "permuted"])
def both(request, folder: Path) -> dict[str, dict]:
    """Probe the same encoders with the penalty chosen in either way."""
    ages, files = request.param, {"features": [], "unseen": [], "unseen_splits": []}
    tables = [folder / ("scans.tsv" if ages == "given" else f"null-{fold}.tsv") for fold in (0, 1)]
    for fold, scans in enumerate(tables):
        files["features"].append(trained(folder, ages, fold, scans, folder / "split.json"))
        inner = {"inner_scans": folder / f"{ages}-in-{fold}.tsv"}
        inner["output"] = folder / f"{ages}-in-{fold}.json"
        inner_split(
            {
                "purpose": "unseen",
                "fraction": 0.2,
                "seed": 0,
                "batch_size": 32,
                "target": LEARNED,
                **DATASET,
            },
            scans=scans,
            array=folder / "array.npy",
            split=folder / "split.json",
            fold=fold,
            **inner,
        )
        files["unseen_splits"].append(inner["output"])
        files["unseen"].append(
            trained(folder, f"{ages}-in", fold, inner["inner_scans"], inner["output"])
        )
    found = {"ages": ages, "tables": tables, "metrics": {}, **files}
    for alpha in ("training", "unseen"):
        chosen = files if alpha == "unseen" else {"features": files["features"]}
        outputs = {"predictions": folder / f"{ages}-{alpha}.tsv"}
        outputs["metrics"] = folder / f"{ages}-{alpha}.json"
        probe_training(
            probe_of(alpha=alpha),
            0,
            scans=tables,
            split=folder / "split.json",
            **chosen,
            **outputs,
        )
        found["metrics"][alpha] = read_json(outputs["metrics"])
    return found


def test_with_nothing_to_learn_the_error_is_the_means_and_with_signal_it_stays(both):
    today, unseen = both["metrics"]["training"], both["metrics"]["unseen"]
    if both["ages"] == "permuted":
        assert unseen["mae"] == pytest.approx(unseen["mae_baseline"], rel=0.02)
        assert today["mae"] > 1.05 * today["mae_baseline"], "what this is for"
        assert min(unseen["alpha"]) > max(probe_of().probe.alphas)
    else:
        assert unseen["mae"] < today["mae"] + 0.1
        assert unseen["mae"] < 0.6 * unseen["mae_baseline"]


def test_the_errors_at_fixed_penalties_are_those_of_scikit_learns_ridge(both, folder):
    from sklearn.linear_model import Ridge

    errors = {alpha: [] for alpha, _ in both["metrics"]["training"]["mae_at_alpha"]}
    folds = read_json(folder / "split.json")["folds"]
    for entry, path, table in zip(folds, both["features"], both["tables"], strict=True):
        age = read_tsv(table).set_index("scan_id")["age"]
        with np.load(path) as stored:
            row = {scan: at for at, scan in enumerate(stored["scan_id"].tolist())}
            features = stored["features"].astype(float)
        sides = {side: [row[scan] for scan in entry[side]] for side in ("train", "test")}
        for alpha in errors:
            ridge = Ridge(alpha, solver="svd").fit(features[sides["train"]], age[entry["train"]])
            errors[alpha] += list(abs(ridge.predict(features[sides["test"]]) - age[entry["test"]]))
    assert both["metrics"]["training"]["mae_at_alpha"] == both["metrics"]["unseen"]["mae_at_alpha"]
    for alpha, error in both["metrics"]["training"]["mae_at_alpha"]:
        assert error == pytest.approx(np.mean(errors[alpha]), rel=1e-6)


def test_a_single_candidate_is_taken(both, folder):
    metrics = folder / "one.json"
    probe_training(
        probe_of(alpha="unseen", unseen={"alphas": [10.0]}),
        0,
        **{name: both[name] for name in ("features", "unseen", "unseen_splits")},
        scans=both["tables"],
        split=folder / "split.json",
        predictions=folder / "one.tsv",
        metrics=metrics,
    )
    assert read_json(metrics)["alpha"] == [10.0, 10.0]


def test_whoever_is_tested_on_has_no_part_in_the_choice(both, folder):
    wrong = read_json(both["unseen_splits"][0])
    wrong["folds"][0]["test"].append(read_json(folder / "split.json")["folds"][0]["test"][0])
    write_json(folder / "wrong.json", wrong)
    outputs = {"predictions": folder / "wrong.tsv", "metrics": folder / "wrong-metrics.json"}
    with pytest.raises(TableError, match=r"wrong\.json: scan sub-\d+ is not in the table"):
        probe_training(
            probe_of(alpha="unseen"),
            0,
            features=both["features"],
            scans=both["tables"],
            split=folder / "split.json",
            unseen=both["unseen"],
            unseen_splits=[folder / "wrong.json", both["unseen_splits"][1]],
            **outputs,
        )


def test_one_table_for_each_fold_or_one_for_all(both, folder):
    outputs = {"predictions": folder / "p.tsv", "metrics": folder / "m.json"}
    with pytest.raises(TableError, match="2 folds, but 3 tables of scans"):
        probe_training(
            probe_of(),
            0,
            features=both["features"],
            scans=[*both["tables"], both["tables"][0]],
            split=folder / "split.json",
            **outputs,
        )


def test_predictions_of_the_null_hold_the_true_ages_of_those_tested(both, folder):
    true = read_tsv(folder / "scans.tsv").set_index("scan_id")["age"]
    frame = read_tsv(folder / f"{both['ages']}-training.tsv")
    test, training = (frame[frame["split"] == side] for side in ("test", "train"))
    assert (test["age"].to_numpy() == true[test["scan_id"]].to_numpy()).all()
    same = (training["age"].to_numpy() == true[training["scan_id"]].to_numpy()).mean()
    assert same == 1 if both["ages"] == "given" else same < 0.2
    assert json.loads((folder / f"{both['ages']}-training.json").read_text())["loss"] == "exp"
