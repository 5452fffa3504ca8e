"""A made-up experiment: the files the report reads, with no scan or training behind."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from given import config

from contrage.dataset.stack import block_mean
from contrage.files import save_nifti, write_json
from contrage.settings.door import lay_over
from contrage.tables import write_tsv

LOSSES = {"rnc": 5.3, "yaware": 3.9, "threshold": 4.4, "exp": 3.8, "dynlocrep": 3.7, "l1": 5.0}
NORMS = {
    "manhattan": "dynlocrep",
    "euclidean": "dynlocrep-euclidean",
    "cosine": "dynlocrep-cosine",
    "chebyshev": "dynlocrep-chebyshev",
}
STUDIES = {  # participants, mean age, its SD, women: Table 2 of the paper, a fifth of its size
    "Hiscox 2020c": (26, 23.4, 4.0, 15),
    "Bayly 2021": (12, 37.8, 20.9, 7),
    "Hiscox 2020b": (2, 69.4, 2.4, 1),
    "Delgorio 2023": (13, 69.3, 5.8, 9),
    "Sanjana 2021": (7, 49.1, 16.6, 3),
}
SEEDS = [0, 1, 2]
EPOCHS = [1, 5, 10, 20]


def scans_table(rng: np.random.Generator) -> pd.DataFrame:
    lines = []
    for site, (number, mean, sd, women) in STUDIES.items():
        for i in range(number):
            name = f"sub-{len(lines) + 1:03d}"
            coverage = float(np.clip(1 - rng.exponential(0.05), 0.55, 1))
            lines.append(
                {
                    "scan_id": name,
                    "participant_id": name,
                    "session": np.nan,
                    "age": float(np.clip(rng.normal(mean, sd), 18, 88).round(1)),
                    "sex": "F" if i < women else "M",
                    "site": site,
                    "row": len(lines),
                    "coverage": coverage,
                    "overlap": float(0.985 - rng.exponential(0.008)),
                    "correlation": float(0.93 - rng.exponential(0.02)),
                    "flagged": coverage < 0.8,
                    "flag_reason": "coverage below 0.8" if coverage < 0.8 else np.nan,
                }
            )
    return pd.DataFrame(lines)


def predictions_table(
    scans: pd.DataFrame, error: float, rng: np.random.Generator, folds: int = 1
) -> pd.DataFrame:
    order = np.random.default_rng(42).permutation(len(scans))
    parts = []
    for fold in range(folds):
        tested = set(order[fold :: max(folds, 5)])
        frame = scans[["participant_id", "age"]].copy()
        noise = error * 1.25 * rng.standard_normal(len(scans))
        split = ["test" if i in tested else "train" for i in range(len(scans))]
        shrink = np.where(np.array(split) == "train", 0.3, 1.0)
        frame["predicted_age"] = frame["age"] + noise * shrink
        frame["split"] = split
        frame["scan_id"] = scans["scan_id"]
        frame["site"] = scans["site"]
        frame["fold"] = fold
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def baseline_frame(scans: pd.DataFrame, rng: np.random.Generator, folds: int) -> pd.DataFrame:
    parts = []
    for name, error in {
        "mean": None,
        "site-mean": 9.0,
        "ridge-blocks": 4.6,
        "ridge-coverage": 16.0,
    }.items():
        frame = predictions_table(scans, error or 1.0, rng, folds)
        if error is None:
            frame["predicted_age"] = frame.loc[frame["split"] == "train", "age"].mean()
        parts.append(frame.assign(baseline=name))
    return pd.concat(parts, ignore_index=True)


def curve_table(scale: float, rng: np.random.Generator) -> pd.DataFrame:
    epoch = np.arange(1, 21)
    loss = scale * (0.4 + np.exp(-epoch / 6)) + 0.02 * scale * rng.standard_normal(20)
    return pd.DataFrame(
        {"epoch": epoch, "loss": loss, "lr": 1e-4 * 0.9 ** (epoch // 10), "seconds": 1.5}
    )


def image_pair(
    age: float, coverage: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """An ellipsoid of a brain on the MNI grid at 4 mm: anatomical image, map, mask, affine."""
    shape = (46, 55, 46)
    affine = np.array([[-4.0, 0, 0, 90], [0, 4, 0, -126], [0, 0, 4, -72], [0, 0, 0, 1]])
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1) @ affine[:3, :3].T
    world = grid + affine[:3, 3]
    radius = np.sqrt((((world - [0, -18, 8]) / [68, 86, 64]) ** 2).sum(-1))
    inside = radius < 1
    size = 0.16 + 0.0015 * (age - 20)
    ventricle = (((np.abs(world) - [12, 18, 8]) / [60 * size, 140 * size, 70 * size]) ** 2).sum(-1)
    cortex = radius > 0.85
    anatomical = np.where(cortex, 65.0, 100.0) + 4 * rng.standard_normal(shape)
    anatomical = np.where(ventricle < 1, 25.0, anatomical) * inside
    stiffness = np.where(cortex, 2.2, 3.0) * (1 - 0.005 * (age - 20))
    stiffness = np.where(ventricle < 1, 1.6, stiffness) + 0.25 * rng.standard_normal(shape)
    top = np.quantile(world[inside][:, 2], coverage)
    seen = inside & (world[..., 2] <= top)
    return anatomical, np.clip(stiffness, 0.1, None) * seen, inside, affine


def write_derivatives(
    folder: Path,
    scans: pd.DataFrame,
    rng: np.random.Generator,
    *,
    anatomical: bool,
    truth: bool,
    name_of_map: str = "stiffness",
) -> None:
    for scan in scans.itertuples():
        name, place = scan.scan_id, folder / scan.participant_id
        image, stiffness, mask, affine = image_pair(scan.age, scan.coverage, rng)
        stem = f"{name}_space-MNI152_res-2_desc"
        if anatomical:
            save_nifti(place / "anat" / f"{stem}-preproc_T1w.nii.gz", image, affine)
        save_nifti(place / "anat" / f"{stem}-brain_mask.nii.gz", mask, affine)
        if name_of_map == "dampingratio":
            stiffness = stiffness / 12
        save_nifti(place / "mre" / f"{stem}-preproc_{name_of_map}.nii.gz", stiffness, affine)
        quality = {"status": "ok", "coverage": scan.coverage, "overlap": scan.overlap}
        if truth:
            quality |= {
                "mask_dice": float(0.975 - rng.exponential(0.006)),
                "transform_error_mm": float(0.4 + rng.exponential(0.3)),
                "coverage_error": float(rng.normal(0, 0.005)),
                "bias_residual_sd": None,
            }
        write_json(place / "qc" / f"{name}_desc-quality.json", quality)
        steps = [{"name": "skull_strip", "seconds": 12.5}, {"name": "registration", "seconds": 8}]
        write_json(place / f"{name}_desc-preproc.json", {"status": "ok", "steps": steps})


def write_array(root: Path, scans: pd.DataFrame) -> Path:
    """Write the array of all scans at 8 mm, as `contrage.dataset.stack` would."""
    rng, file = np.random.default_rng(5), root / "results/derivatives/phantom/array/maps.npy"
    file.parent.mkdir(parents=True, exist_ok=True)
    images = [image_pair(scan.age, scan.coverage, rng)[1] for scan in scans.itertuples()]
    np.save(file, np.stack([block_mean(each, 2)[None] for each in images]).astype(np.float32))
    return file


def write_experiment(
    root: Path,
    *,
    seeds: list[int] = SEEDS,
    folds: int = 1,
    n_images: int = 6,
    anatomical: bool = True,
    truth: bool = True,
    embedding: bool = True,
    name_of_map: str = "stiffness",
) -> dict[str, Path]:
    """Write a whole experiment below `root`; return where its parts are."""
    rng = np.random.default_rng(7)
    results, derivatives = root / "results" / "demo", root / "results" / "derivatives" / "phantom"
    scans = scans_table(rng)
    write_tsv(results / "dataset" / "scans.tsv", scans)
    lost = {"scan_id": ["sub-061"], "participant_id": ["sub-061"], "stage": ["check"]}
    reason = ["all voxels are zero: export the map again"]
    write_tsv(results / "dataset" / "excluded.tsv", pd.DataFrame(lost | {"reason": reason}))
    variants = {row: 3.75 + 0.05 * i for i, row in enumerate(NORMS.values()) if row not in LOSSES}
    for row, error in (LOSSES | variants).items():
        for seed in seeds:
            frame = predictions_table(scans, error, rng, folds)
            write_tsv(results / "predictions" / row / f"seed-{seed}.tsv", frame)
            metrics = size(row) | penalties(error, folds)
            write_json(results / "metrics" / row / f"seed-{seed}.json", metrics)
            curve = results / "training" / row / f"seed-{seed}" / "fold-0" / "curve.tsv"
            write_tsv(curve, curve_table(error * 0.9, rng))
            bench = pd.DataFrame([{"s": rng.uniform(20, 30), "max_rss": 900.0, "cpu_time": 25.0}])
            write_tsv(results / "benchmarks" / "train" / row / f"seed-{seed}.tsv", bench)
    for seed in seeds:
        path = results / "baselines" / f"seed-{seed}.tsv"
        write_tsv(path, baseline_frame(scans, rng, folds))
    write_tsv(derivatives / "scans.tsv", scans[["scan_id", "participant_id", "age", "site"]])
    for name in scans["scan_id"]:
        bench = pd.DataFrame([{"s": rng.uniform(4, 9), "max_rss": 350.0, "cpu_time": 5.0}])
        write_tsv(derivatives / "benchmarks" / "register" / name / f"{name}.tsv", bench)
    if embedding:
        write_features(results, scans, rng)
    chosen = scans.sort_values("coverage").iloc[
        np.linspace(0, len(scans) - 1, n_images).astype(int)
    ]
    kinds = {"anatomical": anatomical, "truth": truth, "name_of_map": name_of_map}
    write_derivatives(derivatives, chosen, rng, **kinds)
    return {"results": results, "derivatives": derivatives, "scans": results / "dataset/scans.tsv"}


def size(row: str) -> dict:
    """What a probe's metrics tell of the network: the demo's."""
    output = 1 if row == "l1" else 32
    head = 128 * 64 + 64 + 64 * output + output
    layers, shape = [128, 64, output], [46, 55, 46]
    return {
        "encoder_parameters": 161_064, "head_parameters": head, "layers": layers, "shape": shape,
    }  # fmt: skip


def penalties(error: float, folds: int) -> dict:
    """What a probe's metrics tell of its penalty."""
    at = [[10.0**power, error + 0.1 * abs(power - 1)] for power in range(-2, 7)]
    candidates = [0.01, 0.1, 1.0, 10.0, 100.0]
    return {"alpha": [10.0] * folds, "alpha_candidates": candidates, "mae_at_alpha": at}


