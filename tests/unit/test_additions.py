"""To add something is to write one file: temporary ones are put beside the others, and run.

A kind of data, a source and an evaluation are added and run in
unit/modalities/test_own_modality.py, unit/cohort/test_own_source.py and
unit/evaluation/test_elements.py; here stand the others, and what holds for all.
"""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from cohorts import asked
from dataset_steps import split_step
from given import SCHEMA
from own_files import ENCODER, EVALUATION, KIND, LOSS, MAP, SCHEME, STRIPPER
from own_map import BRAIN_ONLY, command, preprocess, write_map

from contrage import losses, modalities
from contrage.cohort import sources
from contrage.cohort.read import read_cohort
from contrage.dataset import schemes
from contrage.dataset.split import split
from contrage.evaluation import elements
from contrage.files import save_nifti, write_json
from contrage.imaging import skull_strip
from contrage.imaging.images import load
from contrage.imaging.strip import strip
from contrage.imaging.template.source import NILEARN
from contrage.layout import Derivatives, of_scan
from contrage.learning import encoders
from contrage.learning.train import train
from contrage.plan import folds, jobs
from contrage.plan import imaging as plan
from contrage.plan.experiment import Experiment
from contrage.plan.imaging import check_limits, strip_settings
from contrage.run import code
from contrage.settings.door import complete, load_schema
from contrage.settings.steps.imaging import StripMethod, StripStep
from contrage.tables import read_tsv

PEOPLE, LEARNERS, SHAPE = 20, 16, (10, 12, 8)
OWN_BLOCK = {
    "description": "Settings of threshold.",
    "type": "object",
    "additionalProperties": False,
    "default": {},
    "properties": {"part": {"description": "Of the brightest.", "type": "number", "default": 0.5}},
}
LISTS = ("training.encoder", "dataset.split.scheme", "preprocessing.skull_strip.method")
LISTS += ("cohort.image",)
"""Of the schema: where a name of one's own has to stand as well."""


@pytest.fixture
def add(tmp_path: Path, monkeypatch):
    """Put a file beside the others of a folder, for the time of a test."""
    added = []

    def put(package: ModuleType, stem: str, text: str) -> Path:
        folder = tmp_path / "added" / package.__name__
        folder.mkdir(parents=True)
        (folder / f"{stem}.py").write_text(text)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
        importlib.invalidate_caches()
        added.append((package, stem))
        return folder / f"{stem}.py"

    yield put
    for package, stem in added:
        sys.modules.pop(f"{package.__name__}.{stem}", None)
        vars(package).pop(stem, None)
    modalities.load.cache_clear()


@pytest.fixture
def study(tmp_path: Path, rng) -> Path:
    """A cohort in whose images age shows; its table of scans and their array."""
    ages = rng.uniform(20, 80, PEOPLE).round(1)
    images = rng.normal(2.7, 0.3, (PEOPLE, *SHAPE)) * (1 - 0.006 * (ages - 50))[:, None, None, None]
    np.save(tmp_path / "array.npy", images[:, None].astype(np.float32))
    lines = ["scan_id\tparticipant_id\tage\tsite\trow"]
    lines += [f"sub-{i:02d}\tsub-{i:02d}\t{age}\tn/a\t{i}" for i, age in enumerate(ages)]
    (tmp_path / "scans.tsv").write_text("\n".join(lines) + "\n")
    return tmp_path


def config(own: str = "", **blocks: Any) -> dict[str, Any]:
    """Return a whole configuration, by a schema that has a name of one's own in its lists."""
    schema = load_schema(SCHEMA)
    for key in LISTS:
        part = schema
        for name in key.split("."):
            part = part["properties"][name]
        part["enum"].append(own)
    of_strip = schema["properties"]["preprocessing"]["properties"]["skull_strip"]["properties"]
    of_strip["threshold"] = OWN_BLOCK
    return complete(blocks, schema)


def experiment(own: str = "", **blocks: Any) -> Experiment:
    """Return what the plan makes of a configuration of twelve phantoms."""
    phantom = {"participants": 12, "seed": 1}
    people = read_cohort(asked(source="phantom", phantom=phantom))
    return Experiment.of(config(own, **blocks), people)


def divided(study: Path, whole: dict[str, Any]) -> list[dict[str, Any]]:
    """Run the step `split`; return its folds."""
    asked = split_step(**whole["dataset"], batch_size=6)
    given = {"scans": study / "scans.tsv", "array": study / "array.npy"}
    split(asked, **given, output=study / "split.json")
    return json.loads((study / "split.json").read_text())["folds"]


