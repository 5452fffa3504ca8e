"""The supervised contrastive loss with mixtures of embeddings."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from contrage.errors import SettingsError
from contrage.losses._blocks import sum_over_blocks
from contrage.losses._labels import labels
from contrage.losses._logsumexp import masked_logsumexp
from contrage.losses._mixtures import (
    Neighbours,
    Window,
    beta_quantiles,
    between_neighbours,
    drawn_shares,
    neighbours,
    numbered,
    with_anchor,
)
from contrage.losses._pairs import (
    count,
    exact,
    flatten,
    not_negative,
    one_of,
    others,
    positive,
    similarities,
)

GROUPS = ("sex", "site")
UNITS = ("ranks", "targets")


class SupReMix(nn.Module):
    r"""Attract mixtures with the anchor's label, repel mixtures of the anchor with its negatives.

    .. math:: -\frac{1}{N} \sum_i \frac{1}{|P(i)|} \sum_{p \in P(i)}
              \log \frac{\exp s_{ip}}{\sum_{t \in A(i)} w_{it} \exp s_{it}},
              \quad w_{it} = \frac{1 + |m_i - m_t|}{m_\text{max} - m_\text{min}}

    with s the cosine divided by the temperature and m the labels. A(i) are all other anchors and
    the mixtures made for i; P(i) are those among them that have the label of i. Mixtures for i:

    - Mix-neg, one with each anchor k of another label: λ z_i + (1 - λ) z_k, λ drawn from a Beta
      distribution, label λ m_i + (1 - λ) m_k;
    - Mix-pos, one for each pair (j, k) of which j lies below and k above i by at most `window`:
      λ z_j + (1 - λ) z_k, λ such that λ m_j + (1 - λ) m_k = m_i.

    Parameters
    ----------
    temperature : float
        Default 0.5, the paper's for brain age (appendix C).
    bin_width : float
        Width of a label in the target's unit; 0 makes every distinct target one. Default 1; a
        training takes `target.bin` where none is given.
    distance_magnifying : bool
        False: w = 1. Default True.
    mix_neg, mix_pos : bool
        Whether each kind of mixture is made. Default True. Without both and without distance
        magnifying the loss is `supcon`.
    window : int or float
        γ. Default 3, the paper's for brain age; infinity for all pairs below and above.
    window_in : {"ranks", "targets"}
        Its unit: ranks of the labels in the batch (of the group), in whole numbers, as printed; or
        that of the target, as table 10 has it. Default "ranks".
    window_open : bool
        Whether labels at exactly that distance are outside. Default False.
    beta : pair of float
        Parameters of the Beta distribution. Default (2, 8): near the negative.
    group_by : {None, "sex", "site"}
        Mixtures are made within a group only; real pairs are what they are. Default None.

    Notes
    -----
    Embeddings of unit length are mixed, and the mixture is divided by its own length.
    m_max - m_min is that of the training targets where `fit` has been told them, else of the
    batch; it divides every weight alike and has no part in the gradient.

    λ of Mix-neg is drawn for (epoch, target of i, target of k, their views), and is the same
    whenever these are: in another order of the batch, in a resumed training and in every process.

    Where this departs from the print: equation 6 divides the sum over P(i) by the number of
    samples with the label of i, which is |P(i)| + 1 for real samples and takes no account of
    Mix-pos, whose number may be a hundred times larger; here it is the mean over P(i), as in
    SupCon. Means over anchors in place of the sum.

    Where an earlier supplement of the authors departs: weights |m_i - m_t| + 1 (the same gradient);
    mixtures are constants without gradient and not normalised; the window is in label units; the
    largest logit is subtracted from pairs and from mixtures apart, which changes their proportions.

    No mixture is ever formed: its cosine with the anchor follows from the inner products of the
    real embeddings. Time grows with the number of pairs and of mixtures, N² + N (views · window ·
    samples per label)²; memory does not, as the anchors are worked off in blocks.

    References
    ----------
    Wu et al., "SupReMix: supervised contrastive learning for medical imaging regression with
    mixup", arXiv 2309.16633v4, equations 1-6.
    """

    unit_embeddings = True
    may_be_infinite = ("window",)

    def __init__(
        self,
        temperature: float = 0.5,
        bin_width: float = 1.0,
        distance_magnifying: bool = True,
        mix_neg: bool = True,
        mix_pos: bool = True,
        window: float = 3,
        beta: Sequence[float] = (2.0, 8.0),
        group_by: str | None = None,
        window_in: str = "ranks",
        window_open: bool = False,
    ) -> None:
        super().__init__()
        self.temperature = positive("temperature", temperature)
        self.bin_width = not_negative("bin_width", bin_width)
        self.distance_magnifying = _switch("distance_magnifying", distance_magnifying)
        self.mix_neg = _switch("mix_neg", mix_neg)
        self.mix_pos = _switch("mix_pos", mix_pos)
        self.within = _window(window, window_in, window_open)
        self.window = self.within.width
        _check_reach(self.within, self.bin_width)
        self.group_by = group_by and one_of("group_by", group_by, GROUPS)
        self.label_range: Tensor | None = None
        self.register_buffer("quantiles", beta_quantiles(beta), persistent=False)

    def fit(self, targets: Tensor) -> None:
        """Take the targets (n,) of the training split, for m_max - m_min."""
        own = labels(exact(targets), self.bin_width)
        self.label_range = own.max() - own.min()

    def forward(
        self, embeddings: Tensor, targets: Tensor, epoch: int = 0, groups: Tensor | None = None
    ) -> Tensor:
        """Return the scalar loss of embeddings (batch, views, features) of unit length.

        Parameters
        ----------
        embeddings, targets, epoch
            As for every loss.
        groups : Tensor, optional
            (batch,), whole numbers: the group of each sample, needed with `group_by`.
        """
        anchors, targets = flatten(embeddings, targets)
        groups = self._group_of_anchors(groups, embeddings)
        own, numbers = labels(targets, self.bin_width), numbered(targets, embeddings.shape[1])
        order = own.argsort(stable=True)
        order = order[groups[order].argsort(stable=True)]
        own, groups, numbers = own[order], groups[order], numbers[order]
        near = neighbours(own, groups, self.within) if self.mix_pos else None
        drawn = partial(self.coefficients, numbers, epoch=epoch)
        part = partial(self._part, own, groups, near, drawn)
        blocks = near.blocks() if near else None
        return sum_over_blocks(part, anchors[order], blocks=blocks) / len(anchors)

    def coefficients(self, numbers: Tensor, rows: slice, epoch: int) -> Tensor:
        """Return λ of Mix-neg (n, N), anchor first, for the anchors' numbers (N,)."""
        return drawn_shares(self.quantiles, numbers, rows, epoch)

    def _part(
        self,
        own: Tensor,
        groups: Tensor,
        near: Neighbours | None,
        drawn: Callable[[slice], Tensor],
        anchors: Tensor,
        rows: slice,
    ) -> Tensor:
        """Return the sum over the anchors in a block of rows."""
        products = similarities(anchors, rows)
        logits = products / self.temperature
        pairs = others(anchors, rows)
        same = own[rows, None] == own
        gaps = (own[rows, None] - own).abs()
        log_weights = partial(self._log_weights, own.max() - own.min(), logits.dtype)

        log_sum = masked_logsumexp(logits + log_weights(gaps), pairs)
        total = (logits * (same & pairs)).sum(1, keepdim=True)
        number = (same & pairs).sum(1, keepdim=True)
        if self.mix_neg:
            shares = drawn(rows).to(logits.dtype)
            mixed = with_anchor(anchors, rows, products, shares) / self.temperature
            made = ~same & (groups[rows, None] == groups)
            logits_of_mixed = mixed + log_weights(gaps * (1 - shares))
            log_sum = torch.logaddexp(log_sum, masked_logsumexp(logits_of_mixed, made))
        if near is not None:
            found = between_neighbours(anchors, near, rows, self.temperature)
            log_sum = torch.logaddexp(log_sum, found.log_sum + log_weights(gaps.new_zeros(())))
            total, number = total + found.total, number + found.number
        return ((log_sum - total / number.clamp(min=1)) * (number > 0)).sum()

    def _group_of_anchors(self, groups: Tensor | None, embeddings: Tensor) -> Tensor:
        batch_size, views, _ = embeddings.shape
        if groups is None:
            if self.group_by:
                raise ValueError(f"Mixing by {self.group_by} needs the groups of the samples.")
            groups = torch.zeros(batch_size, dtype=torch.int64, device=embeddings.device)
        if tuple(groups.shape) != (batch_size,):
            raise ValueError(f"Groups must be ({batch_size},), not {tuple(groups.shape)}.")
        return groups.repeat_interleave(views)

    def _log_weights(self, batch_range: Tensor, dtype: torch.dtype, gaps: Tensor) -> Tensor:
        """Return log w for distances of labels."""
        if not self.distance_magnifying:
            return torch.zeros((), dtype=dtype, device=gaps.device)
        label_range = batch_range if self.label_range is None else self.label_range
        label_range = torch.where(label_range > 0, label_range, 1.0).to(gaps.device)
        return ((1 + gaps) / label_range).log().to(dtype)


