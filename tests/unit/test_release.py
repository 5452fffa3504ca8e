"""What a release needs, and what the Snakemake catalogue of workflows looks for in it.

Its rules are those of scripts/generate-catalog.py and of the README of
snakemake/snakemake-workflow-catalog; `snakemake --lint` and `snakefmt --check`, which it runs as
well, are part of `make lint`.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

import contrage

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def usage() -> dict:
    text = (ROOT / ".snakemake-workflow-catalog.yml").read_text(encoding="utf-8")
    return yaml.safe_load(text)["usage"]


def test_the_citation_has_the_version_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == contrage.__version__
    assert {"cff-version", "message", "title", "authors"} <= set(citation)


def test_the_changelog_has_a_place_for_what_comes_and_one_for_each_release():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## \[(.+?)\]", text, re.MULTILINE)
    assert sections[0] == "Unreleased"
    assert len(sections) == len(set(sections))
    assert len(sections) == 1 or contrage.__version__ in sections


def test_the_catalogue_finds_the_workflow():
    readme = (ROOT / "README.md").read_text(encoding="utf-8").lower()
    assert "snakemake" in readme and "workflow" in readme
    assert (ROOT / "workflow/Snakefile").is_file()
    assert list((ROOT / "workflow/rules").glob("*.smk"))


def test_the_catalogue_can_show_how_it_is_used(usage):
    assert (ROOT / "config/README.md").read_text(encoding="utf-8").startswith("# Configuration")
    assert set(usage) == {"mandatory-flags", "software-stack-deployment", "report"}
    assert usage["mandatory-flags"]["flags"] == ""
    assert usage["report"] is True


def test_every_way_of_deployment_that_is_promised_has_what_it_needs(usage):
    assert usage["software-stack-deployment"] == {"conda": True, "apptainer": True}
    rules = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "workflow").rglob("*.smk"))
    assert 'conda:\n        "../../envs/' in rules
    assert "container:" in rules + (ROOT / "workflow/Snakefile").read_text(encoding="utf-8")
