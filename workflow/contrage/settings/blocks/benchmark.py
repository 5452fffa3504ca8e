"""The block benchmark of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BenchmarkSettings:
    """What is compared.

    Attributes
    ----------
    losses : str or tuple of str
        Rows of the MAE table; all stands for every loss in workflow/contrage/losses.
    norms : tuple of str
        Distance norms of the ablation of dynlocrep; an empty list leaves it out.
    pretrained : tuple of str
        Rows that are trained once more, alike but starting from the pre-trained encoder
        (rows <row>-pretrained); an empty list leaves them out, and so do real scans where
        pre-training is on a phantom, and training.start_from pretraining, with which all
        rows start from it.
    null : str or tuple of str
        Rows that are trained once more, alike but on ages permuted among the training
        participants (rows <row>-null): what an encoder and a probe reach with nothing to
        learn, drawn beside the baselines.
    """

    losses: str | tuple[str, ...]
    norms: tuple[str, ...]
    pretrained: tuple[str, ...]
    null: str | tuple[str, ...]
