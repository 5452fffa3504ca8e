"""docs/modalities.md: its ten lines are read, trained on and predicted from as they stand there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from cohorts import asked as asked_of_cohort
from dataset_steps import split_step
from given import SCHEMA
from PIL import Image
from targets import LEARNED
from training_steps import asked, told

from contrage import modalities
from contrage.cohort.register import register
from contrage.dataset.arrays import arrays
from contrage.dataset.select import select
from contrage.dataset.split import split
from contrage.errors import BadScanError
from contrage.learning.train import train
from contrage.plan import dataset_settings, refuse
from contrage.settings.door import complete, load_schema
from contrage.settings.steps.dataset import SelectStep

PAGE = Path(__file__).parents[3] / "docs/modalities.md"
PEOPLE = 12


def blocks(language: str) -> list[str]:
    """Return the blocks of a language on the page."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def fundus(tmp_path, monkeypatch):
    """Put the file of the page beside the others, for the time of a test."""
    (text,) = blocks("python")
    assert sum(bool(line.strip()) for line in text.splitlines()) <= 10
    folder = tmp_path / "kinds"
    folder.mkdir()
    (folder / "fundus.py").write_text(text)
    monkeypatch.setattr(modalities, "__path__", [*modalities.__path__, str(folder)])
    yield "fundus"
    modalities.load.cache_clear()
    sys.modules.pop("contrage.modalities.fundus", None)


def config(number: int, **cohort) -> dict:
    """Return a configuration of the page, whole, by a schema that has the name in its list."""
    schema = load_schema(SCHEMA)
    schema["properties"]["cohort"]["properties"]["image"]["enum"].append("fundus")
    written = {"experiment": "eyes", **yaml.safe_load(blocks("yaml")[number])}
    written["cohort"] |= cohort
    return complete(written, schema)


@pytest.fixture
def eyes(tmp_path) -> Path:
    """People in whose photographs the pressure shows."""
    rng, folder = np.random.default_rng(5), tmp_path / "eyes"
    folder.mkdir()
    lines = ["participant_id\tpressure"]
    for number in range(PEOPLE):
        colours = rng.integers(0, 100 + 10 * number, (60, 80, 3)).astype(np.uint8)
        Image.fromarray(colours).save(folder / f"sub-{number:02d}_fundus.png")
        lines.append(f"{number:02d}\t{10 + number}")
    (folder / "participants.tsv").write_text("\n".join(lines) + "\n")
    return folder


def prepared(whole: dict, folder: Path) -> dict[str, Path]:
    """Run the steps up to the array; return what the split reads."""
    cohort = whole["cohort"]
    own = {key: cohort[key] for key in ("source", "path", "image", "on_bad_scan")}
    people = asked_of_cohort(target=whole["target"], **own)
    files = {name: folder / f"{name}.tsv" for name in ("scans", "excluded", "rows", "left_out")}
    register(people, scans=files["scans"], excluded=files["excluded"])
    arrays(dataset_settings.arrays(whole), array=folder / "array.npy", **files)
    chosen = {"selected": folder / "selected.tsv", "left_out": folder / "unused.tsv"}
    given = {"scans": files["scans"], "excluded": files["left_out"], "rows": files["rows"]}
    select(SelectStep(None, {}, None, None), **given, derivatives=folder, **chosen)
    return {"scans": folder / "selected.tsv", "array": folder / "array.npy"}


def test_its_ten_lines_are_a_kind_that_is_read_and_trained_on(fundus, eyes, tmp_path):
    whole = config(1, path=str(eyes))
    refuse.check_rows_and_data(whole)
    given = prepared(whole, tmp_path)
    assert np.load(given["array"]).shape == (PEOPLE, 3, 48, 64)
    form = vars(modalities.load(fundus).form)
    training = {"device": "cpu", "head": [8, 4], "epochs": 1, "batch_size": 4, "encoder": "small"}
    training |= {"augmentation": whole["training"]["augmentation"]}
    target = {**LEARNED, "column": "pressure"}
    settings = {**told("exp", form, **training), "target": target}
    wanted = split_step(split={"test_fraction": 0.25}, form=form, batch_size=4, target=target)
    split(wanted, **given, output=tmp_path / "split.json")
    out = {name: tmp_path / name for name in ("model", "curve", "resume", "features")}
    train(asked(settings), **given, split=tmp_path / "split.json", fold=0, **out)
    with np.load(out["features"]) as stored:
        assert stored["features"].shape == (PEOPLE, 128) and np.isfinite(stored["features"]).all()


def test_a_file_that_its_lines_cannot_read_is_named(fundus, eyes, tmp_path):
    (eyes / "sub-03_fundus.png").write_text("no photograph")
    with pytest.raises(BadScanError, match=r"sub-03_fundus\.png: cannot be read"):
        prepared(config(1, path=str(eyes)), tmp_path)


def test_its_configuration_of_files_that_are_known_is_accepted():
    whole = config(0)
    refuse.check_rows_and_data(whole)
    assert whole["cohort"]["xray"] == {"size": [130, 100], "fit": "pad", "intensity": "depth"}


def test_every_kind_that_can_be_learned_from_stands_in_its_table():
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in modalities.learned() if f"`{name}`" not in text] == []
