"""Figures of who was scanned and how well: ages, coverage, quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from contrage.cohort.names import quality_file
from contrage.files import read_json
from contrage.report.figures.ingredients import Ingredients
from contrage.report.style import GREY, INK, STUDY_COLOURS, Figure, save
from contrage.report.text import count, listed
from contrage.tables import write_tsv

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

MAX_LABELS = 12
TRUTHS = {  # key in the quality file: axis label
    "mask_dice": "Dice overlap of brain mask and truth",
    "transform_error_mm": "registration error inside the brain [mm]",
    "coverage_error": "measured minus true coverage",
    "bias_residual_sd": "left of the bias field (SD)",
}


def groups(given: Ingredients) -> dict[str, tuple[pd.DataFrame, str]]:
    """Split the scans by study; return each study's scans and colour."""
    colours = given.study_colours
    if not colours:
        return {"all scans": (given.scans, INK)}
    parts = {site: (given.scans[given.scans["site"] == site], c) for site, c in colours.items()}
    rest = given.scans[given.scans["site"].isna()]
    return parts | ({"(not given)": (rest, GREY)} if len(rest) else {})


def age_histogram(given: Ingredients) -> Figure | None:
    """Draw the ages of the participants, stacked by study (Fig. 3)."""
    import matplotlib.pyplot as plt

    if not len(given.scans):
        return None
    parts = groups(given)
    if len(parts) > len(STUDY_COLOURS):  # more shades than anyone can tell apart
        parts = {"all scans": (given.scans, INK)}
    ages = [first_ages(part) for part, _ in parts.values()]
    every = np.concatenate(ages)
    width = 5 if np.ptp(every) > 30 else (2 if np.ptp(every) > 10 else 1)
    edges = np.arange(np.floor(every.min() / width) * width, every.max() + width, width)
    canvas, axes = plt.subplots(figsize=(7, 4.2))
    names = [f"{site} ({len(a)})" for site, a in zip(parts, ages, strict=True)]
    colours = [colour for _, colour in parts.values()]
    axes.hist(
        ages, edges, stacked=True, color=colours, label=names, edgecolor="white", linewidth=0.8
    )
    axes.set_xlabel("age [years]")
    axes.set_ylabel("participants")
    axes.yaxis.get_major_locator().set_params(integer=True)
    if len(parts) > 1:
        canvas.legend(
            loc="outside lower center", ncols=3, title=f"{given.kind.group} (participants)"
        )
    several = len(given.scans) > given.scans["participant_id"].nunique()
    first = " at their first scan" if several else ""
    span = f"{given.scans['age'].min():.0f} to {given.scans['age'].max():.0f} years"
    return save(
        canvas,
        given.output,
        "age_histogram",
        "Ages",
        f"{count(len(every), 'participant')} by age{first}, in bins of {count(width, 'year')}"
        + (f", stacked by {given.kind.group}." if len(parts) > 1 else "."),
        f"Histogram of the ages of {count(len(every), 'participant')}{first}"
        + (f"; all scans: {span}." if several else f", {span}."),
    )


def first_ages(scans: pd.DataFrame) -> pd.Series:
    """Return the age of each participant at the first scan, years."""
    return scans.groupby("participant_id")["age"].min()


def coverage(given: Ingredients) -> Figure | None:
    """Draw how much of MNI152's brain each participant's map covers, by study (Fig. 6)."""
    import matplotlib.pyplot as plt

    if "coverage" not in given.scans or given.scans["coverage"].isna().all():
        return None
    parts = groups(given)
    canvas, axes = plt.subplots(figsize=(7, 1.1 + 0.5 * len(parts)))
    for height, (part, colour) in enumerate(reversed(parts.values())):
        _strip(axes, 100 * by_participant(part, "coverage").to_numpy(), height, colour)
    names = [
        f"{site} ({len(by_participant(part, 'coverage'))})" for site, (part, _) in parts.items()
    ]
    limit = _limits(given).get("min_coverage", np.nan)
    _limit(axes, 100 * limit, "x")
    axes.set_yticks(range(len(parts)), names[::-1])
    axes.tick_params(axis="y", length=0)
    one, group = given.kind.one, given.kind.group
    axes.set_xlabel(f"part of the template's brain covered by the {one} [%]")
    axes.grid(axis="x")
    middle = 100 * by_participant(given.scans, "coverage").median()
    return save(
        canvas,
        given.output,
        "coverage",
        "Brain coverage",
        f"Part of the template's brain mask in which {'an' if one == 'image' else 'a'} {one} has "
        "values. One dot per participant (the median of their scans); the box of five or more "
        "holds the middle half, its line is the median"
        + ("; dashed: the limit below which scans are flagged" if np.isfinite(limit) else "")
        + f". Where {given.kind.groups} differ in their field of view and in age, it can give the "
        "age away: see below what coverage alone predicts.",
        f"Coverage of the brain by {group}; the median of all participants is {middle:.0f} %.",
    )


def by_participant(scans: pd.DataFrame, measure: str) -> pd.Series:
    """Return the median of a measure over the scans of each participant that has it."""
    return scans.dropna(subset=measure).groupby("participant_id")[measure].median()


