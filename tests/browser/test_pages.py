"""The pages of a run in a real browser: from a disk, without a network, wide and narrow."""

from __future__ import annotations

import functools
import http.server
import re
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import synthetic
from given import given
from made_up import Report
from opened_pages import Opened, opened
from PIL import Image
from study_pages import finished_tables, with_people
from study_pages import made as made_study

from contrage.files import save_nifti, write_json
from contrage.imaging.template.source import NILEARN
from contrage.layout import preproc_file, quality_file
from contrage.report.quality.page import quality_page
from contrage.settings.blocks.quality import QualitySettings
from contrage.settings.steps.report import QualityPageStep
from contrage.tables import read_tsv, write_tsv

PATIENCE = 120_000
EVIL = '<img src=x onerror="throw new Error(1)">'
WIDTHS = [1400, 400]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with maps, on people and a site whose names would be markup."""
    settings = synthetic.settings() | {"norm_rows": {}, "rows": ["exp", "dynlocrep", "l1"]}
    made = Report(tmp_path_factory.mktemp("report"), settings)
    synthetic.write_experiment(made.root, n_images=2, embedding=False)
    lost = {"scan_id": [EVIL], "participant_id": [EVIL], "stage": ["check"]}
    lost |= {"reason": [f"{EVIL} is no image"]}
    write_tsv(made.path("dataset", "excluded.tsv"), pd.DataFrame(lost))
    for file in [made.path("dataset", "scans.tsv"), *made.path("predictions").rglob("*.tsv")]:
        frame = read_tsv(file)
        write_tsv(file, frame.assign(site=frame["site"].replace("Bayly 2021", EVIL)))
    made.make_tables()
    made.make_maps()
    made.make_figures()
    made.make_page()
    return made.path("report.html")


AFFINE = np.diag([8.0, 10.0, 9.0, 1.0])
AFFINE[:3, 3] = [-76, -110, -64]


@pytest.fixture(scope="module")
def quality(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The quality page of three scans with images beside it, of which one failed."""
    folder = tmp_path_factory.mktemp("quality")
    names = ["sub-1", "sub-2_ses-b", "sub-3"]
    people = [name.partition("_")[0] for name in names]
    scans = {"scan_id": names, "participant_id": people, "session": [None, "b", None]}
    scans |= {"age": [20.0, 30.0, 40.0], "sex": "F", "site": [EVIL, "B", "B"]}
    write_tsv(folder / "scans.tsv", pd.DataFrame(scans))
    lost = [EVIL, "sub-9"]
    before = {"scan_id": lost, "participant_id": lost, "stage": "import", "reason": EVIL}
    write_tsv(folder / "excluded.tsv", pd.DataFrame(before))
    inside = np.linalg.norm(np.indices((19, 22, 17)).T - [9, 11, 8], axis=-1).T < 7
    for name in names:
        failed = name == "sub-3"
        record = {"status": "failed" if failed else "ok", "stage": "check", "reason": EVIL}
        write_json(folder / quality_file(name), record | {"coverage": 0.9, "flagged": False})
        picture = folder / quality_file(name).replace(".json", ".png")
        Image.new("RGB", (300, 120), "#345").save(picture)
        if not failed:
            values = np.where(inside, 3.25, 0).astype(np.float32)
            save_nifti(folder / preproc_file(name, "stiffness"), values, AFFINE)
            save_nifti(folder / preproc_file(name, "mask"), inside, AFFINE)
    limits = given(QualitySettings, "preprocessing.quality")
    files = {"scans": folder / "scans.tsv", "excluded": folder / "excluded.tsv"}
    files |= {"table": folder / "quality.tsv", "numbers": folder / "quality_numbers.tsv"}
    (folder / "exclude.tsv").write_text('scan_id\treason\nsub-9\tghosts, "said" sub-8\n')
    for name, show_ids in (("named", True), ("quality", False)):
        settings = NILEARN.settings()
        asked = QualityPageStep("study", limits, None, ("stiffness",), 2, settings, show_ids)
        more = {"exclude": folder / "exclude.tsv", "page": folder / f"{name}.html"}
        quality_page(asked, **files, derivatives=folder, **more)
    return folder / "quality.html"


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a small study with tables, curves, figures and expectations."""
    folder = tmp_path_factory.mktemp("study")
    made_study(with_people(finished_tables(folder), folder), folder)
    return folder / "study.html"


@pytest.fixture
def see(browser: Any) -> Iterator[Callable[..., Opened]]:
    """Return a function that opens a page; none may have said anything wrong in the end."""
    contexts, pages = [], []

    def open_page(address: str | Path, width: int = 1400, **more: Any) -> Opened:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, offline=isinstance(address, Path), **more
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        pages.append(opened(context, address))
        return pages[-1]

    yield open_page
    for context in contexts:
        context.close()
    assert [wrong for each in pages for wrong in each.wrong] == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["report", "quality", "study"])
def test_a_page_opens_without_network_and_nothing_lies_outside_its_box(see, request, name, width):
    at = see(request.getfixturevalue(name), width)
    if name == "report":
        at.page.locator("#figure-maps").scroll_into_view_if_needed()
        at.page.locator("#brains[data-shown]").wait_for()
    assert at.outside() == []
    assert at.broken() == []
    if name == "report" and width == 1400:
        assert at.cut() == [], "no column is cut in a window of usual width"
    assert at.page.locator('[onerror], img[src="x"]').count() == 0


def test_figures_use_the_width_of_a_wide_window(see, report):
    at = see(report, 1400)
    main = at.page.locator("main").bounding_box()
    middle = main["x"] + main["width"] / 2
    for figure in at.page.locator("figure:visible").all():
        caption, image = (figure.locator(each).bounding_box() for each in ("figcaption", "img"))
        assert max(caption["x"] + caption["width"], image["x"] + image["width"]) > middle
        assert image["width"] > 0.55 * main["width"]


def test_the_report_weighs_less_than_12_mb(report):
    assert 2e6 < report.stat().st_size < 12e6


def test_maps_are_chosen_and_gone_through_by_keys_alone(see, report):
    at = see(report)
    at.page.locator("#figure-maps").scroll_into_view_if_needed()
    at.page.locator('#brains[data-shown="mean"]').wait_for()
    assert not at.page.locator("#figure-maps").is_visible(), (
        "the maps stand in their picture's place"
    )
    canvas = at.page.locator("#brains canvas")
    assert "60 people" in canvas.get_attribute("aria-label")
    before = at.page.locator("#brains .told").inner_text()
    at.page.get_by_label("Slice, left – right").focus()
    for _ in range(30):
        at.page.keyboard.press("ArrowRight")
    after = at.page.locator("#brains .told").inner_text()
    assert before != after and after.endswith("stiffness [kPa]")
    at.page.get_by_role("button", name="Coverage").focus()
    at.page.keyboard.press("Enter")
    at.page.locator('#brains[data-shown="coverage"]').wait_for()
    assert at.page.get_by_role("button", name="Coverage").get_attribute("aria-pressed") == "true"


def test_the_value_at_the_cross_is_that_of_the_map(see, report):
    at = see(report)
    at.page.locator("#figure-maps").scroll_into_view_if_needed()
    at.page.locator('#brains[data-shown="mean"]').wait_for()
    at.page.get_by_label("Slice, bottom – top").focus()
    at.page.keyboard.press("ArrowRight")
    words = at.page.locator("#brains .told").inner_text().replace("−", "-")
    place, _, told = words.partition(" mm: ")
    found = [float(each.split()[1]) for each in place.split(", ")]
    image = nib.load(report.parent / "maps" / "mean.nii.gz")
    index = np.linalg.solve(image.affine, [*found, 1])[:3]
    voxel = np.round(index).astype(int)
    around = image.get_fdata()[tuple(slice(max(0, at - 1), at + 2) for at in voxel)]
    assert np.abs(around - float(told.partition(",")[0])).min() < 0.006


def test_left_and_right_are_not_exchanged(see, report):
    at = see(report)
    at.page.locator("#figure-maps").scroll_into_view_if_needed()
    at.page.locator("#brains[data-shown]").wait_for()
    slider = at.page.get_by_label("Slice, left – right")
    places = []
    for key in ("Home", "End"):
        slider.focus()
        at.page.keyboard.press(key)
        words = at.page.locator("#brains .told").inner_text().replace("−", "-")
        places.append(float(words.split(",")[0].removeprefix("x ")))
    assert places[0] < -60 and places[1] > 60, "x grows to the right of the person"


def test_without_scripts_the_picture_of_the_maps_stays(see, report):
    at = see(report, java_script_enabled=False)
    assert at.page.locator("#figure-maps img").is_visible()
    assert not at.page.locator("#brains").is_visible()


def test_a_printed_report_has_the_picture_and_no_viewer(see, report):
    at = see(report)
    at.page.locator("#figure-maps").scroll_into_view_if_needed()
    at.page.locator("#brains[data-shown]").wait_for()
    at.page.emulate_media(media="print")
    assert at.page.locator("#figure-maps img").is_visible()
    assert not at.page.locator("#brains").is_visible()


@pytest.fixture
def served(quality: Path) -> Iterator[str]:
    """The folder of the quality page behind a small server, as the page advises."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    handler = functools.partial(Quiet, directory=str(quality.parent))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/named.html"
        server.shutdown()


