"""A model is judged when it is made, as the evaluation judges its row."""

from __future__ import annotations

import errno
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from forms import VOLUME
from targets import AGE
from trained_rows import METHODS, Run, step, write

from contrage.bundle.looks import looks
from contrage.errors import DeviceError
from contrage.evaluation.saliency import explain, methods
from contrage.evaluation.saliency.found import read
from contrage.form import Form
from contrage.settings.steps.model import SeenByModel
from contrage.settings.steps.scores import ScoresSettings

SHAPE, PEOPLE = (8, 9, 6), 48


@dataclass(frozen=True)
class Asked:
    """What of an export is read to judge methods."""

    seen: SeenByModel
    explain: bool = True
    seeds: tuple[int, ...] = (0,)
    folds: tuple[int, ...] = (0, 1)
    heads: tuple[str, ...] = ()
    target: object = AGE


ASKED = Asked(
    SeenByModel(
        *("stiffness", "stiffness", "map", "maps", "kPa"),
        ScoresSettings(Form(**VOLUME), "train", "own"),
        *(None, None, None),
    )
)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    rng = np.random.default_rng(5)
    ages = rng.uniform(20, 80, PEOPLE).round(1)
    values = 2.7 + 0.3 * rng.normal(0, 1, (PEOPLE, 1, *SHAPE))
    values[:, 0, 1:5, 2:7, 1:5] -= 0.02 * (ages - 50)[:, None, None, None]
    made = write(tmp_path_factory.mktemp("looks"), np.maximum(values, 0.1), ages, VOLUME)
    made.train()
    return made


def files(run: Run) -> tuple[dict[str, str], dict[str, Path | None]]:
    of = run.place
    names = ("models", "coefficients", "splits")
    patterns = dict(zip(names, (of.model, of.coefficients, of.split), strict=True))
    return patterns, {"scans": run.step["scans"], "array": run.step["array"], "columns": None}


def test_the_verdict_is_that_of_the_evaluation_and_the_mean_that_of_everybody(run):
    told, mean = looks(ASKED, "l1", *files(run))
    explain.saliency(step("blocks"), **run.step)
    found = read(run.step["attributions"])
    assert [each.name for each in told.methods] == list(METHODS)
    for each in told.methods:
        own = found.methods[each.name].judged
        assert (each.shown, each.why) == (own.shown, own.why) == (True, "")
        assert each.correlation == pytest.approx(own.stages[-1].correlation)
        assert each.between == pytest.approx(own.between)
    assert (told.people, told.checked) == (PEOPLE, 12)
    np.testing.assert_allclose(mean.values, np.load(run.step["array"]).mean(0), rtol=1e-4)
    assert (mean.inside == 1).all()


def test_a_method_that_shows_the_image_is_not_offered(run, monkeypatch):
    monkeypatch.setitem(methods.METHODS, "occlusion", lambda predictor, image, asked: image.abs())
    told, _ = looks(ASKED, "l1", *files(run))
    by_name = {each.name: each for each in told.methods}
    assert not by_name["occlusion"].shown
    assert "with random weights its map stays much the same" in by_name["occlusion"].why
    assert by_name["integrated_gradients"].shown


def test_where_nobody_asks_nothing_is_judged(run):
    assert looks(replace(ASKED, explain=False), "l1", *files(run)) == (None, None)


@pytest.mark.parametrize("error", [DeviceError("no GPU is here"), MemoryError(), KeyError("x")])
def test_what_cannot_be_judged_costs_no_model_and_is_said(run, monkeypatch, caplog, error):
    def fails(*given, **more):
        raise error

    monkeypatch.setattr("contrage.bundle.looks.judged", fails)
    assert looks(ASKED, "l1", *files(run)) == (None, None)
    assert "l1: its model will not say where it looks, which could not be judged" in caplog.text
    assert "Traceback" in caplog.text or isinstance(error, DeviceError)


def test_a_full_disk_is_no_failure_of_judging(run, monkeypatch):
    def fails(*given, **more):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("contrage.bundle.looks.judged", fails)
    with pytest.raises(OSError, match="full"):
        looks(ASKED, "l1", *files(run))


def test_of_few_people_there_is_no_mean_and_nothing_is_shown(run, monkeypatch):
    monkeypatch.setattr("contrage.bundle.average.FEWEST", PEOPLE + 1)
    told, mean = looks(ASKED, "l1", *files(run))
    assert mean is None and told.people == 0
    assert not any(each.shown for each in told.methods)
    assert f"its mean image would be of {PEOPLE} people" in told.methods[0].why
