"""Maps of all people: the numbers in the files, and what the page holds of them."""

from __future__ import annotations

import base64
import gzip
import json
import re

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import synthetic
from made_up import Report

from contrage.dataset.grid import array_grid
from contrage.files import read_json
from contrage.imaging.template.grids import mni_grid
from contrage.report import maps as made
from contrage.report.viewer import NIIVUE, colours_of, viewer_of
from contrage.settings.steps.report import MapsStep
from contrage.tables import read_tsv, write_tsv

SHAPE = (23, 28, 23)


@pytest.fixture
def study(tmp_path) -> Report:
    """Nine people, the last one scanned twice, whose images are constants."""
    report = Report(tmp_path, synthetic.settings())
    ages = [20, 25, 30, 40, 45, 50, 60, 70, 80, 85]
    people = [f"sub-{min(n, 8)}" for n in range(10)]
    scans = pd.DataFrame({"scan_id": [f"scan-{n}" for n in range(10)], "participant_id": people})
    scans = scans.assign(age=ages, row=range(9, -1, -1))  # rows are in another order
    write_tsv(report.path("dataset", "scans.tsv"), scans.sample(frac=1, random_state=1))
    array = np.zeros((10, 1, *SHAPE), np.float32)
    for row in scans.itertuples():
        array[row.row, 0, 5:15, 6:20, 4:12] = 4 - row.age / 50
    array[9, 0, 5] = 0  # of the youngest alone, less is covered
    np.save(tmp_path / "array.npy", array)
    return report


def run(report: Report, **changes) -> dict[str, dict]:
    asked = {**vars(report.asked(MapsStep)), **changes}
    made.maps(
        MapsStep(**asked),
        scans=report.path("dataset", "scans.tsv"),
        array=report.root / "array.npy",
        output=report.path("maps"),
    )
    return {each["name"]: each for each in read_json(report.path("maps", "maps.json"))}


def values(report: Report, name: str) -> np.ndarray:
    return nib.load(report.path("maps", f"{name}.nii.gz")).get_fdata()


def test_every_person_counts_once_with_the_first_scan(study):
    found = run(study)
    firsts = np.array([20, 25, 30, 40, 45, 50, 60, 70, 80])
    assert values(study, "mean")[10, 10, 8] == pytest.approx((4 - firsts / 50).mean(), rel=1e-3)
    assert values(study, "mean")[0, 0, 0] == 0
    assert values(study, "coverage")[10, 10, 8] == 1
    assert values(study, "coverage")[5, 10, 8] == pytest.approx(8 / 9, rel=1e-3)
    assert "9 people" in found["mean"]["caption"]


def test_the_difference_is_that_of_the_youngest_minus_the_oldest_third(study):
    found = run(study)
    wanted = (4 - np.array([20, 25, 30]) / 50).mean() - (4 - np.array([60, 70, 80]) / 50).mean()
    assert values(study, "difference")[10, 10, 8] == pytest.approx(wanted, rel=1e-3)
    assert wanted > 0, "these maps soften with age"
    assert found["difference"]["title"] == "Youngest minus oldest"
    told = found["difference"]["caption"]
    assert "3 people, youngest (up to 30 years)" in told
    assert "of 3, oldest (from 60 years)" in told
    assert found["difference"]["low"] == -found["difference"]["high"] < 0


def test_of_too_few_people_no_difference_is_shown(study):
    scans = read_tsv(study.path("dataset", "scans.tsv")).head(6)
    write_tsv(study.path("dataset", "scans.tsv"), scans)
    assert set(run(study)) == {"mean", "coverage"}


def test_nobody_is_shown_alone(study):
    scans = read_tsv(study.path("dataset", "scans.tsv"))
    two = scans[scans["participant_id"].isin(["sub-0", "sub-1"])]
    write_tsv(study.path("dataset", "scans.tsv"), two)
    assert run(study) == {} and viewer_of(study.path("maps")) is None


def test_images_without_a_unit_are_over_their_own_median(study):
    found = run(study, image="T1w")
    assert values(study, "mean")[10, 10, 8] == pytest.approx(1, rel=1e-3)
    assert "over its median" in found["mean"]["caption"]


@pytest.mark.parametrize(("grid_mm", "factor", "edge"), [(2, 4, 8), (2, 1, 2), (1, 1, 2)])
def test_maps_lie_where_the_images_do_and_are_not_finer_than_2_mm(study, grid_mm, factor, edge):
    grid = array_grid(grid_mm, factor).array.shape
    array = np.zeros((10, 1, *grid), np.float32)
    whole = mni_grid(2)
    corner = np.linalg.inv(array_grid(grid_mm, factor).affine) @ [30, -50, 20, 1]
    array[(slice(None), 0, *np.round(corner[:3]).astype(int))] = 2
    np.save(study.root / "array.npy", array)
    run(study, grid_mm=grid_mm, factor=factor)
    image = nib.load(study.path("maps", "coverage.nii.gz"))
    assert np.abs(np.diag(image.affine)[:3]).tolist() == [edge] * 3
    if grid_mm == 2:
        peak = np.unravel_index(image.get_fdata().argmax(), image.shape)
        place = (image.affine @ [*peak, 1])[:3]
        assert np.abs(place - [30, -50, 20]).max() <= edge / 2 + 1e-6
    assert nib.load(study.path("maps", "template.nii.gz")).shape == whole.array.shape


def test_the_page_holds_the_files_to_the_byte(whole):
    text = whole.html.partition('id="brain-maps">')[2].partition("</script>")[0]
    held = json.loads(text)
    listed = read_json(whole.path("maps", "maps.json"))
    assert [each["name"] for each in held["maps"]] == [each["name"] for each in listed]
    for each, entry in zip(held["maps"], listed, strict=True):
        file = whole.path("maps", entry["file"])
        assert base64.b64decode(each["data"]) == file.read_bytes()
        assert (each["low"], each["high"]) == (entry["low"], entry["high"])
    template = gzip.decompress(base64.b64decode(held["template"]))
    assert nib.Nifti1Image.from_bytes(template).shape == (91, 109, 91)
    assert whole.html.count(NIIVUE.read_text(encoding="utf-8")) == 1


def test_what_is_held_as_text_cannot_end_its_element():
    text = NIIVUE.read_text(encoding="utf-8")
    assert not re.search(r"</script|<!--", text, re.IGNORECASE)


def test_without_maps_a_page_has_no_script(bare):
    bare.make_tables()
    bare.make_figures(drawn=False)
    bare.make_page()
    assert "<script" not in bare.html and viewer_of(None) is None


def test_a_scale_with_two_sides_is_transparent_in_its_middle_alone():
    found = colours_of("RdBu_r", has_two_sides=True)
    assert found["A"][8] < 10 and found["A"][0] == found["A"][-1] == 255
    assert found["R"][0] < found["B"][0] and found["R"][-1] > found["B"][-1], "red is above 0"
    plain = colours_of("inferno")
    assert plain["A"] == [0, *[255] * 16] and plain["I"][-1] == 255


def test_rounding_is_below_a_tenth_of_a_per_cent_and_leaves_nothing_at_nothing(rng):
    values = np.concatenate([rng.normal(0, 50, 1000), [0.0, 1e-20, -3e10]])
    found = made.rounded(values)
    assert np.abs(found / np.where(values, values, 1) - (values != 0)).max() < 1e-3
    assert found[1000] == 0
