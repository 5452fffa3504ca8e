"""One person under two ids is found by the maps, and nobody else is taken for one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage

from contrage.dataset import alike
from contrage.dataset.alike import FLOOR, Maps, compare, limit_of

SHAPE = (9, 11, 7)


def heads(people: int, rng: np.random.Generator, *, sites: int = 1) -> np.ndarray:
    """Return smooth maps inside an ellipsoid that soften with age and differ by site."""
    grid = np.indices(SHAPE)
    inside = sum(((axis - s / 2) / (s / 2)) ** 2 for axis, s in zip(grid, SHAPE, strict=True)) < 1
    common, slope = ndimage.gaussian_filter(rng.normal(size=(2, *SHAPE)), (0, 1, 1, 1)) * 4
    offsets = ndimage.gaussian_filter(rng.normal(size=(sites, *SHAPE)), (0, 1, 1, 1))
    found = []
    for number in range(people):
        own = ndimage.gaussian_filter(rng.normal(size=SHAPE), 0.6)
        map_ = 30 + common + slope * rng.uniform(-0.3, 0.3) + own + offsets[number % sites]
        found.append(np.where(inside, map_, 0))
    return np.array(found)[:, None]


def compared(images: np.ndarray, people: list[str]) -> alike.Alike:
    maps = Maps(images, range(len(images)), 8)
    return compare(maps.coarse(maps.inside()), people)


def named(count: int) -> list[str]:
    return [f"sub-{number}" for number in range(count)]


def again(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return a rescan: the same head with other noise."""
    return np.where(image, image + rng.normal(0, 0.2, image.shape), 0)


@pytest.mark.parametrize("people", [12, 60, 300])
def test_rescans_under_other_ids_are_found_and_nothing_else(people):
    rng = np.random.default_rng(people)
    images = heads(people, rng, sites=3)
    twins = {(0, people), (5, people + 1)}
    images = np.concatenate([images, *(again(images[[one]], rng) for one, _ in sorted(twins))])
    found = compared(images, named(len(images)))
    assert {(a, b) for a, b, _ in found.pairs} == twins and found.n_pairs == 2
    assert found.largest_below < found.limit < min(r for _, _, r in found.pairs)


@pytest.mark.parametrize("seed", range(8))
def test_different_people_are_no_pair_whatever_their_number(seed):
    rng = np.random.default_rng(seed)
    people = 10 + 7 * seed
    assert compared(heads(people, rng, sites=1 + seed % 3), named(people)).pairs == []


def test_where_half_of_a_cohort_has_a_twin_each_is_found():
    rng = np.random.default_rng(3)
    images = heads(60, rng)
    images = np.concatenate([images, again(images[:20], rng)])
    found = compared(images, named(80))
    assert {(a, b) for a, b, _ in found.pairs} == {(n, 60 + n) for n in range(20)}


def test_two_sessions_of_one_id_are_no_pair_but_told_beside_the_limit():
    rng = np.random.default_rng(4)
    images = heads(30, rng)
    images = np.concatenate([images, again(images[:2], rng)])
    found = compared(images, [*named(30), "sub-0", "sub-1"])
    assert found.pairs == [] and len(found.rescans) == 2 and found.rescans.min() > 0.8


def test_fewer_scans_than_ten_say_nothing():
    rng = np.random.default_rng(5)
    images = heads(8, rng)
    found = compared(np.concatenate([images, again(images[:1], rng)]), named(9))
    assert found.limit is None and found.pairs == [] and found.largest_below is None


def test_correlations_are_those_of_voxels_z_scored_over_the_cohort():
    rng = np.random.default_rng(6)
    images = heads(12, rng)
    images[3, 0, 4, 5] = 0  # voxels that one map lacks
    images = np.concatenate([images, again(images[[3]], rng)])
    found = compared(images, named(13))
    flat = images.reshape(13, -1)
    inside = (flat != 0).mean(axis=0) >= 0.5
    z = []
    for voxel in flat.T[inside]:
        own = voxel[voxel != 0]
        z.append([np.clip((v - own.mean()) / own.std(), -4, 4) if v else 0 for v in voxel])
    expected = np.corrcoef(np.array(z).T)
    ((a, b, r),) = found.pairs
    assert (a, b) == (3, 12) and r == pytest.approx(expected[3, 12], abs=1e-5)
    others = expected[np.triu_indices(13, 1)]
    assert found.largest_below == pytest.approx(np.sort(others)[-2], abs=1e-5)