def trained(study: Path, own: str, row: str, **blocks: Any) -> dict[str, Path]:
    """Run the steps `split` and `train`, an epoch of one batch; return what the latter wrote."""
    training = {"epochs": 1, "batch_size": LEARNERS, "device": "cpu", "threads": 1}
    training |= blocks.pop("training", {})
    benchmark = {"losses": [row], "pretrained": [], "norms": [], "null": []}
    of = experiment(own, training=training, benchmark=benchmark, **blocks)
    assert len(divided(study, of.config)[0]["train"]) == LEARNERS
    given = {"scans": study / "scans.tsv", "array": study / "array.npy"}
    given |= {"split": study / "split.json", "fold": 0}
    endings = {"model": "pt", "curve": "tsv", "resume": "resume", "features": "npz"}
    out = {key: study / f"out.{ending}" for key, ending in endings.items()}
    asked = replace(jobs.training(of, row, seed=0, fold=0), snapshot_epochs=())
    train(asked, **given, **out)
    return out


def test_a_loss_is_one_file_and_its_settings_are_its_constructors(add, study):
    add(losses, "pull", LOSS)
    curves = [
        read_tsv(trained(study, "", "pull", losses={"pull": {"strength": strength}})["curve"])
        for strength in (1.0, 3.0)
    ]
    single, triple = (float(curve["loss"].iloc[0]) for curve in curves)
    assert single > 0 and triple == pytest.approx(3 * single, rel=1e-5)
    assert code.constructor_defaults("contrage.losses.pull") == {"strength": 1.0}


def test_an_encoder_is_one_file_that_says_whom_it_takes(add, study):
    add(encoders, "slabs", ENCODER)
    assert "slabs" in encoders.fitting(modalities.load("stiffness").form)
    assert "slabs" not in encoders.fitting(modalities.load("desikan").form)
    made = trained(study, "slabs", "exp", training={"encoder": "slabs"})
    with np.load(made["features"]) as stored:
        assert stored["features"].shape == (PEOPLE, 20)
        assert np.isfinite(stored["features"]).all()
    weights = torch.load(made["model"], weights_only=True)["encoder"]
    assert weights["layers.2.weight"].shape == (20, 5)


def test_a_way_of_splitting_is_one_file_that_plan_and_step_ask(add, study):
    add(schemes, "by_turns", SCHEME)
    own = {"scheme": "by-turns", "folds": 4, "test_fraction": 0.25}
    of = experiment("by-turns", dataset={"split": own})
    assert [fold["test"] for fold in divided(study, of.config)] == [
        [f"sub-{i:02d}" for i in range(k, PEOPLE, 4)] for k in range(4)
    ]
    assert of.folds == [0, 1, 2, 3]
    assert folds.most_training_scans(of.config, of.cohort) == 9


def test_a_way_of_skull_stripping_is_one_file(add, tmp_path):
    add(skull_strip, "threshold", STRIPPER)
    asked = config("threshold", preprocessing={"skull_strip": {"method": "threshold"}})
    settings = strip_settings(asked, NILEARN.settings())
    assert settings == StripStep(StripMethod("threshold", {"part": 0.5}), None, None, None, None)
    head, brain = head_in(tmp_path / "T1.nii.gz")
    write_json(tmp_path / "check.json", {"status": "ok", "unit": "kPa"})
    out = {"brain_mask": tmp_path / "mask.nii.gz", "record": tmp_path / "strip.json"}
    strip(settings, before=tmp_path / "check.json", anatomical=head, maps={}, **out)
    np.testing.assert_array_equal(load(out["brain_mask"]).array > 0, brain)
    record = json.loads(out["record"].read_text())
    assert record["status"] == "ok" and "scipy" in json.dumps(record)


def head_in(path: Path) -> tuple[Path, np.ndarray]:
    """Write a ball of 1.1 litres in a dim shell, with unequal axes; return it and the ball."""
    shape, spacing = (42, 48, 36), np.array([4.5, 4.0, 5.0])
    middle = (np.array(shape) - 1) / 2
    offset = (np.moveaxis(np.indices(shape), 0, -1) - middle) * spacing
    distance = np.linalg.norm(offset, axis=-1)
    brain = distance < 64
    array = np.where(brain, 1000 - distance, np.where(distance < 80, 200, 0)).astype(np.float32)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -middle * spacing
    save_nifti(path, array, affine)
    return path, brain


