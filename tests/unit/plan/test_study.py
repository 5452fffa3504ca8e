"""A study's overlays as whole configurations, and what of a study is refused."""

from __future__ import annotations

import math
import re
import time
from pathlib import Path

import pytest

from contrage.errors import SettingsError
from contrage.plan import refuse, study
from contrage.settings.door import load_schema
from contrage.settings.yaml_door import read_file, read_text

BASE = """
study: small
base:
  cohort: {source: phantom, phantom: {participants: 12}}
  benchmark: {losses: [l1, exp], pretrained: []}
  training: {epochs: 2}
"""
TWO = f"""{BASE}
overlays:
  plain: {{}}
  small-batch: {{training: {{batch_size: 8}}}}
"""


@pytest.fixture(scope="module")
def schemas(root: Path):
    names = ("config", "study")
    return [load_schema(root / f"workflow/schemas/{name}.schema.yaml") for name in names]


@pytest.fixture(scope="module")
def below(root: Path):
    return read_file(root / "config/config.yaml")


@pytest.fixture
def expand(schemas, below):
    """The study of a text, and of further layers."""

    def of(*texts: str) -> study.StudyPlan:
        return study.expand([read_text(text, "study.yaml") for text in texts], below, *schemas)

    return of


def refusal(expand, *texts: str) -> str:
    with pytest.raises(SettingsError) as error:
        expand(*texts)
    return str(error.value)


def test_an_overlay_is_a_whole_configuration_over_the_base(expand):
    found = expand(TWO).overlays
    assert list(found) == ["plain", "small-batch"]
    plain, small = (each.config for each in found.values())
    assert plain["experiment"] == "small-plain" and small["experiment"] == "small-small-batch"
    assert plain["training"]["epochs"] == small["training"]["epochs"] == 2
    assert (plain["training"]["batch_size"], small["training"]["batch_size"]) == (16, 8)
    assert small["training"]["weight_decay"] == 5e-5
    assert found["small-batch"].slug == "small_batch"


def test_an_overlay_that_is_alone_in_a_study_is_a_configuration_as_any(expand, root, schemas):
    from contrage.settings.door import read

    text = BASE.replace("study: small", "") + "overlays: {one: {}}"
    own = read_text(text, "x")["base"] | {"experiment": "small-one"}
    files = [root / "config/config.yaml"]
    alone = read(files, [f"{key}={_as_json(value)}" for key, value in own.items()], schemas[0])
    assert expand(BASE + "overlays: {one: {}}").overlays["one"].config == alone


def _as_json(value) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value)


def test_a_grid_makes_an_overlay_of_each_value(expand):
    text = f"{TWO}grids: {{size: {{dataset.subset.fraction: [.25, 0.5], overlay: small-batch}}}}"
    found = expand(text).overlays
    assert list(found) == ["plain", "small-batch", "size-0.25", "size-0.5"]
    quarter = found["size-0.25"]
    assert quarter.config["experiment"] == "small-size-0.25"
    assert quarter.config["dataset"]["subset"]["fraction"] == 0.25
    assert quarter.config["training"]["batch_size"] == 8
    assert quarter.grid == "size" and quarter.values == {"dataset.subset.fraction": "0.25"}
    assert quarter.slug == "size_0_25"


def test_a_grid_of_two_keys_has_all_combinations_and_values_may_have_names(expand):
    text = f"""{TWO}
grids:
  mix: {{losses.supremix.beta: {{few: [1, 8], even: [5.0, 5.0]}}, training.epochs: [1, 3]}}
"""
    found = expand(text).overlays
    names = ["mix-few-1", "mix-few-3", "mix-even-1", "mix-even-3"]
    assert list(found)[2:] == names
    got = [found[name].config for name in names]
    assert [each["losses"]["supremix"]["beta"] for each in got] == [[1, 8], [1, 8], [5, 5], [5, 5]]
    assert [each["training"]["epochs"] for each in got] == [1, 3, 1, 3]


