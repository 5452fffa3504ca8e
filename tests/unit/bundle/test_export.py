"""Models are written where there is room, and only models are replaced or removed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from made_models import table_model

from contrage.bundle import command, written
from contrage.bundle.export import BY_HAND, remove_others
from contrage.errors import SettingsError


def test_a_folder_that_is_no_model_is_not_replaced(tmp_path):
    (tmp_path / "exp").mkdir()
    (tmp_path / "exp" / "thesis.txt").write_text("years of work")
    with pytest.raises(SettingsError, match=r"exp: is there, and no model; choose another folder"):
        table_model(tmp_path / "exp")
    assert (tmp_path / "exp" / "thesis.txt").read_text() == "years of work"


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "exp").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsError, match="is there, and no model"):
        table_model(tmp_path / "exp")


def test_a_model_is_replaced_by_one_of_its_row(tmp_path):
    before = table_model(tmp_path / "exp")
    (before / "MODEL.md").write_text("of last week")
    table_model(tmp_path / "exp")
    assert (before / "MODEL.md").read_text() != "of last week"


def test_models_of_a_former_run_go_and_those_made_by_hand_stay(table_folder, tmp_path):
    for name in ("kept", "former", "by-hand"):
        shutil.copytree(table_folder, tmp_path / name)
    (tmp_path / "notes").mkdir()
    path = tmp_path / "by-hand" / written.NAME
    content = json.loads(path.read_text())
    content["tested"]["rows"] = BY_HAND
    path.write_text(json.dumps(content))
    remove_others(tmp_path, ("kept",))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["by-hand", "kept", "notes"]


def test_an_export_by_hand_takes_the_files_of_the_experiment_that_is_named(tmp_path, monkeypatch):
    experiment = tmp_path / "there" / "results" / "demo"
    (tmp_path / "here" / "results" / "demo").mkdir(parents=True)
    experiment.mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert command._root(experiment) == tmp_path / "there"
    assert command._root(Path("results/demo")) == tmp_path / "here"
    with pytest.raises(SettingsError, match="lies in no folder results"):
        command._root(tmp_path / "there")
