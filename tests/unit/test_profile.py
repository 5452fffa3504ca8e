"""The Slurm profile speaks of rules that there are, and rules ask for what can grow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROFILE = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())
TEXTS = {file.name: file.read_text() for file in (ROOT / "workflow/rules").glob("*.smk")}
RULE = re.compile(r"^ *(?:use )?rule (\w+)(?: as (\w+) with)?:?", re.MULTILINE)
RULES = {made or name for text in TEXTS.values() for name, made in RULE.findall(text)}
LOCAL = {"preprocessed", "predictions"}


def blocks() -> dict[str, str]:
    """Return the text of each rule that is written out."""
    found = {}
    for text in TEXTS.values():
        parts = re.split(r"^ *(?:use )?rule ", text, flags=re.MULTILINE)[1:]
        found |= {re.match(r"\w+", part)[0]: part for part in parts if part[:40].find(" as ") < 0}
    return found


def without_prefix(rule: str) -> str:
    return rule.removeprefix("pretraining_")


def test_the_folder_slurm_is_the_profile():
    link = ROOT / "slurm"
    assert link.is_symlink()
    assert link.resolve() == ROOT / "workflow/profiles/slurm"


def groups() -> dict[str, str]:
    """Return the group of each rule that has one: it stands in the rule, under whatever prefix."""
    found = {rule: re.search(r'group:\n +"(\w+)"', text) for rule, text in blocks().items()}
    return {rule: match[1] for rule, match in found.items() if match}


def test_groups_and_resources_are_those_of_rules():
    assert {without_prefix(rule) for rule in PROFILE["set-resources"]} <= RULES
    sizes = {entry.split("=")[0] for entry in PROFILE["group-components"]}
    assert sizes <= set(groups().values())
    assert "groups" not in PROFILE


def test_each_scans_steps_are_submitted_together_and_nothing_that_can_fail_for_another():
    steps = ("strip", "correct", "register", "quality")
    assert {groups()[step] for step in steps} == {"imaging"}
    assert groups()["phantom"] == groups()["check"] == "check"
    alone = {"train", "train_watched", "train_stage", "probe", "head", "baselines"}
    alone |= {"screen", "usable", "feasible"}
    assert not alone & set(groups())


def test_the_jobs_that_may_ask_for_a_gpu_have_their_partition_in_one_place():
    asking = {rule for rule, text in blocks().items() if re.search(r"^\s+gpu=", text, re.MULTILINE)}
    assert asking == {"train", "train_stage", "feasible", "saliency", "export"}
    derived = {
        made for text in TEXTS.values() for name, made in RULE.findall(text) if name in asking
    }
    resources = PROFILE["set-resources"]
    assert {without_prefix(rule) for rule in resources} == asking | (derived - {""})
    assert all(each == resources["train"] for each in resources.values())


def test_no_site_is_written_into_profile_or_rules():
    texts = [PROFILE["default-resources"], *PROFILE["set-resources"].values()]
    for key in ("slurm_account", "slurm_partition", "qos", "gpu_model"):
        assert all(text.get(key, "") == "" for text in texts)
        assert not any(key in text for text in TEXTS.values())


@pytest.mark.parametrize("rule", sorted(set(blocks()) - LOCAL))
def test_memory_and_time_of_a_rule_grow_with_each_attempt(rule: str):
    asked = re.search(r"resources:\n(.*?)\n    +params:", blocks()[rule], re.DOTALL)[1]
    assert re.search(r"mem_mb=growing\(", asked) and re.search(r"runtime=growing\(", asked)
