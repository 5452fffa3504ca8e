"""Each part and each site is drawn by itself, and dials turn one thing alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from contrage.cohort.phantom.tables.draws import stream
from contrage.cohort.phantom.tables.recipe import offset, recipe
from contrage.cohort.phantom.tables.study import write_study
from contrage.errors import SettingsError
from contrage.tables import read_tsv


def lines(path):
    return path.read_text(encoding="utf-8").splitlines()


def files(folder):
    return sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())


def only(settings, cohort, *parts):
    return replace(settings, parts={cohort: {part: settings.parts[cohort][part] for part in parts}})


def test_the_same_settings_give_the_same_bytes(settings, tmp_path):
    few = only(settings, "oasis3", "HC", "AD")
    for name in ("one", "two"):
        write_study(few, tmp_path / name)
    found = files(tmp_path / "one")
    assert found == files(tmp_path / "two") and len(found) == 6
    for name in found:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_another_seed_gives_other_people(settings, study, tmp_path):
    write_study(replace(only(settings, "icbm", "HC"), seed=7), tmp_path)
    one, other = (read_tsv(folder / "truth.tsv") for folder in (study, tmp_path))
    assert not set(one.loc[one["cohort"] == "icbm", "age"]) & set(other["age"])


@pytest.mark.parametrize(
    ("cohort", "part"), [("adni", "pMCI"), ("oasis3", "AD"), ("openbhb", "internal_test")]
)
def test_a_part_alone_is_what_it_is_among_others(settings, study, tmp_path, cohort, part):
    write_study(only(settings, cohort, part), tmp_path)
    assert set(lines(tmp_path / "truth.tsv")) <= set(lines(study / "truth.tsv"))
    for name in files(tmp_path / cohort):
        if name.suffix == ".npy" and "challenge" not in name.parts:
            same = (tmp_path / cohort / name).read_bytes()
            assert same == (study / cohort / name).read_bytes()
        elif name.suffix == ".tsv":
            assert set(lines(tmp_path / cohort / name)) <= set(lines(study / cohort / name))


def test_more_people_in_a_part_change_no_other(settings, study, tmp_path):
    parts = {"HC": settings.parts["oasis3"]["HC"], "AD": settings.parts["oasis3"]["AD"]}
    parts["HC"] = replace(parts["HC"], people=3)
    write_study(replace(settings, parts={"oasis3": parts}), tmp_path)
    table = "oasis3/neuromorphometrics_cat12_vbm_roi.tsv"
    with_dementia = [line for line in lines(tmp_path / table) if line.startswith("sub-OAS31")]
    assert len(with_dementia) == 40
    assert set(with_dementia) <= set(lines(study / table))


def test_a_part_of_nobody_is_no_part(settings, tmp_path):
    nobody = {"HC": replace(settings.parts["icbm"]["HC"], people=0)}
    write_study(replace(settings, parts={"icbm": nobody}), tmp_path)
    assert files(tmp_path) == [(tmp_path / "truth.tsv").relative_to(tmp_path)]


def test_the_strength_of_sites_moves_features_alone(settings, study, tmp_path):
    write_study(replace(only(settings, "icbm", "HC"), site=0.0), tmp_path)
    assert set(lines(tmp_path / "truth.tsv")) <= set(lines(study / "truth.tsv"))
    table = "icbm/neuromorphometrics_cat12_vbm_roi.tsv"
    one, other = (read_tsv(folder / table) for folder in (study, tmp_path))
    regions = [name for name in one if "Reg" in name]
    apart = one[regions].to_numpy() - other[regions].to_numpy()
    planted = offset(settings, recipe(settings), "icbm", "MNI")
    order = [name for tissue in ("_GM_Vol", "_CSF_Vol") for name in regions if tissue in name]
    told = dict(zip(order, planted, strict=True))
    assert np.allclose(apart, [told[name] for name in regions], atol=1.1e-4)


def test_a_site_adds_nothing_along_age(settings):
    planted = recipe(settings)
    for cohort, site in (("adni", "2"), ("adni", "3"), ("openbhb", "2")):
        found = offset(settings, planted, cohort, site)
        assert abs(found @ planted.direction) < 1e-9
        assert found.std() == pytest.approx(settings.site, rel=0.15)


def test_sites_of_one_name_in_two_cohorts_are_two_sites(settings):
    planted = recipe(settings)
    one, other = (offset(settings, planted, cohort, "2") for cohort in ("adni", "openbhb"))
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.2


def test_the_direction_of_age_is_there_where_nobody_ages(settings):
    planted, still = recipe(settings), recipe(replace(settings, ageing=0.0))
    assert np.array_equal(planted.direction, still.direction)
    grey, fluid = planted.direction[:142], planted.direction[142:]
    assert (grey < 0).all() and (fluid > 0).all()
    assert np.abs(planted.direction).mean() == pytest.approx(settings.effect, rel=0.15)


def test_the_disease_has_a_pattern_of_its_own(settings):
    pattern = recipe(settings).pattern
    assert sorted(set(np.abs(pattern))) == [0.0, settings.pattern]
    assert np.count_nonzero(pattern) == settings.pattern_features
    assert {-settings.pattern, settings.pattern} <= set(pattern)


def test_the_first_factor_leans_on_age(settings):
    planted = recipe(settings)
    upright = recipe(replace(settings, factor_lean=0.0))
    moved = planted.factors - upright.factors
    assert not moved[:, 1:].any()
    length = np.linalg.norm(upright.factors[:, 0])
    assert np.linalg.norm(moved[:, 0]) == pytest.approx(settings.factor_lean * length)
    assert np.corrcoef(moved[:, 0], planted.direction)[0, 1] == pytest.approx(1)


def test_streams_are_told_apart_by_name_and_seed():
    drawn = {stream(seed, *name).random() for seed in (0, 1) for name in ("ab", "ba", "a", "b")}
    assert len(drawn) == 8
    assert stream(3, "site", "adni").random() == stream(3, "site", "adni").random()


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"ukb": {}}, "parts: no 'ukb'; there are openbhb, adni, icbm, oasis3"),
        ({"icbm": {"AD": 3}}, "parts.icbm: no 'AD'; there are HC"),
        ({"icbm": {"HC": 1000}}, "parts.icbm.HC.people: must be 0 to 999"),
        ({"icbm": {"HC": -1}}, "parts.icbm.HC.people: must be 0 to 999"),
    ],
)
def test_what_cannot_be_made_is_refused(settings, tmp_path, parts, said):
    usual = settings.parts["icbm"]["HC"]
    asked = {
        cohort: {part: replace(usual, people=people) for part, people in of.items()}
        for cohort, of in parts.items()
    }
    with pytest.raises(SettingsError, match=said):
        write_study(replace(settings, parts=asked), tmp_path)
