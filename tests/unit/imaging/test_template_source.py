"""The template is a checksummed file: nilearn's, TemplateFlow's from its cache, or one's own."""

from __future__ import annotations

import shutil
import socket
import sys
import types

import numpy as np
import pytest
from given import given
from scipy import ndimage

from contrage.errors import SettingsError
from contrage.files import save_nifti, sha256
from contrage.imaging.images import Image, transform_points
from contrage.imaging.quality.measure import metrics
from contrage.imaging.template import source as template_source
from contrage.imaging.template.grids import brain_template, mni_grid, mni_template
from contrage.imaging.template.source import (
    NILEARN,
    Source,
    as_source,
    fetch_template,
    find_source,
    verify,
)
from contrage.settings.blocks.template import TemplateSettings
from contrage.settings.steps.imaging import FetchTemplateStep

NAME = "MNI152NLin2009cAsym"


@pytest.fixture(scope="module")
def files(tmp_path_factory, reoriented):
    """Nilearn's template as somebody's files: a head on MNI152's 2 mm grid, PIL, and its mask."""
    folder = tmp_path_factory.mktemp("template")
    template = mni_template()
    head = np.where(template.brain, template.anatomical.array * 700 + 20, 300).astype(np.float32)
    for name, array in {"head": head, "mask": template.brain.astype(np.uint8)}.items():
        image = reoriented(template.anatomical.with_array(array), "PIL")
        save_nifti(folder / f"{name}.nii.gz", image.array, image.affine)
    return folder


def asked(**changes) -> TemplateSettings:
    return given(TemplateSettings, "preprocessing.template", **changes)


def own(files, **more) -> TemplateSettings:
    block = {"source": "files", "anatomical": str(files / "head.nii.gz")}
    return asked(**{**block, "mask": str(files / "mask.nii.gz"), **more})


def test_nilearns_template_is_the_one_that_results_were_made_with():
    assert find_source(asked()) == NILEARN
    assert sha256(NILEARN.path) == template_source.NILEARN_SHA256


def test_another_file_in_nilearn_is_noticed_before_any_job(monkeypatch, tmp_path):
    other = tmp_path / "other.nii.gz"
    other.write_bytes(b"changed")
    monkeypatch.setattr(template_source, "nilearn_path", lambda: other)
    with pytest.raises(SettingsError, match=r"source 'nilearn'.*constraints\.txt"):
        find_source(asked(source="nilearn"))


def test_somebodys_head_and_mask_give_their_brain_in_any_orientation(files):
    found, expected = mni_template(2, find_source(own(files))), mni_template()
    np.testing.assert_array_equal(found.brain, expected.brain)
    assert not found.anatomical.array[~expected.brain].any()
    inside = expected.brain
    pair = found.anatomical.array[inside], expected.anatomical.array[inside]
    assert np.corrcoef(*pair)[0, 1] > 0.999
    assert 0.9 < found.anatomical.array.max() <= 1


def test_a_mask_on_another_grid_is_carried_to_the_template(files, tmp_path):
    whole = mni_template()
    grid = Image(np.zeros((70, 80, 75), np.float32), np.diag([2.7, 2.7, 2.7, 1.0]))
    grid.affine[:3, 3] = (-94.5, -130, -90)
    index = np.argwhere(np.ones(grid.array.shape, bool)).astype(float)
    there = transform_points(np.linalg.inv(whole.anatomical.affine) @ grid.affine, index)
    mask = ndimage.map_coordinates(whole.brain.astype(np.uint8), there.T, order=0)
    save_nifti(tmp_path / "mask.nii.gz", mask.reshape(grid.array.shape), grid.affine)
    found = mni_template(2, find_source(own(files, mask=str(tmp_path / "mask.nii.gz"))))
    shared = 2 * (found.brain & whole.brain).sum() / (found.brain.sum() + whole.brain.sum())
    assert shared > 0.97


@pytest.mark.parametrize("step", [3, 8])
def test_coarse_grids_of_it_lie_where_nilearns_do(files, step):
    places = []
    for source in (find_source(own(files)), NILEARN):
        template = brain_template(step, source)
        index = np.array(ndimage.center_of_mass(template.mask))
        places.append(transform_points(template.anatomical.affine, index[None])[0])
        assert template.mask.sum() * step**3 / 1e6 == pytest.approx(1.887, abs=0.02)
    np.testing.assert_allclose(places[0], places[1], atol=0.2)


def test_checksums_are_noted_and_compared(files):
    good = sha256(files / "head.nii.gz")
    found = find_source(own(files, sha256=good.upper()))
    assert found.sha256 == good and found.mask_sha256 == sha256(files / "mask.nii.gz")
    for key in ("sha256", "mask_sha256"):
        with pytest.raises(SettingsError, match=rf"template\.{key}: .* has the checksum"):
            find_source(own(files, **{key: "0" * 64}))


