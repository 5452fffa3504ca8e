"""What the page says of what sites add, and of taking them out."""

from __future__ import annotations

import re
from html import unescape

import pandas as pd

from contrage.evaluation.elements.harmonised import IN_FILE as HARMONISED
from contrage.evaluation.elements.site_offset import IN_FILE as OFFSETS

ROWS = ("exp", "dynlocrep")


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def offsets() -> pd.DataFrame:
    """Two rows, sites that were learned from and two that were left out."""
    lines = []
    for row, factor in zip(ROWS, (1.0, 2.0), strict=True):
        for were, sites in (("learned", ("leeds", "<b>york</b>")), ("left-out", ("bath",))):
            for measure in ("offset", "offset_at_same_target", "error"):
                told = {"row": row, "sites_were": were, "measure": measure, "n_seeds": 1}
                enough = len(sites) > 1
                whole = {"part": "all", "people": 40, "sites": len(sites), "value": 0.25}
                if not enough:
                    lines.append(told | whole | {"note": "fewer than two sites, or no site"})
                    continue
                lines.append(told | whole | {"shrunk": 0.5, "between": 1.25 * factor})
                ends = {"part": "new", "sites": 2, "shrunk": 0.5, "low": -3.5, "high": 4.5}
                lines.append(told | ends)
                for site, value in zip(sites, (-0.75, 3.125), strict=True):
                    line = {"part": "site", "site": site, "people": 20, "sites": 1}
                    line |= {"value": value + 0.5, "shrunk": value * factor}
                    lines.append(told | line | {"low": value - 1, "high": value + 1})
    return pd.DataFrame(lines, columns=list(OFFSETS))


def test_the_site_that_is_farthest_off_is_named_with_where_a_new_one_is_expected(evaluated):
    report = evaluated({"site_offset": offsets()})
    text = plain(report.html)
    assert "What sites add" in text and "<b>york</b>" not in report.html
    assert "the offset of <b>york</b> is farthest from zero, 3.12 years (2.12 to 4.12;" in text
    assert "20 people, 3.62 before shrinkage" in text
    assert "expected within \u22123.50 to 4.50" in text
    assert "Fewer than two sites, or no site." in text
    assert "2 1.25 3.12 1 n/a n/a" in text and "2 2.50 6.25 1 n/a n/a" in text


def test_what_combat_changes_is_told_where_it_is_clear(evaluated):
    lines = []
    for row, low, high in (("exp", 0.2, 0.9), ("dynlocrep", -0.4, 0.3)):
        for correction in ("none", "combat"):
            line = {"row": row, "correction": correction, "n_left_out": 7, "between": 1.5}
            line |= {"mae_mean": 4.0, "n_participants": 30, "n_seeds": 1}
            if correction == "combat":
                line |= {"mae_mean": 4.5, "between": 0.75, "difference": 0.5}
                line |= {"difference_low": low, "difference_high": high}
            lines.append(line)
    lines.append({"row": "ridge-features", "note": "no test person is of a site"})
    table = pd.DataFrame(lines, columns=list(HARMONISED))
    text = plain(evaluated({"harmonised": table}).html)
    assert "is worse by 0.50 years after ComBat." in text and text.count("after ComBat.") == 1
    assert "4.00 4.50 1.50 0.75 0.50 (0.20 to 0.90) 7" in text
    assert "no test person is of a site." in text
