"""How far the printed equations and the released code pull in different directions.

    python benchmarks/formulations.py [--batches 20] [--figure docs/images/formulations.png]

Prints Markdown tables of the cosine similarity of the two formulations' gradients: 1 where they
differ by a factor at most, 0 where they have nothing in common. Batches are drawn with fixed seeds:
32 samples, 2 views, 128 features, the losses' default settings, float64.
It takes a quarter of a minute on one core.

Gradients are taken by the embeddings of unit length. The head divides by the length, so that only
the part at right angles to the embedding reaches the weights ("tangential"); the tables give both.
Where views are identical, as in trainings without augmentation, the gradient is that of the one
embedding that is repeated.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from contrage.losses import load

SAMPLES, VIEWS, FEATURES = 32, 2, 128
PARTLY = 0.5  # age and noise of equal length
EPOCHS = {"first": 0, "middle": 24, "last": 49}  # of dynlocrep's default of 50, counted from 0
DRAWN = ("threshold", "exp", "dynlocrep")  # the others are a line at 1
STATES = {
    "all alike": {"common": 5.0},
    "random": {},
    "partly ordered": {"order": PARTLY},
    "nearly ordered": {"order": 0.9},
}
CASES = [
    *((name, "") for name in ("simclr", "supcon", "yaware", "rnc", "threshold", "exp")),
    *(("dynlocrep", epoch) for epoch in EPOCHS),
]


class Batches(NamedTuple):
    """What batches are drawn from.

    Parameters
    ----------
    ages : {"bimodal", "uniform"}
        60 % uniform in 18-35 and 40 % in 60-80 years, like the two groups of Table 2 of the
        dynamic localized repulsion paper; or uniform in 18-80.
    order : float
        0 are random directions; 1 are points on half a circle, in order of age; between them the
        weighted mean of the two, brought back to unit length.
    common : float
        Length of a direction that all embeddings share, beside noise of length 1. 5 gives them a
        mean cosine of 0.96: the output of a network that has not learned yet is like that.
    identical : bool
        Whether the views of a sample are one embedding, or have noise of their own.
    features : int
        Length of an embedding.
    """

    ages: str = "bimodal"
    order: float = 0.0
    common: float = 0.0
    identical: bool = True
    features: int = FEATURES

    def draw(self, number: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield embeddings (samples, 1 or views, features) and ages (samples,); seeds 0, 1, …."""
        for seed in range(number):
            rng = np.random.default_rng(seed)
            ages = draw_ages(rng, self.ages)
            shape = (SAMPLES, 1 if self.identical else VIEWS, self.features)
            noise = unit(torch.tensor(rng.normal(size=shape)))
            angle = (ages - 18) / 62 * math.pi
            arc = torch.zeros_like(noise)
            arc[..., 0], arc[..., 1] = angle.cos()[:, None], angle.sin()[:, None]
            shared = torch.zeros_like(noise)
            shared[..., 2] = self.common
            yield unit(self.order * arc + (1 - self.order) * noise + shared), ages


def draw_ages(rng: np.random.Generator, kind: str) -> Tensor:
    """Return ages (samples,) in years, with one decimal."""
    if kind == "uniform":
        return torch.tensor(rng.uniform(18, 80, SAMPLES).round(1))
    young = rng.random(SAMPLES) < 0.6
    ages = np.where(young, rng.uniform(18, 35, SAMPLES), rng.uniform(60, 80, SAMPLES))
    return torch.tensor(ages.round(1))


def unit(vectors: Tensor) -> Tensor:
    """Divide vectors by their length."""
    return vectors / vectors.norm(dim=-1, keepdim=True)


def gradient(loss: torch.nn.Module, embeddings: Tensor, ages: Tensor, epoch: int = 0) -> Tensor:
    """Return the gradient of the loss by embeddings whose single view, if so, is repeated."""
    leaf = embeddings.clone().requires_grad_()
    views = leaf.expand(-1, VIEWS, -1)
    loss(views, ages, epoch=epoch + getattr(loss, "first_epoch", 0)).backward()
    return leaf.grad


def cosines(name: str, batches: Batches, number: int, epoch: str = "") -> np.ndarray:
    """Compare the gradients of a loss's two formulations.

    Parameters
    ----------
    name : str
        A loss with `formulation` among its settings.
    batches : Batches
        Where the batches come from.
    number : int
        How many are drawn.
    epoch : {"", "first", "middle", "last"}
        Of the training; matters to dynlocrep alone.

    Returns
    -------
    numpy.ndarray
        (number, 2): cosine similarity of the whole gradients, and of their tangential parts.
    """
    paper, released = (load(name, formulation=form) for form in ("paper", "released"))
    found = []
    for embeddings, ages in batches.draw(number):
        pair = [
            gradient(loss, embeddings, ages, EPOCHS.get(epoch, 0)) for loss in (paper, released)
        ]
        tangential = [g - (g * embeddings).sum(-1, keepdim=True) * embeddings for g in pair]
        found.append([cosine(*pair), cosine(*tangential)])
    return np.array(found)


def cosine(first: Tensor, second: Tensor) -> float:
    """Return the cosine similarity of two tensors, each taken as one long vector."""
    return float((first * second).sum() / (first.norm() * second.norm()))