def test_another_cohort_is_compared_with_the_first_and_not_with_itself(monkeypatch):
    rng = np.random.default_rng(9)
    everyone = heads(55, rng)
    own, others = everyone[:30], 2 * everyone[30:]  # of a scanner with another scale
    others = np.concatenate([others, again(others[:1], rng), 2 * again(own[[4]], rng)])
    people = [*named(30), *(f"before {n}" for n in range(27))]
    cohorts = [Maps(each, range(len(each)), 8) for each in (own, others)]
    inside = cohorts[0].inside() & cohorts[1].inside()
    maps = np.concatenate([each.coarse(inside) for each in cohorts])
    for rows in (1024, 7):
        monkeypatch.setattr(alike, "ROWS", rows)
        found = compare(maps, people, 30)
        assert {(a, b) for a, b, _ in found.pairs} == {(4, 30 + 26)}
    assert {(a, b) for a, b, _ in compare(maps, people).pairs} == {(4, 56), (30, 55)}


def test_where_everybody_is_in_both_cohorts_each_is_found():
    rng = np.random.default_rng(10)
    own = heads(20, rng)
    maps = [Maps(each, range(20), 8) for each in (own, 3 * again(own, rng))]
    inside = maps[0].inside()
    whole = np.concatenate([each.coarse(inside) for each in maps])
    found = compare(whole, [*named(20), *(f"before {n}" for n in range(20))], 20)
    assert {(a, b) for a, b, _ in found.pairs} == {(n, 20 + n) for n in range(20)}


def test_how_many_scans_are_compared_at_a_time_changes_nothing(monkeypatch):
    rng = np.random.default_rng(7)
    images = heads(25, rng)
    images = np.concatenate([images, again(images[[1, 24]], rng), again(images[[9]], rng)])
    people = [*named(27), "sub-9"]
    whole = compared(images, people)
    monkeypatch.setattr(alike, "ROWS", 4)
    monkeypatch.setattr(alike, "COLUMNS", 7)
    parts = compared(images, people)
    assert [p[:2] for p in parts.pairs] == [p[:2] for p in whole.pairs]
    assert parts.limit == pytest.approx(whole.limit)
    assert parts.largest_below == pytest.approx(whole.largest_below)
    assert np.sort(parts.rescans) == pytest.approx(np.sort(whole.rescans))


def test_the_limit_is_the_quantile_of_maxima_that_one_cohort_in_a_hundred_reaches():
    rng = np.random.default_rng(8)
    z = rng.gumbel(0.9, 0.04, 200_000)
    expected = 0.9 - 0.04 * math.log(-math.log(1 - alike.ALARM / len(z)))
    assert np.arctanh(limit_of(np.tanh(z))) == pytest.approx(expected, abs=0.02)
    assert limit_of(np.tanh(rng.gumbel(0.1, 0.01, 500))) == FLOOR


def test_a_fine_grid_is_averaged_to_eight_millimetres_of_the_voxels_that_half_of_maps_have():
    images = np.ones((4, 1, 8, 8, 8), np.float32)
    images[:3, 0, 4:] = 0
    maps = Maps(images, [0, 1, 2, 3], 2)
    assert maps.inside().tolist() == [True] * 4 + [False] * 4
    assert maps.coarse(maps.inside()).shape == (4, 4)


def test_rescans_of_real_people_would_be_found(shared):
    """102 maps of MRE134: one of them again with noise is found, and no two people are a pair."""
    import nibabel as nib

    files = sorted((shared / "data/mre134/individual_stiffness_files").glob("*.nii*"))
    if not files:
        pytest.skip("MRE134 is not here")
    images = [alike.block_mean(np.asarray(nib.load(file).dataobj, np.float32), 4) for file in files]
    images.append(again(images[7], np.random.default_rng(0)) * 1.02)
    found = compared(np.array(images)[:, None], named(len(images)))
    assert [(a, b) for a, b, _ in found.pairs] == [(7, len(files))]
    assert found.largest_below < 0.6
