"""Where a model looks in a new scan: what regions add, and the map, of methods that passed."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import torch
from made_models import FEATURES, HIDDEN, looks, map_model, table_model, write_rows
from targets import SIDES
from tiny_maps import AFFINE, brain

from contrage import cli
from contrage.bundle.batch import join_predictions, predict_part
from contrage.bundle.errors import BundleError
from contrage.bundle.explain import Explaining, baseline_of, explaining, offered, why_none
from contrage.bundle.looked import ODD, file_name
from contrage.bundle.network import networks, z_scored
from contrage.bundle.opened import Bundle, open_bundle
from contrage.bundle.predict import Prediction, predict_subjects, subjects
from contrage.errors import SettingsError
from contrage.files import save_nifti
from contrage.settings.steps.model import JoinPredictionsStep, PredictPartStep
from contrage.tables import read_tsv

GRADIENTS = "integrated_gradients"
MANY = 256
"""Points at which sums of random weights are within a hundredth; 32 miss .08 (docs/predict.md)."""


@pytest.fixture(scope="module")
def of_maps(tmp_path_factory) -> Bundle:
    return open_bundle(map_model(tmp_path_factory.mktemp("maps") / "m", (GRADIENTS, "occlusion")))


@pytest.fixture(scope="module")
def of_table(tmp_path_factory) -> Bundle:
    folder = tmp_path_factory.mktemp("table") / "m"
    return open_bundle(table_model(folder, looks=looks(0, GRADIENTS, "occlusion")))


@pytest.fixture
def scan(tmp_path) -> Path:
    path = tmp_path / "sub-01_stiffness.nii.gz"
    nib.save(nib.Nifti1Image(brain(30, 7), AFFINE), path)
    return path


def explained(bundle: Bundle, path: Path, work: Path, of: Explaining | None = None) -> Prediction:
    found = subjects(bundle, [path])
    (one,) = predict_subjects(bundle, found, work=work, explain=of or explaining(bundle.facts))
    assert one.refused is None
    return one


def baseline(bundle: Bundle) -> float:
    """What the members make of the mean image."""
    told = []
    for member, network in zip(bundle.members, networks(bundle), strict=True):
        shape = (1, bundle.facts.network.channels, *bundle.facts.network.shape)
        with torch.no_grad():
            told.append(float(network(baseline_of(bundle, member, torch.zeros(shape)))[0]))
    return float(np.mean(told))


def test_what_regions_add_is_the_prediction_beyond_that_of_the_mean(
    of_maps, scan, tmp_path, monkeypatch
):
    monkeypatch.setattr("contrage.bundle.explain.STEPS", MANY)
    one = explained(of_maps, scan, tmp_path)
    look = one.looks[0]
    assert look.method == GRADIENTS
    assert look.above == pytest.approx(one.predicted - baseline(of_maps), abs=1e-3)
    assert sum(look.regions.values()) == pytest.approx(look.above, abs=0.01 * abs(look.above))
    assert set(look.regions) >= {"grey matter", "white matter", "fluid and borders"}
    sizes = np.abs(list(look.regions.values()))
    assert (np.diff(sizes) <= 0).all()


def test_the_map_lies_where_the_image_does_and_adds_up_to_the_same(of_maps, scan, tmp_path):
    one = explained(of_maps, scan, tmp_path)
    for look in one.looks:
        image = nib.load(one.files[f"looks-{look.method}"])
        np.testing.assert_allclose(image.affine[:3, :3], np.diag([-8, 8, 8]))
        np.testing.assert_allclose(image.affine[:3, 3], [87, -123, -69])
        values = image.get_fdata()
        assert values.sum() == pytest.approx(sum(look.regions.values()), abs=1e-2)


def test_a_change_in_one_place_is_seen_there(of_maps, scan, tmp_path):
    """The left half of a brain is another: the map is on the left, in world coordinates."""
    image = nib.load(scan)
    values = image.get_fdata(dtype=np.float32)
    x = np.indices(values.shape)[0] * AFFINE[0, 0] + AFFINE[0, 3]
    mean = of_maps.mean.values[0] / np.maximum(of_maps.mean.inside[0], 1e-6)
    same = np.where((mean > 0) & (values > 0), mean, values)
    changed = np.where((x < 0) & (values > 0), values * 1.5, same)
    nib.save(nib.Nifti1Image(changed.astype(np.float32), AFFINE), scan)
    one = explained(of_maps, scan, tmp_path)
    made = nib.load(one.files[f"looks-{GRADIENTS}"])
    found = np.abs(made.get_fdata())
    world = np.indices(found.shape)[0] * made.affine[0, 0] + made.affine[0, 3]
    assert found[world < -8].sum() > 4 * found[world > 8].sum()


def test_of_a_table_each_feature_adds_what_it_does(of_table, tmp_path):
    table = write_rows(tmp_path / "t.tsv", {"lh_thick": 2.5, "rh_thick": 2.4, "volume": 1310})
    look = explained(of_table, table, tmp_path).looks[0]
    assert set(look.regions) == set(FEATURES) and next(iter(look.regions)) == "volume"
    assert look.regions["lh_thick"] == look.regions["rh_thick"] == 0  # they are the mean
    assert look.regions["volume"] == pytest.approx(look.above, rel=0.02)


def test_features_of_a_binary_target_add_log_odds(tmp_path):
    bundle = open_bundle(table_model(tmp_path / "m", SIDES, looks=looks(0, "occlusion")))
    table = write_rows(tmp_path / "t.tsv", {"volume": 1310})
    one = explained(bundle, table, tmp_path)
    (look,) = one.looks
    values = z_scored(bundle, bundle.members[0], np.array([2.5, 2.4, 1310.0]))
    with torch.no_grad():
        odds = [
            float(n(torch.from_numpy(values)[None])[0] - n(torch.zeros(1, *values.shape))[0])
            for n in networks(bundle)
        ]
    assert look.above == pytest.approx(np.mean(odds), rel=1e-4)


def test_the_number_is_told_before_it_is_explained_and_is_the_same(of_maps, scan):
    told, first = [], []
    found = subjects(of_maps, [scan])
    asked = {"explain": explaining(of_maps.facts), "first": first.append}
    (one,) = predict_subjects(of_maps, found, tell=lambda name, stage: told.append(stage), **asked)
    (plain,) = predict_subjects(of_maps, found)
    assert told[-2:] == ["predict", "explain"]
    assert first[0].looks == () and first[0].predicted == one.predicted == plain.predicted
    assert plain.looks == ()


def test_an_atlas_of_ones_own_names_the_regions(of_maps, scan, tmp_path, monkeypatch):
    monkeypatch.setattr("contrage.bundle.explain.STEPS", MANY)
    labels = np.zeros((23, 28, 23))
    labels[:11], labels[11:] = 3, 8
    inside = brain(50, 1) > 0
    save_nifti(tmp_path / "atlas.nii.gz", labels * inside, AFFINE)
    (tmp_path / "atlas.tsv").write_text("index\tname\n3\tright half\n8\tleft half\n")
    of = explaining(of_maps.facts, tmp_path / "atlas.nii.gz")
    look = explained(of_maps, scan, tmp_path, of).looks[0]
    assert {"right half", "left half"} <= set(look.regions)
    assert sum(look.regions.values()) == pytest.approx(look.above, abs=0.01 * abs(look.above))


def test_an_atlas_that_cannot_be_meant_is_refused(of_maps, of_table, tmp_path):
    (tmp_path / "a.nii").write_text("none")
    with pytest.raises(SettingsError, match=r"^--atlas: .*a\.nii"):
        explaining(of_maps.facts, tmp_path / "a.nii")
    with pytest.raises(SettingsError, match=r"^--atlas: an atlas is of volumes"):
        explaining(of_table.facts, tmp_path / "a.nii")


def test_a_method_that_failed_is_not_offered_and_the_reason_is_said(tmp_path, scan):
    bundle = open_bundle(map_model(tmp_path / "m", ("occlusion",)))
    assert offered(bundle.facts) == ("occlusion",) and why_none(bundle.facts) is None
    assert [look.method for look in explained(bundle, scan, tmp_path).looks] == ["occlusion"]
    nothing = open_bundle(map_model(tmp_path / "n"))
    assert offered(nothing.facts) == ()
    reason = f"integrated gradients: {HIDDEN}; occlusion: {HIDDEN}"
    assert why_none(nothing.facts) == reason
    never = open_bundle(table_model(tmp_path / "t"))
    assert "model.explain" in why_none(never.facts)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MemoryError(), "there is not enough memory for it on this machine"),
        (KeyError("one\nother"), "'one\\nother'"),
        (BundleError("m", "odd"), "m: odd"),
        (AssertionError(), "AssertionError"),
    ],
)
def test_where_it_cannot_be_told_the_number_stands(
    of_maps, scan, tmp_path, monkeypatch, error, said
):
    def fails(*given, **more):
        raise error

    monkeypatch.setattr("contrage.bundle.explain.attributions", fails)
    one = explained(of_maps, scan, tmp_path)
    assert one.predicted is not None and one.looks == ()
    assert one.flags[-1] == f"where the model looks could not be computed ({said})"


def test_the_command_writes_a_table_and_maps_beside_the_predictions(of_maps, scan, tmp_path):
    output = tmp_path / "out" / "predictions.tsv"
    output.parent.mkdir()
    given = [str(of_maps.folder), str(scan), "--output", str(output), "--explain", "--quiet"]
    cli.main(["predict", *given, "--json", str(tmp_path / "p.json")])
    table = read_tsv(output.with_name("predictions_looks.tsv"))
    assert list(table.columns) == ["scan", "method", "region", "adds", "above"]
    told = json.loads((tmp_path / "p.json").read_text())["predictions"][0]
    for look in told["looks"]:
        own = table[table["method"] == look["method"]]
        assert own["adds"].tolist() == pytest.approx(list(look["regions"].values()), abs=1e-5)
        path = output.with_name("predictions_looks") / f"sub-01_{look['method']}.nii.gz"
        assert nib.load(path).get_fdata().sum() == pytest.approx(own["adds"].sum(), abs=1e-2)
    assert read_tsv(output)["predicted_age"].notna().all()


def in_parts(bundle, scan, folder, parts=2, **asked):
    """Predict a scan as the jobs of `snakemake predictions` do; return the table of looks."""
    block = {"known": None, "interval": None, "explain": True, "atlas": None, **asked}
    given = {"model": str(bundle.folder), "scans": str(scan), "parts": parts, **block}
    files = [folder / f"{part}.json" for part in range(parts)]
    maps = [folder / f"{part}_looks" for part in range(parts)]
    for part in range(parts):
        step = PredictPartStep(**given, part=part)
        predict_part(step, output=files[part], maps=maps[part])
    table, looks = folder / "predictions.tsv", folder / "predictions_looks.tsv"
    join_predictions(
        JoinPredictionsStep(),
        parts=files,
        table=table,
        output=folder / "predictions.json",
        made=maps,
        looks=looks,
        maps=folder / "predictions_looks",
    )
    return looks


def test_the_jobs_of_many_scans_write_what_the_command_writes(of_maps, scan, tmp_path):
    jobs, command = tmp_path / "jobs", tmp_path / "command"
    jobs.mkdir(), command.mkdir()
    looks = in_parts(of_maps, scan, jobs)
    output = command / "predictions.tsv"
    cli.main(["predict", str(of_maps.folder), str(scan), "--output", str(output), "--explain"])
    assert len(read_tsv(looks)) > 2
    for name in ("predictions.tsv", "predictions_looks.tsv"):
        assert (jobs / name).read_bytes() == (command / name).read_bytes()
    made = sorted(path.name for path in (jobs / "predictions_looks").iterdir())
    assert made == sorted(path.name for path in (command / "predictions_looks").iterdir())
    assert len(made) == 2


def test_jobs_refuse_to_explain_what_a_model_does_not_say_by_their_own_keys(
    of_maps, scan, tmp_path
):
    nothing = open_bundle(map_model(tmp_path / "n"))
    with pytest.raises(SettingsError, match=f"^predict.explain: .*{HIDDEN}; set it to false"):
        in_parts(nothing, scan, tmp_path)
    (tmp_path / "a.nii").write_text("none")
    with pytest.raises(SettingsError, match=r"^predict.atlas: .*a\.nii"):
        in_parts(of_maps, scan, tmp_path, atlas=str(tmp_path / "a.nii"))


def test_scans_whose_names_are_no_names_of_files_keep_maps_of_their_own():
    names = ["sub-1", "a b", "a-b", "a+b", "sub-1 (2)", "sub-1--2-"]
    made = [file_name(name) for name in names]
    assert len(set(made)) == len(names) and made[0] == "sub-1" and made[2] == "a-b"
    assert not any(ODD.search(name) for name in made)


def test_the_command_says_why_it_does_not_tell(tmp_path, scan, capsys):
    model, output = map_model(tmp_path / "m"), tmp_path / "p.tsv"
    cli.main(["predict", str(model), str(scan), "--output", str(output), "--explain", "--quiet"])
    assert f"is not told: integrated gradients: {HIDDEN}" in capsys.readouterr().err
    assert read_tsv(output)["predicted_age"].notna().all()
    assert not output.with_name("p_looks.tsv").exists()
    with pytest.raises(SystemExit, match="1"):
        cli.main(["predict", str(model), str(scan), "--output", str(output), "--atlas", "a.nii"])
    assert "--atlas: names the regions of --explain" in capsys.readouterr().err


def test_a_mean_of_another_network_is_refused(tmp_path):
    from contrage.bundle import parts, written
    from contrage.bundle.errors import BundleError
    from contrage.files import sha256

    model = map_model(tmp_path / "m", (GRADIENTS,))
    parts.write_arrays(model / "mean.npz", {"values": np.zeros(3), "inside": np.zeros(3)})
    facts = json.loads((model / written.NAME).read_text())
    facts["parts"]["mean.npz"] = sha256(model / "mean.npz")
    facts["sha256"] = written.own_checksum(facts)
    (model / written.NAME).write_text(json.dumps(facts))
    with pytest.raises(BundleError, match=r"mean\.npz: the mean image is not of shape"):
        open_bundle(model)
