"""The site in the embedding, and the score of the challenge."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from evaluation_steps import evaluation_of
from forms import TABLE
from given import block

from contrage.evaluation.evaluate import evaluate
from contrage.layout import Results
from contrage.tables import read_tsv, write_rows

SITES = ("a", "b", "c", "d")
TOLD = {
    "evaluations.embedded_site": {"probes": ["released", "invariant"]},
    "statistics": block("statistics", bootstrap=200, permutations=500),
}
COLUMNS = ["participant_id", "age", "predicted_age", "split", "scan_id", "site", "fold"]


@pytest.fixture
def run(tmp_path):
    """Write 60 people of four sites, 10 of none, in two folds; return what evaluates them."""
    rng = np.random.default_rng(5)
    ids = [f"sub-{n:02d}" for n in range(70)]
    site = [SITES[n % 4] if n < 60 else "n/a" for n in range(70)]
    ages = rng.uniform(20, 80, 70).round(1)

    def table(
        strength: float,
        scale: float = 1.0,
        external: bool = True,
        seeds: int = 1,
        others: bool = False,
        probes: tuple[str, ...] = ("released", "invariant"),
    ):
        rng = np.random.default_rng(6)
        place = Results.at(str(tmp_path / "x"))
        scans = [
            dict(zip(("scan_id", "participant_id", "age", "site", "row"), line, strict=True))
            for line in zip(
                ids,
                ids,
                ages,
                [*site[:60], *["z" if others else "n/a"] * 10],
                range(70),
                strict=True,
            )
        ]
        Path(place.scans).parent.mkdir(parents=True, exist_ok=True)
        write_rows(Path(place.scans), list(scans[0]), scans)
        folds, apart = [], {"external": ids[60:]} if external else {}
        for k in range(2):
            roles = {"train": ids[30 * (1 - k) : 30 * (2 - k)], "test": ids[30 * k : 30 * (k + 1)]}
            folds.append({"fold": k, **roles, **apart})
        centres = rng.normal(0, strength, (4, 8))
        if others:  # people of a site at which nobody is tested are learned from
            apart = {}
            for fold in folds:
                fold["train"] = [*fold["train"], *fold.pop("external")]
        known = np.array([SITES.index(each) if each in SITES else 0 for each in site])
        files = {"features": [], "predictions": [], "splits": []}
        for seed in range(seeds):
            files["splits"].append(Path(place.split.format(seed=seed)))
            files["splits"][-1].parent.mkdir(parents=True, exist_ok=True)
            files["splits"][-1].write_text(json.dumps({"folds": folds}))
            for k in range(2):
                file = Path(place.features.format(row="exp", seed=seed, fold=k))
                file.parent.mkdir(parents=True, exist_ok=True)
                values = scale * (centres[known] + rng.normal(0, 1, (70, 8)))
                np.savez(file, scan_id=np.array(ids), features=values)
                files["features"].append(file)
            lines = [
                [
                    who,
                    ages[ids.index(who)],
                    ages[ids.index(who)] + off,
                    role,
                    who,
                    "n/a",
                    fold["fold"],
                ]
                for fold in folds
                for role, off in (("train", 0), ("test", 2.0), ("external", 3.5))
                for who in fold.get(role, [])
            ]
            file = Path(place.predictions.format(row="exp", seed=seed))
            file.parent.mkdir(parents=True, exist_ok=True)
            write_rows(file, COLUMNS, [dict(zip(COLUMNS, line, strict=True)) for line in lines])
            files["predictions"].append(file)
        told = TOLD | {"evaluations.embedded_site": {"probes": list(probes)}}
        step = evaluation_of("embedded_site", TABLE, ("exp",), told)
        evaluate(step, table=tmp_path / "t.tsv", scans=Path(place.scans), **files)
        return read_tsv(tmp_path / "t.tsv").set_index("probe")

    return table


def test_a_site_that_the_features_hold_is_found_by_both_probes(run):
    found = run(strength=5.0)
    assert (found["bacc"] > 0.9).all() and (found["chance"] == 0.25).all()
    assert (found["p"] < 0.01).all() and (found["null_mean"] < 0.35).all()
    assert found["n_participants"].tolist() == [60, 60] and found["n_sites"].tolist() == [4, 4]
    assert found["scale_decides"].astype(str).str.lower().tolist() == ["false", "false"]


def test_a_site_that_they_do_not_hold_is_not_found(run):
    found = run(strength=0.0)
    assert (found["bacc"] < found["null_high"] + 0.1).all() and (found["p"] > 0.02).all()


def test_the_score_is_of_the_accuracy_and_of_the_external_error(run):
    found = run(strength=1.0)
    assert found["mae_internal"].tolist() == pytest.approx([2.0, 2.0])
    assert found["mae_external"].tolist() == pytest.approx([3.5, 3.5])
    for line in found.itertuples():
        assert line.score == pytest.approx(line.bacc**0.3 * 3.5)


def test_small_features_hide_the_site_from_the_released_probe_and_that_is_told(run):
    found = run(strength=2.0, scale=1e-4)
    assert found.loc["invariant", "bacc"] > 0.8
    assert found.loc["released", "bacc"] < found.loc["invariant", "bacc"] - 0.3
    assert found["scale_decides"].astype(str).str.lower().tolist() == ["true", "true"]


def test_without_external_people_there_is_no_score_and_that_is_told(run):
    found = run(strength=1.0, external=False)
    assert found["score"].isna().all() and found["bacc"].notna().all()
    assert (found["note"] == "nobody has the role external: there is no score").all()


def test_several_seeds_are_a_mean_and_a_spread(run):
    found = run(strength=1.0, seeds=2)
    assert found["n_seeds"].tolist() == [2, 2] and (found["bacc_sd"] >= 0).all()
    assert found["score_sd"].notna().all()


def test_sites_at_which_nobody_is_tested_are_none_to_choose_from(run):
    found = run(strength=5.0, others=True)
    assert found["n_sites"].tolist() == [4, 4] and (found["chance"] == 0.25).all()
    assert (found["bacc"] > 0.9).all() and found["score"].isna().all()


@pytest.mark.parametrize("probe", ["released", "invariant"])
def test_one_probe_alone_says_what_it_says_beside_the_other(run, probe):
    alone = run(strength=1.0, probes=(probe,))
    assert alone.index.tolist() == [probe] and alone["scale_decides"].isna().all()
    both = run(strength=1.0)
    same = [name for name in alone if name != "scale_decides"]
    assert alone[same].equals(both.loc[[probe], same])
