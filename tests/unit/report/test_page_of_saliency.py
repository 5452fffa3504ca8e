"""What the page says of where rows look, and what it draws of it."""

from __future__ import annotations

import re
from html import unescape

import numpy as np
import pandas as pd
import pytest
from evaluation_steps import evaluation_of, statistics
from forms import VOLUME
from PIL import Image

from contrage.evaluation.evaluate import evaluate
from contrage.evaluation.saliency.found import Found, OfMethod, written
from contrage.evaluation.saliency.regions import array_grid
from contrage.evaluation.saliency.verdict import Judged, Stage
from contrage.files import read_json
from contrage.layout import Results
from contrage.settings.build import as_plain
from contrage.settings.steps.saliency import RegionsAsked
from contrage.tables import read_tsv

REGIONS = ("thalamus", "pons", "cuneus", "elsewhere")
WHY = "with random weights its map stays the same"


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def method(shape: tuple[int, ...], shown: bool, rng: np.random.Generator) -> OfMethod:
    values = rng.normal(0, [4, 1, 0.5, 0], (2, 12, 4))
    maps = np.zeros((2, *shape), np.float32)
    maps[:, :, shape[1] // 3 : shape[1] // 2] = 1e-3
    stages = [Stage("readout", 1, 0.8), Stage("encoder.layers.1", 9, 0.31 if shown else 0.92)]
    judged = Judged(stages, 0.8, shown, "" if shown else WHY)
    return OfMethod(values, values.sum(2), *maps, judged)


def found(has_place: bool, rng: np.random.Generator, shown: bool = True) -> Found:
    asked = RegionsAsked("tissue", None, 2 if has_place else None, 4, ("x",), False)
    grid = array_grid(asked)
    shape = (1, *grid.array.shape) if grid else (1, 40)
    people = tuple(f"sub-{n:02d}" for n in range(12))
    methods = {
        "integrated_gradients": method(shape, shown, rng),
        "occlusion": method(shape, False, rng),
    }
    sizes, ages = np.array([400, 200, 300, 0]), np.linspace(20, 80, 12)
    affine = grid.affine if grid else None
    return Found("exp", people, people, ages, REGIONS, sizes, np.full(4, np.nan), affine, methods)


@pytest.fixture
def reported(bare, evaluated, rng):
    """Write what was found and its tables, and return the report."""

    def report(has_place: bool = True, shown: bool = True, drawn: bool = False):
        file = bare.path(Results.attributions.format(row="exp"))
        file.parent.mkdir(parents=True)
        written(file, found(has_place, rng, shown))
        told = {"evaluations.saliency": {}, "statistics": as_plain(statistics(bootstrap=100))}
        tables: dict[str, pd.DataFrame] = {}
        for name in ("saliency", "saliency_people", "saliency_sanity"):
            step = evaluation_of(name, VOLUME, ("exp",), told)
            evaluate(step, table=bare.path("t.tsv"), attributions=[file])
            tables[name] = read_tsv(bare.path("t.tsv"))
        return evaluated(tables, drawn)

    return report


def figure(report) -> dict | None:
    entries = read_json(report.path("figures", "figures.json"))
    return next((each for each in entries if each["name"] == "saliency"), None)


def test_the_page_says_what_explains_most_and_what_it_does_not_mean(reported):
    text = plain(reported().html)
    assert "Where do the differences between predictions come from?" in text
    assert (
        "Exponential, integrated gradients, 12 test people: most is explained by thalamus (" in text
    )
    assert "it says neither that age changes a region, nor the other way round" in text
    assert "Exponential, integrated gradients: 0.31 (0.80) (tables/saliency_sanity.tsv)" in text


def test_a_method_that_failed_is_not_shown_and_the_page_says_why(reported):
    report = reported()
    text = plain(report.html)
    assert f"Exponential, occlusion is not shown: {WHY}." in text
    assert "Maps of 1 methods" in figure(report)["alt"]
    assert "occlusion, 12 test people" not in text


def test_where_no_method_may_be_shown_there_is_no_figure(reported):
    report = reported(shown=False)
    assert figure(report) is None
    text = plain(report.html)
    assert text.count("is not shown:") == 2 and "most is explained by" not in text


def test_maps_that_have_a_place_are_drawn_on_the_template(reported):
    report = reported(drawn=True)
    drawn = figure(report)
    assert "on the template" in drawn["caption"]
    picture = np.asarray(Image.open(report.path("figures", "saliency.png")).convert("RGB"), float)
    # Red on grey: the voxels that explain, in each of the planes that they cross.
    assert ((picture[..., 0] - picture[..., 2]) > 60).mean() > 0.005


def test_features_are_drawn_as_bars(reported):
    report = reported(has_place=False)
    drawn = figure(report)
    assert drawn["title"] == "What explains the differences between predictions"
    assert drawn["height"] > 200 and report.path("figures", "saliency.png").is_file()