def write_features(results: Path, scans: pd.DataFrame, rng: np.random.Generator) -> None:
    folder = results / "features" / "dynlocrep" / "seed-0"
    folder.mkdir(parents=True)
    age = scans["age"].to_numpy()[:, None]
    for epoch in EPOCHS:
        curve = np.concatenate([np.sin(age / 25), np.cos(age / 25), age / 40], axis=1)
        noise = rng.standard_normal((len(scans), 16))
        features = noise + np.pad(curve * epoch / 3, ((0, 0), (0, 13)))
        names = scans["scan_id"].to_numpy(dtype=str)
        path = folder / f"fold-0_epoch-{epoch}.npz"
        np.savez(path, scan_id=names, features=features.astype(np.float32))


def benchmarks(seeds: list[int]) -> list[dict]:
    """Where the rules would write what their jobs took."""
    asked = {"row": list(LOSSES), "seed": seeds}
    return [
        {"of": "results", "file": "benchmarks/train/{row}/seed-{seed}.tsv", "values": asked},
        {"of": "derivatives", "file": "benchmarks/register/{folder}/{scan}.tsv", "values": {}},
    ]


def settings(seeds: list[int] = SEEDS) -> dict:
    """What the rules hand to the steps beside what stands in the configuration."""
    whole = config()
    changes = {
        "description": "",
        "dataset": {"voxel_mm": 4},
        "training": {"encoder": "small", "head": [64, 32], "epochs": 20, "seeds": seeds},
        "statistics": {"bootstrap": 200},
        "preprocessing": {
            "quality": {"min_coverage": 0.8, "min_overlap": 0.9, "min_correlation": 0.6}
        },
    }
    lay_over(whole, changes)
    return {
        "config": whole,
        "rows": list(LOSSES),
        "norm_rows": NORMS,
        "null_rows": [],
        "seeds": seeds,
        "folds": [0],
        "anatomical": "T1w",
        "embedding_rows": ["dynlocrep"],
        "embedding_by": "target",
        "benchmarks": benchmarks(seeds),
        "start": None,
        "evaluations": {},
    }
