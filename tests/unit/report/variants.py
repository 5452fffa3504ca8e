"""Made-up experiments of every kind that there is, and their pages, figures drawn small."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import synthetic
from given import config
from made_up import Report

from contrage.files import read_json, read_npz, write_json
from contrage.tables import read_tsv, write_tsv

MEASURED = ["coverage", "overlap", "correlation", "flagged", "flag_reason"]
PRETRAINING = {
    "loss": "exp",
    "seeds": [0],
    "cohort": "openbhb",
    "image": "T1w",
    "epochs": 300,
    "stops_early": False,
}
START = {"rows": [], "file": None, "pretraining": PRETRAINING}


@dataclass(frozen=True)
class Choice:
    """What kind of study it is."""

    image: str = "stiffness"
    phantom: bool = False
    scheme: str = "holdout"
    seeds: tuple[int, ...] = (0, 1)
    stopped: bool = False
    pretrained: bool = False
    n4: str = "anatomical"
    maps: tuple[str, ...] = ()

    @property
    def source(self) -> str:
        """As the configuration calls it."""
        sources = {"table": "table", "vbm": "arrays", "quasiraw": "arrays"}
        return sources.get(self.image, "phantom" if self.phantom else "bids")

    @property
    def has_scans(self) -> bool:
        """Whether scans were preprocessed."""
        return self.source in ("bids", "phantom")


def write(root: Path, choice: Choice) -> Report:
    """Write the files of an experiment of two rows."""
    seeds = list(choice.seeds)
    settings = copy.deepcopy(synthetic.settings(seeds))
    settings |= {"rows": ["exp", "dynlocrep"], "norm_rows": {}}
    folds = 1 if choice.scheme == "holdout" else 5
    settings["folds"] = list(range(folds))
    report = Report(root, settings)
    cohort = {"source": choice.source, "image": choice.image, "maps": list(choice.maps)}
    report.config["cohort"] |= cohort
    report.config["dataset"]["split"] |= {"scheme": choice.scheme, "folds": 5}
    report.config["preprocessing"]["bias_correction"]["target"] = choice.n4
    kinds = {"n_images": 3 if choice.has_scans else 0, "truth": choice.phantom}
    kinds |= {"anatomical": choice.has_scans, "name_of_map": choice.image}
    synthetic.write_experiment(root, seeds=seeds, folds=folds, embedding=True, **kinds)
    if not choice.has_scans:
        without_scans(report, choice.image == "table")
    else:
        write_tsv(report.path("tables", "site.tsv"), site_table())
    if choice.stopped:
        stop_early(report)
    if choice.pretrained:
        pretrain(report)
    return report


def without_scans(report: Report, is_table: bool) -> None:
    """Take away what only preprocessing gives."""
    scans = read_tsv(report.path("dataset", "scans.tsv"))
    write_tsv(report.path("dataset", "scans.tsv"), scans.drop(columns=MEASURED))
    report.settings["benchmarks"] = report.settings["benchmarks"][:1]
    lost = {"scan_id": ["sub-061"], "participant_id": ["sub-061"], "stage": ["import"]}
    write_tsv(report.path("dataset", "excluded.tsv"), pd.DataFrame(lost | {"reason": ["no age"]}))
    columns = {"feature": ["f0", "f1"], "missing": 0, "constant": False}
    if not is_table:
        return
    write_tsv(report.path("columns.tsv"), pd.DataFrame(columns))
    for file in report.path("baselines").glob("*.tsv"):
        frame = read_tsv(file)
        frame = frame[frame["baseline"] != "ridge-coverage"]
        write_tsv(file, frame.replace({"baseline": {"ridge-blocks": "ridge-features"}}))


def site_table() -> pd.DataFrame:
    """What the control of the field of view finds; the study of two people is left out."""
    lines = [
        (seen, field, 0.84, 0.75, 0.92, 0.25, 0.0001)
        for field in ("own", "common")
        for seen in ("mask", "image")
    ]
    names = ["seen", "field_of_view", "balanced_accuracy", "ci_low", "ci_high", "chance"]
    frame = pd.DataFrame(lines, columns=[*names, "p_permutation"])
    return frame.assign(n_sites=4, sites_left_out="Hiscox 2020b", note=np.nan)


def stop_early(report: Report) -> None:
    """Let every training have an end of its own, and the snapshots after it be those kept."""
    stopped = config(training={"early_stop": {"patience": 3}})
    report.config["training"]["early_stop"] = stopped["training"]["early_stop"]
    folds, number = report.settings["folds"], 0
    for row in report.settings["rows"]:
        for seed in report.settings["seeds"]:
            kept = [9 + (number := number + 1) % 4 for _ in folds]
            place = report.path("metrics", row, f"seed-{seed}.json")
            write_json(place, {**read_json(place), "epochs": kept})
            for fold, epoch in zip(folds, kept, strict=True):
                curve = report.path("training", row, f"seed-{seed}", f"fold-{fold}", "curve.tsv")
                whole = synthetic.curve_table(3.0, np.random.default_rng(number))
                write_tsv(curve, whole.head(epoch + 3))
    folder = report.path("features", "dynlocrep", "seed-0")
    for epoch in synthetic.EPOCHS:
        file = folder / f"fold-0_epoch-{epoch}.npz"
        np.savez(file, **read_npz(file), epoch=np.array(12 if epoch > 12 else epoch))


def pretrain(report: Report) -> None:
    """Let all rows start from a pre-training."""
    folder = report.root / "results" / "demo-pretraining"
    metrics = {"mae": 3.4, "mae_baseline": 12.3, "n_test": 20}
    write_json(folder / "metrics/exp/seed-0.json", metrics)
    write_tsv(folder / "dataset/scans.tsv", pd.DataFrame({"scan_id": range(97)}))
    write_tsv(folder / "dataset/excluded.tsv", pd.DataFrame({"scan_id": [], "stage": []}))
    report.settings["start"] = START


def make(report: Report, draw: bool = True) -> str:
    """Write tables, figures and page; return the page."""
    report.make_tables()
    if draw:
        report.make_figures(drawn=False)
    is_table = report.config["cohort"]["source"] == "table"
    starts, before = report.settings["start"], report.root / "results" / "demo-pretraining"
    report.make_page(
        columns=report.path("columns.tsv") if is_table else None,
        pretraining=sorted(before.rglob("*.*")) if starts else None,
    )
    return report.html
