"""What the page says of errors by part, of continuity and of order, and what it draws of them."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import pandas as pd
from PIL import Image

from contrage.files import read_json

ROWS = ("exp", "dynlocrep", "l1")
ERRORS = ("mae_sd", "ci_low", "ci_high", "gm", "rmse_mean", "r2_mean", "r_mean")


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def by_part(column: str, parts: dict[str, tuple[float, int]], without: str = "") -> pd.DataFrame:
    lines = [
        {column: part, "row": row, "mae_mean": error + place, "n_participants": people}
        for part, (error, people) in parts.items()
        for place, row in enumerate(ROWS[:2])
    ]
    found = pd.DataFrame(lines).assign(**dict.fromkeys(ERRORS, 0.5), note=None, mae_baseline=9.25)
    if without:
        lacking = pd.DataFrame(
            {column: without, "row": ROWS[:2], "note": "nobody of it was tested"}
        )
        found = pd.concat([found, lacking], ignore_index=True)
    return found


def test_errors_by_shots_stand_side_by_side(bare, evaluated):
    bare.config["evaluations"]["shots"] = {"many": 100, "few": 20}
    parts = {"all": (4.0, 90), "many": (3.0, 60), "medium": (5.0, 20), "few": (7.0, 10)}
    text = plain(evaluated({"shots": by_part("shots", parts, "none")}).html)
    assert "Does it hold where training people are few?" in text
    assert "have age in the same bin (1 wide)" in text
    assert "few (under 20), n = 10" in text and "medium (20 to 100), n = 20" in text
    assert "Exponential 4.00 ± 0.50 3.00 ± 0.50 5.00 ± 0.50 7.00 ± 0.50" in text
    assert "Predict the mean 9.25 9.25 9.25 9.25" in text
    assert "Lowest error of all: 4.00 years (Exponential), of few: 7.00 years" in text
    assert "of few: none: nobody was tested." in text


def test_errors_in_missing_ranges_stand_beside_the_others(bare, evaluated):
    bare.config["evaluations"]["missing_range"] = {}
    bare.config["dataset"]["missing_targets"] = [[45, 50], [60, 65]]
    parts = {"all": (4.0, 90), "missing": (6.0, 20), "learned": (3.5, 70)}
    parts |= {"45 to 50": (5.0, 9), "60 to 65": (7.0, 11)}
    text = plain(evaluated({"missing_range": by_part("part", parts)}).html)
    assert "No training scan has age in 45 to 50 years and 60 to 65 years" in text
    assert "missing in training, n = 20" in text and "60 to 65, n = 11" in text
    assert "of missing: 6.00 years (Exponential)" in text


def test_the_t_test_stands_beside_the_permutation_test(evaluated):
    table = pd.DataFrame({"row": ROWS[:2], "mae_mean": [3.0, 3.4], "diff_to_best": [0, 0.4]})
    table = table.assign(diff_ci_low=[0, 0.1], diff_ci_high=[0, 0.7], p_paired=[np.nan, 0.012])
    table = table.assign(p_holm=[np.nan, 0.024], t=[np.nan, 2.71], p_t=[np.nan, 0.008])
    text = plain(evaluated({"paired_t": table.assign(n_participants=52, n_seeds=3)}).html)
    assert "claims on this page are made of the permutation test" in text
    assert "0.012 0.024 2.71 0.008" in text and "52 test people." in text


def continuity(reference: bool = True) -> dict[str, pd.DataFrame]:
    """Made-up factors: the smoother, the better."""
    rng = np.random.default_rng(0)
    scale = dict(zip(ROWS, (4.0, 6.0, 9.0), strict=True))
    people = pd.concat(
        [
            pd.DataFrame({"row": row, "seed": 0, "fold": 0, "factor": rng.gamma(2, k / 2, 200)})
            for row, k in scale.items()
        ]
    )
    lines, draws = [], []
    for row, k in scale.items():
        line = {"row": row, "n": 200, "skipped": 2, "mean": k, "sd": k * 0.7, "median": 0.8 * k}
        line |= {"skewness": 1.4, "n_seeds": 1, "note": None}
        if reference and row != "l1":
            z = rng.normal(0.6, 0.1, 100)
            more = {"reference": "l1", "z": 0.6, "z_low": 0.4, "z_high": 0.8}
            line |= more | {"r_gap": 0.05, "rho": 0.61, "n_draws": 100}
            gap = 0.05 * z + rng.normal(0, 0.01, 100)
            draws.append(pd.DataFrame({"row": row, "draw": range(100), "z": z, "r_gap": gap}))
        lines.append(line)
    table = pd.DataFrame(lines)
    for name in ("reference", "z", "z_low", "z_high", "r_gap", "rho", "n_draws"):
        table[name] = table.get(name)
    none = pd.DataFrame(columns=["row", "draw", "z", "r_gap"])
    of_draws = pd.concat(draws, ignore_index=True) if draws else none
    return {"lipschitz": table, "lipschitz_people": people, "lipschitz_draws": of_draws}


def test_continuity_is_told_and_drawn_against_its_reference(bare, evaluated):
    report = evaluated(continuity(), drawn=True)
    text = plain(report.html)
    assert "Do people with like features have like targets?" in text
    assert "how much smaller factors are than L1 regression's" in text
    assert "0.60 (0.40 to 0.80) +0.050 0.61" in text
    assert "continuity" in [e["name"] for e in read_json(report.path("figures", "figures.json"))]
    with Image.open(report.path("figures", "continuity.png")) as picture:
        assert picture.size[0] > 800
    assert 'id="figure-continuity"' in report.html and "lipschitz_people.tsv" not in report.html


def test_without_a_reference_there_are_violins_alone(evaluated):
    report = evaluated(continuity(reference=False), drawn=True)
    text = plain(report.html)
    assert "Z: how much" not in text and "median factor (years)" in text
    with Image.open(report.path("figures", "continuity.png")) as picture:
        assert picture.size[0] < 1000


def test_order_is_told_with_its_drop(evaluated):
    lines = []
    for row, own, null in (("exp", 0.92, 0.23), ("dynlocrep", 0.6, np.nan)):
        for space in ("embedding", "features"):
            line = {"row": row, "space": space, "spearman": own, "spearman_sd": 0.01}
            line |= {"permuted": null, "permuted_sd": 0.02, "drop": own - null}
            line["permuted_row"] = "exp-permuted" if row == "exp" else None
            lines.append(line | {"n_participants": 60, "n_seeds": 3, "note": None})
    lines.append({**lines[0], "row": "l1", "spearman": np.nan, "note": "it has no embedding"})
    text = plain(evaluated({"ordinality": pd.DataFrame(lines)}).html)
    assert "Does the order of the target survive?" in text
    assert "Exponential embedding 0.92 ± 0.01 0.23 0.69" in text
    assert "DynLocRep features 0.60 ± 0.01 n/a n/a" in text
    assert "L1 regression: the head predicts the target and has no embedding." in text
    assert "Permuted is what" in text and "takes targets for classes" in text
    everyone = plain(evaluated({"ordinality": pd.DataFrame(lines[:-1])}).html)
    assert "has no embedding" not in everyone


def test_pairs_are_told_and_drawn_of_rows_that_contrast_some(evaluated):
    epochs = np.arange(1, 31)
    curves, lines = [], []
    for row, speed, fall in (("exp", 6, 0.6), ("dynlocrep", 20, 0.1)):
        for seed in range(3):
            positives = 1 - np.exp(-(epochs + seed) / speed)
            negatives = 0.95 - fall * (1 - np.exp(-epochs / 10)) + 0.01 * seed
            curve = {"row": row, "seed": seed, "fold": 0, "epoch": epochs}
            curves.append(pd.DataFrame(curve | {"positives": positives, "negatives": negatives}))
        line = {"row": row, "saturated": 3 if row == "exp" else 0, "positives_first": 0.2}
        line |= {"positives_last": 0.99, "negatives_first": 0.9, "negatives_last": 0.4}
        lines.append(line | {"epoch": 17 if row == "exp" else np.nan, "n_trainings": 3})
    lines.append({"row": "l1", "n_trainings": 0, "note": "its loss contrasts no pairs"})
    report = evaluated({"logits": pd.DataFrame(lines), "logits_curves": pd.concat(curves)})
    text = plain(report.html)
    assert "Is there anything left to gain?" in text and "0.20 0.99 0.90 0.40 3 of 3 17" in text
    assert "L1 regression: no cosines were noted, for the loss predicts" in text
    assert 'id="figure-pairs"' in report.html
    told = {"logits": pd.DataFrame(lines[:-1]), "logits_curves": pd.concat(curves)}
    assert "no cosines were noted" not in plain(evaluated(told).html)


def test_the_oracle_stands_first_and_who_is_below_it_is_told(evaluated):
    lines = [("all", "oracle", 1.2, 0.0, 0.0, "false"), ("all", "exp", 2.5, 1.3, 0.1, "false")]
    lines.append(("all", "dynlocrep", 0.5, -0.7, 0.1, "true"))
    names = ["cohort", "row", "mae", "difference", "se", "is_below"]
    table = pd.DataFrame(lines, columns=names).assign(oracle=1.2, n_participants=80, note=None)
    text = plain(evaluated({"oracle": table}).html)
    assert "The oracle 1.20 n/a" in text and "Exponential 2.50 1.30 ± 0.10" in text
    assert "DynLocRep (all) is below the oracle by more than its standard error" in text
    calm = plain(evaluated({"oracle": table.iloc[:2]}).html)
    assert "No loss is below the oracle by more than its standard error." in calm
