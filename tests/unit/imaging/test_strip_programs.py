"""Skull stripping with other people's programs: stubs note how they were called."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from imaging_steps import by

from contrage.errors import BadScanError, SettingsError
from contrage.imaging.images import Image, resample
from contrage.imaging.recorded import recorded
from contrage.imaging.skull_strip import (
    available,
    backend,
    backends,
    needs,
    require_backend,
)
from contrage.imaging.skull_strip._find import find_brain

PROGRAMS = {method: backend(method) for method in backends() if backend(method).names}
BINARY = {method: program.names[0] for method, program in PROGRAMS.items()}
SAYS = {
    "bet": "head.nii.gz brain.nii.gz -f 0.50 -m -R",
    "freesurfer": "head.nii.gz brain.nii.gz",
    "freesurfer-recon-all": "-autorecon1 -i head.nii.gz -openmp 1 -subjid scan -sd",
    "synthstrip": "-i head.nii.gz -o brain.nii.gz -m brain_mask.nii.gz -b 1",
    "hdbet": "-i head.nii.gz -o brain.nii.gz -device cpu --disable_tta --no_bet_image"
    " --save_bet_mask",
}
WRITES = {  # what each program writes, of its arguments and in its folder
    "bet": 'cp "$MASK" "$(dirname "$2")/brain_mask.nii.gz"; cp "$MASK" "$2"',
    "freesurfer": 'for last; do :; done; cp "$MASK" "$last"',
    "freesurfer-recon-all": 'for last; do :; done; mkdir -p "$last/scan/mri"; '
    'cp "$MGZ" "$last/scan/mri/brainmask.mgz"',
    "synthstrip": 'cp "$MASK" "$6"; cp "$MASK" "$4"',
    "hdbet": 'cp "$MASK" "$(dirname "$4")/brain_bet.nii.gz"',
}


@pytest.fixture
def freesurfer(tmp_path, monkeypatch) -> Path:
    """A FreeSurfer home with a license, and no other that the machine might have."""
    home = tmp_path / "freesurfer"
    home.mkdir()
    (home / "license.txt").write_text("somebody\n")
    (home / "build-stamp.txt").write_text(
        "freesurfer-linux-ubuntu22_x86_64-7.4.1-20230614-7eb8460\n"
    )
    monkeypatch.setenv("FREESURFER_HOME", str(home))
    monkeypatch.delenv("FS_LICENSE", raising=False)
    monkeypatch.delenv("SUBJECTS_DIR", raising=False)
    return home


@pytest.fixture
def stub(tmp_path, monkeypatch, freesurfer):
    """Put a program on PATH that notes arguments, threads and folder, then runs a script."""

    def make(name: str, script: str) -> Path:
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$@" > {tmp_path}/arguments\n'
            f'echo "$OMP_NUM_THREADS" > {tmp_path}/threads\n{script}\n'
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        return tmp_path / "arguments"

    return make


def ball(image: Image) -> np.ndarray:
    """A ball of 0.9 litres beside the middle of an image."""
    x, y, z = np.indices(image.array.shape)
    centre = np.array(image.array.shape) * (0.45, 0.5, 0.55)
    squares = [
        ((axis - c) * size) ** 2
        for axis, c, size in zip((x, y, z), centre, image.voxel_mm, strict=True)
    ]
    return sum(squares) < 60**2


@pytest.fixture
def written(tmp_path, save, monkeypatch):
    """Give the stubs a mask to write, as NIfTI and as .mgz."""

    def give(mask: np.ndarray, affine: np.ndarray) -> None:
        monkeypatch.setenv("MASK", str(save(tmp_path / "given.nii.gz", mask, affine)))
        mgz = tmp_path / "given.mgz"
        nib.save(nib.MGHImage(mask.astype(np.uint8), affine), mgz)
        monkeypatch.setenv("MGZ", str(mgz))

    return give


def plain(arguments: Path) -> str:
    """The noted arguments in one line, without the temporary folder."""
    words = arguments.read_text().split("\n")
    return " ".join(Path(word).name if "contrage-" in word else word for word in words).strip()


@pytest.mark.parametrize("method", PROGRAMS)
def test_a_program_is_run_as_its_manual_says_and_its_mask_is_read(
    head, stub, written, tmp_path, method
):
    expected = ball(head.image)
    written(expected.astype(np.float32) * 100, head.image.affine)
    arguments = stub(BINARY[method], WRITES[method])
    found = find_brain(head.image, "head.nii.gz", by(method), None, None)
    np.testing.assert_array_equal(found.mask, expected)
    assert plain(arguments).startswith(SAYS[method])
    assert found.command == f"{BINARY[method]} {SAYS[method]}"
    assert (tmp_path / "threads").read_text().strip() == "1"


@pytest.mark.parametrize("method", PROGRAMS)
def test_a_mask_on_another_grid_and_orientation_comes_back_to_the_images(
    head, stub, written, reoriented, method
):
    """As FreeSurfer's 256 voxels of 1 mm, here 2 mm and LIA, whatever the image had."""
    affine = np.array([[-2.0, 0, 0, 130], [0, 0, 2, -140], [0, -2, 0, 130], [0, 0, 0, 1]])
    grid = Image(np.zeros((130, 126, 134), np.float32), affine)
    expected = ball(head.image)
    there = resample(head.image.with_array(expected.astype(np.uint8)), grid, order=0)
    written(there.astype(np.float32), affine)
    stub(BINARY[method], WRITES[method])
    found = find_brain(head.image, "head.nii.gz", by(method), None, None).mask
    assert found.shape == head.image.array.shape
    shared = 2 * (found & expected).sum() / (found.sum() + expected.sum())
    assert shared > 0.95


