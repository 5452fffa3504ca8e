"""What is said of a configuration that cannot be: a line for each mistake."""

from __future__ import annotations

import pytest

from contrage.cohort.bids_folder.images import FOLDERS
from contrage.errors import SettingsError
from contrage.settings import door as settings
from contrage.settings.words import PATTERNS


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("trainning: {epochs: 3}", "trainning: no such key; did you mean training?"),
        ("epochs: 3", "epochs: no such key; did you mean training.epochs?"),
        ("seed: 3", "seed: no such key; did you mean training.seeds?"),
        ("training: {epoch: 3}", "training.epoch: no such key; did you mean training.epochs?"),
        (
            "training: {Batch-Size: 3}",
            "training.Batch-Size: no such key; did you mean training.batch_size?",
        ),
        (
            "training: {voxel_mm: 3}",
            "training.voxel_mm: no such key; did you mean "
            "preprocessing.registration.voxel_mm or dataset.voxel_mm?",
        ),
        (
            "test_fractoin: 0.3",
            "test_fractoin: no such key; did you mean dataset.split.test_fraction?",
        ),
        ("probe: {zzz: 1}", "probe.zzz: no such key; probe has alpha, unseen, alphas, folds"),
        (
            "training.epochs: 3",
            "training.epochs: no such key; write one block inside the other: training: {epochs: …}",
        ),
        (
            "training: {epochs:3}",
            "training.epochs:3: no such key; a space is missing after the colon (epochs: 3)",
        ),
        (
            "pretraining: {epochs: 3}",
            "pretraining.epochs: no such key; did you mean pretraining.training.epochs?",
        ),
        (
            "pretraining: {training: {epoch: 3}}",
            "pretraining.training.epoch: no such key; did you mean pretraining.training.epochs?",
        ),
        (
            "pretraining: {training: {epochs: 0}}",
            "pretraining.training.epochs: 0 is not possible; it takes a whole number of at least 1",
        ),
        (
            "training: {epochs: 2.5}",
            "training.epochs: 2.5 is not possible; it takes a whole number of at least 1",
        ),
        (
            "training: {epochs: many}",
            "training.epochs: many is not possible; it takes a whole number of at least 1",
        ),
        (
            "training: {epochs: true}",
            "training.epochs: true is not possible; it takes a whole number of at least 1",
        ),
        (
            "training: {epochs: }",
            "training.epochs: there is no value; give a whole number of at least 1, or leave "
            "the line out",
        ),
        (
            "training: {device: gpu}",
            "training.device: gpu is not possible; it takes auto, cuda or cpu",
        ),
        ("training: {compile: 1}", "training.compile: 1 is not possible; it takes true or false"),
        (
            "training: {gradient_clip: 0}",
            "training.gradient_clip: 0 is not possible; it takes a number above 0, or null",
        ),
        (
            "training: {start_from: ''}",
            'training.start_from: "" is not possible; it takes a path, or null',
        ),
        (
            "training: {seeds: 0}",
            "training.seeds: 0 is not possible; it takes a list of 1 or more, each a whole "
            "number of at least 0; write a list: [0], or [0, …] for several",
        ),
        ("training: {seeds: [1, 1]}", "training.seeds: 1 stands there twice"),
        (
            "training: {seeds: [1, x]}",
            "training.seeds: x is not possible; it takes a whole number of at least 0",
        ),
        (
            "training: {head: [3, 2, 1]}",
            "training.head: [3, 2, 1] is not possible; it takes a list of 0 to 2, each a "
            "whole number of at least 1",
        ),
        ("training: 5", "training: 5 is not possible; it takes a block of keys"),
        (
            "training: {early_stop: {patience: 0}}",
            "training.early_stop.patience: 0 is not possible; it takes a whole number of at "
            "least 1, or null",
        ),
        (
            "training: {early_stop: {patienc: 1}}",
            "training.early_stop.patienc: no such key; did you mean training.early_stop.patience?",
        ),
        (
            "training: {augmentation: [flop]}",
            "training.augmentation: flop is not possible; it takes flip, affine, cutout, "
            "crop, intensity, noise or all",
        ),
        (
            "benchmark: {losses: exp}",
            "benchmark.losses: exp is not possible; it takes all, or a list of 1 or more, "
            "each text; write a list: [exp], or [exp, …] for several",
        ),
        ("benchmark: {losses: [exp, exp]}", "benchmark.losses: exp stands there twice"),
        (
            "losses: {Exp!: {}}",
            "losses.Exp!: not possible as a name; use small letters, digits, - and _, with a "
            "letter or digit first",
        ),
        (
            "experiment: ../up",
            "experiment: ../up is not possible; it takes text of letters, digits, - and _, "
            "with a dot between them",
        ),
        (
            "search: {rows: {exp: {sigma: {low: 1}}}}",
            "search.rows.exp.sigma: it lacks high and kind; give low, high, kind",
        ),
        (
            "search: {rows: {exp: {}}}",
            "search.rows.exp: there is nothing in it; name at least one key, or leave it out",
        ),
        (
            "dataset: {split: {test_fraction: 0.9}}",
            "dataset.split.test_fraction: 0.9 is not possible; it takes a number from 0.05 to 0.5",
        ),
        ("training: {batch_size: 010}", "training.batch_size: 010 is octal in YAML (8); write 10"),
        ("training: {batch_size: 08}", "training.batch_size: 08 begins with a zero; write 8"),
        ("training: {batch_size: 0o17}", "training.batch_size: 0o17 is octal; write 15"),
        ("training: {batch_size: 0x10}", "training.batch_size: 0x10 is hexadecimal; write 16"),
        (
            "training: {epochs: 1:30}",
            "training.epochs: 1:30 is a number to the base of 60 in YAML; write a plain number",
        ),
        (
            "training: {epochs: 2020-01-05}",
            "training.epochs: 2020-01-05 is a date in YAML; write a number, or text in "
            "quotation marks",
        ),
        ("training: {learning_rate: .inf}", "training.learning_rate: .inf is no finite number"),
        ("losses: {exp: {sigma: -.inf}}", "losses.exp.sigma: -.inf is no finite number"),
        ("losses: {exp: {sigma: inf}}", "losses.exp.sigma: inf is no finite number"),
        (
            "training:\n  learning_rate: 0,001",
            "training.learning_rate: 0,001 has a comma; write 0.001",
        ),
        ("losses: {exp: {sigma: 010}}", "losses.exp.sigma: 010 is octal in YAML (8); write 10"),
        (
            "cohort: {entities: {acqq: highres}}",
            "cohort.entities.acqq: no such key; did you mean cohort.entities.acq?",
        ),
        (
            "cohort: {entities: {T1: {acq: a}}}",
            "cohort.entities.T1: no such key; did you mean cohort.entities.T1w?",
        ),
        (
            "cohort: {entities: {acquisition: a}}",
            "cohort.entities.acquisition: no such key; did you mean cohort.entities.acq?",
        ),
        (
            "cohort: {entities: {mask: {rn: 1}}}",
            "cohort.entities.mask.rn: no such key; did you mean cohort.entities.mask.run?",
        ),
        (
            "cohort: {entities: {T1w: {ses: a}}}",
            "cohort.entities.T1w.ses: each session has a folder, and all are taken; name those to "
            "leave out in the file that cohort.exclude gives",
        ),
        (
            "cohort: {entities: {T1w: {mask: a}}}",
            "cohort.entities.T1w.mask: no such key; images are chosen by acq, ce, rec, dir, run, "
            "echo, flip, inv, mt, part, space, desc and 21 more. Name files that differ in mask "
            "by one of these, such as acq",
        ),
        (
            "cohort: {entities: {T1w: highres}}",
            "cohort.entities.T1w: highres is not possible; it takes a block of keys",
        ),
        (
            "cohort: {entities: {acq: [a]}}",
            'cohort.entities.acq: ["a"] is not possible; it takes a whole number, or text, or null',
        ),
        (
            "pretraining: {cohort: {entities: {acqq: a}}}",
            "pretraining.cohort.entities.acqq: no such key; did you mean "
            "pretraining.cohort.entities.acq?",
        ),
    ],
)
def test_a_mistake_is_one_line_with_its_key_and_what_is_possible(said, text, line):
    assert said(text) == [line]


