"""Figure of the feature space at chosen epochs (Fig. 4)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from contrage.files import read_npz
from contrage.report.figures.ingredients import Ingredients
from contrage.report.planned import snapshot_files
from contrage.report.style import INK, Figure, loss_name, save
from contrage.tables import read_tsv

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure as Canvas

NEIGHBOURS = 5
KEPT = "kept"
STOPPED = (
    "Training stopped early: later epochs never were, and kept are the weights that the results "
    "come from."
)
MARKERS = {"train": "o", "test": "^"}
SIZES = {"train": 24, "test": 46}


def embedding(given: Ingredients) -> Figure | None:
    """Draw a t-SNE of the features at each epoch that was kept, coloured by age."""
    import matplotlib.pyplot as plt
    import seaborn as sns

    rows = (given.settings.get("embedding") or {}).get("rows") or []
    shown = {row: _panels(snapshot_files(given.results, given.settings, row)) for row in rows}
    shown = {row: panels for row, panels in shown.items() if panels}
    if not shown:
        return None
    most = max(map(len, shown.values()))
    columns = {1: 1, 2: 2, 4: 2}.get(most, 3)
    points, titles = _points(given, shown, columns)
    scale = plt.Normalize(given.scans["age"].min(), given.scans["age"].max())
    small = 0.5 if len(points) > 300 * len(titles) else 1
    grid = sns.relplot(
        points, x="x", y="y", row="line", col="column", hue="age", hue_norm=scale,
        palette="viridis", style="split", markers=MARKERS, size="split",
        sizes={side: small * size for side, size in SIZES.items()}, legend=False,
        facet_kws={"sharex": False, "sharey": False, "subplot_kws": {"box_aspect": 1}},
    )  # fmt: skip
    for place, axes in grid.axes_dict.items():
        part = points[(points["line"] == place[0]) & (points["column"] == place[1])]
        axes.set_title(titles.get(place, ""), fontsize=9.5)
        axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
        axes.margins(0.08)
        axes.spines[:].set_visible(place in titles)
        for dots in axes.collections:
            dots.set_edgecolors(np.where(part["split"] == "test", INK, "white"))
    canvas, width = grid.figure, {1: 4.0, 2: 3.2}.get(columns, 2.4)
    lines = 1 + points["line"].max()
    canvas.set_size_inches(1.8 + width * columns, 0.6 + (width + 0.2) * lines)
    canvas.set_layout_engine("constrained")
    colours = plt.cm.ScalarMappable(scale, "viridis")
    canvas.colorbar(colours, ax=grid.axes, label="age [years]", shrink=0.7, aspect=30)
    handles = [
        plt.Line2D([], [], ls="", marker=m, color=INK, label=f"{s} scans", ms=6)
        for s, m in MARKERS.items()
    ]
    canvas.legend(handles=handles, loc="outside lower center", ncols=2)
    return _saved(given, canvas, shown)


def _points(
    given: Ingredients, shown: dict[str, dict[str, Path]], columns: int
) -> tuple[pd.DataFrame, dict[tuple[int, int], str]]:
    """Return the scans of all panels, those tested last, and each panel's title by its place."""
    import pandas as pd

    parts, titles, line = [], {}, -1
    for row, panels in shown.items():
        for number, (title, path) in enumerate(panels.items()):
            column, line = number % columns, line + (number % columns == 0)
            part, gap = _panel(given, row, path)
            who = "" if len(shown) == 1 else f"{loss_name(row)}, "
            titles[line, column] = f"{who}{title}{gap}"
            parts.append(part.assign(line=line, column=column))
    return pd.concat(parts, ignore_index=True), titles


def _saved(given: Ingredients, canvas: Canvas, shown: dict[str, dict[str, Path]]) -> Figure:
    names = " and ".join(loss_name(row) for row in shown)
    titles = {row: list(panels) for row, panels in shown.items()}
    stopped = any(title.startswith(KEPT) for each in titles.values() for title in each)
    told = "; ".join(f"{loss_name(row)}: {', '.join(each)}" for row, each in titles.items())
    return save(
        canvas,
        given.output,
        "embedding",
        "Feature space during training",
        f"t-SNE of the encoder's features ({names}; {_which(given)}), computed anew for each "
        "panel: position, direction and spread of the clouds mean nothing, only who is near whom. "
        "Gap: mean age difference between a test scan and its "
        f"{NEIGHBOURS} nearest training scans in the full feature space."
        + (f" {STOPPED}" if stopped else ""),
        f"t-SNE of features coloured by age. {told}.",
    )


