"""What the losses' page says of paper and released code is what the script measures."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
import torch

BATCHES = 20
DIGIT = 0.0101  # the last one printed, which another machine may round the other way
NUMBER = re.compile(r"\d+\.\d+")
LINKS = re.compile(r"\]\((?!http)([^)#]*)(?:#([^)]*))?\)")


@pytest.fixture(scope="module")
def script(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "formulations", root / "benchmarks/formulations.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def printed(script: ModuleType) -> str:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return script.report(BATCHES)
    finally:
        torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs/losses.md").read_text()


def assert_same_numbers(said: str, measured: str):
    numbers = [[float(each) for each in NUMBER.findall(text)] for text in (said, measured)]
    assert numbers[0] == pytest.approx(numbers[1], abs=DIGIT, rel=0)


def first_table(printed: str) -> dict[str, list[str]]:
    """Return label → means of the first table, that of the tangential gradients."""
    lines = [line.strip("| ").split(" | ") for line in printed.split("\n\n")[1].splitlines()]
    return {line[0]: [cell.split()[0] for cell in line[1:]] for line in lines[2:]}


def test_the_page_has_the_tables_that_the_script_prints(page: str, printed: str):
    _, rest = page.split("<!-- benchmarks/formulations.py -->")
    said = rest.split("<!-- end -->")[0].strip()
    assert NUMBER.sub("#", said) == NUMBER.sub("#", printed.strip())
    assert_same_numbers(said, printed)


@pytest.mark.parametrize("name", ["simclr", "supcon", "yaware", "rnc", "threshold", "exp"])
def test_the_section_of_a_loss_repeats_its_row(page: str, printed: str, name: str):
    section = " ".join(page.split(f"### `{name}`\n")[1].split("\n### ")[0].split())
    means = first_table(printed)[f"`{name}`"]
    said = section.split("Cosine: ")[1]
    if "throughout" in said.split(". ")[0]:
        assert means == ["1.00"] * 4
    else:
        assert_same_numbers(" ".join(NUMBER.findall(said)[:4]), " ".join(means))


def test_the_section_of_dynlocrep_repeats_its_first_and_last_row(page: str, printed: str):
    section = " ".join(page.split("### `dynlocrep`\n")[1].split("\n### ")[0].split())
    rows = first_table(printed)
    means = [*rows["`dynlocrep`, first epoch"], *rows["`dynlocrep`, last epoch"]]
    said = section.split("Cosine, first epoch: ")[1]
    assert_same_numbers(" ".join(NUMBER.findall(said)[:8]), " ".join(means))


@pytest.mark.parametrize("name", ["yaware", "simclr", "supcon"])
def test_forms_that_differ_by_a_factor_have_cosine_one(script: ModuleType, name: str):
    assert script.cosines(name, script.Batches(), 3) == pytest.approx(1, abs=1e-9)


def test_the_two_forms_of_exp_are_two_losses(script: ModuleType):
    assert script.cosines("exp", script.Batches(order=0.5), 5).max() < 0.6
    random = script.cosines("exp", script.Batches(identical=False, features=32), 30)
    assert random[:, 1].mean() == pytest.approx(0.73, abs=0.02)


def test_repulsion_is_what_the_softmax_of_the_denominator_says(script: ModuleType):
    batches = script.Batches(order=0.3)
    ((embeddings, ages),) = batches.draw(1)
    anchors = embeddings.expand(-1, 2, -1).flatten(0, 1)
    years = ages.repeat_interleave(2)
    weights = torch.exp(-((years[:, None] - years) ** 2) / 8)
    own = torch.eye(len(anchors), dtype=torch.bool)
    for form, shift in (("paper", 0), ("released", 10)):
        terms = (10 * anchors @ anchors.T - shift) * (1 - weights)
        push = terms.masked_fill(own, -torch.inf).softmax(1) * (1 - weights)
        wanted = push.sum(1).mean().item()
        assert script.repulsion("exp", form, batches, 1) == pytest.approx(wanted, rel=1e-9)


def test_batches_are_as_the_page_describes_them(script: ModuleType):
    for embeddings, ages in script.Batches(common=5.0).draw(3):
        assert embeddings.shape == (32, 1, 128)
        assert ((ages <= 35) | (ages >= 60)).all()
        cosines = embeddings[:, 0] @ embeddings[:, 0].T
        assert cosines[~torch.eye(32, dtype=torch.bool)].mean() == pytest.approx(0.96, abs=0.005)


def test_the_figure_is_drawn(script: ModuleType, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(script, "CASES", [("exp", "")])
    script.draw(tmp_path / "figure.png", 1)
    assert (tmp_path / "figure.png").stat().st_size > 10_000


def test_the_pages_links_lead_somewhere(root: Path, page: str):
    for file, anchor in LINKS.findall(page):
        there = root / "docs" / file
        assert there.exists(), file
        if anchor:
            text = there.read_text(encoding="utf-8") if there.is_file() else page
            assert anchor in anchors(text), f"{file}#{anchor}"


def anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in headings}
