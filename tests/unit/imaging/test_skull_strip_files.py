"""A way of skull stripping is one file, and its block in the schema."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import yaml
from imaging_steps import described

from contrage.imaging import skull_strip
from contrage.imaging.provenance.methods import citations, paragraph
from contrage.run import code as sources

ROOT = Path(__file__).parents[3]
SLOW = ("nipype", "torch", "deepbet", "nibabel", "ants")


@pytest.fixture(scope="module")
def schema() -> dict:
    whole = yaml.safe_load((ROOT / "workflow/schemas/config.schema.yaml").read_text("utf-8"))
    return whole["properties"]["preprocessing"]["properties"]["skull_strip"]["properties"]


def test_the_schema_lists_the_methods_that_have_a_file(schema):
    assert set(schema["method"]["enum"]) == set(skull_strip.available())


def test_every_block_of_settings_is_of_a_method(schema):
    assert {*schema} - {"method"} <= {*skull_strip.backends()}


@pytest.mark.parametrize("method", skull_strip.backends())
def test_no_other_file_of_the_package_knows_a_method(method):
    """So that one is added, or taken away, with its file."""
    own = Path(skull_strip.__file__).parent / f"{method.replace('-', '_')}.py"
    for file in sources.PACKAGE.rglob("*.py"):
        names = {
            node.value
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant)
        }
        assert file == own or method not in names, file


@pytest.mark.parametrize(
    "file", Path(skull_strip.__file__).parent.glob("[!_]*.py"), ids=lambda f: f.stem
)
def test_nothing_slow_is_imported_before_a_method_runs(file):
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        names = [alias.name for alias in getattr(node, "names", [])]
        module = getattr(node, "module", None) or ""
        assert not any(name.split(".")[0] in SLOW for name in (module, *names)), ast.unparse(node)


@pytest.mark.parametrize("method", skull_strip.backends())
def test_a_methods_own_code_is_named_for_the_rule(method):
    files = {file.stem for file in sources.closure(*skull_strip.modules(method))}
    assert method.replace("-", "_") in files
    assert ("_nipype" in files) is ("nipype" in skull_strip.packages(method))


@pytest.mark.parametrize("method", ["template", "mask", "none"])
def test_a_method_of_contrages_own_needs_no_package(method):
    assert skull_strip.packages(method) == ()
    assert skull_strip.modules(method) == (skull_strip.TEMPLATE,) * (method == "template")


def test_no_way_of_skull_stripping_is_code_of_the_step_itself():
    """Each is loaded by a computed name, and decides where it is chosen alone."""
    own = {file.stem for file in sources.closure("contrage.imaging.strip")}
    assert not own & {"_nipype", "_template", "bias", "mni", *skull_strip.backends()}
    assert "_find" in own


@pytest.mark.parametrize("method", skull_strip.backends())
def test_the_text_for_a_paper_names_and_cites_a_method(method):
    backend = skull_strip.backend(method)
    asked = described([], skull_strip={"method": method}, registration={"transform": "none"})
    text, cited = paragraph(asked, {"file": "T1.nii", "sha256": "0"})
    assert f"by {backend.words}" in text
    assert ("through nipype" in text) is ("nipype" in cited) is ("nipype" in backend.packages)
    assert any(backend.reference[1] in line for line in citations(cited, method))
