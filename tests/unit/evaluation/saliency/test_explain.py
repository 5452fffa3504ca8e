"""The step: trainings on images whose age is in one place, and what is found of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from evaluation_steps import evaluation_of, probe_of, statistics
from forms import TABLE, VOLUME
from targets import AGE
from training_steps import asked, told

from contrage.dataset.normalise import feature_statistics
from contrage.evaluation.evaluate import evaluate
from contrage.evaluation.probe import probe
from contrage.evaluation.saliency import explain, methods
from contrage.evaluation.saliency.found import read
from contrage.files import save_nifti
from contrage.layout import Results
from contrage.learning.train import train
from contrage.settings.blocks.evaluations import SaliencySettings
from contrage.settings.build import as_plain
from contrage.settings.steps.saliency import RegionsAsked, SaliencyStep
from contrage.tables import read_tsv

SHAPE, PEOPLE = (10, 12, 8), 60
PLANTED = np.s_[1:5, 2:7, 1:5]
METHODS = ("integrated_gradients", "occlusion")


@dataclass
class Run:
    """Two folds of one training each, on images or a table, and what the step is given."""

    place: Results
    values: np.ndarray
    form: dict[str, Any]
    fold: dict[str, Any]
    folds: int = 2

    @property
    def step(self) -> dict[str, Any]:
        each = [{"row": "l1", "seed": 0, "fold": k} for k in range(self.folds)]
        return {
            "models": [Path(self.place.model.format(**at)) for at in each],
            "coefficients": [Path(self.place.coefficients.format(row="l1", seed=0))],
            "splits": [Path(self.place.split.format(seed=0))],
            "scans": Path(self.place.scans),
            "array": Path(self.place.root) / "array.npy",
            "attributions": Path(self.place.attributions.format(row="l1")),
        }

    def train(self) -> None:
        """Train and probe, as the workflow does."""
        features = []
        for k in range(self.folds):
            at = {"row": "l1", "seed": 0, "fold": k}
            out = {name: Path(getattr(self.place, name).format(**at)) for name in OUTPUTS}
            given = {"array": self.step["array"], "scans": self.step["scans"], "fold": k}
            encoder = {"encoder": "mlp"} if self.form == TABLE else {}
            own = {"device": "cpu", "head": [16, 8], "batch_size": 10, "epochs": 15, **encoder}
            own |= {"learning_rate": 0.003, "threads": 1}
            train(asked(told("l1", self.form, **own)), split=self.step["splits"][0], **given, **out)
            features.append(out["features"])
        files = {"predictions": [self.predictions], "metrics": [self.predictions.with_suffix(".j")]}
        files |= {"features": features, "coefficients": self.step["coefficients"]}
        files |= {"scans": [self.step["scans"]], "splits": self.step["splits"]}
        probe(probe_of("l1"), **files)

    @property
    def predictions(self) -> Path:
        return Path(self.place.predictions.format(row="l1", seed=0))


OUTPUTS = ("model", "curve", "resume", "features")


def write(folder: Path, values: np.ndarray, ages: np.ndarray, form: dict[str, Any]) -> Run:
    """Write an array, its scans and two folds."""
    place, count = Results.at(str(folder)), len(ages)
    names = [f"sub-{n:02d}" for n in range(count)]
    for file in (place.scans, place.split, place.coefficients, place.predictions):
        Path(file.format(row="l1", seed=0)).parent.mkdir(parents=True, exist_ok=True)
    np.save(folder / "array.npy", values.astype(np.float32))
    lines = ["scan_id\tparticipant_id\tage\tsite\trow"]
    lines += [
        f"{name}\t{name}\t{age}\tn/a\t{n}"
        for n, (name, age) in enumerate(zip(names, ages, strict=True))
    ]
    Path(place.scans).write_text("\n".join(lines) + "\n")
    folds = []
    for k in range(2):
        test = list(range(k, count, 2))
        rows = [n for n in range(count) if n not in test]
        if form == TABLE:
            scores = feature_statistics(values, np.array(rows))
        else:
            inside = values[rows][values[rows] != 0]
            scores = {"mean": [float(inside.mean())], "sd": [float(inside.std())]}
        entry = {"train": [names[n] for n in rows], "test": [names[n] for n in test]}
        target = {"age_mean": float(ages[rows].mean()), "age_sd": float(ages[rows].std())}
        folds.append({"fold": k, **entry, "train_rows": rows, **scores, **target})
    Path(place.split.format(seed=0)).write_text(json.dumps({"folds": folds}))
    return Run(place, values, form, folds[0])


def step(by: str, scans: int = 20, atlas: Path | None = None, **more) -> SaliencyStep:
    """Return what the step is asked for."""
    chosen = SaliencySettings(None, METHODS, scans, atlas and str(atlas), 32)
    given = {"atlas": atlas and str(atlas), "grid_mm": None, "factor": 1, "axes": ("x", "y", "z")}
    regions = RegionsAsked(by=by, **{**given, "is_stiffness": False, **more})
    return SaliencyStep("l1", (0,), AGE.learned, False, chosen, regions)


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
    stages = found.methods[method].stages
    assert found.methods[method].shown and stages[-1].correlation < 0.7
    table = table_of("saliency_sanity", maps[0])
    own = table[table["method"] == method]
    assert own["layers"].tolist() == [stage.layers for stage in stages]
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
    assert hidden["note"].iloc[0].startswith("with random weights its map stays the same")
    assert set(table_of("saliency_people", own)["method"]) == {"integrated_gradients"}
    assert not read(own.step["attributions"]).methods["occlusion"].shown


def test_of_a_table_features_are_named_and_that_with_age_ranks_first(tmp_path):
    rng = np.random.default_rng(6)
    ages = rng.uniform(20, 80, PEOPLE).round(1)
    values = rng.normal(0, 1, (PEOPLE, 14))
    values[:, 4] += 0.1 * (ages - 50)
    run = write(tmp_path, values, ages, TABLE)
    run.train()
    names = [f"v{n}" for n in range(14)]
    (tmp_path / "columns.tsv").write_text("\n".join(["feature", *names]) + "\n")
    explain.saliency(step("features"), **run.step, columns=tmp_path / "columns.tsv")
    table = table_of("saliency", run)
    for method in METHODS:
        own = table[table["method"] == method]
        assert own["note"].isna().all() and set(own["region"]) == set(names)
        assert own.set_index("rank").loc[1, "region"] == "v4"