def _which(given: Ingredients) -> str:
    """Say of which of a row's trainings the features are."""
    fold = ", first fold" if len(given.settings["folds"]) > 1 else ""
    return f"seed {given.settings['seeds'][0]}{fold}"


def _panels(files: dict[int, Path]) -> dict[str, Path]:
    """Return the features to draw by title: each epoch once, and none that an early stop cut off.

    In the place of such an epoch lie the features of the weights that were kept.
    """
    epochs = {asked: int(read_npz(path).get("epoch", asked)) for asked, path in files.items()}
    kept = next((epoch for asked, epoch in epochs.items() if epoch != asked), None)
    found = {epoch: files[asked] for asked, epoch in epochs.items()}
    return {
        f"{KEPT} (epoch {epoch})" if epoch == kept else f"epoch {epoch}": found[epoch]
        for epoch in sorted(found)
    }


def _panel(given: Ingredients, row: str, path: Path) -> tuple[pd.DataFrame, str]:
    """Return the scans of a panel, those tested last, and what its title says of their gap."""
    import pandas as pd

    stored = read_npz(path)
    names, features = stored["scan_id"].astype(str), stored["features"].astype(float)
    ages = given.scans.set_index("scan_id")["age"].reindex(names).to_numpy()
    split = _split(given, row, path).reindex(names).fillna("train").to_numpy()
    x, y = flatten(features).T
    gap = neighbour_gap(features, ages, split == "test")
    points = pd.DataFrame({"x": x, "y": y, "age": ages, "split": split})
    points = points.sort_values("split", ascending=False, kind="stable")
    return points, f"  ·  gap {gap:.1f} y" if np.isfinite(gap) else ""


def _split(given: Ingredients, row: str, path: Path) -> pd.Series:
    """Return train or test by scan, in the first fold of the seed that `path` belongs to."""
    import pandas as pd

    table = given.results / "predictions" / row / f"{path.parent.name}.tsv"
    if not table.is_file():
        return pd.Series(dtype=str)
    frame = read_tsv(table)
    if "fold" in frame:
        frame = frame[frame["fold"] == frame["fold"].min()]
    return frame.drop_duplicates("scan_id").set_index("scan_id")["split"]


def flatten(features: np.ndarray) -> np.ndarray:
    """Return a t-SNE of the features in two dimensions, the same for the same features.

    Parameters
    ----------
    features : ndarray of shape (scans, features)

    Returns
    -------
    ndarray of shape (scans, 2)
    """
    from sklearn.manifold import TSNE

    spread = features.std(axis=0)
    scaled = (features - features.mean(axis=0)) / np.where(spread > 1e-9, spread, 1)
    perplexity = max(1.0, min(30.0, (len(features) - 1) / 3))
    start = "pca" if min(features.shape) >= 2 and spread.any() else "random"
    tsne = TSNE(perplexity=perplexity, init=start, random_state=0)
    return tsne.fit_transform(scaled)


def neighbour_gap(features: np.ndarray, ages: np.ndarray, test: np.ndarray) -> float:
    """Return the mean age difference of test scans to their nearest training scans, in years.

    Parameters
    ----------
    features : ndarray of shape (scans, features)
    ages : ndarray of shape (scans,)
        In years.
    test : boolean ndarray of shape (scans,)

    Returns
    -------
    float
        NaN without a test scan or with fewer training scans than neighbours.
    """
    if not test.any() or (~test).sum() < NEIGHBOURS:
        return float("nan")
    apart = np.linalg.norm(features[test][:, None] - features[~test][None], axis=-1)
    near = np.argsort(apart, axis=1, kind="stable")[:, :NEIGHBOURS]
    return float(np.abs(ages[~test][near] - ages[test][:, None]).mean())