def test_batch_bins_window_and_beta_are_swept_by_grids(expand):
    text = f"""{TWO}
grids:
  gamma: {{losses.supremix.window: [1, .inf], losses.supremix.window_in: [targets]}}
  beta: {{losses.supremix.beta: [[2, 8], [8, 2]]}}
  bins: {{losses.supremix.bin_width: [1, 5]}}
  batch: {{training.batch_size: [4, 32]}}
"""
    found = expand(text).overlays
    assert list(found)[2:] == [
        *("gamma-1-targets", "gamma-inf-targets", "beta-2-8", "beta-8-2"),
        *("bins-1", "bins-5", "batch-4", "batch-32"),
    ]
    settings = {name: each.config["losses"].get("supremix") for name, each in found.items()}
    assert settings["gamma-inf-targets"]["window"] == math.inf
    assert settings["beta-8-2"]["beta"] == [8, 2]
    assert settings["bins-5"]["bin_width"] == 5
    for each in found.values():
        refuse.check_rows_and_data(each.config)


def test_a_later_layer_counts_more_also_of_the_command_line(expand):
    found = expand(
        TWO, "base: {training: {epochs: 5}}", "overlays: {third: {training: {views: 1}}}"
    )
    assert [each.config["training"]["epochs"] for each in found.overlays.values()] == [5, 5, 5]
    assert found.overlays["third"].config["training"]["views"] == 1


def test_a_run_may_be_of_some_overlays(expand):
    found = expand(TWO, "study_only: small-*")
    assert list(found.planned) == ["small-batch"] and list(found.overlays) == [
        "plain",
        "small-batch",
    ]
    assert list(expand(TWO, "study_only: 'plain, small-batch'").planned) == ["plain", "small-batch"]
    assert refusal(expand, TWO, "study_only: plane") == (
        "study_only: there is no plane; did you mean plain?"
    )


def test_overlays_that_differ_in_nothing_are_refused(expand):
    assert refusal(expand, TWO, "overlays: {again: {training: {batch_size: 8}}}") == (
        "overlays: small-batch and again differ in nothing; leave one out, or change it"
    )
    same = "grids: {size: {dataset.subset.fraction: [1, 0.5]}}"
    assert refusal(expand, TWO, same).startswith("overlays: plain and size-1 differ in nothing")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("overlays: {odd: {training: {epoch: 3}}}", "overlays.odd.training.epoch: no such key"),
        (
            "overlays: {odd: {training: {epochs: many}}}",
            "overlays.odd.training.epochs: many is not possible",
        ),
        ("base: {training: {epoch: 3}}", "base.training.epoch: no such key"),
        (
            "grids: {size: {dataset.subset.fraction: [2]}}",
            "grids.size.dataset.subset.fraction: 2 is not possible",
        ),
        ("grids: {size: {training.epoch: [2]}}", "grids.size.training.epoch: no such key"),
        ("training: {epochs: 3}", "training: a study says this in base (base.training)"),
        ("overlays: {odd: {experiment: x}}", "overlays.odd.experiment: a study names its"),
        ("overlays: {odd one: {}}", "overlays.odd one: not possible as a name"),
        ("colour: red", "colour: no such key"),
        ("grids: {size: {training.epochs: 3}}", "grids.size.training.epochs: 3 is not possible"),
        ("grids: {size: {training.epochs: [3, 3]}}", "grids.size.training.epochs: values that are"),
        ("grids: {size: {}}", "grids.size: no key in it"),
        (
            "grids: {size: {overlay: plane, training.epochs: [3]}}",
            "grids.size.overlay: there is no",
        ),
    ],
)
def test_what_the_schemas_do_not_know_is_refused_with_its_place(expand, text, said):
    first = refusal(expand, TWO, text).splitlines()
    assert first[0].startswith(said)
    assert len(first) == 1


