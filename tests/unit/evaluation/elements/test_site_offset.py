"""What sites add to predictions, and what is left once ComBat has taken them out."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from evaluation_steps import evaluation_of, statistics
from forms import TABLE
from given import config

from contrage.evaluation.evaluate import evaluate
from contrage.layout import Results
from contrage.plan.evaluations import setting
from contrage.tables import read_tsv, write_rows

SITES = ("a", "b", "c", "d", "e", "f")
ADDED = {"a": 0.0, "b": 6.0, "c": -6.0, "d": 0.0, "e": 0.0, "f": 9.0}
"""Years that each site adds to predictions."""
PEOPLE = 240
COLUMNS = ["participant_id", "age", "predicted_age", "split", "scan_id", "site", "fold"]


def made(path: str) -> Path:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return Path(path)


@pytest.fixture
def table(tmp_path):
    """Write people of six sites, two folds, the last site in no training; return what evaluates."""
    rng = np.random.default_rng(2)
    ids = [f"sub-{n:03d}" for n in range(PEOPLE)]
    site = np.array([SITES[n % 6] for n in range(PEOPLE)])
    # Sites differ in age: whoever is predicted towards the mean seems to have an offset there.
    ages = rng.uniform(20, 60, PEOPLE) + 20 * (site == "e")
    known = np.flatnonzero(site != "f")
    place = Results.at(str(tmp_path / "x"))

    def of(name: str, seeds: int = 1, towards_mean: float = 0.3) -> pd.DataFrame:
        chance = np.random.default_rng(3)
        columns = {"scan_id": ids, "participant_id": ids, "age": ages, "site": site}
        scans = pd.DataFrame(columns).assign(row=range(PEOPLE)).to_dict("records")
        write_rows(made(place.scans), list(scans[0]), scans)
        files = {"predictions": [], "features": [], "metrics": [], "splits": []}
        for seed in range(seeds):
            folds = []
            for k in range(2):
                train, test = known[k::2], np.concatenate([known[1 - k :: 2]])
                others = np.flatnonzero(site == "f")[k::2]
                roles = {"train": train, "test": np.concatenate([test, others])}
                told = {r: [ids[n] for n in own] for r, own in roles.items()}
                scale = {"mean": [0.0] * 2, "sd": [1.0] * 2, "median": [0.0] * 2}
                folds.append({"fold": k, **told, **scale})
            path = made(place.split.format(seed=seed))
            path.write_text(json.dumps({"folds": folds}))
            files["splits"].append(path)
            offset = np.array([ADDED[each] for each in site])
            off = ages + offset - towards_mean * (ages - ages.mean()) + chance.normal(0, 3, PEOPLE)
            lines = [
                [ids[n], ages[n], off[n], role, ids[n], site[n], fold["fold"]]
                for fold in folds
                for role in ("train", "test")
                for n in map(ids.index, fold[role])
            ]
            path = made(place.predictions.format(row="exp", seed=seed))
            write_rows(path, COLUMNS, [dict(zip(COLUMNS, each, strict=True)) for each in lines])
            files["predictions"].append(path)
            path = made(place.metrics.format(row="exp", seed=seed))
            path.write_text(json.dumps({"alpha": of.alphas}))
            files["metrics"].append(path)
            for k in range(2):
                path = made(place.features.format(row="exp", seed=seed, fold=k))
                values = np.outer(ages, np.linspace(0.5, 1, 6)) + chance.normal(0, 2, (PEOPLE, 6))
                values += 8 * np.outer(offset, [1, -1, 1, -1, 1, -1])  # of the site alone
                np.savez(path, scan_id=np.array(ids), features=values)
                files["features"].append(path)
        asked = config(evaluations={"site_offset": {}, "harmonised": {}})
        asked["statistics"] |= {"bootstrap": 200, "permutations": 100}
        keys = {"site_offset": ["evaluations.site_offset", "statistics"]}
        keys["harmonised"] = ["evaluations.harmonised", "probe", "statistics"]
        told = {key: setting(asked, key) for key in keys[name]}
        wanted = {"site_offset": ["predictions"], "harmonised": list(files)}[name]
        given = {each: files[each] for each in wanted}
        if name == "harmonised":
            array = made(str(tmp_path / "array.npy"))
            np.save(array, np.column_stack([ages / 10 + offset, np.ones(PEOPLE)]))
            given["array"] = array
        evaluate(
            evaluation_of(name, TABLE, ("exp",), told),
            table=tmp_path / "t.tsv",
            scans=Path(place.scans),
            **given,
        )
        return read_tsv(tmp_path / "t.tsv")

    of.alphas = [1.0, 10.0]
    of.scans = pd.DataFrame({"id": ids, "site": site, "age": ages})
    return of


def part(table: pd.DataFrame, measure: str, were: str, what: str) -> pd.DataFrame:
    found = table[(table["measure"] == measure) & (table["sites_were"] == were)]
    return found[found["part"] == what].set_index("site" if what == "site" else "part")


def test_the_offset_of_each_site_is_found_whatever_its_ages(table):
    found = part(table("site_offset"), "offset_at_same_target", "learned", "site")
    centre = np.mean([ADDED[each] for each in found.index])
    assert found.index.tolist() == list("abcde") and found["people"].tolist() == [40] * 5
    for site, line in found.iterrows():
        assert line["low"] < line["shrunk"] < line["high"]
        expected = ADDED[site] - centre + found["value"].mean()
        assert line["value"] == pytest.approx(expected, abs=2.0), site
    plain = part(table("site_offset"), "offset", "learned", "site")
    assert plain.loc["e", "value"] < found.loc["e", "value"] - 3  # old people, told too young


def test_means_of_sites_are_drawn_towards_each_other(table):
    frame = table("site_offset")
    sites = part(frame, "offset_at_same_target", "learned", "site")
    whole = part(frame, "offset_at_same_target", "learned", "all").loc["all"]
    assert (
        np.abs(sites["shrunk"] - whole["shrunk"]) < np.abs(sites["value"] - whole["shrunk"])
    ).all()
    assert 2 < whole["between"] < 8
    new = part(frame, "offset_at_same_target", "learned", "new").loc["new"]
    assert new["low"] < sites["shrunk"].min() and new["high"] > sites["shrunk"].max()


def test_a_site_that_was_left_out_is_told_apart_and_one_alone_has_no_spread(table):
    frame = table("site_offset")
    whole = part(frame, "offset", "left-out", "all").loc["all"]
    assert whole["people"] == 40 and whole["value"] > 4
    assert np.isnan(whole["shrunk"]) and whole["note"].startswith("fewer than two sites")
    assert not len(part(frame, "offset", "left-out", "site"))


def test_the_error_of_a_site_is_the_mean_of_its_peoples_errors(table):
    frame = part(table("site_offset"), "error", "learned", "site")
    assert (frame["value"] > 0).all() and frame.loc["b", "value"] > frame.loc["a", "value"]


def test_combat_takes_out_what_sites_add_to_features_and_is_compared_on_the_same_people(table):
    frame = table("harmonised", seeds=2).set_index(["row", "correction"])
    none, combat = frame.loc[("exp", "none")], frame.loc[("exp", "combat")]
    assert none["n_participants"] == combat["n_participants"] == 200
    assert combat["n_left_out"] == 2 * 40  # of the site that nobody learned from
    assert combat["difference"] == pytest.approx(combat["mae_mean"] - none["mae_mean"])
    assert combat["difference_low"] < combat["difference"] < combat["difference_high"]
    assert np.isnan(none["difference"])
    assert combat["mae_mean"] != none["mae_mean"]
    table_of_people = frame.loc[("ridge-features", "combat")]
    assert table_of_people["difference"] < -1  # one feature, to which sites add up to six years
    # Those of one site are older, which ComBat is not told: it takes that for the site's.
    assert table_of_people["between"] > frame.loc[("ridge-features", "none"), "between"]


def test_both_lines_have_the_penalty_of_the_runs_own_probe(table):
    """A huge one predicts the training mean, with and without ComBat."""
    table.alphas = [1e15, 1e15]
    frame = table("harmonised").set_index(["row", "correction"])
    both = frame.loc["exp", "mae_mean"]
    assert both["none"] == pytest.approx(both["combat"], rel=1e-3) and both["none"] > 9
    of_table = frame.loc[("ridge-features", "combat"), "mae_mean"]
    assert of_table < both["combat"] - 1, "that of a table is chosen"


def test_nothing_of_test_people_is_in_the_correction():
    from contrage.evaluation.harmonise import combat

    rng = np.random.default_rng(4)
    training, sites = rng.normal(size=(40, 5)), ["a", "b"] * 20
    others = rng.normal(size=(6, 5))
    first, alone = combat(training, sites, others[:1], ["a"])
    second, together = combat(training, sites, np.vstack([others[:1], others[1:] + 99]), ["a"] * 6)
    assert np.array_equal(first, second) and np.allclose(alone[0], together[0])


def test_combat_brings_the_training_sites_to_one_mean_and_spread():
    from contrage.evaluation.harmonise import combat

    rng = np.random.default_rng(5)
    sites = np.array(["a", "b"] * 100)
    shifted = rng.normal(size=(200, 8)) * np.where(sites == "b", 3, 1)[:, None]
    shifted += 10 * (sites == "b")[:, None]
    shifted[:, 3] = 7.0  # a feature that does not vary
    found, others = combat(shifted, sites.tolist(), shifted[:9], sites[:9].tolist())
    means = [found[sites == site].mean(axis=0) for site in "ab"]
    assert np.abs(means[0] - means[1]).max() < 0.5
    assert np.array_equal(found[:, 3], shifted[:, 3]) and np.allclose(others, found[:9])


def test_where_combat_knows_no_two_sites_it_is_said(table, monkeypatch):
    from contrage.evaluation import harmonise

    monkeypatch.setattr(harmonise, "LEAST", 1000)
    frame = table("harmonised")
    assert frame["note"].notna().all() and frame["mae_mean"].isna().all()


def test_later_scans_change_nothing_of_what_sites_add_after_combat(rng):
    from contrage.evaluation.elements.harmonised import COMBAT, NONE, _lines

    people, drawn = [f"p{number}" for number in range(40)], statistics(bootstrap=10)
    frame = pd.DataFrame({"participant_id": people, "scan_id": people, "fold": 0, "split": "test"})
    frame["site"] = ["a", "b"] * 20
    frame["target"], frame["predicted"] = rng.uniform(20, 80, 40), rng.uniform(20, 80, 40)
    later = frame.assign(scan_id=[f"{each}-2" for each in people], predicted=1000.0)
    scans = pd.DataFrame({"scan_id": [*frame["scan_id"], *later["scan_id"]], "age": 30.0})
    scans.loc[40:, "age"] += 5
    found = []
    learned = frame.head(10).assign(split="train", scan_id=[f"t{n}" for n in range(10)])
    for frames in ([pd.concat([frame, learned])], [pd.concat([later, frame, learned])]):
        lines = list(_lines("x", {NONE: frames, COMBAT: frames}, scans, drawn, 0))
        assert [line["between"] for line in lines] == [pytest.approx(lines[0]["between"])] * 2
        found.append(lines[0]["between"])
    assert found[0] == pytest.approx(found[1]) and found[0] is not None
