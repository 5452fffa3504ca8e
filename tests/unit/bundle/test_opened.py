"""A model's folder is read as it was written, or refused with a sentence."""

from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_models import FEATURES, write_rows

from contrage.bundle import written
from contrage.bundle.errors import BundleError
from contrage.bundle.opened import open_bundle
from contrage.bundle.predict import predict_subjects, subjects
from contrage.files import sha256
from contrage.settings.build import as_plain

PARTS = [
    *("weights-0.safetensors", "arrays-0.npz", "weights-1.safetensors", "arrays-1.npz"),
    *("calibration.npz", "MODEL.md"),
]


@pytest.fixture
def copied(table_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(table_folder, tmp_path / "elsewhere"))


def rewritten(folder: Path, change) -> None:
    """Change bundle.json, and make its checksums right again, as nobody but a forger does."""
    path = folder / written.NAME
    content = json.loads(path.read_text())
    change(content)
    parts = content.get("parts")
    if isinstance(parts, dict):
        for name in parts:
            if (folder / name).is_file():
                parts[name] = sha256(folder / name)
    content["sha256"] = written.own_checksum(content)
    path.write_text(json.dumps(content))


def test_what_was_written_is_read_wherever_it_lies(of_table, copied):
    found = open_bundle(copied)
    assert found.facts == of_table.facts and len(found.members) == 2
    assert found.facts.features == FEATURES
    for one, other in zip(found.members, of_table.members, strict=True):
        assert one.weights.keys() == {"encoder", "head"}
        for name, tensor in one.weights["encoder"].items():
            assert tensor.equal(other.weights["encoder"][name])
    assert found.card.startswith("# Age from features: the row exp of made-up\n")


def test_facts_survive_json(of_table):
    plain = json.loads(json.dumps(as_plain(of_table.facts)))
    written.require(type(of_table.facts), plain, "")
    assert set(plain) == set(vars(of_table.facts))


def test_its_parts_are_those_that_it_names_and_no_others(table_folder):
    assert sorted(path.name for path in table_folder.iterdir()) == sorted([*PARTS, "bundle.json"])


@pytest.mark.parametrize("name", [*PARTS, "bundle.json"])
@pytest.mark.parametrize("change", ["cut", "flipped", "gone", "longer", "empty"])
def test_a_part_that_was_changed_is_named(copied, name, change):
    path = copied / name
    before = path.read_bytes()
    if change == "gone":
        path.unlink()
    else:
        middle = len(before) // 2
        flipped = before[:middle] + bytes([before[middle] ^ 1]) + before[middle + 1 :]
        new = {"cut": before[:-7], "flipped": flipped, "longer": before + b" x", "empty": b""}
        path.write_bytes(new[change])
    with pytest.raises(BundleError, match=name.replace(".", r"\.")) as error:
        open_bundle(copied)
    assert "\n" not in str(error.value)


def test_two_members_weights_cannot_change_places(copied):
    first, second = copied / PARTS[0], copied / PARTS[2]
    one, other = first.read_bytes(), second.read_bytes()
    first.write_bytes(other)
    second.write_bytes(one)
    with pytest.raises(BundleError, match=r"weights-0\.safetensors: its checksum"):
        open_bundle(copied)


def test_a_newer_format_is_refused_with_what_to_do(copied):
    rewritten(copied, lambda content: content.update(format=2))
    with pytest.raises(BundleError, match=r"of format 2.*reads up to 1.*update contrage"):
        open_bundle(copied)


@pytest.mark.parametrize("said", [None, 0, "1", True, [1]])
def test_a_file_without_a_format_is_no_models(copied, said):
    rewritten(copied, lambda content: content.update(format=said))
    with pytest.raises(BundleError, match="does not say its format"):
        open_bundle(copied)


@pytest.mark.parametrize(
    "name", ["../weights-0.safetensors", "/etc/passwd", "weights-9.safetensors", "", "a\x00b"]
)
def test_no_file_is_read_but_those_of_a_model(copied, tmp_path, name):
    shutil.copy(copied / PARTS[0], tmp_path / PARTS[0])

    def change(content):
        content["parts"][name] = content["parts"].pop(PARTS[0])

    rewritten(copied, change) if "\x00" not in name else _without_files(copied, change)
    with pytest.raises(BundleError, match="too many or missing"):
        open_bundle(copied)


