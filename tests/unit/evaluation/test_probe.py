"""The probe as a step."""

from __future__ import annotations

import json

import numpy as np
import pytest
from evaluation_steps import probe_of

from contrage.errors import LeakageError, TableError
from contrage.evaluation.coefficients import read_coefficients
from contrage.evaluation.probe import probe, probe_training
from contrage.files import read_json
from contrage.tables import read_tsv


def run(study, features, seed=3):
    outputs = {
        "predictions": study.folder / "predictions.tsv",
        "metrics": study.folder / "metrics.json",
    }
    files = {"features": features, "scans": [study.scans], "split": study.split}
    probe_training(probe_of(), seed, **files, **outputs)
    return read_tsv(outputs["predictions"]), read_json(outputs["metrics"])


def of_seeds(study, rng, seeds=(3, 8)) -> dict[str, list]:
    """Features of three folds of each seed, every one of its own."""
    files = []
    for number in range(3 * len(seeds)):
        files.append(study.folder / f"features-{number}.npz")
        study.write_features(informative(study, rng)).rename(files[-1])
    outputs = {
        name: [study.folder / f"{name}-{seed}" for seed in seeds]
        for name in ("predictions", "metrics")
    }
    return {"features": files, "scans": [study.scans], "splits": [study.split], **outputs}


def test_all_trainings_of_a_row_are_probed_as_each_alone(study, rng):
    files = of_seeds(study, rng)
    probe(probe_of(seeds=(3, 8)), **files)
    for number, seed in enumerate((3, 8)):
        alone, _ = run(study, files["features"][3 * number :][:3], seed)
        assert read_tsv(files["predictions"][number]).equals(alone)
        assert read_json(files["metrics"][number])["seed"] == seed
    one, other = map(read_tsv, files["predictions"])
    assert not one["predicted_age"].equals(other["predicted_age"])


def test_each_training_has_its_own_split_and_tables_where_there_are_several(study, rng):
    files = of_seeds(study, rng)
    names = sorted(set(study.people))
    other = study.folder / "other.json"
    study.write_split([names[::3], names[1::3], names[2::3]])
    study.split.rename(other)
    study.write_split([names[:7], names[7:14], names[14:]])
    tables = [study.folder / f"scans-{number}.tsv" for number in range(6)]
    for number, table in enumerate(tables):
        lines = [line.split("\t") for line in study.scans.read_text().splitlines()]
        ages = [str(float(line[2]) + number) for line in lines[1:]]
        changed = [[*line[:2], age, *line[3:]] for line, age in zip(lines[1:], ages, strict=True)]
        table.write_text("\n".join("\t".join(line) for line in [lines[0], *changed]) + "\n")
    more = {"scans": tables, "splits": [study.split, other]}
    probe(probe_of(seeds=(3, 8)), **files | more)
    for number, split in enumerate(more["splits"]):
        found = read_tsv(files["predictions"][number])
        tested = found[found["split"] == "test"]
        for fold in read_json(split)["folds"]:
            part = tested[tested["fold"] == fold["fold"]].set_index("scan_id")["age"]
            assert set(part.index) == set(fold["test"])
            true = dict(zip(study.ids, study.ages, strict=True))
            added = 3 * number + fold["fold"]
            assert part.to_dict() == pytest.approx({s: true[s] + added for s in fold["test"]})


def test_as_many_files_are_asked_for_each_training(study, rng):
    files = of_seeds(study, rng)
    files["features"].pop()
    with pytest.raises(TableError, match="5 such files are not as many for each of 2 seeds"):
        probe(probe_of(seeds=(3, 8)), **files)


@pytest.mark.parametrize("name", ["predictions", "metrics", "splits"])
def test_as_many_outputs_as_seeds_are_asked_for(study, rng, name):
    files = of_seeds(study, rng)
    files[name] = [*files[name], *files[name], *files[name]]
    with pytest.raises(TableError, match=r"files of \w+, but 2 seeds"):
        probe(probe_of(seeds=(3, 8)), **files)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_features_that_are_no_numbers_are_refused_with_their_file(study, rng, number):
    features = informative(study, rng)
    features[5, 2] = number
    path = study.write_features(features)
    with pytest.raises(TableError, match=rf"{path.name}: features that are no finite numbers"):
        run(study, [path] * 3)


def informative(study, rng) -> np.ndarray:
    return np.outer(study.ages, rng.normal(size=6)) / 30 + rng.normal(0, 0.1, (40, 6))


def test_age_that_shows_in_the_features_is_found(study, rng):
    path = study.write_features(informative(study, rng))
    table, metrics = run(study, [path] * 3)
    assert metrics["mae"] < 0.3 * metrics["mae_baseline"]
    test = table[table["split"] == "test"]
    assert metrics["mae"] == pytest.approx((test["age"] - test["predicted_age"]).abs().mean())
    assert metrics["r"] > 0.9
    assert metrics["loss"] == "exp"
    assert metrics["seed"] == 3
    assert len(metrics["alpha"]) == 3


def test_every_scan_has_a_line_per_fold_and_is_tested_once(study, rng):
    table, metrics = run(study, [study.write_features(informative(study, rng))] * 3)
    assert list(table)[:4] == ["participant_id", "age", "predicted_age", "split"]
    assert table.groupby("scan_id").size().eq(3).all()
    assert table[table["split"] == "test"].groupby("scan_id").size().eq(1).all()
    assert metrics["n_test"] == 40
    assert table.loc[table["participant_id"] == "sub-03", "site"].isna().all()


