"""Baselines as a step."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from evaluation_steps import baselines_of, seen
from forms import VOLUME

from contrage import modalities
from contrage.evaluation.baselines import (
    MOST_VALUES,
    baselines,
    block_means,
    coarse_means,
    principal_components,
)
from contrage.files import read_json
from contrage.tables import read_tsv

PICTURE = asdict(modalities.load("xray").form)


def run(study, images, field="own", form=VOLUME) -> pd.DataFrame:
    np.save(study.folder / "images.npy", images[:, None].astype(np.float32))
    output = study.folder / "baselines.tsv"
    baselines(
        baselines_of(seen(form, field_of_view=field)),
        array=study.folder / "images.npy",
        scans=study.scans,
        split=study.split,
        predictions=output,
    )
    return read_tsv(output)


def errors(table: pd.DataFrame) -> pd.Series:
    test = table[table["split"] == "test"]
    return (test["predicted_age"] - test["age"]).abs().groupby(test["baseline"]).mean()


def images_of(ages, rng) -> np.ndarray:
    noise = rng.normal(3, 0.1, (len(ages), 10, 12, 9))
    return noise * (1 - 0.005 * (ages - 50))[:, None, None, None]


def test_blocks_find_age_in_the_values_and_coverage_does_not(study, rng):
    found = errors(run(study, images_of(study.ages, rng)))
    assert set(found.index) == {"mean", "site-mean", "ridge-blocks", "ridge-coverage"}
    assert found["ridge-blocks"] < 0.2 * found["mean"]
    assert found["ridge-coverage"] == pytest.approx(found["mean"])


def test_coverage_finds_age_in_the_field_of_view(study, rng):
    images = rng.normal(3, 0.1, (40, 10, 12, 9))
    for image, age in zip(images, study.ages, strict=True):
        image[:, : int((age - 20) / 6)] = 0
    assert errors(run(study, images))["ridge-coverage"] < 0.4 * errors(run(study, images))["mean"]


def test_mean_is_the_training_mean_of_the_fold(study, rng):
    table = run(study, images_of(study.ages, rng))
    mean = table[table["baseline"] == "mean"]
    for _, fold in mean.groupby("fold"):
        train = fold.loc[fold["split"] == "train", "age"].mean()
        np.testing.assert_allclose(fold["predicted_age"], train, atol=1e-6)


def test_site_mean_is_that_of_the_training_scans_of_the_study(study, rng):
    table = run(study, images_of(study.ages, rng))
    part = table[(table["baseline"] == "site-mean") & (table["fold"] == 1)]
    train = part[part["split"] == "train"]
    for site, group in part[part["split"] == "test"].groupby("site"):
        expected = train.loc[train["site"] == site, "age"].mean()
        np.testing.assert_allclose(group["predicted_age"], expected, atol=1e-6)


def test_scan_of_unknown_study_gets_the_overall_mean(study, rng):
    table = run(study, images_of(study.ages, rng))
    part = table[(table["baseline"] == "site-mean") & (table["fold"] == 0)]
    unknown = part[(part["participant_id"] == "sub-03") & (part["split"] == "test")]
    overall = part.loc[part["split"] == "train", "age"].mean()
    np.testing.assert_allclose(unknown["predicted_age"], overall, atol=1e-6)


def test_site_mean_is_left_out_where_no_study_is_known(study, rng):
    lines = [line.split("\t") for line in study.scans.read_text().splitlines()]
    study.scans.write_text("\n".join("\t".join([*line[:3], line[4]]) for line in lines) + "\n")
    assert "site-mean" not in set(run(study, images_of(study.ages, rng))["baseline"])


def test_test_images_have_no_part_in_the_fit(study, rng):
    images = images_of(study.ages, rng)
    names = sorted(set(study.people))
    study.write_split([names[:7]])
    before = run(study, images)
    images[[who in names[:7] for who in study.people]] += 5
    after = run(study, images)
    for side, same in (("train", True), ("test", False)):
        one, other = (table[table["split"] == side]["predicted_age"] for table in (before, after))
        assert one.equals(other) == same


@pytest.mark.parametrize("field", ["own", "common"])
def test_outlines_of_test_images_have_no_part_in_the_fit_on_coverage(study, rng, field):
    images = images_of(study.ages, rng)
    images[rng.random(images.shape) < 0.05] = 0
    tested = sorted(set(study.people))[:7]
    study.write_split([tested])
    before = run(study, images, field)
    images[[who in tested for who in study.people], 3:] = 0
    after = run(study, images, field)
    one, other = (
        table[(table["split"] == "train") & (table["baseline"] == "ridge-coverage")]
        for table in (before, after)
    )
    assert len(one) and one.equals(other)


def test_coverage_is_judged_on_the_very_scans_of_the_split(study, rng):
    table = run(study, images_of(study.ages, rng))
    coverage = table[table["baseline"] == "ridge-coverage"]
    for entry in read_json(study.split)["folds"]:
        part = coverage[coverage["fold"] == entry["fold"]]
        for side in ("train", "test"):
            assert part.loc[part["split"] == side, "scan_id"].tolist() == entry[side]


def test_block_means_are_means_over_blocks_filled_up_with_background(rng):
    images = rng.normal(size=(2, 5, 8, 3))
    found = block_means(images[:, None], 4).reshape(2, 2, 2, 1)
    for x in range(2):
        for y in range(2):
            part = images[:, 4 * x : 4 * x + 4, 4 * y : 4 * y + 4]
            np.testing.assert_allclose(found[:, x, y, 0], part.sum((1, 2, 3)) / 64)


@pytest.mark.parametrize(("scans", "width", "kept"), [(15, 8, 8), (15, 40, 14), (60, 40, 20)])
def test_principal_components_are_the_axes_of_largest_variance(rng, scans, width, kept):
    training = rng.normal(size=(scans, width))
    found = principal_components(training).transform(training)
    variances = np.linalg.eigvalsh(np.cov(training, rowvar=False))[::-1]
    np.testing.assert_allclose(np.cov(found, rowvar=False), np.diag(variances[:kept]), atol=1e-9)


@pytest.mark.filterwarnings("error")
def test_outlines_that_all_agree_have_components_of_nothing():
    assert not principal_components(np.full((6, 9), 0.3)).transform(np.full((2, 9), 0.3)).any()


@pytest.mark.parametrize("shape", [(1, 70, 130), (3, 90, 90), (1, 9, 30, 31), (40, 300), (1, 5)])
def test_coarse_means_are_those_of_blocks_and_no_more_than_a_regression_takes(shape, rng):
    images = rng.normal(size=(2, *shape)).astype(np.float32)
    means = coarse_means(images)
    most = int((MOST_VALUES / shape[0]) ** (1 / (len(shape) - 1)))
    edges = [-(-size // most) for size in shape[1:]]
    assert means.shape[1] <= MOST_VALUES
    corner = images[(0, 0, *(slice(0, edge) for edge in edges))]
    assert means[0, 0] == pytest.approx(corner.mean(dtype=float))
    last = images[
        (
            1,
            -1,
            *(slice((size - 1) // e * e, None) for size, e in zip(shape[1:], edges, strict=True)),
        )
    ]
    assert means[1, -1] == pytest.approx(last.mean(dtype=float))


@pytest.mark.parametrize(("size", "name"), [(20, "ridge-features"), (80, "ridge-blocks")])
def test_pictures_are_seen_as_they_are_or_if_larger_as_block_means(study, rng, size, name):
    pictures = rng.normal(0, 0.1, (len(study.ages), size, size)) + study.ages[:, None, None] / 50
    found = errors(run(study, pictures, form=PICTURE))
    assert set(found.index) == {"mean", "site-mean", name}
    assert found[name] < 0.2 * found["mean"]