def _without_files(folder: Path, change) -> None:
    path = folder / written.NAME
    content = json.loads(path.read_text())
    change(content)
    content["sha256"] = written.own_checksum(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"row": 3}, "row cannot be"),
        ({"members": []}, "no network can be"),
        ({"features": []}, "no network can be"),
        ({"quality": {"air": ["high"]}}, "quality.air"),
        ({"extra": 1}, "extra"),
        ({"target": {"column": "age"}}, "target"),
        ({"parts": ["weights-0.safetensors"]}, "name its parts"),
    ],
)
def test_what_no_model_says_is_refused_though_its_checksum_be_right(copied, change, said):
    rewritten(copied, lambda content: content.update(change))
    with pytest.raises(BundleError, match=said):
        open_bundle(copied)


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("network", "encoder"), "os", "encoder 'os' is not known"),
        (("network", "shape"), [10**9], "no network can be|has shape"),
        (("network", "reads"), "mind", "no network can be"),
        (("seen", "name"), "../x", "is not known"),
        (("interval", "people"), 7, "other people"),
        (("interval", "level"), "high", "interval.level"),
    ],
)
def test_a_value_that_cannot_be_is_refused(copied, place, value, said):
    def change(content):
        content[place[0]][place[1]] = value

    rewritten(copied, change)
    with pytest.raises(BundleError, match=said):
        open_bundle(copied)


def test_pickles_are_not_opened(copied):
    class Harmful:
        def __reduce__(self):
            return (print, ("opened",))

    np.savez(copied / "arrays-0.npz", mean=np.array([Harmful()], dtype=object))
    rewritten(copied, lambda content: None)
    with pytest.raises(BundleError, match=r"arrays-0\.npz: holds no arrays"):
        open_bundle(copied)
    (copied / "weights-0.safetensors").write_bytes(pickle.dumps(Harmful()))
    rewritten(copied, lambda content: None)
    with pytest.raises(BundleError, match=r"weights-0\.safetensors: holds no tensors"):
        open_bundle(copied)


def test_arrays_of_other_shapes_or_no_numbers_are_refused(copied):
    for name, values in {
        "mean": np.zeros(4),
        "coef": np.zeros((2, 2)),
        "sd": np.full(3, np.nan),
    }.items():
        with np.load(copied / "arrays-1.npz") as stored:
            arrays = dict(stored)
        before = (copied / "arrays-1.npz").read_bytes()
        np.savez(copied / "arrays-1.npz", **arrays | {name: values})
        rewritten(copied, lambda content: None)
        with pytest.raises(BundleError, match=rf"arrays-1\.npz: {name}"):
            open_bundle(copied)
        (copied / "arrays-1.npz").write_bytes(before)


def test_weights_of_another_network_are_refused_before_anything_is_predicted(copied, tmp_path):
    def change(content):
        content["network"]["head"] = [5, 2]

    rewritten(copied, change)
    bundle = open_bundle(copied)
    found = subjects(bundle, [write_rows(tmp_path / "t.tsv", {})])
    with pytest.raises(BundleError, match="no such network"):
        list(predict_subjects(bundle, found))


def test_a_folder_that_is_none_is_named(tmp_path):
    with pytest.raises(BundleError, match=r"bundle\.json: no such file; give the folder"):
        open_bundle(tmp_path / "none")


def test_no_facts_are_changed_by_being_read(of_table):
    assert replace(of_table.facts) == of_table.facts


def test_a_part_that_is_compressed_or_no_file_is_refused(copied):
    arrays = dict(np.load(copied / "arrays-0.npz"))
    np.savez_compressed(copied / "arrays-0.npz", **arrays)
    rewritten(copied, lambda content: content["parts"])
    with pytest.raises(BundleError, match=r"arrays-0\.npz: holds no arrays \(it is compressed\)"):
        open_bundle(copied)
    (copied / "arrays-0.npz").unlink()
    (copied / "arrays-0.npz").mkdir()
    with pytest.raises(BundleError, match=r"arrays-0\.npz: is no file"):
        open_bundle(copied)
