"""Where files of results/ lie is written once, and nowhere else."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from contrage import layout
from contrage.layout import Derivatives, Phantom, Results

WILDCARDS = {
    Results: {"row", "seed", "fold", "epoch", "draw", "ages", "method"},
    Derivatives: {"folder", "scan"},
    Phantom: {"folder", "scan"},
}
PLACES = re.compile(r"^results/")


@pytest.mark.parametrize("place", WILDCARDS)
def test_paths_lie_below_their_folder_and_each_is_one_files_alone(place: type):
    found = place.of("study")
    paths = {name: path for name, path in vars(found).items() if name != "root"}
    assert len(set(paths.values())) == len(paths)
    for path in paths.values():
        assert path.startswith(f"{found}/")
        assert set(re.findall(r"{(\w+)}", path)) <= WILDCARDS[place]


def test_what_users_rely_on_lies_where_it_always_did():
    results, derivatives = Results.of("demo"), Derivatives.of("phantom")
    assert results.page == "results/demo/report.html"
    assert results.table("mae") == "results/demo/tables/mae.tsv"
    assert results.predictions == "results/demo/predictions/{row}/seed-{seed}.tsv"
    assert results.split == "results/demo/dataset/splits/seed-{seed}.json"
    image = layout.of_scan(derivatives.preproc("stiffness"), "sub-07_ses-b")
    name = "sub-07_ses-b_space-MNI152_res-2_desc-preproc_stiffness.nii.gz"
    assert image == f"results/derivatives/phantom/sub-07/ses-b/mre/{name}"


def test_a_scans_files_are_the_same_seen_from_the_derivatives_as_from_the_run():
    derivatives = Derivatives.of("c")
    for pattern, file in (
        (derivatives.quality, layout.quality_file("sub-1")),
        (derivatives.check, layout.check_file("sub-1")),
        (derivatives.preproc("mask", 1), layout.preproc_file("sub-1", "mask", 1)),
    ):
        assert layout.of_scan(pattern, "sub-1") == f"{derivatives}/{file}"


def test_of_the_empty_folder_paths_are_seen_from_there():
    assert Results.at("").scans == "dataset/scans.tsv"
    assert Derivatives.at("").log("select") == "logs/select.log"
    assert Derivatives.at("").array(None, 4) == "array/features"


def test_no_other_module_writes_such_a_path(root: Path):
    package = root / "workflow/contrage"
    found = []
    for file in sorted(package.rglob("*.py")):
        if file.name == "layout.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and "\n" not in text and PLACES.match(text):
                found.append(f"{file.relative_to(package)}:{node.lineno}: {text}")
    assert not found


def test_no_rule_writes_such_a_path(root: Path):
    rules = [root / "Snakefile", *sorted((root / "workflow/rules").glob("*.smk"))]
    written = re.compile(r'"(results/|\{(RESULTS|RAW)\}/)')
    lines = [
        f"{file.name}: {line.strip()}"
        for file in rules
        for line in file.read_text(encoding="utf-8").splitlines()
        if written.search(line)
    ]
    assert not lines
