"""What the page says of weights that are not random."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
from configured import configured

from contrage.files import write_json
from contrage.report.findings import Study
from contrage.report.notes import notes
from contrage.report.pretrained import read_pretrained
from contrage.report.style import loss_colours, loss_name
from contrage.settings.steps.page import PretrainingStart, StartOfTrainings
from contrage.tables import write_tsv

BEFORE = PretrainingStart(
    loss="exp", seeds=(0,), cohort="openbhb", image="T1w", epochs=300, stops_early=False
)
MAE = pd.DataFrame(
    {
        "loss": ["dynlocrep-pretrained", "dynlocrep"],
        "mae_mean": [4.0, 5.0],
        "mae_baseline": 16.0,
        "ci_low": 3.0,
        "ci_high": 6.0,
        "n_seeds": 3,
    }
)


def told(start: StartOfTrainings | None, folder: Path | None = None) -> tuple[str, Study]:
    frames = {"mae": MAE, "baselines": pd.DataFrame(columns=["baseline", "mae_mean"])}
    pretrained = read_pretrained(files(folder), "mae") if folder else None
    study = Study(configured(), frames, 40, [], start, pretrained)
    return " ".join(f"{note.title}: {note.text}" for note in notes(study)), study


def after(folder: Path, **changes) -> tuple[str, Study]:
    """What is told where a row starts from a pre-training that left files in a folder."""
    start = StartOfTrainings(("dynlocrep-pretrained",), None, replace(BEFORE, **changes))
    return told(start, folder)


def files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def test_the_pretraining_is_told_in_a_line(tmp_path):
    metrics = {"mae": 3.456, "mae_baseline": 12.3, "n_test": 20}
    write_json(tmp_path / "metrics/exp/seed-0.json", metrics)
    write_tsv(tmp_path / "dataset/scans.tsv", pd.DataFrame({"scan_id": range(97)}))
    out = pd.DataFrame({"scan_id": range(3), "stage": ["experiment", "quality", "experiment"]})
    write_tsv(tmp_path / "dataset/excluded.tsv", out)
    text, study = after(tmp_path)
    assert (
        "Rows called pre-trained start from an encoder pre-trained with Exponential for 300 epochs "
        "on the T1w images of the cohort openbhb (97 scans); on the 20 held out of these its error "
        "is 3.46 years, that of the mean age 12.30."
    ) in text
    assert "2 scans of people of the cohort above had no part in it." in text
    assert study.n_losses == 1, "the same loss twice"


def test_whose_chance_the_sd_holds_is_said(tmp_path):
    for seed, error in ((3, 3.0), (5, 4.0)):
        metrics = {"mae": error, "mae_baseline": 12.3, "n_test": 20}
        write_json(tmp_path / f"metrics/exp/seed-{seed}.json", metrics)
    write_tsv(tmp_path / "dataset/scans.tsv", pd.DataFrame({"scan_id": range(97)}))
    write_tsv(tmp_path / "dataset/excluded.tsv", pd.DataFrame({"stage": ["quality"]}))
    shared, _ = after(tmp_path, seeds=(3,))
    assert "All 3 training seeds start from this one pre-training, so that the SD" in shared
    own, _ = after(tmp_path, seeds=(3, 5))
    assert "its error is 3.50 years" in own
    assert "Each training seed has a pre-training of its own" in own
    assert "leaves its own chance out" not in own


def test_a_pretraining_that_stops_early_does_not_claim_all_its_epochs(tmp_path):
    metrics = {"mae": 3.4, "mae_baseline": 12.3, "n_test": 20, "epochs": [120]}
    write_json(tmp_path / "metrics/exp/seed-0.json", metrics)
    write_tsv(tmp_path / "dataset/scans.tsv", pd.DataFrame({"scan_id": range(97)}))
    write_tsv(tmp_path / "dataset/excluded.tsv", pd.DataFrame({"scan_id": [], "stage": []}))
    text, _ = after(tmp_path, stops_early=True)
    assert "with Exponential for up to 300 epochs with an early stop (kept: 120) on the" in text
    text, _ = after(tmp_path)
    assert "with Exponential for 300 epochs on the" in text


def test_a_pretraining_on_two_sides_is_told_by_its_balanced_accuracy(tmp_path):
    metrics = {"bacc": 0.712, "bacc_baseline": 0.5, "n_test": 20}
    write_json(tmp_path / "metrics/exp/seed-0.json", metrics)
    write_tsv(tmp_path / "dataset/scans.tsv", pd.DataFrame({"scan_id": range(97)}))
    write_tsv(tmp_path / "dataset/excluded.tsv", pd.DataFrame({"scan_id": [], "stage": []}))
    sides = {"column": "diagnosis", "kind": "binary", "positive": "AD", "negative": "HC"}
    main = {"loss": ["supcon"], "bacc_mean": 0.8, "bacc_baseline": 0.5, "ci_low": 0.7, "n_seeds": 1}
    found = read_pretrained(files(tmp_path), "bacc")
    start = StartOfTrainings((), None, replace(BEFORE, loss="supcon"))
    whole = configured(target=sides)
    study = Study(whole, {"bacc": pd.DataFrame(main)}, 40, [], start, found)
    (note,) = [note for note in notes(study) if note.title == "Pre-training"]
    assert "on the 20 held out of these its balanced accuracy is 0.71, that of saying" in note.text


def test_a_file_is_named_without_its_folders():
    text, study = told(StartOfTrainings((), "/home/me/weights.pt", None))
    assert "All rows start from the encoder in weights.pt." in text
    assert "/home" not in text
    assert study.n_losses == 2


def test_random_weights_need_no_words():
    assert "start from" not in told(None)[0]


def test_a_pretrained_row_is_called_so():
    assert loss_name("dynlocrep-pretrained") == "DynLocRep, pre-trained"
    assert loss_name("exp-released-pretrained") == "Exponential (released), pre-trained"
    assert loss_name("mine-pretrained") == "mine, pre-trained"
    colours = loss_colours(["exp-pretrained", "mine"])
    assert colours["exp-pretrained"] == colours["exp"]


def test_rows_that_do_not_localise_are_told_and_others_not():
    frames = {"mae": MAE, "baselines": pd.DataFrame(columns=["baseline", "mae_mean"])}
    said = "losses.dynlocrep: repels from all 12 in every epoch: this row is exp"
    for warnings, expected in (([said], [f"{said}. A row that"]), ([], [])):
        study = Study(configured(), frames, 40, [], warnings=warnings)
        found = [note for note in notes(study) if "does not localise" in note.title]
        assert [note.text[: len(said) + 12] for note in found] == expected
