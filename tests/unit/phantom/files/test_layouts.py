"""Phantoms of files lie as the owners hand theirs out."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from files_of_owners import Written
from given import SCHEMA
from PIL import Image

from contrage.cohort.phantom.files import kinds
from contrage.files import read_json
from contrage.settings.schema import child, load_schema, resolve
from contrage.tables import read_table


def rows(written: Written, *path: str) -> list[dict[str, str]]:
    return read_table(written.folder.joinpath(*path)).rows


@pytest.mark.parametrize("name", kinds.available())
def test_a_phantom_states_who_reads_it_and_how_many_people_it_has(name):
    module = importlib.import_module(kinds.module(name))
    assert module.__doc__ and module.PEOPLE >= 8 and callable(module.write)
    assert kinds.source(name) == module.SOURCE


def test_the_schema_lists_the_phantoms_that_there_are():
    schema = load_schema(SCHEMA)
    part = resolve(schema, schema)
    for step in ("cohort", "phantom_files", "of"):
        part = resolve(schema, child(part, step))
    assert part["enum"] == kinds.available()


@pytest.mark.parametrize("name", kinds.available())
def test_everybody_stands_in_the_truth_once(written, name):
    truth = written(name).truth
    assert len(truth) == kinds.load(name).PEOPLE and truth["participant_id"].is_unique


def test_rsnas_pictures_stand_in_three_tables_with_columns_of_their_own(written):
    rsna, files = written("rsna"), written("rsna").files(".png")
    training = rows(rsna, "boneage-training-dataset.csv")
    validation = rows(rsna, "Validation Dataset.csv")
    test = rows(rsna, "Bone age ground truth.csv")
    assert list(training[0]) == ["id", "boneage", "male"]
    assert list(validation[0]) == ["Image ID", "Bone Age (months)", "male"]
    assert list(test[0]) == ["Case ID", "Ground truth bone age (months)", "Sex"]
    assert {row["male"] for row in training} == {"True", "False"}
    assert {row["Sex"] for row in test} == {"F", "M"}
    assert (len(training), len(validation), len(test)) == (180, 30, 30)
    named = [row["id"] for row in training] + [row["Image ID"] for row in validation]
    named += [row["Case ID"] for row in test]
    assert sorted(named) == sorted(files) and len(set(named)) == 240
    with Image.open(files[training[0]["id"]]) as picture:
        assert picture.mode == "L" and picture.size == (48, 64)
    told = {row["id"]: float(row["boneage"]) for row in training}
    truth = rsna.truth.set_index("participant_id")["target"].astype(float)
    assert all(told[name] == truth[name] for name in told)
    assert 12 <= truth.min() < 30 and 200 < truth.max() <= 216


def test_rhpes_test_has_no_bone_age_and_boxes_hold_the_left_hand(written):
    rhpe = written("rhpe")
    for part, count in (("train", 50), ("val", 20)):
        told = rows(rhpe, "RHPE_Annotations", f"RHPE_Boneage_{part}.csv")
        assert list(told[0]) == ["ID", "Male", "Boneage", "Chronological"] and len(told) == count
    test = rows(rhpe, "RHPE_Annotations", "RHPE_Gender_Chronological_test.csv")
    assert list(test[0]) == ["ID", "Male", "Chronological"] and len(test) == 10
    for part in ("train", "val", "test"):
        boxes = read_json(rhpe.folder / "RHPE_Annotations" / f"RHPE_anatomical_ROIs_{part}.json")
        for image, box in zip(boxes["images"], boxes["annotations"], strict=True):
            picture = np.asarray(Image.open(rhpe.folder / f"RHPE_{part}" / image["file_name"]))
            assert (
                picture.shape == (image["height"], image["width"]) and len(image["file_name"]) == 9
            )
            x, y, width, height = box["bbox"]
            assert x + width <= picture.shape[1] / 2 and box["image_id"] == image["id"]
            outside = picture[:, : picture.shape[1] // 2].astype(float).copy()
            outside[y : y + height, x : x + width] = np.nan
            assert np.nanmean(outside) < picture[y : y + height, x : x + width].mean() - 10


def test_rhpe_has_less_contrast_than_rsna_and_older_children(written):
    rsna, rhpe = written("rsna"), written("rhpe")
    spread = [np.std(each.read(".png", Image.open), axis=(1, 2)).mean() for each in (rsna, rhpe)]
    assert spread[1] < spread[0] - 10
    assert rhpe.target.mean() > rsna.target.mean() + 5


def test_a4_has_eight_rows_a_person_and_one_counts(written):
    a4 = written("a4")
    told = rows(a4, "A4_PETSUVR_PRV2_11Aug2022.csv")
    assert len(told) == 8 * 160 and len(a4.files("_pet.nii.gz")) == 160
    composite = {r["BID"]: r["suvr_cer"] for r in told if r["brain_region"] == "Composite_Summary"}
    assert composite == dict(zip(a4.truth["participant_id"], a4.truth["target"], strict=True))
    assert all(len(row["suvr_cer"].partition(".")[2]) == 2 for row in told)
    assert told[0]["brain_region"] != "Composite_Summary"


def test_echonets_list_names_every_video_without_its_ending(written):
    echonet = written("echonet")
    told = rows(echonet, "FileList.csv")
    assert sorted(row["FileName"] for row in told) == sorted(echonet.files(".avi"))
    assert {row["Split"] for row in told} == {"TRAIN", "VAL", "TEST"}
    assert sum(row["Split"] == "TRAIN" for row in told) == 100
    for row in told:
        ejected = 100 * (1 - float(row["ESV"]) / float(row["EDV"]))
        assert 12 <= float(row["EF"]) <= 85 and abs(ejected - float(row["EF"])) < 0.01


def test_hcps_ages_are_months_and_above_ninety_one_number(written):
    hcp = written("hcp")
    explained, *told = rows(hcp, "ndar_subject01.txt")
    assert explained["interview_age"].startswith("Age in months")
    years = dict(zip(hcp.truth["participant_id"], hcp.target, strict=True))
    assert set(years) == set(hcp.files(".npy"))
    for row in told:
        own, months = years[row["src_subject_id"]], float(row["interview_age"])
        assert months == (1200 if own > 90 else round(12 * own))
    assert 5 < sum(row["interview_age"] == "1200" for row in told) < 50
