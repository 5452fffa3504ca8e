"""Rows, settings and what cannot work, seen before the first job."""

from __future__ import annotations

import math

import pytest
import yaml
from snakemake.utils import validate

from contrage import losses
from contrage.cohort.scans import Cohort, Scan
from contrage.errors import SettingsError
from contrage.plan import folds, refuse
from contrage.plan import rows as experiment


@pytest.fixture
def cohort() -> Cohort:
    return Cohort([Scan(f"sub-{n}", 30.0 + n, site=f"s{n % 3}") for n in range(60)])


def test_whole_numbers_and_settings_without_a_kind_of_default_are_taken(config):
    config["losses"]["rnc"] = {"temperature": 2}
    config["losses"]["supremix"] |= {"group_by": "sex", "window": math.inf}
    config["search"]["rows"] = {"exp": {"sigma": [1, 2.5]}}
    refuse.check_rows_and_data(config)


def test_all_losses_in_the_folder_that_can_learn_the_target_are_rows(config):
    assert experiment.plain_rows(config) == losses.available("continuous")
    assert "bce" not in experiment.plain_rows(config)
    config["target"]["kind"] = "binary"
    assert experiment.plain_rows(config) == ["bce", "l1", "simclr", "supcon"]


def test_the_norm_of_the_row_itself_is_not_trained_twice(config):
    assert experiment.norm_rows(config) == {
        "manhattan": "dynlocrep",
        "euclidean": "dynlocrep-euclidean",
        "cosine": "dynlocrep-cosine",
        "chebyshev": "dynlocrep-chebyshev",
    }
    settings = experiment.loss_settings(config, "dynlocrep-cosine")
    assert settings == {**config["losses"]["dynlocrep"], "loss": "dynlocrep", "norm": "cosine"}


def test_one_loss_can_stand_in_several_rows(config):
    config["benchmark"]["losses"] = ["exp", "exp-released"]
    config["losses"]["exp-released"] = {"loss": "exp", "formulation": "released"}
    refuse.check_rows_and_data(config)
    settings = experiment.loss_settings(config, "exp-released")
    assert settings == {"loss": "exp", "formulation": "released"}


def test_the_demo_can_work(config):
    refuse.check_rows_and_data(config)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["benchmark"].update(losses=["expo"]), "losses.expo: no loss 'expo'"),
        (lambda c: c["losses"].update(expo={}), "losses.expo: no loss 'expo'"),
        (lambda c: c["losses"]["exp"].update(sigmo=1), "losses.exp: exp has no setting sigmo"),
        (
            lambda c: c["losses"]["exp"].update(sigma=math.inf),
            "losses.exp.sigma: .inf is no finite number",
        ),
        (
            lambda c: c["losses"].update(rnc={"temperature": True}),
            r"losses\.rnc\.temperature: true is not a number; the default is 2\.0 \(on and yes are",
        ),
        (
            lambda c: c["losses"].update(rnc={"temperature": "0.5"}),
            r"losses\.rnc\.temperature: \"0\.5\" is not a number; .* \(without quotation marks\)",
        ),
        (
            lambda c: c["losses"].update(rnc={"temperature": None}),
            r"losses\.rnc\.temperature: null is not a number; the default is 2\.0$",
        ),
        (
            lambda c: c["losses"].update(mine={"loss": "dynlocrep", "nn_final": "warm"}),
            r"losses\.mine\.nn_final: \"warm\" is not a number; the default is 14",
        ),
        (
            lambda c: c["losses"].update(supremix={"mix_neg": 1}),
            r"losses\.supremix\.mix_neg: 1 is not true or false; the default is true",
        ),
        (
            lambda c: c["losses"].update(supremix={"beta": 2}),
            r"losses\.supremix\.beta: 2 is not a list; the default is \[2\.0, 8\.0\]",
        ),
        (
            lambda c: c["losses"]["exp"].update(kernel=False),
            r"losses\.exp\.kernel: false is not text; .* write them in quotation marks",
        ),
        (
            lambda c: c["search"].update(rows={"exp": {"sigma": [2, True]}}),
            r"search\.rows\.exp\.sigma: true is not a number; the default is 2\.0",
        ),
        (lambda c: c["report"].update(embedding_rows=["rnk"]), "embedding_rows: rnk"),
        (lambda c: c["search"].update(rows={"rnk": {"sigma": [1]}}), "search.rows.rnk is not tr"),
        (lambda c: c["search"].update(rows={"exp": {"sigmo": [1]}}), "no setting sigmo; it has te"),
        (lambda c: c["search"].update(rows={"exp": {"loss": ["rnc"]}}), "no setting loss"),
        (
            lambda c: c["search"].update(rows={"dynlocrep": {"norm": ["cosine"]}}),
            "dynlocrep.norm: benchmark.norms compares this row",
        ),
    ],
)
def test_what_cannot_work_is_named_with_its_key(config, change, message):
    change(config)
    with pytest.raises(SettingsError, match=message):
        refuse.check_rows_and_data(config)


