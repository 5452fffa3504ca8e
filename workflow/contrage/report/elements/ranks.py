"""The figure of how often each loss has each place."""

from __future__ import annotations

from contrage.evaluation.statistics.ranks import rank_table
from contrage.report.elements.ingredients import Ingredients
from contrage.report.style import Figure, loss_name, save
from contrage.tables import write_tsv

TABLE = "ranks.tsv"


def ranks(given: Ingredients) -> Figure | None:
    """Draw in which part of bootstrap draws each loss has each place, the best loss first."""
    import matplotlib.pyplot as plt
    import seaborn as sns

    predictions = {row: frames for row in given.rows if (frames := given.predictions(row))}
    if len(predictions) < 2:
        return None
    table = rank_table(predictions, given.settings.statistics)
    write_tsv(given.output / TABLE, table)
    shares = table.filter(regex=r"^place_").to_numpy()
    names = [loss_name(row) for row in table["loss"]]
    canvas, axes = plt.subplots(figsize=(7, 1.1 + 0.36 * len(names)))
    sns.heatmap(
        100 * shares, annot=True, fmt=".0f", cmap="Blues", vmin=0, vmax=100, ax=axes,
        xticklabels=[str(place + 1) for place in range(len(names))], yticklabels=names,
        linewidths=1, cbar=False, annot_kws={"fontsize": 8.5},
    )  # fmt: skip
    axes.tick_params(axis="y", rotation=0)
    axes.set(xlabel="place by mean absolute error; numbers: % of draws")
    n, draws = int(table["n_participants"].iloc[0]), int(table["draws"].iloc[0])
    pairs = zip(names, shares[:, 0], strict=True)
    first = ", ".join(f"{name} {100 * part:.0f} %" for name, part in pairs)
    return save(
        canvas,
        given.output,
        "ranks",
        "How sure the order is",
        f"In how many of {draws} bootstrap draws of the {n} test participants each loss has each "
        "place; in a draw all losses see the same participants, with the mean over seeds. It says "
        "how much hangs on who was tested, not on how training went. In full: figures/ranks.tsv.",
        f"How often each loss is first: {first}.",
    )
