"""How far features lie from those that were learned from."""

from __future__ import annotations

import numpy as np
import pytest

from contrage.bundle.distance import MOST, Reference, reference


def slowly(row: np.ndarray, found: Reference) -> float:
    moved = row - found.centre
    along = [float(moved @ direction) for direction in found.components]
    rest = moved - sum(
        (step * direction for step, direction in zip(along, found.components, strict=True)),
        start=np.zeros_like(moved),
    )
    parts = [*along, float(np.linalg.norm(rest))]
    return np.sqrt(np.mean([(p / s) ** 2 for p, s in zip(parts, found.scales, strict=True)]))


@pytest.fixture
def training(rng) -> np.ndarray:
    return rng.normal(size=(80, 9)) * np.array([9, 5, 4, 2, 1, 1, 0.5, 0.2, 0.1]) + 3


def test_it_is_mahalanobis_distance_in_the_main_directions(training, rng):
    found = reference(training, training[:10])
    rows = rng.normal(size=(5, 9)) * 4
    assert found.distance(rows) == pytest.approx([slowly(row, found) for row in rows])
    assert found.components.shape[0] < 9
    assert np.mean(found.distance(training) ** 2) == pytest.approx(1, abs=0.03)


def test_held_out_people_tell_what_is_far(training, rng):
    others = rng.normal(size=(40, 9)) * np.array([9, 5, 4, 2, 1, 1, 0.5, 0.2, 0.1]) + 3
    found = reference(training, others)
    assert np.all(np.diff(found.distances) >= 0) and len(found.distances) == 40
    far, near = found.distance(np.stack([training.mean(0) + 200, training.mean(0)]))
    assert found.share_as_far(far) == 0 and found.share_as_far(near) == 1


def test_what_no_training_scan_varies_in_is_far(training):
    training[:, 4] = 2.0
    found = reference(training, training[:5])
    moved = training[0].copy()
    moved[4] += 50
    assert found.distance(moved[None])[0] > 5 * found.distances.max()


@pytest.mark.parametrize("scans", [1, 2, 4, 9])
def test_few_scans_bear_few_components(rng, scans):
    found = reference(rng.normal(size=(scans, 30)), rng.normal(size=(3, 30)))
    assert len(found.components) <= scans // 5
    assert np.isfinite(found.distances).all()


def test_features_that_do_not_vary_have_distances_all_the_same():
    found = reference(np.ones((20, 4)), np.array([[1.0, 1, 1, 1], [1, 1, 1, 3]]))
    assert found.distances[0] == 0 and 0 < found.distances[1] < np.inf


def test_many_directions_are_cut(rng):
    found = reference(rng.normal(size=(400, 60)), rng.normal(size=(3, 60)))
    assert len(found.components) == MOST


def test_it_survives_its_file(training):
    found = reference(training, training[:3])
    again = Reference.of(found.arrays())
    assert all(np.array_equal(getattr(again, k), getattr(found, k)) for k in found.arrays())
    for name, values in {"scales": found.scales[1:], "centre": np.zeros(3)}.items():
        with pytest.raises(ValueError, match="do not fit"):
            Reference.of({**found.arrays(), name: values})