@pytest.mark.parametrize(
    ("scheme", "most"), [("holdout", 48), ("kfold", 48), ("leave-site-out", 59)]
)
def test_the_largest_training_split_follows_from_the_scheme(config, cohort, scheme, most):
    config["dataset"]["split"]["scheme"] = scheme
    assert folds.most_training_scans(config, cohort) == most


def test_a_draw_trains_on_fewer_scans_than_the_main_run(config, cohort):
    assert folds.most_training_scans(config, cohort, 0.2) == 48 - 10


def test_a_search_is_made_for_every_split_that_differs(config):
    split = config["dataset"]["split"]
    assert folds.search_seeds(config) == [0]
    split["new_split_per_seed"] = True
    assert folds.search_seeds(config) == [0, 1, 2]
    assert folds.search_seed(config, 2) == 2
    split["scheme"] = "leave-site-out"
    assert folds.search_seeds(config) == [0]
    assert folds.search_seed(config, 2) == 0


def test_a_row_may_be_searched_over_norms_where_no_ablation_names_it_after_one(config):
    config["benchmark"]["norms"] = []
    config["search"]["rows"] = {"dynlocrep": {"norm": ["cosine", "manhattan"]}}
    refuse.check_rows_and_data(config)
    assert experiment.searched_rows(config) == ["dynlocrep"]
    assert len(experiment.draws_of(config, "dynlocrep")) == 30


def test_brain_only_maps_in_mni_space_need_no_anatomical_image(config, root):
    assert experiment.needs_anatomical(config)
    config["preprocessing"]["skull_strip"]["method"] = "none"
    config["preprocessing"]["bias_correction"]["target"] = "none"
    assert not experiment.needs_anatomical(config)


def test_folds_follow_from_the_scheme(config, cohort):
    assert folds.fold_numbers(config, cohort) == [0]
    config["dataset"]["split"]["scheme"] = "kfold"
    assert folds.fold_numbers(config, cohort) == [0, 1, 2, 3, 4]
    config["dataset"]["split"]["scheme"] = "leave-site-out"
    assert folds.fold_numbers(config, cohort) == [0, 1, 2]


def test_a_site_whose_scans_the_reader_excludes_is_no_fold(config, cohort, tmp_path):
    listed = [f"sub-{n}\tmoved" for n in range(60) if n % 3 == 0]
    (tmp_path / "exclude.tsv").write_text("\n".join(["participant_id\treason", *listed]))
    config["cohort"]["exclude"] = str(tmp_path / "exclude.tsv")
    config["dataset"]["split"]["scheme"] = "leave-site-out"
    assert folds.fold_numbers(config, cohort) == [0, 1]


def test_a_reader_who_excludes_everyone_is_told_before_the_first_job(config, tmp_path):
    (tmp_path / "exclude.tsv").write_text("scan_id\treason\nsub-1\tmoved\n")
    config["cohort"]["exclude"] = str(tmp_path / "exclude.tsv")
    with pytest.raises(SettingsError, match=r"cohort\.exclude: nobody"):
        experiment.check_people(config, Cohort([Scan("sub-1", 30.0)]))


def defaults(schema: dict) -> dict:
    """What the schema fills in, key by key."""
    filled: dict = {}
    for key, part in schema["properties"].items():
        is_block = part.get("type") in ("object", ["object", "string", "array"])
        nested = is_block and "properties" in part
        if nested or "default" in part:
            filled[key] = defaults(part) if nested else part["default"]
    return filled


def test_default_config_and_schema_agree(root):
    schema = yaml.safe_load((root / "workflow/schemas/config.schema.yaml").read_text())
    expected = defaults(schema)
    given = yaml.safe_load((root / "config/config.yaml").read_text())
    given["losses"] = {}
    assert given == expected


def test_every_key_of_the_schema_is_described(root):
    schema = yaml.safe_load((root / "workflow/schemas/config.schema.yaml").read_text())

    def walk(part: dict, path: str) -> None:
        for key, child in part.get("properties", {}).items():
            assert child.get("description"), f"{path}{key} has no description"
            walk(child, f"{path}{key}.")

    walk(schema, "")


def merged(base: dict, change: dict) -> dict:
    result = dict(base)
    for key, value in change.items():
        nested = isinstance(value, dict) and isinstance(base.get(key), dict)
        result[key] = merged(base[key], value) if nested else value
    return result


def test_every_experiment_of_the_repository_is_valid(root, config):
    schema = root / "workflow/schemas/config.schema.yaml"
    files = sorted((root / "config").glob("*.yaml"))
    assert len(files) >= 4
    for file in files:
        whole = merged(config, yaml.safe_load(file.read_text()))
        validate(whole, str(schema))
        refuse.check_rows_and_data(whole)


