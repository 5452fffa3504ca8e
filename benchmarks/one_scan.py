"""One scan through check, strip, correct and register, as the rules do it; for benchmarks."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
NATIVE = ("brain_mask", "corrected")
IN_MNI = ("preproc_anatomical", "preproc_mask", "preproc_stiffness")


def configuration(**registration: Any) -> dict[str, Any]:
    """Return the demo's configuration, with some settings of registration changed."""
    config = copy.deepcopy(yaml.safe_load((ROOT / "config/config.yaml").read_text("utf-8")))
    config["preprocessing"]["registration"] |= registration
    return config


def preprocess(config: dict[str, Any], raw: dict[str, Path], folder: Path) -> dict[str, Path]:
    """Run the steps on a T1 and a map; return what they wrote, the record last."""
    from contrage.imaging.check import check
    from contrage.imaging.correct import correct
    from contrage.imaging.register import register
    from contrage.imaging.strip import strip
    from contrage.imaging.template.source import NILEARN
    from contrage.plan import imaging as plan

    template, head = NILEARN.settings(), {"anatomical": raw["anatomical"]}
    made = {name: folder / f"{name}.nii.gz" for name in (*NATIVE, *IN_MNI)}
    made["transform"] = folder / "transform.mat"
    native = {name: made[name] for name in NATIVE}
    records = {name: folder / f"{name}.json" for name in ("check", "strip", "correct", "record")}
    check(plan.check_settings(config, template), **plan.grouped(raw), output=records["check"])
    strip(
        plan.strip_settings(config, template),
        before=records["check"],
        **head,
        maps={},
        brain_mask=made["brain_mask"],
        record=records["strip"],
    )
    correct(
        plan.correct_settings(config),
        before=records["strip"],
        **head,
        maps={},
        corrected_maps={},
        **native,
        record=records["correct"],
    )
    register(
        plan.register_settings(config, template),
        before=records["correct"],
        **plan.grouped({**raw, **made}),
        corrected_maps={},
        record=records["record"],
    )
    return {**made, "sidecar": records["record"]}
