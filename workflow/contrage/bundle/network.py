"""A member as a network: from the z-scored image to the prediction, which gradients can follow."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from contrage.bundle.errors import BundleError
from contrage.bundle.opened import Bundle, Member
from contrage.dataset.normalise import normalise, standardise
from contrage.errors import ContrageError
from contrage.learning.embed import rebuild


class Readout(nn.Module):
    """A member's frozen encoder, and the linear map, or the head, that reads the target off it.

    Parameters
    ----------
    bundle : Bundle
    member : Member

    Raises
    ------
    BundleError
        Its weights are of another network than the bundle says.
    """

    def __init__(self, bundle: Bundle, member: Member) -> None:
        super().__init__()
        of, path = bundle.facts.network, bundle.folder
        saved = {
            "settings": {"training": {"encoder": of.encoder, "head": list(of.head)}},
            "outputs": of.head[-1] if of.head else None,
            **member.weights,
        }
        try:
            network = rebuild(saved, of.shape, path, of.channels)
        except (ContrageError, RuntimeError, ValueError, TypeError, IndexError) as error:
            raise BundleError(path, f"no such network ({_line(error)}); copy it again") from None
        self.encoder, self.head = network.encoder, network.head
        self.reads_head, self.is_logit = of.reads == "head", of.is_logit
        for name, values in member.reading.items():
            self.register_buffer(name, torch.from_numpy(np.array(values, np.float64)))
        width = network.layers[0]
        if not self.reads_head and self.coef.shape != (width,):
            raise BundleError(path, f"its probe does not fit {width} features; copy it again")
        if self.reads_head and not of.head:
            raise BundleError(path, "it has no head that could predict; copy it again")
        self.requires_grad_(False).eval()

    def features(self, images: Tensor) -> Tensor:
        """Return the features (n, d) of images (n, channels, *shape)."""
        return self.encoder(images)

    def read(self, features: Tensor) -> Tensor:
        """Return what is predicted (n,) from features (n, d): float64, in the target's unit.

        Of a binary target it is the score, its log odds.
        """
        if not self.reads_head:
            scored = (features.double() - self.coef_mean) / self.coef_scale
            return scored @ self.coef + self.intercept
        output = self.head(features)[:, -1].double()
        return output if self.is_logit else output * self.target_sd + self.target_mean

    def forward(self, images: Tensor) -> Tensor:
        """Return what is predicted (n,) of images (n, channels, *shape)."""
        return self.read(self.features(images))


def networks(bundle: Bundle) -> list[Readout]:
    """Return the networks of all members, in order, on the CPU, for evaluation."""
    return [Readout(bundle, member) for member in bundle.members]


def z_scored(bundle: Bundle, member: Member, image: np.ndarray) -> np.ndarray:
    """Return an image as a member's network takes it.

    Parameters
    ----------
    bundle : Bundle
    member : Member
    image : ndarray of shape (channels, *shape), or (features,) where values are scored one by one
        As the cohort's array has it: kPa, intensities, or features, NaN where one is missing.

    Returns
    -------
    ndarray of shape (channels, *shape); of features (1, features)
        float32.
    """
    asked = bundle.facts.seen.scores
    if not asked.form.has_channels:
        return standardise(image[None], member.scores)
    chosen = np.array(image, np.float32)[None]
    if member.field is not None:
        chosen = chosen * member.field
    return normalise(chosen, member.scores, asked.normalisation, asked.form.background)[0]


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