def _strip(axes: Axes, values: np.ndarray, height: float, colour: str) -> None:
    if not len(values):
        return
    # A fixed pattern instead of random jitter, so that the figure is the same every time.
    shift = 0.5 * ((np.arange(len(values)) * 0.618) % 1 - 0.5)
    axes.plot(values, height + shift, "o", color=colour, ms=4, alpha=0.7, mew=0)
    if len(values) >= 5:
        low, middle, high = np.percentile(values, [25, 50, 75])
        axes.add_patch(
            _box(low, height - 0.34, high - low, 0.68, colour),
        )
        axes.plot([middle] * 2, [height - 0.34, height + 0.34], color=INK, lw=2)


def _box(x: float, y: float, width: float, height: float, colour: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((x, y), width, height, facecolor=colour, alpha=0.18, edgecolor="none")


def _limits(given: Ingredients) -> dict[str, float]:
    limits = given.settings.get("quality") or {}
    return {name: value for name, value in limits.items() if isinstance(value, int | float)}


def _limit(axes: Axes, value: float, along: str) -> None:
    if np.isfinite(value):
        line = axes.axvline if along == "x" else axes.axhline
        line(value, color=INK, linestyle="--", linewidth=1.2, label="limit")


def quality(given: Ingredients) -> Figure | None:
    """Draw overlap with the template against correlation with it; name the flagged scans."""
    import matplotlib.pyplot as plt

    if not {"overlap", "correlation"} <= set(given.scans.columns):
        return None
    if given.scans[["overlap", "correlation"]].dropna().empty:
        return None
    canvas, axes = plt.subplots(figsize=(7, 5))
    for site, (part, colour) in groups(given).items():
        axes.plot(
            part["overlap"], part["correlation"], "o", color=colour, ms=6, mec="white", label=site
        )
    flagged = flagged_scans(given.scans)
    _ring(axes, flagged)
    axes.margins(0.12)
    limits = [_limits(given).get(f"min_{name}", np.nan) for name in ("overlap", "correlation")]
    _limit(axes, limits[0], "x")
    _limit(axes, limits[1], "y")
    axes.set_xlabel("overlap of the brain mask with the template's (Dice)")
    axes.set_ylabel("correlation with the template")
    axes.grid(True)
    handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    canvas.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3)
    return save(
        canvas,
        given.output,
        "quality",
        "Agreement with the template",
        f"One dot per scan in template space. {len(flagged)} flagged (ringed) for this or for "
        "another reason, such as coverage"
        + ("; dashed: the limits set." if np.isfinite(limits).any() else "."),
        f"Scatter plot of overlap against correlation with the template; {len(flagged)} flagged.",
    )


def _ring(axes: Axes, flagged: pd.DataFrame) -> None:
    axes.plot(
        flagged["overlap"], flagged["correlation"], "o", ms=11, mfc="none", mec=INK, mew=1.4,
        label="flagged", linestyle="none",
    )  # fmt: skip
    for scan in flagged.head(MAX_LABELS).itertuples():
        axes.annotate(
            scan.scan_id, (scan.overlap, scan.correlation), (9, -3), fontsize=8,
            textcoords="offset points", zorder=4,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5},
        )  # fmt: skip


def flagged_scans(scans: pd.DataFrame) -> pd.DataFrame:
    """Return the scans that failed a limit of quality."""
    if "flagged" not in scans:
        return scans.iloc[:0]
    return scans[scans["flagged"].astype(str).str.lower().isin(["true", "1", "1.0"])]


def truth(given: Ingredients) -> Figure | None:
    """Draw how far preprocessing is from the truth, where the cohort knows it."""
    import matplotlib.pyplot as plt

    known = truth_table(given)
    shown = {key: known[key].dropna() for key in TRUTHS if key in known}
    if not shown:
        return None
    write_tsv(given.output / "truth.tsv", known)
    lines = -(-len(shown) // 2)
    canvas, grid = plt.subplots(lines, 2, figsize=(7, 0.3 + 1.6 * lines), squeeze=False)
    for axes in grid.flat[len(shown) :]:
        axes.set_axis_off()
    for axes, (key, values) in zip(grid.flat, shown.items(), strict=False):
        _strip(axes, values.to_numpy(), 0, "#0072B2")
        axes.set_yticks([])
        axes.locator_params(axis="x", nbins=5)
        axes.spines["left"].set_visible(False)
        axes.set_ylim(-0.6, 0.6)
        axes.set_xlabel(TRUTHS[key])
        axes.grid(axis="x")
    return save(
        canvas,
        given.output,
        "truth",
        "Preprocessing against the truth",
        f"The cohort is generated, so the right answer is known for each of {len(known)} scans. "
        "One dot per scan; the box holds the middle half, its line is the median.",
        f"Strip plots of {listed([TRUTHS[key] for key in shown])}.",
    )


def truth_table(given: Ingredients) -> pd.DataFrame:
    """Return one row per scan with what its quality file says about the truth."""
    import pandas as pd

    lines = []
    for scan in given.scans["scan_id"] if given.settings.get("truth") else ():
        path = given.derivatives / quality_file(scan)
        record = read_json(path) if path.is_file() else {}
        known = {key: record[key] for key in TRUTHS if record.get(key) is not None}
        if known:
            lines.append({"scan_id": scan} | known)
    return pd.DataFrame(lines)
