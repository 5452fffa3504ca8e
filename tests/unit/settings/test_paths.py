"""Paths with a home folder, with variables, with braces."""

from __future__ import annotations

from pathlib import Path

import pytest

from contrage.errors import SettingsError
from contrage.settings.paths import require_plain_folders

NAMES = "experiment: mine\ncohort: {source: bids, name: mine}\n"


@pytest.mark.parametrize("written", ["~/study", "$HOME/study", "${HOME}/study"])
def test_a_home_folder_is_meant(read, monkeypatch, written):
    monkeypatch.setenv("HOME", "/home/somebody")
    content = read(
        NAMES,
        f"cohort: {{path: '{written}', exclude: '{written}'}}\n"
        f"preprocessing: {{template: {{anatomical: '{written}', mask: '{written}'}}}}\n"
        f"training: {{start_from: '{written}'}}\n"
        f"pretraining: {{cohort: {{source: bids, name: o, path: '{written}'}}}}\n",
    )
    template = content["preprocessing"]["template"]
    assert {
        *(content["cohort"]["path"], content["cohort"]["exclude"]),
        *(template["anatomical"], template["mask"], content["training"]["start_from"]),
        content["pretraining"]["cohort"]["path"],
    } == {"/home/somebody/study"}


@pytest.mark.parametrize("text", ["{path: ~}", "{path: null}", "{path: }"])
def test_no_path_is_never_the_home_folder(said, text):
    line = "cohort.path: there is no value; give a path, or leave the line out"
    assert said(NAMES, f"cohort: {text}") == [line]


def test_null_where_a_path_need_not_be_is_none(read):
    content = read(NAMES, "cohort: {exclude: ~}\ntraining: {start_from: ~}\n")
    assert content["cohort"]["exclude"] is None and content["training"]["start_from"] is None


def test_the_home_folder_by_itself_stands_in_quotation_marks(read, monkeypatch):
    monkeypatch.setenv("HOME", "/home/somebody")
    assert read(NAMES, "cohort: {path: '~'}")["cohort"]["path"] == "/home/somebody"
    for written, path in (("~", "/home/somebody"), ("~/x", "/home/somebody/x")):
        found = read(NAMES, arguments=(f'cohort={{"path": "{written}"}}',))
        assert found["cohort"]["path"] == path


def test_words_and_names_are_no_paths(read):
    content = read("description: costs $5 at ~\ntraining: {start_from: pretraining}\n")
    assert content["description"] == "costs $5 at ~"
    assert content["training"]["start_from"] == "pretraining"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("$NO_SUCH_1/x", "$NO_SUCH_1/x: the environment variable NO_SUCH_1 is not set"),
        ("${NO_SUCH_1}/x", "${NO_SUCH_1}/x: the environment variable NO_SUCH_1 is not set"),
        ("~no-such-user/x", "~no-such-user/x: there is no user no-such-user"),
        (
            "a/br{ace}",
            "a/br{ace}: braces in a path are not possible with Snakemake; rename the folder",
        ),
        ("a}b", "a}b: braces in a path are not possible with Snakemake; rename the folder"),
    ],
)
@pytest.mark.parametrize("key", ["cohort.path", "cohort.exclude", "pretraining.cohort.path"])
def test_a_path_that_cannot_be_is_named_with_its_key(said, key, path, line):
    *blocks, last = key.split(".")
    opening = "".join(f"{block}: {{" for block in blocks)
    assert said(f"{opening}{last}: '{path}'{'}' * len(blocks)}") == [f"{key}: {line}"]


def test_a_folder_that_is_there_is_taken_by_its_name(read, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("cash$money").mkdir()
    assert read(NAMES, "cohort: {path: cash$money}")["cohort"]["path"] == "cash$money"


def test_a_workflow_or_a_working_directory_with_braces_is_refused(tmp_path, monkeypatch):
    require_plain_folders(tmp_path)
    with pytest.raises(SettingsError, match=r"the workflow lies in .*c\{1\}: braces"):
        require_plain_folders(tmp_path / "c{1}")
    (tmp_path / "w{1}").mkdir()
    monkeypatch.chdir(tmp_path / "w{1}")
    with pytest.raises(SettingsError, match=r"the working directory is .*w\{1\}: braces"):
        require_plain_folders(tmp_path)
