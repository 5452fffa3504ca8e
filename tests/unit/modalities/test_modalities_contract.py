"""What holds for every kind of data in the folder; a new file is covered without an edit here."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields

import matplotlib
import pytest
from cohorts import asked
from given import block, config, given

from contrage import modalities
from contrage.errors import SettingsError
from contrage.modalities import Modality, available, load, prepares
from contrage.plan import dataset_settings
from contrage.plan.kinds import asked_of_kind, check_kind, configured
from contrage.settings.blocks.cohort import CohortSettings
from contrage.settings.build import as_plain, build
from contrage.settings.cohorts import OF_KINDS
from contrage.settings.schema import load_schema
from contrage.settings.steps.dataset import ArraysStep

each = pytest.mark.parametrize("name", available())


@pytest.fixture(scope="module")
def schema(root) -> dict:
    whole = load_schema(root / "workflow/schemas/config.schema.yaml")
    return {
        name: part["properties"]
        for name, part in whole["properties"].items()
        if "properties" in part
    }


@each
def test_a_kind_has_the_name_of_its_file_and_the_words_of_a_sentence(name) -> None:
    kind = load(name)
    assert kind.name == name
    assert kind.many and kind.one and kind.title
    assert kind.group in ("study", "site")


@each
def test_a_kind_is_found_as_scans_as_arrays_or_as_a_table(name) -> None:
    kind = load(name)
    assert (kind.comes_as == "scans") == bool(kind.suffix and kind.folder)
    assert (kind.comes_as == "arrays") == bool(kind.ending)
    if kind.comes_as == "arrays":
        whole = configured(block("cohort", image=name, source="arrays"))
        assert len(whole.shape) == len(kind.axes)
        assert all(size > 0 for size in whole.shape)
        assert whole.prepared.form.channels >= 1
        assert kind.reader or kind.ending.endswith(".npy")


@each
def test_a_kind_with_a_block_says_what_it_does_to_files_and_others_that_nothing_was_done(name):
    blocks = given(CohortSettings, "cohort", image=name)
    told, asked = prepares(name, blocks), asked_of_kind(block("cohort", image=name))
    assert bool(told) == (load(name).comes_as == "arrays")
    assert (asked is not None) == (name in OF_KINDS)
    if asked is None:
        assert not told or "prepared elsewhere and are read as they are" in told
        assert configured(block("cohort", image=name)) == load(name)


@each
def test_layout_says_what_the_axes_are(name) -> None:
    kind = load(name)
    assert len(set(kind.axes)) == len(kind.axes) >= 1
    assert kind.channels is None or kind.channels >= 1
    expected = {"volume": (3, True, "channel"), "regions": (1, False, "channel")}
    expected |= {"picture": (2, False, "channel"), "video": (3, False, "channel")}
    expected |= {"series": (1, False, "channel"), "table": (1, False, "value")}
    form = kind.form
    assert (form.axes, form.background, form.scored) == expected[kind.layout]


@each
def test_normalisations_and_augmentations_are_keys_of_the_schema(name, schema) -> None:
    kind = load(name)
    assert kind.normalisations
    assert set(kind.normalisations) <= set(schema["dataset"]["normalisation"]["enum"])
    assert set(kind.augmentations) <= set(schema["training"]["augmentation"]["properties"])


@each
def test_a_scale_has_a_label_a_step_and_colours_that_matplotlib_has(name) -> None:
    kind = load(name)
    picture = kind.picture
    assert picture.colours in matplotlib.colormaps
    assert picture.step > 0
    assert bool(picture.label) == (picture.highest is not None)
    assert f"[{kind.unit}]" in picture.label or not (picture.label and kind.unit)


def test_the_schema_names_the_kinds_that_can_be_learned_from(schema) -> None:
    assert sorted(schema["cohort"]["image"]["enum"]) == modalities.learned()


def test_the_schema_names_maps_and_anatomical_images(schema) -> None:
    cohort = schema["cohort"]
    assert cohort["maps"]["items"]["enum"] == list(modalities.maps())
    assert cohort["anatomical"]["enum"] == list(modalities.anatomicals())
    assert {*modalities.maps(), *modalities.anatomicals(), "mask"} == set(
        cohort["entities"]["properties"]
    )


def test_the_schema_limits_maps_to_what_is_plausible(schema) -> None:
    limits = schema["preprocessing"]["limits"]["properties"]
    assert {"stiffness", "dampingratio", "beyond"} <= limits.keys()
    for name in limits.keys() - {"beyond"}:
        assert limits[name]["default"] == list(load(name).plausible)


def test_the_usual_map_and_the_usual_anatomical_image_come_first() -> None:
    assert modalities.maps()[0] == "stiffness"
    assert modalities.anatomicals()[0] == "T1w"


def test_every_field_is_explained() -> None:
    for field in fields(Modality):
        assert f" {field.name}" in Modality.__doc__, field.name


def test_an_unknown_kind_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match=r"cohort\.image: there is no kind of data 'odour'"):
        load("odour")


def test_reading_all_kinds_takes_no_numpy() -> None:
    asked = (
        "import sys; from contrage import modalities as m; [m.load(n) for n in m.available()];"
        "print(*sorted({'numpy', 'pandas', 'torch', 'nibabel'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("name", "array", "channels", "shape"),
    [
        ("stiffness", (9, 1, 4, 5, 6), 1, (4, 5, 6)),
        ("desikan", (9, 7, 68), 7, (68,)),
        ("table", (9, 12), 1, (12,)),
    ],
)
def test_an_array_tells_channels_and_shape_of_one_image(name, array, channels, shape) -> None:
    assert load(name).form.image_shape(array) == (channels, shape)


@pytest.mark.parametrize(
    ("name", "array", "said"),
    [
        ("stiffness", (9, 4, 5, 6), "has 4 axes"),
        ("desikan", (9, 6, 68), "has 6 channels, where there are 7"),
        ("table", (9, 7, 68), "has 3 axes"),
    ],
)
def test_an_array_of_another_kind_is_told_from_its_shape(name, array, said) -> None:
    with pytest.raises(ValueError, match=said):
        load(name).form.image_shape(array)


def test_kinds_that_are_asked_nothing_have_the_settings_that_they_had():
    """An option that is not used repeats no job: it stands in no settings."""
    cohort = {"source": "arrays", "name": "own", "path": "data", "image": "vbm"}
    told = as_plain(dataset_settings.arrays(config(experiment="own", cohort=cohort)))
    assert told.keys() == {
        *("source", "path", "on_bad_scan", "duplicates", "kind", "reader", "voxel_mm"),
        *("regions", "features_scale"),
    }
    people = as_plain(asked(**cohort))
    assert not {"images", "echonet", "a4", "hcp"} & people.keys()


@pytest.mark.parametrize("name", OF_KINDS)
def test_what_is_asked_of_a_kind_comes_back_from_json_as_it_was(name):
    cohort = {"source": "arrays", "name": "own", "path": "data", "image": name}
    told = dataset_settings.arrays(config(experiment="own", cohort=cohort))
    assert build(ArraysStep, json.loads(json.dumps(as_plain(told)))) == told
    assert type(told.own).__name__.lower() == f"{name}settings"


def test_members_of_a_merged_cohort_are_brought_to_one_shape():
    members = [
        {"source": "arrays", "name": name, "path": name, "image": "xray", "xray": {"size": size}}
        for name, size in (("one", [8, 6]), ("two", [8, 8]))
    ]
    with pytest.raises(SettingsError, match=r"cohort\.xray\.size: two has \[8, 8\], one has"):
        config(experiment="own", cohort=members)
    members[1]["xray"] = members[0]["xray"]
    whole = config(experiment="own", cohort=members)
    assert configured(whole["cohort"]).shape == (8, 6)


@pytest.mark.parametrize(
    ("source", "image", "said"),
    [
        ("images", "pet", r"cohort\.image: images has no PET volumes \(pet\); set it to xray"),
        ("hcp", "vbm", r"cohort\.image: hcp has no grey-matter maps .*; set it to series"),
        ("images", "T1w", "goes with cohort.source: .*images"),
    ],
)
def test_a_source_that_does_not_have_a_kind_is_told_what_it_has(source, image, said):
    whole = config(experiment="own", cohort={"source": source, "name": "own", "image": image})
    with pytest.raises(SettingsError, match=said):
        check_kind(whole)
