"""The command line is a thin layer over plain functions."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from contrage import cli
from contrage.errors import ContrageError
from contrage.settings.steps.evaluation import SearchTableStep


@dataclass(frozen=True)
class Asked:
    """What a step may be asked for."""

    a: int


def step(
    settings: Asked, *, image: Path, other: Path | None = None, many: list[Path], fold: int = 0
):
    """Do a thing."""


def test_options_follow_from_the_signature():
    parser = cli.step_parser("step", step)
    arguments = ["--settings", '{"a": 1}', "--image", "x.nii", "--many", "a", "b", "--fold", "3"]
    options = vars(parser.parse_args(arguments))
    assert options["settings"] == {"a": 1}
    assert options["image"] == Path("x.nii")
    assert options["many"] == [Path("a"), Path("b")]
    assert (options["fold"], options["other"]) == (3, None)


def test_settings_become_the_dataclass_that_the_step_takes_and_no_other():
    assert cli.settings_of(step, {"a": 1}) == Asked(1)
    with pytest.raises(TypeError, match="Asked: a is missing, b is no setting of it"):
        cli.settings_of(step, {"b": 1})


@pytest.mark.parametrize("value", [[], [""]])
def test_an_optional_file_may_stand_without_a_value(value):
    parser = cli.step_parser("step", step)
    options = parser.parse_args(
        ["--settings", "{}", "--image", "x", "--many", "a", "--other", *value]
    )
    assert options.other is None


def test_a_missing_file_option_is_named(capsys):
    with pytest.raises(SystemExit):
        cli.step_parser("step", step).parse_args(["--settings", "{}", "--many", "a"])
    assert "--image" in capsys.readouterr().err


@pytest.mark.parametrize("name", cli.STEPS)
def test_every_step_exists_and_its_options_can_be_built(name):
    function = cli.load_step(name)
    parser = cli.step_parser(name, function)
    assert parser.description, f"{name} has no docstring"


def test_an_error_of_the_users_making_is_one_line_without_a_traceback(
    monkeypatch, capsys, tmp_path
):
    def fail(settings: SearchTableStep):
        """Fail."""
        raise ContrageError("scan.nii: all zeros; export it again")

    monkeypatch.setattr(cli, "load_step", lambda step: fail)
    with pytest.raises(SystemExit, match="1"):
        cli.main(["check", "--settings", "{}", "--log", str(tmp_path / "log")])
    error = capsys.readouterr().err
    assert error.strip() == "contrage: ERROR: scan.nii: all zeros; export it again"
    assert "all zeros" in (tmp_path / "log").read_text()


def test_an_error_that_nobody_expected_leaves_its_traceback_in_the_log(monkeypatch, tmp_path):
    def fail(settings: SearchTableStep):
        """Fail."""
        raise ValueError("shapes differ")

    monkeypatch.setattr(cli, "load_step", lambda step: fail)
    with pytest.raises(SystemExit, match="1"):
        cli.main(["check", "--settings", "{}", "--log", str(tmp_path / "log")])
    log = (tmp_path / "log").read_text()
    assert "Traceback" in log and "ValueError: shapes differ" in log


def test_an_unknown_step_lists_the_steps(capsys):
    with pytest.raises(SystemExit):
        cli.main(["trian"])
    assert "train" in capsys.readouterr().err


def test_the_module_runs_as_a_program():
    assert importlib.import_module("contrage.__main__").main is cli.main
