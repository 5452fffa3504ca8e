"""A member as a network: from the z-scored image to the prediction, which gradients can follow."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from contrage.bundle.errors import BundleError
from contrage.bundle.opened import Bundle, Member
from contrage.dataset.normalise import normalise, standardise
from contrage.errors import ContrageError
from contrage.evaluation.predictor import ImagePredictor, by_head, by_probe
from contrage.learning.embed import rebuild
from contrage.learning.model import LOGIT


def networks(bundle: Bundle, members: Iterable[Member] | None = None) -> list[ImagePredictor]:
    """Return members as networks, in order, on the CPU, for evaluation; all where none is named.

    Raises
    ------
    BundleError
        Its weights are of another network than the bundle says.
    """
    return [_network(bundle, each) for each in (bundle.members if members is None else members)]


def _network(bundle: Bundle, member: Member) -> ImagePredictor:
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
    if of.reads == "head":
        if not of.head:
            raise BundleError(path, "it has no head that could predict; copy it again")
        scale = member.reading | ({LOGIT: True} if of.is_logit else {})
        return by_head(network, scale)
    width = network.layers[0]
    if member.reading["coef"].shape != (width,):
        raise BundleError(path, f"its probe does not fit {width} features; copy it again")
    return by_probe(network, member.reading)


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
        float32, rounded to float16 where the training kept its images so.
    """
    with np.errstate(over="ignore"):  # of values in another unit, which are refused
        return _scored(bundle, member, image).astype(member.facts.stored).astype(np.float32)


def _scored(bundle: Bundle, member: Member, image: np.ndarray) -> np.ndarray:
    asked = bundle.facts.seen.scores
    if not asked.form.has_channels:
        return standardise(image[None], member.scores)
    chosen = np.array(image, np.float32)[None]
    if member.field is not None:
        chosen = chosen * member.field
    return normalise(chosen, member.scores, asked.normalisation, asked.form.background)[0]


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
