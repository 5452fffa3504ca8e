"""A second stage: what it starts from, what of it learns, and on whom it may not be tested."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from training_steps import asked

from contrage.errors import ContrageError, LeakageError, SettingsError
from contrage.files import read_npz
from contrage.learning import train as training
from contrage.learning.stage import train_stage
from contrage.learning.train import train
from contrage.settings.build import build
from contrage.settings.steps.learning import TrainStageStep

START = {
    "experiment": "first",
    "row": "exp",
    "seed": 0,
    "fold": 0,
    "same_people": True,
    "checkpoint": "last",
}


@pytest.fixture
def first(cohort, settings) -> dict[str, Path]:
    """A training of another row on the same people."""
    outputs = cohort.outputs("first")
    train(asked(settings), **cohort.inputs, **outputs)
    return outputs


@pytest.fixture
def told(settings) -> dict[str, Any]:
    """What a stage is asked for; its head is linear."""
    changed = copy.deepcopy(settings) | {"row": "probe", "loss": {"loss": "l1"}}
    changed["training"] |= {"head": [1]}
    return changed | {"train": "head", "start": dict(START)}


def run(cohort, told, first, name="stage", **files) -> dict[str, Path]:
    outputs = cohort.outputs(name)
    given = {
        **cohort.inputs,
        "start_from": first["model"],
        "start_scans": cohort.inputs["scans"],
        "start_split": cohort.inputs["split"],
    }
    train_stage(build(TrainStageStep, told), **{**given, **files}, **outputs)
    return outputs


def model(outputs) -> dict[str, Any]:
    return torch.load(outputs["model"], weights_only=True)


@pytest.mark.parametrize("ema", [None, 0.9])
def test_a_frozen_encoder_keeps_its_weights_and_its_statistics_to_the_bit(cohort, told, first, ema):
    told["training"] |= {"ema": ema, "epochs": 4, "weight_decay": 0.1}
    before, after = model(first), model(run(cohort, told, first))
    assert any("running" in name for name in before["encoder"])
    for name, values in before["encoder"].items():
        assert torch.equal(after["encoder"][name], values), name
    whole, again = (read_npz(outputs["features"]) for outputs in (first, cohort.outputs("stage")))
    np.testing.assert_array_equal(whole["features"], again["features"])


def test_the_head_of_a_frozen_encoder_learns_what_a_linear_layer_on_its_features_would(
    cohort, told, first
):
    """The oracle: Adam on a linear layer, batch by batch, on the features that were written."""
    told["training"] |= {"epochs": 2, "weight_decay": 0.0, "lr_decay": 1.0}
    learned = model(run(cohort, told, first))["head"]
    found = read_npz(first["features"])
    at = [found["scan_id"].tolist().index(f"sub-{i:02d}") for i in cohort.train]
    features = torch.from_numpy(found["features"][at])
    ages = torch.from_numpy(cohort.ages[cohort.train])
    wanted = ((ages - ages.mean()) / ages.std(correction=0)).float()
    torch.manual_seed(0)
    layer = training_head(told, features.shape[1])
    steps = torch.optim.Adam(layer.parameters(), lr=told["training"]["learning_rate"])
    size = told["training"]["batch_size"]
    for epoch in range(2):
        shared = np.random.SeedSequence([0, epoch]).generate_state(2)
        torch.manual_seed(int(shared[0]))
        for batch in torch.randperm(18).split(size):
            if len(batch) * 4 < size:
                continue
            loss = (layer(features[batch]).squeeze(1) - wanted[batch]).abs().mean()
            steps.zero_grad()
            loss.backward()
            steps.step()
    torch.testing.assert_close(learned["0.weight"], layer.weight.data, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(learned["0.bias"], layer.bias.data, rtol=1e-4, atol=1e-5)


def training_head(told: dict[str, Any], width: int) -> torch.nn.Linear:
    """The linear head with the weights that a network of this seed begins with."""
    from contrage.learning.model import Model

    network = Model(told["training"]["encoder"], (10, 12, 8), [1])
    assert network.encoder.width == width
    return network.head[0]


def test_with_train_all_the_encoder_learns_on_from_where_it_was(cohort, told, first):
    told |= {"train": "all"}
    told["training"]["epochs"] = 1
    before, after = model(first)["encoder"], model(run(cohort, told, first))["encoder"]
    weights = [name for name in before if name.endswith("weight")]
    assert not all(torch.equal(after[name], before[name]) for name in weights)
    moved = max(float((after[name] - before[name]).abs().max()) for name in weights)
    assert moved < 0.1, "three steps of Adam at 1e-3 from the start, not from other weights"


def test_the_model_and_the_features_say_where_the_stage_began_and_from_whom_was_learned(
    cohort, told, first
):
    outputs = run(cohort, told, first)
    saved, found = model(outputs), read_npz(outputs["features"])
    learned = sorted(["phantom", f"sub-{i:02d}"] for i in cohort.train)
    assert saved["start_epoch"] == found["start_epoch"] == 3
    assert saved["learned_from"] == learned
    assert "learned_from" not in model(first)


def test_of_a_start_that_stopped_early_the_best_epoch_is_told(cohort, told, settings, caplog):
    stop = {"on": "inner", "fraction": 0.3, "patience": 1, "every": 1}
    settings["training"] |= {"early_stop": stop, "epochs": 9, "learning_rate": 0.1}
    settings["probe"] = {"alphas": [1.0]}
    outputs = cohort.outputs("first")
    train(asked(settings), **cohort.inputs, **outputs)
    best = model(outputs)["epoch"]
    with caplog.at_level("INFO"):
        found = read_npz(run(cohort, told, outputs)["features"])
    assert found["start_epoch"] == best < 9
    assert f"weights of epoch {best}, the best of at most 9" in caplog.text


def other_people(cohort, folder: str, ids, train) -> dict[str, Path]:
    """Scans and a split in which others have been learned from."""
    place = cohort.folder / folder
    place.mkdir()
    lines = ["scan_id\tparticipant_id\tage\tsite\trow"]
    lines += [f"{name}\t{name}\t50\tn/a\t{row}" for row, name in enumerate(ids)]
    (place / "scans.tsv").write_text("\n".join(lines) + "\n")
    fold = {"fold": 0, "train": train, "test": [name for name in ids if name not in train]}
    (place / "split.json").write_text(json.dumps({"folds": [fold]}))
    return {"start_scans": place / "scans.tsv", "start_split": place / "split.json"}


def test_whoever_was_learned_from_before_must_not_be_tested(cohort, told, first):
    tested = f"sub-{cohort.test[0]:02d}"
    files = other_people(cohort, "other", [tested, "sub-90"], [tested])
    with pytest.raises(LeakageError, match=rf"{tested} \(1 in all\) has the role test in fold 0"):
        run(cohort, told, first, **files)
    assert not cohort.outputs("stage")["model"].exists()


@pytest.mark.parametrize("role", ["external", "predict"])
def test_nor_have_another_role_whose_predictions_are_told(cohort, told, first, role):
    split = json.loads((cohort.folder / "split.json").read_text())
    moved = split["folds"][0]["test"].pop()
    split["folds"][0][role] = [moved]
    (cohort.folder / "split.json").write_text(json.dumps(split))
    files = other_people(cohort, "other", [moved], [moved])
    with pytest.raises(LeakageError, match=f"has the role {role}"):
        run(cohort, told, first, **files)


def of_cohort(first, name: str | None) -> None:
    """Let the model file say another cohort, or none, as those of older versions."""
    content = model(first)
    content["settings"].pop("cohort", None)
    content["settings"] |= {"cohort": name} if name else {}
    torch.save(content, first["model"])


def unlike(cohort) -> dict[str, Path]:
    """Somebody tested was learned from under an id with another number of zeros."""
    name = f"sub-{cohort.test[0]:03d}"
    return other_people(cohort, "other", [name], [name])


def test_an_id_of_another_cohort_is_the_same_persons_unless_that_is_denied(cohort, told, first):
    files = unlike(cohort)
    of_cohort(first, "else")
    with pytest.raises(LeakageError, match=f"sub-{cohort.test[0]:02d}"):
        run(cohort, told, first, **files)
    told["start"]["same_people"] = False
    assert run(cohort, told, first, **files)["model"].exists()


def test_within_one_cohort_ids_are_compared_to_the_letter_whatever_experiment_it_was(
    cohort, told, first
):
    assert run(cohort, told, first, **unlike(cohort))["model"].exists()


def test_one_cohort_has_no_other_people_of_its_ids_and_an_unknown_one_may_be_it(
    cohort, told, first
):
    told["start"]["same_people"] = False
    with pytest.raises(SettingsError, match=r"rows\.probe\.from\.same_ids: .* the cohort phantom;"):
        run(cohort, told, first)
    of_cohort(first, None)
    with pytest.raises(SettingsError, match=r"does not say from which cohort .* train it again"):
        run(cohort, told, first)
    told["start"]["same_people"] = True
    with pytest.raises(LeakageError):
        run(cohort, told, first, **unlike(cohort))


def test_people_of_a_training_before_the_start_count_as_well(cohort, told, first):
    tested = f"sub-{cohort.test[0]:02d}"
    content = model(first) | {"learned_from": [["phantom", tested]]}
    torch.save(content, first["model"])
    with pytest.raises(LeakageError, match=tested):
        run(cohort, told, first)


def test_a_stage_is_told_apart_by_its_start_and_goes_on_after_an_interruption(
    cohort, told, first, monkeypatch
):
    whole = run(cohort, told, first, "whole")
    epochs = []

    def stops(state, inputs):
        if len(epochs) == 2:
            raise KeyboardInterrupt
        epochs.append(state.epoch)
        run_epoch(state, inputs)

    run_epoch = training.run_epoch
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(training, "run_epoch", stops)
    with pytest.raises(KeyboardInterrupt):
        run(cohort, told, first, "cut")
    monkeypatch.setattr(training, "run_epoch", run_epoch)
    cut = run(cohort, told, first, "cut")
    assert epochs == [0, 1]
    for part in ("encoder", "head"):
        for name, values in model(whole)[part].items():
            assert torch.equal(model(cut)[part][name], values)


def test_an_early_stop_of_a_stage_judges_what_the_head_predicts(cohort, told, first):
    stop = {"on": "inner", "fraction": 0.3, "patience": None, "every": 1}
    told["training"] |= {"early_stop": stop, "epochs": 4, "learning_rate": 0.05}
    told["probe"] = {"alphas": [1.0]}
    curve = run(cohort, told, first)["curve"].read_text().splitlines()
    at = curve[0].split("\t").index("validation_mae")
    errors = [float(line.split("\t")[at]) for line in curve[1:]]
    assert len(set(errors)) == 4, "the features of a frozen encoder would give one error alone"


def test_weights_that_people_of_role_val_have_not_chosen_are_not_the_best(cohort, told, first):
    told["start"]["checkpoint"] = "best"
    with pytest.raises(SettingsError, match=r"rows\.probe\.from\.checkpoint: best is the epoch"):
        run(cohort, told, first)


def test_another_encoder_is_refused_with_both_names(cohort, told, first):
    told["training"]["encoder"] = "sfcn"
    with pytest.raises(ContrageError, match=r"holds the encoder small, but training\.encoder is"):
        run(cohort, told, first)


def test_people_of_a_merged_cohort_are_those_of_its_members(cohort, told, first):
    tested = f"sub-{cohort.test[0]:02d}"
    label = tested.removeprefix("sub-")
    ids = [f"sub-phantom-{label}", "sub-else-90"]
    files = other_people(cohort, "merged", ids, ids[:1])
    lines = files["start_scans"].read_text().splitlines()
    table = [f"{lines[0]}\tcohort", f"{lines[1]}\tphantom", f"{lines[2]}\telse"]
    files["start_scans"].write_text("\n".join(table) + "\n")
    of_cohort(first, "phantom-else")
    told["start"]["same_people"] = False
    with pytest.raises(LeakageError, match=rf"{tested} \(1 in all\)"):
        run(cohort, told, first, **files)


def test_a_training_after_a_pretraining_looks_at_the_people_of_both(cohort, settings, first):
    tested = f"sub-{cohort.test[0]:02d}"
    files = other_people(cohort, "other", [tested, "sub-90"], [tested])
    given = {**cohort.inputs, **cohort.outputs("second"), "start_from": first["model"], **files}
    with pytest.raises(LeakageError, match=rf"{tested} .* the pre-training, from which exp starts"):
        train(asked(settings), **given)
    given |= other_people(cohort, "third", ["sub-90", "sub-91"], ["sub-90"])
    train(asked(settings), **given)
    assert given["model"].exists()
    kept = model({"model": given["model"]})
    assert kept["learned_from"] == [["phantom", "sub-90"]] and "start_epoch" not in kept


def test_a_stage_after_a_pretrained_row_is_not_tested_on_those_of_the_pretraining(
    cohort, told, settings, first
):
    """The middle training tests nobody of the pre-training; the stage after it does."""
    tested = f"sub-{cohort.test[0]:02d}"
    before = other_people(cohort, "before", [tested, "sub-91"], [tested])
    middle = cohort.outputs("middle")
    split = json.loads((cohort.folder / "split.json").read_text())
    split["folds"][0]["test"].remove(tested)
    (cohort.folder / "middle.json").write_text(json.dumps(split))
    given = {**cohort.inputs, "split": cohort.folder / "middle.json", **before}
    train(asked(settings), **given, **middle, start_from=first["model"])
    with pytest.raises(LeakageError, match=tested):
        run(cohort, told, middle)
    again = cohort.outputs("again")
    train(asked(settings), **cohort.inputs, **again, start_from=middle["model"])
    assert model(again)["learned_from"] == model(middle)["learned_from"] == [["phantom", tested]]


def seen_by_the_encoder(monkeypatch) -> list[int]:
    """How many images each pass of an encoder has."""
    from contrage.learning import model

    seen, build = [], model.build

    def watched(*given):
        encoder = build(*given)
        encoder.register_forward_pre_hook(lambda _, images: seen.append(len(images[0])))
        return encoder

    monkeypatch.setattr(model, "build", watched)
    return seen


def test_a_frozen_encoder_sees_each_training_scan_once_and_the_head_learns_as_if_at_each_epoch(
    cohort, told, first, monkeypatch
):
    from contrage.learning.loop import epoch

    told["training"] |= {"epochs": 5, "learning_rate": 0.01}
    seen = seen_by_the_encoder(monkeypatch)
    once = model(run(cohort, told, first, "once"))
    assert sum(seen) == 18 + 24, "training scans before, and all scans' features at the end"
    monkeypatch.setattr(epoch, "encoded", lambda *_: None)
    seen.clear()
    again = model(run(cohort, told, first, "again"))
    assert sum(seen) > 5 * 16 + 24
    for name, values in once["head"].items():
        torch.testing.assert_close(values, again["head"][name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "own",
    [
        {"augmentation": ["noise"]},
        {"mixup": {"kind": "mixup", "alpha": 2.0, "bandwidth": None, "include_self": True}},
    ],
)
def test_images_that_differ_from_epoch_to_epoch_are_encoded_in_each(
    cohort, told, first, monkeypatch, own
):
    told["training"] |= {"epochs": 2, **own}
    seen = seen_by_the_encoder(monkeypatch)
    run(cohort, told, first)
    assert sum(seen) >= 2 * 16 + 24