@pytest.mark.parametrize(
    "grid",
    [
        "dataset.split.test_fraction: [.2, .3]",
        "dataset.split.seed: [1, 2]",
        "dataset.learn_from: {all: {}, women: {sex: [F]}}",
        "target.range: {wide: [0, 120], old: [60, 120]}",
        "cohort.phantom.participants: [12, 20]",
    ],
)
def test_a_grid_that_changes_who_is_tested_is_refused_unless_meant(expand, grid):
    text = f"grids: {{one: {{{grid}}}}}"
    other = BASE + "overlays: {other: {training: {epochs: 9}}}"
    assert re.match(r"grids\.one: [\w.]+ changes who is tested", refusal(expand, other, text))
    meant = text.replace("{one: {", "{one: {changes_test: true, ")
    assert len(expand(other, meant).overlays) == 3


@pytest.mark.parametrize(
    "grid",
    ["target.bin: [1, 5]", "training.seeds: {one: [0], two: [0, 1]}", "training.views: [1, 2]"],
)
def test_a_grid_that_leaves_the_test_as_it_is_needs_no_word(expand, grid):
    added = expand(BASE + "overlays: {other: {training: {epochs: 9}}}", f"grids: {{a: {{{grid}}}}}")
    assert len(added.overlays) == 3


def test_seeds_change_the_test_where_each_has_a_split_of_its_own(expand):
    base = "base: {dataset: {split: {new_split_per_seed: true}}}"
    grid = "grids: {a: {training.seeds: {one: [3], two: [4]}}}"
    assert "grids.a: training.seeds changes who is tested" in refusal(expand, TWO, base, grid)


@pytest.mark.parametrize("other", ["small_batch", "Small-Batch", "small.batch"])
def test_names_that_clash_as_identifiers_are_refused(expand, other):
    said = refusal(expand, TWO, f"overlays: {{{other}: {{training: {{epochs: 7}}}}}}")
    assert said.startswith(f"overlays: small-batch and {other} would be one in names of rules")


def test_a_grid_s_overlay_may_not_have_the_name_of_another(expand):
    text = "overlays: {size-0.5: {training: {epochs: 7}}}"
    said = refusal(expand, TWO, text, "grids: {size: {dataset.subset.fraction: [.5]}}")
    assert said.startswith("overlays: size-0.5 and size-0.5 would be one")


def test_nor_that_of_another_s_pretraining(expand):
    own = "plain: {benchmark: {pretrained: [exp]}}, plain-pretraining: {probe: {folds: 3}}"
    text = f"overlays: {{{own}}}"
    said = refusal(expand, TWO, text)
    assert said.startswith("overlays: plain-pretraining and plain-pretraining would be one")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "tables: {a: {values: mae, overlays: [plane]}}",
            "tables.a.overlays: there is no plane; did you mean plain?",
        ),
        (
            "curves: {a: {y: mae, grid: size}}",
            "curves.a.grid: there is no size; there are none",
        ),
        ("curves: {a: {y: mae}}", "curves.a: it has no points; name a grid, or overlays"),
        (
            "{tables: {a: {values: mae}}, curves: {a: {y: mae, overlays: plain}}}",
            "curves.a: tables has one of this name; rename one",
        ),
        (
            "claims: {one: {asked: x, table: a, value: mae, within: [0, 1]}}",
            "claims.one.table: there is no a; there are none",
        ),
        (
            "{tables: {a: {values: mae}}, claims: {b: {asked: x, table: a, value: mae}}}",
            "claims.b: it needs either rising or within",
        ),
    ],
)
def test_what_is_asked_of_overlays_that_there_are_not_is_refused(expand, text, said):
    assert refusal(expand, TWO, text) == said


