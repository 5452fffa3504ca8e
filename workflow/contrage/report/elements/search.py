"""Figure of a random search: what was drawn, and how each draw did inside the training split."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from contrage.report.digits import error_digits
from contrage.report.elements.ingredients import Ingredients
from contrage.report.elements.searched import PLACE, over_places, searched_settings
from contrage.report.style import GREY, INK, Figure, loss_name, save
from contrage.target_words import TargetInWords

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.cm import ScalarMappable

RING = "#D55E00"
MAE, ERROR = "validation_mae", "validation MAE"


def search(given: Ingredients) -> Figure | None:
    """Draw the draws of every row that was searched, one panel each."""
    import matplotlib.pyplot as plt

    draws = given.tables.get("search")
    if draws is None or not len(draws):
        return None
    rows = list(dict.fromkeys(draws["row"]))
    canvas, grid = plt.subplots(
        len(rows), 1, figsize=(7, 0.2 + 3.6 * len(rows)), squeeze=False, layout="constrained"
    )
    for axes, row in zip(grid[:, 0], rows, strict=True):
        part = draws[draws["row"] == row]
        _panel(axes, part, given.settings.search[row], given.target)
        axes.set_title(f"{loss_name(row)}  ·  {_what(part)}")
    return save(
        canvas,
        given.output,
        "search",
        "Random search of settings",
        "Every draw of settings and its mean absolute error on a validation part of the training "
        "split, dark where it is low; a number says how many draws are alike. In orange: what the "
        "main run has; of several splits or folds, in how many of them. No test scan had a part in "
        "this, and these errors are not the result: the smallest of many flatters itself.",
        "; ".join(_words(row, draws[draws["row"] == row], given.target) for row in rows) + ".",
    )


def _what(draws: pd.DataFrame) -> str:
    places = draws[PLACE].drop_duplicates()
    number = draws["draw"].nunique()
    text = f"{number} draw{'s' if number > 1 else ''}"
    return text if len(places) == 1 else f"{text}, mean over {len(places)} searches"


def _words(row: str, draws: pd.DataFrame, target: TargetInWords) -> str:
    names = searched_settings(draws)
    found = over_places(draws, names)
    best = found.iloc[0]
    settings = ", ".join(f"{name} {best[name]}" for name in names)
    digits = error_digits(target)
    return (
        f"{_what(draws)} of {loss_name(row)}: validation error from {best[MAE]:.{digits}f} "
        f"({settings}) to {target.told(f'{found[MAE].max():.{digits}f}')}"
    )


def _panel(axes: Axes, draws: pd.DataFrame, ranges: dict[str, Any], target: TargetInWords) -> None:
    """Draw a row's draws in the form that fits what was searched."""
    names = [name for name in ranges if name in searched_settings(draws)]
    found = over_places(draws, names)
    places = len(draws[PLACE].drop_duplicates())
    numeric = all(isinstance(ranges[name], dict) for name in names)
    if len(names) <= 2 and (numeric or len(names) == 1):
        _dots(axes, found, {name: ranges[name] for name in names}, places, target)
    else:
        _many(axes, found, {name: ranges[name] for name in names}, target)


def _dots(
    axes: Axes, found: pd.DataFrame, ranges: dict[str, Any], places: int, target: TargetInWords
) -> None:
    """Draw the error against a setting, or two numbers with the error as colour."""
    import seaborn as sns

    names, label = list(ranges), target.label(ERROR)

    x, *others = (_positions(found[name], ranges[name]) for name in names)
    y, errors = others[0] if others else found[MAE].to_numpy(), found[MAE]
    shades, ends = _shades(errors)
    look = {"hue": errors, "hue_norm": shades.norm, "palette": shades.cmap, "edgecolor": GREY}
    look = look if others else {"color": INK, "alpha": 0.75, "linewidth": 0}
    sns.scatterplot(x=x, y=y, **look, s=_size(found), zorder=2, legend=False, ax=axes)
    axes.set_ylabel(label)
    axes.margins(y=0.15)
    for axis, name in zip((axes.xaxis, axes.yaxis), names, strict=False):
        _axis(axis, name, ranges[name])
    _mark(axes, x, y, found, places, target)
    if others:
        axes.figure.colorbar(shades, ax=axes, label=label, extend=ends)


def _many(axes: Axes, found: pd.DataFrame, ranges: dict[str, Any], target: TargetInWords) -> None:
    """Draw a line per draw through an axis per setting, to its error at the right."""
    names, errors = list(ranges), found[MAE].to_numpy()
    shades, ends = _shades(found[MAE])
    low, high = shades.get_clim()
    heights = [_height(found[name], ranges[name]) for name in names]
    # Draws meet where choices or whole numbers are few; a little apart, each can be followed.
    spread = np.random.default_rng(0).uniform(-0.02, 0.02, (len(names), len(found)))
    heights = [*(heights + spread), np.minimum((errors - low) / (high - low), 1)]
    across = np.arange(len(names) + 1)
    for place in reversed(range(len(found))):
        ringed, line = found["chosen"].iloc[place] > 0, [height[place] for height in heights]
        look = {"color": RING, "lw": 2.6, "zorder": 3} if ringed else {"lw": 1.1, "alpha": 0.75}
        axes.plot(across, line, **{"color": shades.to_rgba(errors[place]), **look})
    for place, name in enumerate(names):
        _upright(axes, place, _ticks(ranges[name]))
    digits = error_digits(target)
    top = f"{high:.{digits}f}{' or more' if ends == 'max' else ''}"
    _upright(axes, len(names), [(0, f"{low:.{digits}f}"), (1, top)], "left")
    labels = [_label(name, ranges[name], "\n") for name in names]
    axes.set_xticks(across, [*labels, target.label(f"{ERROR}\n").replace("\n ", "\n")])
    axes.set_xlim(-0.35, len(names) + 0.45)
    axes.set_ylim(-0.08, 1.08)
    axes.grid(False)
    axes.yaxis.set_visible(False)
    axes.tick_params(axis="x", length=0)
    axes.spines[:].set_visible(False)
    axes.plot([], [], color=RING, lw=2.6, label="in the main run")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0)


