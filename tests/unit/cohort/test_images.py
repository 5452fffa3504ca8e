"""X-rays of the hand as RSNA and RHPE hand them out."""

from __future__ import annotations

import json

import numpy as np
import pytest
from cohorts import asked
from given import block
from handed_out import replace, without
from one_file_each import (
    ANNOTATIONS,
    BONEAGE,
    TEST,
    TRAINING,
    hand,
    stacked,
    write_rhpe,
    write_rsna,
    write_sheet,
)

from contrage.cohort.owners.hands import drawn
from contrage.cohort.read import read_cohort
from contrage.errors import BadScanError, SettingsError, TableError


@pytest.fixture
def rsna(tmp_path):
    write_rsna(tmp_path)
    return tmp_path


@pytest.fixture
def rhpe(tmp_path):
    write_rhpe(tmp_path)
    return tmp_path


def settings(folder, images=None, **others):
    own = {**block("cohort")["images"], **(images or {})}
    told = {"image": "xray", "columns": ["split"], "target": BONEAGE, **others}
    told["asked_by"] = {"split": "dataset.split.column"}
    return asked(source="images", path=str(folder), images=own, **told)


def test_rsna_is_read_from_three_tables_with_the_parts_that_people_play(rsna):
    found = read_cohort(settings(rsna))
    scans = {scan.scan_id: scan for scan in found.scans}
    assert len(scans) == 14
    one = scans["sub-1378"]
    assert (one.columns["boneage"], one.sex, one.age) == ("36", "F", None)
    assert one.images["xray"].endswith("boneage-training-dataset/a/1378.png")
    parts = {name: scan.columns["split"] for name, scan in scans.items()}
    assert list(parts.values()).count("val") == 2 and list(parts.values()).count("train") == 8
    assert parts["sub-2001"] == "validation" and scans["sub-2001"].columns["boneage"] == "90.5"
    assert parts["sub-4360"] == "test" and scans["sub-4360"].columns["boneage"] == "168.93"
    assert "2 people of the training table, 0.2 of them, have the split val" in found.notes
    assert [path.rsplit("/", 1)[1] for path in found.tables][::2] == [TRAINING, TEST]


def test_who_is_held_out_follows_from_seed_and_id_alone():
    everyone = [str(number) for number in range(500)]
    held = drawn(everyone, 0.2, 0)
    assert len(held) == 100 and held == drawn(reversed(everyone), 0.2, 0)
    assert held != drawn(everyone, 0.2, 1)
    assert drawn(everyone, 0.1, 0) < held and drawn(everyone, 0, 0) == set()
    assert len(drawn(map(str, range(12_611)), 0.0793, 0)) == 1000


def test_without_tables_of_validation_and_test_there_is_training_alone(rsna):
    found = read_cohort(settings(rsna, images={"validation": None, "test": None}))
    assert {scan.columns["split"] for scan in found.scans} == {"train", "val"}
    assert "files of nobody in" in found.notes[-1]


def test_a_test_table_without_bone_ages_is_told_and_nobody_of_it_is_tested_on(rsna):
    write_sheet(rsna / TEST, [["Case ID", "Sex"], [4360, "M"]])
    found = read_cohort(settings(rsna))
    assert "test" not in {scan.columns["split"] for scan in found.scans}
    assert any("no column 'Ground truth bone age (months)'" in note for note in found.notes)


def test_lines_of_a_sheet_may_end_early_but_have_no_cell_without_a_column(rsna):
    head = ["Case ID", "Sex", "Ground truth bone age (months)", "Remark"]
    write_sheet(rsna / TEST, [head, [4360, "M", 168.93, "x"], [4361, "F", 77.0]])
    assert len([s for s in read_cohort(settings(rsna)).scans if s.columns["split"] == "test"]) == 2
    write_sheet(rsna / TEST, [head, [4360, "M", 168.93], [4361, "F", 77.0, "", 12]])
    with pytest.raises(TableError, match=r"line 3 has cells beyond the 4 columns that are named"):
        read_cohort(settings(rsna))


def test_several_tables_of_the_test_are_asked_about(rsna):
    (rsna / "ground truth.csv").write_text("Case ID,Sex\n")
    with pytest.raises(TableError, match=r"which of .* is meant \(cohort\.images\.test\)\? Name"):
        read_cohort(settings(rsna))


def test_pictures_become_one_array_with_their_settings_beside_it(rsna, tmp_path):
    made = stacked(settings(rsna), tmp_path, xray={"size": [13, 10]})
    values, rows, left_out, beside = made
    assert values.shape == (14, 1, 13, 10) and left_out.empty
    own = beside["steps"][0]["parameters"]["own"]
    assert own == {"size": [13, 10], "fit": "pad", "intensity": "depth"}
    place = rows.set_index("scan_id")["row"]["sub-1377"]
    blocks = hand(1377).reshape(13, 2, 10, 2).mean(axis=(1, 3)) / 255
    assert np.corrcoef(values[place, 0].ravel(), blocks.ravel())[0, 1] > 0.9