def test_a_scan_is_laid_over_the_template_with_its_outline(see, served):
    at = see(served)
    at.page.get_by_label("enlarge the picture of sub-1").click()
    assert at.page.locator("#large-picture").is_visible()
    at.page.get_by_role("button", name="stiffness on the template").click()
    at.page.locator('#large-brains[data-shown="sub-1 stiffness"]').wait_for()
    assert not at.page.locator("#large-picture").is_visible()
    assert "sub-1" in at.page.locator("#large-brains canvas").get_attribute("aria-label")
    assert "3.25 stiffness [kPa]" in at.page.locator("#large-brains .told").inner_text()
    at.page.keyboard.press("ArrowRight")  # on a button: the next scan, in the same view
    at.page.locator('#large-brains[data-shown="sub-2_ses-b stiffness"]').wait_for()
    outline = at.page.get_by_role("checkbox", name="outline of the brain mask")
    with_outline = red(at.page.locator("#large-brains canvas"))
    outline.uncheck()
    assert with_outline > 50 and red(at.page.locator("#large-brains canvas")) == 0


def red(canvas: Any) -> int:
    """Count the pixels of the outline's colour."""
    import io

    pixels = np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("RGB")).astype(int)
    return int(((pixels[..., 0] > 240) & (abs(pixels[..., 1] - 64) < 12)
                & (abs(pixels[..., 2] - 64) < 12)).sum())  # fmt: skip


