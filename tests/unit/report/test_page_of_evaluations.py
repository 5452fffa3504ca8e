"""What the page says and draws of further evaluations."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import pandas as pd
import pytest
from groups_study import GroupsStudy, leaning, people
from PIL import Image

from contrage.files import read_json
from contrage.report.elements.calibration import calibration
from contrage.report.elements.gaps import roc, with_patients
from contrage.report.elements.ingredients import gather
from contrage.settings.steps.report import FiguresStep
from contrage.tables import write_tsv

OF_GROUPS = ("gap", "gap_people", "roc", "roc_curves", "roc_pairs", "slopes", "slopes_people")
ROWS = ("exp", "dynlocrep")


@pytest.fixture
def groups(tmp_path):
    told = {"gap": {}, "roc": {}, "slopes": {}}
    rows = {row: leaning(beta, noise=3) for row, beta in zip(ROWS, (0.8, 0.6), strict=True)}
    return GroupsStudy(tmp_path / "groups" / "study", people(), rows, told)


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def figures(report) -> list[str]:
    return [entry["name"] for entry in read_json(report.path("figures", "figures.json"))]


def test_gaps_have_words_tables_and_figures(evaluated, groups):
    report = evaluated({name: groups.table(name) for name in OF_GROUPS}, drawn=True)
    text = plain(report.html)
    assert "Do people of a group look older than they are?" in text
    best = "Exponential" if "Exponential, Cole" in text else "DynLocRep"
    assert re.search(
        rf"{best}, Cole's gap: in years beyond HC \(n = 24\), with 95 % intervals, sMCI "
        r"\(n = 24\) \S+ \(\S+ to \S+\), pMCI .* and AD \(n = 24\) \d\.\d \(\d\.\d to \d",
        text,
    )
    assert "Control of noise: the training mean knows nothing of anyone's brain" in text
    assert re.search(r"its raw gap tells the sides with an area of 0\.\d\d \(0", text)
    assert re.search(r"an area of \S+ \(\S+ to \S+\) with 24 AD and 24 HC, more than age", text)
    assert "Does the gap grow?" in text and "in years of gap per year, HC (n = 24)" in text
    assert "Predict the mean: fold 0: no gap by Cole's method" in text
    assert {"gap_by_group", "roc", "slopes"} <= set(figures(report))
    for name in ("gap_by_group", "roc", "slopes"):
        with Image.open(report.path("figures", f"{name}.png")) as picture:
            assert picture.size[0] > 400
        assert report.path("figures", f"{name}.svg").read_text().startswith("<?xml")
        assert f'id="figure-{name}"' in report.html
    for name in ("gap", "roc", "slopes"):
        assert f'id="table-{name}"' in report.html and f"tables/{name}.tsv" in report.html
    assert 'id="table-gap_people"' not in report.html


def test_several_cohorts_have_a_column_and_panels(evaluated, groups):
    both = groups.but(scans=groups.scans.rename(columns={"owner": "cohort"}))
    report = evaluated({name: both.table(name) for name in OF_GROUPS})
    text = plain(report.html)
    assert ", adni, Cole's gap" in text or ", oasis3, Cole's gap" in text
    assert re.search(r"with an area of \S+ \(.*?\) in adni and", text)
    assert {"gap_by_group", "roc", "slopes"} <= set(figures(report))


def test_cohorts_of_controls_alone_are_not_drawn_beside_others():
    groups = {"cohort": ["adni", "adni", "icbm"], "group": ["HC", "AD", "HC"]}
    assert with_patients(pd.DataFrame(groups))["cohort"].tolist() == ["adni", "adni"]
    alone = pd.DataFrame(groups).iloc[2:]
    assert with_patients(alone).equals(alone)


def test_without_a_gap_that_can_be_drawn_there_is_no_figure_and_the_page_says_why(
    evaluated, groups
):
    one = groups.but(scans=groups.scans.assign(fold=0))
    report = evaluated({name: one.table(name) for name in OF_GROUPS})
    assert not {"gap_by_group", "slopes"} & set(figures(report))
    assert "its line needs controls of two ages at least from other folds" in plain(report.html)


def test_the_figure_of_curves_has_the_areas_of_the_table(groups, bare, tmp_path):
    bare.make_tables()
    for name in ("roc", "roc_curves"):
        write_tsv(bare.path("tables", f"{name}.tsv"), groups.table(name))
    bare.settings["evaluations"] = dict.fromkeys(("roc", "roc_curves"))
    given = gather(
        bare.asked(FiguresStep),
        bare.path("dataset", "scans.tsv"),
        bare.derivatives,
        tmp_path,
        tables=bare.tables(),
    )
    drawn = roc(given)
    auc = groups.table("roc").set_index(["row", "score"])["auc"]
    svg = (tmp_path / "roc.svg").read_text()
    assert drawn.name == "roc" and f"{auc['exp', 'cole']:.2f}" in svg


def test_errors_by_cohort_and_site_in_the_embedding_stand_on_the_page(evaluated):
    head = {"column": "cohort", "value": ["adni", "adni", "icbm", "icbm"], "row": [*ROWS, *ROWS]}
    numbers = ("mae_mean", "mae_sd", "ci_low", "ci_high", "gm", "r2_mean", "r_mean")
    cohorts = pd.DataFrame({**head, **dict.fromkeys(numbers, 1.5), "n_participants": 40})
    cohorts["note"] = [None, None, "nobody of it was tested", "nobody of it was tested"]
    site = {"row": np.repeat(ROWS, 2), "probe": ["released", "invariant"] * 2}
    site |= {"bacc": [0.2, 0.5, 0.3, 0.32], "bacc_sd": np.nan, "chance": 0.25, "p": 0.01}
    site |= {"null_mean": 0.25, "null_high": 0.3, "mae_external": 3.0, "score": 2.0}
    site |= {"score_sd": np.nan, "n_sites": 4, "n_participants": 96, "note": None}
    site |= {"scale_decides": ["true", "true", "false", "false"], "mae_internal": 2.0}
    text = plain(evaluated({"cohorts": cohorts, "embedded_site": pd.DataFrame(site)}).html)
    assert "icbm: nobody of it was tested." in text and "Does it hold in each cohort?" in text
    assert "96 test people, 4" in text and "chance is 0.250" in text
    assert "differ by more than .05 for Exponential: trust the invariant one" in text


def test_checkpoints_are_drawn_with_their_line_and_number(evaluated):
    rng = np.random.default_rng(0)
    parts = []
    for row in ROWS:
        mae = rng.uniform(2, 5, 16)
        told = {"row": row, "cohort": "all", "seed": 0, "fold": np.repeat(range(4), 4)}
        told |= {"epoch": [5, 10, 20, 30] * 4}
        told |= {"mae": mae, "bacc": 1 - 0.05 * mae, "auc": 0.9, "n": 16, "n_clusters": 4}
        told |= {"r": -0.99, "r_low": -1, "r_high": -0.9, "fisher_low": -1, "fisher_high": -0.97}
        told |= {"slope": -0.05, "slope_low": -0.06, "slope_high": -0.04, "note": None}
        parts.append(pd.DataFrame(told))
    report = evaluated({"against_diagnosis": pd.concat(parts)})
    assert "against_diagnosis" in figures(report)
    assert "Do trainings that predict age better tell the diagnosis better?" in plain(report.html)
    assert "−0.050" in plain(report.html)


def test_calibration_is_drawn_of_two_sides(bare, tmp_path):
    bare.make_tables()
    curve = pd.DataFrame({"row": "exp", "seed": 0, "probability": [0.2, 0.8], "n": [30, 50]})
    curve = curve.assign(observed=[0.3, 0.7], null_low=[0.1, 0.6], null_high=[0.3, 0.9])
    table = pd.DataFrame({"row": ["exp"], "ece": 0.1, "null_mean": 0.09, "n_participants": 80})
    bare.settings["evaluations"] = dict.fromkeys(("calibration", "calibration_curve"))
    for name, frame in (("calibration", table), ("calibration_curve", curve)):
        write_tsv(bare.path("tables", f"{name}.tsv"), frame)
    given = gather(
        bare.asked(FiguresStep),
        bare.path("dataset", "scans.tsv"),
        bare.derivatives,
        tmp_path,
        tables=bare.tables(),
    )
    assert calibration(given).name == "calibration" and (tmp_path / "calibration.svg").is_file()
