"""The Rank-N-Contrast loss."""

from __future__ import annotations

from torch import Tensor, nn

from contrage.losses._blocks import sum_over_blocks
from contrage.losses._distances import centred, euclidean, upper_distances
from contrage.losses._pairs import FORMULATIONS, flatten, one_of, others, positive, tied
from contrage.losses._ranks import farther_logsumexp


class RankNContrast(nn.Module):
    r"""Contrast each sample with all that are at least as far in target from the anchor.

    .. math:: -\frac{1}{N (N - 1)} \sum_i \sum_{k \neq i} \log \frac{\exp s_{ik}}
              {\sum_{t \neq i: |y_i - y_t| \geq |y_i - y_k|} \exp s_{it}}

    with s the negative L2 distance of the embeddings, as they are, divided by the temperature.

    Parameters
    ----------
    temperature : float
        Default 2.0.
    formulation : {"paper", "released"}
        The two agree but for targets with decimals: the paper's form takes gaps for equal that
        differ by rounding alone, the released code does not.
    label_diff : {"l1"}
        Distance of targets; the released code has this one only.
    feature_sim : {"l2"}
        Similarity of embeddings; the released code has this one only.

    Notes
    -----
    The embeddings are not normalised. Two embeddings in the same place attract with gradient zero.
    The released code takes exactly two views; here any number.

    References
    ----------
    Zha et al., NeurIPS 2023 (code: kaiwenzha/Rank-N-Contrast); Table 1 of the dynamic localized
    repulsion paper.
    """

    def __init__(
        self,
        temperature: float = 2.0,
        formulation: str = "paper",
        label_diff: str = "l1",
        feature_sim: str = "l2",
    ) -> None:
        super().__init__()
        self.temperature = positive("temperature", temperature)
        self.released = one_of("formulation", formulation, FORMULATIONS) == "released"
        one_of("label_diff", label_diff, ("l1",))
        one_of("feature_sim", feature_sim, ("l2",))

    def forward(self, embeddings: Tensor, targets: Tensor, epoch: int = 0) -> Tensor:
        """Return the scalar loss of embeddings (batch, views, features), of any length."""
        anchors, targets = flatten(embeddings, targets)
        views = embeddings.shape[1]
        places, upper = centred(anchors), upper_distances(anchors)
        of_samples = targets[::views]
        sorted_by = of_samples.argsort()

        def part(anchors: Tensor, rows: slice) -> Tensor:
            logits = -euclidean(anchors, places, upper, rows) / self.temperature
            pairs = others(anchors, rows)
            gaps = (targets[rows][::views, None] - of_samples).abs()
            gaps = gaps if self.released else tied(gaps)
            repulsion, _ = farther_logsumexp(logits, pairs, gaps, sorted_by, ties=True)
            return ((repulsion - logits) * pairs).sum()

        return sum_over_blocks(part, anchors, views) / max(1, len(anchors) * (len(anchors) - 1))
