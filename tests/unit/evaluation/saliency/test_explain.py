"""The step: trainings on images whose age is in one place, and what is found of them."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from evaluation_steps import evaluation_of, statistics
from forms import TABLE, VOLUME
from trained_rows import METHODS, Run, step, write

from contrage.errors import SettingsError
from contrage.evaluation.evaluate import evaluate
from contrage.evaluation.saliency import explain, methods
from contrage.evaluation.saliency.found import read
from contrage.files import save_nifti, write_json
from contrage.settings.build import as_plain
from contrage.tables import read_tsv

SHAPE, PEOPLE = (10, 12, 8), 60
PLANTED = np.s_[1:5, 2:7, 1:5]


@pytest.fixture(scope="module")
def maps(tmp_path_factory) -> tuple[Run, Path]:
    """Maps that soften with age in one block, and an atlas of that block and two others."""
    rng, folder = np.random.default_rng(5), tmp_path_factory.mktemp("maps")
    ages = rng.uniform(20, 80, PEOPLE).round(1)
    values = 2.7 + 0.3 * rng.normal(0, 1, (PEOPLE, 1, *SHAPE)) + 0.5 * rng.normal(0, 1, SHAPE)
    values[(slice(None), 0, *PLANTED)] -= 0.02 * (ages - 50)[:, None, None, None]
    values[:, :, :1] = 0
    run = write(folder, np.where(values == 0, 0, np.maximum(values, 0.1)), ages, VOLUME)
    labels = np.zeros(SHAPE)
    labels[PLANTED], labels[6:10, 2:7, 1:5], labels[1:5, 8:, :] = 5, 2, 9
    save_nifti(folder / "atlas.nii.gz", labels, np.eye(4))
    run.train()
    return run, folder / "atlas.nii.gz"


@pytest.fixture(scope="module")
def found(maps):
    run, atlas = maps
    explain.saliency(step("atlas", atlas=atlas), **run.step)
    return read(run.step["attributions"])


def table_of(name: str, run: Run):
    told = {"evaluations.saliency": as_plain(step("features").saliency)}
    told["statistics"] = as_plain(statistics(bootstrap=200))
    file = Path(run.place.table(name))
    made = evaluation_of(name, run.form, ("l1",), told)
    evaluate(made, table=file, attributions=[run.step["attributions"]])
    return read_tsv(file)


def test_an_atlas_on_another_grid_lies_where_the_volumes_of_the_array_do(maps, found, tmp_path):
    """Voxels of 2 mm in the array, and the same labels on voxels of 1 mm, farther out."""
    run, atlas = maps
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    fine = np.diag([1.0, 1.0, 1.0, 1.0])
    fine[:3, 3] = -2.5
    labels = np.pad(nib.load(atlas).get_fdata().repeat(2, 0).repeat(2, 1).repeat(2, 2), 2)
    save_nifti(tmp_path / "fine.nii.gz", labels, fine)
    place = tmp_path / "array.json"
    write_json(place, {"contrage": {"place": {"affine": affine.tolist()}}})
    own = run.step | {"attributions": tmp_path / "a.npz"}
    asked = step("atlas", atlas=tmp_path / "fine.nii.gz")
    with pytest.raises(SettingsError, match="very grid"):
        explain.saliency(asked, **own)
    explain.saliency(asked, **own, place=place)
    there = read(own["attributions"])
    assert there.regions == found.regions
    np.testing.assert_array_equal(there.sizes, found.sizes)


@pytest.mark.parametrize("method", METHODS)
def test_the_region_in_which_age_is_planted_ranks_above_all_others(method, maps, found):
    table = table_of("saliency", maps[0])
    own = table[table["method"] == method].set_index("region")
    assert own["rank"].idxmin() == "label 5" and own["note"].isna().all()
    assert set(own.index) == {"label 5", "label 2", "label 9", "elsewhere"}
    assert own.loc["label 5", "explained"] > 0.5 > 2 * own["explained"].drop("label 5").max()
    assert own.loc["label 5", "ci_low"] > own.drop("label 5")["ci_high"].max()
    assert (own["n_scans"] == 20).all() and own["size"].sum() == pytest.approx(1)
    if method == "integrated_gradients":
        assert own["explained"].sum() == pytest.approx(1, abs=0.05)
        assert own["off"].max() < 0.05 and own["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize("method", METHODS)
def test_maps_of_random_weights_are_others(method, maps, found):
    own = found.methods[method].judged
    assert own.shown and own.stages[-1].correlation < own.highest < own.between <= 1
    table = table_of("saliency_sanity", maps[0])
    lines = table[table["method"] == method]
    assert lines["layers"].tolist() == [stage.layers for stage in own.stages]
    assert lines["between"].tolist() == pytest.approx([own.between] * len(lines))
    own = lines
    assert (own["passed"].astype(str).str.lower() == "true").all()
    assert own["down_to"].iloc[0] == "readout" and own["down_to"].iloc[-1].startswith("encoder.")


def test_what_is_explained_is_the_prediction_of_the_table(maps, found):
    """Of one fold's people, f(image) − f(baseline) differ as their predictions do."""
    told = read_tsv(maps[0].predictions)
    told = told[told["split"] == "test"].set_index("scan_id")
    wanted = dict(zip(found.scans, found.methods["occlusion"].wanted[0], strict=True))
    for _, own in told.loc[list(found.scans)].groupby("fold"):
        first, *others = own.index
        for each in others:
            apart = own.loc[each, "predicted_age"] - own.loc[first, "predicted_age"]
            assert wanted[each] - wanted[first] == pytest.approx(apart, abs=0.02)


