"""Every small fixed input is told with its origin, licence and checksum, and is in the wheel."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contrage.files import sha256
from contrage.imaging.template.source import NILEARN_FILE, NILEARN_SHA256
from contrage.plan.imaging import QUALITIES, ants_settings
from contrage.settings.schema import load_schema

ROOT = Path(__file__).parents[2]
RESOURCES = ROOT / "resources"
LINE = re.compile(r"^\| `([^`]+)` \| (.+) \| (.+) \| (.+) \| `([0-9a-f]{64})` \|$", re.MULTILINE)
TOLD = {name: (what, origin, licence, digest) for name, what, origin, licence, digest in
        LINE.findall((RESOURCES / "README.md").read_text("utf-8"))}  # fmt: skip
FILES = sorted(
    file.relative_to(RESOURCES).as_posix() for file in RESOURCES.rglob("*") if file.is_file()
)


def test_the_readme_tells_all_files_and_no_others():
    assert {*FILES} - {"README.md"} == {*TOLD} - {NILEARN_FILE}


@pytest.mark.parametrize("name", sorted({*FILES} - {"README.md"}))
def test_each_file_is_told_with_its_checksum_origin_and_licence(name: str):
    what, origin, licence, digest = TOLD[name]
    assert digest == sha256(RESOURCES / name)
    assert what and origin and licence


def test_the_fingerprint_of_the_template_is_the_one_that_runs_compare():
    assert TOLD[NILEARN_FILE][3] == NILEARN_SHA256


def test_the_package_finds_them_in_a_checkout_and_takes_them_along():
    assert QUALITIES.resolve() == RESOURCES / "registration"
    assert '"**/*.json"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_the_schema_has_the_qualities_that_there_are():
    schema = load_schema(ROOT / "workflow/schemas/config.schema.yaml")
    steps = schema["properties"]["preprocessing"]["properties"]
    names = steps["registration"]["properties"]["quality"]["enum"]
    assert set(names) == {file.stem for file in QUALITIES.glob("*.json")}
    for name in names:
        assert ants_settings(name).description
