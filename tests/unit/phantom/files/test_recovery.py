"""Ridge regression finds what is planted in pictures, volumes, videos and series, and no more."""

from __future__ import annotations

import nibabel as nib
import numpy as np
from files_of_owners import errors, mean_error
from PIL import Image


def lag_one(series: np.ndarray) -> np.ndarray:
    return np.array([np.corrcoef(region[:-1], region[1:])[0, 1] for region in series])


def test_bone_age_shows_in_blocks_of_a_hand_and_better_with_the_sex(written):
    rsna = written("rsna")
    hands = rsna.read(".png", Image.open)
    assert hands.shape == (240, 64, 48)
    blocks = hands.reshape(240, 16, 4, 12, 4).mean((2, 4)).reshape(240, -1)
    male = (rsna.truth["male"] == "True").to_numpy(float)
    alone, with_sex = (
        errors(each, rsna.target).mean() for each in (blocks, np.column_stack([blocks, male]))
    )
    assert alone < 18 and with_sex < alone - 0.5
    assert mean_error(rsna.target) > 40


def test_boys_of_a_bone_age_look_younger(written):
    truth = written("rsna").truth
    behind = truth["target"].astype(float) - truth["maturity"].astype(float)
    by_sex = behind.groupby(truth["male"]).mean()
    assert abs(by_sex["True"] - by_sex["False"] - 18) < 3


def test_amyloid_is_read_off_raw_activity_and_better_over_the_cerebellum(written):
    a4 = written("a4")
    volumes = a4.read("_pet.nii.gz", lambda path: nib.load(path).get_fdata())
    assert volumes.shape == (160, 20, 20, 20)
    mask = nib.load(a4.folder.with_name("cerebellum_mask.nii.gz")).get_fdata() > 0
    activity = volumes[:, mask].mean(1)
    assert 2950 < activity.min() < 3600 and 8400 < activity.max() < 9050
    ratio = volumes / activity[:, None, None, None]
    raw, divided = errors(volumes, a4.target).mean(), errors(ratio, a4.target).mean()
    assert divided < raw < 0.05 and divided < 0.02
    assert mean_error(a4.target) > 0.15


def test_ejection_shows_in_areas_over_the_beat_and_not_in_a_first_frame(written):
    echonet = written("echonet")
    import av

    def frames(path):
        with av.open(str(path)) as container:
            return [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]

    videos = echonet.read(".avi", frames)
    assert videos.shape == (160, 32, 32, 32)
    areas = np.sort((videos < 92).sum((2, 3)), axis=1)
    assert errors(areas, echonet.target).mean() < 6
    assert errors(videos[:, 0], echonet.target).mean() > 8


def test_age_shows_in_the_order_of_a_series_alone(written, rng):
    hcp = written("hcp")
    series = hcp.read(".npy", np.load)
    assert series.shape == (160, 20, 96)
    lags = np.array([lag_one(each) for each in series])
    mixed = np.array([lag_one(each[:, rng.permutation(96)]) for each in series])
    connected = np.array([np.corrcoef(each)[np.triu_indices(20, 1)] for each in series])
    assert errors(lags, hcp.target).mean() < 12
    for blind in (mixed, connected, series):
        assert errors(blind, hcp.target).mean() > 13