def test_each_person_is_explained_region_by_region(maps, found):
    table = table_of("saliency_people", maps[0])
    own = table[table["method"] == "integrated_gradients"].groupby("scan_id")
    assert len(own) == 20
    sums = own["adds"].sum()
    np.testing.assert_allclose(sums, own["predicted"].first(), atol=0.05 * sums.abs().max())


def test_a_map_adds_up_to_what_its_regions_explain(maps, found):
    run, _ = maps
    table = table_of("saliency", run).set_index(["method", "region"])["explained"]
    explained = found.methods["integrated_gradients"].explained[0]
    assert explained[PLANTED].sum() == pytest.approx(
        table["integrated_gradients", "label 5"], rel=1e-3
    )
    assert found.affine is None and explained.shape == SHAPE


def test_people_are_spread_over_the_target_and_the_first_scan_of_each_counts(maps, found):
    ages = read_tsv(Path(maps[0].place.scans)).set_index("scan_id")["age"]
    told = ages[list(found.scans)]
    assert told.is_monotonic_increasing and len(set(found.scans)) == 20
    assert told.iloc[0] == ages.min() and told.iloc[-1] == ages.max()


def test_the_same_is_found_again(maps, found):
    run, atlas = maps
    again = {**run.step, "attributions": run.step["attributions"].with_name("again.npz")}
    explain.saliency(step("atlas", atlas=atlas), **again)
    assert again["attributions"].read_bytes() == run.step["attributions"].read_bytes()


def test_a_method_that_does_not_depend_on_what_was_learned_is_not_shown(maps, monkeypatch):
    run, atlas = maps
    monkeypatch.setitem(methods.METHODS, "occlusion", lambda predictor, image, asked: image.abs())
    own = Run(run.place, run.values, run.form, run.fold)
    explain.saliency(step("atlas", scans=8, atlas=atlas), **own.step)
    table = table_of("saliency", own)
    hidden = table[table["method"] == "occlusion"]
    assert len(hidden) == 1 and hidden["region"].isna().all()
    assert hidden["note"].iloc[0].startswith("with random weights its map stays much the same")
    assert set(table_of("saliency_people", own)["method"]) == {"integrated_gradients"}
    assert not read(own.step["attributions"]).methods["occlusion"].judged.shown


def test_of_a_table_features_are_named_and_that_with_age_ranks_first(tmp_path):
    rng = np.random.default_rng(6)
    ages = rng.uniform(20, 80, PEOPLE).round(1)
    slopes = np.where(np.arange(40) % 4 == 1, 0.04, 0.0)
    slopes[4] = 0.15
    values = rng.normal(0, 1, (PEOPLE, 40)) + slopes * (ages[:, None] - 50)
    run = write(tmp_path, values, ages, TABLE)
    run.train()
    names = [f"v{n}" for n in range(40)]
    (tmp_path / "columns.tsv").write_text("\n".join(["feature", *names]) + "\n")
    explain.saliency(step("features"), **run.step, columns=tmp_path / "columns.tsv")
    table = table_of("saliency", run)
    for method in METHODS:
        own = table[table["method"] == method]
        assert own["note"].isna().all() and set(own["region"]) == set(names)
        assert own.set_index("rank").loc[1, "region"] == "v4"


def test_a_table_of_few_features_that_few_people_taught_is_refused(tmp_path):
    """The check's limit, as docs/evaluation.md has it: features with age, and yet not shown."""
    rng = np.random.default_rng(6)
    ages = rng.uniform(20, 80, PEOPLE).round(1)
    slopes = np.array([0, 0.02, 0, 0.04, 0.1, 0, 0.05, 0, 0, 0.03, 0.06, 0, 0.02, 0])
    values = rng.normal(0, 1, (PEOPLE, 14)) + slopes * (ages[:, None] - 50)
    run = write(tmp_path, values, ages, TABLE)
    run.train()
    explain.saliency(step("features"), **run.step)
    table = table_of("saliency", run)
    assert len(table) == 2 and table["region"].isna().all()
    assert table["note"].str.startswith("with random weights its map stays much the same").all()
