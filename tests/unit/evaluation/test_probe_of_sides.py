"""The probe and the baselines of a target with two sides, as steps."""

from __future__ import annotations

import numpy as np
import pytest
from evaluation_steps import baselines_of, probe_of, seen
from forms import TABLE
from targets import SIDES

from contrage.evaluation.baselines import baselines
from contrage.evaluation.coefficients import read_coefficients
from contrage.evaluation.logistic import fit
from contrage.evaluation.predictions import read
from contrage.evaluation.probe import probe_training
from contrage.evaluation.statistics.sides import side_scores
from contrage.files import read_json, write_json
from contrage.tables import read_tsv

ASKED = probe_of("supcon", target=SIDES, unseen={"alphas": [0.1, 10.0]})
COLUMNS = [
    "participant_id",
    "diagnosis",
    "score",
    "probability",
    "split",
    "scan_id",
    "site",
    "fold",
]


@pytest.fixture
def patients(study):
    """The same 20 people, every second of whom has the disease."""
    lines = ["scan_id\tparticipant_id\tdiagnosis\tsite\trow"]
    for row, (scan, name) in enumerate(zip(study.ids, study.people, strict=True)):
        side = "AD" if int(name[-2:]) % 2 else "HC"
        lines.append(f"{scan}\t{name}\t{side}\t{'a' if row % 3 else 'b'}\t{row}")
    study.scans.write_text("\n".join(lines) + "\n")
    return study


def sides_of(study) -> np.ndarray:
    return np.array([int(name[-2:]) % 2 for name in study.people], float)


def informative(study, rng):
    features = rng.normal(size=(40, 5))
    features[:, 1] += 2 * sides_of(study)
    return features


def run(study, features, **more):
    outputs = {"predictions": study.folder / "p.tsv", "metrics": study.folder / "m.json"}
    path = study.write_features(features, **more)
    given = {"features": [path] * 3, "scans": [study.scans], "split": study.split}
    probe_training(ASKED, 3, **given, **outputs)
    return read_tsv(outputs["predictions"]), read_json(outputs["metrics"])


def test_predictions_have_the_side_its_score_and_its_probability(patients, rng):
    frame, _ = run(patients, informative(patients, rng))
    assert list(frame) == COLUMNS
    assert set(frame["diagnosis"]) == {0, 1}
    assert len(frame) == 3 * 40
    odds = 1 / (1 + np.exp(-frame["score"]))
    np.testing.assert_allclose(frame["probability"], odds, atol=2e-6)


def test_nothing_of_a_test_scan_is_in_its_score(patients, rng):
    features = informative(patients, rng)
    frame, metrics = run(patients, features)
    (first, *_) = read_json(patients.split)["folds"]
    train = [patients.ids.index(scan) for scan in first["train"]]
    people = [patients.people[at] for at in train]
    features = features.astype(np.float32).astype(float)
    alone = fit(features[train], sides_of(patients)[train], people, ASKED.probe.alphas, 5)
    assert metrics["alpha"][0] == alone.alpha
    tested = frame[(frame["fold"] == 0) & (frame["split"] == "test")].set_index("scan_id")["score"]
    wanted = alone.predict(features[[patients.ids.index(scan) for scan in tested.index]])
    np.testing.assert_allclose(tested, wanted, atol=1e-5)


def test_metrics_are_by_person_of_the_test_lines(patients, rng):
    frame, metrics = run(patients, informative(patients, rng))
    read_back = read(patients.folder / "p.tsv", SIDES)
    assert len(read_back) == len(frame)
    wanted = side_scores(read_back[read_back["split"] == "test"])
    assert {name: metrics[name] for name in wanted} == pytest.approx(wanted)
    assert metrics["bacc"] > 0.6
    assert metrics["train_bacc"] >= metrics["bacc"] - 0.2
    assert metrics["bacc_baseline"] == 0.5
    assert not any(name.startswith(("mae", "rmse", "r2")) for name in metrics)


def test_what_a_loss_predicts_itself_is_judged_beside(patients, rng):
    own = np.where(sides_of(patients) == 1, 0.8, 0.3)
    frame, metrics = run(patients, rng.normal(size=(40, 5)), prediction=own)
    assert metrics["bacc_own"] == 1
    assert set(frame["own_prediction"]) == {0.8, 0.3}


def test_baselines_are_shares_and_logistic_regressions(patients, rng):
    array, output = patients.folder / "array.npy", patients.folder / "baselines.tsv"
    np.save(array, informative(patients, rng).astype(np.float32))
    split = read_json(patients.split)
    for fold in split["folds"]:
        fold |= {"mean": [0.0] * 5, "sd": [1.0] * 5, "median": [0.0] * 5}
    write_json(patients.split, split)
    baselines(
        baselines_of(seen(TABLE), SIDES),
        array=array, scans=patients.scans, split=patients.split, predictions=output,
    )  # fmt: skip
    frame = read_tsv(output)
    assert list(frame) == [*COLUMNS, "baseline"]
    assert set(frame["baseline"]) == {"mean", "site-mean", "logistic-features"}
    mean = frame[(frame["baseline"] == "mean") & (frame["fold"] == 0)]
    share = mean.loc[mean["split"] == "train", "diagnosis"].mean()
    np.testing.assert_allclose(mean["probability"], share, atol=1e-6)


def test_the_coefficients_give_the_scores_again(patients, rng):
    path, file = patients.write_features(informative(patients, rng)), patients.folder / "c.npz"
    outputs = {"predictions": patients.folder / "p.tsv", "metrics": patients.folder / "m.json"}
    given = {"features": [path] * 3, "scans": [patients.scans], "split": patients.split}
    probe_training(ASKED, 3, **given, **outputs, coefficients=file)
    found = read_coefficients(file)
    with np.load(path) as stored:
        features = dict(
            zip(stored["scan_id"].tolist(), stored["features"].astype(float), strict=True)
        )
    frame = read_tsv(outputs["predictions"])
    assert len(frame) == 120
    for line in frame.to_dict("records"):
        own = found[line["fold"]]
        scored = (features[line["scan_id"]] - own["mean"]) / own["scale"]
        assert scored @ own["coef"] + own["intercept"] == pytest.approx(line["score"], abs=2e-6)