def _window(width: float, unit: str, is_open: bool) -> Window:
    """Return the window that settings ask for.

    Raises
    ------
    SettingsError
        If it is none, or leaves no pair of labels.
    """
    in_targets = one_of("window_in", unit, UNITS) == "targets"
    is_open = _switch("window_open", is_open)
    if not (isinstance(width, float) and width == math.inf):
        width = positive("window", width) if in_targets else count("window", width, least=1)
    if is_open and not in_targets and width == 1:
        raise SettingsError(
            "window is 1 rank, and with window_open nothing is within; make it 2, or mix_pos false"
        )
    return Window(width, in_targets, is_open)


def _check_reach(window: Window, bin_width: float) -> None:
    """Raise `SettingsError` for a window in the target's unit that holds no other label."""
    ends_before = window.width < bin_width or (window.is_open and window.width == bin_width)
    if window.in_targets and bin_width > 0 and ends_before:
        raise SettingsError(
            f"window is {window.width:g} of the target's unit, and labels are {bin_width:g} apart "
            "(bin_width), so that nothing is within; make it wider, or bin_width 0"
        )


def _switch(setting: str, value: bool) -> bool:
    if not isinstance(value, bool):
        raise SettingsError(f"{setting} is {value!r}; it must be true or false.")
    return value