ASKED = """
grids: {size: {overlay: plain, dataset.subset.fraction: [.5]}}
tables: {a: {values: [mae, r2], overlays: plain, columns: [overlay, cohort]}}
curves: {c: {grid: size, y: mae}}
figures: {f: {kind: violin, table: gap_people, x: group, y: cole}}
claims: {one: {asked: x, table: a, value: mae, within: [0, 1], of: {overlay: plain}}}
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "figures: {f: {kind: roc}}",
            "figures.f.order: a roc tells the last group of it from the first; name both",
        ),
        (
            "figures: {f: {kind: roc, order: [AD]}}",
            "figures.f.order: a roc tells the last group of it from the first; name both",
        ),
        (
            "figures: {f: {x: ''}}",
            "figures.f.x: a violin needs one; name a column of gap_people",
        ),
        (
            "figures: {f: {kind: scatter, y: ''}}",
            "figures.f.y: a scatter needs one; name a column of gap_people",
        ),
        (
            "tables: {a: {paper: {mea: {plain: {l1: 3}}}}}",
            "tables.a.paper: there is no mea; did you mean mae?",
        ),
        ("curves: {c: {log: [r2]}}", "curves.c.log: there is no r2; there are mae"),
        (
            "curves: {c: {x: dataset.subset.fracton}}",
            "curves.c.x: size-0.5 has no dataset.subset.fracton, only n_train, "
            "dataset.subset.fraction; a curve is over n_train, or over a key of the grid that all "
            "its overlays are of",
        ),
        (
            "{curves: {c: {x: dataset.subset.fraction, overlays: plain}}}",
            "curves.c.x: plain has no dataset.subset.fraction, only n_train; a curve is over "
            "n_train, or over a key of the grid that all its overlays are of",
        ),
        (
            "claims: {one: {value: auc}}",
            "claims.one.value: there is no auc; there are mae, r2",
        ),
        ("claims: {one: {value: null}}", "claims.one.value: name one of mae, r2"),
        (
            "claims: {one: {within: null, rising: [mae, r22]}}",
            "claims.one.value: there is no r22; did you mean r2?",
        ),
        (
            "claims: {one: {of: {group: AD}}}",
            "claims.one: a: there is no group; there are row, overlay, cohort",
        ),
        (
            "claims: {one: {of: {overlay: small-batch}}}",
            "claims.one: a: there is no small-batch; there are plain",
        ),
        (
            "claims: {one: {table: c, of: {overlay: size-0.5, cohort: x}}}",
            "claims.one: c: there is no cohort; there are row, overlay, n_train",
        ),
    ],
)
def test_what_would_fail_after_all_trainings_is_refused_before(expand, text, said):
    assert expand(TWO, ASKED)
    assert refusal(expand, TWO, ASKED, text) == said


def test_a_claim_may_compare_two_values_of_a_line(expand):
    text = "claims: {one: {value: null, within: null, rising: [mae, {value: r2}], of: {}}}"
    assert expand(TWO, ASKED, text).asked["claims"]["one"]["rising"] == ["mae", {"value": "r2"}]


def test_paths_that_lack_are_told_once_with_the_overlays_that_need_them():
    def config(name: str, path: str) -> dict:
        return {"cohort": {"name": name, "path": path, "members": []}}

    merged = {
        "cohort": {
            "name": "both",
            "path": "",
            "members": [
                config("a", "/not/a")["cohort"],
                config("b", "/")["cohort"],
            ],
        }
    }
    configs = {"single-a": config("a", "/not/a"), "here": config("b", "/"), "merge": merged}
    assert study.lacking_paths(configs) == ["a: /not/a (of single-a, merge)"]


def test_thirty_overlays_take_a_moment(expand):
    grid = ", ".join(map(str, range(3, 33)))
    start = time.process_time()
    assert len(expand(TWO, f"grids: {{e: {{training.epochs: [{grid}]}}}}").overlays) == 32
    assert time.process_time() - start < 5


COHORTS = """
study: s
base:
  cohort: {image: vbm_roi, columns: [diagnosis]}
  training: {encoder: mlp}
  benchmark: {norms: [], pretrained: []}
