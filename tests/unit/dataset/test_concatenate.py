"""Arrays one after the other in one file: bytes, kinds of numbers, order of features, memory."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from contrage.dataset import concatenate as module
from contrage.dataset.concatenate import Part, concatenate, order_of
from contrage.errors import CutFileError, TableError


def part(folder: Path, name: str, values: np.ndarray, order=None) -> Part:
    np.save(folder / f"{name}.npy", values)
    return Part(name, folder / f"{name}.npy", order)


@pytest.mark.parametrize("kind", ["<f2", "<f4", "<f8"])
def test_rows_are_those_of_the_members_to_the_byte(tmp_path, rng, kind, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 200)  # several blocks, the last a part of one
    values = [rng.normal(size=(n, 1, 3, 4)).astype(kind) for n in (7, 1, 5)]
    values[0][2, 0, 1, 1] = np.nan
    digests = concatenate(
        tmp_path / "all.npy", [part(tmp_path, str(i), each) for i, each in enumerate(values)]
    )
    found = np.load(tmp_path / "all.npy")
    assert (found.dtype, found.shape) == (np.dtype(kind), (13, 1, 3, 4))
    assert found.tobytes() == b"".join(each.tobytes() for each in values)
    assert digests == [hashlib.sha256(row.tobytes()).hexdigest() for row in found]


def test_a_member_without_scans_adds_none(tmp_path):
    parts = [part(tmp_path, "a", np.ones((2, 3))), part(tmp_path, "b", np.ones((0, 3)))]
    concatenate(tmp_path / "all.npy", parts)
    assert np.load(tmp_path / "all.npy").shape == (2, 3)


def test_features_come_into_the_order_of_the_first(tmp_path, rng):
    first, other = rng.normal(size=(2, 3)), rng.normal(size=(4, 3))
    order = order_of(["z", "x", "y"], ["x", "y", "z"], Path("t.tsv"), "b", "a")
    parts = [part(tmp_path, "a", first), part(tmp_path, "b", other, order)]
    concatenate(tmp_path / "all.npy", parts)
    found = np.load(tmp_path / "all.npy")
    np.testing.assert_array_equal(found[2:, 0], other[:, 1])  # x
    np.testing.assert_array_equal(found[2:, 1], other[:, 2])  # y
    np.testing.assert_array_equal(found[2:, 2], other[:, 0])  # z
    np.testing.assert_array_equal(found[:2], first)


def test_features_in_the_same_order_are_left_alone():
    assert order_of(["x", "y"], ["x", "y"], Path("t.tsv"), "b", "a") is None


def test_other_features_are_named():
    with pytest.raises(
        TableError,
        match=r"t\.tsv: features of b are not those of a: it lacks x and has v, w besides; name",
    ):
        order_of(["y", "v", "w"], ["x", "y"], Path("t.tsv"), "b", "a")
    with pytest.raises(TableError, match=r"of a: it lacks x; name them alike, or leave out"):
        order_of(["y"], ["x", "y"], Path("t.tsv"), "b", "a")


def test_another_shape_or_kind_of_number_is_refused(tmp_path):
    a = part(tmp_path, "a", np.ones((2, 1, 4, 4), np.float32))
    b = part(tmp_path, "b", np.ones((2, 1, 4, 5), np.float32))
    c = part(tmp_path, "c", np.ones((2, 1, 4, 4), np.float16))
    with pytest.raises(
        TableError, match=r"b\.npy: scans of b have the shape 1×4×5, those of a 1×4×4; only"
    ):
        concatenate(tmp_path / "all.npy", [a, b])
    with pytest.raises(
        TableError, match=r"c\.npy: numbers of c are float16, those of a float32; only cohorts"
    ):
        concatenate(tmp_path / "all.npy", [a, c])
    assert not (tmp_path / "all.npy").exists()


def test_an_array_that_was_cut_is_named(tmp_path):
    a = part(tmp_path, "a", np.ones((20, 30)))
    whole = a.path.read_bytes()
    a.path.write_bytes(whole[:-8])
    with pytest.raises(CutFileError, match=r"a\.npy is cut short or damaged"):
        concatenate(tmp_path / "all.npy", [a])


MERGE = """
import resource, sys
from pathlib import Path
from contrage.dataset.concatenate import Part, concatenate
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
folder = Path(sys.argv[1])
concatenate(folder / "all.npy", [Part(n, folder / f"{n}.npy") for n in "ab"])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_holds_a_block_and_no_array(tmp_path):
    for name in "ab":
        values = np.lib.format.open_memmap(
            tmp_path / f"{name}.npy", mode="w+", dtype="<f2", shape=(400, 1, 80, 80, 80)
        )  # 410 MB, sparse
        del values
    run = [sys.executable, "-c", MERGE, str(tmp_path)]
    grown = int(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    assert grown < 220_000  # KiB: two blocks of 64 MiB, and not the 800 MB
    assert (tmp_path / "all.npy").stat().st_size > 800e6
