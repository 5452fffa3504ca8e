"""People of all roles are predicted; those of train and test alone stand in the comparison."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from evaluation_steps import baselines_of, evaluation_of, probe_of, seen, statistics
from forms import TABLE, VOLUME
from sklearn.metrics import r2_score
from targets import AGE, BLOCK

from contrage.errors import LeakageError, TableError
from contrage.evaluation.baselines import baselines
from contrage.evaluation.elements.external import external_table
from contrage.evaluation.evaluate import evaluate
from contrage.evaluation.predictions import lines, read, write
from contrage.evaluation.probe import probe_training
from contrage.evaluation.statistics.summary import against, baseline_table, mae_table
from contrage.files import read_json
from contrage.learning.folds import Scans
from contrage.tables import read_tsv
from contrage.target_words import TargetInWords

TARGET = AGE.written
PROBE = {"alphas": [0.01, 1.0, 100.0], "unseen": {"alphas": [1.0]}}
ASKED = probe_of(**PROBE)
FURTHER = ("val", "external", "predict")


def parts(study, **roles: list[str]) -> None:
    """Write one fold in which people of these names play these roles."""
    entry: dict = {"fold": 0, "name": "given"}
    for role, names in roles.items():
        entry[role] = [
            scan for scan, who in zip(study.ids, study.people, strict=True) if who in names
        ]
    entry["train_rows"] = [study.ids.index(scan) for scan in entry["train"]]
    entry |= {"mean": 0.0, "sd": 1.0}
    study.split.write_text(json.dumps({"folds": [entry]}))


@pytest.fixture
def cast(study) -> dict[str, list[str]]:
    """Twelve people to learn from, two of each other role, one of none."""
    names = sorted(set(study.people))
    return {
        "train": names[:11],
        "test": names[11:13],
        "val": names[13:15],
        "external": names[15:17],
        "predict": names[17:19],
    }


def features(study) -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.c_[study.ages, rng.normal(0, 5, (len(study.ages), 3))]


def run(study, name="all", values=None):
    outputs = {
        "predictions": study.folder / f"{name}.tsv",
        "metrics": study.folder / f"{name}.json",
    }
    file = study.write_features(features(study) if values is None else values)
    probe_training(ASKED, 0, features=[file], scans=[study.scans], split=study.split, **outputs)
    return read_tsv(outputs["predictions"]), read_json(outputs["metrics"])


def test_people_of_every_role_are_predicted_once_under_it(study, cast):
    parts(study, **cast)
    table, _ = run(study)
    for role, names in cast.items():
        of_role = table[table["split"] == role]
        assert sorted(of_role["participant_id"].unique()) == names
        assert of_role["scan_id"].is_unique and len(of_role) == 2 * len(names)
    assert "sub-19" not in set(table["participant_id"])
    assert list(table["split"].unique()) == ["train", "val", "test", "external", "predict"]


def test_further_roles_change_nothing_for_training_and_test(study, cast):
    parts(study, train=cast["train"], test=cast["test"])
    alone, measured = run(study, "alone")
    parts(study, **cast)
    table, again = run(study)
    both = table[table["split"].isin(["train", "test"])].drop(columns="out_of_range")
    pd.testing.assert_frame_equal(both.reset_index(drop=True), alone)
    assert again == measured


def test_whatever_the_others_features_are_the_fit_is_the_same(study, cast):
    parts(study, **cast)
    table, measured = run(study)
    values = features(study)
    others = [
        place for place, who in enumerate(study.people) if who in cast["external"] + cast["val"]
    ]
    values[others] *= -3
    changed, again = run(study, "changed", values)
    assert measured == again
    same = ~table["split"].isin(["external", "val"])
    pd.testing.assert_frame_equal(changed[same], table[same])
    assert not changed[~same].equals(table[~same])


def test_a_person_in_two_roles_is_leakage_whichever_they_are(study, cast):
    for role in FURTHER:
        parts(study, **{**cast, role: [*cast[role], cast["test"][0]]})
        with pytest.raises(LeakageError, match=rf"{cast['test'][0]} \(1 in all\) is in"):
            run(study)


def test_a_scan_outside_the_range_that_was_learned_from_is_flagged(study, cast, caplog):
    order = [who for _, who in sorted(zip(study.ages[::2], study.people[::2], strict=True))]
    inside = [who for who in order if who != order[0]]
    parts(study, train=inside[:9] + inside[-2:], test=inside[9:12], predict=[order[0], inside[12]])
    table, _ = run(study)
    flagged = table[table["out_of_range"]]
    assert set(flagged["participant_id"]) == {order[0]} and len(flagged) == 2
    assert "2 scans of role predict have a target outside the range" in caplog.text


def test_without_people_who_are_only_predicted_nothing_is_flagged(study, cast):
    parts(study, train=cast["train"], test=cast["test"], external=cast["external"])
    assert "out_of_range" not in run(study)[0]


def test_baselines_predict_every_role_from_training_rows_alone(study, cast, rng):
    array = study.folder / "array.npy"
    values = rng.normal(size=(len(study.ids), 4)) + study.ages[:, None]
    asked = baselines_of(seen(TABLE), **PROBE)
    found = []
    for name in ("first", "second"):
        np.save(array, values)
        parts(study, **cast)
        entry = read_json(study.split)["folds"][0]
        entry |= {"mean": [0.0] * 4, "sd": [1.0] * 4, "median": [0.0] * 4}
        study.split.write_text(json.dumps({"folds": [entry]}))
        output = study.folder / f"{name}.tsv"
        baselines(asked, array=array, scans=study.scans, split=study.split, predictions=output)
        found.append(read_tsv(output))
        values[[study.people.index(who) for who in cast["external"]]] += 50
    for _, part in found[0].groupby("baseline"):
        assert set(part["split"]) == set(cast)
    own = found[0]["split"].isin(["train", "test"])
    pd.testing.assert_frame_equal(found[0][own], found[1][own])


def made(spread: dict[str, float], people: int = 40, seed: int = 0) -> pd.DataFrame:
    """Predictions of people of all roles, wrong by another amount in each."""
    rng = np.random.default_rng(seed)
    roles = np.array(["train", "test", *spread])[np.arange(people) % (2 + len(spread))]
    target = np.random.default_rng(1).uniform(20, 80, people)
    error = np.array([{"train": 1.0, "test": 2.0, **spread}[role] for role in roles])
    return pd.DataFrame(
        {
            "participant_id": [f"sub-{n}" for n in range(people)],
            "target": target,
            "predicted": target + error * rng.choice([-1, 1], people),
            "split": roles,
            "scan_id": [f"sub-{n}" for n in range(people)],
            "site": np.where(np.arange(people) % 3, "a", "b"),
            "fold": 0,
        }
    )


def test_no_cell_of_a_table_of_errors_knows_other_roles_than_train_and_test():
    whole = {row: [made(dict.fromkeys(FURTHER, 99.0), seed=n)] for n, row in enumerate("abc")}
    alone = {row: [f[f["split"].isin(["train", "test"])]] for row, (f,) in whole.items()}
    settings = statistics(bootstrap=200)
    pd.testing.assert_frame_equal(mae_table(whole, settings), mae_table(alone, settings))
    assert mae_table(whole, settings)["mae_mean"].tolist() == pytest.approx([2.0, 2.0, 2.0])
    two = [{"a": each["b"]} for each in (whole, alone)]
    compared = [
        against({"a": each["a"]}, null, settings)
        for each, null in zip((whole, alone), two, strict=True)
    ]
    pd.testing.assert_frame_equal(*compared)
    named = [[frame.assign(baseline="mean") for frame in each["a"]] for each in (whole, alone)]
    pd.testing.assert_frame_equal(*(baseline_table(each, settings, {}) for each in named))


def test_external_people_have_a_table_of_their_own_by_site():
    frames = {"exp": [made({"external": 5.0, "predict": 50.0}, seed=seed) for seed in (0, 1)]}
    table = external_table(frames).set_index("site")
    assert list(table.index) == ["all", "a", "b"]
    assert table["mae"].tolist() == pytest.approx([5.0, 5.0, 5.0])
    assert table["mae_sd"].tolist() == pytest.approx([0.0, 0.0, 0.0])
    assert table.loc["all", "n_participants"] == table.loc[["a", "b"], "n_participants"].sum() == 10
    assert (table["n_seeds"] == 2).all() and (table["row"] == "exp").all()
    frame = frames["exp"][0]
    people = frame[frame["split"] == "external"]
    expected = r2_score(people["target"], people["predicted"])
    assert external_table({"exp": frames["exp"][:1]})["r2"][0] == pytest.approx(expected)


def test_of_several_folds_each_model_is_measured_by_itself(rng):
    seeds = []
    for seed in (0, 1):
        frames = [made({"external": 5.0}, seed=seed).assign(fold=fold) for fold in range(3)]
        seeds.append(pd.concat(frames))
        noise = rng.normal(0, 4, len(seeds[-1]))
        seeds[-1]["predicted"] += noise * (seeds[-1]["split"] == "external")
    line = external_table({"exp": seeds}).set_index("site").loc["all"]
    errors, shares = [], []
    for frame in seeds:
        for fold in range(3):
            part = frame[frame["fold"] == fold]
            people = part[part["split"] == "external"]
            missed = people["predicted"] - people["target"]
            errors.append(missed.abs().mean())
            shares.append(r2_score(people["target"], people["predicted"]))
    of_seeds = np.reshape(errors, (2, 3))
    assert line["mae"] == pytest.approx(np.mean(errors))
    assert line["mae_sd"] == pytest.approx(np.std(of_seeds.mean(1), ddof=1))
    assert line["mae_fold_sd"] == pytest.approx(of_seeds.std(1, ddof=1).mean())
    assert line["r2"] == pytest.approx(np.mean(shares))
    people = (seeds[-1]["split"] == "external").sum() // 3
    assert (line["n_participants"], line["n_scans"], line["n_folds"]) == (people, people, 3)


def test_a_site_alone_is_not_told_twice():
    frame = made({"external": 5.0}).assign(site="a")
    assert external_table({"exp": [frame]})["site"].tolist() == ["all"]
    assert external_table({"exp": [frame.assign(site=np.nan)]})["site"].tolist() == ["all"]


def test_where_nobody_is_external_the_table_is_empty_and_it_is_said(study, cast, caplog):
    parts(study, train=cast["train"], test=cast["test"])
    run(study)
    place = study.folder / "results/x/predictions/exp"
    place.mkdir(parents=True)
    (study.folder / "all.tsv").rename(place / "seed-0.tsv")
    output = study.folder / "external.tsv"
    asked = evaluation_of("external", VOLUME, ("exp",))
    evaluate(asked, predictions=[place / "seed-0.tsv"], table=output)
    assert output.read_text().split("\t")[:3] == ["row", "site", "mae"]
    assert not len(read_tsv(output)) and "nobody has the role external" in caplog.text


def test_the_step_reads_rows_and_seeds_from_where_the_files_lie(study, cast):
    parts(study, **cast)
    run(study)
    text = (study.folder / "all.tsv").read_text()
    files = []
    for row in ("exp", "rnc"):
        files.append(study.folder / f"results/x/predictions/{row}/seed-0.tsv")
        files[-1].parent.mkdir(parents=True)
        files[-1].write_text(text)
    output = study.folder / "external.tsv"
    asked = evaluation_of("external", VOLUME, ("exp", "rnc"))
    evaluate(asked, predictions=files, table=output)
    table = read_tsv(output)
    assert set(table["row"]) == {"exp", "rnc"}
    people = read(files[0], TARGET)
    people = people[people["split"] == "external"]
    expected = (people["predicted"] - people["target"]).abs().mean()
    assert table[table["site"] == "all"]["mae"].tolist() == pytest.approx([expected] * 2)
    assert ((table["gm"] <= table["mae"]) & (table["mae"] <= table["rmse"] * (1 + 1e-12))).all()
    assert (table["gm_floored"] == 0).all()


def test_the_penalty_may_be_chosen_in_a_split_that_has_people_of_role_val(study, cast):
    parts(study, **cast)
    inner = study.folder / "inner.json"
    outer = study.split.read_text()
    parts(study, train=cast["train"][:8], test=cast["train"][8:], val=cast["val"])
    study.split.rename(inner)
    study.split.write_text(outer)
    files = {"features": [study.write_features(features(study))], "scans": [study.scans]}
    outputs = {name: study.folder / f"{name}.out" for name in ("predictions", "metrics")}
    asked = probe_of(**PROBE, alpha="unseen")
    inputs = {"split": study.split, "unseen": files["features"], "unseen_splits": [inner]}
    probe_training(asked, 0, **files, **inputs, **outputs)
    assert read_json(outputs["metrics"])["alpha"] == [1.0]
    parts(study, train=cast["train"][:8], test=cast["test"])
    study.split.rename(inner)
    study.split.write_text(outer)
    with pytest.raises(TableError, match=r"inner\.json: scan sub-11_ses-\d is not in the table"):
        probe_training(asked, 0, **files, **inputs, **outputs)


def test_predictions_of_a_small_target_are_written_to_its_scale(tmp_path):
    names = ("sub-1", "sub-2")
    values = np.array([7.1e-10, 7.3e-10])
    scans = Scans(names, names, (None, None), (None, None), values, np.arange(2))
    for unlike in ({"unit": "m²/s", "bin": 1e-11}, {"bin": 1, "range": [0, 1e-9]}):
        block = {**BLOCK, "range": None, "unit": "", **unlike, "column": "diffusivity"}
        target = TargetInWords(**block).written
        write(tmp_path / "p.tsv", target, lines(target, "test", 0, scans, values * 1.01))
        found = read(tmp_path / "p.tsv", target)
        assert found["predicted"].tolist() == pytest.approx((values * 1.01).tolist(), rel=1e-4)
