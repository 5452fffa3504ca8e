"""Cosines of pairs of a fixed part of the training scans, after each epoch."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from training_steps import asked

from contrage.errors import SettingsError
from contrage.learning.folds import read_scans
from contrage.learning.loop.logits import Monitor, cosines, write_logits
from contrage.learning.train import train
from contrage.tables import read_tsv


def test_cosines_of_the_worked_example():
    embeddings = torch.tensor([[1.0, 0], [0.8, 0.6], [0, 1], [-0.6, 0.8]])
    labels = torch.tensor([1, 1, 2, 3])
    assert cosines(embeddings, labels, 2) == pytest.approx((0.8, 0.7))
    assert cosines(3 * embeddings, labels, 2) == pytest.approx((0.8, 0.7)), "of any length"


def test_they_are_those_of_loops_over_pairs(rng):
    embeddings, labels = rng.normal(size=(30, 4)), rng.integers(0, 6, 30)
    positives, negatives = [], []
    for i, j in itertools.combinations(range(30), 2):
        lengths = np.linalg.norm(embeddings[i]) * np.linalg.norm(embeddings[j])
        cosine = embeddings[i] @ embeddings[j] / lengths
        (positives if labels[i] == labels[j] else negatives).append(cosine)
    found = cosines(torch.tensor(embeddings), torch.tensor(labels), 50)
    assert found == pytest.approx((np.mean(positives), np.mean(sorted(negatives)[-50:])))
    everything = cosines(torch.tensor(embeddings), torch.tensor(labels), 10_000)
    assert everything[1] == pytest.approx(np.mean(negatives))


def test_a_part_without_such_pairs_has_none(tmp_path):
    embeddings = torch.eye(3)
    assert cosines(embeddings, torch.tensor([1, 2, 3]), 5) == (None, 0)
    assert cosines(embeddings, torch.tensor([1, 1, 1]), 5) == (0, None)
    write_logits(tmp_path / "logits.tsv", [[1, None, 0.0], [2, 0.25, 0.5]])
    lines = (tmp_path / "logits.tsv").read_text().splitlines()
    assert lines == ["epoch\tpositives\tnegatives", "1\tn/a\t0.000000", "2\t0.250000\t0.500000"]


def noting(settings, **own):
    settings = settings | {"row": "supcon", "loss": {"loss": "supcon", "bin_width": 20.0}}
    settings["training"] = settings["training"] | {"logits": {"scans": 12, "negatives": 20} | own}
    return settings | {"bin_width": 20.0}


def run(cohort, settings, name):
    path = cohort.folder / name / "logits.tsv"
    train(asked(settings), **cohort.inputs, **cohort.outputs(name), logits=path)
    return path


def test_the_scans_are_a_fixed_part_of_those_that_are_learned_from(cohort, settings):
    everyone = read_scans(cohort.inputs["scans"], asked(settings).target)
    told = everyone.take(np.array(cohort.train))
    one, same, other, all_of_them = (
        Monitor.of(everyone, told, asked(noting(settings, scans=n) | {"seed": seed}))
        for n, seed in ((12, 0), (12, 0), (12, 1), (500, 0))
    )
    assert one.places.tolist() == same.places.tolist() != other.places.tolist()
    assert len(set(one.places)) == 12 and set(one.places) < set(cohort.train)
    assert set(all_of_them.places) == set(cohort.train)
    assert one.labels.tolist() == [int(cohort.ages[place] // 20) for place in one.places]
    assert Monitor.of(everyone, told, asked(settings)) is None
    with pytest.raises(SettingsError, match="bin_width: logits need the width of a label"):
        Monitor.of(everyone, told, asked(noting(settings) | {"bin_width": None}))


def test_a_line_for_each_epoch_and_not_another_bit_of_the_training(cohort, settings):
    lines = read_tsv(run(cohort, noting(settings), "noted"))
    assert list(lines) == ["epoch", "positives", "negatives"]
    assert lines["epoch"].tolist() == [1, 2, 3]
    assert lines[["positives", "negatives"]].abs().max().max() <= 1
    assert lines["positives"].nunique() == 3
    plain = noting(settings)
    plain["training"] = {k: v for k, v in plain["training"].items() if k != "logits"}
    train(asked(plain), **cohort.inputs, **cohort.outputs("plain"))
    noted, other = (
        torch.load(cohort.outputs(name)["model"], weights_only=True) for name in ("noted", "plain")
    )
    for name, weights in noted["encoder"].items():
        assert torch.equal(weights, other["encoder"][name]), name
    assert not (cohort.folder / "plain" / "logits.tsv").exists()


def test_the_last_line_is_of_the_weights_that_were_left(cohort, settings):
    from contrage.learning.model import Model

    lines = read_tsv(run(cohort, noting(settings), "run"))
    outputs = cohort.outputs("run")
    saved = torch.load(outputs["model"], weights_only=True)
    network = Model("small", (10, 12, 8), settings["training"]["head"])
    network.head.load_state_dict(saved["head"])
    everyone = read_scans(cohort.inputs["scans"], asked(settings).target)
    told = everyone.take(np.array(cohort.train))
    monitor = Monitor.of(everyone, told, asked(noting(settings)))
    with np.load(outputs["features"]) as found, torch.no_grad():
        embeddings = network.head(torch.from_numpy(found["features"][monitor.places]))
    wanted = cosines(embeddings, monitor.labels, 20)
    assert tuple(lines.iloc[-1, 1:]) == pytest.approx(wanted, abs=1e-5)


def test_lines_of_the_epochs_before_an_interruption_are_kept(cohort, settings, interrupted_after):
    whole = run(cohort, noting(settings), "whole").read_text()
    interrupted_after(2, lambda: run(cohort, noting(settings), "cut"))
    assert run(cohort, noting(settings), "cut").read_text() == whole
