"""Figures of who was scanned and how well: targets, coverage, quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from contrage.files import read_json
from contrage.layout import quality_file
from contrage.report.elements.ingredients import Ingredients
from contrage.report.first_scans import first_scans
from contrage.report.strips import strips
from contrage.report.style import ABOVE, INK, STUDY_COLOURS, Figure, save
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


def histogram(given: Ingredients) -> Figure | None:
    """Draw the target of the participants, stacked by study (Fig. 3)."""
    import matplotlib.pyplot as plt
    import seaborn as sns

    if not len(given.scans):
        return None
    target = given.target
    scans = given.scans.assign(target=given.targets)
    least = by_participant(scans, "target", "min")  # an age is least at the first scan
    once = least if target.is_age else first_scans(scans, target)
    people, colours = given.grouped(once, counted=True)
    every = people["target"]
    width = _width(np.ptp(every))
    edges = np.arange(np.floor(every.min() / width) * width, every.max() + width, width)
    canvas, axes = plt.subplots(figsize=(7, 4.2))
    sns.histplot(
        people, x="target", hue="group", bins=edges, multiple="stack", hue_order=list(colours),
        palette=colours, alpha=1, edgecolor="white", legend=len(colours) > 1, ax=axes,
    )  # fmt: skip
    axes.set(xlabel=target.label(), ylabel="participants")
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.grid(False, axis="x")
    if len(colours) > 1:
        sns.move_legend(axes, **ABOVE, title=f"{given.kind.group} (participants)")
    several = len(given.scans) > given.scans["participant_id"].nunique()
    first = " at their first scan" if several else ""
    ends = target.whole(scans["target"].min()), target.whole(scans["target"].max())
    span, step = target.told(" to ".join(ends)), target.told(f"{width:g}")
    step = step.removesuffix("s") if width == 1 else step
    return save(
        canvas,
        given.output,
        f"{target.column}_histogram",
        target.many[0].upper() + target.many[1:],
        f"{count(len(every), 'participant')} by {target.word}{first}, in bins of {step}"
        + (f", stacked by {given.kind.group}." if len(colours) > 1 else "."),
        f"Histogram of the {target.many} of {count(len(every), 'participant')}{first}"
        + (f"; all scans: {span}." if several else f", {span}."),
    )


def _width(span: float) -> float:
    """Return the width of a histogram's bins: 1, 2 or 5 times a power of ten, six to fifteen."""
    if span > 10 and span <= 150:
        return 5 if span > 30 else 2
    power = 10.0 ** np.floor(np.log10(max(span, 1e-9) / 15))
    return next(power * step for step in (1, 2, 5, 10, 20) if span <= 15 * power * step)


def by_participant(
    scans: pd.DataFrame, measure: str, of_scans: str = "median", within: tuple[str, ...] = ()
) -> pd.DataFrame:
    """Return a row per participant (and value of `within`) with a measure of their scans.

    It is the median over these, or another `of_scans`.
    """
    keys, known = ["participant_id", *within], scans.dropna(subset=measure)
    values = known.groupby(keys, dropna=False)[measure].transform(of_scans)
    return known.assign(**{measure: values}).drop_duplicates(keys)


def coverage(given: Ingredients) -> Figure | None:
    """Draw how much of MNI152's brain each participant's map covers, by study (Fig. 6)."""
    import matplotlib.pyplot as plt

    if "coverage" not in given.scans or given.scans["coverage"].isna().all():
        return None
    scans = given.scans.assign(coverage=100 * given.scans["coverage"])
    middle = by_participant(scans, "coverage")["coverage"].median()
    people = by_participant(scans, "coverage", within=("site",) if "site" in scans else ())
    people, colours = given.grouped(people, most=len(people), counted=True)
    canvas, axes = plt.subplots(figsize=(7, 1.1 + 0.5 * len(colours)))
    strips(axes, people, "coverage", colours)
    _draw_limits(axes, 100 * given.settings.quality.min_coverage)
    one, group = given.kind.one, given.kind.group
    axes.set_xlabel(f"part of the template's brain covered by the {one} [%]")
    return save(
        canvas,
        given.output,
        "coverage",
        "Brain coverage",
        f"Part of the template's brain mask in which {'an' if one == 'image' else 'a'} {one} has "
        "values. One dot per participant (the median of their scans); the box of five or more "
        "holds the middle half, its line is the median; dashed: the limit below which scans are "
        f"flagged. Where {given.kind.groups} differ in their field of view and in "
        f"{given.target.word}, it can give the {given.target.word} away: see below what coverage "
        "alone predicts.",
        f"Coverage of the brain by {group}; the median of all participants is {middle:.0f} %.",
    )


def _draw_limits(axes: Axes, x: float, y: float | None = None) -> None:
    labels = iter(["limit"])
    for value, line in ((x, axes.axvline), (y, axes.axhline)):
        if value is not None:
            line(value, color=INK, linestyle="--", linewidth=1.2, label=next(labels, None))


def quality(given: Ingredients) -> Figure | None:
    """Draw overlap with the template against correlation with it; ring the flagged scans."""
    import matplotlib.pyplot as plt
    import seaborn as sns

    if not {"overlap", "correlation"} <= set(given.scans.columns):
        return None
    if given.scans[["overlap", "correlation"]].dropna().empty:
        return None
    canvas, axes = plt.subplots(figsize=(7, 5))
    scans, colours = given.grouped(given.scans)
    place = {"x": "overlap", "y": "correlation", "ax": axes}
    sns.scatterplot(
        scans, **place, hue="group", hue_order=list(colours), palette=colours, s=36,
        legend="full" if len(colours) > 1 else False,
    )  # fmt: skip
    flagged = flagged_scans(given.scans)
    _ring(axes, flagged, place, named=MAX_LABELS if given.settings.show_ids else 0)
    axes.margins(0.12)
    limits = given.settings.quality
    _draw_limits(axes, limits.min_overlap, limits.min_correlation)
    axes.set_xlabel("overlap of the brain mask with the template's (Dice)")
    axes.set_ylabel("correlation with the template")
    if axes.get_legend_handles_labels()[1]:
        axes.legend(**ABOVE)
    return save(
        canvas,
        given.output,
        "quality",
        "Agreement with the template",
        f"One dot per scan in template space. {len(flagged)} flagged (ringed) for this or for "
        "another reason, such as coverage; dashed: the limits set.",
        f"Scatter plot of overlap against correlation with the template; {len(flagged)} flagged.",
    )


def _ring(axes: Axes, flagged: pd.DataFrame, place: dict[str, Any], named: int) -> None:
    """Ring the flagged scans, and name that many of them."""
    import seaborn as sns

    if len(flagged):
        ring = {"s": 120, "facecolor": "none", "edgecolor": INK, "linewidth": 1.4}
        sns.scatterplot(flagged, **place, **ring, label="flagged", legend=False)
    for scan in flagged.head(named).itertuples():
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
        strips(axes, values.to_frame().assign(group=""), key, {"": STUDY_COLOURS[0]})
        axes.locator_params(axis="x", nbins=5)
        axes.spines["left"].set_visible(False)
        axes.set(xlabel=TRUTHS[key], yticks=[])
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
    for scan in given.scans["scan_id"] if given.settings.truth else ():
        path = given.derivatives / quality_file(scan)
        record = read_json(path) if path.is_file() else {}
        known = {key: record[key] for key in TRUTHS if record.get(key) is not None}
        if known:
            lines.append({"scan_id": scan} | known)
    return pd.DataFrame(lines)
