"""The site of the documentation: what is generated for it, and what would be refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from given import config as complete

import site_check
import site_docstrings
import site_keys
import site_pages
from contrage.plan import refuse
from contrage.settings.schema import all_keys, load_schema
from contrage.settings.yaml_door import read_text

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
ANCHOR = re.compile(r"\{ #(\S+) \}$", re.MULTILINE)


@pytest.fixture(scope="module", params=["config", "study"])
def schema(request) -> dict:
    return load_schema(ROOT / f"workflow/schemas/{request.param}.schema.yaml")


def named(place: str | list | dict) -> list[str]:
    """Return the pages that a part of the navigation names."""
    if isinstance(place, str):
        return [place]
    parts = place.values() if isinstance(place, dict) else place
    return [name for part in parts for name in named(part)]


def written(tmp_path: Path, **pages: str) -> Path:
    """Write pages of a built site."""
    for name, text in pages.items():
        (tmp_path / f"{name}.html").write_text(text)
    return tmp_path


def test_every_key_of_a_schema_has_a_section_of_its_own(schema):
    told = ANCHOR.findall(site_keys.reference(schema))
    assert len(told) == len(set(told))
    repeated = [path for path, part in site_keys.keys(schema, schema) if site_keys.elsewhere(part)]
    expected = [
        key for key in all_keys(schema) if not any(key.startswith(f"{path}.") for path in repeated)
    ]
    assert len(expected) >= 15
    assert set(expected) <= set(told)


def test_a_key_is_told_with_what_may_stand_there_its_default_and_its_meaning():
    schema = {
        "properties": {
            "share": {
                "description": "A part_of <all>.",
                "type": ["number", "null"],
                "exclusiveMinimum": 0,
                "default": 0.5,
            },
            "same": {"$ref": "#/properties/share"},
        }
    }
    assert site_keys.reference(schema).split("\n\n") == [
        "## `share` { #share }",
        "*A number or `null`, above 0, default `0.5`.*",
        "A part\\_of &lt;all&gt;.",
        "## `same` { #same }",
        "*As [`share`](#share).*",
        "A part\\_of &lt;all&gt;.",
    ]


def test_every_reference_to_another_key_leads_to_it(schema):
    text = site_keys.reference(schema)
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= set(ANCHOR.findall(text))


def test_the_navigation_names_every_page_and_no_other():
    pages = {file.relative_to(DOCS).as_posix() for file in DOCS.rglob("*.md")}
    examples = {page for page in pages if page.startswith("examples/")}
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    assert sorted(named(nav)) == sorted(pages - examples | set(site_pages.NAMED.values()))


def test_every_folder_in_which_a_file_is_the_registration_has_a_page_of_its_api():
    package = ROOT / "workflow/contrage"
    folders = [
        ".".join(file.parent.relative_to(package.parent).parts)
        for file in package.rglob("__init__.py")
        if "__path__" in file.read_text(encoding="utf-8")
    ]
    texts = " ".join(file.read_text(encoding="utf-8") for file in DOCS.glob("api/*.md"))
    known = [name for name in folders if f"modules {name} -->" in texts]
    assert len(known) >= 7
    assert sorted(set(folders) - set(known)) == ["contrage.cohort.phantom.files.kinds"]


def test_a_package_is_shown_with_its_public_modules():
    shown = site_pages.modules_of("contrage.losses").split("\n\n")
    assert shown[0] == "::: contrage.losses" and "::: contrage.losses.exp" in shown
    assert not [each for each in shown if "._" in each]
    assert site_pages.modules_of("contrage.bundle.opened") == "::: contrage.bundle.opened"


def test_the_steps_are_told_with_what_each_does():
    lines = site_pages.steps_of(None).splitlines()
    assert [
        line for line in lines if line.startswith("| `train` | `contrage.learning.train.train`")
    ]
    assert all(len(line.split(" | ")[2]) > 10 for line in lines[2:])


def test_a_link_out_of_docs_leads_to_the_page_made_of_that_file():
    text = "[a](../config/paper.yaml) [b](../CHANGELOG.md#x) [c](losses.md#exp) [d](http://e.org)"
    page, found = site_pages.rewritten(text, DOCS / "training.md")
    assert page == (
        "[a](files/config/paper.yaml.md) [b](changelog.md#x) [c](losses.md#exp) [d](http://e.org)"
    )
    assert found == [ROOT / "config/paper.yaml", ROOT / "CHANGELOG.md"]


def test_a_link_of_a_page_in_a_folder_and_of_the_readme_keeps_its_target():
    above, _ = site_pages.rewritten("[a](../predict.md)", DOCS / "api/bundle.md")
    first, _ = site_pages.rewritten("[a](docs/predict.md)", ROOT / "README.md")
    assert (above, first) == ("[a](../predict.md)", "[a](predict.md)")


def test_a_link_to_a_folder_of_the_package_leads_to_its_api():
    page, found = site_pages.rewritten("[a](../workflow/contrage/losses)", DOCS / "losses.md")
    assert (page, found) == ("[a](api/losses.md)", [])


def test_a_link_to_nothing_is_refused_with_the_page_that_has_it():
    with pytest.raises(SystemExit, match=r"docs/data\.md links to gone\.md"):
        site_pages.rewritten("[a](gone.md)", DOCS / "data.md")


def test_code_is_left_as_it_stands():
    text = "`[a](gone.md)` and\n\n```yaml\na: [b](gone.md)  # $`x`$\n```\n"
    assert site_pages.rewritten(text, DOCS / "data.md") == (text, [])


def test_formulas_are_drawn_by_the_browser_alone():
    page, _ = site_pages.rewritten(
        "of $`x_i`$:\n\n```math\n\\frac{a}{b}\n```\n", DOCS / "losses.md"
    )
    assert page.count("<math ") == 2 and "<mfrac>" in page and "$" not in page
    assert "```" not in page


def test_a_formula_of_a_docstring_keeps_what_stands_around_it():
    text = "Loss.\n\n.. math:: \\frac{a}\n          {b}\n\nwith a.\n"
    made = site_docstrings.as_mathml(text)
    assert made.startswith("Loss.\n\n<div") and made.endswith("</div>\n\nwith a.\n")
    assert "<mfrac>" in made and "\\frac" not in made


def test_a_fence_is_longer_than_any_in_the_file_that_it_shows():
    page = site_pages.shown("a\n````\n", ROOT / "Makefile")
    assert "\n`````text\na\n````\n`````\n" in page


def test_what_leads_nowhere_in_the_site_is_named(tmp_path):
    site = written(
        tmp_path,
        one='<a href="two.html#here">a</a> <a href="https://e.org/x">b</a> <a href="#top">c</a>',
        two='<p id="here"></p> <a href="one.html#gone">d</a> <a href="three.html">e</a>',
    )
    assert site_check.problems(site) == [
        "one.html: nothing at #top",
        "two.html: nothing at one.html#gone",
        "two.html: nothing at three.html",
    ]


def test_what_is_fetched_from_elsewhere_is_named(tmp_path):
    head = '<link rel="canonical" href="https://e.org/one.html">'
    fetched = '<script src="https://cdn.org/a.js"></script> <img src="data:image/png;base64,AA">'
    site = written(
        tmp_path, one=head + fetched + '<link rel="stylesheet" href="//fonts.org/f.css">'
    )
    assert site_check.problems(site) == [
        "one.html: fetches https://cdn.org/a.js",
        "one.html: fetches //fonts.org/f.css",
    ]


def examples() -> list:
    """Return each configuration that a first reader is shown."""
    return [
        pytest.param(text, id=f"{page}-{number}")
        for page in ("README.md", "docs/tutorial.md", "docs/what-to-set.md")
        for number, text in enumerate(
            re.findall(r"```yaml\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)
        )
    ]


@pytest.mark.parametrize("text", examples())
def test_the_configurations_that_a_first_reader_is_shown_are_accepted(text: str):
    refuse.check_rows_and_data(complete(**read_text(text, "example")))


def test_the_example_of_a_card_has_the_headings_of_todays():
    template = (ROOT / "workflow/contrage/bundle/model.md").read_text(encoding="utf-8")
    card = (DOCS / "examples/MODEL.md").read_text(encoding="utf-8")
    heading = re.compile(r"^## (.+)$", re.MULTILINE)
    assert set(heading.findall(card)) <= set(heading.findall(template))
    assert len(heading.findall(card)) > 4
