"""Everybody is drawn alone, and the same settings give the same bytes."""

from __future__ import annotations

import builtins

import pytest
from files_of_owners import write

from contrage.cohort.phantom.files import kinds
from contrage.errors import SettingsError

PICTURES = (".png", ".nii.gz", ".avi", ".npy")
OF_FILES = [name for name in kinds.available() if name != "digits"]  # which are one table


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("name", kinds.available())
def test_the_same_seed_gives_the_same_bytes_and_another_other_people(name, tmp_path):
    if name == "echonet":
        pytest.importorskip("av")
    first, second, other = (
        contents(write(name, tmp_path / at, people=9, seed=seed).folder.parent)
        for at, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    assert first == second and len(first) > (9 if name in OF_FILES else 1)
    assert first["truth.tsv"] != other["truth.tsv"]


@pytest.mark.parametrize("name", OF_FILES)
def test_more_people_change_nobody(name, tmp_path):
    if name == "echonet":
        pytest.importorskip("av")
    few, more = (
        contents(write(name, tmp_path / str(people), people=people).folder) for people in (8, 11)
    )
    pictures = [file for file in few if file.endswith(PICTURES)]
    assert len(pictures) == 8
    assert all(few[file] == more[file] for file in pictures)


def test_without_pyav_only_videos_cannot_be_made(tmp_path, monkeypatch):
    usual = builtins.__import__

    def without(name, *rest, **more):
        if name == "av":
            raise ImportError(name)
        return usual(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SettingsError, match=r"^cohort\.phantom_files\.of: echonet needs PyAV"):
        write("echonet", tmp_path / "a", people=8)
    for name in ("rsna", "a4", "hcp"):
        write(name, tmp_path / name, people=8)


def test_a_phantom_that_is_not_there_is_refused():
    with pytest.raises(SettingsError, match=r"^cohort\.phantom_files\.of: no 'ukb'; there are a4"):
        kinds.module("ukb")


def test_digits_are_scikit_learns_whatever_the_order_and_more_of_them_change_none(tmp_path):
    from sklearn.datasets import load_digits

    whole, few = (write("digits", tmp_path / str(n), people=n) for n in (None, 50))
    lines = (whole.folder / "digits.csv").read_text().splitlines()
    assert lines[:51] == (few.folder / "digits.csv").read_text().splitlines() and len(lines) == 1798
    numbers = whole.truth["participant_id"].str[1:].astype(int)
    digits = load_digits()
    assert sorted(numbers) == list(range(1797))
    assert (whole.target == digits.target[numbers]).all()
    first = list(map(int, lines[1].split(",")[2:]))
    assert first == digits.data[numbers[0]].astype(int).tolist()
    assert kinds.place("digits") == "digits/digits.csv" and kinds.place("hcp") == "hcp"
