"""One look for all figures and the page: colours, names, sizes, and how a figure is saved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from contrage.files import atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

# Okabe and Ito's palette without its yellow, which is too light for small marks on white; with it
# and a pink as light, it is seaborn's "colorblind", of which fewer can be told apart.
STUDY_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#5D4A8A")
# Paul Tol's muted palettes: told apart by colour-blind readers, and not those of the studies.
LOSS_COLOURS = (
    "#332288",
    "#882255",
    "#117733",
    "#AA4499",
    "#44AA99",
    "#999933",
    "#CC6677",
    "#661100",
    "#6699CC",
    "#88CCEE",
    "#AA4466",
    "#DDAA33",
)
GREY = "#6b7280"
INK = "#1f2937"
NO_SITE = "(not given)"
ABOVE = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 3}
"""Where the legend of a single panel stands: outside the data."""

LOSS_NAMES = {
    "l1": "L1 regression",
    "bce": "Binary cross entropy",
    "simclr": "SimCLR",
    "supcon": "SupCon",
    "rnc": "Rank-N-Contrast",
    "yaware": "Y-Aware",
    "threshold": "Threshold",
    "exp": "Exponential",
    "dynlocrep": "DynLocRep",
    "adacon": "AdaCon",
    "supremix": "SupReMix",
}
BASELINE_NAMES = {
    "mean": "Predict the mean",
    "site-mean": "Predict the {group}'s mean",
    "ridge-blocks": "Ridge on block means",
    "ridge-coverage": "Ridge on coverage only",
    "ridge-features": "Ridge on the raw features",
    "logistic-blocks": "Logistic regression on block means",
    "logistic-coverage": "Logistic regression on coverage only",
    "logistic-features": "Logistic regression on the raw features",
}
SALIENCY_NAMES = {"integrated_gradients": "integrated gradients", "occlusion": "occlusion"}
MOST_REGIONS = 15
"""Of a row and method that page and bars show; the file has all."""
NULL = "-null"
# The named losses keep their colour in every experiment, whichever of them are trained.
FIXED_LOSSES = (
    "dynlocrep",
    "exp",
    "threshold",
    "yaware",
    "rnc",
    "l1",
    "adacon",
    "supremix",
    "supcon",
    "simclr",
)


@dataclass(frozen=True)
class Figure:
    """A figure as the page lists it.

    Parameters
    ----------
    name : str
        Stem of the files, e.g. ``mae``.
    title, caption, alt : str
        Heading, explanation under the picture, and its description for those who cannot see it.
    file : str
        Name of the PNG beside ``figures.json``.
    width, height : int
        Size of the PNG in pixels, so that the page can keep its place while loading.
    """

    name: str
    title: str
    caption: str
    alt: str
    file: str
    width: int
    height: int

    def record(self) -> dict[str, str | int]:
        """Return the entry of ``figures.json``."""
        return asdict(self)


def loss_name(row: str) -> str:
    """Return the name a reader knows a loss configuration by; unknown rows keep their own."""
    if row in LOSS_NAMES:
        return LOSS_NAMES[row]
    if is_null(row):
        return f"{loss_name(row.removesuffix(NULL))} on permuted targets"
    if row.endswith("-pretrained"):
        return f"{loss_name(row.removesuffix('-pretrained'))}, pre-trained"
    stem, _, variant = row.partition("-")
    return f"{LOSS_NAMES[stem]} ({variant})" if stem in LOSS_NAMES and variant else row


def is_null(row: str) -> bool:
    """Return whether a line among the baselines is of a row that learned permuted targets."""
    return row.endswith(NULL)


def baseline_name(row: str, group: str = "study", many: str = "ages") -> str:
    """Return the readable name of a baseline, or of a row that learned permuted targets.

    `group` is what people were scanned in, `many` what several targets are called.
    """
    if is_null(row):
        return f"{loss_name(row.removesuffix(NULL))} on permuted {many}"
    return BASELINE_NAMES.get(row, row).format(group=group)


def loss_colours(rows: Iterable[str]) -> dict[str, str]:
    """Give every row its colour; the losses of the paper have the same one everywhere.

    A variant such as ``dynlocrep-cosine`` has the colour of its loss.
    """
    rows = list(rows)
    fixed = dict(zip(FIXED_LOSSES, LOSS_COLOURS, strict=False))
    fixed |= {row: fixed[stem] for row in rows if (stem := row.partition("-")[0]) in fixed}
    others = [row for row in rows if row not in fixed]
    spare = LOSS_COLOURS[len(FIXED_LOSSES) :]
    return fixed | {row: spare[i % len(spare)] for i, row in enumerate(others)}


def study_colours(sites: Iterable[str | float | None]) -> dict[str, str]:
    """Give every study its colour, in the order of the names; from the eighth on they are grey."""
    names = sorted({str(site) for site in sites if isinstance(site, str)})
    colours = (*STUDY_COLOURS, *[GREY] * len(names))
    return dict(zip(names, colours, strict=False))


def save(canvas: Canvas, folder: Path, name: str, title: str, caption: str, alt: str) -> Figure:
    """Write a figure as PNG (200 dpi) and SVG, close it, and return its entry for the page."""
    import matplotlib.pyplot as plt

    canvas.set_layout_engine("constrained")
    for suffix in ("png", "svg"):
        with atomic(folder / f"{name}.{suffix}") as temporary:
            # No date inside: the same results give the same bytes.
            metadata = {"Date": None} if suffix == "svg" else {"Software": None}
            canvas.savefig(temporary, dpi=200, format=suffix, metadata=metadata)
        canvas.set_layout_engine("none")  # found once, both files have it
    width, height = (round(200 * side) for side in canvas.get_size_inches())
    plt.close(canvas)
    return Figure(name, title, caption, alt, f"{name}.png", width, height)


def use_style() -> None:
    """Set seaborn's theme up with a few changes: no display, quiet axes, text-sized text."""
    import matplotlib as mpl
    import seaborn as sns

    mpl.use("Agg")
    sns.set_theme(
        context="paper",
        style="whitegrid",
        palette=STUDY_COLOURS,
        font_scale=1.05,
        rc={
            "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib: alike on every machine
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlelocation": "left",
            "grid.color": "0.92",
            "legend.frameon": False,
            "svg.hashsalt": "contrage",
            "image.interpolation": "nearest",
        },
    )
