"""Z-scores of voxels or features: with whose statistics, and over which field of view."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.float32]
Floats = NDArray[np.floating]


def statistics(
    images: Images,
    used: NDArray[np.int_],
    training: NDArray[np.int_],
    field_of_view: str,
    background: bool = True,
) -> tuple[list[float], list[float]]:
    """Return mean and standard deviation of each channel of some images.

    Parameters
    ----------
    images : ndarray of shape (scans, channels, …)
        Memory-mapped or not.
    used : ndarray of int
        Rows whose voxels count.
    training : ndarray of int
        Rows that define the common field of view.
    field_of_view : {"own", "common"}
        With "common" only voxels that every training image covers count.
    background : bool
        Whether 0 is background and does not count.

    Returns
    -------
    (list of float, list of float)
        One per channel, computed in float64, one image at a time (Chan et al., 1979, pairwise
        update).
    """
    return statistics_and_shares(images, used, training, field_of_view, background)[:2]


def statistics_and_shares(
    images: Images,
    used: NDArray[np.int_],
    training: NDArray[np.int_],
    field_of_view: str,
    background: bool = True,
) -> tuple[list[float], list[float], NDArray[np.float64]]:
    """Return means and SDs as `statistics`, and what each image has to do with the SDs.

    Returns
    -------
    (list of float, list of float, ndarray of the shape of `used`)
        The last: each image's part of the sum of squared deviations from the mean, the largest of
        its channels; 0 where there is none.
    """
    field = common_field(images, training) if field_of_view == "common" else None
    found = [
        _of_channel(images, channel, used, None if field is None else field[channel], background)
        for channel in range(images.shape[1])
    ]
    means, sds, shares = zip(*found, strict=True)
    return list(means), list(sds), np.max(shares, axis=0)


def _of_channel(
    images: Images,
    channel: int,
    used: NDArray[np.int_],
    field: NDArray[np.bool_] | None,
    background: bool,
) -> tuple[float, float, NDArray[np.float64]]:
    """Return mean, SD and the images' shares of one channel."""
    count, mean, squares = 0, 0.0, 0.0
    own = np.zeros((len(used), 3))
    for place, row in enumerate(used):
        image = images[row, channel] if field is None else images[row, channel] * field
        voxels = (image[image != 0] if background else image.ravel()).astype(np.float64)
        if not voxels.size:
            continue
        own[place] = voxels.size, voxels.mean(), voxels.var() * voxels.size
        shift = own[place, 1] - mean
        total = count + voxels.size
        squares += own[place, 2] + shift**2 * count * voxels.size / total
        mean += shift * voxels.size / total
        count = total
    sizes, means, inner = own.T
    around = inner + sizes * (means - mean) ** 2
    shares = around / around.sum() if around.sum() else around
    return float(mean), float(np.sqrt(squares / count)) if count else 0.0, shares


def common_field(images: Images, rows: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Return the voxels that all of the given images cover, shape (channels, …)."""
    field = np.ones(images.shape[1:], bool)
    for row in rows:
        field &= images[row] != 0
    return field


def normalise(images: Images, fold: dict[str, Any], scheme: str, background: bool = True) -> Images:
    """Turn images into z-scores, channel by channel; the background stays 0.

    Parameters
    ----------
    images : ndarray of shape (scans, channels, …)
    fold : dict
        With `mean` and `sd`, one per channel, for the schemes "train" and "cohort".
    scheme : {"train", "cohort", "image"}
        "image" takes each image's own mean and standard deviation.
    background : bool
        Whether 0 is background.
    """
    scores = np.empty(images.shape, np.float32)
    for score, image in zip(scores, images, strict=True):
        for channel, values in enumerate(image):
            inside = values != 0 if background else np.ones(values.shape, bool)
            voxels = values.astype(np.float64)
            if scheme == "image":
                mean, sd = voxels[inside].mean(), voxels[inside].std()
            else:
                mean, sd = fold["mean"][channel], fold["sd"][channel]
            voxels -= mean
            voxels /= max(sd, 1e-12)
            score[channel] = np.where(inside, voxels, 0.0)  # no product: NaN times 0 is NaN
    return scores


def feature_statistics(values: Floats, training: NDArray[np.int_]) -> dict[str, list[float]]:
    """Return mean, standard deviation and median of each feature over the training rows.

    Parameters
    ----------
    values : ndarray of shape (scans, features)
        NaN where a value is missing.
    training : ndarray of int
        The only rows that count.

    Returns
    -------
    dict
        `mean` and `sd` after missing values were given the median, and `median`. A feature that
        is the same in all training rows, or in none of them, has an sd of 0.
    """
    known = np.array(values[training], np.float64)
    absent = np.isnan(known).all(axis=0)
    known[:, absent] = 0.0
    median = np.nanmedian(known, axis=0)
    known = np.where(np.isnan(known), median, known)
    sd = np.where(np.ptp(known, axis=0) > 0, known.std(axis=0), 0.0)
    return {"mean": known.mean(axis=0).tolist(), "sd": sd.tolist(), "median": median.tolist()}


def standardise(values: Floats, fold: dict[str, Any]) -> Images:
    """Turn features into z-scores, each by its own training mean and standard deviation.

    Parameters
    ----------
    values : ndarray of shape (n, features)
        NaN (missing) becomes the training median.
    fold : dict
        `mean`, `sd` and `median` as `feature_statistics` returns them.

    Returns
    -------
    ndarray of shape (n, features)
        float32. A feature with an sd of 0 tells nothing and is 0 in every row, in test rows that
        differ from the training rows too.
    """
    mean, sd, median = (np.asarray(fold[name], np.float64) for name in ("mean", "sd", "median"))
    filled = np.where(np.isnan(values), median, values)
    scores = np.where(sd > 0, (filled - mean) / np.where(sd > 0, sd, 1.0), 0.0)
    return scores.astype(np.float32)
