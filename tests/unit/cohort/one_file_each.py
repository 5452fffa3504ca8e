"""Tiny cohorts of a file per person, written as their owners hand them out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
from given import config
from handed_out import write
from PIL import Image

from contrage.cohort.register import register
from contrage.dataset.arrays import arrays
from contrage.plan import dataset_settings
from contrage.plan.kinds import configured
from contrage.settings.steps.cohort import CohortStep
from contrage.tables import read_tsv

TRAINING, TEST = "boneage-training-dataset.csv", "Bone age ground truth.xlsx"
ANNOTATIONS = "RHPE_Annotations"
EF = {"column": "EF", "unit": "per cent", "range": [0, 100]}
SUVR = {"column": "suvr_cer", "unit": "SUVR", "range": [0, 4], "bin": 0.01}
LIST = "FileName|EF|ESV|EDV|FrameHeight|FrameWidth|FPS|NumberOfFrames|Split"
OTHERS = [f"Region_{number}" for number in range(7)]
GRID = [5, 6, 4]
BONEAGE = {"column": "boneage", "unit": "months", "range": [0, 250]}


def draw(path: Path, values: np.ndarray) -> Path:
    """Write a grey picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values.astype(np.uint8)).save(path)
    return path


def hand(number: int, shape: tuple[int, int] = (26, 20)) -> np.ndarray:
    """Return a picture that is like no other."""
    return np.random.default_rng(number).integers(1, 255, shape)


def write_rsna(folder: Path, people: int = 10) -> None:
    """Write the three tables and pictures, one and two folders deep."""
    rows = [[1377 + n, 12 * n + 24, ("True", "False")[n % 2]] for n in range(people)]
    write(folder / TRAINING, "id|boneage|male", rows)
    for number, _, _ in rows:
        draw(folder / "boneage-training-dataset/a" / f"{number}.png", hand(number))
    told = [[2001, "True", 90.5], [2002, "False", 100]]
    write(folder / "Validation Dataset.csv", "Image ID|male|Bone Age (months)", told)
    for number, _, _ in told:
        draw(folder / "validation" / f"{number}.png", hand(number))
    write_sheet(folder / TEST, [["Case ID", "Sex", "Ground truth bone age (months)"],
                                [4360, "M", 168.93], [4361, "F", 77.0]])  # fmt: skip
    for number in (4360, 4361):
        draw(folder / "test" / f"{number}.png", hand(number))


def write_sheet(path: Path, rows: list[list[Any]]) -> None:
    """Write a spreadsheet."""
    import openpyxl

    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


def write_rhpe(folder: Path) -> None:
    """Write two tables, pictures of both hands, and the boxes of all of them."""
    for part, numbers in (("train", range(5)), ("val", range(20, 22))):
        rows = [[f"{n:05d}", ("True", "False")[n % 2], 30 + n, 3.5] for n in numbers]
        name = f"{ANNOTATIONS}/RHPE_Boneage_{part}.csv"
        write(folder / name, "ID|Male|Boneage|Chronological", rows)
        images, boxes = [], []
        for place, number in enumerate(numbers):
            draw(folder / f"RHPE_{part}" / f"{number:05d}.png", hand(number, (30, 40)))
            images.append(
                {"id": place, "file_name": f"{number:05d}.png", "width": 40, "height": 30}
            )
            boxes += [{"image_id": place, "bbox": [3, 4, 12, 20]}]
            boxes += [{"image_id": place, "bbox": [24, 4, 12, 20]}]
        path = folder / ANNOTATIONS / f"RHPE_anatomical_ROIs_{part}.json"
        path.write_text(json.dumps({"images": images, "annotations": boxes}))
    write(folder / ANNOTATIONS / "RHPE_Gender_Chronological_test.csv", "ID|Male|Chronological",
          [["00090", "True", 4.0]])  # fmt: skip
    draw(folder / "RHPE_test/00090.png", hand(90, (30, 40)))


def write_echonet(folder: Path) -> None:
    """Write the list of two videos, which are no more than files."""
    rows = [
        ["0X1A.avi", 55.5, 1, 2, 6, 8, 30, 3, "TRAIN"],
        ["0X2B", 30, 1, 2, 6, 8, 30, 20, "TEST"],
    ]
    write(folder / "FileList.csv", LIST, rows)
    for number, row in enumerate(rows):
        path = folder / "Videos" / f"{row[0].removesuffix('.avi')}.avi"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(number))


def write_a4(folder: Path) -> None:
    """Write eight rows and a volume of each of three people."""
    rows = [
        [f"B1008{person}", region, f"{1 + person / 10 + at / 7:.2f}", 12]
        for person in range(3)
        for at, region in enumerate([*OTHERS, "Composite_Summary"])
    ]
    write(folder / "A4_PETSUVR_PRV2.csv", "BID|brain_region|suvr_cer|centiloid", rows)
    for person in range(3):
        values = np.random.default_rng(person).uniform(1, 2, GRID).astype(np.float32)
        image = nib.Nifti1Image(values, np.diag([2.0, 2, 2, 1]))
        nib.save(image, folder / f"sub-B1008{person}_trc-18FAV45_pet.nii.gz")


def write_hcp(folder: Path) -> None:
    """Write the archive's table, whose second line explains it, and an array per person."""
    rows = [
        ["The ID of a subject", "Age in months", "Sex"],
        ["HCA600001_V1_MR", "437", "F"],
        ["HCA600002", "1080", "M"],
        ["HCA600003", "1200", "F"],
    ]
    write(folder / "ndar_subject01.txt", "src_subject_id|interview_age|sex", rows)
    for number in (1, 2, 3):
        values = np.random.default_rng(number).normal(size=(3, 12))
        np.save(folder / f"HCA60000{number}_V1_MR.npy", values)


def stacked(settings: CohortStep, work: Path, **cohort: Any) -> tuple[np.ndarray, Any, Any, dict]:
    """Run the steps `cohort` and `arrays`; return the array, its tables, what stands beside."""
    own = {"source": settings.source, "path": settings.path, "image": settings.image}
    own |= {"name": "own", "on_bad_scan": settings.on_bad_scan}
    whole = config(experiment="own", cohort={**own, **cohort})
    kind = configured(whole["cohort"])
    whole["dataset"]["voxel_mm"] = kind.voxel_mm or 4
    tables = {name: work / f"{name}.tsv" for name in ("scans", "excluded")}
    register(settings, **tables)
    out = {"array": work / "a.npy", "rows": work / "a.tsv", "left_out": work / "out.tsv"}
    arrays(dataset_settings.arrays(whole), **tables, **out)
    beside = json.loads((work / "a.json").read_text())["contrage"]
    return np.load(out["array"]), read_tsv(out["rows"]), read_tsv(out["left_out"]), beside
