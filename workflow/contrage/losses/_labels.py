"""Labels out of targets, for the losses that know pairs of equal and pairs of different labels."""

from __future__ import annotations

import torch
from torch import Tensor

ROUNDING = 1e-9  # of a bin: 23.3 / 0.1 is a little less than 233


def labels(targets: Tensor, bin_width: float) -> Tensor:
    """Return the lower edge of each target's bin; the targets themselves where the width is 0.

    Parameters
    ----------
    targets : Tensor
        (N,), float64.
    bin_width : float
        In the targets' unit; 1 makes whole years of life of ages.
    """
    return targets if bin_width == 0 else (targets / bin_width + ROUNDING).floor() * bin_width


def contrast(logits: Tensor, pairs: Tensor, positives: Tensor) -> Tensor:
    r"""Sum over anchors what each one's positives lack against all that it is paired with.

    .. math:: -\sum_i \frac{1}{|P(i)|} \sum_{k \in P(i)}
              \log \frac{\exp s_{ik}}{\sum_t \exp s_{it}}

    Parameters
    ----------
    logits : Tensor
        s, (n, N).
    pairs, positives : Tensor
        (n, N), masks of the pairs t and of the positives k. An anchor without a positive adds 0.
    """
    number = positives.sum(1)
    mean = (logits * positives).sum(1) / number.clamp(min=1)
    return ((_masked_logsumexp(logits, pairs)[:, 0] - mean) * (number > 0)).sum()


def _masked_logsumexp(logits: Tensor, mask: Tensor) -> Tensor:
    """Return what `contrage.losses._logsumexp.masked_logsumexp` does, by PyTorch's own sum.

    Its gradient has other last digits, by which trainings with adacon part for good.
    """
    lowest = torch.finfo(logits.dtype).min
    return logits.masked_fill(~mask, lowest).logsumexp(1, keepdim=True)
