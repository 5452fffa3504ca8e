"""Text becomes what the schema asks for, from files and from the command line."""

from __future__ import annotations

import copy
import json

import pytest
import yaml
from snakemake.utils import update_config, validate

from contrage.settings import demo
from contrage.settings import door as settings
from contrage.settings.meaning import fill_defaults


def without_references(part):
    """The schema as Snakemake filled in defaults from it: free blocks have none."""
    if isinstance(part, dict):
        return {key: without_references(value) for key, value in part.items() if key != "$ref"}
    return part


def test_every_configuration_of_the_repository_means_what_snakemake_reads(root, schema, tmp_path):
    oracle = tmp_path / "schema.yaml"
    oracle.write_text(yaml.safe_dump(without_references(schema)))
    default = root / "config/config.yaml"
    for file in sorted((root / "config").glob("*.yaml")):
        expected = yaml.safe_load(default.read_text())
        update_config(expected, yaml.safe_load(file.read_text()))
        validate(expected, str(oracle))
        demo.describe(expected)
        fill_defaults(expected["pretraining"]["cohort"], schema["properties"]["cohort"])
        found = settings.read([default, file], [], schema)
        assert found == expected, file
        assert yaml.safe_dump(found) == yaml.safe_dump(copy.deepcopy(expected)), file
        assert settings.complete(found, schema) == found


@pytest.mark.parametrize(
    ("text", "block", "key", "value"),
    [
        ("training: {learning_rate: 1e-4}", "training", "learning_rate", 1e-4),
        ("training: {weight_decay: 1E5}", "training", "weight_decay", 1e5),
        ("training: {learning_rate: .5}", "training", "learning_rate", 0.5),
        ("training: {learning_rate: 1}", "training", "learning_rate", 1),
        ("training: {epochs: 2.0}", "training", "epochs", 2),
        ("training: {epochs: '2'}", "training", "epochs", 2),
        ("training: {epochs: 1_000}", "training", "epochs", 1000),
        ("training: {seeds: [1.0, '2']}", "training", "seeds", [1, 2]),
        ("training: {compile: yes, deterministic: x}", "training", None, None),
        ("training: {compile: yes}", "training", "compile", True),
        ("training: {channels_last: OFF}", "training", "channels_last", False),
        ("training: {gradient_clip: ~}", "training", "gradient_clip", None),
        ("training: {gradient_clip: None}", "training", "gradient_clip", None),
        ("cohort: {entities: {acq: none}}", "cohort", "entities", {"acq": "none"}),
        ("cohort: {entities: {run: 1, echo: 01}}", "cohort", "entities", {"run": 1, "echo": "01"}),
        (
            "cohort: {entities: {run: first, ce: ~, acq: NO, T1w: {part: any, desc: $HOME}}}",
            "cohort",
            "entities",
            {
                **{"run": "first", "ce": None, "acq": "NO"},
                "T1w": {"part": "any", "desc": "$HOME"},
            },
        ),
        ("training: {early_stop:  }", "training", "early_stop", None),
        ("dataset: {voxel_mm: '2'}", "dataset", "voxel_mm", 2),
        ("dataset: {voxel_mm: 2.0}", "dataset", "voxel_mm", 2),
        (
            "dataset: {leave_out: {012: NO, on: 7}}",
            "dataset",
            "leave_out",
            {"012": "NO", "on": "7"},
        ),
        ("preprocessing:\n  # skull_strip: x\ndataset:\n  split:\n", "dataset", "voxel_mm", 4),
        (
            "training: {augmentation: {noise: }}",
            "training",
            "augmentation",
            {"noise": {"sd": 0.05}},
        ),
        ("losses: {exp: {sigma: 1e-1}}", "losses", "exp", {"sigma": 0.1}),
        ("losses: {exp: {kernel: rbf, x: 'no', y: no}}", "losses", "exp", {"x": "no", "y": False}),
        (
            "search: {rows: {exp: {sigma: [1, 2e0]}}}",
            "search",
            "rows",
            {"exp": {"sigma": [1, 2.0]}},
        ),
        ("pretraining: {training: {epochs: '3'}}", "pretraining", "training", {"epochs": 3}),
    ],
)
def test_what_is_written_in_a_file_is_taken_as_meant(read, said, text, block, key, value):
    if key is None:
        assert said(text)
        return
    found = read(text)[block][key]
    if isinstance(value, dict):
        found = {name: found[name] for name in value}
        if block == "training":
            found = {name: {"sd": inner["sd"]} for name, inner in found.items()}
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("name", ["007", "NO", "12", "1e3", "2020-01-05", "on", "0o17"])
def test_names_keep_their_zeros_and_letters(read, name):
    content = read(f"experiment: {name}\ncohort: {{name: {name}}}\n")
    assert (content["experiment"], content["cohort"]["name"]) == (name, name)
    assert read(arguments=(f"experiment={name}",))["experiment"] == name