def test_numbered_scans_are_named_by_the_file_beside_the_page_and_no_other(see, served, tmp_path):
    at = see(served.replace("named.html", "quality.html"))
    rows = at.page.locator("#scans tbody th")
    assert sorted(rows.all_inner_texts()) == ["scan 1", "scan 2", "scan 3"]
    own = at.page.request.get(served.replace("named.html", "quality_numbers.tsv")).text()
    of = {line.split("\t")[1]: line.split("\t")[0] for line in own.splitlines()[1:]}
    at.page.get_by_label(f"exclude scan {of['sub-2_ses-b']}", exact=True).check()
    at.page.get_by_role("button", name="Download exclude.tsv").click()
    assert "Choose it first" in at.page.locator("#names-told").inner_text()
    first = f"enlarge the picture of scan {of['sub-1']}"
    at.page.get_by_label(first).click()
    assert at.page.get_by_role("button", name="stiffness on the template").is_disabled()
    at.page.keyboard.press("Escape")
    wrong = tmp_path / "quality_numbers.tsv"
    for line in ("", "scan_id\tnumber\nsub-1\t1\n", re.sub(r"[0-9a-f]{16}", "0" * 16, own)):
        wrong.write_text(line)
        at.page.get_by_label("Scans have numbers here").set_input_files(wrong)
        at.page.get_by_text("These are not the numbers of this page").wait_for()
        assert "scan 1" in rows.all_inner_texts()
    wrong.write_text(own)
    at.page.get_by_label("Scans have numbers here").set_input_files(wrong)
    at.page.get_by_text("Scans are named now").wait_for()
    assert sorted(rows.all_inner_texts()) == ["sub-1", "sub-2_ses-b", "sub-3"]
    with at.page.expect_download() as download:
        at.page.get_by_role("button", name="Download exclude.tsv").click()
    listed = Path(download.value.path()).read_text()
    others = 'sub-9\tghosts, "said" sub-8\n'
    assert listed == f"scan_id\treason\nsub-2_ses-b\tno reason given\n{others}"
    at.page.get_by_label(first).click()
    at.page.get_by_role("button", name="stiffness on the template").click()
    at.page.locator('#large-brains[data-shown="sub-1 stiffness"]').wait_for()


