"""What is sent is predicted, named, bounded and deleted."""

from __future__ import annotations

import errno
import gzip
import io
import json
import threading
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from asking import ORIGIN, Asking
from made_models import HIDDEN, looks, map_model, table_model, write_rows
from tiny_maps import AFFINE, brain

from contrage import cli
from contrage.bundle import explain
from contrage.bundle.opened import open_bundle
from contrage.bundle.predict import predict_subjects
from contrage.bundle.subjects import subjects
from contrage.serve import desk as desks
from contrage.serve.bounds import MEGA, Bounds, UploadError, check_unpacked
from contrage.serve.told import finite, model_told
from contrage.serve.uploads import shown, stored

NAMES = [
    "../../etc/passwd",
    "..\\..\\windows\\system32\\config",
    "/etc/shadow",
    "....//x.nii.gz",
    ".hidden",
    "..",
    "",
    "-rf",
    "a\0b.nii",
    "a\nb.nii.gz",
    "sub=01,anatomical=x.nii",
    "x" * 5000 + ".nii.gz",
    "Größe (1).nii.gz",
    "~root/x",
    "$(touch x).nii",
    "con.nii.gz",
]


def table(tmp_path: Path, *rows: dict[str, Any]) -> bytes:
    return write_rows(tmp_path / "made.tsv", *rows).read_bytes()