def test_values_of_a_table_are_numbers_only_to_the_letter(read):
    exclude = "[NO, 010, 1, 1.5, 1.50, '2', 2020-01-05, 12:30]"
    content = read(f"cohort: {{table: {{exclude: {{site: {exclude}}}}}}}")
    expected = ["NO", "010", 1, 1.5, "1.50", "2", "2020-01-05", "12:30"]
    assert content["cohort"]["table"]["exclude"]["site"] == expected


@pytest.mark.parametrize(
    ("argument", "block", "expected"),
    [
        ('training={"epochs": 2}', "training", {"epochs": 2}),
        ("training={'epochs': 2, 'gradient_clip': None, 'compile': True}", "training", None),
        ('training={"seeds": ["0", "1"], "learning_rate": "1e-4"}', "training", None),
        ('training={"gradient_clip": null, "compile": TRUE}', "training", {"gradient_clip": None}),
        ('losses={"exp": {"sigma": "3", "kernel": "rbf"}}', "losses", {"exp": {"sigma": 3}}),
        (
            'search={"rows": {"exp": {"sigma": {"low": "1", "high": 1e1, "kind": "log"}}}}',
            "search",
            None,
        ),
        ('cohort={"path": ""}', "cohort", {"path": ""}),
        ("training=", "training", {"epochs": 30}),
    ],
)
def test_nested_values_of_the_command_line_have_their_kinds(read, argument, block, expected):
    found = read(arguments=(argument,))[block]
    for key, value in (expected or {}).items():
        part = found[key]
        if isinstance(value, dict):
            part = {name: part[name] for name in value}
        assert part == value and type(part) is type(value)
    if "seeds" in argument:
        assert (found["seeds"], found["learning_rate"]) == ([0, 1], 1e-4)
    if "True" in argument:
        assert (found["epochs"], found["gradient_clip"], found["compile"]) == (2, None, True)
    if "low" in argument:
        assert found["rows"]["exp"]["sigma"] == {"low": 1, "high": 10.0, "kind": "log"}


def test_text_of_the_command_line_may_look_like_yaml(read):
    sentence = "Ages: from 20 to 80, {all} of [them] # here"
    assert read(arguments=(f"description={sentence}",))["description"] == sentence
    assert read("description: mine", arguments=("description=",))["description"] != "mine"


def test_the_command_line_counts_most_and_later_files_more(read):
    content = read(
        "training: {epochs: 2, batch_size: 4}\n",
        "training: {epochs: 3}\n",
        arguments=('training={"epochs": 4}', "experiment=x", "experiment=y"),
    )
    assert (content["training"]["epochs"], content["training"]["batch_size"]) == (4, 4)
    assert content["experiment"] == "y"


def test_an_empty_block_takes_nothing_from_an_earlier_file(read):
    content = read("training: {seeds: [5], epochs: 2}\n", "training:\n  # epochs: 3\n")
    assert content["training"]["seeds"] == [5]
    content = read("training: {seeds: [5]}\n", "training:\n  seeds:\n  # - 1\n")
    assert content["training"]["seeds"] == [5]


@pytest.mark.parametrize("key", ["null", '"null"'])
def test_a_key_that_yaml_takes_for_nothing_is_a_key(read, key):
    text = f"benchmark: {{{key}: [rnc]}}"
    assert read(text)["benchmark"]["null"] == ["rnc"]
    assert read(arguments=(f"benchmark={{{key}: []}}",))["benchmark"]["null"] == []


def test_a_workflow_that_hands_that_key_over_has_it_as_none(schema):
    config = settings.complete({"benchmark": {None: ["l1"]}}, schema)
    assert config["benchmark"]["null"] == ["l1"]


def test_what_a_workflow_hands_over_stays_as_it_is(schema):
    given = {"training": {"epochs": 2.0, "learning_rate": "1e-4"}}
    content = settings.complete(given, schema)
    assert (content["training"]["epochs"], content["training"]["learning_rate"]) == (2, 1e-4)
    assert given == {"training": {"epochs": 2.0, "learning_rate": "1e-4"}}


def test_keys_that_yaml_has_read_as_numbers_are_text(schema):
    roles = {1: "train", 2.5: "test", "n/a": "none", False: "predict"}
    config = settings.complete({"dataset": {"split": {"scheme": "given", "roles": roles}}}, schema)
    found = config["dataset"]["split"]["roles"]
    assert found == {"1": "train", "2.5": "test", "n/a": "none", "false": "predict"}
    assert json.dumps(config, sort_keys=True)
