"""On maps of the phantom's own regions those that are planted rank above those that are not."""

from __future__ import annotations

import numpy as np
import pytest
from forms import VOLUME
from scipy import ndimage
from trained_rows import METHODS, step, write

from contrage.cohort.phantom.heads.ageing import TISSUES
from contrage.evaluation.saliency import explain
from contrage.evaluation.saliency.found import Found, read
from contrage.evaluation.saliency.regions import array_grid, regions_of

PEOPLE, GRID, FACTOR = 120, 2, 4
PLANTED = ("frontal cortex", "cerebellum", "white matter")
RATE = 0.008
"""Of stiffness, a year, in those regions; the others of the phantom stay as they are."""


@pytest.fixture(scope="module")
def found(tmp_path_factory) -> Found:
    """Maps of the phantom's regions, of which some soften with age, learned and explained."""
    rng, folder = np.random.default_rng(8), tmp_path_factory.mktemp("phantom")
    asked = step("phantom", grid_mm=GRID, factor=FACTOR, is_stiffness=True)
    shape = array_grid(asked.regions).array.shape
    regions = regions_of(asked.regions, shape, 1)
    ages = rng.uniform(20, 80, PEOPLE).round(1)
    values = np.zeros((PEOPLE, 1, *shape), np.float32)
    for number, name in enumerate(regions.names, start=1):
        inside = regions.labels[0] == number
        own = TISSUES[name.replace(" ", "_")].stiffness * (1 + rng.normal(0, 0.04, PEOPLE))
        fall = RATE * (ages - 50) if name in PLANTED else 0 * ages
        values[:, 0, inside] = (own * (1 - fall))[:, None]
    for image in values:
        noise = ndimage.gaussian_filter(rng.normal(0, 1, shape), 1)
        image[0] *= 1 + 0.05 * noise / noise.std()
    run = write(folder, values, ages, VOLUME)
    run.train()
    explain.saliency(asked, **run.step)
    return read(run.step["attributions"])


def test_of_methods_that_are_shown_planted_regions_rank_above_those_that_are_not(found):
    shown = [method for method in METHODS if found.methods[method].judged.shown]
    assert "occlusion" in shown
    for method in shown:
        own = found.methods[method]
        adds, wanted = own.contributions[0], own.wanted[0]
        around = wanted - wanted.mean()
        part = (around[:, None] * adds).mean(0) / (around**2).mean()
        told = dict(zip(found.regions, part, strict=True))
        others = [told[name] for name in told if name not in PLANTED]
        assert min(told[name] for name in PLANTED) > max(others), method
        assert sum(told[name] for name in PLANTED) > 0.6, method


def test_the_map_has_more_in_planted_places_than_elsewhere(found):
    grid = step("phantom", grid_mm=GRID, factor=FACTOR, is_stiffness=True).regions
    labels = regions_of(grid, found.methods["occlusion"].explained.shape[1:], 1)
    planted = np.isin(labels.labels, [labels.names.index(name) + 1 for name in PLANTED])
    explained = found.methods["integrated_gradients"].explained
    brain = labels.labels > 0
    assert explained[planted].mean() > 3 * abs(explained[brain & ~planted].mean())