def test_all_mistakes_are_told_at_once_but_no_more_than_ten(said):
    assert len(said("trainning: {}\ntraining: {epochs: 0, batch_size: 010}\n")) == 3
    many = said("\n".join(f"key{number}: 1" for number in range(14)))
    assert len(many) == 11 and many[-1] == "and 4 more"


def test_a_long_value_is_shortened(said):
    (line,) = said(f"training: {{epochs: {'x' * 500}}}")
    assert len(line) < 200


def test_a_mistake_on_the_command_line_is_told_alike(said):
    assert said(arguments=('training={"epoch": 3}',)) == [
        "training.epoch: no such key; did you mean training.epochs?"
    ]
    assert said(arguments=("exprmt=3",)) == ["exprmt: no such key; did you mean experiment?"]
    assert said(arguments=('training={"epochs": 3',))[0].startswith(
        "--config training: line 1 cannot"
    )
    assert "stands there twice" in said(arguments=("training={epochs: 1, epochs: 2}",))[0]


def test_keys_of_the_pretraining_are_named_as_such(schema):
    with pytest.raises(SettingsError, match=r"^pretraining\.training\.epochs: 0 is not possible"):
        settings.complete({"training": {"epochs": 0}}, schema, prefix="pretraining.")
    with pytest.raises(SettingsError, match=r"^pretraining\.epochs: .*pretraining\.training"):
        settings.complete({"epochs": 0}, schema, prefix="pretraining.")


def test_every_pattern_of_the_schemas_has_words(schema, root):
    def patterns(part):
        if isinstance(part, dict):
            found = {part["pattern"]} if isinstance(part.get("pattern"), str) else set()
            return found.union(*map(patterns, part.values()))
        return set().union(*map(patterns, part)) if isinstance(part, list) else set()

    of_study = settings.load_schema(root / "workflow/schemas/study.schema.yaml")
    assert patterns(schema) | patterns(of_study) == set(PATTERNS)


def test_every_experiment_of_the_repository_names_its_own_data(root, schema):
    for file in (root / "config").glob("*.yaml"):
        settings.read([root / "config/config.yaml", file], [], schema)


def test_images_are_chosen_by_the_kinds_that_are_looked_for(schema):
    entities = schema["properties"]["cohort"]["properties"]["entities"]
    kinds = entities["propertyNames"]["anyOf"][0]["enum"]
    assert set(kinds) == set(entities["properties"]) == set(FOLDERS)