@pytest.fixture
def chain(add, tmp_path, monkeypatch, rng):
    """Add a map, and bring a scan of it through imaging; return where all lies."""

    def run(more: str = "") -> Derivatives:
        monkeypatch.chdir(tmp_path)
        add(modalities, "fluidity", MAP.format(more=more))
        cohort = {"source": "bids", "name": "own", "path": "data", "image": "fluidity"}
        asked = config("fluidity", experiment="own", cohort=cohort, preprocessing=BRAIN_ONLY)
        check_limits(asked)
        raw, files = {"fluidity": "data/sub-1/mre/sub-1_fluidity.nii.gz"}, Derivatives.of("own")
        write_map(Path(raw["fluidity"]), rng)
        Path(f"{files}").mkdir(parents=True)
        Path(files.scans).write_text("scan_id\nsub-1\n")
        preprocess(asked, raw, files)
        told = {"scans": files.scans, "derivatives": str(files), "passed": files.passed}
        command("screen", plan.screen_settings(asked), **told)
        return files

    return run


def test_a_map_is_one_file_from_its_raw_image_to_the_methods(chain):
    files = chain("plausible=(0, 9)")
    found = json.loads(Path(of_scan(files.check, "sub-1")).read_text())["inputs"]["fluidity"]
    assert 0.2 < found["spread"] < 0.5 and found["median"] == pytest.approx(0.3, abs=0.05)
    judged = json.loads(Path(of_scan(files.quality, "sub-1")).read_text())
    assert judged["status"] == "ok" and judged["coverage"] > 0.8
    made = Path(of_scan(files.preproc("fluidity", 2), "sub-1"))
    assert made.name == "sub-1_space-MNI152_res-2_desc-preproc_fluidity.nii.gz"
    beside = json.loads(made.with_name(made.name.replace(".nii.gz", ".json")).read_text())
    assert beside["Units"] == "Pa^-1"
    assert beside["contrage"]["settings"]["limits"] == {"beyond": "refuse", "fluidity": [0, 9]}
    assert "Fluidity is in 1/Pa." in Path(files.methods).read_text()


def test_a_map_without_limits_has_none(chain):
    record = json.loads(Path(of_scan(chain().preproc_sidecar, "sub-1")).read_text())
    assert record["status"] == "ok" and record["settings"]["limits"]["fluidity"] is None


def of_loss(name: str) -> tuple[str, ...]:
    """Return what the rule `train` names for a loss."""
    return jobs.training_modules(experiment(benchmark={"losses": [name]}), name)


def of_encoder(name: str) -> tuple[str, ...]:
    """Return what the rule `train` names for an encoder."""
    return jobs.training_modules(experiment("slabs", training={"encoder": name}), "exp")


def of_kind(name: str) -> tuple[str, ...]:
    """Return what the rule `arrays` names for a kind that it reads."""
    reader = modalities.load(name).reader
    return "contrage.dataset.arrays", sources.module("arrays"), *([reader] if reader else [])


NAMED: dict[str, tuple[ModuleType, str, Callable[[str], tuple[str, ...]]]] = {
    "loss": (losses, LOSS, of_loss),
    "encoder": (encoders, ENCODER, of_encoder),
    "source": (sources, "", lambda name: ("contrage.cohort.register", sources.module(name))),
    "kind of data": (modalities, KIND, of_kind),
    "scheme": (schemes, SCHEME, lambda name: ("contrage.dataset.split", schemes.module(name))),
    "stripper": (
        skull_strip,
        STRIPPER,
        lambda name: ("contrage.imaging.strip", *skull_strip.modules(name)),
    ),
    "evaluation": (elements, EVALUATION, lambda name: jobs.evaluation_modules(None, name)),
}


@pytest.mark.parametrize("what", NAMED)
def test_its_file_decides_what_uses_it_and_nothing_else(add, what):
    package, text, named = NAMED[what]
    others = [name for name in package.available() if name != "slabs"]
    file = add(package, "slabs", text)
    assert "slabs" in package.available()
    declared = code.closure(*named("slabs"))
    assert file in declared
    plug_ins = {path for path in declared if path.parent.name == Path(package.__path__[0]).name}
    assert [path.name for path in plug_ins if not path.stem.startswith("_")] == []
    assert [name for name in others if file in code.closure(*named(name))] == []


@pytest.mark.parametrize("what", ["loss", "stripper"])
def test_a_fingerprint_follows_an_edit_of_it(add, what):
    package, text, named = NAMED[what]
    file, other = add(package, "slabs", text), package.available()[0]
    before = [code.digest(*named(name)) for name in ("slabs", other)]
    file.write_text(f"{text}# an edit\n")
    after = [code.digest(*named(name)) for name in ("slabs", other)]
    assert after[0] != before[0] and after[1] == before[1]