def test_baseline_is_the_training_mean_on_the_same_scans(study, rng):
    _, metrics = run(study, [study.write_features(informative(study, rng))] * 3)
    errors = []
    for fold in read_json(study.split)["folds"]:
        age = dict(zip(study.ids, study.ages, strict=True))
        mean = np.mean([age[scan] for scan in fold["train"]])
        errors += [abs(age[scan] - mean) for scan in fold["test"]]
    assert metrics["mae_baseline"] == pytest.approx(np.mean(errors))


def test_noise_predicts_no_better_than_the_mean(study, rng):
    _, metrics = run(study, [study.write_features(rng.normal(size=(40, 12)))] * 3)
    assert metrics["mae"] > 0.9 * metrics["mae_baseline"]


def test_test_ages_have_no_part_in_the_predictions(study, rng):
    path = study.write_features(informative(study, rng))
    names = sorted(set(study.people))
    study.write_split([names[:7]])
    before, _ = run(study, [path])
    lines = study.scans.read_text().splitlines()
    changed = [line if line.split("\t")[1] not in names[:7] else shift(line) for line in lines]
    study.scans.write_text("\n".join(changed) + "\n")
    after, _ = run(study, [path])
    assert not before["age"].equals(after["age"])
    assert before["predicted_age"].equals(after["predicted_age"])


def shift(line: str) -> str:
    cells = line.split("\t")
    cells[2] = str(float(cells[2]) + 15)
    return "\t".join(cells)


def test_participant_on_both_sides_is_refused(study, rng):
    path = study.write_features(informative(study, rng))
    split = read_json(study.split)
    split["folds"][0]["test"].remove("sub-00_ses-1")
    split["folds"][0]["train"].append("sub-00_ses-1")
    study.split.write_text(json.dumps(split))
    with pytest.raises(LeakageError, match="sub-00"):
        run(study, [path] * 3)


def test_scan_without_features_is_named(study, rng):
    study.write_features(informative(study, rng))
    path = study.folder / "features.npz"
    with np.load(path) as stored:
        arrays = dict(stored)
    np.savez(path, scan_id=arrays["scan_id"][1:], features=arrays["features"][1:])
    with pytest.raises(TableError, match="sub-00_ses-0"):
        run(study, [path] * 3)


def test_folds_and_files_must_match(study, rng):
    with pytest.raises(TableError, match="3 folds, but 2"):
        run(study, [study.write_features(informative(study, rng))] * 2)


def test_size_of_the_network_is_handed_on_where_it_is_known(study, rng):
    size = {"encoder_parameters": 10, "head_parameters": 0, "layers": [6], "shape": [4, 5]}
    path = study.write_features(informative(study, rng), **size)
    _, metrics = run(study, [path] * 3)
    assert {key: metrics[key] for key in size} == size
    _, metrics = run(study, [study.write_features(informative(study, rng))] * 3)
    assert not set(size) & set(metrics)


def test_the_epochs_of_the_weights_are_handed_on_where_all_are_known(study, rng):
    features = informative(study, rng)
    paths = []
    for epoch in (17, 9, 31):
        paths.append(study.folder / f"fold-{epoch}.npz")
        study.write_features(features, epoch=np.array(epoch)).rename(paths[-1])
    assert run(study, paths)[1]["epochs"] == [17, 9, 31]
    assert "epochs" not in run(study, [*paths[:2], study.write_features(features)])[1]


def test_own_prediction_is_scored_beside_the_probe(study, rng):
    path = study.write_features(informative(study, rng), prediction=study.ages + 2.0)
    table, metrics = run(study, [path] * 3)
    assert metrics["mae_own"] == pytest.approx(2)
    np.testing.assert_allclose(table["own_prediction"] - table["age"], 2, atol=1e-6)


def test_the_coefficients_give_the_predictions_again(study, rng):
    path, file = study.write_features(informative(study, rng)), study.folder / "c.npz"
    outputs = {"predictions": study.folder / "p.tsv", "metrics": study.folder / "m.json"}
    files = {"features": [path] * 3, "scans": [study.scans], "split": study.split}
    probe_training(probe_of(), 3, **files, **outputs, coefficients=file)
    table, metrics = read_tsv(outputs["predictions"]), read_json(outputs["metrics"])
    found = read_coefficients(file)
    assert [found[fold]["alpha"] for fold in sorted(found)] == metrics["alpha"]
    with np.load(path) as stored:
        features = dict(
            zip(stored["scan_id"].tolist(), stored["features"].astype(float), strict=True)
        )
    assert len(table) == 120
    for line in table.to_dict("records"):
        own = found[line["fold"]]
        scored = (features[line["scan_id"]] - own["mean"]) / own["scale"]
        assert scored @ own["coef"] + own["intercept"] == pytest.approx(
            line["predicted_age"], abs=2e-6
        )


def test_a_row_has_a_file_of_coefficients_for_each_training(study, rng):
    files = of_seeds(study, rng)
    files["coefficients"] = [study.folder / f"c-{seed}.npz" for seed in (3, 8)]
    probe(probe_of(seeds=(3, 8)), **files)
    one, other = map(read_coefficients, files["coefficients"])
    assert sorted(one) == sorted(other) == [0, 1, 2]
    assert not np.array_equal(one[0]["coef"], other[0]["coef"])


def test_another_file_holds_no_coefficients(study, rng):
    path = study.write_features(informative(study, rng))
    with pytest.raises(TableError, match="holds no coefficients of a probe"):
        read_coefficients(path)