cohorts:
  adni: {source: adni, path: data/adni}
  icbm: {source: loni, path: data/icbm, columns: []}
overlays:
  single: {cohort: adni}
  merge: {cohort: [adni, icbm]}
"""


def test_cohorts_are_named_by_overlays_and_laid_over_the_base_s_own(expand):
    single, merge = (each.config["cohort"] for each in expand(COHORTS).overlays.values())
    assert (single["name"], single["source"], single["image"]) == ("adni", "adni", "vbm_roi")
    assert single["columns"] == ["diagnosis"] and merge["name"] == "adni-icbm"
    assert [each["columns"] for each in merge["members"]] == [["diagnosis"], []]
    assert merge["image"] == "vbm_roi"


def test_a_study_s_cohort_that_is_wrong_is_told_once_and_by_its_own_key(expand):
    said = refusal(expand, COHORTS, "cohorts: {icbm: {pth: x}}")
    assert said.splitlines()[0].startswith("cohorts.icbm.pth: no such key")
    assert len(said.splitlines()) == 1
    assert refusal(expand, COHORTS, "overlays: {odd: {cohort: [adni, oasis]}}") == (
        "overlays.odd.cohort: cohorts has no 'oasis'; there are adni, icbm"
    )


def test_a_study_may_be_laid_over_another_one(tmp_path, below, schemas):
    (tmp_path / "first.yaml").write_text(TWO)
    own = "over: first.yaml\nstudy: second\nbase: {training: {epochs: 3}}\n"
    (tmp_path / "second.yaml").write_text(own)
    given = study.layers([tmp_path / "second.yaml"], ["study_only=plain"])
    found = study.expand(given, below, *schemas)
    assert found.name == "second" and list(found.planned) == ["plain"]
    assert {each.config["training"]["epochs"] for each in found.overlays.values()} == {3}
    (tmp_path / "first.yaml").write_text(f"over: second.yaml\n{TWO}")
    with pytest.raises(SettingsError, match=r"over: second\.yaml leads back to itself"):
        study.layers([tmp_path / "second.yaml"], [])


def test_null_leaves_out_what_the_study_beneath_has(expand):
    text = f"{TWO}\ntables: {{age: {{values: mae}}, short: {{overlays: small-batch, values: mae}}}}"
    found = expand(
        text, "overlays: {small-batch: null, new: {training: {epochs: 3}}}\ntables: {short: ~}"
    )
    assert list(found.overlays) == ["plain", "new"] and list(found.asked["tables"]) == ["age"]
    assert expand(f"{BASE}overlays: {{plain: null}}").overlays["plain"].config["training"]
    said = refusal(expand, text, "overlays: {small-batch: null}")
    assert said.startswith("tables.short.overlays: there is no small-batch")


def test_studies_of_the_repository_name_overlays_that_there_are(root, below, schemas):
    files = sorted((root / "config/studies").glob("*.yaml"))
    assert len(files) >= 2
    for file in files:
        found = study.expand(study.layers([file], []), below, *schemas)
        assert found.name == file.stem and len(found.overlays) > 1


STAGES = f"""{BASE}
overlays:
  first.one: {{}}
  second:
    benchmark: {{losses: [tuned]}}
    rows: {{tuned: {{from: {{row: exp, experiment: first.one}}, stage: {{loss: l1}}}}}}
"""


def test_a_row_may_start_from_an_overlay_by_its_name(expand):
    found = expand(STAGES).overlays
    assert found["second"].config["rows"]["tuned"]["from"]["experiment"] == "small-first.one"


def test_a_run_of_an_overlay_plans_the_one_that_it_starts_from(expand):
    found = expand(STAGES, "study_only: second")
    assert set(found.planned) == {"first.one", "second"}
    assert [each["experiment"] for each in found.configs] == ["small-second", "small-first.one"]
    assert [name for name, each in found.overlays.items() if each.wanted] == ["second"]