def test_a_file_that_changed_since_is_noticed_by_the_job(files, tmp_path):
    for name in ("head.nii.gz", "mask.nii.gz"):
        shutil.copy(files / name, tmp_path / name)
    settings = find_source(own(tmp_path)).settings()
    shutil.copy(files / "mask.nii.gz", tmp_path / "head.nii.gz")
    with pytest.raises(SettingsError, match=r"template\.sha256: .*head\.nii\.gz"):
        mni_template(2, as_source(settings))


def test_the_settings_of_a_job_say_which_template(files):
    for source in (NILEARN, find_source(own(files))):
        assert as_source(source.settings()) == source


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"source": "web"}, "choose nilearn, templateflow, files"),
        ({"anatomical": None}, r"template\.anatomical: source 'files' needs"),
        ({"anatomical": "gone.nii.gz"}, "no file gone.nii.gz"),
        ({"mask": "gone.nii.gz"}, "no file gone.nii.gz"),
    ],
)
def test_what_cannot_be_found_is_said_before_any_job(files, change, message):
    with pytest.raises(SettingsError, match=message):
        find_source(own(files, **change))


def test_a_head_without_a_mask_is_no_template(files):
    with pytest.raises(SettingsError, match=r"litres; a head needs its brain mask"):
        mni_template(2, find_source(own(files, mask=None)))


def test_a_template_in_another_space_is_refused(files, tmp_path, reoriented):
    image = mni_template().anatomical
    affine = image.affine.copy()
    affine[:3, 3] += (0, 40, 60)
    save_nifti(tmp_path / "away.nii.gz", image.array, affine)
    block = asked(source="files", anatomical=str(tmp_path / "away.nii.gz"))
    with pytest.raises(SettingsError, match="lies in the box of MNI152"):
        mni_template(2, find_source(block))


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of TemplateFlow, and no network."""
    monkeypatch.setenv("TEMPLATEFLOW_HOME", str(tmp_path))
    monkeypatch.setattr(socket, "socket", None)
    folder = tmp_path / f"tpl-{NAME}"
    folder.mkdir()
    return folder


def test_templateflow_is_read_from_its_cache_without_a_network(cache, files):
    shutil.copy(files / "head.nii.gz", cache / f"tpl-{NAME}_res-02_T1w.nii.gz")
    shutil.copy(files / "mask.nii.gz", cache / f"tpl-{NAME}_res-02_desc-brain_mask.nii.gz")
    found = find_source(asked(source="templateflow", name=NAME, resolution=2))
    assert found.name == NAME and found.sha256 == sha256(files / "head.nii.gz")
    verify(found)


@pytest.mark.parametrize("placeholder", [False, True])
def test_what_templateflow_has_not_fetched_comes_with_the_command(cache, files, placeholder):
    """Its client leaves files of no bytes in place of those that it has not fetched."""
    shutil.copy(files / "head.nii.gz", cache / f"tpl-{NAME}_res-01_T1w.nii.gz")
    if placeholder:
        (cache / f"tpl-{NAME}_res-01_desc-brain_mask.nii.gz").touch()
    with pytest.raises(SettingsError, match=r"desc-brain_mask.*contrage fetch-template --settings"):
        find_source(asked(source="templateflow", name=NAME, resolution=1))


def test_fetching_asks_templateflows_client_for_both_files(cache, files, monkeypatch, capsys):
    queries = []

    def get(name, **query):
        queries.append((name, query["resolution"], query["desc"], query["suffix"]))
        end = "T1w" if query["suffix"] == "T1w" else "desc-brain_mask"
        shutil.copy(files / "head.nii.gz", cache / f"tpl-{name}_res-01_{end}.nii.gz")

    client = types.ModuleType("templateflow")
    client.api = types.SimpleNamespace(get=get)
    monkeypatch.setitem(sys.modules, "templateflow", client)
    fetch_template(FetchTemplateStep(NAME, 1))
    assert queries == [(NAME, 1, None, "T1w"), (NAME, 1, "brain", "mask")]
    assert sha256(files / "head.nii.gz") in capsys.readouterr().out


def test_fetching_without_the_client_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "templateflow", None)
    with pytest.raises(SettingsError, match="pip install templateflow"):
        fetch_template(FetchTemplateStep(NAME, 1))


def test_quality_compares_with_the_template_that_is_named(tmp_path):
    """A template 16 mm further up: what lies on it does not lie on nilearn's."""
    brain = mni_template().anatomical.array
    higher = np.roll(brain, 8, axis=2)
    save_nifti(tmp_path / "higher.nii.gz", higher, mni_grid().affine)
    source = Source("files", tmp_path / "higher.nii.gz", None, None, None)
    image = Image(higher, mni_grid().affine)
    same, other = (metrics(higher > 0, image, None, which) for which in (source, NILEARN))
    assert same["overlap"] == pytest.approx(1) and same["correlation"] == pytest.approx(1, abs=0.01)
    assert other["overlap"] < 0.9 and other["correlation"] < 0.6