def repulsion(name: str, formulation: str, batches: Batches, number: int) -> float:
    """Return how strongly anchors are repelled by other scans, attraction by all being 1.

    For identical views and the rbf kernel.

    An anchor's loss changes with its similarities by -1 through the attracting terms, all together,
    and by something from 0 to 1 through those in the denominator. What the anchor's own other view
    takes of that is left out: identical views cannot be parted.

    Parameters
    ----------
    name : {"yaware", "threshold", "exp"}
        The losses with the same attraction.
    formulation : {"paper", "released"}
        Of the loss.
    batches : Batches
        Where the batches come from.
    number : int
        How many are drawn.
    """
    loss = load(name, formulation=formulation)
    found = []
    for embeddings, ages in batches.draw(number):
        # The gradient is a sum of the samples' embeddings, which are linearly independent: solving
        # for its coefficients gives the derivatives by each pair's similarity, (i, k) plus (k, i).
        own = gradient(loss, embeddings, ages)[:, 0]
        slopes = loss.temperature * own @ torch.linalg.pinv(embeddings[:, 0])
        push = (slopes.sum() - slopes.trace()) / (2 * loss.scale)
        weights = torch.exp(-((ages[:, None] - ages) ** 2) / (2 * loss.sigma**2))
        elsewhere = VIEWS * (weights.sum(1) - 1)
        found.append(float(push + (elsewhere / (elsewhere + VIEWS - 1)).mean()))
    return float(np.mean(found))


def cell(values: np.ndarray) -> str:
    """Write mean and range, such as "0.73 (0.64 to 0.80)"."""
    return f"{values.mean():.2f} ({values.min():.2f} to {values.max():.2f})"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Lay out a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cosine_tables(ages: str, number: int) -> tuple[str, str]:
    """Return the tables of all losses for ages: tangential parts, then whole gradients."""
    whole, tangential = [], []
    for name, epoch in CASES:
        label = f"`{name}`" + (f", {epoch} epoch" if epoch else "")
        found = [cosines(name, Batches(ages, **state), number, epoch) for state in STATES.values()]
        whole.append([label, *(cell(each[:, 0]) for each in found)])
        tangential.append([label, *(cell(each[:, 1]) for each in found)])
    head = ["loss", *STATES]
    return table(head, tangential), table(head, whole)


def exp_table(number: int) -> str:
    """Return the table of `exp` on random embeddings by their features and views."""
    rows = []
    for identical in (False, True):
        for features in (8, 32, 128):
            found = cosines("exp", Batches(identical=identical, features=features), number)
            views = "identical" if identical else "independent"
            rows.append([views, str(features), cell(found[:, 1]), cell(found[:, 0])])
    return table(["views", "features", "tangential", "whole"], rows)


def repulsion_table(number: int) -> str:
    """Return the table of the repulsion by other scans."""
    rows = []
    for name in ("yaware", "threshold", "exp"):
        for form in ("paper", "released"):
            found = [repulsion(name, form, Batches(**s), number) for s in STATES.values()]
            rows.append([f"`{name}`", form, *(f"{value:.2f}" for value in found)])
    return table(["loss", "formulation", *STATES], rows)


def report(number: int) -> str:
    """Return all tables, each below its heading, from `number` batches a cell."""
    bimodal, whole = cosine_tables("bimodal", number)
    uniform, _ = cosine_tables("uniform", number)
    parts = {
        f"Bimodal ages, tangential gradients, mean (range) of {number} batches:": bimodal,
        "Bimodal ages, whole gradients:": whole,
        "Uniform ages, tangential gradients:": uniform,
        "`exp` on random embeddings, bimodal ages:": exp_table(number),
        "Repulsion by other scans, attraction being 1, bimodal ages:": repulsion_table(number),
    }
    return "\n\n".join(text for part in parts.items() for text in part)


def draw(path: Path, number: int) -> None:
    """Draw the tangential cosines over the degree of order, and write them to `path`."""
    import pandas as pd
    import seaborn as sns
    from matplotlib import pyplot as plt

    from contrage.report.style import loss_colours, loss_name, use_style

    use_style()
    orders = np.linspace(0, 0.95, 20)
    cases = [case for case in CASES if case[0] in DRAWN and case[1] != "middle"]
    colours = loss_colours([name for name, _ in cases])
    canvas, panels = plt.subplots(1, 2, figsize=(9, 3.8), sharey=True, layout="constrained")
    for panel, ages in zip(panels, ("bimodal", "uniform"), strict=True):
        for name, epoch in cases:
            found = [cosines(name, Batches(ages, o), number, epoch)[:, 1] for o in orders]
            found = pd.DataFrame(found, index=orders).melt(ignore_index=False).reset_index()
            sns.lineplot(
                found, x="index", y="value", errorbar=("pi", 100), color=colours[name],
                ls="--" if epoch == "last" else "-", err_kws={"alpha": 0.12, "lw": 0}, ax=panel,
                label=loss_name(name) + (f", {epoch} epoch" if epoch else ""), legend=False,
            )  # fmt: skip
        panel.set(title=f"Ages {ages}", xlabel="Order by age in the embeddings", ylim=(0, 1.03))
    panels[0].set_ylabel("Cosine, paper and released")
    canvas.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    canvas.savefig(path, dpi=150, metadata={"Software": None})
    plt.close(canvas)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batches", type=int, default=20)
    parser.add_argument("--figure", type=Path, help="draw into this PNG as well")
    options = parser.parse_args()
    torch.set_num_threads(1)  # small matrices: more threads only cost
    print(report(options.batches))
    if options.figure:
        draw(options.figure, max(2, options.batches // 2))


if __name__ == "__main__":
    main()