@pytest.mark.parametrize("method", ["freesurfer", "freesurfer-recon-all"])
def test_dark_voxels_inside_a_brain_that_freesurfer_writes_are_no_holes(
    head, stub, written, method
):
    whole = ball(head.image)
    brain = whole.astype(np.float32) * 90
    brain[tuple(np.argwhere(whole).mean(axis=0).astype(int))] = 0
    written(brain, head.image.affine)
    stub(BINARY[method], WRITES[method])
    np.testing.assert_array_equal(
        find_brain(head.image, "head.nii.gz", by(method), None, None).mask, whole
    )


@pytest.mark.parametrize(
    ("method", "options", "said"),
    [
        ("bet", {"frac": 0.35, "robust": False}, "-f 0.35 -m"),
        ("freesurfer", {"normalised": True}, "-T1"),
        ("synthstrip", {"border": 3, "no_csf": True}, "-b 3 --no-csf"),
        ("hdbet", {"tta": True}, "-device cpu --no_bet_image --save_bet_mask"),
    ],
)
def test_settings_of_a_method_reach_its_command_line(head, stub, written, method, options, said):
    written(ball(head.image).astype(np.float32), head.image.affine)
    arguments = stub(BINARY[method], WRITES[method].replace('"$6"', '"$6"'))
    find_brain(head.image, "head.nii.gz", by(method, **options), None, None)
    assert said in plain(arguments)
    assert ("-R" in plain(arguments)) is False


def test_the_program_reads_the_image_as_contrage_does(head, stub, written, tmp_path):
    """One affine in both places of the header, whatever the raw file said."""
    written(ball(head.image).astype(np.float32), head.image.affine)
    stub("mri_synthstrip", f'cp "$2" {tmp_path}/seen.nii.gz; {WRITES["synthstrip"]}')
    find_brain(head.image, "/data/my study/sub 1/T1 (old).nii", by("synthstrip"), None, None)
    seen = nib.load(tmp_path / "seen.nii.gz")
    np.testing.assert_allclose(seen.get_sform(), head.image.affine, atol=1e-5)
    np.testing.assert_allclose(seen.get_qform(), head.image.affine, atol=1e-3)
    np.testing.assert_allclose(seen.get_fdata(), head.image.array, rtol=1e-6)


@pytest.mark.parametrize("method", PROGRAMS)
def test_a_program_that_fails_makes_a_bad_scan_and_its_last_words_are_told(head, stub, method):
    stub(BINARY[method], "echo reading; echo first line >&2; echo no brain here >&2; exit 3")
    with pytest.raises(BadScanError, match=rf"head\.nii\.gz.*{method}.*failed: no brain here"):
        find_brain(head.image, "head.nii.gz", by(method), None, None)


@pytest.mark.parametrize("method", PROGRAMS)
def test_a_program_that_writes_nothing_makes_a_bad_scan(head, stub, method):
    stub(BINARY[method], "exit 0")
    with pytest.raises(BadScanError, match=rf"head\.nii\.gz.*{method}.*failed"):
        find_brain(head.image, "head.nii.gz", by(method), None, None)


def test_a_damaged_mgz_makes_a_bad_scan(head, stub, monkeypatch, tmp_path):
    (tmp_path / "broken.mgz").write_bytes(b"no image")
    monkeypatch.setenv("MGZ", str(tmp_path / "broken.mgz"))
    stub("recon-all", WRITES["freesurfer-recon-all"])
    with pytest.raises(BadScanError, match=r"no readable brainmask\.mgz"):
        find_brain(head.image, "head.nii.gz", by("freesurfer-recon-all"), None, None)


