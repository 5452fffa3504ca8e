"""What the commands of rules name is there, and what a step must be given is never nothing."""

from __future__ import annotations

import inspect
import json
import re
import shlex
import subprocess
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from rules_read import Rule, all_rules, command, read_rules, section

from contrage import cli

RULES = {name: rule for name, rule in all_rules().items() if "contrage" in command(rule)}
STEP = re.compile(r"python -m contrage ([\w-]+)")


def required_lists(step: str) -> set[str]:
    """Return the parameters of a step that are lists of files of which there must be one."""
    function = cli.load_step(step)
    hints = typing.get_type_hints(function)
    return {
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if hints[name] == list[Path] and parameter.default is inspect.Parameter.empty
    }


def given(rule: Rule) -> Iterator[tuple[str, str, str]]:
    """Yield option, section and name of what a rule's command gives a step."""
    for option, part, name in re.findall(r"--([\w-]+) \{(\w+)\.(\w+)", command(rule)):
        yield option.replace("-", "_"), part, name


def is_unpacked(rule: Rule, part: str) -> bool:
    """Return whether a function names files of a section, beside those that stand there."""
    return "unpack(" in section(rule, part).get("", "") or "**" in section(rule, part).get("", "")


def test_rules_are_read_with_their_sections_and_those_that_they_inherit():
    text = (
        "if A:\n\n    rule one:\n        input:\n            a=f(\n                x, y=2\n"
        "            ),  # why\n            b=[],\n        output:\n            c=1,\n"
        '        shell:\n            "python -m contrage x"\n            " --c {output.c:q}"\n'
        "\nX = 1\n"
        "use rule one as two with:\n    output:\n        d=temp(2),\n"
    )
    one, two = read_rules(text)
    assert one.sections["input"] == {"a": "f( x, y=2 ),", "b": "[],"}
    assert command(one) == "python -m contrage x --c {output.c:q}"
    assert (two.parent, two.sections) == ("one", {"output": {"d": "temp(2),"}})


def test_every_step_of_a_rule_is_found():
    steps = {name: STEP.search(command(rule)) for name, rule in RULES.items()}
    assert all(steps.values())
    assert {found[1] for found in steps.values()} > {"train", "probe", "export-models", "merge"}
    assert len(RULES) > 40


@pytest.mark.parametrize("name", RULES)
def test_what_a_command_names_the_rule_has(name):
    # Also where a rule is another one with outputs of its own: its command is the other's.
    rule = RULES[name]
    for part in ("input", "output", "params", "log"):
        named = set(re.findall(rf"\{{{part}\.(\w+)", command(rule)))
        assert named <= set(section(rule, part)) or is_unpacked(rule, part), part


@pytest.mark.parametrize("name", RULES)
def test_a_list_of_files_that_a_step_must_have_is_never_empty(name):
    rule, needed = RULES[name], required_lists(STEP.search(command(RULES[name]))[1])
    for option, part, key in given(rule):
        if option in needed:
            assert "[]" not in section(rule, part).get(key, section(rule, part).get("")), option
            needed -= {option}
    assert not needed, "a required list is not given at all"


GROWS_WITH_ROWS = ("page", "study-page", "study-tables", "study-figures")
"""Steps whose settings have kilobytes for each row: thousands of them are more than an argument."""


def test_settings_that_grow_with_rows_are_no_argument():
    for rule in RULES.values():
        text = command(rule)
        by_stdin = "printf %s {params.settings:q} | python -m contrage" in text
        assert by_stdin is (STEP.search(text)[1] in GROWS_WITH_ROWS), rule.name
        assert by_stdin is ("--settings /dev/stdin" in text), rule.name


def test_settings_longer_than_an_argument_may_be_arrive(tmp_path):
    """As Snakemake does, which writes a long command to a script: printf is bash's own."""
    script, long = tmp_path / "script.sh", json.dumps({"odd": "it's " * 60_000})
    others = "--tables t --figures f --scans s --predictions p --metrics m --curves c --output o"
    step = f"{shlex.quote(sys.executable)} -m contrage page --settings /dev/stdin {others}"
    script.write_text(f"set -euo pipefail\nprintf %s {shlex.quote(long)} | {step}\n")
    done = subprocess.run(["bash", str(script)], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode != 0 and "odd is no setting of it" in done.stderr
    given = [sys.executable, "-m", "contrage", "page", "--settings", long, *others.split()]
    with pytest.raises(OSError, match="Argument list too long"):
        subprocess.run(given, capture_output=True, cwd=tmp_path)