def _upright(axes: Axes, place: int, ticks: list[tuple[float, str]], side: str = "right") -> None:
    axes.plot([place, place], [-0.04, 1.04], color=GREY, lw=1, zorder=4)
    for height, text in ticks:
        axes.annotate(
            text, (place, height), (-5 if side == "right" else 5, 0), ha=side, va="center",
            textcoords="offset points", fontsize=8.5, zorder=5,
            bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 1},
        )  # fmt: skip


def _mark(
    axes: Axes,
    x: np.ndarray,
    y: np.ndarray,
    found: pd.DataFrame,
    places: int,
    target: TargetInWords,
) -> None:
    """Ring what was chosen, and number draws that are alike."""
    from matplotlib.patheffects import withStroke

    for place, size in enumerate(_size(found)):
        line = found.iloc[place]
        notes = []
        if line["chosen"]:
            size += 130
            axes.scatter(x[place], y[place], s=size, facecolors="none", edgecolors=RING, lw=2)
            alone = f"best: {line[MAE]:.{error_digits(target)}f} {target.short_unit}".rstrip()
            notes = [alone if places == 1 else f"{line['chosen']}/{places}"]
        if line["count"] > 1:
            notes.append(f"×{line['count']}")
        axes.annotate(
            ", ".join(notes), (x[place], y[place]), (0, size**0.5 / 2 + 2), ha="center", zorder=4,
            textcoords="offset points", fontsize=8, color=RING if line["chosen"] else INK,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )  # fmt: skip


def _size(found: pd.DataFrame) -> np.ndarray:
    """Return areas of marks that grow with the number of draws that are alike, up to four."""
    return 55.0 * np.minimum(found["count"].to_numpy(), 4)


def _shades(errors: pd.Series) -> tuple[ScalarMappable, str]:
    """Return colours of errors, and which end of the bar goes on: one that ran away is cut."""
    import matplotlib.pyplot as plt

    low, middle, high = errors.min(), errors.median(), errors.max()
    top = min(high, middle + 3 * (middle - low)) if middle > low else high
    shades = plt.cm.ScalarMappable(plt.Normalize(low, top if top > low else low + 0.01), "viridis")
    return shades, "max" if top < high else "neither"


def _positions(values: pd.Series, wanted: Any) -> np.ndarray:
    """Return numbers as they are, and choices by their place in the list."""
    if isinstance(wanted, dict):
        return values.astype(float).to_numpy()
    return values.map({text: place for place, text in enumerate(_texts(wanted))}).to_numpy()


def _texts(choices: list[Any]) -> list[str]:
    from contrage.evaluation.choose import cell

    return [cell(choice) for choice in choices]


def _height(values: pd.Series, wanted: Any) -> np.ndarray:
    """Return where values lie between the ends of their range, 0 to 1."""
    from matplotlib.colors import LogNorm, Normalize

    positions = _positions(values, wanted)
    if not isinstance(wanted, dict):
        return positions / max(1, len(wanted) - 1)
    scale = LogNorm if wanted["kind"] == "log" else Normalize
    return np.asarray(scale(wanted["low"], wanted["high"])(positions))


def _ticks(wanted: Any) -> list[tuple[float, str]]:
    """Return heights and texts along an upright axis."""
    if not isinstance(wanted, dict):
        last = max(1, len(wanted) - 1)
        return [(place / last, text) for place, text in enumerate(_texts(wanted))]
    return [(0, f"{wanted['low']:g}"), (1, f"{wanted['high']:g}")]


def _limits(wanted: Any) -> tuple[float, float]:
    """Return the range with a margin, so that a figure shows what was searched."""
    if not isinstance(wanted, dict):
        return -0.5, len(wanted) - 0.5
    low, high = wanted["low"], wanted["high"]
    if wanted["kind"] == "log":
        margin = (high / low) ** 0.07 if high > low else 1.5
        return low / margin, high * margin
    margin = 0.1 * (high - low) or 1
    return low - margin, high + margin


def _label(name: str, wanted: Any, gap: str = " ") -> str:
    scaled = isinstance(wanted, dict) and wanted["kind"] == "log"
    return f"{name}{gap}(log scale)" if scaled else name


def _axis(axis: Any, name: str, wanted: Any) -> None:
    """Label an axis and show its range, in whole numbers, on a log scale or with choices."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_label_text(_label(name, wanted))
    if not isinstance(wanted, dict):
        axis.set_ticks(range(len(wanted)), _texts(wanted))
    elif wanted["kind"] == "integer":
        axis.set_major_locator(MaxNLocator(integer=True))
    elif wanted["kind"] == "log":
        axis.axes.set(**{f"{axis.axis_name}scale": "log"})
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.axes.set(**{f"{axis.axis_name}lim": _limits(wanted)})
