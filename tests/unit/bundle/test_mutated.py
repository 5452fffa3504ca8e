"""Changed models and scans give a sentence or a right result: no traceback, no wrong number."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import struct
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from made_models import table_model, write_rows
from safetensors.torch import load, save
from tiny_maps import AFFINE, brain

from contrage.bundle import written
from contrage.bundle.opened import open_bundle
from contrage.bundle.predict import Prediction, predict_subjects, subjects
from contrage.errors import ContrageError
from contrage.files import sha256

BUNDLES, FORGED, SCANS = 80, 80, 42
ODD = (None, True, 0, -1, 2**70, 1e308, 0.1, "", "../x", "é\x00", [], {}, [[]], {"a": None})
ODD += (10**400, -(10**400), [10**400], "x", 0.0)


def outcome(folder: Path, *given: Path) -> list[Prediction] | str:
    """Return predictions, or the sentence; anything else is raised."""
    try:
        bundle = open_bundle(folder)
        return list(predict_subjects(bundle, subjects(bundle, list(given))))
    except ContrageError as error:
        assert str(error).strip() and "Traceback" not in str(error)
        return str(error)


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """Cut bytes off, change some, put some in, or repeat a piece."""
    kind, at = rng.integers(4), int(rng.integers(len(content)))
    if kind == 0:
        return content[:at]
    if kind == 1:
        new = bytearray(content)
        for place in rng.integers(len(content), size=int(rng.integers(1, 9))):
            new[place] ^= int(rng.integers(1, 256))
        return bytes(new)
    if kind == 2:
        return content[:at] + rng.bytes(int(rng.integers(1, 40))) + content[at:]
    return content[:at] + content[at // 2 :]


def test_of_a_changed_model_nothing_is_predicted(table_folder, tmp_path, rng):
    table = write_rows(tmp_path / "t.tsv", {"volume": 1260})
    (right,) = outcome(table_folder, table)
    assert right.predicted is not None
    names = sorted(path.name for path in table_folder.iterdir())
    refused = 0
    for number in range(BUNDLES):
        folder = Path(shutil.copytree(table_folder, tmp_path / f"model-{number}"))
        path = folder / names[number % len(names)]
        path.write_bytes(damaged(path.read_bytes(), rng))
        found = outcome(folder, table)
        if isinstance(found, str):
            refused += 1
            assert path.name in found and "\n" not in found
        else:
            assert found == [right]
        shutil.rmtree(folder)
    assert refused > 0.9 * BUNDLES


def places(content: Any, above: tuple = ()) -> Iterator[tuple]:
    """Yield the path of every value of some JSON."""
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in items:
        yield (*above, key)
        if isinstance(value, dict | list):
            yield from places(value, (*above, key))


def test_a_forged_file_of_facts_is_no_traceback(table_folder, tmp_path, rng):
    table = write_rows(tmp_path / "t.tsv", {"volume": 1260}, {"age": 99})
    whole = json.loads((table_folder / written.NAME).read_text())
    every = list(places(whole))
    folder = Path(shutil.copytree(table_folder, tmp_path / "model"))
    for _ in range(FORGED):
        content = json.loads(json.dumps(whole))
        *above, last = every[int(rng.integers(len(every)))]
        part = content
        for key in above:
            part = part[key]
        if rng.random() < 0.2:
            del part[last]
        else:
            part[last] = ODD[int(rng.integers(len(ODD)))]
        content["sha256"] = written.own_checksum(content)
        (folder / written.NAME).write_text(json.dumps(content))
        found = outcome(folder, table)
        for each in () if isinstance(found, str) else found:
            assert each.refused is not None or finite(each)


@pytest.mark.parametrize(
    "place",
    [
        *(("interval", "level", 0.0), ("interval", "level", 1), ("interval", "whom", "x")),
        *(("network", "shape", [10**400]), ("network", "channels", 2**63)),
        *(("tested", "value", 10**400), ("tested", "value", -(10**400))),
    ],
)
def test_numbers_beyond_every_model_and_intervals_for_nobody_are_refused(
    table_folder, place, tmp_path
):
    folder = Path(shutil.copytree(table_folder, tmp_path / "model"))
    content = json.loads((folder / written.NAME).read_text())
    block, key, value = place
    content[block][key] = value
    content["sha256"] = written.own_checksum(content)
    (folder / written.NAME).write_text(json.dumps(content))
    found = outcome(folder, write_rows(tmp_path / "t.tsv", {}))
    assert isinstance(found, str) and written.NAME in found and "\n" not in found


def test_a_grid_beyond_every_volume_is_refused(map_folder, tmp_path):
    folder = Path(shutil.copytree(map_folder, tmp_path / "model"))
    content = json.loads((folder / written.NAME).read_text())
    content["network"]["shape"] = [2**62] * 3
    content["sha256"] = written.own_checksum(content)
    (folder / written.NAME).write_text(json.dumps(content))
    assert "no network can be as it says" in outcome(folder, tmp_path)


def test_what_is_no_array_among_the_arrays_is_refused(tmp_path):
    folder = table_model(tmp_path / "model")
    content = io.BytesIO((folder / "arrays-0.npz").read_bytes())
    with zipfile.ZipFile(content, "a") as packed:
        packed.writestr("notes.txt", "no array")
    forged_part(folder, "arrays-0.npz", content.getvalue())
    found = outcome(folder, write_rows(tmp_path / "t.tsv", {}))
    assert "arrays-0.npz: 'notes.txt' in it is no array" in found


def finite(found: Prediction) -> bool:
    """Return whether all numbers of a prediction are numbers, and its interval holds it."""
    told = [found.predicted, *(each for each in (found.low, found.high) if each is not None)]
    ordered = found.low is None or found.low <= found.predicted <= found.high
    return bool(np.isfinite(told).all()) and ordered


def forged_part(folder: Path, name: str, content: bytes) -> Path:
    """Put another part in place with its checksum, as nobody but a forger does."""
    (folder / name).write_bytes(content)
    facts = json.loads((folder / written.NAME).read_text())
    facts["parts"][name] = sha256(folder / name)
    facts["sha256"] = written.own_checksum(facts)
    (folder / written.NAME).write_text(json.dumps(facts))
    return folder


def first(tensors: dict) -> str:
    """Return a matrix of weights: a file has its tensors in any order, and may lack a counter."""
    return min(name for name in tensors if tensors[name].ndim == 2)


def swapped(tensors: dict) -> dict:
    one, other = sorted(name for name in tensors if tensors[name].ndim == 2)[:2]
    return {**tensors, one: tensors[other], other: tensors[one]}


CHANGES: dict[str, Callable[[dict], dict]] = {
    "swapped": swapped,
    "flat": lambda tensors: {name: each.flatten() for name, each in tensors.items()},
    "one less": lambda tensors: {name: tensors[name] for name in tensors if name != first(tensors)},
    "one more": lambda tensors: {**tensors, "encoder.other": next(iter(tensors.values())).clone()},
    "no numbers": lambda tensors: {name: each * float("nan") for name, each in tensors.items()},
    "other names": lambda tensors: {f"x{name}": each for name, each in tensors.items()},
    "none": lambda tensors: {},
}


@pytest.mark.parametrize("change", CHANGES)
def test_forged_weights_of_another_network_are_refused(tmp_path, change):
    folder = table_model(tmp_path / "model")
    name = "weights-1.safetensors"
    tensors = CHANGES[change](load((folder / name).read_bytes()))
    forged_part(folder, name, save({key: each.contiguous() for key, each in tensors.items()}))
    found = outcome(folder, write_rows(tmp_path / "t.tsv", {}))
    assert isinstance(found, str)


def test_damaged_parts_with_a_right_checksum_are_no_traceback(table_folder, tmp_path, rng):
    table = write_rows(tmp_path / "t.tsv", {})
    for number in range(40):
        folder = Path(shutil.copytree(table_folder, tmp_path / f"model-{number}"))
        name = ("weights-0.safetensors", "arrays-1.npz", "calibration.npz")[number % 3]
        forged_part(folder, name, damaged((folder / name).read_bytes(), rng))
        found = outcome(folder, table)
        for each in () if isinstance(found, str) else found:
            assert each.refused is not None or finite(each)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def scan(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("scan") / "sub-1_stiffness.nii"
    nib.save(nib.Nifti1Image(brain(40, 1), AFFINE), path)
    return path


def test_a_good_map_is_predicted_and_its_files_stay_in_the_work_folder(of_maps, scan, tmp_path):
    told = []
    found = predict_subjects(
        of_maps, subjects(of_maps, [scan]), work=tmp_path, tell=lambda *each: told.append(each)
    )
    (one,) = found
    assert one.refused is None and np.isfinite(one.predicted)
    assert {"preprocessed", "mask", "brain_mask", "picture"} <= set(one.files)
    assert all(path.is_relative_to(tmp_path) for path in one.files.values())
    stages = ["check", "strip", "register", "quality", "predict"]
    assert told == [("sub-1", stage) for stage in stages]
    assert 0.3 < one.quality["coverage"] <= 1


def test_of_changed_scans_none_gets_the_number_of_another(map_folder, of_maps, scan, tmp_path, rng):
    (right,) = outcome(map_folder, scan)
    content, files = scan.read_bytes(), []
    for number in range(SCANS):
        path = tmp_path / f"sub-{number}_stiffness.nii{'.gz' if number % 3 == 0 else ''}"
        if number % 2:
            new = bytearray(content)  # of the header alone, where sizes and kinds stand
            for place in rng.integers(0, 348, size=int(rng.integers(1, 4))):
                new[place] = int(rng.integers(256))
            new = bytes(new)
        else:
            new = damaged(content, rng)
        path.write_bytes(gzip.compress(new) if number % 3 == 0 else new)
        files.append(path)
    found = outcome(map_folder, *files)
    assert len(found) == SCANS
    same = [each for each in found if each.predicted == right.predicted]
    others = [each for each in found if each.refused is None and each not in same]
    assert sum(each.refused is not None for each in found) > SCANS / 3
    for each in found:
        assert each.refused is None or (
            "\n" not in each.refused and "not expect" not in each.refused
        )
    assert others, "no damage left a file that says something else"
    named = {each.name: path for each, path in zip(found, files, strict=True)}
    clean = [written_anew(named[each.name], tmp_path / "clean") for each in others]
    for each, again in zip(others, outcome(map_folder, *clean), strict=True):
        assert again.refused is None and again.name == each.name
        assert each.predicted == pytest.approx(again.predicted, abs=1e-3)


def written_anew(path: Path, folder: Path) -> Path:
    """Write what a damaged file still says, voxels and their place, into a whole one."""
    folder.mkdir(exist_ok=True)
    read = nib.load(path)
    values = np.asarray(read.dataobj, np.float32)
    nib.save(nib.Nifti1Image(values, read.affine), folder / path.name)
    return folder / path.name


def header(dims: tuple[int, ...], **fields: tuple[int, str, Any]) -> bytes:
    """A NIfTI header that claims sizes, with 100 bytes of data behind it."""
    plain = bytearray(nib.Nifti1Image(np.ones((10, 11, 12), np.float32), np.eye(4)).to_bytes())
    struct.pack_into("<8h", plain, 40, len(dims), *dims, *[1] * (7 - len(dims)))
    for at, form, value in fields.values():
        struct.pack_into(form, plain, at, value)
    return bytes(plain[:452])


@pytest.mark.parametrize(
    "content",
    [
        header((32767, 32767, 32767)),
        header((-1, 10, 10)),
        header((0, 0, 0)),
        header((10, 11, 12), offset=(108, "<f", 1e30)),
        header((10, 11, 12), offset=(108, "<f", -352.0)),
        header((10, 11, 12), kind=(70, "<h", 128)),
        header((10, 11, 12), slope=(112, "<f", float("nan"))),
        header((2, 2, 2)),
    ],
)
def test_huge_and_impossible_headers_get_a_sentence(of_maps, tmp_path, content):
    path = tmp_path / "sub-1_stiffness.nii"
    path.write_bytes(content)
    (found,) = predict_subjects(of_maps, subjects(of_maps, [path]))
    assert found.predicted is None
    assert "sub-1_stiffness.nii" in found.refused and "not expect" not in found.refused


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda image: image * 1e6, "units"),
        (lambda image: np.stack([image, image], -1), "axes"),
        (lambda image: image * 0, "zero everywhere"),
        (lambda image: np.where(image > 3, np.nan, image), "NaN"),
    ],
)
def test_an_image_that_is_no_map_of_stiffness_is_refused(of_maps, tmp_path, change, said):
    path = tmp_path / "map.nii.gz"
    nib.save(nib.Nifti1Image(change(brain(40, 1)).astype(np.float32), AFFINE), path)
    (found,) = predict_subjects(of_maps, subjects(of_maps, [path]))
    assert found.predicted is None and said in found.refused


def test_the_unit_of_a_map_does_not_change_the_number(of_maps, scan, tmp_path):
    path = tmp_path / "sub-2_stiffness.nii.gz"
    nib.save(nib.Nifti1Image(brain(40, 1) * 1000, AFFINE), path)  # Pa
    found = list(predict_subjects(of_maps, subjects(of_maps, [scan, path])))
    assert found[0].predicted == pytest.approx(found[1].predicted, abs=1e-3)


def test_an_image_of_another_kind_by_its_name_is_refused(of_maps, scan, tmp_path):
    for name in ("sub-1_T1w.nii", "sub-2_bold.nii", "sub-3_dampingratio.nii", "sub-4_odd.nii"):
        shutil.copy(scan, tmp_path / name)
    found = list(predict_subjects(of_maps, subjects(of_maps, [tmp_path / "sub-1_T1w.nii"])))
    assert "a T1w by its name, and this model sees stiffness maps" in found[0].refused
    files = [tmp_path / "sub-2_bold.nii", tmp_path / "sub-3_dampingratio.nii"]
    assert all(each.refused for each in predict_subjects(of_maps, subjects(of_maps, files)))
    (odd,) = predict_subjects(of_maps, subjects(of_maps, [tmp_path / "sub-4_odd.nii"]))
    assert odd.refused is None
