"""The block probe of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class UnseenSettings:
    """The second training of alpha unseen.

    Attributes
    ----------
    fraction : float
        Of the training participants to choose the penalty on; drawn by the training's seed.
    alphas : tuple of float
        Candidates for the penalty, of which the one with the smallest error counts.
    """

    fraction: float
    alphas: tuple[float, ...]


@dataclass(frozen=True)
class ProbeSettings:
    """Ridge regression on the frozen features.

    Attributes
    ----------
    alpha : str
        On whom the penalty is chosen.
    unseen : UnseenSettings
        The second training of alpha unseen.
    alphas : tuple of float
        Candidates for the penalty with alpha training.
    folds : int
        Folds of the cross-validation of alpha training.
    """

    alpha: str
    unseen: UnseenSettings
    alphas: tuple[float, ...]
    folds: int
