"""The commands of whoever uses a model: `contrage predict`, and `contrage export` by hand."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from contrage.errors import SettingsError
from contrage.evaluation.statistics.conformal import SITE
from contrage.files import read_json, write_json

if TYPE_CHECKING:
    from contrage.bundle.explain import Explaining
    from contrage.bundle.facts import BundleFacts

ALL, SOME, NONE = 0, 3, 1
"""Exit status: every scan was predicted, some were refused, nothing could be done."""
RESULTS = "results"


def predict_parser(parser: argparse.ArgumentParser) -> None:
    """Add the options of `contrage predict`."""
    parser.description = "Predict new scans with a model. Research use only."
    parser.add_argument("model", type=Path, metavar="MODEL", help="folder of the model")
    parser.add_argument(
        "scans",
        type=Path,
        nargs="+",
        metavar="SCAN",
        help="NIfTI files, arrays, BIDS folders or tables of features, as the model takes them; "
        "anatomical=FILE,stiffness=FILE where it takes several images",
    )
    parser.add_argument("--output", type=Path, required=True, help="table to write, a .tsv")
    parser.add_argument("--json", type=Path, help="the same with quality measures, as JSON")
    parser.add_argument("--known", type=Path, help="table with participant_id and the true target")
    parser.add_argument(
        "--interval", choices=("people", "site"), help="for people of known sites, or of a new one"
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="also write where the model looks: a table beside the output, and maps of images",
    )
    parser.add_argument(
        "--atlas",
        type=Path,
        help="its regions: NIfTI of labels in MNI152, of PET volumes in their space",
    )
    parser.add_argument("--work", type=Path, help="keep what the steps write in this folder")
    parser.add_argument("--template", type=Path, help="T1 of the template, of makers' own files")
    parser.add_argument("--template-mask", type=Path, help="its brain mask")
    parser.add_argument("--quiet", action="store_true", help="say nothing of each scan")


def predict(given: argparse.Namespace) -> int:
    """Predict scans with a model; return the exit status."""
    from contrage.bundle.looked import keep_maps, looks_folder, looks_table, write_looks
    from contrage.bundle.opened import open_bundle
    from contrage.bundle.outputs import check_outputs
    from contrage.bundle.predict import predict_subjects
    from contrage.bundle.subjects import subjects
    from contrage.bundle.tables import as_json, write_table

    read = [*given.scans, given.known, given.atlas, given.template, given.template_mask]
    check_outputs({"--output": given.output, "--json": given.json}, read)
    bundle = open_bundle(given.model)
    explain = _explaining(given, bundle.facts)
    found = subjects(bundle, given.scans, given.known)
    template = (given.template, given.template_mask) if given.template else None
    done: list[Any] = []
    try:
        for prediction in predict_subjects(
            bundle,
            found,
            work=given.work,
            interval=given.interval,
            template=template,
            explain=explain,
        ):
            done.append(prediction)
            keep_maps(looks_folder(given.output), prediction)
            if not given.quiet:
                print(told(prediction, bundle.facts.target), flush=True)
    finally:  # what there is, where somebody ends it
        if done:
            content = as_json(bundle.facts, done)
            write_table(given.output, bundle.facts.target, done)
            if explain is not None:
                write_looks(looks_table(given.output), content["predictions"])
            if given.json:
                write_json(given.json, content)
    refused = sum(each.refused is not None for each in done)
    return NONE if refused == len(done) else SOME if refused else ALL


def _explaining(given: argparse.Namespace, facts: BundleFacts) -> Explaining | None:
    """Return how scans are explained; None, said on stderr where it was asked for, if not."""
    if not given.explain:
        if given.atlas is not None:
            raise SettingsError("--atlas: names the regions of --explain; give that as well")
        return None
    from contrage.bundle.explain import explaining, why_none

    if (reason := why_none(facts)) is not None:
        print(f"where the model looks is not told: {reason}", file=sys.stderr)
        return None
    return explaining(facts, given.atlas)


def told(prediction: Any, target: Any) -> str:
    """Return a line on a prediction, for the console."""
    if prediction.refused is not None:
        return f"{prediction.name}: no prediction: {prediction.refused}"
    value = target.told(f"{prediction.predicted:.{target.digits + 1}f}")
    if target.is_binary:
        value = f"{prediction.predicted:.3f} for {target.positive}"
    span = ""
    if prediction.low is not None and prediction.high is not None:
        ends = f"{prediction.low:.1f} to {prediction.high:.1f}"
        whom = " for new sites" if prediction.interval == SITE else ""
        span = f" ({prediction.level:.0%} interval{whom} {ends})"
    flags = f"; look at: {'; '.join(prediction.flags)}" if prediction.flags else ""
    return f"{prediction.name}: {value}{span}{flags}"


def export_parser(parser: argparse.ArgumentParser) -> None:
    """Add the options of `contrage export`."""
    parser.description = "Make models of further rows of a finished experiment."
    parser.add_argument("experiment", type=Path, help="its folder, results/<experiment>")
    parser.add_argument("--rows", nargs="+", required=True, help="rows of its table of errors")
    parser.add_argument("--output", type=Path, required=True, help="folder to write models into")


def export(given: argparse.Namespace) -> int:
    """Make models of rows of an experiment that a run has finished; return the exit status."""
    from contrage.bundle.export import BY_HAND, write_model
    from contrage.bundle.gathered import gather
    from contrage.layout import Results
    from contrage.settings.build import build
    from contrage.settings.steps.model import ExportModelsStep

    exported = Path(Results.at(str(given.experiment)).exported)
    if not exported.is_file():
        raise SettingsError(
            f"{exported}: no such file; an experiment's run writes it at its end: give the "
            "experiment's own folder, and run it first"
        )
    content = read_json(exported)
    settings = build(ExportModelsStep, content["settings"])
    for row in given.rows:
        if row not in settings.rows:
            known = ", ".join(settings.rows)
            raise SettingsError(
                f"--rows: {row} is no row of the table of errors; choose of {known}"
            )
    files = {name: str(_root(given.experiment) / path) for name, path in content["files"].items()}
    patterns = {
        k: files[k] for k in ("models", "features", "coefficients", "predictions", "splits")
    }
    named = ("scans", "array", "columns", "quality", "reference")
    others = {k: Path(files[k]) if k in files else None for k in named}
    for row in given.rows:
        write_model(given.output / row, gather(settings, row, BY_HAND, patterns, others))
        print(given.output / row)
    return ALL


def _root(experiment: Path) -> Path:
    """Return the folder that a run's paths are seen from: that of results/<experiment>.

    Raises
    ------
    SettingsError
        The experiment does not lie in a folder results.
    """
    home = experiment.resolve()
    if home.parent.name != RESULTS:
        raise SettingsError(
            f"{experiment}: lies in no folder {RESULTS}, where a run has put it; its files cannot "
            "be found from here"
        )
    return home.parents[1]