def a_map(age: float = 40, seed: int = 1, factor: float = 1.0) -> bytes:
    image = nib.Nifti1Image(brain(age, seed) * np.float32(factor), AFFINE)
    return gzip.compress(image.to_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_sent_leads_nowhere(name: str, tmp_path: Path):
    found = stored(name)
    assert found and "/" not in found and "\\" not in found and found[0] not in ".-"
    assert len(found) <= 120 and found.isascii() and found.isprintable()
    assert (tmp_path / found).resolve().parent == tmp_path.resolve()
    assert shown(name).isprintable() and len(shown(name)) <= 120


@pytest.mark.parametrize("name", ["sub-01_ses-2_T1w.nii.gz", "x.nii", "t.tsv", "a_b-c.npy"])
def test_a_usual_name_stays_as_it_is(name: str):
    assert stored(name) == shown(name) == name


@pytest.mark.parametrize("name", [name for name in NAMES if name])
def test_files_of_any_name_lie_in_the_folder_of_the_page_alone(
    page: Asking, tmp_path: Path, name: str
):
    before = {*tmp_path.rglob("*")}
    answer = page.send(("file", name, table(tmp_path, {})))
    page.finished()
    written = {*tmp_path.rglob("*")} - before - {tmp_path / "made.tsv"}
    assert all(page.desk.folder in path.parents for path in written)
    assert answer.status_code == 201 or "error" in answer.json()


def test_a_table_is_predicted_as_the_command_line_does(page: Asking, table_bundle, tmp_path):
    rows = {"age": 44}, {"volume": "big"}, {"age": 85}
    sent = page.send(("file", "people.tsv", table(tmp_path, *rows)))
    assert [each["name"] for each in sent.json()["scans"]] == ["sub-p1", "sub-p2", "sub-p3"]
    scans = page.finished()
    expected = predict_subjects(table_bundle, subjects(table_bundle, [tmp_path / "made.tsv"]))
    for each in expected:
        told = scans[each.name]
        assert told["prediction"]["predicted"] == each.predicted
        assert told["prediction"]["corrected_gap"] == each.corrected_gap
    assert scans["sub-p2"]["state"] == "refused"
    assert scans["sub-p2"]["refused"] == "people.tsv: line 3: volume is 'big', and no number"
    assert any("age 85 is outside" in flag for flag in scans["sub-p3"]["prediction"]["flags"])


def test_a_bad_file_gets_the_sentence_of_the_command_line(
    page_of, map_bundle, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    bad = {
        "units_stiffness.nii.gz": a_map(factor=1e6),
        "cut_stiffness.nii.gz": a_map()[:-50],
        "text_stiffness.nii.gz": b"not an image",
        "empty_stiffness.nii": b"",
        "sub-01_T1w.nii.gz": a_map(),
    }
    page = page_of(map_bundle)
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
        assert page.send(("file", name, content)).status_code == 201
    told = {each["files"][0]: each["refused"] for each in page.finished().values()}
    with pytest.raises(SystemExit):
        cli.main(["predict", str(map_bundle.folder), *bad, "--output", "p.tsv"])
    lines = capsys.readouterr().out.splitlines()
    sentences = {line.split(": no prediction: ", 1)[1] for line in lines}
    assert {*told.values()} == sentences and len(sentences) == len(bad)


def test_a_map_is_shown_with_the_outline_of_its_brain(page_of, map_bundle):
    page = page_of(map_bundle)
    page.send(("file", "sub-01_stiffness.nii.gz", a_map()), known="44")
    scan = page.finished()["sub-01"]
    assert scan["prediction"]["known"] == 44 and scan["prediction"]["gap"] is not None
    views = {view["name"]: view for view in scan["views"]}
    for name in ("preprocessed", "raw"):
        images = [read(page, views[name][each]) for each in ("file", "outline")]
        image, outline = (np.asarray(each.dataobj) for each in images)
        assert np.allclose(images[0].affine, images[1].affine)
        assert outline.shape == image.shape and {*np.unique(outline)} == {0, 1}
        drawn = np.argwhere(image != 0)[::997]
        edges = [is_edge(image != 0, tuple(place)) for place in drawn]
        assert any(edges) and edges == [bool(outline[tuple(place)]) for place in drawn]
        assert not outline[image == 0].any()
    picture = page.get(views["picture"]["file"])
    assert picture.headers["content-type"] == "image/png"
    assert page.get(f"scans/{scan['number']}/images/check.json").status_code == 404


def read(page: Asking, path: str) -> nib.Nifti1Image:
    content = page.get(path).content
    return nib.Nifti1Image.from_bytes(
        gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    )


def is_edge(inside: np.ndarray, place: tuple[int, ...]) -> bool:
    """Whether a voxel is inside, and has a neighbour outside or lies at the image's edge."""
    for axis in range(3):
        for step in (-1, 1):
            near = list(place)
            near[axis] += step
            if not all(0 <= k < n for k, n in zip(near, inside.shape, strict=True)):
                return bool(inside[place])
            if not inside[tuple(near)]:
                return bool(inside[place])
    return False


def test_the_json_is_that_of_the_command_line(page: Asking, tmp_path):
    page.send(("file", "t.tsv", table(tmp_path, {"age": 44})))
    (scan,) = page.finished().values()
    answer = page.get(f"scans/{scan['number']}/prediction.json")
    assert answer.headers["content-disposition"].startswith("attachment")
    cli.main(
        [
            *("predict", str(page.desk.bundle.folder), str(tmp_path / "made.tsv"), "--quiet"),
            *("--output", str(tmp_path / "p.tsv"), "--json", str(tmp_path / "p.json")),
        ]
    )
    assert answer.json() == json.loads((tmp_path / "p.json").read_text())


def test_numbers_that_json_cannot_write_are_none():
    assert finite({"a": [float("nan"), 1.5, (float("inf"),)]}) == {"a": [None, 1.5, [None]]}


def test_two_scans_wait_for_each_other_and_are_not_mixed(
    page_of, table_bundle, tmp_path, monkeypatch
):
    running, go, most = [], threading.Event(), []

    def slowly(bundle, found, **more):
        running.append(found)
        most.append(len(running))
        assert go.wait(60)
        yield from predict_subjects(bundle, found, **more)
        running.remove(found)

    monkeypatch.setattr(desks, "predict_subjects", slowly)
    page = page_of(table_bundle)
    for label, volume in (("a", 1200), ("b", 1300)):
        row = {"participant_id": label, "volume": volume}
        page.send(("file", f"{label}.tsv", table(tmp_path, row)))
    waiting = {each["name"]: each for each in page.get("scans").json()["scans"]}
    assert waiting["sub-b"]["state"] == "waiting" and waiting["sub-b"]["ahead"] == 1
    go.set()
    scans = page.finished()
    assert most == [1, 1]
    for label, volume in (("a", 1200), ("b", 1300)):
        write_rows(tmp_path / "x.tsv", {"participant_id": label, "volume": volume})
        (alone,) = predict_subjects(table_bundle, subjects(table_bundle, [tmp_path / "x.tsv"]))
        assert scans[f"sub-{label}"]["prediction"]["predicted"] == alone.predicted


def test_the_target_that_is_typed_is_checked_and_is_of_one_scan(page: Asking, tmp_path):
    one = table(tmp_path, {"age": "n/a"})
    assert (
        page.send(("file", "t.tsv", one), known="44,5").json()["error"].startswith("the age that")
    )
    assert page.send(("file", "t.tsv", one), known="-3").status_code == 422
    two = table(tmp_path, {}, {})
    assert (
        "one age was given for 2 scans"
        in page.send(("file", "t.tsv", two), known="44").json()["error"]
    )
    assert page.left == [] and page.get("scans").json() == {"scans": []}
    page.send(("file", "t.tsv", one), known=" 44.5 ")
    (scan,) = page.finished().values()
    assert scan["prediction"]["known"] == 44.5


def test_a_file_that_is_too_large_is_refused_and_gone(page_of, table_bundle):
    page = page_of(table_bundle, file_mb=1)
    answer = page.send(("file", "../big.tsv", b"x" * (1024**2 + 1)))
    assert answer.status_code == 413
    assert answer.json()["error"].startswith("big.tsv: is larger than 1 MB")
    assert page.left == []


@pytest.mark.parametrize("says_its_length", [True, False])
def test_a_request_that_is_too_large_ends(page_of, table_bundle, says_its_length: bool):
    page = page_of(table_bundle, file_mb=1, total_mb=1)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    pieces, taken = [head, *[b"0" * 100_000] * 40], []

    def body():
        for piece in pieces:
            taken.append(piece)
            yield piece

    headers = {**ORIGIN, "Content-Type": "multipart/form-data; boundary=x"}
    content = b"".join(pieces) if says_its_length else body()
    answer = page.client.post(f"{page.at}scans", content=content, headers=headers)
    assert answer.status_code == 413 and "more than 1 MB" in answer.json()["error"]
    assert page.left == []


def test_too_many_files_scans_or_waiting_ones_are_refused(
    page_of, table_bundle, tmp_path, monkeypatch
):
    one = table(tmp_path, {})
    page = page_of(table_bundle, files=2, scans=4)
    files = [("file", f"{k}.tsv", one) for k in range(3)]
    assert "more than 2 files" in page.send(*files).json()["error"]
    assert (
        "5 scans, and at most 4"
        in page.send(("file", "t.tsv", table(tmp_path, *[{}] * 5))).json()["error"]
    )
    assert page.left == []
    page.send(("file", "t.tsv", table(tmp_path, *[{}] * 4)))
    page.finished()
    answer = page.send(("file", "t.tsv", one))
    assert answer.status_code == 429 and "remove some" in answer.json()["error"]
    assert page.remove(1).status_code == 204
    assert page.send(("file", "t.tsv", one)).status_code == 201
    full = page_of(table_bundle, total_mb=0)
    (full.desk.folder / "x").write_bytes(b"x")
    assert full.send(("file", "t.tsv", one)).status_code == 429


def test_what_comes_counts_with_what_lies_here_and_what_others_send(page_of, table_bundle):
    desk = page_of(table_bundle, total_mb=4).desk
    (desk.folder / "x").write_bytes(b"x" * MEGA)
    with pytest.raises(UploadError, match="more than 4 MB at once") as large:
        desk.new_folder(4 * MEGA + 1)
    with pytest.raises(UploadError, match="1 MB lie here already or are on their way") as full:
        desk.new_folder(3 * MEGA + 1)
    first = desk.new_folder(2 * MEGA)
    first.mkdir()
    (first / "half").write_bytes(b"x" * MEGA)  # on its way: counted once
    with pytest.raises(UploadError, match="3 MB lie here"):
        desk.new_folder(MEGA + 1)
    second = desk.new_folder()
    with pytest.raises(UploadError, match="3 MB lie here"):
        desk.room.keep(second, MEGA + 1)
    desk.room.free(first)
    desk.room.keep(second, 2 * MEGA)
    assert (large.value.status, full.value.status) == (413, 429)


@pytest.mark.parametrize("says_its_length", [True, False])
def test_a_drop_that_does_not_fit_beside_others_is_refused_and_keeps_no_room(
    page_of, table_bundle, tmp_path, says_its_length: bool
):
    page = page_of(table_bundle, total_mb=4)
    other = page.desk.new_folder(4 * MEGA)
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="t.tsv"\r\n\r\n'
    pieces = [head, table(tmp_path, {}), b"\r\n--x--\r\n"]
    headers = {**ORIGIN, "Content-Type": "multipart/form-data; boundary=x"}

    def send():
        content = b"".join(pieces) if says_its_length else iter(pieces)
        return page.client.post(f"{page.at}scans", content=content, headers=headers)

    answer = send()
    assert answer.status_code == 429 and "4 MB lie here" in answer.json()["error"]
    page.desk.room.free(other)
    assert send().status_code == 201
    assert page.desk.new_folder(3 * MEGA).name  # nothing is kept for the two


def test_no_more_wait_than_may(page_of, table_bundle, tmp_path, monkeypatch):
    go = threading.Event()

    def slowly(bundle, found, **more):
        assert go.wait(60)
        yield from predict_subjects(bundle, found, **more)

    monkeypatch.setattr(desks, "predict_subjects", slowly)
    page = page_of(table_bundle, waiting=2)
    assert page.send(("file", "t.tsv", table(tmp_path, {}, {}))).status_code == 201
    answer = page.send(("file", "t.tsv", table(tmp_path, {})))
    go.set()
    assert answer.status_code == 429 and "2 scans are waiting" in answer.json()["error"]
    page.finished()


@pytest.mark.parametrize("nothing", [{}, {"files": []}, {"content": b"x"}, {"json": {"file": "x"}}])
def test_a_request_without_a_file_says_so(page: Asking, nothing):
    answer = page.client.post(f"{page.at}scans", headers=ORIGIN, **nothing)
    assert answer.status_code == 422 and answer.json() == {"error": "no file was sent"}


def packed(kind: str, size: int) -> bytes:
    if kind == "gzip":
        return gzip.compress(bytes(size), 9)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("x", bytes(size))
    return made.getvalue()


@pytest.mark.parametrize("kind", ["gzip", "zip"])
def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(page_of, map_bundle, kind: str):
    page = page_of(map_bundle, unpacked_mb=3)
    content = packed(kind, 5 * 1024**2)
    assert len(content) < 10_000
    answer = page.send(("file", "bomb.nii", content))
    assert answer.status_code == 422
    assert answer.json()["error"].startswith("bomb.nii: comes to more than 3 MB once unpacked")
    assert page.left == []


def test_what_unpacks_to_little_or_not_at_all_passes(tmp_path):
    path = tmp_path / "x"
    for content in (
        packed("gzip", 10),
        packed("zip", 10),
        b"",
        b"PK",
        b"\x1f\x8b\0",
        b"BZh9",
        b"\0" * 99,
    ):
        path.write_bytes(content)
        check_unpacked(path, 1)


def test_a_scan_that_is_removed_leaves_nothing(page_of, map_bundle):
    page = page_of(map_bundle)
    for number in (1, 2):
        page.send(("file", f"sub-0{number}_stiffness.nii.gz", a_map(seed=number)))
    page.finished()
    first = {path for path in page.left if "000001" in path.parts}
    assert first and page.remove(1).status_code == 204
    assert not [path for path in page.left if "000001" in path.parts]
    assert [path for path in page.left if "000002" in path.parts]
    assert (
        page.remove(1).status_code == 404 and page.get("scans/1/prediction.json").status_code == 404
    )
    assert page.remove(2).status_code == 204 and page.left == []


def test_the_files_of_a_drop_stay_until_its_last_scan_goes(page: Asking, tmp_path):
    page.send(("file", "t.tsv", table(tmp_path, {}, {})))
    page.finished()
    page.remove(1)
    assert [path.name for path in page.left if path.is_file()] == ["t.tsv"]
    page.remove(2)
    assert page.left == []


def test_a_scan_that_is_removed_while_it_runs_is_stopped_and_leaves_nothing(
    page_of, table_bundle, tmp_path, monkeypatch
):
    began, go = threading.Event(), threading.Event()

    def slowly(bundle, found, *, work, tell, **more):
        work.mkdir(parents=True)
        tell("x", "check")
        began.set()
        assert go.wait(60)
        tell("x", "predict")
        raise AssertionError("it went on")
        yield

    monkeypatch.setattr(desks, "predict_subjects", slowly)
    page = page_of(table_bundle)
    page.send(("file", "t.tsv", table(tmp_path, {})))
    assert began.wait(60) and page.remove(1).status_code == 204
    assert page.get("scans").json() == {"scans": []}
    monkeypatch.setattr(desks, "predict_subjects", predict_subjects)
    go.set()
    page.send(("file", "u.tsv", table(tmp_path, {})))
    assert page.finished()["sub-p1"]["state"] == "done"
    assert not [path for path in page.left if "000001" in path.parts]


def test_an_error_that_nobody_expected_stops_no_other_scan(
    page_of, table_bundle, tmp_path, monkeypatch, caplog
):
    def broken(*given, **more):
        raise ZeroDivisionError("by hand")

    monkeypatch.setattr(desks, "predict_subjects", broken)
    page = page_of(table_bundle)
    page.send(("file", "t.tsv", table(tmp_path, {"participant_id": "a"})))
    assert "did not expect" in page.finished()["sub-a"]["refused"]
    assert "by hand" in caplog.text
    monkeypatch.setattr(desks, "predict_subjects", predict_subjects)
    page.send(("file", "t.tsv", table(tmp_path, {"participant_id": "b"})))
    assert page.finished()["sub-b"]["state"] == "done"


def test_the_page_is_told_of_the_model_what_the_bundle_says(page: Asking, table_bundle):
    told = page.get("model").json()
    facts = table_bundle.facts
    assert told["learned"]["bins"] == [
        [each.low, each.high, each.people] for each in facts.learned.bins
    ]
    assert told["tested"] == {"people": 40, "measure": "mae", "value": 4.5}
    assert told["what"] == "table" and told["stages"] == [
        ["check", "Check the file"],
        ["predict", "Predict"],
    ]
    assert told["card"] == table_bundle.card and "Research use only" in told["notice"]


@pytest.mark.parametrize(
    ("changes", "whom", "said"),
    [
        ({}, None, "by construction; of people of sites that it was not made of it held 90.0 %."),
        ({"sites": ("a",)}, None, "Its 90 % interval holds 90.0 % of them by construction."),
        ({"sites": ()}, None, "Its 90 % interval holds 90.0 % of them by construction."),
        ({"site_coverage": 0.8}, "site", "for people of new sites held 80.0 % of people of sites"),
        ({"site_coverage": 0.8, "whom": "site"}, None, "new sites held 80.0 % of people of sites"),
        ({"site_coverage": 0.8, "whom": "site"}, "people", "it held 90.0 %."),
        ({}, "site", ""),
    ],
)
def test_what_the_interval_held_is_told_of_the_one_that_is_carried(
    table_bundle, changes, whom, said
):
    facts = table_bundle.facts
    changed = replace(facts, interval=replace(facts.interval, **changes))
    told = model_told(replace(table_bundle, facts=changed), Bounds(), (), whom)["interval"]
    assert said in told and bool(said) == bool(told)


def test_features_are_compared_with_the_mean_of_each_network(table_bundle):
    assert "each of its networks" in model_told(table_bundle, Bounds(), ())["looks"]["mean"]


def test_a_model_of_maps_says_which_files_it_takes(page_of, map_bundle):
    told = page_of(map_bundle).get("model").json()
    assert told["what"] == "scan" and told["endings"] == [".nii", ".nii.gz"]
    assert told["images"] == [["stiffness", "stiffness map", "stiffness"]]
    assert [name for name, _ in told["stages"]] == [
        "check",
        "strip",
        "register",
        "quality",
        "predict",
    ]


def test_images_of_one_scan_are_told_by_their_fields_or_by_their_names(page_of, tmp_path):
    bundle = open_bundle(map_model(tmp_path / "model", skull_strip={"method": "mask"}))
    page = page_of(bundle)
    told = page.get("model").json()["images"]
    assert [name for name, *_ in told] == ["stiffness", "mask"]
    inside = nib.Nifti1Image((brain(40, 1) > 0).astype(np.uint8), AFFINE)
    mask = gzip.compress(inside.to_bytes())
    page.send(("stiffness", "a.nii.gz", a_map()), ("mask", "b.nii.gz", mask), known="44")
    pair = ("_stiffness.nii.gz", a_map()), ("_desc-brain_mask.nii.gz", mask)
    page.send(*(("file", f"sub-{k}{name}", content) for k in "12" for name, content in pair))
    page.send(("file", "sub-3_stiffness.nii.gz", a_map()))
    page.send(("stiffness", "alone.nii.gz", a_map()))
    scans = page.finished()
    assert [*scans] == ["alone", "sub-3", "sub-2", "sub-1", "a"]
    values = {scans[name]["prediction"]["predicted"] for name in ("a", "sub-1", "sub-2")}
    assert len(values) == 1 and None not in values
    for name in ("alone", "sub-3"):
        assert "no image of the kind mask is given" in scans[name]["refused"]
    same = ("mask", "a.nii.gz", mask), ("mask", "b.nii.gz", mask)
    assert "said to be the same image" in page.send(*same).json()["error"]
    assert "and no T1w" in page.send(("T1w", "a.nii.gz", mask)).json()["error"]


def test_a_scan_is_called_on_the_page_as_by_the_command(page_of, map_bundle, tmp_path):
    sent = ["a b.nii.gz", "a_b.nii.gz", "a b.nii.gz", "sub-1_ses-2_run-1_stiffness.nii.gz"]
    sent += ["sub-1_ses-2_run-2_stiffness.nii.gz"]
    page, files = page_of(map_bundle), []
    for number, name in enumerate(sent):
        files.append(tmp_path / str(number) / name)
        files[-1].parent.mkdir()
        files[-1].write_bytes(a_map())
    told = page.send(*(("file", name, a_map()) for name in sent)).json()["scans"]
    found = [each.name for each in subjects(map_bundle, files)]
    assert [each["name"] for each in told] == found and len(set(found)) == len(sent)
    assert found[:3] == ["a b", "a_b", "a b (2)"]


def test_images_that_are_named_one_by_one_are_one_scan_with_one_name(page_of, tmp_path):
    bundle = open_bundle(map_model(tmp_path / "model", skull_strip={"method": "mask"}))
    page = page_of(bundle)
    mask = gzip.compress(nib.Nifti1Image(np.ones((3, 3, 3), np.uint8), AFFINE).to_bytes())
    for names in (
        ("sub-1_ses-b_stiffness.nii.gz", "sub-1_ses-b_desc-brain_mask.nii.gz"),
        ("sub-1_stiffness.nii.gz", "sub-2_desc-brain_mask.nii.gz"),
        ("map.nii.gz", "sub-2_desc-brain_mask.nii.gz"),
    ):
        pair = zip(("stiffness", "mask"), names, strict=True)
        sent = [(kind, name, mask) for kind, name in pair]
        (told,) = page.send(*reversed(sent)).json()["scans"]
        asked = f"mask={tmp_path / names[1]},stiffness={tmp_path / names[0]}"
        (found,) = subjects(bundle, [Path(asked)])
        assert told["name"] == found.name
        assert found.name in ("sub-1_ses-b", "sub-1_stiffness", "map")


def test_a_volume_that_a_model_does_not_divide_by_is_refused(page, tmp_path):
    one = table(tmp_path, {"age": 44})
    sent = page.client.post(
        f"{page.at}scans", files=[("file", ("t.tsv", one))], data={"volume": "3"}, headers=ORIGIN
    )
    assert sent.status_code == 422 and "divides by none" in sent.json()["error"]


def test_where_it_looks_is_told_with_a_map_over_the_image(page_of, tmp_path):
    bundle = open_bundle(map_model(tmp_path / "model", ("integrated_gradients",)))
    page = page_of(bundle)
    told = page.get("model").json()
    assert told["stages"][-1] == ["explain", "See where it looks"]
    assert told["looks"] == {
        "why": None,
        "mean": "the mean of 8 people whom the model learned from",
        "unit": "years",
    }
    page.send(("file", "sub-01_stiffness.nii.gz", a_map()))
    scan = page.finished()["sub-01"]
    (look,) = scan["prediction"]["looks"]
    assert look["method"] == "integrated_gradients" and look["regions"]
    view = {view["name"]: view for view in scan["views"]}["looks-integrated_gradients"]
    under, found = (read(page, view[each]) for each in ("file", "map"))
    made = page.desk.tickets[scan["number"]].prediction.files["looks-integrated_gradients"]
    whole = np.asarray(nib.load(made).dataobj)
    smooth = np.asarray(found.dataobj)
    assert smooth.shape == whole.shape and np.allclose(found.affine, nib.load(made).affine)
    assert np.abs(np.diff(smooth, axis=0)).mean() < np.abs(np.diff(whole, axis=0)).mean()
    assert under.shape[0] > smooth.shape[0]  # of the template's grid
    download = page.get(f"scans/{scan['number']}/prediction.json").json()
    assert download["predictions"][0]["looks"] == [look]


def test_the_number_is_told_while_it_is_being_explained(page_of, tmp_path, monkeypatch):
    bundle = open_bundle(map_model(tmp_path / "model", ("integrated_gradients",)))
    page, goes_on = page_of(bundle), threading.Event()
    before = explain.attributions

    def waits(*given, **more):
        assert goes_on.wait(60)
        return before(*given, **more)

    monkeypatch.setattr(explain, "attributions", waits)
    page.send(("file", "sub-01_stiffness.nii.gz", a_map()))
    deadline = time.monotonic() + 60
    while (scan := page.get("scans").json()["scans"][0])["stage"] != "explain":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert scan["state"] == "running" and scan["views"] == []
    number = scan["prediction"]["predicted"]
    goes_on.set()
    assert page.finished()["sub-01"]["prediction"]["predicted"] == number


def test_where_nothing_can_be_explained_there_is_the_number(page_of, tmp_path, monkeypatch):
    bundle = open_bundle(table_model(tmp_path / "model", looks=looks(0, "occlusion")))

    def fails(*given, **more):
        raise KeyError("template")

    page = page_of(bundle)
    monkeypatch.setattr(desks, "explaining", fails)
    page.send(("file", "t.tsv", table(tmp_path, {})))
    (scan,) = page.finished().values()
    assert scan["state"] == "done" and scan["prediction"]["predicted"] is not None
    note = "where the model looks could not be computed ('template')"
    assert scan["prediction"]["flags"][-1] == note


def test_a_disk_that_is_full_while_it_is_explained_costs_no_number(page_of, tmp_path, monkeypatch):
    bundle = open_bundle(table_model(tmp_path / "model", looks=looks(0, "occlusion")))

    def fails(*given, **more):
        raise OSError(errno.ENOSPC, "full", "/x")

    page = page_of(bundle)
    monkeypatch.setattr(explain, "attributions", fails)
    page.send(("file", "t.tsv", table(tmp_path, {})))
    (scan,) = page.finished().values()
    assert scan["state"] == "done" and scan["prediction"]["predicted"] is not None
    assert "could not be computed (/x: no space left" in scan["prediction"]["flags"][-1]


def test_a_model_whose_methods_failed_says_why_it_does_not_tell(page_of, map_bundle):
    page = page_of(map_bundle)
    told = page.get("model").json()
    assert told["looks"]["why"].startswith(f"integrated gradients: {HIDDEN}")
    page.send(("file", "sub-01_stiffness.nii.gz", a_map()))
    scan = page.finished()["sub-01"]
    assert scan["prediction"]["looks"] == []
    assert not [view for view in scan["views"] if view["name"].startswith("looks")]
    path = f"scans/{scan['number']}/images/looks-occlusion.nii.gz"
    assert page.get(path).status_code == 404
