"""`contrage verify` proves that a report is of its files, and names what was changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from small_study import Workflow

from contrage import cli
from contrage.files import read_json, write_json
from contrage.layout import filled
from contrage.learning.checkpoint import read_model, save

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("small")]

Verify = Callable[..., tuple[int, str]]


@pytest.fixture
def verify(finished: Workflow, capsys, monkeypatch) -> Verify:
    """Call the command from another folder; its exit status and what it printed."""
    monkeypatch.chdir(finished.folder.parent)

    def call(*options: str) -> tuple[int, str]:
        status = 0
        try:
            cli.main(["verify", str(finished.folder / "results/small"), *options])
        except SystemExit as ended:
            status = int(ended.code or 0)
        printed = capsys.readouterr()
        return status, printed.out + printed.err

    return call


@contextmanager
def changed(file: Path, content: bytes | None) -> Iterator[None]:
    """Give a file another content, or take it away, and undo it: Snakemake looks at times, too."""
    before, status = file.read_bytes(), file.stat()
    file.unlink()
    try:
        if content is not None:
            file.write_bytes(content)
        yield
    finally:
        file.write_bytes(before)
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))


def replaced(file: Path, old: bytes, new: bytes) -> bytes:
    content = file.read_bytes()
    assert old in content and old != new
    return content.replace(old, new, 1)


def line_of(printed: str, *parts: str) -> str:
    lines = [each for each in printed.splitlines() if each.startswith(parts[0].strip())]
    (line,) = [each for each in lines if all(part in each for part in parts)]
    return line


def test_a_run_that_nobody_touched_holds_in_every_part(finished, verify):
    status, printed = verify()
    assert status == 0, printed
    assert "DIFFERS" not in printed and "MISSING" not in printed
    tables = {file.name for file in (finished.folder / "results/small/tables").iterdir()}
    told = {line.split()[1] for line in printed.splitlines() if line.startswith("tables")}
    assert told == tables
    left = [line.split()[1] for line in printed.splitlines() if "not asked" in line]
    assert left == ["runtimes.tsv"]
    assert "to the byte" in line_of(printed, "page  ", "report.html")
    raw = line_of(printed, "raw ", "raw images and their sidecars")
    assert "(13)" in raw and "same" in raw  # 15 scans, of which two are bad


def test_another_raw_image_is_named(finished, verify):
    image = finished.folder / "study/sub-02/mre/sub-02_stiffness.nii.gz"
    with changed(image, image.read_bytes() + b"\0"):
        status, printed = verify("--parts", "raw")
    assert status == 1
    assert "sub-02_stiffness.nii.gz" in line_of(
        printed, "raw ", "raw images", "DIFFERS", "1 changed"
    )
    with changed(image, None):
        status, printed = verify("--parts", "raw")
    assert status == 1 and "sub-02_stiffness.nii.gz" in line_of(
        printed, "raw ", "MISSING", "1 gone"
    )


def test_a_record_of_a_scan_that_was_edited_is_named(finished, verify):
    place = "results/derivatives/study/sub-02/sub-02_desc-preproc.json"
    record = finished.folder / place
    digest = next(iter(read_json(record)["inputs"].values()))["sha256"].encode()
    with changed(record, replaced(record, digest, digest[::-1])):
        status, printed = verify("--parts", "raw")
    assert status == 1
    assert "sub-02" in line_of(printed, "raw ", "records of scans", "DIFFERS")


@pytest.mark.parametrize("table", ["mae", "site", "intervals"])
def test_a_number_of_a_table_that_was_edited_is_named(finished, verify, table):
    file = finished.folder / f"results/small/tables/{table}.tsv"
    head, line, *others = file.read_text().splitlines()
    cells = line.split("\t")
    place = next(n for n, cell in enumerate(cells) if "." in cell)
    cells[place] = str(float(cells[place]) + 0.01)
    with changed(file, ("\n".join([head, "\t".join(cells), *others]) + "\n").encode()):
        status, printed = verify("--parts", "tables", "files", "page")
    assert status == 1
    found = line_of(printed, "tables ", f"{table}.tsv")
    assert f"1 cells; line 1, {head.split()[place]}: {cells[place]}, computed" in found
    assert f"{table}.tsv" in line_of(printed, "files ", "1 changed")
    assert "report.html" in line_of(printed, "page ", "DIFFERS")


def test_predictions_that_were_edited_no_longer_give_the_tables(finished, verify):
    file = finished.folder / "results/small/predictions/exp/seed-0.tsv"
    lines = file.read_text().splitlines()
    place = lines[0].split("\t").index("predicted_age")
    tested = next(n for n, line in enumerate(lines) if "\ttest\t" in line)
    cells = lines[tested].split("\t")
    cells[place] = str(float(cells[place]) + 5)
    lines[tested] = "\t".join(cells)
    with changed(file, ("\n".join(lines) + "\n").encode()):
        status, printed = verify("--parts", "tables", "files")
    assert status == 1
    assert "seed-0.tsv" in line_of(printed, "files ", "1 changed")
    assert "mae_mean" in line_of(printed, "tables ", "mae.tsv", "DIFFERS")
    with changed(file, None):
        status, printed = verify("--parts", "tables")
    lost = [line for line in printed.splitlines() if "cannot be computed:" in line]
    assert status == 1 and lost and all("seed-0.tsv is gone" in line for line in lost)


def test_a_number_of_the_page_that_was_edited_is_noticed(finished, verify):
    page = finished.folder / "results/small/report.html"
    with changed(page, replaced(page, b"<td>", b"<td>1")):
        status, printed = verify("--parts", "page")
    assert status == 1 and "report.html" in line_of(printed, "page ", "DIFFERS")


def test_other_code_than_was_recorded_is_named(finished, verify):
    file = finished.folder / "results/small/provenance.json"
    digest = read_json(file)["settings"]["recorded"]["code"]["train exp"]["digest"]
    with changed(file, replaced(file, digest.encode(), digest[::-1].encode())):
        status, printed = verify("--parts", "code")
    assert status == 1
    found = line_of(printed, "code ", "train exp", "DIFFERS")
    assert digest[::-1] in found and digest in found
    assert "train l1" not in printed


def test_a_training_repeats_its_bits_or_it_is_said_why_not(finished, verify):
    status, printed = verify("--parts", "files", "--retrain", "exp")
    assert status == 0, printed
    assert "to the bit" in line_of(printed, "training", "exp, seed 0, fold 0", "same")
    file = finished.folder / "results/small/training/exp/seed-0/fold-0/model.pt"
    model = read_model(file)
    assert model["computed_on"]["processor"] and model["computed_on"]["device"] == "cpu"
    first = next(iter(model["encoder"].values()))
    assert torch.is_tensor(first)
    first.view(-1)[0] += 1
    model["computed_on"]["processor"] = "a slide rule"
    other = file.with_name("other.pt")
    save(other, model)
    with changed(file, other.read_bytes()):
        other.unlink()
        status, printed = verify("--parts", "files", "--retrain", "exp")
    assert status == 1
    found = line_of(printed, "training", "exp, seed 0, fold 0", "DIFFERS")
    assert "weights differ by up to 1" in found and "processor: a slide rule then" in found


def test_a_row_that_is_none_or_a_folder_without_a_record_is_refused(finished, verify, tmp_path):
    status, printed = verify("--parts", "code", "--retrain", "no")
    assert status == 1 and "--retrain: no is no row of the experiment" in printed
    file = finished.folder / "results/small/provenance.json"
    with changed(file, None):
        status, printed = verify()
    assert status == 1 and "provenance.json: no such file; a run writes it" in printed
    content = read_json(file)
    moved = tmp_path / "results/moved"
    moved.mkdir(parents=True)
    write_json(moved / "provenance.json", content)
    with pytest.raises(SystemExit, match="1"):
        cli.main(["verify", str(moved)])


def test_the_page_shows_the_checksums_that_are_written_down(finished):
    home = finished.folder / "results/small"
    page, content = (home / "report.html").read_text(), read_json(home / "provenance.json")
    assert "<code>contrage verify results/small</code>" in page
    for table in (home / "tables").iterdir():
        digest = content["files"][f"results/small/tables/{table.name}"]
        assert (
            f'<th scope="row">tables/{table.name}</th><td class="word"><code>{digest[:16]}<' in page
        )
    for name, each in content["settings"]["recorded"]["code"].items():
        assert f'<th scope="row">{name}</th><td class="word"><code>{each["digest"]}<' in page


def test_every_evaluation_is_recorded_with_the_files_that_its_rule_gave_it(finished):
    jobs = read_json(finished.folder / "results/small/provenance.json")["settings"]["recorded"]
    for name, job in jobs["tables"].items():
        for option, kinds in job["reads"].items():
            files = [path for each in kinds for path in filled(each["pattern"], each["values"])]
            assert files and all((finished.folder / path).is_file() for path in files), (
                name,
                option,
            )