def test_version_1_of_hdbet_is_no_fault_of_the_scan(head, stub):
    stub("hd-bet", "echo 'hd-bet: error: unrecognized arguments: --disable_tta' >&2; exit 2")
    with pytest.raises(SettingsError, match=r"hdbet.*another version"):
        find_brain(head.image, "head.nii.gz", by("hdbet"), None, None)


def test_a_mask_with_no_brains_size_is_refused(head, stub, written):
    tiny = np.zeros(head.image.array.shape, np.float32)
    tiny[:3, :3, :3] = 1
    written(tiny, head.image.affine)
    stub("bet", WRITES["bet"])
    with pytest.raises(BadScanError, match="no brain"):
        find_brain(head.image, "head.nii.gz", by("bet"), None, None)


@pytest.mark.parametrize("method", PROGRAMS)
def test_a_missing_program_is_named_with_how_to_get_it(monkeypatch, tmp_path, method):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match=f"{BINARY[method]}.*not on PATH; install"):
        require_backend(method)


@pytest.mark.parametrize("method", PROGRAMS)
def test_a_program_missing_on_the_node_is_no_fault_of_the_scan(head, monkeypatch, tmp_path, method):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match="not on PATH"):
        find_brain(head.image, "head.nii.gz", by(method), None, None)


@pytest.mark.parametrize("method", ["freesurfer-recon-all", "synthstrip"])
def test_freesurfer_that_is_not_set_up_is_told_before_any_job(stub, monkeypatch, method):
    stub(BINARY[method], "exit 0")
    monkeypatch.delenv("FREESURFER_HOME")
    with pytest.raises(SettingsError, match=r"source SetUpFreeSurfer\.sh"):
        require_backend(method)


def test_recon_all_without_a_license_is_told_where_to_get_one(stub, freesurfer, monkeypatch):
    stub("recon-all", "exit 0")
    require_backend("freesurfer-recon-all")
    (freesurfer / "license.txt").rename(freesurfer.parent / "mine")
    with pytest.raises(SettingsError, match=r"no license; get one .*registration\.html"):
        require_backend("freesurfer-recon-all")
    monkeypatch.setenv("FS_LICENSE", str(freesurfer.parent / "mine"))
    require_backend("freesurfer-recon-all")


def test_synthstrips_container_script_is_used_where_freesurfer_is_not(
    head, stub, written, monkeypatch
):
    written(ball(head.image).astype(np.float32), head.image.affine)
    stub("synthstrip-docker", WRITES["synthstrip"])
    monkeypatch.delenv("FREESURFER_HOME")
    found = find_brain(head.image, "head.nii.gz", by("synthstrip"), None, None)
    assert found.command.startswith("synthstrip-docker -i head.nii.gz") and found.version is None


def test_the_version_that_an_installation_tells_is_noted(
    head, stub, written, monkeypatch, tmp_path
):
    written(ball(head.image).astype(np.float32), head.image.affine)
    stub("mri_watershed", WRITES["freesurfer"])
    assert find_brain(head.image, "head.nii.gz", by("freesurfer"), None, None).version.endswith(
        "7.4.1-20230614-7eb8460"
    )
    (tmp_path / "fsl" / "etc").mkdir(parents=True)
    (tmp_path / "fsl" / "etc" / "fslversion").write_text("6.0.7.4\n")
    monkeypatch.setenv("FSLDIR", str(tmp_path / "fsl"))
    stub("bet", WRITES["bet"])
    assert find_brain(head.image, "head.nii.gz", by("bet"), None, None).version == "6.0.7.4"


def test_an_unknown_method_is_refused_and_the_known_ones_listed():
    with pytest.raises(SettingsError, match=", ".join(available())):
        require_backend("scissors")


@pytest.mark.parametrize("method", ["template", "mask", "none"])
def test_methods_without_a_program_need_none(monkeypatch, tmp_path, method):
    monkeypatch.setenv("PATH", str(tmp_path))
    require_backend(method)


def test_only_the_settings_of_the_method_that_runs_are_the_jobs():
    asked = by("bet", frac=0.3)
    assert asked.options == {"frac": 0.3, "robust": True}
    assert recorded(asked) == {"bet": {"frac": 0.3, "robust": True}, "method": "bet"}
    assert by("none").options == {} and recorded(by("none")) == {"method": "none"}


def test_every_method_has_its_resources():
    assert all(needs(method)["mem_mb"] >= 3000 for method in available())
    assert needs("freesurfer-recon-all") == {"mem_mb": 6000, "runtime": 180}
