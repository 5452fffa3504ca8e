"""The page of those who may be in an experiment and, under another id, in its pre-training."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from contrage.dataset.one_person import COLUMNS
from contrage.files import write_json
from contrage.layout import Derivatives, of_scan
from contrage.report.quality.same_person import same_person_page
from contrage.settings.steps.report import SamePersonPageStep
from contrage.tables import write_tsv

OWN, OTHERS = ["sub-1", "sub-2_ses-b", "sub-3"], ["sub-7", "sub-8"]


@pytest.fixture
def page(tmp_path):
    """Write two cohorts' pictures and their pairs, and return the page."""

    def made(show_ids: bool, *pairs: tuple) -> str:
        own = tmp_path / "study"
        for folder, scans in ((own, OWN), (tmp_path / "earlier", OTHERS)):
            for scan in scans:
                picture = folder / of_scan(Derivatives.picture, scan)
                picture.parent.mkdir(parents=True, exist_ok=True)
                Image.new("RGB", (30, 20), "#345").save(picture)
        numbers = {"number": [1, 2, 3, None], "scan_id": [*OWN, "sub-9"], "stamp": "abc"}
        write_tsv(own / "numbers.tsv", pd.DataFrame(numbers).astype({"number": "Int64"}))
        write_tsv(tmp_path / "pairs.tsv", pd.DataFrame(list(pairs), columns=list(COLUMNS)))
        numbers = {"limit": 0.61, "largest_below": 0.44, "smallest_rescan": None}
        counts = {"n_pairs": len(pairs), "n_scans": 3, "n_rescans": 0, "before": "earlier"}
        write_json(tmp_path / "pairs.json", numbers | counts | {"median_rescan": None})
        same_person_page(
            SamePersonPageStep("<b>mine</b>", show_ids),
            pairs_found=tmp_path / "pairs.tsv",
            compared=tmp_path / "pairs.json",
            numbered=own / "numbers.tsv",
            derivatives=own,
            page=tmp_path / "same_person.html",
        )
        return Path(tmp_path / "same_person.html").read_text(encoding="utf-8")

    return made


WITHIN = ("sub-1", "sub-1", "sub-3", "sub-3", None, 0.912)
BETWEEN = ("sub-2_ses-b", "sub-2", "sub-8", "sub-8", "earlier", 0.876)


def captions(html: str) -> list[str]:
    found = re.findall(r"<figcaption>(.*?)</figcaption>", html, re.S)
    return [re.sub(r"<[^>]+>", "", each) for each in found]


def test_pairs_are_shown_with_the_numbers_of_the_quality_page_and_nobody_is_named(page):
    html = page(False, WITHIN, BETWEEN)
    assert captions(html) == [
        "scan 1 and scan 3: correlation 0.912",
        "scan 2 and a scan of earlier, on which the pre-training is: correlation 0.876",
    ]
    assert html.count("data:image/jpeg") == 4 and not re.search(r"sub-\d", html)
    assert "dataset/same_person.tsv" in html and "<b>mine</b>" not in html


def test_they_are_named_where_that_is_asked_for(page):
    html = page(True, BETWEEN)
    assert captions(html)[0].startswith("sub-2_ses-b and sub-8 of earlier")
    assert "numbers of the cohort" not in html


def test_that_there_is_no_pair_is_said(page):
    assert "No pair is above the limit." in page(False)
