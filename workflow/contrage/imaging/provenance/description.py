"""What a folder of derivatives is, said to BIDS, to a validator and to its reader."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import contrage
from contrage.bids import VERSION, link
from contrage.files import failed, read_json, write_json, write_text
from contrage.imaging.provenance.methods import citations, limits, outside, paragraph
from contrage.imaging.template.source import as_source, template_record
from contrage.layout import sidecar_file
from contrage.settings.steps.imaging_tables import DescribeStep
from contrage.tables import read_tsv, write_tsv

IGNORED = {
    "mre": "stiffness has no suffix in BIDS yet",
    "xfm": "nor have transforms",
    "qc": "checks, measures and pictures of quality",
    "array": "all images of the cohort in one array",
    "logs": "of the workflow",
    "benchmarks": "run times, of the workflow",
    "*_desc-strip.json": "the record of a scan up to skull stripping",
    "*_desc-correct.json": "up to the bias field's correction",
    "*_desc-preproc.json": "the record of a whole scan",
    "methods.md": "the preprocessing in words",
    "/quality.html": "the quality page",
    "/quality.tsv": "the quality of all scans, for scripts",
    "/quality_numbers.tsv": "whom the quality page's numbers are of",
    "/scans.tsv": "the cohort: a row per scan of all participants",
    "/passed.tsv": "the scans whose raw images passed the check",
    "/tries.json": "how often scans failed and were tried again",
    "/came_through.tsv": "the scans that came through preprocessing, and why others did not",
    "/excluded.tsv": "the scans that were left out before",
    "/choices.tsv": "the images that were chosen among several",
    "/notes.txt": "what was noticed in the tables of the cohort",
}
"""What BIDS has no rules for, and why."""
DESCRIPTIONS = {
    "desc-brain": "Mask of the brain",
    "desc-biascorrected": "Stripped, bias field divided out (N4), on its own voxels",
    "desc-preproc": "The same, or a map inside the brain, resampled to MNI152",
}
README = """# {name}

Scans of the cohort `{name}`, preprocessed by contrage {version}: brain masks, bias-corrected
brains, transforms to MNI152, and images on the grid of MNI152, named after BIDS derivatives.

- The JSON beside each image or transform says what it was made of and how: inputs and output with
  SHA-256, each step with its function and parameters, template, versions, seed, threads, seconds.
- `methods.md` says it in words, with the references to cite.
- `sub-*/**/qc/` holds a picture and measures of quality per scan.
- Images of 0 bytes belong to scans that failed; the JSON beside says why.{failures}
"""


def describe(
    settings: DescribeStep,
    *,
    scans: Path,
    derivatives: Path,
    raw: Path | None = None,
    description: Path,
    readme: Path,
    ignore: Path,
    descriptions: Path,
    methods: Path,
) -> None:
    """Describe the derivatives of a cohort.

    Parameters
    ----------
    settings : DescribeStep
    scans : Path
        The cohort's table.
    derivatives : Path
        The folder that is described; it holds the record of each scan.
    raw : Path, optional
        The folder of the raw data.
    description, readme, ignore, descriptions, methods : Path
        Outputs: dataset_description.json, README.md, .bidsignore, descriptions.tsv, methods.md.
    """
    records = find_records(derivatives, read_tsv(scans)["scan_id"].tolist())
    reasons = {path: failed(path) for path in records}
    bad = {path.parent.relative_to(derivatives): why for path, why in reasons.items() if why}
    write_json(description, dataset_description(settings.name, derivatives, raw))
    write_text(readme, _readme(settings.name, bad))
    write_text(ignore, _ignore(bad))
    frame = pd.DataFrame(DESCRIPTIONS.items(), columns=["desc_id", "description"])
    write_tsv(descriptions, frame)
    good = [path for path, why in reasons.items() if why is None]
    asked = as_source(settings.template)
    template = read_json(good[0])["template"] if good else template_record(asked)
    changed = outside(settings, (read_json(path).get("steps", []) for path in good))
    write_text(methods, methods_text(settings, template, len(records), len(bad), changed))


def find_records(derivatives: Path, scans: list[str]) -> list[Path]:
    """Return the record of each scan, in the order of the scans."""
    return [derivatives / sidecar_file(scan) for scan in scans]


def dataset_description(name: str, base: Path, raw: Path | None) -> dict:
    """Return the content of dataset_description.json."""
    content = {
        "Name": f"{name}: preprocessed by contrage",
        "BIDSVersion": VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "contrage", "Version": contrage.__version__}],
    }
    if raw is None:
        return content
    where = link(raw, base)
    return {**content, "SourceDatasets": [{"URL": where}], "DatasetLinks": {"raw": where}}


def methods_text(
    settings: DescribeStep, template: dict, scans: int, failures: int, changed: str = ""
) -> str:
    """Return the content of methods.md: a paragraph, what became of the scans, references."""
    text, names = paragraph(settings, template)
    came = f"{scans - failures} of {scans} scans came through preprocessing."
    checked = limits(settings.quality)
    lines = [
        f"# Preprocessing of {settings.name}",
        "",
        f"*Written by contrage {contrage.__version__} from the settings of the run; copy what you "
        "need and cite the references.*",
        "",
        " ".join(part for part in (text, changed, came, checked) if part),
        "",
        "## References",
        "",
        *(f"- {line}" for line in citations([*names, "nilearn"], settings.skull_strip.method)),
    ]
    return "\n".join(lines) + "\n"


def _readme(name: str, bad: dict[Path, str]) -> str:
    lines = "".join(f"\n  - `{folder}`: {' '.join(why.split())}" for folder, why in bad.items())
    return README.format(name=name, version=contrage.__version__, failures=lines)


def _ignore(bad: dict[Path, str]) -> str:
    lines = [f"# {why}\n{pattern}" for pattern, why in IGNORED.items()]
    lines += [f"# failed: its images are empty\n/{folder}" for folder in bad]
    return "\n".join(lines) + "\n"