def test_a_colour_picture_among_grey_ones_is_named_before_training(rsna, tmp_path):
    from PIL import Image

    path = rsna / "boneage-training-dataset/a/1379.png"
    Image.fromarray(np.stack([hand(1), hand(2), hand(3)], -1).astype(np.uint8)).save(path)
    with pytest.raises(BadScanError, match=r"1379\.png: is a picture in colours"):
        stacked(settings(rsna), tmp_path)
    _, _, left_out, _ = stacked(settings(rsna, on_bad_scan="exclude"), tmp_path)
    assert left_out["scan_id"].tolist() == ["sub-1379"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"36", "False"', '"", "False"', "sub-1378: boneage is missing"),
        ('"36", "False"', '"soon", "False"', "sub-1378: boneage 'soon' is not a number"),
        ('"36", "False"', '"3600", "False"', "sub-1378: target.range: boneage 3600 is outside"),
        ('"36", "False"', '"36", "maybe"', "sub-1378: male is 'maybe', neither True nor False"),
        ('"1379"', '"1378"', "sub-1378 stands there twice"),
        ('"1379"', '"9999"', "sub-9999: no file of 9999"),
    ],
)
def test_a_wrong_row_is_named(rsna, old, new, said):
    replace(rsna / TRAINING, old, new)
    with pytest.raises(TableError) as error:
        read_cohort(settings(rsna))
    assert said in str(error.value)


@pytest.mark.parametrize("column", ["id", "boneage", "male"])
def test_a_column_that_is_not_there_is_named_with_its_file(rsna, column):
    without(rsna / TRAINING, column)
    with pytest.raises(TableError) as error:
        read_cohort(settings(rsna))
    assert f"{TRAINING}: no column '{column}' (cohort.images" in str(error.value)


def test_a_picture_that_is_there_twice_is_named(rsna):
    (rsna / "copy").mkdir()
    (rsna / "copy/1377.png").write_bytes(
        (rsna / "boneage-training-dataset/a/1377.png").read_bytes()
    )
    with pytest.raises(TableError, match=r"sub-1377: 2 files .*leave one in the folder"):
        read_cohort(settings(rsna))


def test_age_cannot_be_asked_for(rsna):
    with pytest.raises(SettingsError, match=r"target\.column: an X-ray of the hand tells no ages"):
        read_cohort(settings(rsna, target={}))


def test_a_folder_of_neither_owner_or_of_both_is_told_what_was_looked_for(tmp_path):
    with pytest.raises(TableError, match=r"RSNA's boneage-training.*RHPE_Annotations.*neither is"):
        read_cohort(settings(tmp_path))
    write_rsna(tmp_path)
    write_rhpe(tmp_path)
    with pytest.raises(TableError, match="both are there; give each a folder"):
        read_cohort(settings(tmp_path))


def test_rhpes_val_is_the_test_and_a_fifth_of_training_is_val(rhpe):
    found = read_cohort(settings(rhpe))
    parts = [scan.columns["split"] for scan in found.scans]
    assert (parts.count("train"), parts.count("val"), parts.count("test")) == (4, 1, 2)
    assert "RHPE's own test has no bone ages" in found.notes[0]
    assert "1 people of the training table, 0.2 of them, have the split val" in found.notes[0]
    one = found.scans[0]
    assert (one.scan_id, one.columns["boneage"], one.sex) == ("sub-00000", "30", "M")
    assert not any("00090" in str(each) for each in (found.scans, found.notes))


def test_of_rhpes_pictures_the_box_in_the_left_half_is_read(rhpe, tmp_path):
    values, rows, _, beside = stacked(settings(rhpe), tmp_path, xray={"size": [20, 12]})
    place = rows.set_index("scan_id")["row"]["sub-00021"]
    expected = hand(21, (30, 40))[4:24, 3:15] / 255
    np.testing.assert_allclose(values[place, 0], expected, atol=1e-6)
    assert beside["steps"][0]["parameters"]["images"]["half"] == "left"


def test_boxes_of_a_picture_of_another_size_cut_nothing(rhpe, tmp_path):
    path = rhpe / ANNOTATIONS / "RHPE_anatomical_ROIs_train.json"
    replace(path, '"width": 40, "height": 30', '"width": 80, "height": 60')
    with pytest.raises(BadScanError, match=r"has 40×30 pixels, and its box is of .* of 80×60"):
        stacked(settings(rhpe), tmp_path, xray={"size": [20, 12]})


def test_without_boxes_the_half_is_read_as_it_is(rhpe, tmp_path):
    images = {**block("cohort")["images"], "boxes": None}
    values, rows, _, _ = stacked(
        settings(rhpe, images=images), tmp_path, images=images, xray={"size": [30, 20]}
    )
    place = rows.set_index("scan_id")["row"]["sub-00021"]
    np.testing.assert_allclose(values[place, 0], hand(21, (30, 40))[:, :20] / 255, atol=1e-6)


def test_a_picture_without_a_box_is_a_bad_row(rhpe):
    path = rhpe / ANNOTATIONS / "RHPE_anatomical_ROIs_train.json"
    told = json.loads(path.read_text())
    told["annotations"] = [each for each in told["annotations"] if each["image_id"] != 2]
    path.write_text(json.dumps(told))
    with pytest.raises(TableError, match=r"sub-00002: no box in the left half of its picture"):
        read_cohort(settings(rhpe))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no file of boxes in COCO's format"),
        ('{"images": []}', "is no file of boxes in COCO's format"),
        ('{"images": [{"id": 1}], "annotations": []}', "images without file_name, width"),
    ],
)
def test_a_file_of_boxes_that_is_none_is_named(rhpe, text, said):
    path = rhpe / ANNOTATIONS / "RHPE_anatomical_ROIs_train.json"
    path.write_text(text)
    with pytest.raises(TableError) as error:
        read_cohort(settings(rhpe))
    assert str(error.value).startswith(str(path)) and said in str(error.value)


def test_no_file_of_boxes_is_told_with_the_setting(rhpe):
    with pytest.raises(TableError, match=r"no file other\.json there \(cohort\.images\.boxes\)"):
        read_cohort(settings(rhpe, images={"boxes": "other.json"}))
