"""Files of somebody's own, one for each folder that takes some."""

LOSS = '''
"""Neighbours in the target are drawn together."""

import torch
from torch import nn


class Pull(nn.Module):
    def __init__(self, strength=1.0):
        super().__init__()
        self.strength = strength

    def forward(self, embeddings, targets, epoch=0):
        near = torch.exp(-torch.cdist(targets[:, None], targets[:, None]) / 10)
        centres = embeddings.mean(1)
        apart = (centres[:, None] - centres[None]).square().sum(-1)
        return self.strength * (near * apart).mean()
'''
ENCODER = '''
"""Means over slabs of the first axis."""

from torch import nn

NAMES = ("slabs",)
TAKES = {"channel": (3,)}


def build(name, shape, channels):
    return Slabs(channels)


class Slabs(nn.Module):
    width = 20

    def __init__(self, channels):
        super().__init__()
        self.layers = nn.Sequential(
            nn.AdaptiveAvgPool3d((5, 1, 1)), nn.Flatten(), nn.Linear(5 * channels, self.width)
        )

    def forward(self, images):
        return self.layers(images)
'''
SCHEME = '''
"""Each fold tests on one of so many participants in the order of their names."""

from contrage.dataset.roles import tested_on
from contrage.dataset.shares import Training

DRAWN = False
IGNORES = {"roles": {}}


def folds(visits, split, seed):
    people = sorted({each.participant_id for each in visits})
    count = split.folds
    return [tested_on(f"turn {k}", visits, people[k::count]) for k in range(count)]


def place(others, made, split, seed):
    return {each.scan_id: 0 for each in others}


def count(visits, split):
    return split.folds


def at_best(visits, split, target):
    scans = most(visits, split, 0.0)
    return Training(scans, scans, (1,) * scans)


def most(visits, split, held_out):
    return round(len(list(visits)) * (1 - 1 / split.folds) * (1 - held_out))
'''
STRIPPER = '''
"""What is brighter than a part of the brightest is brain."""

from contrage.imaging.skull_strip import Backend

BACKEND = Backend(
    words="a threshold",
    reference=("threshold", "Nobody (2026)"),
    advice="install SciPy",
    packages=("scipy",),
)


def mask(reference, path, options):
    from scipy import ndimage

    from contrage.imaging.skull_strip._result import Stripped

    bright = reference.array > options["part"] * reference.array.max()
    return Stripped(ndimage.binary_fill_holes(bright), command="scipy.ndimage", version="1")
'''
KIND = """
from contrage.modalities._modality import regions

MODALITY = regions(many="measures", title="measures", channels=1, ending="m.txt", shape=(3,))


def read(path, kind): ...
"""
MAP = """
from contrage.modalities._modality import MAP, volume

MODALITY = volume(
    many="maps of the fluidity", one="map", title="fluidity", suffix="fluidity", folder="mre",
    unit="1/Pa", bids_unit="Pa^-1", preprocessing=MAP, {more}
)
"""
EVALUATION = 'TITLE = "None"\nNEEDS = ("predictions",)\nSETTINGS = ()\nCOLUMNS = {}\n'
