"""What the heads of a stage predict is written as the probe writes it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from evaluation_steps import probe_of
from targets import AGE, SIDES

from contrage.errors import LeakageError, TableError
from contrage.evaluation.head import head
from contrage.evaluation.probe import probe
from contrage.evaluation.statistics.sides import side_scores
from contrage.files import read_json
from contrage.settings.steps.evaluation import HeadStep
from contrage.tables import read_tsv


def run(study, target=AGE, seeds=(3,), **arrays):
    features = np.ones((40, 2))
    path = study.write_features(features, **arrays)
    count = len(seeds)
    outputs = {
        name: [study.folder / f"{name}-{n}" for n in range(count)]
        for name in ("predictions", "metrics")
    }
    given = {"scans": [study.scans], "splits": [study.split] * count}
    step = HeadStep("probe", seeds, target.written)
    head(step, features=[path] * 3 * count, **given, **outputs)
    return read_tsv(outputs["predictions"][0]), read_json(outputs["metrics"][0])


def test_a_prediction_is_the_heads_and_every_person_is_tested_once(study, rng):
    said = study.ages + rng.normal(0, 4, 40)
    frame, metrics = run(study, prediction=said, epoch=7, start_epoch=5)
    tested = frame[frame["split"] == "test"].set_index("scan_id")
    assert len(tested) == 40
    own = dict(zip(study.ids, said, strict=True))
    assert tested["predicted_age"].to_dict() == pytest.approx(own, abs=1e-6)
    assert metrics["mae"] == pytest.approx(np.abs(said - study.ages).mean())
    assert metrics["epochs"] == [7] * 3 and metrics["start_epochs"] == [5] * 3
    assert "alpha" not in metrics and "mae_own" not in metrics


def test_columns_and_the_baseline_are_those_of_the_probe(study, rng):
    frame, metrics = run(study, prediction=study.ages)
    features = study.write_features(rng.normal(size=(40, 2)))
    outputs = [study.folder / "probe.tsv"], [study.folder / "probe.json"]
    files = dict(zip(("predictions", "metrics"), outputs, strict=True))
    probe(probe_of(), features=[features] * 3, scans=[study.scans], splits=[study.split], **files)
    assert list(read_tsv(files["predictions"][0])) == list(frame)
    assert read_json(files["metrics"][0])["mae_baseline"] == metrics["mae_baseline"]


def test_of_two_sides_the_logit_is_the_score_and_scores_are_by_person(study, rng):
    sides = np.array([int(name[-2:]) % 2 for name in study.people], float)
    cells = ["AD" if side else "HC" for side in sides]
    lines = [line.split("\t") for line in study.scans.read_text().splitlines()]
    lines[0][2] = "diagnosis"
    for line, cell in zip(lines[1:], cells, strict=True):
        line[2] = cell
    study.scans.write_text("\n".join("\t".join(line) for line in lines) + "\n")
    score = rng.normal(size=40) * 3 + sides
    score[0] = 60.0  # its probability is 1 to the last digit
    own = {"score": score, "prediction": 1 / (1 + np.exp(-score))}
    frame, metrics = run(study, SIDES, **own)
    assert list(frame)[:4] == ["participant_id", "diagnosis", "score", "probability"]
    tested = frame[frame["split"] == "test"].set_index("scan_id").loc[study.ids]
    np.testing.assert_allclose(tested["score"], score, atol=1e-6)
    np.testing.assert_allclose(tested["probability"], own["prediction"], atol=1e-6)
    right = []
    for name in sorted(set(study.people)):
        at = [i for i, person in enumerate(study.people) if person == name]
        right.append((sides[at[0]], own["prediction"][at].mean() >= 0.5))
    parts = [[bool(said) == bool(side) for side, said in right if side == s] for s in (0.0, 1.0)]
    assert metrics["bacc"] == pytest.approx(np.mean([np.mean(part) for part in parts]))
    people = tested.rename(columns={"diagnosis": "target", "probability": "predicted"})
    assert metrics["auc"] == pytest.approx(side_scores(people.reset_index())["auc"])
    assert metrics["bacc_baseline"] == 0.5


def test_a_training_whose_head_does_not_predict_is_named(study):
    with pytest.raises(TableError, match=r"features\.npz: it has no prediction of the head"):
        run(study)
    with pytest.raises(TableError, match="it has no score of the head"):
        run(study_of_sides(study), SIDES, prediction=np.ones(40))


def study_of_sides(study):
    text = study.scans.read_text().replace("\tage\t", "\tdiagnosis\t")
    lines = [line.split("\t") for line in text.splitlines()]
    for number, line in enumerate(lines[1:]):
        line[2] = "AD" if number % 4 < 2 else "HC"
    study.scans.write_text("\n".join("\t".join(line) for line in lines) + "\n")
    return study


def test_as_many_files_are_asked_for_each_training(study):
    with pytest.raises(TableError, match="3 such files are not as many for each of 2 seeds"):
        path = study.write_features(np.ones((40, 2)), prediction=study.ages)
        step, outputs = HeadStep("probe", (0, 1), AGE.written), [study.folder / "a"] * 2
        files = {"scans": [study.scans], "splits": [study.split] * 2}
        head(step, features=[path] * 3, predictions=outputs, metrics=outputs, **files)


def test_a_person_of_two_roles_is_refused(study):
    split = read_json(study.split)
    split["folds"][0]["train"].append(split["folds"][0]["test"][0])
    study.split.write_text(json.dumps(split))
    with pytest.raises(LeakageError, match="training and test of fold 0"):
        run(study, prediction=study.ages)
