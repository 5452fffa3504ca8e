"""A kind of data of one's own is one file: read, checked, scored, trained and predicted from."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from cohorts import asked as asked_of_cohort
from dataset_steps import split_step
from training_steps import asked, told

from contrage import modalities
from contrage.cohort.register import register
from contrage.dataset.arrays import arrays
from contrage.dataset.select import select
from contrage.dataset.split import split
from contrage.errors import BadScanError
from contrage.learning import encoders
from contrage.learning.train import train
from contrage.settings.steps.dataset import ArraysStep, SelectStep

PEOPLE, CHANNELS, REGIONS = 24, 3, 11
FILE = '''
"""Three measures of eleven regions, written as text."""

from contrage.modalities._modality import regions

MODALITY = regions(
    many="measures of regions", title="measures", channels=3, ending="measures.txt", shape=(11,)
)


def read(path, kind):
    import numpy as np

    return np.loadtxt(path, dtype=np.float32).reshape(kind.whole)
'''
TRAINING = {"device": "cpu", "head": [8, 4], "epochs": 1, "batch_size": 6}
TRAINING |= {"augmentation": ["intensity", "noise"]}


@pytest.fixture
def measures(tmp_path: Path, monkeypatch):
    """Put the file beside the others, for the time of a test."""
    folder = tmp_path / "kinds"
    folder.mkdir()
    (folder / "measures.py").write_text(FILE)
    monkeypatch.setattr(modalities, "__path__", [*modalities.__path__, str(folder)])
    yield "measures"
    modalities.load.cache_clear()
    sys.modules.pop("contrage.modalities.measures", None)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """People in whose measures age shows, in units that differ by channel."""
    rng, folder = np.random.default_rng(5), tmp_path / "study"
    folder.mkdir()
    lines = ["participant_id\tage"]
    for number in range(PEOPLE):
        age = 20 + 2.5 * number
        values = rng.normal(age / 50, 0.1, (CHANNELS, REGIONS)) * np.array([[1], [100], [0.01]])
        np.savetxt(folder / f"sub-{number:02d}_measures.txt", values)
        lines.append(f"{number:02d}\t{age}")
    (folder / "participants.tsv").write_text("\n".join(lines) + "\n")
    return folder


def prepared(study: Path, image: str) -> dict:
    """Run the steps up to the split; return what a training reads."""
    kind = modalities.load(image)
    cohort = {"source": "arrays", "path": str(study), "image": image, "on_bad_scan": "fail"}
    people = asked_of_cohort(**cohort)
    files = {name: study / f"{name}.tsv" for name in ("scans", "excluded", "rows", "left_out")}
    register(people, scans=files["scans"], excluded=files["excluded"])
    reading = ArraysStep(
        "arrays",
        str(study),
        "fail",
        "refuse",
        kind.prepared,
        kind.reader,
        4,
        None,
        None,
        None,
        None,
        None,
    )
    arrays(reading, array=study / "array.npy", **files)
    select(
        SelectStep(None, {}, None, None),
        scans=files["scans"],
        excluded=files["left_out"],
        rows=files["rows"],
        derivatives=study,
        selected=study / "selected.tsv",
        left_out=study / "unused.tsv",
    )
    given = {"scans": study / "selected.tsv", "array": study / "array.npy"}
    wanted = split_step(split={"test_fraction": 0.25}, form=vars(kind.form), batch_size=6)
    split(wanted, **given, output=study / "split.json")
    return {**given, "split": study / "split.json"}


def test_it_is_found_and_says_who_fits(measures):
    assert measures in modalities.learned()
    assert modalities.load(measures).reader == "contrage.modalities.measures"
    fitting = encoders.fitting(modalities.load(measures).form)
    assert {"mlp", "small"} <= set(fitting)


@pytest.mark.parametrize("encoder", ["mlp", "small"])
def test_one_epoch_is_trained_on_it_with_channels_scored_apart(measures, study, encoder):
    given = prepared(study, measures)
    assert np.load(given["array"]).shape == (PEOPLE, CHANNELS, REGIONS)
    form = vars(modalities.load(measures).form)
    settings = asked(told("exp", form, **TRAINING, encoder=encoder))
    out = {name: study / f"{encoder}.{name}" for name in ("model", "curve", "resume", "features")}
    train(settings, **given, fold=0, **out)
    with np.load(out["features"]) as stored:
        assert stored["features"].shape == (PEOPLE, 128)
        assert np.isfinite(stored["features"]).all()
    first = next(iter(torch.load(out["model"], weights_only=True)["encoder"].values()))
    assert first.shape[1] == (CHANNELS * REGIONS if encoder == "mlp" else CHANNELS)


def test_a_file_that_it_cannot_use_is_named(measures, study):
    (study / "sub-03_measures.txt").write_text("nan " * (CHANNELS * REGIONS))
    with pytest.raises(BadScanError, match=r"sub-03_measures\.txt: has values that are NaN"):
        prepared(study, measures)
