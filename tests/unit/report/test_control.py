"""When the report says to worry about the field of view, and when it does not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from configured import configured

from contrage.report.elements.control import site_verdict, target_verdict
from contrage.report.elements.html_tables import control
from contrage.report.findings import Study
from contrage.report.notes import notes

MEAN, BEST = 10.0, 5.0


def study(
    coverage=(9.8, 9.0, 10.6), site_mean=(9.9, 9.0, 10.8), best=BEST, field="own", **site
) -> Study:
    """A study whose best loss errs by 5 years where the mean errs by 10."""
    bounds = ["mae_mean", "ci_low", "ci_high"]
    baselines = pd.DataFrame([coverage, site_mean], columns=bounds)
    baselines.insert(0, "baseline", ["ridge-coverage", "site-mean"])
    mae = {"loss": ["exp"], "mae_mean": [best], "mae_baseline": [MEAN], "n_seeds": [2]}
    mae |= {"ci_low": [best - 1], "ci_high": [best + 1]}
    tables = {"mae": pd.DataFrame(mae), "baselines": baselines, "site": site_table(**site)}
    whole = configured(dataset={"field_of_view": field}, statistics={"confidence": 0.9})
    return Study(whole, tables, 100, [])


def site_table(
    own=(0.84, 0.75, 0.92, 0.0001), common=(0.2, 0.2, 0.2, 1.0), note=np.nan
) -> pd.DataFrame:
    lines = []
    for field, found in (("own", own), ("common", common)):
        for seen, shift in (("mask", 0.0), ("image", 0.03)):
            low, high = found[1] + shift, found[2] + shift
            lines.append((seen, field, found[0] + shift, low, high, 0.2, found[3], note))
    names = ["seen", "field_of_view", "balanced_accuracy", "ci_low", "ci_high", "chance"]
    return pd.DataFrame(lines, columns=[*names, "p_permutation", "note"])


def titles(study: Study) -> set[str]:
    return {note.title for note in notes(study) if note.level == "warning"}


@pytest.mark.parametrize(
    ("coverage", "kind", "worry"),
    [
        ((6.0, 5.0, 7.0), "target-nearly", True),  # exactly 80 % of the gain
        ((6.1, 5.0, 7.0), "target-partly", True),
        ((9.0, 8.0, 9.99), "target-partly", True),
        ((9.0, 8.0, 10.0), "target-no", False),  # the interval reaches the mean's error
        ((10.4, 9.9, 11.0), "target-no", False),
    ],
)
def test_coverage_alone_worries_by_its_interval_and_its_share_of_the_gain(coverage, kind, worry):
    found = target_verdict(study(coverage))
    assert (found.kind, found.worry) == (kind, worry)
    assert ("Worry" in found.text) and f"{coverage[0]:.2f} years" in found.text
    assert (found.title in titles(study(coverage))) == worry


def test_the_share_of_the_gain_is_told():
    assert "20 % of the best loss's gain" in target_verdict(study((9.0, 8.0, 9.9))).text


def test_coverage_worries_too_where_no_loss_beats_the_mean():
    assert target_verdict(study((9.0, 8.0, 9.9), best=10.5)).kind == "target-partly"
    assert "gain:" not in target_verdict(study((9.0, 8.0, 9.9), best=10.5)).text


def test_a_site_that_shows_worries_where_sites_differ_in_age():
    told = study(site_mean=(7.0, 6.0, 8.0))
    found = site_verdict(told)
    assert found.kind == "site-target" and found.worry and found.title in titles(told)
    assert "balanced accuracy of 0.84 (0.75 to 0.92; chance 0.20, p < 0.001)" in found.text
    assert "studies differ in age" in found.text and "Worry" in found.text
    assert found.text.endswith(
        "Compare runs with dataset.field_of_view: common and dataset.split.scheme: leave-site-out."
    )


def test_a_site_that_shows_is_no_shortcut_where_sites_are_alike_in_age():
    told = study()
    found = site_verdict(told)
    assert found.kind == "site-only" and not found.worry and found.title not in titles(told)
    assert "studies do not clearly differ in age" in found.text


@pytest.mark.parametrize("own", [(0.3, 0.2, 0.4, 0.01), (0.3, 0.21, 0.4, 0.06)])
def test_a_site_at_chance_by_interval_or_by_p_is_no_worry(own):
    found = site_verdict(study(site_mean=(7.0, 6.0, 8.0), own=own))
    assert found.kind == "site-no" and not found.worry


@pytest.mark.parametrize(
    ("field", "kind", "told"),
    [
        ("own", "site-only", "field_of_view: common it is 0.20; from the images themselves 0.87"),
        ("common", "site-no", "field_of_view: own it is 0.84; from the images themselves 0.23"),
    ],
)
def test_the_field_of_view_learned_from_is_judged_and_the_other_told(field, kind, told):
    found = site_verdict(study(field=field))
    assert found.kind == kind and told in found.text
    assert ("common to all training scans" in found.text) == (field == "common")


def test_one_site_only_is_said_so():
    found = site_verdict(study(note="there is only one site"))
    assert found.kind == "site-unknown" and "there is only one study" in found.text
    assert not found.worry


def test_sites_that_are_left_out_are_named_and_counted():
    told = study()
    assert "without" not in site_verdict(told).text
    told.tables["site"] = told.tables["site"].assign(n_sites=3, sites_left_out="Study D")
    told.tables["scans"] = pd.DataFrame({"site": ["Study A", "Study B", "C", "Study D", "C", None]})
    text = site_verdict(told).text
    assert "p < 0.001) (3 of 4 studies; without Study D): clearly above chance" in text


def test_where_sites_are_left_out_of_training_none_is_a_shortcut():
    apart = configured(dataset={"split": {"scheme": "leave-site-out"}})
    found = site_verdict(replace(study(), config=apart))
    assert found.kind == "site-only" and "differ in age" not in found.text
    assert "No model has seen a scan of the study that it is tested on" in found.text


def test_the_field_of_view_that_is_used_is_not_advised():
    for field, advised in (("own", True), ("common", False)):
        for coverage in ((6.0, 5.0, 7.0), (9.0, 8.0, 9.9)):
            text = target_verdict(study(coverage, field=field)).text
            assert ("Compare a run with dataset.field_of_view: common" in text) == advised
        seen = study(site_mean=(7.0, 6.0, 8.0), field=field, common=(0.8, 0.7, 0.9, 0.001))
        assert ("field_of_view: common and" in site_verdict(seen).text) == advised


def test_without_controls_nothing_is_said():
    told = study()
    told.tables.update(site=pd.DataFrame(), baselines=pd.DataFrame())
    assert target_verdict(told) is None and site_verdict(told) is None
    assert control(told).lines == []


def test_the_controls_stand_beside_the_best_loss():
    lines = [line.cells for line in control(study()).lines]
    assert lines[0] == ["coverage", "age", "MAE 9.80 years", "9.00 to 10.60", "10.00 years"]
    assert lines[1][:3] == ["image, by Exponential", "age", "MAE 5.00 years"]
    assert lines[2][0] == "coverage, field of view: own" and lines[2][-1] == "0.20"
    assert len(lines) == 6