def test_keys_on_a_range_move_a_plane_and_not_to_the_next_scan(see, served):
    at = see(served)
    at.page.get_by_label("enlarge the picture of sub-1").click()
    at.page.get_by_role("button", name="stiffness on the template").click()
    at.page.locator("#large-brains[data-shown]").wait_for()
    at.page.get_by_label("Slice, left – right").focus()
    at.page.keyboard.press("ArrowRight")
    assert at.page.locator("#large-name").inner_text() == "sub-1"


def test_a_scan_that_failed_has_its_picture_alone(see, served):
    at = see(served)
    at.page.get_by_label("enlarge the picture of sub-3").click()
    assert at.page.get_by_role("button", name="stiffness on the template").is_disabled()


def test_a_browser_that_reads_no_files_is_told_how_and_takes_them_by_hand(see, quality):
    at = see(quality.with_name("named.html"))
    at.page.get_by_label("enlarge the picture of sub-1").click()
    at.page.get_by_role("button", name="stiffness on the template").click()
    help_ = at.page.locator("#large-brains [role=status]")
    help_.locator("input[type=file]").wait_for()
    assert "python3 -m http.server --bind 127.0.0.1" in help_.inner_text()
    wanted = [preproc_file("sub-1", each) for each in ("stiffness", "mask")]
    assert help_.locator("li").all_inner_texts() == wanted
    help_.locator("input[type=file]").set_input_files([quality.parent / each for each in wanted])
    at.page.locator('#large-brains[data-shown="sub-1 stiffness"]').wait_for()
    # What Chromium says of the file that it would not read is all that it said.
    forbidden = [wrong for wrong in at.wrong if "sub-1" in wrong or "ERR_FAILED" in wrong]
    assert forbidden == at.wrong
    at.wrong.clear()


def test_a_file_that_is_gone_is_named(see, quality, tmp_path):
    folder = tmp_path / "copied"
    shutil.copytree(quality.parent, folder)
    missing = folder / preproc_file("sub-1", "stiffness")
    missing.unlink()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        at = see(f"http://127.0.0.1:{server.server_port}/named.html")
        at.page.get_by_label("enlarge the picture of sub-1").click()
        at.page.get_by_role("button", name="stiffness on the template").click()
        at.page.get_by_text("is not beside the page").wait_for()
        server.shutdown()
    assert all("404" in wrong for wrong in at.wrong)
    at.wrong.clear()
