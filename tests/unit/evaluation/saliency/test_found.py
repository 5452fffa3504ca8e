"""What is added up scan by scan is what all scans together say, and comes back from the file."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest

from contrage.evaluation.saliency.found import Found, Gathered, read, written
from contrage.evaluation.saliency.places import NamedPlaces
from contrage.evaluation.saliency.verdict import Judged, Stage
from contrage.evaluation.statistics.saliency import explained
from contrage.learning.folds import Scans

SHAPE, SCANS = (2, 3, 4, 5), 7
AFFINE = np.array([[-8.0, 0, 0, 87], [0, 8, 0, -123], [0, 0, 8, -69], [0, 0, 0, 1]])


@pytest.fixture
def made(rng):
    """Two seeds, the second of which does not test the last two."""
    values = rng.normal(0, 1, (2, SCANS, *SHAPE)) * rng.uniform(0, 2, SHAPE)
    labels = rng.integers(0, 3, SHAPE).astype(np.int32)
    ids = tuple(f"sub-{n}" for n in range(SCANS))
    gathered = Gathered(NamedPlaces(("a", "b"), labels), ids)
    inside = np.arange(np.prod(SHAPE)).reshape(SHAPE) % 3 > 0
    for seed, count in ((0, SCANS), (1, SCANS - 2)):
        for place in range(count):
            one = values[seed, place]
            gathered.add(seed, place, one, float(one.sum()), inside)
    return values, gathered, inside


def test_maps_are_means_over_scans_then_over_seeds(made):
    values, gathered, _ = made
    sizes = [np.abs(values[0]).mean(0), np.abs(values[1, :-2]).mean(0)]
    np.testing.assert_allclose(gathered.absolute(), np.mean(sizes, axis=0))
    parts = []
    for own in (values[0], values[1, :-2]):
        f = own.reshape(len(own), -1).sum(1)
        around = (f - f.mean()).reshape(-1, *[1] * len(SHAPE))
        parts.append((around * own).mean(0) / f.var())
    np.testing.assert_allclose(gathered.explained(), np.mean(parts, axis=0), atol=1e-10)
    assert gathered.explained().sum() == pytest.approx(1)


def test_a_region_explains_what_its_part_of_the_map_does(made):
    _, gathered, _ = made
    both = [np.stack(list(each.values())) for each in (gathered.contributions, gathered.wanted)]
    by_region = explained(*both)
    labels = gathered.regions.labels
    summed = [gathered.explained()[labels == number].sum() for number in (1, 2, 0)]
    np.testing.assert_allclose(by_region, summed, atol=1e-10)


def test_where_all_predictions_are_alike_nothing_is_explained(rng):
    gathered = Gathered(NamedPlaces(("a",), np.ones((1, 4), np.int32)), ("x", "y"))
    for place in range(2):
        gathered.add(0, place, rng.normal(0, 1, (1, 4)), 3.0, np.ones((1, 4), bool))
    assert (gathered.explained() == 0).all()


def test_all_of_it_comes_back_from_the_file_and_the_map_lies_where_the_images_do(made, tmp_path):
    _, gathered, inside = made
    names = (None,) * SCANS
    people = Scans(gathered.ids, gathered.ids, names, names, np.arange(7.0), np.arange(SCANS))
    stages = [Stage("readout", 1, 0.4), Stage("encoder.0", 2, float("nan"))]
    told = {"occlusion": Judged(stages, 0.7, False, "why")}
    found = Found.of("exp", people, gathered.regions, {"occlusion": gathered}, told, AFFINE)
    written(tmp_path / "a.npz", found)
    again = read(tmp_path / "a.npz")
    assert (again.row, again.scans, again.regions) == ("exp", gathered.ids, ("a", "b", "elsewhere"))
    labels = gathered.regions.labels
    assert again.sizes.tolist() == [int((inside & (labels == n)).sum()) for n in (1, 2, 0)]
    own = again.methods["occlusion"]
    assert own.judged.stages[0] == stages[0] and np.isnan(own.judged.stages[1].correlation)
    assert (own.judged.between, own.judged.shown, own.judged.why) == (0.7, False, "why")
    np.testing.assert_array_equal(own.contributions, found.methods["occlusion"].contributions)
    again.save_map(tmp_path / "m.nii.gz", "occlusion")
    image = nib.load(tmp_path / "m.nii.gz")
    np.testing.assert_array_equal(image.affine, AFFINE)
    np.testing.assert_allclose(image.get_fdata(), gathered.explained().sum(0), atol=1e-6)