@pytest.mark.parametrize("head", [[64, 32], [32], []])
def test_a_head_may_have_two_layers_one_or_none(root, config, head):
    whole = merged(config, {"training": {"encoder": "sfcn", "head": head}})
    validate(whole, str(root / "workflow/schemas/config.schema.yaml"))


@pytest.mark.parametrize(
    "change",
    [
        {"trainning": {}},
        {"training": {"epoch": 3}},
        {"training": {"device": "gpu"}},
        {"training": {"encoder": "resnet19"}},
        {"training": {"head": [64, 64, 32]}},
        {"dataset": {"voxel_mm": 5}},
        {"preprocessing": {"registration": {"voxel_mm": 3}}},
        {"preprocessing": {"registration": {"interpolation": "cubic"}}},
        {"cohort": {"maps": ["T1w"]}},
        {"experiment": "../elsewhere"},
        {"losses": {"Exp!": {}}},
        {"search": {"rows": {"exp": {}}}},
        {"search": {"rows": {"exp": {"sigma": 3}}}},
        {"search": {"rows": {"exp": {"sigma": {"low": 1, "high": 2}}}}},
        {"search": {"rows": {"exp": {"sigma": {"low": 1, "high": 2, "kind": "even"}}}}},
    ],
)
def test_a_typing_error_in_the_config_is_refused(root, config, change):
    from snakemake.exceptions import WorkflowError

    with pytest.raises(WorkflowError):
        validate(merged(config, change), str(root / "workflow/schemas/config.schema.yaml"))


def test_a_network_cannot_see_smaller_voxels_than_the_images_have(config):
    with pytest.raises(SettingsError, match=r"dataset\.voxel_mm: 1 is no multiple of the 2 mm"):
        refuse.check_rows_and_data(merged(config, {"dataset": {"voxel_mm": 1}}))
    fine = {"preprocessing": {"registration": {"voxel_mm": 1}}, "dataset": {"voxel_mm": 1}}
    refuse.check_rows_and_data(merged(config, fine))


def test_maps_of_the_damping_ratio_are_only_found_in_a_bids_folder(config):
    with pytest.raises(SettingsError, match="phantom has no maps of the damping ratio"):
        refuse.check_rows_and_data(merged(config, {"cohort": {"maps": ["dampingratio"]}}))


@pytest.mark.parametrize(
    ("image", "others", "expected"),
    [
        ("stiffness", [], ["stiffness"]),
        ("dampingratio", [], ["dampingratio"]),
        ("stiffness", ["stiffness", "dampingratio"], ["stiffness", "dampingratio"]),
        ("dampingratio", ["stiffness"], ["dampingratio", "stiffness"]),
        ("T1w", [], []),
        ("T1w", ["stiffness"], ["stiffness"]),
    ],
)
def test_the_learned_map_comes_first_and_others_beside_it(config, image, others, expected):
    changed = merged(config, {"cohort": {"source": "bids", "image": image, "maps": others}})
    assert experiment.maps(changed) == expected


def test_prepared_arrays_ask_for_multiples_of_their_own_voxels(config):
    arrays = {"cohort": {"source": "arrays", "image": "vbm"}, "benchmark": {"pretrained": []}}
    with pytest.raises(SettingsError, match=r"voxel_mm: 4 is no multiple of the 1\.5 mm of vbm"):
        refuse.check_rows_and_data(merged(config, arrays))
    refuse.check_rows_and_data(merged(config, arrays | {"dataset": {"voxel_mm": 4.5}}))
    assert not experiment.needs_anatomical(merged(config, arrays))
    assert experiment.maps(merged(config, arrays)) == []


@pytest.mark.parametrize(
    "cohort", [{"source": "arrays"}, {"image": "vbm"}, {"source": "bids", "image": "quasiraw"}]
)
def test_kinds_of_arrays_go_with_arrays_only(config, cohort):
    with pytest.raises(SettingsError, match=r"cohort\.image: .*quasiraw, vbm or vbm_roi goes with"):
        refuse.check_rows_and_data(merged(config, {"cohort": cohort}))


def test_all_losses_have_a_null_and_chosen_ones_where_one_is_asked_for(config):
    assert experiment.null_rows(config) == {"exp-null": "exp"}
    assert "exp-null" in experiment.all_rows(config)
    assert "exp-null" not in experiment.benchmark_rows(config)
    config["benchmark"]["losses"] = ["exp", "rnc"]
    assert experiment.null_rows(config) == {}
    config["benchmark"]["null"] = ["rnc"]
    assert experiment.null_rows(config) == {"rnc-null": "rnc"}
    assert experiment.loss_settings(config, "rnc-null") == experiment.loss_settings(config, "rnc")


def test_a_null_is_searched_by_no_settings_of_its_own(config):
    config["search"]["rows"] = {"exp-null": {"sigma": [1, 2]}}
    with pytest.raises(
        SettingsError, match=r"search\.rows\.exp-null: it takes the settings of exp"
    ):
        refuse.check_rows_and_data(config)
